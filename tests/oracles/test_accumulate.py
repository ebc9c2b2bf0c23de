"""The accumulation oracle against autograd on one big batch that holds every token at once."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import torch

from autograder.banks.accumulate import TASK
from autograder.judge.variants import CANONICAL, Variant
from autograder.oracles.accumulate import PADDING

DRAWS = 300


def drawn(seed: int) -> dict[str, Any]:
    """One to six micro-batches of zero to eight rows, some rows padding, some gradients there already."""
    rng = np.random.default_rng(seed)
    inputs, batches = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    rows = [int(rng.integers(0, 9)) for _ in range(batches)]
    rows[int(rng.integers(batches))] += 1
    x = [list(rng.normal(size=n * inputs)) for n in rows]
    y = [[PADDING if rng.random() < 0.2 and i else float(rng.normal()) for i in range(n)] for n in rows]
    grads = [list(rng.normal(size=inputs)), float(rng.normal()), list(rng.normal(size=2))]
    given = [grad if rng.random() < 0.5 else None for grad in grads]
    return {"weight": list(rng.normal(size=inputs)), "bias": float(rng.normal()), "x": x, "y": y, "grads": given}


def oracle(variant: Variant, program: dict[str, Any]) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        parts: dict[str, Any] = TASK.formula.value(TASK.formula.plan(variant), {**TASK.formula.signature, **program})
    return parts


def big_batch(program: dict[str, Any]) -> tuple[float, np.ndarray]:
    """Mean loss and gradients of all rows that are no padding, in one batch, as autograd has them."""
    inputs = len(program["weight"])
    weight = torch.nn.Parameter(torch.tensor(program["weight"], dtype=torch.float64))
    bias = torch.nn.Parameter(torch.tensor(program["bias"], dtype=torch.float64))
    for param, grad in ((weight, program["grads"][0]), (bias, program["grads"][1])):
        param.grad = None if grad is None else torch.tensor(grad, dtype=torch.float64)
    x = torch.tensor(list(chain(*program["x"])), dtype=torch.float64).reshape(-1, inputs)
    y = torch.tensor(list(chain(*program["y"])), dtype=torch.float64)
    real = y != PADDING
    loss = 0.5 * torch.nn.functional.mse_loss(x[real] @ weight + bias, y[real])
    loss.backward()
    unused = [np.nan] * 2 if program["grads"][2] is None else program["grads"][2]
    assert weight.grad is not None
    assert bias.grad is not None
    return loss.item(), np.concatenate([weight.grad.numpy(), [bias.grad.item()], unused])


def test_the_oracle_is_the_gradient_of_the_big_batch() -> None:
    for seed in range(DRAWS):
        program = drawn(seed)
        loss, grads = big_batch(program)
        mine = oracle(CANONICAL, program)
        np.testing.assert_allclose(mine["returned"], loss, rtol=1e-10)
        np.testing.assert_allclose(mine["grads"], grads, rtol=1e-9, atol=1e-12)


def test_a_mean_of_means_agrees_only_where_counts_are_equal() -> None:
    wrong = TASK.bank["mean-of-means-empty-kept"]
    for seed in range(50):
        program = drawn(seed)
        counts = {sum(v != PADDING for v in y) for y in program["y"]}
        same = np.allclose(oracle(wrong, program)["grads"], oracle(CANONICAL, program)["grads"], equal_nan=True)
        assert same == (len(counts) == 1), program["y"]


def test_given_counts_and_levels_scale_the_gradient_and_replace_the_losses() -> None:
    for seed in range(50):
        program = {name: given for name, given in drawn(seed).items() if name != "grads"}
        program["grads"] = [None, None, None]
        plain = oracle(CANONICAL, program)
        counts, levels = [70_000] * len(program["y"]), [-1.5] * len(program["y"])
        told = oracle(CANONICAL, {**program, "given_counts": counts, "levels": levels})
        real = sum(v != PADDING for y in program["y"] for v in y)
        np.testing.assert_allclose(told["grads"] * sum(counts), plain["grads"] * real, rtol=1e-9)
        np.testing.assert_allclose(told["returned"], -1.5 / 70_000)
