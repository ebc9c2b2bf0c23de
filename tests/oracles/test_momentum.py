"""The momentum oracle against torch.optim.SGD, and its conventions against the texts that have them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks.momentum import bank
from autograder.judge.variants import CANONICAL, Variant
from autograder.oracles.momentum import RULE


def walk(variant: Variant, start: np.ndarray, grads: list[np.ndarray], lrs: list[float], hyper: dict) -> np.ndarray:
    """Where the rule is after all gradients."""
    plan, param, state = RULE.plan(variant), start, RULE.fresh_state(start, variant)
    for t, (grad, lr) in enumerate(zip(grads, lrs, strict=True), start=1):
        param = RULE.update(plan, param, grad, state, t, {**hyper, "lr": lr}).param
    return param


def draw(seed: int) -> tuple[np.ndarray, list[np.ndarray], list[float], dict]:
    """A start, gradients, learning rates that change half way, hyperparameters."""
    rng = np.random.default_rng(seed)
    hyper = {
        "momentum": float(rng.uniform(0.1, 0.99)),
        "nesterov": bool(rng.integers(2)),
        "weight_decay": float(rng.choice([0.0, rng.uniform(0, 1)])),
    }
    lrs = [10 ** rng.uniform(-3, -1)] * 5 + [10 ** rng.uniform(-3, -1)] * 5
    return rng.normal(size=(2, 3)), [rng.normal(size=(2, 3)) for _ in lrs], lrs, hyper


def torch_walk(
    start: np.ndarray, grads: list[np.ndarray], lrs: list[float], make=torch.optim.SGD, **options
) -> np.ndarray:
    """Where torch.optim.SGD, or another optimizer of its signature, is after all gradients."""
    param = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([param], lr=lrs[0], **options)
    for grad, lr in zip(grads, lrs, strict=True):
        optimizer.param_groups[0]["lr"] = lr
        param.grad = torch.tensor(grad)
        optimizer.step()
    return param.detach().numpy()


@pytest.mark.parametrize("seed", range(200))
def test_the_oracle_walks_like_torch(seed: int) -> None:
    start, grads, lrs, hyper = draw(seed)
    mine = walk(CANONICAL, start, grads, lrs, hyper)
    np.testing.assert_allclose(mine, torch_walk(start, grads, lrs, **hyper), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(100))
def test_the_oracle_walks_like_a_published_package(seed: int) -> None:
    package = pytest.importorskip("pytorch_optimizer", reason="pip install pytorch_optimizer to compare with it")
    start, grads, lrs, hyper = draw(seed)
    mine = walk(CANONICAL, start, grads, lrs, hyper)
    theirs = torch_walk(start, grads, lrs, make=package.SGDW, weight_decouple=False, foreach=False, **hyper)
    np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(100))
def test_the_average_from_the_first_gradient_is_torchs_dampening(seed: int) -> None:
    start, grads, lrs, hyper = draw(seed)
    hyper["nesterov"] = False
    mine = walk(bank["ema-from-first-gradient"], start, grads, lrs, hyper)
    theirs = torch_walk(start, grads, lrs, dampening=hyper["momentum"], **hyper)
    np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(100))
def test_the_average_is_the_heavy_ball_with_a_smaller_learning_rate(seed: int) -> None:
    start, grads, lrs, hyper = draw(seed)
    mine = walk(bank["ema"], start, grads, lrs, hyper)
    scaled = [lr * (1 - hyper["momentum"]) for lr in lrs]
    np.testing.assert_allclose(mine, torch_walk(start, grads, scaled, **hyper), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(100))
def test_lr_in_the_velocity_is_polyaks_difference_of_parameters(seed: int) -> None:
    """θ ← θ − ηg + μ(θ − θ of the step before), with learning rates that change (Polyak 1964)."""
    start, grads, lrs, hyper = draw(seed)
    hyper["nesterov"] = False
    before, now = start, start
    for grad, lr in zip(grads, lrs, strict=True):
        step = -lr * (grad + hyper["weight_decay"] * now) + hyper["momentum"] * (now - before)
        before, now = now, now + step
    np.testing.assert_allclose(walk(bank["lr-in-velocity"], start, grads, lrs, hyper), now, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(100))
def test_lr_in_the_velocity_with_nesterov_is_the_form_of_keras(seed: int) -> None:
    """velocity ← μ·velocity − ηg; θ ← θ + μ·velocity − ηg."""
    start, grads, lrs, hyper = draw(seed)
    hyper["nesterov"] = True
    velocity, now = np.zeros_like(start), start
    for grad, lr in zip(grads, lrs, strict=True):
        grad = grad + hyper["weight_decay"] * now
        velocity = hyper["momentum"] * velocity - lr * grad
        now = now + hyper["momentum"] * velocity - lr * grad
    np.testing.assert_allclose(walk(bank["lr-in-velocity"], start, grads, lrs, hyper), now, rtol=1e-10, atol=1e-12)
