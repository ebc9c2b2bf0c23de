"""The AdamW oracle and its conventions against torch.optim.AdamW and published packages."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks.adamw import bank
from autograder.judge.variants import CANONICAL
from autograder.oracles.adam import RULE as ADAM
from autograder.oracles.adamw import RULE


def hyper_for(rng: np.random.Generator) -> dict:
    return {
        "lr": 10 ** rng.uniform(-4, 0),
        "betas": (float(rng.uniform(0, 0.99)), float(rng.uniform(0, 0.9999))),
        "eps": 10 ** rng.uniform(-10, -1),
        "weight_decay": float(rng.choice([0.0, rng.uniform(0, 1)])),
    }


def walk(rule, variant, start, grads, hyper):
    param, state, plan = start, rule.fresh_state(start, variant), rule.plan(variant)
    for t, grad in enumerate(grads, start=1):
        param = rule.update(plan, param, grad, state, t, hyper).param
    return param


def torchs(optimizer_class, start, grads, **hyper):
    param = torch.nn.Parameter(torch.tensor(start))
    optimizer = optimizer_class([param], **hyper)
    for grad in grads:
        param.grad = torch.tensor(grad)
        optimizer.step()
    return param.detach().numpy()


@pytest.mark.parametrize("seed", range(200))
def test_the_oracle_walks_like_torch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=(2, 3))
    grads = [rng.normal(size=(2, 3)) * 10 ** rng.uniform(-6, 3) for _ in range(8)]
    expected = torchs(torch.optim.AdamW, start, grads, **hyper)
    np.testing.assert_allclose(walk(RULE, CANONICAL, start, grads, hyper), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(50))
def test_eps_hat_walks_like_a_published_package(seed: int) -> None:
    """AdamP with a negative delta never projects, which leaves AdamW with ε added before the correction."""
    package = pytest.importorskip("pytorch_optimizer", reason="pip install pytorch_optimizer to compare with it")
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=(2, 3))
    grads = [rng.normal(size=(2, 3)) for _ in range(8)]
    expected = torchs(package.AdamP, start, grads, **hyper, delta=-1.0)
    np.testing.assert_allclose(walk(RULE, bank["eps-hat"], start, grads, hyper), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(50))
def test_decay_after_shrinks_what_the_step_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=3)
    grad = rng.normal(size=3)
    stepped = torchs(torch.optim.Adam, start, [grad], **(hyper | {"weight_decay": 0.0}))
    expected = stepped * (1 - hyper["lr"] * hyper["weight_decay"])
    np.testing.assert_allclose(walk(RULE, bank["decay-after"], start, [grad], hyper), expected, rtol=1e-11)


@pytest.mark.parametrize("seed", range(50))
def test_coupled_decay_is_torchs_adam(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper, start = hyper_for(rng), rng.normal(size=3)
    grads = [rng.normal(size=3) for _ in range(8)]
    expected = torchs(torch.optim.Adam, start, grads, **hyper)
    np.testing.assert_allclose(walk(RULE, bank["coupled-l2"], start, grads, hyper), expected, rtol=1e-11)
    np.testing.assert_allclose(walk(ADAM, CANONICAL, start, grads, hyper), expected, rtol=1e-11)
