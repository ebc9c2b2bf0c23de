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
FLAGS = (
    "training",
    "graphs",
    "data_changed",
    "optimizer_changed",
    "seed_set",
    "gradients_off",
    "no_dict",
    "not_floats",
    "left_back",
    "frozen",
    "mixed",
    "idle",
    "stale",
    "repeated",
    "earlier_changed",
)
HEAD = (
    "updates",
    *FLAGS,
    *FIRSTS,
    *(f"{n}_count" for n in LISTS),
)
"""updates: calls of step(). optimizer_changed: by anybody but its step(): LR, SETTING or STATE. seed_set: whether
torch's global generator got another seed. gradients_off: for all that torch does later. training: the mode at the end. graphs: passes in eval mode that recorded
gradients. not_floats: entries of the lists that are no plain numbers. left_back: how many updates ago the model was as it is
left, NOWHERE for never. frozen: parameters that require no gradient. mixed: passes in which a part was in another mode than
the whole, in looks LOOKS, in steps STEPS. idle: passes in train mode without gradients. stale: passes in eval mode with
statistics that are not those of the passes in train mode. repeated: passes in train mode with the random number of an earlier one, where no seed was
set. earlier_changed: whether what an earlier run returned is not what it was. memorised, grokked: NaN for None; ABSENT, ODD, TRUE
and FALSE for what is no number. Then each list's length, the lists (`room` numbers each, NaN behind the end) and the
gradients of each update."""
ABSENT, ODD, FALSE, TRUE = -1000.0, -2000.0, -3000.0, -3001.0
LR, SETTING, STATE, LR_AND_SETTING = 1.0, 2.0, 3.0, 4.0
NOWHERE = -1.0
LOOKS, STEPS = 1.0, 2.0
PASSES = 5
"""How many passes in train mode the scripted model has behind it."""
SEED = 190_519
CUTS = (1, 3)
"""Where the table's rows are cut into parameters. Examples of the training set use rows of all three."""


EARLIER: list[tuple[dict[str, Any], dict[str, Any]]] = []
"""What the run before returned, and a copy."""


class Notes:
    """What is noted of a model and of all its copies."""

    def __init__(self) -> None:
        self.graphs, self.idle, self.stale, self.repeated, self.mixed = 0, 0, 0, 0, 0.0
        self.passes = PASSES
        self.drawn: set[float] = set()

    def __deepcopy__(self, memo: Any) -> Notes:
        return self


class Gain(nn.modules.batchnorm._BatchNorm):
    """Multiplies by the gain in train mode, and counts such passes as a batch norm does."""

    def __init__(self, classes: int, gain: float):
        super().__init__(classes, affine=False)
        self.gain = gain
        self.get_buffer("num_batches_tracked").fill_(PASSES)

    def forward(self, logits: Tensor) -> Tensor:
        if not self.training:
            return logits
        self.get_buffer("num_batches_tracked").add_(1)
        return self.gain * logits


class ScriptedModel(nn.Module):
    """logits of (a, b) are row a of the table, turned by b places; in train mode its part multiplies them by `gain`, and
    `bump` is added. The table is cut into three parameters."""

    def __init__(self, table: list[list[float]], bump: list[float], gain: float):
        super().__init__()
        self.rows = nn.ParameterList(_cut(table))
        self.bump = torch.tensor(bump, dtype=torch.float64)
        self.norm = Gain(len(bump), gain)
        self.notes = Notes()

    def forward(self, x: Tensor) -> Tensor:
        """x: int64 (n, 2). Returns (n, classes)."""
        table = torch.cat(list(self.rows))
        classes = table.size(1)
        places = (torch.arange(classes) - x[:, 1:]) % classes
        logits = table[x[:, 0]].gather(1, places)
        self._note(logits.requires_grad)
        logits = self.norm(logits)
        return logits + self.bump if self.training else logits

    def _note(self, recorded: bool) -> None:
        notes = self.notes
        if self.norm.training != self.training:
            notes.mixed = notes.mixed or (STEPS if recorded else LOOKS)
        if not self.training:
            notes.graphs += recorded
            notes.stale += int(self.norm.get_buffer("num_batches_tracked")) != notes.passes
            return
        notes.passes += 1
        notes.idle += not recorded
        if recorded:
            number = float(torch.rand((), dtype=torch.float64))
            notes.repeated += number in notes.drawn
            notes.drawn.add(number)


