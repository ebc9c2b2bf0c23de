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

from autograder.worker.codes import KEPT, LISTED, OVERWRITTEN, SETS
from autograder.worker.harness import Recorder
from autograder.worker.players.model_state import ModelState
from autograder.worker.players.tensors import DTYPES, numbers

EARLIER: list[torch.Tensor] = []
"""The parameters of the models that came before."""


class Block(nn.Module):
    """A module with named parts."""


class Marked(nn.Parameter):
    """A subclass, as libraries have them that note more about a parameter."""


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One model, one call; with "again", a few before it."""
    recorder.event = 0
    model = build(scenario["model"])
    params = list(model.parameters())
    before, entry = ModelState(model), getattr(module, scenario["entry"])
    recorder.event = 1
    earlier = _Earlier(entry, model, scenario) if scenario.get("again") else None
    result = entry(model, scenario["weight_decay"])
    groups = result if isinstance(result, list | tuple) else []
    form = _form(result)
    found = [(_members(group["params"]), group) for group in groups] if form == LISTED else []
    known = {id(param) for param in params}
    foreign = [member for members, _ in found for member in members if id(member) not in known]
    buffers, before_it = {buffer.data_ptr() for buffer in model.buffers()}, {id(param) for param in EARLIER}
    held = sum(isinstance(member, torch.Tensor) and member.data_ptr() in buffers for member in foreign)
    older = sum(id(member) in before_it for member in foreign)
    EARLIER.extend(params)
    unreadable = sum(not _is_number(group.get("weight_decay")) for _, group in found)
    places = []
    for param in params:
        inside = [group for members, group in found for member in members if member is param]
        decay = inside[0].get("weight_decay") if inside else None
        places += [len(inside), numbers(decay, 1)[0] if _is_number(decay) else float("nan")]
    usable = _usable([{**group, "params": _kept(group["params"], members)} for members, group in found])
    fresh = earlier.fresh([group for _, group in found]) if earlier else 1.0
    recorder.put(0, [*places, len(foreign), held, older, unreadable, form, usable, fresh, before.change()])


class _Earlier:
    """Calls before the one that counts: for another model of the same kind, whose groups are kept; for the model itself with
    another weight decay and with the same one, and an optimizer that takes what was returned."""

    def __init__(self, entry: Any, model: nn.Module, scenario: dict[str, Any]):
        asked = scenario["weight_decay"]
        other = build(scenario["model"])
        EARLIER.extend(other.parameters())
        self.kept = _dicts(entry(other, asked))
        self.members = [_listed(group) for group in self.kept]
        self.used: list[Any] = []
        for decay in (asked + 0.011, asked):
            groups = _dicts(entry(model, decay))
            self.used += groups
            _usable(groups)

    def fresh(self, groups: list[Any]) -> float:
        """KEPT where some of `groups` are not new, OVERWRITTEN where those from before hold something else, else 1."""
        if any(group is old for group in groups for old in (*self.kept, *self.used)):
            return KEPT
        return 1.0 if [_listed(group) for group in self.kept] == self.members else OVERWRITTEN


def _dicts(result: Any) -> list[Any]:
    return list(result) if _form(result) == LISTED else []


def _listed(group: Any) -> list[int]:
    """Which parameters a group has, where that can be read twice."""
    params = group["params"]
    return [id(member) for member in params] if isinstance(params, list | tuple) else []


def build(spec: dict[str, Any]) -> nn.Module:
    """The model of a specification; see autograder/judge/model_spec.py."""
    with torch.device(spec.get("device", "cpu")):
        model = _module(spec["root"])
    for first, second in spec.get("ties", []):
        owner, _, leaf = second.rpartition(".")
        setattr(model.get_submodule(owner), leaf, model.get_parameter(first))
    for name in spec.get("frozen", []):
        model.get_parameter(name).requires_grad_(False)
    _usage(model, spec)
    return model


def _usage(model: nn.Module, spec: dict[str, Any]) -> None:
    """What a model may have gone through before anybody sorts its parameters."""
    if "dtype" in spec:
        model.to(DTYPES[spec["dtype"]])
    if spec.get("flat"):
        params = list(model.parameters())
        whole = torch.cat([param.detach().reshape(-1) for param in params])
        for param, piece in zip(params, whole.split([param.numel() for param in params]), strict=True):
            param.data = piece.view(param.shape)
    for name in spec.get("evaluated", []):
        model.get_submodule(name).eval()
    for name in spec.get("with_gradient", []):
        param = model.get_parameter(name)
        param.grad = torch.ones_like(param)


def _module(node: dict[str, Any]) -> nn.Module:
    if node["kind"] == "Sequential":
        return nn.Sequential(OrderedDict((name, _module(part)) for name, part in node["parts"]))
    if node["kind"] == "ParameterList":
        return nn.ParameterList(map(_parameter, node["args"]))
    if node["kind"] == "ParameterDict":
        return nn.ParameterDict({name: _parameter(shape) for name, shape in node["args"]})
    if node["kind"] != "Block":
        return getattr(nn, node["kind"])(*node.get("args", []), **node.get("kwargs", {}))
    block: nn.Module = type(node["class"], (Block,), {})() if "class" in node else Block()
    for name, part in node["parts"]:
        own = part["kind"] == "Parameter"
        made: Any = (
            _parameter(part["args"][0], Marked if part.get("marked") else nn.Parameter) if own else _module(part)
        )
        setattr(block, name, made)
    return block


def _parameter(shape: list[int], kind: type[nn.Parameter] = nn.Parameter) -> nn.Parameter:
    return kind(torch.ones(shape))


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
