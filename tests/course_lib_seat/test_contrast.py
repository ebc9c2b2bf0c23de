"""Everything a check's result writes can be read, in a light and in a dark theme (WCAG 2: 4.5 to 1)."""

from __future__ import annotations

import pytest

from course_lib.notebook.display import COLOURS, CURVES

BACKGROUNDS = {"light": "#ffffff", "dark": "#111111"}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", COLOURS.values(), ids=list(COLOURS))
def test_white_marks_stand_out_from_their_pill(colour: str) -> None:
    assert contrast("#ffffff", colour) >= 4.5


@pytest.mark.parametrize("theme", BACKGROUNDS)
def test_the_names_of_the_curves_can_be_read(theme: str) -> None:
    for colour in CURVES[theme].values():
        assert contrast(colour, BACKGROUNDS[theme]) >= 4.5
