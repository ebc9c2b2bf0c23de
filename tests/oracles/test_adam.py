"""The Adam oracle against torch.optim.Adam, and its eps-hat convention against a published package."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks.adam import bank
from autograder.judge.variants import CANONICAL
from autograder.oracles.adam import RULE


def hyper_for(rng: np.random.Generator) -> dict:
    return {
        "lr": 10 ** rng.uniform(-4, 0),
        "betas": (float(rng.uniform(0, 0.99)), float(rng.uniform(0, 0.9999))),
        "eps": 10 ** rng.uniform(-10, -1),
        "weight_decay": float(rng.choice([0.0, rng.uniform(0, 1)])),
    }


def walk(variant, start, grads, hyper):
    param, state, plan = start, RULE.fresh_state(start, variant), RULE.plan(variant)
    for t, grad in enumerate(grads, start=1):
        param = RULE.update(plan, param, grad, state, t, hyper).param
    return param


@pytest.mark.parametrize("seed", range(200))
def test_the_oracle_walks_like_torch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=(2, 3))
    param = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.Adam([param], **hyper)
    grads = [rng.normal(size=(2, 3)) * 10 ** rng.uniform(-6, 3) for _ in range(8)]
    for grad in grads:
        param.grad = torch.tensor(grad)
        optimizer.step()
    np.testing.assert_allclose(walk(CANONICAL, start, grads, hyper), param.detach().numpy(), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(50))
def test_eps_hat_is_the_papers_rescaled_step(seed: int) -> None:
    """Kingma & Ba, end of section 2: α_t = α √(1 − β₂ᵗ) / (1 − β₁ᵗ), θ ← θ − α_t m / (√v + ε̂)."""
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng) | {"weight_decay": 0.0}, rng.normal(size=3)
    grads = [rng.normal(size=3) for _ in range(8)]
    (beta1, beta2), theta, m, v = hyper["betas"], start.copy(), 0.0, 0.0
    for t, grad in enumerate(grads, start=1):
        m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad * grad
        step_size = hyper["lr"] * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        theta = theta - step_size * m / (np.sqrt(v) + hyper["eps"])
    np.testing.assert_allclose(walk(bank["eps-hat"], start, grads, hyper), theta, rtol=1e-11)


@pytest.mark.parametrize("seed", range(50))
def test_running_products_of_the_betas_change_nothing_while_the_betas_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=3)
    grads = [rng.normal(size=3) for _ in range(8)]
    np.testing.assert_allclose(
        walk(bank["beta-powers"], start, grads, hyper), walk(CANONICAL, start, grads, hyper), rtol=1e-11
    )


@pytest.mark.parametrize("seed", range(50))
def test_the_running_maximum_is_torchs_amsgrad(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=3)
    param = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.Adam([param], amsgrad=True, **hyper)
    grads = [rng.normal(size=3) * 10 ** rng.uniform(-2, 1) for _ in range(8)]
    for grad in grads:
        param.grad = torch.tensor(grad)
        optimizer.step()
    np.testing.assert_allclose(walk(bank["amsgrad"], start, grads, hyper), param.detach().numpy(), rtol=1e-10)
