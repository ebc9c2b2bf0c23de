"""Programs with three or four mistakes: named where each makes a difference of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.evidence import Evidence
from autograder.judge.expectations import Expectations, alike
from autograder.judge.recognise import MOST_MISTAKES, recognise
from autograder.judge.registry import load_task
from autograder.judge.variants import CANONICAL, Variant
from autograder.worker.codes import Status

BEGINNERS_SGD = """
import torch

class SGD(torch.optim.Optimizer):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p -= group["lr"] * p.grad
"""
BEGINNERS_ADAM = """
import torch

class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"], state["v"] = torch.zeros_like(p), torch.zeros_like(p)
                g = p.grad + group["weight_decay"] * p
                state["m"].mul_(b1).add_(g, alpha=1 - b1)
                state["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
                p -= group["lr"] * state["m"] / (state["v"].sqrt() + group["eps"])
"""


def _known(task: str, source: str, judge: Judge) -> set[str]:
    result = judge.judge(task, Submission(modules={load_task(task).module: source}))
    assert all(len(check.message.split()) < 80 for check in result.checks)
    return set(result.misconceptions)


def test_what_beginners_leave_out(judge: Judge) -> None:
    """No decay, no closure, no validation: each shows in runs of its own."""
    assert _known("sgd", BEGINNERS_SGD, judge) == {"no-decay", "closure-ignored", "no-validation"}


def test_a_mistake_of_every_step_beside_two_others(judge: Judge) -> None:
    """Without bias correction no scenario with a step shows only one mistake."""
    assert _known("adam", BEGINNERS_ADAM, judge) == {"no-bias-correction", "closure-ignored", "no-validation"}


@pytest.mark.parametrize("task", ["sgd", "adam", "wsd", "loss_scaler"])
def test_three_at_random(task: str) -> None:
    """Most are recognised; what is named predicts everything, and none of it could be left out."""
    expectations = Expectations(load_task(task), seed=3)
    named = 0
    for program in _visible_triples(expectations, 12):
        found = recognise(expectations, _as_evidence(expectations, program)).program
        if found is None:
            continue
        named += found.id == program.id
        assert len(found.mistakes) <= MOST_MISTAKES
        assert _same(expectations, found, program)
        if len(found.mistakes) > 2:
            assert not any(_same(expectations, rest, program) for rest in _with_one_less(found.mistakes))
    assert named >= 6


def _visible_triples(expectations: Expectations, count: int) -> list[Variant]:
    """Three mistakes at once, none of which could be left out unseen."""
    bank, draw, found = expectations.task.bank.misconceptions, random.Random(1), []
    while len(found) < count:
        three = sorted(draw.sample(bank, 3), key=bank.index)
        if not all(a.combines_with(b) for a in three for b in three if a is not b):
            continue
        program = sum(three, start=CANONICAL)
        if not any(_same(expectations, rest, program) for rest in _with_one_less(three)):
            found.append(program)
    return found


def _with_one_less(mistakes: Sequence[Variant]) -> list[Variant]:
    return [sum((other for other in mistakes if other is not one), start=CANONICAL) for one in mistakes]


def _same(expectations: Expectations, one: Variant, two: Variant) -> bool:
    every = range(len(expectations.scenarios))
    return all(alike(expectations.of(one, i), expectations.of(two, i)) for i in every)


def _as_evidence(expectations: Expectations, program: Variant) -> list[Evidence]:
    predicted = [expectations.of(program, i) for i in range(len(expectations.scenarios))]
    return [
        Evidence(p.values, Status.OK) if p.event is None else Evidence(p.values, Status.RAISED, p.event)
        for p in predicted
    ]