class ScriptedOptimizer(torch.optim.Optimizer):
    """Two groups, of two parameters and of one. step() notes the gradients and puts the next table in place."""

    def __init__(self, model: ScriptedModel, tables: list[list[list[float]]]):
        self.rows = list(model.rows)
        groups: list[dict[str, Any]] = [{"params": self.rows[:2]}, {"params": self.rows[2:], "lr": 0.05}]
        super().__init__(groups, {"lr": 0.1, "weight_decay": 0.01})
        self.tables, self.gradients, self.updates = tables, [], 0  # type: ignore[var-annotated]
        for param in self.rows:
            self.state[param]["memory"] = torch.zeros_like(param)
        self.before, self.changed = self.settings(), set[float]()

    def settings(self) -> dict[float, Any]:
        """Everything in it that only a user or its own step() may change."""
        groups = [{**group, "params": [id(param) for param in group["params"]]} for group in self.param_groups]
        state = {id(param): {name: value.tolist() for name, value in own.items()} for param, own in self.state.items()}
        return {LR: [group.pop("lr", None) for group in groups], SETTING: groups, STATE: state}

    def look(self) -> None:
        """Note what somebody changed in it."""
        self.changed |= {what for what, value in self.settings().items() if value != self.before[what]}

    def what_changed(self) -> float:
        """One number for all of it."""
        return LR_AND_SETTING if {LR, SETTING} <= self.changed else min(self.changed, default=0.0)

    def left_back(self) -> float:
        """How many updates ago the model was as it is now; the fewest where there are several."""
        now = torch.cat([param.detach() for param in self.rows])
        places = list(range(min(self.updates, len(self.tables) - 1), -1, -1))
        same = (k for k in places if torch.equal(now.nan_to_num(), torch.cat(_cut(self.tables[k])).nan_to_num()))
        found = next(same, None)
        return NOWHERE if found is None else float(places[0] - found)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Closures are called once, before the update."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.look()
        self.gradients.append(np.concatenate([numbers(param.grad, param.numel()) for param in self.rows]))
        self.updates += 1
        for param, rows in zip(self.rows, _cut(self.tables[min(self.updates, len(self.tables) - 1)]), strict=True):
            param.copy_(rows)
        return loss


def _cut(table: list[list[float]]) -> list[Tensor]:
    return list(torch.tensor(table, dtype=torch.float64).tensor_split(CUTS))


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One run."""
    recorder.event = 0
    model = ScriptedModel(scenario["tables"][0], scenario["bump"], scenario["gain"])
    optimizer = ScriptedOptimizer(model, scenario["tables"])
    model.train(scenario["training"])
    for param, left in zip(model.rows, _cut(scenario["left"]) if scenario["left"] else [None] * 3, strict=True):
        param.grad = left
    data = tuple(
        torch.tensor(part, dtype=torch.int64).repeat_interleave(scenario["repeats"], dim=0) for part in scenario["data"]
    )
    before = [part.clone() for part in data]
    torch.manual_seed(SEED)
    result = getattr(module, scenario["entry"])(
        model, data, optimizer, max_steps=scenario["max_steps"], log_every=scenario["log_every"]
    )
    seed_set = torch.initial_seed() != SEED
    gradients_off = not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    optimizer.look()
    notes, frozen = model.notes, sum(not param.requires_grad for param in model.parameters())
    earlier_changed = any(_plain(old) != copy for old, copy in EARLIER)
    EARLIER[:] = [(result, _plain(result))] if isinstance(result, dict) else []
    changed = not all(torch.equal(one, other) for one, other in zip(data, before, strict=True))
    found = result if isinstance(result, dict) else {}
    lists, odd = zip(*(_list(found.get(name), scenario["room"]) for name in LISTS), strict=True)
    head: list[float] = [
        optimizer.updates,
        model.training,
        notes.graphs,
        changed,
        optimizer.what_changed(),
        seed_set,
        gradients_off,
        not isinstance(result, dict),
        sum(odd),
        optimizer.left_back(),
        frozen,
        notes.mixed,
        notes.idle,
        notes.stale,
        0 if seed_set else notes.repeated,
        earlier_changed,
    ]
    head += [_first(found, name) for name in FIRSTS]
    head += [float(len(found[name])) if hasattr(found.get(name), "__len__") else -1.0 for name in LISTS]
    gradients = optimizer.gradients[: scenario["max_steps"] + 1]
    recorder.put(0, np.concatenate([np.asarray(head, dtype=float), *lists, *gradients]))


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    """A copy whose lists are others; of every list its length and what it holds, as text."""
    return {name: [repr(value) for value in values] for name, values in result.items() if isinstance(values, list)}


def _first(found: dict[str, Any], name: str) -> float:
    if name not in found:
        return ABSENT
    value = found[name]
    if value is None:
        return float("nan")
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return float(numbers(value, 1)[0]) if not np.isnan(numbers(value, 1)[0]) else ODD


def _list(values: Any, room: int) -> tuple[np.ndarray, int]:
    """The first `room` numbers, and how many entries are no plain Python numbers (np.float64 is a float)."""
    out = np.full(room, np.nan)
    if not hasattr(values, "__len__") or isinstance(values, str | dict):
        return out, 0
    entries = list(values)
    odd = sum(isinstance(entry, bool) or not isinstance(entry, int | float) for entry in entries)
    for place, entry in enumerate(entries[:room]):
        out[place] = numbers(entry, 1)[0]
    return out, odd
