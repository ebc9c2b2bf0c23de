"""The clipping oracle against torch.nn.utils.clip_grad_norm_, get_total_norm and clip_grads_with_norm_."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.banks.clip import TASK
from autograder.judge.variants import CANONICAL, Variant

DRAWS = 400


def drawn(seed: int) -> dict[str, Any]:
    """Up to six gradients of random shapes and sizes, some None, and a max_norm that cuts about half of them."""
    rng = np.random.default_rng(seed)
    shapes = [
        [int(n) for n in rng.integers(1, 5, size=int(rng.integers(0, 4)))] for _ in range(int(rng.integers(1, 7)))
    ]
    scale = 10.0 ** rng.uniform(-4, 4)
    grads = [None if rng.random() < 0.15 else list(scale * rng.normal(size=int(np.prod(s)))) for s in shapes]
    init = [list(rng.normal(size=int(np.prod(s)))) for s in shapes]
    return {
        "init": init,
        "grads": grads,
        "shapes": shapes,
        "max_norm": scale * 10.0 ** rng.uniform(-1, 1),
        "form": "list",
    }


def oracle(variant: Variant, program: dict[str, Any]) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        parts: dict[str, Any] = TASK.formula.value(TASK.formula.plan(variant), program)
    return parts


def parameters(program: dict[str, Any]) -> list[torch.nn.Parameter]:
    made = []
    for init, grad, shape in zip(program["init"], program["grads"], program["shapes"], strict=True):
        param = torch.nn.Parameter(torch.tensor(init, dtype=torch.float64).reshape(shape))
        param.grad = None if grad is None else torch.tensor(grad, dtype=torch.float64).reshape(shape)
        made.append(param)
    return made


def flat(params: list[torch.nn.Parameter]) -> np.ndarray:
    gone = float("nan")
    return np.concatenate([np.ravel(np.full(p.shape, gone) if p.grad is None else p.grad.numpy()) for p in params])


def test_with_its_epsilon_the_oracle_is_torchs_clip_grad_norm() -> None:
    clipped = 0
    for seed in range(DRAWS):
        program = drawn(seed)
        params = parameters(program)
        norm = torch.nn.utils.clip_grad_norm_(params, program["max_norm"])
        mine = oracle(TASK.bank["torch-epsilon"], program)
        clipped += bool(norm > program["max_norm"])
        np.testing.assert_allclose(mine["returned"], norm.item(), rtol=1e-6 if norm.dtype == torch.float32 else 1e-12)
        np.testing.assert_allclose(mine["grads"], flat(params), rtol=1e-12)
    assert DRAWS / 4 < clipped < 3 * DRAWS / 4


def test_without_a_constant_the_clipped_norm_is_exactly_max_norm() -> None:
    for seed in range(DRAWS):
        program = drawn(seed)
        params = parameters(program)
        before = torch.nn.utils.get_total_norm([p.grad for p in params if p.grad is not None]).item()
        mine = oracle(CANONICAL, program)
        after = float(np.linalg.norm(np.nan_to_num(mine["grads"])))
        np.testing.assert_allclose(after, min(before, program["max_norm"]), rtol=1e-6)


@pytest.mark.parametrize("norm", [1e-150, 1e150])
def test_no_square_overflows_in_the_oracle(norm: float) -> None:
    program = {"init": [[0.0, 0.0]], "grads": [[0.6 * norm, 0.8 * norm]], "shapes": [[2]], "max_norm": norm / 2}
    mine = oracle(CANONICAL, {**program, "form": "list"})
    np.testing.assert_allclose(mine["returned"], norm)
    np.testing.assert_allclose(mine["grads"], [0.3 * norm, 0.4 * norm])


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_a_norm_that_is_not_finite_is_returned_as_torch_does(bad: float) -> None:
    program = {"init": [[0.0], [0.0]], "grads": [[bad], [1.0]], "shapes": [[1], [1]], "max_norm": 1.0, "form": "list"}
    theirs = torch.nn.utils.clip_grad_norm_(parameters(program), 1.0).item()
    np.testing.assert_equal(float(oracle(CANONICAL, program)["returned"]), theirs)
