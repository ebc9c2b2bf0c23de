"""Singular values through polynomials, watched gradients, and the picture with sliders."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.lab.live_figure import LivePicture
from course_lib.lab.spectrum import (
    GradientWatch,
    iteration_picture,
    on_singular_values,
    singular_values,
    stable_rank,
    through_steps,
)

TUNED = (3.4445, -4.7750, 2.0315)
START = {"log_sigma": -2.0, "a": 3.4445, "b": -4.775, "c": 2.0315}


def test_the_polynomial_on_singular_values_is_the_polynomial_of_the_matrix() -> None:
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    a, b, c = TUNED
    gram = x @ x.T
    directly = a * x + b * gram @ x + c * gram @ gram @ x
    torch.testing.assert_close(on_singular_values(x, lambda s: through_steps(s, TUNED, 1)[-1]), directly)


def test_values_above_a_hundredth_end_in_the_band_and_not_at_one() -> None:
    ends = through_steps(np.geomspace(0.01, 1, 5000), TUNED)[-1]
    assert 0.675 < ends.min() < 0.69
    assert 1.12 < ends.max() < 1.135


def test_coefficients_may_change_from_step_to_step() -> None:
    assert through_steps(1.0, [(2.0, 0.0, 0.0), (3.0, 0.0, 0.0)], 2) == [1.0, 2.0, 6.0]


def test_the_stable_rank_of_an_orthogonal_matrix_is_its_rank() -> None:
    assert stable_rank(torch.eye(4, 7)) == pytest.approx(4)
    assert stable_rank(torch.ones(4, 7)) == pytest.approx(1)
    assert singular_values(torch.eye(4, 7)).tolist() == [1.0] * 4


def test_a_watch_keeps_gradients_and_their_decaying_sum() -> None:
    p = torch.nn.Parameter(torch.zeros(2, 2))
    watch = GradientWatch({"p": p}, steps=[1], momentum=0.5)
    for step in range(2):
        p.grad = torch.full((2, 2), float(step + 1))
        watch.look(step)
    gradient, momentum = watch.seen[1, "p"]
    assert gradient.unique().tolist() == [2.0]
    assert momentum.unique().tolist() == [2.5]
    assert list(watch.seen) == [(1, "p")]


@pytest.mark.parametrize("name", ["log_sigma", "a", "b", "c"])
def test_every_slider_changes_the_picture(name: str) -> None:
    picture = LivePicture(iteration_picture(), height=3.6)
    before, _ = picture.png(**START)
    after, words = picture.png(**{**START, name: START[name] * 0.8})
    assert before != after
    assert "ends at" in words


def test_coefficients_that_run_away_still_give_a_picture() -> None:
    _, words = LivePicture(iteration_picture(), height=3.6).png(**{**START, "a": 4.5, "c": 3.0, "b": 0.0})
    assert "ends at" in words
