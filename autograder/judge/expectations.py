"""What a task is to the judge, and what its variants predict."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, agrees, close
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.variants import CANONICAL, Bank, Variant


class Task(Protocol):
    """What the engine needs to know of a task; OptimizerTask and FunctionTask are two."""

    id: str
    module: str
    bank: Bank

    @property
    def entries(self) -> tuple[str, ...]:
        """Public names a student writes."""

    def scenarios(self, seed: int) -> list[Scenario]:
        """All experiments of the task."""

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What a program that follows `variant` brings back."""

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Mask of the numbers that a check looks at; "all" for all."""

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """Mask of the numbers that a scenario wrote before an exception ended it."""

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """A difference in words, from the numbers alone; "" where there is nothing to say."""


class Expectations:
    """What each variant predicts for each scenario of one task and seed; worked out once, then remembered."""

    MOST_REMEMBERED = 20_000

    def __init__(self, task: Task, seed: int):
        self.task, self.seed = task, seed
        self.scenarios = task.scenarios(seed)
        self.accepted = task.bank.accepted()
        quick = getattr(task, "shortcuts", None)
        self._shortcuts: Shortcuts = quick(self.scenarios) if quick else Shortcuts(task, self.scenarios)
        self._known: dict[tuple[str, int], Expected] = {}
        self._masks: dict[tuple[str, int], np.ndarray] = {}
        self._changes: dict[tuple[str, str, int], bool] = {}

    def of(self, variant: Variant, index: int) -> Expected:
        """The prediction of `variant` for scenario number `index`."""
        key = (variant.id, index)
        if key not in self._known:
            if len(self._known) >= self.MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self._shortcuts.simulate(variant, index)
        return self._known[key]

    def agrees(self, variant: Variant, index: int, evidence: Evidence, part: str = "all") -> bool:
        """Whether a scenario's evidence is what `variant` predicts."""
        if part in ("all", "path") and self._refuted(variant, index, evidence.values):
            return False
        return agrees(evidence, self.of(variant, index), None if part == "all" else self.mask(part, index))

    def mask(self, part: str, index: int) -> np.ndarray:
        """The numbers of a scenario that a part looks at; not to be changed."""
        key = part, index
        if key not in self._masks:
            self._masks[key] = self.task.part(part, self.scenarios[index])
        return self._masks[key]

    def changes(self, base: Variant, other: Variant, index: int) -> bool:
        """Whether `other` could be told apart from `base` by what it predicts."""
        key = base.id, other.id, index
        if key not in self._changes:
            self._changes[key] = self._tells_apart(base, other, index)
        return self._changes[key]

    def _tells_apart(self, base: Variant, other: Variant, index: int) -> bool:
        right = self.of(base, index)
        if (other.id, index) not in self._known:
            if self._shortcuts.surely_alike(base, other, index):
                return False
            if self._shortcuts.refutes(other, index, right.values, right):
                return True
            if self._shortcuts.sees_all(other, index):
                return False
        return not alike(self.of(other, index), right)

    @property
    def costly(self) -> bool:
        """Whether whole predictions are worth avoiding; also of a recorded task, which has to come to the same end."""
        return bool(getattr(self.task, "costly", False))

    def can_explain(self, evidence: Evidence) -> bool:
        """Whether some variant may end as this did."""
        return not evidence.raised or self._shortcuts.raised_by_some(evidence.error)

    def may_be_accepted(self, evidence: Evidence, partly: bool) -> bool:
        """Whether an accepted program may leave such evidence; partly: as far as it goes."""
        if not evidence.raised or self._shortcuts.accepted_may_raise:
            return True
        return partly and not np.isnan(evidence.values).all()

    def knows(self, variant: Variant) -> bool:
        """Whether there are predictions of `variant`; a recorded task has them of the likelier ones only."""
        recorded = getattr(self.task, "predicted", None)
        return recorded is None or variant.id in recorded

    def _refuted(self, variant: Variant, index: int, values: np.ndarray) -> bool:
        """A quick look, where the whole prediction is not known yet, nor will be wanted soon."""
        if variant is CANONICAL or (variant.id, index) in self._known:
            return False
        return self._shortcuts.refutes(variant, index, values)


def alike(one: Expected, other: Expected) -> bool:
    """Whether two predictions could not be told apart."""
    return one.event == other.event and bool(close(one.values, other).all())
