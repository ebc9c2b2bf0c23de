"""Builds a model, asks for its parameter groups, and notes where each parameter landed.

Two numbers for each parameter, in the order of named_parameters(): how often it is in the groups, and the weight_decay
of the first group that has it (NaN where there is none). Then GROUPS_EXTRAS.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from autograder.worker.codes import LISTED, SETS
from autograder.worker.harness import Recorder
from autograder.worker.players.tensors import numbers

EARLIER: list[torch.Tensor] = []
"""The parameters of the models that came before."""


class Block(nn.Module):
    """A module with named parts."""


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One model, one call."""
    recorder.event = 0
    model = build(scenario["model"])
    params = list(model.parameters())
    modes = [part.training for part in model.modules()]
    before = [(param.detach().clone(), param.requires_grad) for param in params]
    recorder.event = 1
    result = getattr(module, scenario["entry"])(model, scenario["weight_decay"])
    groups = result if isinstance(result, list | tuple) else []
    form = _form(result)
    found = [(_members(group["params"]), group) for group in groups] if form == LISTED else []
    known = {id(param) for param in params}
    foreign = [member for members, _ in found for member in members if id(member) not in known]
    buffers, before_it = {buffer.data_ptr() for buffer in model.buffers()}, {id(param) for param in EARLIER}
    held = sum(isinstance(member, torch.Tensor) and member.data_ptr() in buffers for member in foreign)
    earlier = sum(id(member) in before_it for member in foreign)
    EARLIER.extend(params)
    unreadable = sum(not _is_number(group.get("weight_decay")) for _, group in found)
    places = []
    for param in params:
        inside = [group for members, group in found for member in members if member is param]
        decay = inside[0].get("weight_decay") if inside else None
        places += [len(inside), numbers(decay, 1)[0] if _is_number(decay) else float("nan")]
    usable = _usable([{**group, "params": _kept(group["params"], members)} for members, group in found])
    untouched = all(
        torch.equal(param, values) and param.requires_grad == trainable
        for param, (values, trainable) in zip(params, before, strict=True)
    )
    untouched = untouched and modes == [part.training for part in model.modules()]
    recorder.put(0, [*places, len(foreign), held, earlier, unreadable, form, usable, untouched])


def build(spec: dict[str, Any]) -> nn.Module:
    """The model of a specification; see autograder/judge/model_spec.py."""
    model = _module(spec["root"])
    for first, second in spec.get("ties", []):
        owner, _, leaf = second.rpartition(".")
        setattr(model.get_submodule(owner), leaf, model.get_parameter(first))
    for name in spec.get("frozen", []):
        model.get_parameter(name).requires_grad_(False)
    return model


def _module(node: dict[str, Any]) -> nn.Module:
    if node["kind"] == "Sequential":
        return nn.Sequential(OrderedDict((name, _module(part)) for name, part in node["parts"]))
    if node["kind"] != "Block":
        return getattr(nn, node["kind"])(*node.get("args", []), **node.get("kwargs", {}))
    block = Block()
    for name, part in node["parts"]:
        made: Any = nn.Parameter(torch.ones(part["args"][0])) if part["kind"] == "Parameter" else _module(part)
        setattr(block, name, made)
    return block


def _form(result: Any) -> float:
    """LISTED for a list of dicts with a key "params"; else 0 for two lists, 2 for a dict, 3 for a list of dicts without that key, 4
    for None, 5 for an empty list, 6 for anything else."""
    if not isinstance(result, list | tuple):
        return 2.0 if isinstance(result, dict) else 4.0 if result is None else 6.0
    if not result:
        return 5.0
    if all(isinstance(group, dict) for group in result):
        return LISTED if all("params" in group for group in result) else 3.0
    return 0.0 if len(result) == 2 and all(isinstance(group, list | tuple) for group in result) else 6.0


def _members(params: Any) -> list[Any]:
    return [params] if isinstance(params, torch.Tensor) else list(params)


def _kept(params: Any, members: list[Any]) -> Any:
    """A set stays one, so that torch can refuse it; a generator has already been read."""
    return params if isinstance(params, set) else members


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | torch.Tensor) and not isinstance(value, bool)


def _usable(groups: list[dict[str, Any]]) -> float:
    """0 also where there are no groups."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.optim.SGD(groups, lr=0.1)
    except Exception:
        return SETS if any(isinstance(group["params"], set) for group in groups) else 0.0
    return 1.0
