"""Which program is this? Compares evidence with every variant of a task: accepted ones, mistakes, several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from autograder.judge.evidence import Evidence, close
from autograder.judge.expectations import Expectations, alike
from autograder.judge.variants import CANONICAL, Variant
from autograder.worker.codes import Status

LOST_FOR = 10
"""Numbers that a convention has to make right for each that it makes wrong."""
GAINED = 0.03
"""The share of the wrong numbers that it has to make right, if it does not make a whole scenario right."""
ENOUGH = 2
"""Wrong scenarios in which single numbers count, where whole predictions are costly."""
MOST_MISTAKES = 4
"""In one program, as far as they are looked for."""
MOST_TRIES = 8
"""Programs that are looked at in search of several mistakes; five in six that can be found are among them."""


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


@np.errstate(all="ignore")
def recognise(expectations: Expectations, evidence: Sequence[Evidence]) -> Recognition:
    """Compare with the accepted set, then with single mistakes, pairs, and more that show in scenarios of their own."""
    reached = [i for i, item in enumerate(evidence) if _usable(item)]
    bases = _plausible(expectations, evidence)
    accepted = _best_accepted(expectations, bases, evidence, reached)
    wrong = [i for i in reached if not expectations.agrees(accepted, i, evidence[i])]
    if not reached:
        return Recognition(accepted, None, [])
    if not wrong:
        return Recognition(accepted, accepted, [])
    if not all(expectations.can_explain(evidence[i]) for i in wrong):
        return Recognition(accepted, None, wrong)
    program = explain_all(expectations, bases, evidence, wrong, reached, accepted)
    if program is not None and (program.conventions or _shown_not_to_use(accepted, program, expectations, evidence)):
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
    """The first variant with one mistake, else with two, else with more, that predicts every scenario in `reached`.

    Scenarios in `wrong` are tried first, the smallest of them before the others: they exclude most variants.
    """
    search = _Search(expectations, bases, evidence, wrong, reached)
    return search.first(search.singles()) or search.first(search.pairs(accepted)) or search.several()


class _Search:
    """Goes through the programs that a task's bank can describe, looking at as few scenarios of each as possible.

    The first scenario excludes nearly all. Two conventions that agree on it are told apart only behind it, and a pair is
    tried only where its parts leave right scenarios alone and neither has to explain the first one without doing so. An
    exception is one part's alone.
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
        self.fine = sorted((i for i in reached if i not in set(wrong)), key=lambda i: expectations.scenarios[i].size)
        self.order = by_size + self.fine
        self.start = self.order[0]
        self.begun: list[Variant] = []
        self.suspected: dict[str, list[Variant]] = {}
        self.bases = bases
        self.kind = self._kinds()

    def first(self, candidates: Iterable[Variant]) -> Variant | None:
        """The first candidate that predicts everything. The scenario that excluded the last one is tried first."""
        order = list(self.order)
        for candidate in candidates:
            wrong = next((i for i in order if not self._agrees(candidate, i)), None)
            if wrong is None:
                return candidate
            order.remove(wrong)
            order.insert(0, wrong)
            if wrong not in self.fine:
                self.begun.append(candidate)
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

    def several(self) -> Variant | None:
        """A program with more mistakes that predicts everything: one that explains the start grows by a mistake for each
        scenario that it does not explain yet."""
        self.tries = MOST_TRIES
        for program in sorted(self.begun, key=lambda p: len(p.mistakes)):
            found = self._grown(program) if self.tries > 0 else None
            if found is not None:
                return self._needed_parts(found)
        return None

    def _needed_parts(self, program: Variant) -> Variant:
        """Without mistakes that a later one made needless, and in the order of the bank."""
        chosen = list(program.mistakes)
        for mistake in program.mistakes:
            rest = self._in_order(program.conventions, [one for one in chosen if one is not mistake])
            if self.expectations.knows(rest) and self._first_failure(rest) is None:
                chosen.remove(mistake)
        return self._in_order(program.conventions, chosen)

    def _in_order(self, conventions: Sequence[Variant], mistakes: Sequence[Variant]) -> Variant:
        chosen = {mistake.id for mistake in mistakes}
        ordered = (mistake for mistake in self.expectations.task.bank.misconceptions if mistake.id in chosen)
        return sum((*conventions, *ordered), start=CANONICAL)

    def _grown(self, program: Variant) -> Variant | None:
        self.tries -= 1
        index = self._first_failure(program)
        if index is None:
            return program
        if index in self.fine or len(program.mistakes) == MOST_MISTAKES:
            return None
        base = _only_conventions(program)
        suspects = (mistake for mistake in self._suspects(base) if self._changes(base, mistake, index))
        more = (program + mistake for mistake in suspects if program.combines_with(mistake))
        fitting = (one for one in more if self.expectations.knows(one) and self._agrees(one, index))
        grown = (self._grown(one) for one in fitting if self.tries > 0)
        return next((one for one in grown if one is not None), None)

    def _with_bases(self, mistakes: Mapping[int, Sequence[Variant]]) -> Iterable[Variant]:
        possible: dict[tuple[int, str], bool] = {}
        for base, kind in zip(self.bases, self.kind, strict=True):
            for mistake in mistakes.get(kind, ()):
                key = kind, mistake.id
                if not possible.get(key, True) or not (base is CANONICAL or base.combines_with(mistake)):
                    continue
                program = base + mistake
                if not self.expectations.knows(program):
                    continue
                if key not in possible:
                    possible[key] = self._starts_like(program)
                if possible[key]:
                    yield program

    def _likely_pairs(self, kind: int) -> Iterable[Variant]:
        base, mistakes = self.bases[kind], self.expectations.task.bank.misconceptions
        ends = {mistake.id for mistake in mistakes if self._ends_like(_under(base, mistake))}
        if not ends:
            return
        suspects = self._suspects(base)
        shows = {mistake.id: self._changes(base, mistake, self.start) for mistake in suspects}
        explains = {mistake.id: self._starts_like(_under(base, mistake)) for mistake in suspects}
        touched = self._touched(base, suspects)
        fails = {m.id: self._first_failure(_under(base, m)) for m in suspects if explains[m.id]}
        for one, two in combinations(suspects, 2):
            if touched and not (touched[one.id] | touched[two.id]).all():
                continue
            if ends.isdisjoint((one.id, two.id)):
                continue
            if not one.combines_with(two) or not (shows[one.id] or shows[two.id]):
                continue
            if (not shows[one.id] and not explains[two.id]) or (not shows[two.id] and not explains[one.id]):
                continue
            if not self._helps(base, one, two, fails) or not self._helps(base, two, one, fails):
                continue
            yield one + two

    def _first_failure(self, program: Variant) -> int | None:
        """The first scenario that a program does not predict."""
        return next((i for i in self.order if not self._agrees(program, i)), None)

    def _helps(self, base: Variant, one: Variant, two: Variant, fails: Mapping[str, int | None]) -> bool:
        """Whether `two` changes the first scenario that `one`, which explains the start, leaves unexplained."""
        index = fails.get(one.id)
        return index is None or self._changes(base, two, index)

    def _touched(self, base: Variant, suspects: Sequence[Variant]) -> dict[str, np.ndarray]:
        """For each mistake, which of the numbers that are wrong at the start it changes; {} where two mistakes together may
        change more than both alone."""
        if not getattr(self.expectations.task, "differences_add_up", False):
            return {}
        right, values = self.expectations.of(base, self.start), self.evidence[self.start].values
        wrong = ~close(values, right)
        touched = {}
        for mistake in suspects:
            its = self.expectations.of(_under(base, mistake), self.start)
            touched[mistake.id] = (~close(its.values, right) | close(values, its))[wrong]
        return touched

    def _suspects(self, base: Variant) -> list[Variant]:
        """The mistakes that change nothing in calm scenarios; for each base looked for once."""
        if base.id not in self.suspected:
            calm, mistakes = self._calm(base), self.expectations.task.bank.misconceptions
            self.suspected[base.id] = [m for m in mistakes if not any(self._changes(base, m, i) for i in calm)]
        return self.suspected[base.id]

    def _calm(self, base: Variant) -> list[int]:
        """The smallest and the largest scenario that are right under `base`; low precision could hide a mistake."""
        scenarios = self.expectations.scenarios
        exact = (i for i in reversed(self.order) if scenarios[i].program.get("dtype", "float64") == "float64")
        right = [i for i in exact if self._agrees(base, i)]
        return sorted({*right[:1], *right[-1:]})

    def _kinds(self) -> list[int]:
        """For each base, the number of the first one that predicts the same for the first scenario."""
        found: list[int] = []
        for base in self.bases:
            here = self.expectations.of(base, self.start)
            like = (i for i in sorted(set(found)) if alike(here, self.expectations.of(self.bases[i], self.start)))
            found.append(next(like, len(found)))
        return found

    def _starts_like(self, program: Variant) -> bool:
        return self._agrees(program, self.start)

    def _agrees(self, program: Variant, index: int) -> bool:
        return self.expectations.agrees(program, index, self.evidence[index])

    def _ends_like(self, program: Variant) -> bool:
        """Where the first scenario ended in an exception, whether that of `program` ends at the same event."""
        evidence = self.evidence[self.start]
        return not evidence.raised or self.expectations.of(program, self.start).event == evidence.event

    def _changes(self, base: Variant, mistake: Variant, index: int) -> bool:
        return self.expectations.changes(base, _under(base, mistake), index)


