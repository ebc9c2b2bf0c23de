"""The schedule designer: what it shows, and that dragging redraws it at once."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.lab import schedule_designer
from course_lib.lab.schedule_designer import START, Designer, design, live, named, still_picture
from course_lib.lab.schedule_plots import plot_paired, plot_schedules, schedule_colour
from course_lib.lab.schedule_runs import Plan, recorded
from course_lib.lab.style import figure, png, theme
from tests.lab.schedules import wsd


@pytest.fixture
def designer() -> Designer:
    return Designer(wsd, recorded())


def test_a_recorded_schedule_is_its_own_nearest(designer: Designer) -> None:
    near = designer.nearest(designer.lrs(START))
    assert near is not None
    assert near.plan == Plan("wsd", decay=300, shape="linear")
    assert near.distance == 0
    assert len(near.losses) == 3
    assert "Area: 88%" in designer.words(designer.lrs(START), START)
    assert "(this one), final loss 1.798" in designer.words(designer.lrs(START), START)


def test_a_cosine_is_found_as_a_decay_without_plateau(designer: Designer) -> None:
    near = designer.nearest(designer.lrs({**START, "decay": 1500, "shape": "cosine"}))
    assert near is not None
    assert near.plan == Plan("cosine")


def test_a_new_schedule_says_how_far_away_the_nearest_is(designer: Designer) -> None:
    settings = {**START, "decay": 450, "warmup": 200, "floor": 0.05}
    assert "% of the peak away" in designer.words(designer.lrs(settings), settings)


def test_without_recorded_runs_it_still_draws() -> None:
    bare = Designer(wsd, ())
    assert "No recorded runs" in bare.words(bare.lrs(START), START)
    assert len(png(still_picture(bare, [START]))) > 1000


def test_every_recorded_plan_has_a_name_of_its_own(designer: Designer) -> None:
    plans = {run.plan for run in designer.runs if run.plan.steps == 1500}
    assert len({named(plan) for plan in plans}) == len(plans)


def test_moving_a_slider_redraws_the_picture(designer: Designer) -> None:
    box = live(designer)
    bars = {bar.description: bar for bar in box.children[:5]}
    image, words = box.children[5:]
    for name, value in (("decay", 600), ("warmup", 200), ("floor", 0.2), ("peak", 0.02), ("shape", "sqrt")):
        before, said = image.value, words.value
        bars[name].value = value
        assert image.value != before, name
        assert words.value != said, name


def test_a_wsd_that_raises_is_said_and_not_a_traceback() -> None:
    def broken(step: int, total: int, warmup: int, decay: int, peak: float, low: float, shape: str) -> float:
        if warmup > 100:
            raise ZeroDivisionError
        return wsd(step, total, warmup, decay, peak, low, shape)

    box = live(Designer(broken, ()))
    box.children[1].value = 200
    assert ">ZeroDivisionError.</span>" in box.children[-1].value


def test_where_nobody_is_there_a_still_picture_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule_designer, "live", lambda _: pytest.fail("no widget expected"))
    design(wsd, [{"decay": 0}, {"decay": 300}], alt="Two schedules.")
    assert capsys.readouterr().out == "Two schedules.\n"


def test_schedules_keep_their_colour_and_constant_is_grey() -> None:
    assert schedule_colour("cosine to 0") == schedule_colour("cosine")
    assert schedule_colour("cosine, 10 % floor") != schedule_colour("cosine")
    assert schedule_colour("constant") == theme().neutral


def test_paired_losses_are_joined_by_seed() -> None:
    _, ax = figure()
    plot_paired(ax, {"constant": {0: 2.0, 1: 2.1}, "WSD": {0: 1.8, 1: 1.9}}, extra={"WSD": 1.81})
    assert [list(line.get_ydata()) for line in ax.lines] == [[2.0, 1.8], [2.1, 1.9]]
    assert {"seed 0", "seed 1", "your run"} == {text.get_text() for text in ax.texts}


def test_curves_are_labelled_at_their_ends() -> None:
    _, ax = figure()
    plot_schedules(ax, {"cosine": [1.0, 0.5, 0.0], "constant": [1.0, 1.0, 1.0]})
    assert [text.get_text() for text in ax.texts] == ["cosine", "constant"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0, 0.5, 0.0])


def test_with_somebody_there_the_widget_carries_the_still_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, object]] = []
    monkeypatch.setattr(schedule_designer, "someone_is_there", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    design(wsd, [{"decay": 300}], alt="One schedule.")
    description, widget = shown
    assert "Figure: One schedule." in str(description["text/html"])
    assert widget["text/plain"] == "One schedule."
    assert "image/png" in widget
    assert "application/vnd.jupyter.widget-view+json" in widget
