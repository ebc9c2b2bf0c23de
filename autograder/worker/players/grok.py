"""Plays train_until_grok on a model whose weights after every step are written beforehand.

The optimizer is a scripted one: each step() notes the gradients it finds and puts the next weights in place. So what the
function measures does not depend on its training, and what it trains with is seen in the gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.worker.harness import Recorder
from autograder.worker.players.tensors import numbers

LISTS = ("steps", "train_loss", "val_loss", "train_acc", "val_acc")
FIRSTS = ("memorised", "grokked")
HEAD = (
    "updates",
    "training",
    "graphs",
    "data_changed",
    "optimizer_changed",
    "no_dict",
    "not_floats",
    *FIRSTS,
    *(f"{n}_count" for n in LISTS),
)
"""updates: calls of step(). optimizer_changed: by anybody but its step(). training: the mode at the end. graphs: passes in eval mode that recorded gradients. not_floats:
entries of the lists that are no plain numbers. memorised, grokked: NaN for None; ABSENT, ODD and BOOL for what is no
number. Then each list's length, the lists (`room` numbers each, NaN behind the end) and the gradients of each update."""
ABSENT, ODD, BOOL = -1000.0, -2000.0, -3000.0


class ScriptedModel(nn.Module):
    """logits of (a, b) are row a of the table, turned by b places; in train mode they are multiplied by `gain` and `bump` is added."""

    def __init__(self, table: list[list[float]], bump: list[float], gain: float):
        super().__init__()
        self.table = nn.Parameter(torch.tensor(table, dtype=torch.float64))
        self.bump = torch.tensor(bump, dtype=torch.float64)
        self.gain, self.graphs = gain, 0

    def forward(self, x: Tensor) -> Tensor:
        """x: int64 (n, 2). Returns (n, classes)."""
        classes = self.table.size(1)
        places = (torch.arange(classes) - x[:, 1:]) % classes
        logits = self.table[x[:, 0]].gather(1, places)
        if self.training:
            return self.gain * logits + self.bump
        self.graphs += logits.requires_grad
        return logits


class ScriptedOptimizer(torch.optim.Optimizer):
    """step() notes the gradient and puts the next table in place."""

    def __init__(self, model: ScriptedModel, tables: list[list[list[float]]]):
        super().__init__(model.parameters(), {"lr": 0.1})
        self.tables, self.gradients, self.updates = tables, [], 0  # type: ignore[var-annotated]
        self.state[model.table]["memory"] = torch.zeros_like(model.table)
        self.before, self.changed = self.settings(), False

    def settings(self) -> Any:
        """Everything in it that only a user or its own step() may change."""
        groups = [{**group, "params": [id(param) for param in group["params"]]} for group in self.param_groups]
        state = {id(param): {name: value.tolist() for name, value in own.items()} for param, own in self.state.items()}
        return groups, state

    def look(self) -> None:
        """Note whether somebody changed it."""
        self.changed = self.changed or self.settings() != self.before

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Closures are called once, before the update."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.look()
        (table,) = self.param_groups[0]["params"]
        self.gradients.append(numbers(table.grad, table.numel()))
        self.updates += 1
        table.copy_(torch.tensor(self.tables[min(self.updates, len(self.tables) - 1)], dtype=torch.float64))
        return loss


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One run."""
    recorder.event = 0
    model = ScriptedModel(scenario["tables"][0], scenario["bump"], scenario["gain"])
    optimizer = ScriptedOptimizer(model, scenario["tables"])
    data = tuple(torch.tensor(part * scenario["repeats"], dtype=torch.int64) for part in scenario["data"])
    before = [part.clone() for part in data]
    result = getattr(module, scenario["entry"])(
        model, data, optimizer, max_steps=scenario["max_steps"], log_every=scenario["log_every"]
    )
    optimizer.look()
    changed = not all(torch.equal(one, other) for one, other in zip(data, before, strict=True))
    found = result if isinstance(result, dict) else {}
    lists, odd = zip(*(_list(found.get(name), scenario["room"]) for name in LISTS), strict=True)
    head: list[float] = [
        optimizer.updates,
        model.training,
        model.graphs,
        changed,
        optimizer.changed,
        not isinstance(result, dict),
        sum(odd),
    ]
    head += [_first(found, name) for name in FIRSTS]
    head += [float(len(found[name])) if hasattr(found.get(name), "__len__") else -1.0 for name in LISTS]
    gradients = optimizer.gradients[: scenario["max_steps"] + 1]
    recorder.put(0, np.concatenate([np.asarray(head, dtype=float), *lists, *gradients]))


def _first(found: dict[str, Any], name: str) -> float:
    if name not in found:
        return ABSENT
    value = found[name]
    if value is None:
        return float("nan")
    if isinstance(value, bool):
        return BOOL
    return float(numbers(value, 1)[0]) if not np.isnan(numbers(value, 1)[0]) else ODD


def _list(values: Any, room: int) -> tuple[np.ndarray, int]:
    """The first `room` numbers, and how many entries are no plain numbers."""
    out = np.full(room, np.nan)
    if not hasattr(values, "__len__") or isinstance(values, str | dict):
        return out, 0
    entries = list(values)
    odd = sum(isinstance(entry, bool) or not isinstance(entry, int | float | np.number) for entry in entries)
    for place, entry in enumerate(entries[:room]):
        out[place] = numbers(entry, 1)[0]
    return out, odd
