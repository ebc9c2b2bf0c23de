"""The AdaGrad and RMSProp oracles against torch.optim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from autograder.banks import rmsprop as rmsprop_bank
from autograder.judge.rule import Rule
from autograder.judge.variants import CANONICAL, Variant
from autograder.oracles import adagrad, rmsprop

Make = Callable[[torch.nn.Parameter], torch.optim.Optimizer]


def walk_together(rule: Rule, variant: Variant, hyper: dict, make: Make, seed: int) -> None:
    """Compare ten steps in float64, the learning rate changing after the fifth."""
    rng = np.random.default_rng(seed)
    start = rng.normal(size=(2, 3))
    param = torch.nn.Parameter(torch.tensor(start))
    optimizer = make(param)
    mine, plan, state = start, rule.plan(variant), rule.fresh_state(start, variant)
    for t in range(1, 11):
        if t == 6:
            hyper = {**hyper, "lr": 0.3 * hyper["lr"]}
            optimizer.param_groups[0]["lr"] = hyper["lr"]
        grad = rng.normal(size=(2, 3)) * 10 ** rng.uniform(-4, 2)
        param.grad = torch.tensor(grad)
        optimizer.step()
        mine = rule.update(plan, mine, grad, state, t, hyper).param
        np.testing.assert_allclose(mine, param.detach().numpy(), rtol=1e-9, atol=1e-11)


def draw(seed: int) -> dict:
    rng = np.random.default_rng([1, seed])
    return {
        "lr": 10 ** rng.uniform(-4, -1),
        "eps": 10 ** rng.uniform(-10, -1),
        "weight_decay": rng.choice([0.0, rng.uniform(0, 1)]),
    }


@pytest.mark.parametrize("seed", range(200))
def test_adagrad_walks_like_torch(seed: int) -> None:
    hyper = draw(seed)
    walk_together(adagrad.RULE, CANONICAL, hyper, lambda p: torch.optim.Adagrad([p], **hyper), seed)


@pytest.mark.parametrize("seed", range(200))
def test_rmsprop_walks_like_torch(seed: int) -> None:
    hyper = {**draw(seed), "alpha": float(np.random.default_rng([2, seed]).uniform(0, 0.999))}
    walk_together(rmsprop.RULE, CANONICAL, hyper, lambda p: torch.optim.RMSprop([p], **hyper), seed)


@pytest.mark.parametrize("seed", range(50))
def test_the_average_that_starts_at_the_first_square_steps_lr_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rule, variant = rmsprop.RULE, rmsprop_bank.bank["starts-at-first-square"]
    start, grad = rng.normal(size=5), rng.normal(size=5)
    hyper = {"lr": 0.1, "alpha": 0.99, "eps": 0.0, "weight_decay": 0.0}
    state = rule.fresh_state(start, variant)
    moved = rule.update(rule.plan(variant), start, grad, state, 1, hyper).param
    np.testing.assert_allclose(moved, start - 0.1 * np.sign(grad), rtol=1e-12)
