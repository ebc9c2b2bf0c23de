"""The Newton-Schulz oracle against torch's and pytorch_optimizer's own functions, and against singular values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_optimizer.optimizer.utils import matrix as published
from torch.optim import _muon

from autograder.oracles.newton_schulz import COEFFICIENTS, orthogonalized


def draw(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=rng.integers(1, 12, size=2)) * 10 ** rng.uniform(-2, 3)


@pytest.mark.parametrize("seed", range(200))
def test_every_singular_value_goes_through_the_quintic_and_the_vectors_stay(seed: int) -> None:
    matrix, steps = draw(seed), seed % 7
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / (np.linalg.norm(values) + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        values = a * values + b * values**3 + c * values**5
    np.testing.assert_allclose(orthogonalized(matrix, steps), left * values @ right, atol=1e-10)


def test_the_coefficients_are_those_that_torch_uses() -> None:
    assert COEFFICIENTS == (_muon.DEFAULT_A, _muon.DEFAULT_B, _muon.DEFAULT_C)


@pytest.mark.parametrize("seed", range(200))
def test_torchs_function_in_bfloat16_is_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(int(rng.integers(1, 5)), int(rng.integers(8, 16))))
    if seed % 2:
        matrix = matrix.T
    steps = 1 + seed % 5
    theirs = _muon._zeropower_via_newtonschulz(torch.tensor(matrix), COEFFICIENTS, steps, 1e-7).double().numpy()
    mine = orthogonalized(matrix, steps)
    assert np.linalg.norm(theirs - mine) <= 0.12 * np.linalg.norm(mine)


@pytest.mark.parametrize("seed", range(100))
def test_after_five_steps_singular_values_are_between_068_and_113(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, _ = np.linalg.qr(rng.normal(size=(8, 5)))
    right, _ = np.linalg.qr(rng.normal(size=(6, 5)))
    values = rng.uniform(0.05, 1.0, size=5)
    found = np.linalg.svd(orthogonalized(left * values @ right.T, 5), compute_uv=False)[:5]
    assert found.min() > 0.675
    assert found.max() < 1.135


def test_pytorch_optimizers_original_coefficients_are_ours() -> None:
    assert tuple(published.get_newton_schulz_weights("original")[0]) == COEFFICIENTS
