"""Calls a function that changes gradients: parameters with scripted gradients go in, gradients and a number come out.

Parts, in this order: returned (1), gradients, views (gradients as an older reference sees them), parameters (the same
three sizes), kind (1: of what was returned, or GRADIENTS_OFF), changed (1: gradients whose dtype or shape changed).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from autograder.worker.codes import GRADIENTS_OFF
from autograder.worker.harness import Recorder
from autograder.worker.players.tensors import kind_of, numbers, size_of, tensor


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One call."""
    recorder.event = 0
    shapes, dtypes = scenario["shapes"], scenario["dtypes"]
    layouts = scenario.get("layouts") or ["contiguous"] * len(shapes)
    params = [torch.nn.Parameter(tensor(*item)) for item in zip(scenario["init"], shapes, dtypes, layouts, strict=True)]
    for param, grad, *kind in zip(params, scenario["grads"], shapes, dtypes, layouts, strict=True):
        param.grad = None if grad is None else tensor(grad, *kind)
    views = [param.grad for param in params]
    recorder.event = 1
    given = _given(params, scenario.get("form", "list"))
    arguments = {"max_norm": scenario["max_norm"]} if scenario.get("named") else {}
    returned = getattr(module, scenario["entry"])(given, *([] if arguments else [scenario["max_norm"]]), **arguments)
    sizes = [size_of(shape) for shape in shapes]
    parts = [numbers(returned, 1)]
    for tensors in ([param.grad for param in params], views, params):
        parts += [numbers(item, size) for item, size in zip(tensors, sizes, strict=True)]
    changed = sum(
        param.grad is not None and (param.grad.dtype != param.dtype or param.grad.shape != param.shape)
        for param in params
    )
    recorder.put(
        0, np.concatenate([*parts, [kind_of(returned) if torch.is_grad_enabled() else GRADIENTS_OFF, changed]])
    )


def _given(params: list[Any], form: str) -> Any:
    """The parameters as a list, a generator, or the only one by itself."""
    return iter(params) if form == "generator" else params[0] if form == "single" else params
