"""Which program is this? Compares evidence with every variant of a task: accepted ones, mistakes, pairs of mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Protocol

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, agrees, close
from autograder.judge.variants import CANONICAL, Bank, Variant
from autograder.worker.codes import Status


ENOUGH = 4
"""Wrong scenarios in which the numbers are counted, to choose between rules that get the same scenarios right."""


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
        self._changes: dict[tuple[str, str, int], bool] = {}
        self._updates: dict[tuple[str, int], list[Any]] = {}
        self._has_updates = hasattr(task, "with_updates")

    def of(self, variant: Variant, index: int) -> Expected:
        """The prediction of `variant` for scenario number `index`."""
        key = (variant.id, index)
        if key not in self._known:
            if len(self._known) >= self.MOST_REMEMBERED:
                self._known.clear()
            if variant is CANONICAL and self._has_updates:
                self.updates(variant, index)
            else:
                self._known[key] = self.task.simulate(variant, self.scenarios[index])
        return self._known[key]

    def agrees(self, variant: Variant, index: int, evidence: Evidence, part: str = "all") -> bool:
        """Whether a scenario's evidence is what `variant` predicts."""
        if part in ("all", "path") and self._refuted(variant, index, evidence.values):
            return False
        mask = None if part == "all" else self.task.part(part, self.scenarios[index])
        return agrees(evidence, self.of(variant, index), mask)

    def changes(self, base: Variant, other: Variant, index: int) -> bool:
        """Whether `other` could be told apart from `base` by what it predicts."""
        key = base.id, other.id, index
        if key not in self._changes:
            right = self.of(base, index)
            self._changes[key] = not self._surely_alike(base, other, index) and (
                self._refuted(other, index, right.values, right) or not _alike(self.of(other, index), right)
            )
        return self._changes[key]

    def updates(self, base: Variant, index: int) -> list[Any]:
        """The updates of `base` in a scenario, of a task that has such things."""
        key = base.id, index
        if key not in self._updates:
            self._known[key], self._updates[key] = self.task.with_updates(base, self.scenarios[index])  # type: ignore[attr-defined]
        return self._updates[key]

    def _surely_alike(self, base: Variant, other: Variant, index: int) -> bool:
        """A quick look from the other side, where the task offers one."""
        if not self._has_updates or (other.id, index) in self._known:
            return False
        return bool(self.task.surely_alike(base, other, self.scenarios[index], self.updates(base, index)))  # type: ignore[attr-defined]

    def knows(self, variant: Variant) -> bool:
        """Whether there are predictions of `variant`; a recorded task has them of the likelier ones only."""
        recorded = getattr(self.task, "predicted", None)
        return recorded is None or variant.id in recorded

    def _refuted(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        """A quick look, where the task offers one and the whole prediction is not known yet, nor will be wanted soon."""
        refutes = getattr(self.task, "refutes", None)
        if refutes is None or variant is CANONICAL or (variant.id, index) in self._known:
            return False
        if self._has_updates:
            updates = self.updates(CANONICAL, index)
            if self.task.refuted_at_once(variant, self.scenarios[index], updates, values, like):  # type: ignore[attr-defined]
                return True
        return bool(refutes(variant, self.scenarios[index], values, like))


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
    bases = _plausible(expectations, evidence)
    accepted = _best_accepted(expectations, bases, evidence, reached)
    wrong = [i for i in reached if not expectations.agrees(accepted, i, evidence[i])]
    if not reached:
        return Recognition(accepted, None, [])
    if not wrong:
        return Recognition(accepted, accepted, [])
    program = explain_all(expectations, bases, evidence, wrong, reached, accepted)
    if program is not None and program.conventions:
        accepted = _only_conventions(program)
        wrong = [i for i in reached if not expectations.agrees(accepted, i, evidence[i])]
    return Recognition(accepted, program, wrong)


def explain_all(
    expectations: Expectations,
    bases: Sequence[Variant],
    evidence: Sequence[Evidence],
    wrong: Sequence[int],
    reached: Sequence[int],
    accepted: Variant,
) -> Variant | None:
    """The first variant with one mistake, else with two, that predicts every scenario in `reached`.

    Scenarios in `wrong` are tried first, the smallest of them before the others: they exclude most variants.
    """
    search = _Search(expectations, bases, evidence, wrong, reached)
    return search.first(search.singles()) or search.first(search.pairs(accepted))


class _Search:
    """Goes through the programs that a task's bank can describe, looking at as few scenarios of each as possible.

    The first scenario excludes nearly all. Two conventions that agree on it are told apart only behind it, and a pair is
    tried only where its parts leave right scenarios alone and neither has to explain the first one without doing so.
    """

    def __init__(
        self,
        expectations: Expectations,
        bases: Sequence[Variant],
        evidence: Sequence[Evidence],
        wrong: Sequence[int],
        reached: Sequence[int],
    ):
        self.expectations, self.evidence = expectations, evidence
        by_size = sorted(wrong, key=lambda i: expectations.scenarios[i].size)
        fine = sorted((i for i in reached if i not in set(wrong)), key=lambda i: expectations.scenarios[i].size)
        self.order = by_size + fine
        self.start = self.order[0]
        self.bases = bases
        self.kind = self._kinds()

    def first(self, candidates: Iterable[Variant]) -> Variant | None:
        """The first candidate that predicts everything. The scenario that excluded the last one is tried first."""
        order = list(self.order)
        for candidate in candidates:
            wrong = next((i for i in order if not self.expectations.agrees(candidate, i, self.evidence[i])), None)
            if wrong is None:
                return candidate
            order.remove(wrong)
            order.insert(0, wrong)
        return None

    def singles(self) -> Iterable[Variant]:
        """Each mistake under each convention, as far as the first scenario allows it."""
        return self._with_bases(dict.fromkeys(set(self.kind), self.expectations.task.bank.misconceptions))

    def pairs(self, accepted: Variant) -> Iterable[Variant]:
        """Two mistakes at once, under the rule itself, the convention that fits best and those that start alike.

        A task that is quick to simulate has every pair tried, also where one part hides the other in the first scenario.
        """
        kinds = sorted({self.kind[0], self.kind[list(self.bases).index(accepted)]})
        yield from self._with_bases({kind: list(self._likely_pairs(kind)) for kind in kinds})
        mistakes = self.expectations.task.bank.misconceptions
        if getattr(self.expectations.task, "tries_every_pair", False):
            every = [one + two for one, two in combinations(mistakes, 2) if one.combines_with(two)]
            yield from self._with_bases(dict.fromkeys(kinds, every))

    def _with_bases(self, mistakes: Mapping[int, Sequence[Variant]]) -> Iterable[Variant]:
        possible: dict[tuple[int, str], bool] = {}
        for base, kind in zip(self.bases, self.kind, strict=True):
            for mistake in mistakes.get(kind, ()):
                if not (base is CANONICAL or base.combines_with(mistake)):
                    continue
                if not self.expectations.knows(base + mistake):
                    continue
                key = kind, mistake.id
                if key not in possible:
                    possible[key] = self._starts_like(base + mistake)
                if possible[key]:
                    yield base + mistake

    def _likely_pairs(self, kind: int) -> Iterable[Variant]:
        base = self.bases[kind]
        calm = self._calm(base)
        suspects = [
            mistake
            for mistake in self.expectations.task.bank.misconceptions
            if not any(self._changes(base, mistake, i) for i in calm)
        ]
        shows = {mistake.id: self._changes(base, mistake, self.start) for mistake in suspects}
        explains = {mistake.id: self._starts_like(_under(base, mistake)) for mistake in suspects}
        for one, two in combinations(suspects, 2):
            if not one.combines_with(two) or not (shows[one.id] or shows[two.id]):
                continue
            if (not shows[one.id] and not explains[two.id]) or (not shows[two.id] and not explains[one.id]):
                continue
            yield one + two

    def _calm(self, base: Variant) -> list[int]:
        """The smallest and the largest scenario that are right under `base`; low precision could hide a mistake."""
        scenarios = self.expectations.scenarios
        exact = (i for i in reversed(self.order) if scenarios[i].program.get("dtype", "float64") == "float64")
        right = [i for i in exact if self.expectations.agrees(base, i, self.evidence[i])]
        return sorted({*right[:1], *right[-1:]})

    def _kinds(self) -> list[int]:
        """For each base, the number of the first one that predicts the same for the first scenario."""
        found: list[int] = []
        for base in self.bases:
            here = self.expectations.of(base, self.start)
            like = (i for i in sorted(set(found)) if _alike(here, self.expectations.of(self.bases[i], self.start)))
            found.append(next(like, len(found)))
        return found

    def _starts_like(self, program: Variant) -> bool:
        return self.expectations.agrees(program, self.start, self.evidence[self.start])

    def _changes(self, base: Variant, mistake: Variant, index: int) -> bool:
        return self.expectations.changes(base, _under(base, mistake), index)


def _under(base: Variant, mistake: Variant) -> Variant:
    return base + mistake if base is CANONICAL or base.combines_with(mistake) else mistake


def _alike(one: Expected, other: Expected) -> bool:
    """Whether two predictions could not be told apart."""
    return one.event == other.event and bool(close(one.values, other).all())


def _usable(evidence: Evidence) -> bool:
    return evidence.ending == "played" and evidence.status != Status.IMPORT_FAILED


def _plausible(expectations: Expectations, evidence: Sequence[Evidence]) -> list[Variant]:
    """The accepted set, without members that a task can rule out at a glance."""
    choose = getattr(expectations.task, "plausible", None)
    return choose(expectations, evidence) if choose else expectations.accepted


def _best_accepted(
    expectations: Expectations, bases: Sequence[Variant], evidence: Sequence[Evidence], reached: Sequence[int]
) -> Variant:
    """The one by which most scenarios are right; of several the one with the most right numbers in the smallest
    scenarios; earlier ones win ties, the canonical rule first of all.

    Another one is looked at only as long as it can still win. The scenarios in which the first one is wrong come first,
    since it seldom gains there.
    """

    def fits(variant: Variant, index: int) -> bool:
        return expectations.agrees(variant, index, evidence[index], "path")

    sizes = expectations.scenarios
    fine = {i: fits(bases[0], i) for i in reached}
    order = sorted(reached, key=lambda i: (fine[i], sizes[i].size))
    best, most = [bases[0]], sum(fine.values())
    for variant in bases[1:]:
        right, rest = 0, len(order)
        for index in order:
            if right + rest < most:
                break
            right += fits(variant, index)
            rest -= 1
        else:
            best, most = ([*best, variant], most) if right == most else ([variant], right)
    if len(best) == 1:
        return best[0]
    few = [i for i in order if not fine[i]][:ENOUGH]
    return max(best, key=lambda variant: round(sum(_share_right(expectations, variant, i, evidence[i]) for i in few), 9))


def _share_right(expectations: Expectations, variant: Variant, index: int, evidence: Evidence) -> float:
    """1 where a scenario goes as `variant` says. One in low precision is right or not: all that is near would be close."""
    if expectations.agrees(variant, index, evidence, "path"):
        return 1.0
    expected = expectations.of(variant, index)
    if expected.holds is not None:
        return 0.0
    path = expectations.task.part("path", expectations.scenarios[index])
    return 0.99 * float(close(evidence.values, expected)[path].mean())


def _only_conventions(program: Variant) -> Variant:
    accepted = CANONICAL
    for convention in program.conventions:
        accepted = accepted + convention
    return accepted
