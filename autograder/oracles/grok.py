"""A training run that is watched until validation accuracy jumps, on a model whose weights are written beforehand.

`STEPS` are the decisions of such a run, by name; a variant replaces some. k counts updates: the state k is the one that
k updates have made. given: whether the model was in train mode when it was handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

THRESHOLD = 0.99
Set = tuple[np.ndarray, np.ndarray]
"""x and y."""
T = TypeVar("T")


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Rows of logarithms of probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def cross_entropy(logits: np.ndarray, y: np.ndarray) -> float:
    """Mean over the examples, in nats."""
    return float(-log_softmax(logits)[np.arange(len(y)), y].mean())


def cross_entropy_slope(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of the mean with respect to the logits."""
    slope = np.exp(log_softmax(logits))
    slope[np.arange(len(y)), y] -= 1
    return slope / len(y)


def first(old: float | None, k: int, accuracy: float, threshold: float, number: int) -> float | None:
    """The first logged step whose accuracy is high enough."""
    return k if old is None and accuracy >= threshold else old


STEPS: dict[str, Callable[..., Any]] = {
    "logged": lambda k, max_steps, log_every: k % log_every == 0 or k == max_steps,
    "updates": lambda max_steps: max_steps,
    "evaluated": lambda k, max_steps: k,
    "label": lambda k: k,
    "train_mode": lambda evaluated_before, given: True,
    "eval_mode": lambda given, first: False,
    "end_mode": lambda given: 1.0,
    "train_set": lambda train, val: train,
    "val_set": lambda train, val: val,
    "gradient_set": lambda train, val, k: train,
    "loss": cross_entropy,
    "slope": cross_entropy_slope,
    "gradient": lambda new, before, k: new,
    "accuracy": lambda right, count, train_count: right / count,
    "threshold": lambda: THRESHOLD,
    "memorised": first,
    "grokked": first,
    "swap": lambda memorised, grokked: (memorised, grokked),
    "stop": lambda memorised, grokked: grokked is not None,
    "after_stop": lambda: 0,
    "never": lambda max_steps: np.nan,
    "graphs": lambda evaluations, updates, given: 0,
    "optimizer_changed": lambda updates: 0.0,
    "seed_set": lambda updates: 0.0,
    "gradients_off": lambda: 0.0,
    "not_floats": lambda entries: 0,
    "left_back": lambda rows, updates: 0.0,
    "left_open": lambda given: (),
}


@dataclass
class Watched:
    """What a run leaves: the log's rows (step, train loss, val loss, train accuracy, val accuracy), the two firsts, the
    gradients of its updates, the mode at the end, passes that kept a graph, entries that are no numbers, whether the
    optimizer was changed, the seed was set and gradients were left switched off, how many updates the model is behind, looks in train mode that record no gradients. left_open: what such a program may do in one way or another."""

    rows: list[list[float]] = field(default_factory=list)
    firsts: tuple[float, float] = (np.nan, np.nan)
    gradients: list[np.ndarray] = field(default_factory=list)
    training: float = 1.0
    graphs: float = 0.0
    not_floats: float = 0.0
    optimizer_changed: float = 0.0
    seed_set: float = 0.0
    gradients_off: float = 0.0
    left_back: float = 0.0
    idle: float = 0.0
    left_open: tuple[str, ...] = ()


