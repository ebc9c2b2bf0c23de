"""Tensors read all at once give what they give one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autograder.worker.players.tensors import in_a_row, numbers

GRID = torch.arange(6, dtype=torch.float32).reshape(2, 3)
SEVERAL: dict[str, list[Any]] = {
    "plain": [GRID, torch.nn.Parameter(GRID.clone())],
    "of four dtypes": [
        GRID.to(dtype) for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16) for _ in "ab"
    ],
    "bfloat16": [GRID.bfloat16(), (GRID / 7).bfloat16()],
    "transposed and broadcast": [GRID.t(), torch.ones(1).expand(6)],
    "nothing between": [GRID, None, GRID + 1],
    "nothing at all": [None, None],
    "of another size": [GRID, torch.ones(5)],
    "on no device": [GRID, GRID.to("meta")],
    "complex, whole, sparse": [GRID, GRID.to(torch.complex64), GRID.long(), GRID.to_sparse()],
    "sparse first": [GRID.to_sparse(), GRID],
    "a subclass": [GRID.as_subclass(type("Odd", (torch.Tensor,), {})), GRID],
    "infinite": [GRID / 0, -GRID / 0],
    "no tensor": [GRID, "six"],
}


@pytest.mark.parametrize("about", SEVERAL)
def test_all_at_once_as_one_by_one(about: str) -> None:
    values = SEVERAL[about]
    counts = [6] * len(values)
    try:
        single = np.concatenate([numbers(value, count) for value, count in zip(values, counts, strict=True)])
    except Exception as error:  # a sparse tensor, say: then both end in it
        with pytest.raises(type(error)):
            in_a_row(values, counts)
        return
    np.testing.assert_array_equal(in_a_row(values, counts), single)


def test_what_was_read_does_not_change_afterwards() -> None:
    mine = torch.ones(3, dtype=torch.float64)
    seen = in_a_row([mine], [3])
    mine.zero_()
    assert seen.tolist() == [1.0, 1.0, 1.0]


def test_gradients_stay_switched_as_they_are() -> None:
    with torch.enable_grad():
        in_a_row([GRID, GRID], [6, 6])
        assert torch.is_grad_enabled()
    with torch.no_grad():
        in_a_row([GRID, GRID], [6, 6])
        assert not torch.is_grad_enabled()
