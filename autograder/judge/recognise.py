"""Which program is this? Compares evidence with every variant of a task: accepted ones, mistakes, pairs of mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, agrees
from autograder.judge.variants import CANONICAL, Bank, Variant
from autograder.worker.codes import Status


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
        self._known: dict[tuple[str, int], Expected] = {}

    def of(self, variant: Variant, index: int) -> Expected:
        """The prediction of `variant` for scenario number `index`."""
        key = (variant.id, index)
        if key not in self._known:
            if len(self._known) >= self.MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self.task.simulate(variant, self.scenarios[index])
        return self._known[key]

    def agrees(self, variant: Variant, index: int, evidence: Evidence, part: str = "all") -> bool:
        """Whether a scenario's evidence is what `variant` predicts."""
        mask = None if part == "all" else self.task.part(part, self.scenarios[index])
        return agrees(evidence, self.of(variant, index), mask)


@dataclass
class Recognition:
    """accepted: the member of the accepted set that fits best. program: the variant that explains all evidence, if one
    does. wrong: numbers of the scenarios that differ from `accepted`."""

    accepted: Variant
    program: Variant | None
    wrong: list[int] = field(default_factory=list)

    @property
    def mistakes(self) -> tuple[Variant, ...]:
        """The misconceptions recognised."""
        return self.program.mistakes if self.program else ()


def recognise(expectations: Expectations, evidence: Sequence[Evidence]) -> Recognition:
    """Compare with the accepted set, then with single mistakes, then with pairs."""
    reached = [i for i, item in enumerate(evidence) if _usable(item)]
    accepted = _best_accepted(expectations, evidence, reached)
    wrong = [i for i in reached if not expectations.agrees(accepted, i, evidence[i])]
    if not reached:
        return Recognition(accepted, None, [])
    if not wrong:
        return Recognition(accepted, accepted, [])
    program = explain_all(expectations, evidence, wrong, reached)
    if program is not None and program.conventions:
        accepted = _only_conventions(program)
        wrong = [i for i in reached if not expectations.agrees(accepted, i, evidence[i])]
    return Recognition(accepted, program, wrong)


def explain_all(
    expectations: Expectations, evidence: Sequence[Evidence], wrong: Sequence[int], reached: Sequence[int]
) -> Variant | None:
    """The first variant with one mistake, else with two, that predicts every scenario in `reached`.

    Scenarios in `wrong` are tried first, the smallest of them before the others: they exclude most variants.
    """
    order = sorted(wrong, key=lambda i: expectations.scenarios[i].size) + [i for i in reached if i not in set(wrong)]
    singles = expectations.task.bank.misconceptions
    found = _first(_with_conventions(expectations, singles), expectations, evidence, order)
    if found is not None:
        return found
    pairs = (one + two for one, two in combinations(singles, 2) if one.combines_with(two))
    return _first(_with_conventions(expectations, pairs), expectations, evidence, order)


def _with_conventions(expectations: Expectations, mistakes: Iterable[Variant]) -> Iterable[Variant]:
    known = list(mistakes)
    for base in expectations.accepted:
        for mistake in known:
            if base is CANONICAL or base.combines_with(mistake):
                yield base + mistake


def _first(
    candidates: Iterable[Variant], expectations: Expectations, evidence: Sequence[Evidence], order: Sequence[int]
) -> Variant | None:
    for candidate in candidates:
        if all(expectations.agrees(candidate, i, evidence[i]) for i in order):
            return candidate
    return None


def _usable(evidence: Evidence) -> bool:
    return evidence.ending == "played" and evidence.status != Status.IMPORT_FAILED


def _best_accepted(expectations: Expectations, evidence: Sequence[Evidence], reached: Sequence[int]) -> Variant:
    """The one with the most scenarios right; earlier ones win ties, the canonical rule first of all."""

    def right(variant: Variant) -> int:
        return sum(expectations.agrees(variant, i, evidence[i], "path") for i in reached)

    scores = [right(variant) for variant in expectations.accepted]
    return expectations.accepted[int(np.argmax(scores))]


def _only_conventions(program: Variant) -> Variant:
    accepted = CANONICAL
    for convention in program.conventions:
        accepted = accepted + convention
    return accepted