class Script:
    """The scripted model and its data: tables[k] (groups, classes) after k updates. What it gave once is remembered."""

    def __init__(self, program: Mapping[str, Any]):
        self.tables = np.array(program["tables"], dtype=float)
        self.bump, self.gain = np.array(program["bump"], dtype=float), program["gain"]
        parts = [np.repeat(np.array(part), program["repeats"], axis=0) for part in program["data"]]
        self.train, self.val = (parts[0], parts[1]), (parts[2], parts[3])
        self._given: dict[tuple[Any, ...], Any] = {}

    def score(self, data: Set, k: int, training: bool, loss: Callable[..., float]) -> tuple[float, int]:
        """The loss, and how many are right."""

        def work() -> tuple[float, int]:
            logits = self.logits(k, data[0], training)
            return loss(logits, data[1]), int((logits.argmax(axis=1) == data[1]).sum())

        return self._once(data, (k, training, loss), work)

    def slope(self, data: Set, k: int, training: bool, slope: Callable[..., np.ndarray]) -> np.ndarray:
        """The gradient of the tables, flat; not to be changed."""

        def work() -> np.ndarray:
            return self.gradient(data[0], slope(self.logits(k, data[0], training), data[1]), training)

        return self._once(data, (k, training, slope), work)

    def _once(self, data: Set, key: tuple[Any, ...], work: Callable[[], T]) -> T:
        """Remembered for the script's own sets, not for parts of them."""
        if data is not self.train and data is not self.val:
            return work()
        key = (data is self.train, *key)
        if key not in self._given:
            self._given[key] = work()
        found: T = self._given[key]
        return found

    def logits(self, k: int, x: np.ndarray, training: bool) -> np.ndarray:
        """Row a of the table turned by b places; scaled and bumped in train mode."""
        rows = self.tables[k][x[:, :1], self._places(x)]
        return self.gain * rows + self.bump if training else rows

    def gradient(self, x: np.ndarray, slopes: np.ndarray, training: bool) -> np.ndarray:
        """The table's gradient from that of the logits."""
        total = np.zeros_like(self.tables[0])
        np.add.at(total, (x[:, :1], self._places(x)), slopes * (self.gain if training else 1.0))
        return total.ravel()

    def _places(self, x: np.ndarray) -> np.ndarray:
        classes = self.tables.shape[2]
        return np.asarray((np.arange(classes) - x[:, 1:]) % classes)


def watch(
    program: Mapping[str, Any], replaced: Mapping[str, Callable[..., Any]], script: Script | None = None
) -> Watched:
    """The run as `STEPS` decide, with some of them replaced. script: the program's, where there is one already."""
    do = {**STEPS, **replaced}
    script, run = script or Script(program), Watched()
    memorised = grokked = None
    max_steps, log_every = program["max_steps"], program["log_every"]
    updates, k, left = do["updates"](max_steps), 0, -1
    before = np.array(program["left"], dtype=float).ravel() if program["left"] else np.zeros(script.tables[0].size)
    given = program["training"]
    while True:
        if left < 0 and do["logged"](k, max_steps, log_every):
            row = _row(script, do, k, max_steps, given, not run.rows)
            run.idle += do["eval_mode"](given, False)
            number = len(run.rows)
            memorised = do["memorised"](memorised, k, row[3], do["threshold"](), number)
            grokked = do["grokked"](grokked, k, row[4], do["threshold"](), number)
            run.rows.append(row)
            if do["stop"](memorised, grokked):
                left = do["after_stop"]()
        if k >= updates or left == 0:
            break
        left -= left > 0
        training = do["train_mode"](bool(run.rows), given)
        data = do["gradient_set"](script.train, script.val, k)
        before = do["gradient"](script.slope(data, k, training, do["slope"]), before, k)
        run.gradients.append(before)
        k += 1
    firsts = do["swap"](memorised, grokked)
    run.firsts = tuple(do["never"](max_steps) if value is None else value for value in firsts)
    run.training, run.graphs = do["end_mode"](given), do["graphs"](2 * len(run.rows), len(run.gradients), given)
    run.optimizer_changed = do["optimizer_changed"](len(run.gradients))
    run.left_back = do["left_back"](run.rows, len(run.gradients))
    run.seed_set, run.gradients_off = do["seed_set"](len(run.gradients)), do["gradients_off"]()
    run.not_floats, run.left_open = do["not_floats"](len(run.rows)), do["left_open"](given)
    return run


def _row(
    script: Script, do: Mapping[str, Callable[..., Any]], k: int, max_steps: int, given: bool, first_look: bool
) -> list[float]:
    state = do["evaluated"](k, max_steps)
    found: list[tuple[float, float]] = []
    for choose in (do["train_set"], do["val_set"]):
        data = choose(script.train, script.val)
        loss, right = script.score(data, state, do["eval_mode"](given, first_look and not found), do["loss"])
        found.append((loss, do["accuracy"](right, len(data[1]), len(script.train[1]))))
    (train_loss, train_acc), (val_loss, val_acc) = found
    return [do["label"](k), train_loss, val_loss, train_acc, val_acc]
