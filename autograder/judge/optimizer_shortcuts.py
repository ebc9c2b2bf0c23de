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
from autograder.judge.simulate import Slack, Update, apart, differs, first_update, frame_width, with_updates
from autograder.judge.variants import CANONICAL, Step, Variant

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import OptimizerTask

EQUAL = 1e-13
NEEDS = {"reload": "reload", "closure": "closure"}
"""Duties of the contract that only some events call for. Constructors are told by other scenarios."""
ONLY_CONSTRUCTORS = frozenset({"validation", "refuses"})


class OptimizerShortcuts(Shortcuts):
    """For an OptimizerTask."""

    def __init__(self, task: OptimizerTask, scenarios: Sequence[Scenario]):
        super().__init__(task, scenarios)
        self.rule = task.rule
        self._first: dict[Any, Update | None] = {}
        self._updates: dict[tuple[str, int], list[Update]] = {}

    def simulate(self, variant: Variant, index: int) -> Expected:
        """The whole prediction; the rule's own updates are kept."""
        if variant is not CANONICAL or not self.serves(variant, index):
            return super().simulate(variant, index)
        expected, self._updates[variant.id, index] = with_updates(self.rule, variant, self.scenarios[index])
        return expected

    def refutes(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        """At the first update that differs."""
        if not self.serves(variant, index):
            return False
        scenario, first = self.scenarios[index], self._first_update(variant, index)
        if first is not None and refuted_at_once(self.rule, variant, scenario, first, values, like):
            return True
        return differs(self.rule, variant, scenario, values, like)

    def sees_all(self, variant: Variant, index: int) -> bool:
        """Where old views, gradients, flags and losses follow from the parameters."""
        return self.serves(variant, index) and WRITES_AGAIN.isdisjoint(variant.steps) and "graph" not in variant.steps

    def surely_alike(self, base: Variant, other: Variant, index: int) -> bool:
        """By the updates of `base`."""
        if not (self.serves(base, index) and self.serves(other, index)):
            return False
        key = base.id, index
        if key not in self._updates:
            _, self._updates[key] = with_updates(self.rule, base, self.scenarios[index])
        return surely_alike(self.rule, base, other, self.scenarios[index], self._updates[key])

    def serves(self, variant: Variant, index: int) -> bool:
        """Whether a variant's run is one of updates alone."""
        return self.scenarios[index].player == "optimizer"

    def _first_update(self, variant: Variant, index: int) -> Update | None:
        """The first one of a program that does all else right but the duties that `variant` neglects."""
        steps = {name: step for name, step in variant.steps.items() if name in CONTRACT}
        key = index, *steps.items()
        if key not in self._first:
            duties = Variant("duties", "", "misconception", steps) if steps else CANONICAL
            self._first[key] = first_update(self.rule, duties, self.scenarios[index])
        return self._first[key]


def surely_alike(rule: Rule, base: Variant, other: Variant, scenario: Scenario, updates: Sequence[Update]) -> bool:
    """Whether `other` goes the way of `base`, which went through `updates`. False also where that cannot be said so
    easily: an order, a state or a duty of the contract that differs."""
    if other.order != base.order or other.state != base.state:
        return False
    duties = {name for name, step in other.steps.items() if name in CONTRACT and base.steps.get(name) is not step}
    if duties - ONLY_CONSTRUCTORS:
        happens = {event[0] for event in scenario.program["events"]}
        if any(NEEDS.get(duty, "step") in happens for duty in duties - ONLY_CONSTRUCTORS):
            return False
    plan, theirs = rule.plan(other), dict(rule.plan(base))
    with np.errstate(all="ignore"):
        return all(_gives_the_same(plan, theirs, update) for update in updates)


def refuted_at_once(
    rule: Rule,
    variant: Variant,
    scenario: Scenario,
    first: Update,
    values: np.ndarray,
    like: Expected | None = None,
) -> bool:
    """Whether already the first update shows that `values` are not those of `variant`.

    first: that of a program with the duties of `variant` and the rule's own steps. like: whose tolerance counts, where it is not this variant's own.
    """
    shapes = scenario.program["shapes"]
    fresh = {name: make(first.before["param"]) for name, make in variant.state.items()}
    quantities, changed = Quantities({**first.before, **fresh}), variant.order is not None
    known = quantities.__dict__
    with np.errstate(all="ignore"):
        try:
            for name, step in rule.plan(variant):
                changed = changed or name in variant.steps
                known[name] = step(quantities) if changed else getattr(first.done, name)
        except (ValueError, Raises):
            return False
        old = first.before["param"]
        new = old if first.stays else np.asarray(known["param"], dtype=float)
        if new.shape != old.shape:
            return False
        start = first.frame * frame_width(shapes) + sum(int(np.prod(shape)) for shape in shapes[: first.param])
        here = slice(start, start + old.size)
        slack = Slack(rule, scenario.program)
        near = slack.of(new, slack.move(old, new), 1).ravel() if like is None else like.tolerance[here]
        return apart(values[here], new.ravel(), near)


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
        except (ValueError, TypeError, Raises):
            return False
    return True


def _equal(one: Any, other: Any) -> bool:
    close = np.abs(one - other) <= EQUAL * np.abs(other)
    return bool(np.all(close | (np.isnan(one) & np.isnan(other))))
