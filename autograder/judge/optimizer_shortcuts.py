"""What the updates of the rule itself tell of its variants, so that most of them need not be played.

A variant replaces a few steps. Where each gives, in every update, what the rule gives, both go the same way; and what
the very first update makes of a parameter is worked out from the first replaced step on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Expected, Scenario
from autograder.judge.rule import CONTRACT, WRITES_AGAIN, Quantities, Rule
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.simulate import (
    EXTRAS,
    Update,
    differs,
    first_update,
    frame_width,
    numel,
    with_updates,
)
from autograder.judge.slack import Look, Slack, apart
from autograder.judge.variants import CANONICAL, Step, Variant
from autograder.worker.codes import ErrorCode

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import OptimizerTask

EQUAL = 1e-13
MOST_REMEMBERED = 10_000
LOOKS = 3
"""Places of a variant's run that are remembered, because programs were seen to differ there."""
NEEDS = {"reload": "reload", "closure": "closure"}
"""Duties of the contract that only some events call for. Constructors are told by other scenarios."""
RAISED = frozenset(
    {ErrorCode.TYPE, ErrorCode.ATTRIBUTE, ErrorCode.RUNTIME, ErrorCode.ARITHMETIC, ErrorCode.NO_GRAPH, ErrorCode.VALUE}
)
"""The exceptions that an optimizer's variants raise; a test compares."""
ONLY_CONSTRUCTORS = frozenset({"validation", "refuses"})