def _under(base: Variant, mistake: Variant) -> Variant:
    return base + mistake if base is CANONICAL or base.combines_with(mistake) else mistake


def _usable(evidence: Evidence) -> bool:
    return evidence.ending == "played" and evidence.status != Status.IMPORT_FAILED


def _plausible(expectations: Expectations, evidence: Sequence[Evidence]) -> list[Variant]:
    """The accepted set, without members that a task can rule out at a glance."""
    choose = getattr(expectations.task, "plausible", None)
    return choose(expectations, evidence) if choose else expectations.accepted


def _best_accepted(
    expectations: Expectations, bases: Sequence[Variant], evidence: Sequence[Evidence], reached: Sequence[int]
) -> Variant:
    """The one with the most right, a scenario counting by its share of right numbers; earlier ones win ties, the canonical
    rule first of all. Where whole predictions are costly, shares count in the smallest scenarios only, and others as right
    or not.

    Another one is looked at only as long as it can still win. The scenarios in which the first one is wrong come first,
    since it seldom gains there.
    """
    first = bases[0]
    order = sorted(reached, key=lambda i: expectations.scenarios[i].size)
    fine = {i for i in order if expectations.agrees(first, i, evidence[i], "path")}
    wrong = [i for i in order if i not in fine]
    if not wrong:
        return first
    shared = set(wrong[:ENOUGH] if expectations.costly else order)
    lost = {i for i in wrong if not expectations.may_be_accepted(evidence[i], partly=i in shared)}

    def worth(variant: Variant, index: int) -> float:
        if index in fine and not expectations.changes(first, variant, index):
            return 1.0
        if index in lost:
            return 0.0
        if index in shared:
            return _share_right(expectations, variant, index, evidence[index])
        return float(expectations.agrees(variant, index, evidence[index], "path"))

    best, most = first, len(fine) + sum(worth(first, i) for i in wrong)
    for variant in bases[1:]:
        right, rest = 0.0, len(order)
        for index in [*wrong, *(i for i in reversed(order) if i in fine)]:
            if right + rest <= most + 1e-9:
                break
            right += worth(variant, index)
            rest -= 1
        if rest == 0 and right > most + 1e-9 and _is_used(expectations, first, variant, evidence, order):
            best, most = variant, right
    return best


