"""Calls a function that accumulates gradients over scripted micro-batches, and watches what it calls.

The model is linear: parameters weight (inputs,), bias () and one that no loss depends on, (2,). A micro-batch is a pair
(x, y), x (rows, inputs) and y (rows,); rows with y = PADDING count for nothing. The loss is half the squared error; a
scenario's "levels" shift it to another value, its "given_counts" are what count_fn says, its "kinds" make a micro-batch a number,
a dict or a list in place of a pair.

Parts, in this order: returned (1), gradients and parameters (inputs + 3 each), kind (1: of what was returned, CHANGED where
the list of micro-batches was or one of them, or a code of worker/codes.py), calls (per micro-batch, of loss_sum_fn), alive
(per micro-batch: graphs of other micro-batches that still held saved tensors when its loss was asked for), counted (per
micro-batch, calls of count_fn).
"""

from __future__ import annotations

import operator
import weakref
from typing import Any

import numpy as np
import torch

from autograder.worker.codes import RANDOM_CHANGED, SEEDED
from autograder.worker.harness import Recorder
from autograder.worker.players.settings import Settings
from autograder.worker.players.tensors import kind_of, numbers, tensor

PADDING = -100.0
UNUSED = 2
CHANGED = 6


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One call."""
    recorder.event = 0
    watched = _Watched(scenario)
    before = list(map(_inside, watched.batches))
    settings = Settings()
    recorder.event = 1
    given = (list if scenario.get("form", "list") == "list" else tuple)(watched.batches)
    returned = getattr(module, scenario["entry"])(watched.loss_sum, watched.count, given)
    unchanged = _same(given, watched.batches) and all(map(_same, map(_inside, watched.batches), before))
    random = SEEDED if watched.seeded else RANDOM_CHANGED if watched.random.changed() else None
    kind = CHANGED if not unchanged else random or _kind(returned)
    parts = [numbers(returned, 1)]
    for tensors in ([param.grad for param in watched.params], watched.params):
        parts += [numbers(item, param.numel()) for item, param in zip(tensors, watched.params, strict=True)]
    recorder.put(
        0,
        np.concatenate(
            [
                *parts,
                [settings.kind(kind)],
                watched.calls,
                watched.alive,
                watched.counted,
            ]
        ),
    )


def _inside(batch: Any) -> list[Any]:
    """What a micro-batch consists of, where it can be changed."""
    return [*batch, *batch.values()] if isinstance(batch, dict) else [*batch] if isinstance(batch, list) else []


def _same(one: Any, other: Any) -> bool:
    """Whether two sequences hold the same things in the same order."""
    return len(one) == len(other) and all(map(operator.is_, one, other))


def _kind(returned: Any) -> int:
    """A number and a tensor without a graph are the same kind here."""
    kind = kind_of(returned)
    return 3 if kind == 1 else kind


def _as_a(kind: str, number: int, x: torch.Tensor, y: torch.Tensor) -> Any:
    """A micro-batch: a pair, a list, a dict, or only its number."""
    return {"pair": (x, y), "list": [x, y], "dict": {"x": x, "y": y}, "number": number}[kind]


class _Saved:
    """What a graph keeps for its backward pass; it dies with the graph, or when backward() has used it."""

    def __init__(self, value: torch.Tensor):
        self.value = value.detach()


class _Random:
    """Torch's random numbers: every loss draws one, as dropout would, and nothing else may draw or set a seed."""

    def __init__(self) -> None:
        _draw()  # no state that a seed leads to
        self.state, self.drawn = torch.get_rng_state(), list[float]()

    def draw(self) -> None:
        """For a loss."""
        self.drawn.append(_draw())

    def changed(self) -> bool:
        """Whether the losses saw other numbers than follow on the state at first, or the state now is neither the next one
        nor, put back by a careful function, the first one."""
        now = torch.get_rng_state()
        torch.set_rng_state(self.state)
        wanted = [_draw() for _ in self.drawn]
        left = not (torch.equal(now, torch.get_rng_state()) or torch.equal(now, self.state))
        return left or self.drawn != wanted


def _draw() -> float:
    return torch.rand((), dtype=torch.float64).item()


class _Watched:
    def __init__(self, scenario: dict[str, Any]):
        dtype = scenario.get("dtype", "float64")
        shapes: list[list[int]] = [[len(scenario["weight"])], [], [UNUSED]]
        values = [scenario["weight"], scenario["bias"], [1.0] * UNUSED]
        self.params = [torch.nn.Parameter(tensor(v, s, dtype)) for v, s in zip(values, shapes, strict=True)]
        for param, shape, grad in zip(self.params, shapes, scenario["grads"], strict=True):
            param.grad = None if grad is None else tensor(grad, shape, dtype)
        inputs = len(scenario["weight"])
        self.data = [
            (tensor(x, [len(y), inputs], dtype), tensor(y, [len(y)], dtype))
            for x, y in zip(scenario["x"], scenario["y"], strict=True)
        ]
        kinds = scenario.get("kinds") or ["pair"] * len(self.data)
        self.batches = [
            _as_a(kind, number, *pair) for number, (kind, pair) in enumerate(zip(kinds, self.data, strict=True))
        ]
        for first, again in scenario.get("same", ()):
            self.batches[again] = self.batches[first]
        self.calls, self.alive, self.counted = (np.zeros(len(self.batches)) for _ in range(3))
        self.counts, self.levels = scenario.get("given_counts"), scenario.get("levels")
        self.random = _Random()
        self.saved: list[list[weakref.ref[_Saved]]] = [[] for _ in self.batches]

    def loss_sum(self, batch: Any) -> torch.Tensor:
        """The loss of a micro-batch, summed over its rows."""
        index = self._index(batch, self.calls)
        self.calls[index] += 1
        held = [any(saved() is not None for saved in graph) for graph in self.saved]
        self.alive[index] = max(self.alive[index], sum(held) - held[index])

        def keep(value: torch.Tensor) -> _Saved:
            saved = _Saved(value)
            self.saved[index].append(weakref.ref(saved))
            return saved

        self.random.draw()
        x, y = self.data[index]
        weight, bias, _ = self.params
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda saved: saved.value):
            error = (x @ weight + bias - y) * (y != PADDING)
            loss = 0.5 * (error * error).sum()
        if self.levels:
            loss = loss - loss.detach() + self.levels[index]
        return loss

    def count(self, batch: Any) -> int:
        """How many rows of a micro-batch are not padding."""
        index = self._index(batch, self.counted)
        self.counted[index] += 1
        return self.counts[index] if self.counts else int((self.data[index][1] != PADDING).sum())

    @property
    def seeded(self) -> bool:
        """Whether two losses saw the same random numbers."""
        return len(set(self.random.drawn)) < len(self.random.drawn)

    def _index(self, batch: Any, calls: np.ndarray) -> int:
        """The number of a micro-batch; of one that is there twice, where it had fewer calls. TypeError for anything else."""
        places = [index for index, known in enumerate(self.batches) if batch is known]
        if places:
            return min(places, key=lambda index: calls[index])
        what = type(batch).__name__
        raise TypeError(f"this function takes one of the given micro-batches as it is, and this is another {what}")
