"""Surfaces and the walks on them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from course_lib.lab.surfaces import beale, descend, heights, rosenbrock, valley


def gradient_descent(lr):
    return lambda params: torch.optim.SGD(params, lr)


def curvatures(surface):
    point = torch.tensor(surface.minimum, dtype=torch.float64)
    return torch.linalg.eigvalsh(torch.autograd.functional.hessian(surface.value, point)).tolist()


@pytest.mark.parametrize("surface", [valley(), valley(minimum=(4.0, 1.0), angle=30), rosenbrock(), beale()])
def test_the_minimum_is_flat_low_and_in_the_picture(surface):
    point = torch.tensor(surface.minimum, dtype=torch.float64, requires_grad=True)
    value = surface.value(point)
    (gradient,) = torch.autograd.grad(value, point)
    assert value.item() == pytest.approx(0.0, abs=1e-12)
    assert gradient.norm().item() == pytest.approx(0.0, abs=1e-9)
    for place, (low, high) in zip(surface.minimum, (surface.x, surface.y), strict=True):
        assert low < place < high
    for place, (low, high) in zip(surface.start, (surface.x, surface.y), strict=True):
        assert low <= place <= high


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_a_valley_has_the_curvatures_it_is_given_however_it_is_turned(angle):
    assert curvatures(valley(L=10, mu=0.1, angle=angle)) == pytest.approx([0.1, 10.0])


def test_a_valley_with_impossible_curvatures_is_refused():
    with pytest.raises(ValueError, match="0 < mu <= L"):
        valley(L=1.0, mu=2.0)


def test_the_steep_direction_neither_grows_nor_shrinks_at_two_over_L():
    path = descend(gradient_descent(0.2), valley(L=10, mu=0.1), steps=100)
    assert np.array_equal(np.abs(path.points[:, 1]), np.ones(101))


@pytest.mark.parametrize(("lr", "factor"), [(0.199, 0.99), (0.201, 1.01)])
def test_just_beside_two_over_L_it_shrinks_or_grows(lr, factor):
    path = descend(gradient_descent(lr), valley(L=10, mu=0.1), steps=100)
    assert abs(path.points[-1, 1]) == pytest.approx(factor**100)


def test_a_walk_follows_the_formula():
    path = descend(gradient_descent(0.05), valley(), start=(3.0, -1.0), steps=10)
    assert path.points[-1] == pytest.approx([3.0 * 0.995**10, -(0.5**10)])
    assert path.values[-1] == pytest.approx(0.05 * path.points[-1, 0] ** 2 + 5 * path.points[-1, 1] ** 2)


def test_a_walk_that_runs_away_ends_early():
    path = descend(gradient_descent(1.0), valley(), steps=1000)
    assert len(path.points) == len(path.values) < 30
    assert math.isfinite(path.values[-1])


def test_noise_is_fixed_by_its_seed():
    first, again, other = (descend(gradient_descent(0.01), valley(), noise=1.0, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.points, again.points)
    assert not np.array_equal(first.points, other.points)


def test_heights_are_the_surface_on_a_grid():
    x, y, height = heights(rosenbrock(), resolution=5)
    assert height.shape == (5, 5)
    assert height[1, 3] == pytest.approx((1 - x[3]) ** 2 + 100 * (y[1] - x[3] ** 2) ** 2)