def _is_used(
    expectations: Expectations, first: Variant, variant: Variant, evidence: Sequence[Evidence], order: Sequence[int]
) -> bool:
    """Whether a convention is more than nearest to a mistake: it hardly speaks against numbers that are right without it,
    and makes more than a few right. Where whole predictions are costly that is not asked."""
    if expectations.costly:
        return True
    gained = lost = wrong = 0
    mended = False
    for index in order:
        without, used = expectations.of(first, index), expectations.of(variant, index)
        if without.holds is not None or used.holds is not None:
            return True
        path = expectations.mask("path", index)
        fine, also = (close(evidence[index].values, item)[path] for item in (without, used))
        gained += int((also & ~fine).sum())
        lost += int((fine & ~also).sum())
        wrong += int((~fine).sum())
        mended |= bool(also.all()) and not fine.all()
    return gained >= LOST_FOR * lost and (mended or gained >= GAINED * wrong)


def _share_right(expectations: Expectations, variant: Variant, index: int, evidence: Evidence) -> float:
    """1 where a scenario goes as `variant` says. One in low precision is right or not: all that is near would be close."""
    if expectations.agrees(variant, index, evidence, "path"):
        return 1.0
    expected = expectations.of(variant, index)
    if expected.holds is not None:
        return 0.0
    path = expectations.mask("path", index)
    return 0.99 * float(close(evidence.values, expected)[path].mean())


def _shown_not_to_use(
    accepted: Variant, program: Variant, expectations: Expectations, evidence: Sequence[Evidence]
) -> bool:
    """Whether a convention that fits best is none that this program uses: with it, it would have done otherwise. A mistake
    in the very step of a convention leaves no room for that."""
    if accepted is CANONICAL:
        return False
    if not accepted.combines_with(program):
        return True
    both = accepted + program
    reached = [i for i, item in enumerate(evidence) if _usable(item)]
    return expectations.knows(both) and not all(expectations.agrees(both, i, evidence[i]) for i in reached)


def _only_conventions(program: Variant) -> Variant:
    accepted = CANONICAL
    for convention in program.conventions:
        accepted = accepted + convention
    return accepted
