"""Builds a model from a list of parts, calls a function that sorts its parameters, and says where each one ended up.

One number per parameter of the model, in the model's order: 0 nowhere, else 1 for the first returned list, 2 for the
second, 3 for both; plus 10 for every time it is there more than once. Then five numbers: foreign objects in the lists,
how many of them are parameters of models that came before, 1 where both lists keep the model's order, 1 where both are lists
(or tuples), and what became of the model (AS_IT_WAS).
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn

from autograder.worker.harness import Recorder
from autograder.worker.players.model_state import ModelState

EARLIER: list[weakref.ref[nn.Parameter]] = []
"""The parameters of the models that came before, as far as somebody keeps them."""


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One model."""
    recorder.event = 0
    with torch.device(scenario["device"]):
        model = build(scenario["parts"], scenario["tied"])
    for name in scenario["frozen"]:
        model.get_parameter(name).requires_grad_(False)
    for name in scenario.get("evaluated", ()):
        model.get_submodule(name).eval()
    for name in scenario.get("with_gradient", ()):
        param = model.get_parameter(name)
        param.grad = torch.ones_like(param)
    for name, other in scenario["equal"]:
        model.get_parameter(name).data.copy_(model.get_parameter(other).data)
    before = ModelState(model)
    one, other = getattr(module, scenario["entry"])(model)
    listed = isinstance(one, list | tuple) and isinstance(other, list | tuple)
    first, second = list(one), list(other)
    numbers = {id(p): number for number, p in enumerate(model.parameters())}
    before_it = {id(kept()) for kept in EARLIER}
    EARLIER.extend(map(weakref.ref, model.parameters()))
    codes = [0.0] * len(numbers)
    foreign, earlier, ordered = 0, 0, True
    for code, found in ((1, first), (2, second)):
        seen = [numbers[id(p)] for p in found if id(p) in numbers]
        foreign += len(found) - len(seen)
        earlier += sum(p is not None and id(p) in before_it for p in found)
        once = list(dict.fromkeys(seen))
        ordered = ordered and once == sorted(once)
        for number in once:
            codes[number] += code + 10 * (seen.count(number) - 1)
    recorder.put(0, [*codes, foreign, earlier, float(ordered), float(listed), before.change()])


class SymbolTable(nn.Embedding):
    """A subclass, as models have them whose embeddings are multiplied by √width."""


def build(parts: list[list[Any]], tied: list[list[str]]) -> nn.Module:
    """A model of parts ["blocks.0.query", "linear", [outputs, inputs]]; tied: pairs of dotted parameter names."""
    model = nn.Module()
    for path, kind, shape in parts:
        *folders, name = path.split(".")
        place = model
        for folder in folders:
            if not hasattr(place, folder):
                place.add_module(folder, nn.Module())
            place = getattr(place, folder)
        _add(place, name, kind, shape)
    for name, other in tied:
        path, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(path), leaf, model.get_parameter(other))
    return model


def _add(place: nn.Module, name: str, kind: str, shape: list[int]) -> None:
    if kind == "parameter":
        place.register_parameter(name, nn.Parameter(torch.zeros(shape)))
        return
    made: dict[str, Any] = {
        "embedding": lambda: nn.Embedding(shape[0], shape[1]),
        "scaled embedding": lambda: SymbolTable(shape[0], shape[1]),
        "linear": lambda: nn.Linear(shape[1], shape[0], bias=False),
        "linear_with_bias": lambda: nn.Linear(shape[1], shape[0]),
        "norm": lambda: nn.LayerNorm(shape),
        "conv": lambda: nn.Conv2d(shape[1], shape[0], shape[2]),
    }
    place.add_module(name, made[kind]())
