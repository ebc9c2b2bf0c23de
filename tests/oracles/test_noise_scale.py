"""The noise-scale oracle against gradients whose noise is known."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.banks.noise_scale import TASK
from autograder.judge.variants import CANONICAL, Variant


def estimate(small: np.ndarray, big: np.ndarray, b: int, B: int, variant: Variant = CANONICAL) -> float:
    arguments = TASK.formula.bind([list(small), list(big), b, B], {})
    return float(TASK.formula.value(TASK.formula.plan(variant), arguments))


def norms(rng: np.random.Generator, gradient: np.ndarray, spread: float, batch: int, draws: int) -> np.ndarray:
    """Squared norms of `draws` minibatch gradients: the mean of `batch` noisy examples each."""
    noise = rng.normal(scale=spread / np.sqrt(batch), size=(draws, gradient.size))
    return np.asarray(np.sum((gradient + noise) ** 2, axis=1))


@pytest.mark.parametrize(("b", "B"), [(1, 16), (2, 64), (8, 32)])
def test_with_many_draws_the_estimate_is_the_true_noise_scale(b: int, B: int) -> None:
    rng = np.random.default_rng(0)
    gradient, spread = rng.normal(size=50), 3.0
    true = spread**2 * gradient.size / float(np.sum(gradient**2))
    found = estimate(norms(rng, gradient, spread, b, 20_000), norms(rng, gradient, spread, B, 20_000), b, B)
    assert found == pytest.approx(true, rel=0.05)


def test_from_expected_norms_the_estimate_is_exact() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        signal, noise = rng.uniform(0.1, 10), rng.uniform(0.1, 1000)
        b = int(rng.integers(1, 50))
        B = b + int(rng.integers(1, 1000))
        small, big = np.array([signal + noise / b]), np.array([signal + noise / B])
        assert estimate(small, big, b, B) == pytest.approx(noise / signal, rel=1e-6)


def test_the_mean_of_ratios_is_far_off_where_the_ratio_of_means_is_not() -> None:
    rng = np.random.default_rng(2)
    gradient, spread, b, B = 0.2 * rng.normal(size=50), 3.0, 4, 64
    true = spread**2 * gradient.size / float(np.sum(gradient**2))
    means, ratios = [], []
    for _ in range(40):
        small, big = norms(rng, gradient, spread, b, 300), norms(rng, gradient, spread, B, 300)
        means.append(abs(estimate(small, big, b, B) - true) / true)
        ratios.append(abs(estimate(small, big, b, B, TASK.bank["mean-of-ratios"]) - true) / true)
    assert np.median(means) < 0.3
    assert np.median(ratios) > 2 * np.median(means)
