"""Style, plots and widgets."""

from __future__ import annotations

import io
import itertools
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.lab import style, widgets
from course_lib.lab.plots import figure, label_ends, plot_band, plot_dots, plot_losses, plot_path, plot_values
from course_lib.lab.surfaces import descend, valley
from course_lib.lab.train import History
from tests.contrast import contrast


def walk(lr):
    return descend(lambda params: torch.optim.SGD(params, lr), valley(), steps=30, name=f"lr {lr}")


@pytest.fixture
def dark():
    style.use_theme("dark")
    yield
    style.use_theme("light")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", style.COLOURS)
def test_every_optimizers_colour_is_visible_on_the_background(name, theme):
    style.use_theme(theme)
    try:
        assert contrast(style.colour(name), style.theme().background) >= 3.0
    finally:
        style.use_theme("light")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_the_colours_of_something_that_grows_are_visible(count, theme):
    style.use_theme(theme)
    try:
        colours = style.ramp(count)
        assert len(set(colours)) == count
        assert min(contrast(colour, style.theme().background) for colour in colours) >= 3.0
    finally:
        style.use_theme("light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_names_at_the_ends_of_lines_can_be_read(theme):
    style.use_theme(theme)
    try:
        _, ax = figure()
        colours = [style.colour(name) for name in style.COLOURS] + style.ramp(4)
        for number, colour in enumerate(colours):
            ax.plot([0, 1], [0, number], color=colour, label=f"line {number}")
        label_ends(ax)
        named = [text.get_color() for text in ax.texts]
        assert len(named) == len(colours)
        assert min(contrast(colour, style.theme().background) for colour in named) >= 4.5
        assert style.readable(style.theme().ink) == style.theme().ink
    finally:
        style.use_theme("light")


@pytest.mark.parametrize(("said", "drawn"), [("dark", "dark"), ("light", "light"), ("", "light")])
def test_the_theme_of_all_notebooks_is_a_variable(said, drawn):
    program = "from course_lib.lab import style; print([n for n, t in style.THEMES.items() if t == style.theme()])"
    environment = {**os.environ, style.THEME_VARIABLE: said}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([drawn])


def test_no_two_optimizers_share_a_colour():
    for index in (0, 1):
        assert len({colours[index] for colours in style.COLOURS.values()}) == len(style.COLOURS)


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="'light' or 'dark'"):
        style.use_theme("sepia")


def test_labels_at_the_ends_do_not_overlap():
    fig, ax = figure()
    for i in range(6):
        ax.plot([0, 1], [0, 1 + i * 1e-3], label=f"line {i}")
    label_ends(ax)
    fig.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert len(boxes) == 6
    assert all(below.y1 <= above.y0 + 1 for below, above in itertools.pairwise(boxes))


def test_seeds_of_one_name_become_a_mean_and_a_band():
    _fig, ax = figure()
    runs = [History("SGD", validation_steps=[0, 10], validation_losses=[4.0, end]) for end in (2.0, 3.0)]
    plot_losses(ax, runs)
    assert ax.lines[0].get_ydata().tolist() == [4.0, 2.5]
    assert ax.lines[0].get_color() == style.colour("SGD")
    assert len(ax.collections) == 1
    assert [text.get_text() for text in ax.texts] == ["SGD"]


def test_without_validation_the_batch_losses_are_averaged_over_ten_steps():
    _fig, ax = figure()
    plot_losses(ax, [History("SGD", losses=list(np.arange(20.0)))])
    assert ax.lines[0].get_ydata()[0] == pytest.approx(4.5)
    assert ax.lines[0].get_xdata()[0] == 10


def test_a_diverged_run_leaves_the_picture_and_says_so():
    _, ax = figure()
    steady = History("lr 0.1", validation_steps=[0, 10], validation_losses=[4.0, 2.0])
    gone = History(
        "lr 9", losses=[4.0, 9e4], validation_steps=[0], validation_losses=[4.0], stopped="diverged at step 1: inf"
    )
    plot_losses(ax, [steady, gone], colors={"lr 0.1": "#000000", "lr 9": "#d55e00"})
    assert ax.get_ylim()[1] < 5
    assert {text.get_text() for text in ax.texts} == {"lr 0.1", "lr 9: diverged at step 1"}


def test_dots_are_sorted_and_labelled_with_their_values():
    _, ax = figure()
    plot_dots(ax, {"large": 24.31, "small": 0.207}, color="#000000", mark={"in use": 0.3})
    assert [text.get_text() for text in ax.texts] == ["0.21", "24", "in use"]


def test_one_run_has_no_band():
    _fig, ax = figure()
    plot_band(ax, [0, 1], [1.0, 2.0], color="#000000")
    assert not ax.collections


def test_a_walk_that_leaves_the_picture_can_still_be_drawn():
    fig, axes = figure(1, 2)
    plot_path(axes[0], valley(), walk(5.0), label="gone")
    plot_values(axes[1], [walk(0.1), walk(5.0)])
    assert len(style.png(fig)) > 1000


def test_the_description_goes_into_the_picture():
    fig, _ = figure()
    image = Image.open(io.BytesIO(style.png(fig, alt="two empty axes")))
    assert image.info["Description"] == "two empty axes"


def test_dark_figures_have_a_dark_background(dark):
    fig, _ = figure()
    image = Image.open(io.BytesIO(style.png(fig))).convert("RGB")
    assert image.getpixel((2, 2)) == (0x11, 0x11, 0x11)


def test_outside_a_notebook_the_description_is_printed(capsys):
    fig, _ = figure()
    style.show(fig, alt="two empty axes")
    assert capsys.readouterr().out == "two empty axes\n"


def test_a_redrawn_walk_changes_the_picture_and_keeps_its_size():
    picture = widgets.PathPicture(valley(), "#000000")
    first, second = (Image.open(io.BytesIO(picture.png(walk(lr)))) for lr in (0.02, 0.19))
    assert first.size == second.size
    assert first.tobytes() != second.tobytes()
    assert first.tobytes() == Image.open(io.BytesIO(picture.png(walk(0.02)))).tobytes()


def test_dragging_the_slider_redraws_the_picture_and_the_words():
    box = widgets._live(walk, valley(), {"lr": widgets.Slider(0.005, 0.21, 0.02, 0.005)}, "SGD")
    slider, image, words = box.children
    before = image.value, words.value
    slider.value = 0.19
    assert (image.value, words.value) != before
    assert re.match(r"After 30 steps the height is \S+; it was 10 at the start.", words.value)


def test_without_a_person_the_stills_are_shown(capsys):
    widgets.play(
        walk, valley(), {"lr": widgets.Slider(0.01, 0.2, 0.1, 0.01)}, [{"lr": 0.1}], optimizer="SGD", alt="one walk"
    )
    assert capsys.readouterr().out == "one walk\n"
