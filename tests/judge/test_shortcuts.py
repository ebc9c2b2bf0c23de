"""Quick answers must be those of whole predictions: a shortcut that errs would hide a mistake or invent a difference."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from autograder.judge.evidence import Evidence, Expected, agrees
from autograder.judge.expectations import Expectations, alike
from autograder.judge.optimizer_shortcuts import RAISED
from autograder.judge.registry import load_task
from autograder.judge.variants import CANONICAL, Variant
from autograder.worker.codes import ErrorCode, Status

TASKS = ("sgd", "momentum", "adamw", "muon", "loss_scaler", "grok", "modular_data")


@pytest.mark.parametrize("task_id", TASKS)
def test_what_is_refuted_quickly_does_not_agree(task_id: str) -> None:
    """Evidence of one variant, looked at for another: a mistake, a pair, or a mistake under a convention."""
    task, chosen, expectations, small = _set_up(task_id, 7)
    mistakes = task.bank.misconceptions
    for _ in range(150):
        mine = _program(chosen, mistakes, expectations.accepted)
        other = chosen.choice([CANONICAL, mine, *mine.atoms, _program(chosen, mistakes, expectations.accepted)])
        index = chosen.choice(small)
        left = task.simulate(other, expectations.scenarios[index])
        evidence = _as_evidence(left)
        for one in other.atoms:  # where others differ is remembered, and looked at first
            expectations._shortcuts.refutes(mine, index, task.simulate(one, expectations.scenarios[index]).values)
        if agrees(evidence, task.simulate(mine, expectations.scenarios[index])):
            refuted = expectations._shortcuts.refutes(mine, index, evidence.values)
            assert not refuted, f"{mine.id} in {expectations.scenarios[index].about}, as {other.id}"


@np.errstate(all="ignore")
@pytest.mark.parametrize("task_id", TASKS)
def test_what_changes_nothing_predicts_the_same(task_id: str) -> None:
    task, chosen, expectations, small = _set_up(task_id, 8)
    mistakes = task.bank.misconceptions
    for _ in range(150):
        base, index = chosen.choice([CANONICAL, *expectations.accepted]), chosen.choice(small)
        mistake = chosen.choice([m for m in mistakes if base is CANONICAL or base.combines_with(m)])
        scenario = expectations.scenarios[index]
        same = alike(task.simulate(base + mistake, scenario), task.simulate(base, scenario))
        assert expectations.changes(base, base + mistake, index) == (not same), (
            f"{base.id}+{mistake.id} {scenario.about}"
        )


@pytest.mark.parametrize("task_id", ["momentum", "adamw"])
def test_the_exceptions_that_variants_raise_are_listed(task_id: str) -> None:
    task = load_task(task_id)
    found = [task.simulate(m, scenario) for m in task.bank.misconceptions for scenario in task.scenarios(1)[::2]]
    raised = {code for expected in found if expected.event is not None for code in expected.errors or set(ErrorCode)}
    assert raised
    assert raised <= RAISED


@np.errstate(all="ignore")
def test_no_accepted_optimizer_raises() -> None:
    """Else evidence that ends in an exception would have to be compared with all of them."""
    for task_id in ("momentum", "adam", "adamw", "muon"):
        task = load_task(task_id)
        for variant in task.bank.accepted():
            assert all(task.simulate(variant, scenario).event is None for scenario in task.scenarios(1)), variant.id


def _set_up(task_id: str, seed: int) -> tuple[Any, random.Random, Expectations, list[int]]:
    """A task, a generator, its expectations, and the numbers of its scenarios but for the three largest."""
    task = load_task(task_id)
    expectations = Expectations(task, seed)
    by_size = sorted(range(len(expectations.scenarios)), key=lambda i: expectations.scenarios[i].size)
    return task, random.Random(task_id), expectations, by_size[:-3]


def _program(chosen: random.Random, mistakes: list[Variant], bases: list[Variant]) -> Variant:
    one = chosen.choice(mistakes)
    others = [other for other in (*mistakes, *bases) if other is not CANONICAL and one.combines_with(other)]
    return one + chosen.choice(others) if others and chosen.random() < 0.6 else one


def _as_evidence(left: Expected) -> Evidence:
    if left.event is None:
        return Evidence(left.values)
    return Evidence(left.values, Status.RAISED, left.event, next(iter(left.errors), ErrorCode.RUNTIME))
