"""Figures with sliders: the stability of momentum, and a valley that turns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.lab.live_figure import LivePicture, _live, live_figure, still_figure
from course_lib.lab.rotated_valley import rotating_valley, turned
from course_lib.lab.stability import factor, slowest_factor, stability_map
from course_lib.lab.style import png
from course_lib.lab.surfaces import descend, valley
from course_lib.lab.widgets import Slider

LOPSIDED = valley(L=10, mu=0.1)


def heavy_ball(lr, momentum, nesterov=False, steps=60, surface=LOPSIDED):
    return descend(
        lambda point: torch.optim.SGD(point, lr=lr, momentum=momentum, nesterov=nesterov), surface, steps=steps
    )


def stability():
    return stability_map(heavy_ball, LOPSIDED, L=10, mu=0.1, highest_lr=0.42)


def rotation():
    return rotating_valley(
        {
            "SGD": lambda surface: descend(lambda point: torch.optim.SGD(point, lr=0.19), surface, steps=60),
            "RMSprop": lambda surface: descend(
                lambda point: torch.optim.RMSprop(point, lr=0.05, alpha=0.9), surface, steps=60
            ),
        }
    )


MOVES = {
    "stability": (stability, {"lr": 0.1, "momentum": 0.5}, {"lr": 0.1, "momentum": 0.9}),
    "rotation": (rotation, {"angle": 0.0}, {"angle": 45.0}),
}


@pytest.mark.parametrize("name", MOVES)
def test_another_value_is_another_picture(name):
    make, one, other = MOVES[name]
    picture = LivePicture(make(), 4.0)
    first = picture.png(**one)
    second = picture.png(**other)
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert picture.png(**one) == first


@pytest.mark.parametrize("name", MOVES)
def test_a_slider_that_is_dragged_changes_the_picture_and_the_words(name):
    make, one, other = MOVES[name]
    sliders = {key: Slider(low=0, high=90, start=value, step=0.01) for key, value in one.items()}
    box = _live(make(), sliders, 4.0)
    *bars, image, words = box.children
    before = image.value, words.value
    for bar, value in zip(bars, other.values(), strict=True):
        bar.value = value
    assert image.value != before[0]
    assert words.value != before[1]


@pytest.mark.parametrize("name", MOVES)
def test_stills_show_every_value_with_its_words(name):
    make, one, other = MOVES[name]
    figure = still_figure(make(), [one, other], 4.0)
    assert len(figure.subfigs) == 2
    assert png(figure)
    titles = [part.get_suptitle() for part in figure.subfigs]
    assert all(f"= {list(values.values())[-1]:g}" in title for values, title in zip((one, other), titles, strict=True))


def test_without_a_front_end_the_stills_are_described(capsys):
    live_figure(rotation(), {"angle": Slider(0, 90, 0, 1)}, [{"angle": 0.0}], height=3.0, alt="two turned valleys")
    assert "two turned valleys" in capsys.readouterr().out


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize(("lr", "momentum"), [(0.05, 0.2), (0.1, 0.5), (0.02, 0.9), (0.12, 0.6)])
def test_the_factor_is_what_a_walk_shows(lr, momentum, nesterov):
    surface = valley(L=10, mu=10, start=(1, 1))
    heights = heavy_ball(lr, momentum, nesterov, steps=300, surface=surface).values
    heights = np.maximum.accumulate(heights[::-1])[::-1]  # the swing's envelope
    usable = int(np.argmax(heights < 1e-250)) or len(heights)
    late, early = min(usable, 300) - 1, min(usable, 300) // 2
    measured = (heights[late] / heights[early]) ** (0.5 / (late - early))
    assert measured == pytest.approx(float(factor(lr, momentum, 10.0, nesterov)), rel=0.03, abs=0.01)


def test_the_limit_is_twice_one_plus_momentum_over_L():
    for momentum in (0.0, 0.5, 0.9):
        limit = 2 * (1 + momentum) / 10
        assert slowest_factor(0.99 * limit, momentum, 10, 0.1) < 1 < slowest_factor(1.01 * limit, momentum, 10, 0.1)


def test_the_best_heavy_ball_needs_the_root_of_kappa():
    best_lr, best_momentum = 4 / (10**0.5 + 0.1**0.5) ** 2, ((100**0.5 - 1) / (100**0.5 + 1)) ** 2
    assert slowest_factor(best_lr, best_momentum, 10, 0.1) == pytest.approx(9 / 11, abs=1e-6)


def test_a_method_without_axes_walks_the_same_on_a_turned_valley():
    for angle in (0.0, 30.0, 90.0):
        ends = descend(lambda point: torch.optim.SGD(point, lr=0.19), turned(angle), steps=60).values
        assert ends[-1] == pytest.approx(0.03385, rel=0.01)
