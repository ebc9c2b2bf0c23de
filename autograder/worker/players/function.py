"""Calls functions with scripted arguments; each call leaves its numbers and four flags.

A call's block is `size` numbers (the flattened result, or the results of a tuple one after another) and then: error
code, 1 where the result has the wanted shape, 1 where it has the wanted dtype, 1 where no argument was changed. Where
returns asks for something new, the last is RESULT_SHARED for a result that is stored where an argument is, and RESULT_OVERWRITTEN for one
that a later call changed.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch

from autograder.worker.codes import RESULT_OVERWRITTEN, RESULT_SHARED, ErrorCode, error_code, says_not_written
from autograder.worker.harness import Recorder
from autograder.worker.players.tensors import DTYPES, in_one_memory, numbers, size_of, tensor

FLAGS = ("error", "shape", "dtype", "untouched")


class _CallError(Exception):
    """Carries what the student's function raised."""


def play(module: Any, scenario: dict[str, Any], recorder: Recorder, seen: Callable[[], float] | None = None) -> None:
    """Every call of the scenario, one after another; a call that raises does not stop the next, unless memory has run out.

    The record's text and event are then those of one call that raised. With "late", results that are tensors are looked at
    again behind the last call. seen: gives after each call what its last flag is to be instead, or 0.
    """
    start, raised = 0, -1
    objects: dict[str, torch.Tensor] = {}
    late: list[tuple[int, int, torch.Tensor]] = []
    kept: list[tuple[int, torch.Tensor, torch.Tensor]] = []
    for index, call in enumerate(scenario["calls"]):
        recorder.event = index
        wanted = call["returns"]
        size = sum(size_of(item["shape"]) for item in wanted)
        try:
            block, result = _call(module, scenario, call, wanted, objects, kept, start + size + len(FLAGS) - 1)
            if seen and block[-1]:
                block[-1] = seen() or 1.0
            recorder.put(start, block)
            if scenario.get("late") and isinstance(result, torch.Tensor):
                late.append((start, size, result))
        except _CallError as found:
            error = found.args[0]
            recorder.put(start, np.concatenate([np.full(size, np.nan), [_code(error), 0, 0, 0]]))
            if recorder.caught is None or isinstance(recorder.caught, ValueError) > isinstance(error, ValueError):
                recorder.caught, raised = error, index  # ValueErrors may be asked for; others tell more
        start += size + len(FLAGS)
    for start, size, result in late:
        recorder.put(start, numbers(result, size))
    for place, result, before in kept:
        if not _same(before, result):
            recorder.put(place, [RESULT_OVERWRITTEN])
    if raised >= 0:
        recorder.event = raised


def _call(
    module: Any,
    scenario: dict[str, Any],
    call: dict[str, Any],
    wanted: list[dict[str, Any]],
    objects: dict[str, torch.Tensor],
    kept: list[tuple[int, torch.Tensor, torch.Tensor]],
    place: int,
) -> tuple[np.ndarray, Any]:
    """The block of a call, and what the function returned. kept: what should be new is added, with a copy and the place of
    its last flag."""
    size = sum(size_of(item["shape"]) for item in wanted)
    args = [_argument(value, objects) for value in call.get("args", [])]
    kwargs = {name: _argument(value, objects) for name, value in call.get("kwargs", {}).items()}
    before = deepcopy([*args, *kwargs.values()])
    try:
        result = getattr(module, call.get("entry") or scenario["entry"])(*args, **kwargs)
    except Exception as error:
        if isinstance(error, MemoryError) or says_not_written(error):
            raise
        raise _CallError(error) from error
    results = result if isinstance(result, tuple) and len(wanted) > 1 else (result,)
    if len(results) != len(wanted):
        return np.concatenate([np.full(size, np.nan), [ErrorCode.NONE, 0, 0, 0]]), result
    values = [numbers(item, size_of(want["shape"])) for item, want in zip(results, wanted, strict=True)]
    untouched = float(all(map(_same, before, [*args, *kwargs.values()])))
    for item, want in zip(results, wanted, strict=True):
        if want.get("new") and isinstance(item, torch.Tensor):
            kept.append((place, item, item.clone()))
            untouched = RESULT_SHARED if untouched and any(in_one_memory(item, arg) for arg in args) else untouched
    flags = [ErrorCode.NONE, _all(_shape_fits, results, wanted), _all(_dtype_fits, results, wanted), untouched]
    return np.concatenate([*values, np.asarray(flags, dtype=np.float64)]), result


def _code(error: Exception) -> ErrorCode:
    """Python refuses a call that does not fit the parameters before any line of the function runs."""
    outside = error.__traceback__ is not None and error.__traceback__.tb_next is None
    return ErrorCode.SIGNATURE if outside and isinstance(error, TypeError) else error_code(error)


def _same(before: Any, after: Any) -> bool:
    if isinstance(after, torch.Tensor):
        return torch.equal(before.nan_to_num(), after.nan_to_num())
    return bool(before == after)


def _all(fits: Any, results: Any, wanted: Any) -> bool:
    return all(fits(item, want) for item, want in zip(results, wanted, strict=True))


def _shape_fits(item: Any, want: dict[str, Any]) -> bool:
    return list(item.shape) == want["shape"] if isinstance(item, torch.Tensor) else want["shape"] == []


def _dtype_fits(item: Any, want: dict[str, Any]) -> bool:
    if not want.get("dtype"):
        return True
    if want["dtype"] == "float":
        return isinstance(item, int | float) and not isinstance(item, bool)
    return isinstance(item, torch.Tensor) and item.dtype == DTYPES[want["dtype"]]


def _argument(value: Any, objects: dict[str, torch.Tensor]) -> Any:
    """{"tensor": [...], "shape": [...], "dtype": "..."} is a tensor; everything else is itself. "object" names a tensor that
    several calls get, each with its own numbers in it."""
    if not isinstance(value, dict) or "tensor" not in value:
        return value
    made = tensor(value["tensor"], value["shape"], value.get("dtype", "float64"), value.get("layout", "contiguous"))
    return objects.setdefault(value["object"], made).copy_(made) if "object" in value else made
