"""An error in a student's code while a slider moves is told below the figure, and the slider goes on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from course_lib.lab import widgets
from course_lib.lab.drag_errors import told
from course_lib.lab.live_figure import _live
from course_lib.lab.surfaces import descend, valley
from course_lib.lab.widgets import Slider

MODULE = "course_lib/optim/walker.py"
BROKEN = """import torch


class Walker(torch.optim.SGD):
    def step(self, closure=None):
        if self.param_groups[0]["lr"] > 0.1:
            raise ValueError("lr & <steps> too large")
        return super().step(closure)
"""
WHOLE = BROKEN.replace("> 0.1", "> 9")


def class_of(source):
    namespace = {"__name__": "walker"}
    exec(compile(source, MODULE, "exec"), namespace)
    return namespace["Walker"]


def a_play(student):
    return widgets._live(
        lambda lr: descend(lambda point: student.make(point, lr=lr), valley(), steps=5),
        valley(),
        {"lr": Slider(0.01, 0.2, 0.05, 0.01)},
        "SGD",
    )


def a_live_figure(student):
    def make(figure):
        ax = figure.subplots()
        ax.set(xlim=(0, 5), ylim=(0, 20))
        line = ax.plot([], [], animated=True)[0]

        def update(lr):
            path = descend(lambda point: student.make(point, lr=lr), valley(), steps=5)
            line.set_data(range(6), path.values)
            return f"height {path.values[-1]:.3g}"

        return update

    return _live(make, {"lr": Slider(0.01, 0.2, 0.05, 0.01)}, 3.0)


@pytest.mark.parametrize("box_of", [a_play, a_live_figure])
def test_an_error_is_told_with_its_line_and_goes_when_the_class_is_corrected(box_of):
    student = SimpleNamespace(make=class_of(BROKEN))
    slider, image, words = box_of(student).children
    drawn = image.value
    slider.value = 0.15
    assert f"ValueError: lr &amp; &lt;steps&gt; too large (line 7 of {MODULE})." in words.value
    assert image.value == drawn
    student.make = class_of(WHOLE)
    slider.value = 0.16
    assert "ValueError" not in words.value
    assert image.value != drawn


@pytest.mark.parametrize("box_of", [a_play, a_live_figure])
def test_the_first_picture_raises_as_any_cell_does(box_of):
    with pytest.raises(ZeroDivisionError):
        box_of(SimpleNamespace(make=lambda point, lr: torch.optim.SGD(point, lr=1 / 0)))


def test_an_error_outside_of_a_students_code_is_told_without_a_line():
    with pytest.raises(RuntimeError) as caught:
        torch.zeros(2).add_(torch.zeros(3))
    assert told(caught.value).startswith("RuntimeError: The size of tensor")
    assert "(line" not in told(caught.value)


def test_a_long_message_is_cut_and_kept_on_one_line():
    said = told(ValueError("one\n" * 200))
    assert len(said) < 220
    assert "\n" not in said
