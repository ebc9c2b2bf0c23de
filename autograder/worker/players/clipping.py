"""Calls a function that changes gradients: parameters with scripted gradients go in, gradients and a number come out.

Parts, in this order: returned (1), gradients, views (gradients as an older reference sees them), parameters
(the same three sizes), kind (1: of what was returned, or a code of worker/codes.py), changed (1: gradients
whose dtype or shape changed, plus REQUIRING for each that requires a gradient itself).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from autograder.worker.codes import REQUIRING
from autograder.worker.harness import Recorder
from autograder.worker.players.settings import Settings
from autograder.worker.players.tensors import kind_of, numbers, size_of, tensor


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One call; with "earlier" gradients, one for these and then one that counts."""
    recorder.event = 0
    shapes, dtypes = scenario["shapes"], scenario["dtypes"]
    layouts = scenario.get("layouts") or ["contiguous"] * len(shapes)
    kinds = list(zip(shapes, dtypes, layouts, strict=True))
    params = [torch.nn.Parameter(tensor(v, *kind)) for v, kind in zip(scenario["init"], kinds, strict=True)]
    earlier = scenario.get("earlier")
    _give(params, earlier or scenario["grads"], kinds)
    recorder.event = 1
    if earlier:
        _call(module, scenario, params)
        for param, values, kind in zip(params, scenario["init"], kinds, strict=True):
            param.detach().copy_(tensor(values, *kind))
        _give(params, scenario["grads"], kinds, in_place=scenario.get("in_place", False))
    views = [param.grad for param in params]
    with torch.set_grad_enabled(not scenario.get("no_grad", False)):
        settings = Settings()
        returned = _call(module, scenario, params)
        what = settings.kind(kind_of(returned))
    sizes = [size_of(shape) for shape in shapes]
    parts = [numbers(returned, 1)]
    for tensors in ([param.grad for param in params], views, params):
        parts += [numbers(item, size) for item, size in zip(tensors, sizes, strict=True)]
    recorder.put(0, np.concatenate([*parts, [what, sum(map(_changed, params))]]))


def _give(params: list[Any], grads: list[Any], kinds: list[Any], in_place: bool = False) -> None:
    """Gradients for the parameters: new tensors, or new numbers in the old ones."""
    for param, grad, kind in zip(params, grads, kinds, strict=True):
        if in_place and param.grad is not None:
            param.grad.detach().copy_(tensor(grad, *kind))
        else:
            param.grad = None if grad is None else tensor(grad, *kind)


def _call(module: Any, scenario: dict[str, Any], params: list[Any]) -> Any:
    given = _given(params, scenario.get("form", "list"))
    arguments = {"max_norm": scenario["max_norm"]} if scenario.get("named") else {}
    return getattr(module, scenario["entry"])(given, *([] if arguments else [scenario["max_norm"]]), **arguments)


def _given(params: list[Any], form: str) -> Any:
    """The parameters as a list, a generator, or the only one by itself."""
    return iter(params) if form == "generator" else params[0] if form == "single" else params


def _changed(param: torch.Tensor) -> int:
    grad = param.grad
    if grad is None:
        return 0
    return (grad.dtype != param.dtype or grad.shape != param.shape) + REQUIRING * grad.requires_grad
