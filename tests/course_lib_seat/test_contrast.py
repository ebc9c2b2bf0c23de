"""Everything a check's result writes can be read, in a light and in a dark theme (WCAG 2: 4.5 to 1)."""

from __future__ import annotations

import pytest

from course_lib.notebook.display import COLOURS, CURVES
from tests.contrast import contrast

BACKGROUNDS = {"light": "#ffffff", "dark": "#111111"}


@pytest.mark.parametrize("colour", COLOURS.values(), ids=list(COLOURS))
def test_white_marks_stand_out_from_their_pill(colour: str) -> None:
    assert contrast("#ffffff", colour) >= 4.5


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_the_names_of_the_curves_can_be_read(theme: str) -> None:
    for colour in CURVES[theme].values():
        assert contrast(colour, BACKGROUNDS[theme]) >= 4.5