class OptimizerShortcuts(Shortcuts):
    """For an OptimizerTask."""

    accepted_may_raise = False

    def __init__(self, task: OptimizerTask, scenarios: Sequence[Scenario]):
        super().__init__(task, scenarios)
        self.rule = task.rule
        self._first: dict[Any, FirstUpdate | None] = {}
        self._updates: dict[tuple[str, int], list[Update]] = {}
        self._looks: dict[tuple[str, int], list[Look]] = {}

    def simulate(self, variant: Variant, index: int) -> Expected:
        """The whole prediction; the rule's own updates are kept."""
        if variant is not CANONICAL or not self.tells(variant, index):
            return super().simulate(variant, index)
        expected, self._updates[variant.id, index] = with_updates(self.rule, variant, self.scenarios[index])
        return expected

    def tells(self, variant: Variant, index: int) -> bool:
        """Whether a variant's run is one of updates alone."""
        return self.scenarios[index].player == "optimizer"

    def refutes(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        """At the first update that differs."""
        if not self.tells(variant, index):
            return False
        if not CONTRACT.issuperset(variant.steps):
            first = self._first_update(variant, index)
            if first is not None and first.refutes(variant, values, like):
                return True
        if len(self._looks) >= MOST_REMEMBERED:
            self._looks.clear()
        looks = self._looks.setdefault((variant.id, index), [])
        if any(look.refutes(values, like) for look in looks):
            return True
        seen = differs(self.rule, variant, self.scenarios[index], values, like)
        if isinstance(seen, Look) and len(looks) < LOOKS:
            looks.append(seen)
        return bool(seen)

    def sees_all(self, variant: Variant, index: int) -> bool:
        """Where old views, gradients, flags and losses follow from the parameters."""
        return self.tells(variant, index) and WRITES_AGAIN.isdisjoint(variant.steps) and "graph" not in variant.steps

    def surely_alike(self, base: Variant, other: Variant, index: int) -> bool:
        """By the updates of `base`."""
        if not (self.tells(base, index) and self.tells(other, index)):
            return False
        key = base.id, index
        if key not in self._updates:
            _, self._updates[key] = with_updates(self.rule, base, self.scenarios[index])
        return surely_alike(self.rule, base, other, self.scenarios[index], self._updates[key])

    def raised_by_some(self, error: ErrorCode) -> bool:
        """Variants say what they raise; nobody's mistake is a name that does not exist."""
        return error in RAISED

    def _first_update(self, variant: Variant, index: int) -> FirstUpdate | None:
        """That of a program which neglects the same duties, and does all else right."""
        steps = {name: step for name, step in variant.steps.items() if name in CONTRACT}
        key = index, *steps.items()
        if key not in self._first:
            duties = Variant("duties", "", "misconception", steps) if steps else CANONICAL
            found = first_update(self.rule, duties, self.scenarios[index])
            several = len(self.scenarios[index].program["shapes"]) > 1
            if self.scenarios[index].program.get("dtype") == "float32" and several:
                found = None  # another parameter may run away, and then nothing is predicted
            self._first[key] = None if found is None else FirstUpdate(self.rule, self.scenarios[index], found)
        return self._first[key]


class FirstUpdate:
    """What can be told from the first update of a run, worked out from the first step on that a variant replaces."""

    def __init__(self, rule: Rule, scenario: Scenario, update: Update):
        shapes = scenario.program["shapes"]
        self.rule, self.stays = rule, update.stays
        self.slack = {mistaken: Slack(rule, scenario.program, mistaken) for mistaken in (False, True)}
        self.old = update.before["param"]
        start = update.frame * frame_width(shapes) + numel(shapes[: update.param])
        self.size = self.old.size // scenario.program.get("tiles", 1) or 1
        self.here = slice(start, start + self.size)
        self.flag = (update.frame + 1) * frame_width(shapes) - EXTRAS
        self.predicted: dict[str, tuple[np.ndarray, np.ndarray] | None] = {}
        self.steps = list(rule.steps.items())
        self.known = [update.before]
        for name, _ in self.steps[:-1]:
            self.known.append({**self.known[-1], name: getattr(update.done, name)})

    def refutes(self, variant: Variant, values: np.ndarray, like: Expected | None) -> bool:
        """Whether `values` are seen not to be those of `variant`. like: whose tolerance counts, where not its own."""
        if np.isnan(values[self.flag]):
            return False  # an exception ended the step: the frame was never written
        if variant.id not in self.predicted:
            if len(self.predicted) >= MOST_REMEMBERED:
                self.predicted.clear()
            self.predicted[variant.id] = self._predict(variant)
        predicted = self.predicted[variant.id]
        if predicted is None:
            return False
        new, near = predicted
        return apart(values[self.here], new, near if like is None else like.tolerance[self.here])

    def _predict(self, variant: Variant) -> tuple[np.ndarray, np.ndarray] | None:
        """The parameter after the update, and how far it may be off."""
        try:
            new = self.old if self.stays else np.asarray(self._param(variant), dtype=float)
        except (ValueError, ZeroDivisionError, Raises):
            return None
        if new.shape != self.old.shape:
            return None
        slack = self.slack[variant.kind == "misconception"]
        near = slack.of(new, slack.move(self.old, new), 1)
        return new.ravel()[: self.size], near.ravel()[: self.size]

    def _param(self, variant: Variant) -> Any:
        """What the update makes of the parameter."""
        replaced = variant.steps
        if variant.order or variant.state or any(name not in self.rule.steps for name in replaced):
            fresh = {name: make(self.old) for name, make in variant.state.items()}
            quantities = Quantities({**self.known[0], **fresh})
            plan = self.rule.plan(variant)
        else:
            first = next(i for i, (name, _) in enumerate(self.steps) if name in replaced)
            quantities = Quantities(dict(self.known[first]))
            plan = [(name, replaced.get(name, step)) for name, step in self.steps[first:]]
        known = quantities.__dict__
        for name, step in plan:
            known[name] = step(quantities)
        return known["param"]


def surely_alike(rule: Rule, base: Variant, other: Variant, scenario: Scenario, updates: Sequence[Update]) -> bool:
    """Whether `other` goes the way of `base`, which went through `updates`. False also where that cannot be said so
    easily: an order, a state or a duty of the contract that differs."""
    if other.order != base.order or other.state != base.state:
        return False
    duties = {name for name, step in other.steps.items() if name in CONTRACT and base.steps.get(name) is not step}
    happens = {event[0] for event in scenario.program["events"]} if duties else set()
    if any(duty not in NEEDS or NEEDS[duty] in happens for duty in duties - ONLY_CONSTRUCTORS):
        return False
    plan, theirs = rule.plan(other), dict(rule.plan(base))
    with np.errstate(all="ignore"):
        return all(_gives_the_same(plan, theirs, update) for update in updates)


def _gives_the_same(plan: list[tuple[str, Step]], theirs: dict[str, Step], update: Update) -> bool:
    quantities = Quantities({**update.done.__dict__, **update.before})
    known = quantities.__dict__
    for name, step in plan:
        same = getattr(update.done, name, None)
        if theirs.get(name) is step:
            known[name] = same
            continue
        try:
            known[name] = step(quantities)
            if same is not None and not _equal(known[name], same):
                return False
        except (ValueError, TypeError, ZeroDivisionError, Raises):
            return False
    return True


def _equal(one: Any, other: Any) -> bool:
    close = np.abs(one - other) <= EQUAL * np.abs(other)
    return bool(np.all(close | (np.isnan(one) & np.isnan(other))))
