"""Calls modular_data many times and brings back the pairs themselves, for the judge to look at.

A call's block is `HEAD_SIZE` numbers and then, for training and for validation, `rows` lines (a, b, y), NaN where there
is none; of more lines than that, `rows` are chosen all over. Nothing here says whether a split is right.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

from autograder.worker.codes import NO_PAIRS, error_code, says_not_written
from autograder.worker.harness import Recorder

HEAD_SIZE = 17
"""error code, number of parts returned, torch's global generator untouched (the next number after the call, and the one
that it would have been), then for each of the four parts: number of dimensions (NO_PAIRS for a matrix x of other than two
columns), length, 1 where it is an int64 tensor. Last
1 where the parts are after all calls what they were after their own."""


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """Every call of the scenario, one after another; a call that raises does not stop the next."""
    generators: dict[int, torch.Generator] = {}
    kept: list[list[tuple[torch.Tensor, torch.Tensor]]] = []
    start = 0
    for index, call in enumerate(scenario["calls"]):
        recorder.event = index
        size = HEAD_SIZE + 2 * 3 * call["rows"]
        kept.append([])
        block = _call(getattr(module, scenario["entry"]), call, generators, kept[-1], anything_written=index > 0)
        recorder.put(start, block)
        start += size
    start = 0
    for call, parts in zip(scenario["calls"], kept, strict=True):
        recorder.put(start + HEAD_SIZE - 1, [all(torch.equal(part, copy) for part, copy in parts)])
        start += HEAD_SIZE + 2 * 3 * call["rows"]


def _call(
    function: Any,
    call: dict[str, Any],
    generators: dict[int, torch.Generator],
    kept: list[tuple[torch.Tensor, torch.Tensor]],
    anything_written: bool,
) -> np.ndarray:
    """call: p, operation, train_fraction, generator (a number), seed (None: go on with that generator), ambient; where
    it is there, advance: how many numbers somebody else draws first. kept: gets each tensor with a copy.

    NotImplementedError says that there is nothing to judge yet, unless an earlier call went well.
    """
    if call["seed"] is not None:
        generators[call["generator"]] = torch.Generator().manual_seed(call["seed"])
    torch.rand(call.get("advance", 0), generator=generators[call["generator"]])
    torch.manual_seed(call["ambient"])
    wanted = float(torch.rand((), dtype=torch.float64))
    torch.manual_seed(call["ambient"])
    random.seed(call["ambient"])
    np.random.seed(call["ambient"])
    block = np.full(HEAD_SIZE + 2 * 3 * call["rows"], np.nan)
    try:
        arguments = (call["p"], call["operation"], call["train_fraction"], generators[call["generator"]])
        result = function(*arguments)
    except Exception as error:
        if says_not_written(error) and not anything_written:
            raise
        block[0] = error_code(error)
        return block
    parts = list(result) if isinstance(result, tuple | list) else [result]
    kept += [(part, part.clone()) for part in parts if isinstance(part, torch.Tensor)]
    block[:4] = 0, len(parts), float(torch.rand((), dtype=torch.float64)), wanted
    for place, part in enumerate(parts[:4]):
        block[4 + 3 * place : 7 + 3 * place] = _form(part)
        if place in (0, 2) and isinstance(part, torch.Tensor) and part.ndim == 2 and part.shape[1] != 2:
            block[4 + 3 * place] = NO_PAIRS
    if len(parts) == 4:
        for half, (x, y) in enumerate((parts[:2], parts[2:])):
            start = HEAD_SIZE + half * 3 * call["rows"]
            rows = all_over(_rows(x, y), call["rows"]).reshape(-1)
            block[start : start + rows.size] = rows
    return block


def _form(part: Any) -> tuple[float, float, float]:
    if not isinstance(part, torch.Tensor):
        return -1.0, float(len(part)) if hasattr(part, "__len__") else -1.0, 0.0
    return float(part.ndim), float(part.shape[0]) if part.ndim else -1.0, float(part.dtype == torch.int64)


def all_over(rows: np.ndarray, count: int) -> np.ndarray:
    """`count` rows at equal distances where there are more."""
    return rows if len(rows) <= count else rows[np.linspace(0, len(rows) - 1, count).astype(int)]


def _rows(x: Any, y: Any) -> np.ndarray:
    """Lines (a, b, y); none where x is not pairs or y does not have one number for each of them."""
    pairs, answers = (torch.as_tensor(part).detach().to("cpu", torch.float64) for part in (x, y))
    if pairs.ndim != 2 or pairs.shape[1] != 2 or answers.numel() != len(pairs):
        return np.empty((0, 3))
    return torch.cat([pairs, answers.reshape(-1, 1)], dim=1).numpy()
