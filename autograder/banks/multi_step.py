"""The task `multi_step`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._budgets import peak, tiny_peak, whole
from autograder.banks._decay import returns_a_factor
from autograder.banks._warmup import warmup_conventions, warmup_mistakes
from autograder.judge.evidence import Scenario
from autograder.judge.schedule_task import ScheduleTask, one_changed, walk
from autograder.judge.variants import Bank
from autograder.oracles.multi_step import FORMULA

bank = Bank()
add = bank.misconception

warmup_conventions(bank)
bank.convention(
    "after-the-milestone",
    "a milestone's own step still has the old learning rate; the new one comes with the next step",
    source="Keras, PiecewiseConstantDecay",
    passed=lambda s: np.greater.outer(s.step, np.asarray(s.milestones, dtype=float)),
)

warmup_mistakes(bank)
add(
    "warmup-one-step-long",
    "whose warmup is one step too long, so that a milestone at warmup_steps comes a step late",
    hints=(
        "What is your learning rate at step warmup_steps, if that is the first milestone?",
        "The warmup has warmup_steps steps, from 0 on. Which one is its last?",
        "The warmup is step < warmup_steps.",
    ),
    warming=lambda s: (s.step <= s.warmup_steps) & (s.warmup_steps > 0),
)
add(
    "one-step-early",
    "that changes one step before each milestone",
    source="torch's scheduler.step() called before optimizer.step()",
    hints=(
        "What is your learning rate one step before the first milestone?",
        "A milestone is the first step with the new learning rate.",
        "Count the milestones m with m <= step.",
    ),
    passed=lambda s: np.greater_equal.outer(s.step + 1, np.asarray(s.milestones, dtype=float)),
)
add(
    "counted-from-the-warmup",
    "whose milestones are counted from the end of the warmup",
    hints=(
        "At which step does your learning rate change, and which milestone was that?",
        "Milestones are steps of the run, like step itself.",
        "Compare step with the milestones, without subtracting warmup_steps.",
    ),
    passed=lambda s: np.greater_equal.outer(s.step - s.warmup_steps, np.asarray(s.milestones, dtype=float)),
)
add(
    "only-at-the-milestone",
    "that is lower at the milestone's own step only, and then back at the peak",
    source="`if step in milestones`",
    hints=(
        "What is your learning rate two steps after the first milestone?",
        "A pure function does not remember. How does it know that a milestone has been passed?",
        "Count the milestones m with m <= step; multiply by gamma that many times.",
    ),
    passed=lambda s: np.equal.outer(s.step, np.asarray(s.milestones, dtype=float)),
)
add(
    "only-once",
    "that is multiplied by gamma once, however many milestones are passed",
    hints=(
        "Compare your learning rates after the first and after the second milestone.",
        "How many times has gamma multiplied the peak after n milestones?",
        "The factor is gamma ** n, n being the number of milestones passed.",
    ),
    count=lambda s: np.minimum(s.passed.sum(axis=-1), 1),
)
add(
    "last-milestone-forgotten",
    "that leaves out the last milestone",
    hints=(
        "Does your learning rate change at the last milestone?",
        "How many milestones does your loop look at?",
        "Look at every milestone: sum(m <= step for m in milestones).",
    ),
    count=lambda s: s.passed[..., :-1].sum(axis=-1),
)
add(
    "first-milestone-forgotten",
    "with one factor of gamma too few after each milestone",
    source="the index of the last milestone passed, counted from 0",
    hints=(
        "What is your factor after the first milestone: gamma, or 1?",
        "How many milestones have been passed at the first one? Is it 0 or 1?",
        "The factor is gamma ** n, n being the number of milestones m <= step.",
    ),
    count=lambda s: np.maximum(s.passed.sum(axis=-1) - 1, 0),
)
add(
    "never-decays",
    "that stays at the peak for ever",
    hints=(
        "What is your learning rate after the last milestone?",
        "What happens to the learning rate at a milestone?",
        "The factor is gamma ** n, n being the number of milestones passed.",
    ),
    factor=lambda s: np.ones(s.step.shape),
)
add(
    "decays-every-step",
    "that is multiplied by gamma at every step from the first milestone on",
    hints=(
        "What is your learning rate one step after the first milestone, and two steps after?",
        "Between two milestones the learning rate is constant.",
        "The exponent of gamma is the number of milestones passed, not of steps.",
    ),
    factor=lambda s: s.gamma ** np.clip(s.step - min(s.milestones, default=np.inf) + 1, 0, None),
)
add(
    "gamma-times-count",
    "that is multiplied by gamma × n after n milestones, instead of gamma to the power n",
    hints=(
        "What is your factor after two milestones, for gamma = 0.1?",
        "Each milestone multiplies once more. Is that n × gamma or gamma to the power n?",
        "The factor is gamma ** n.",
    ),
    factor=lambda s: np.where(s.count > 0, s.gamma * s.count, 1.0),
)
add(
    "divided-by-gamma",
    "that is divided by gamma at each milestone, and so rises",
    hints=(
        "Does your learning rate rise or fall at a milestone?",
        "gamma is below 1. What does dividing by it do?",
        "Multiply by gamma at each milestone.",
    ),
    factor=lambda s: s.gamma ** (-s.count.astype(float)),
)
add(
    "gamma-taken-off",
    "from which the share gamma is taken off at each milestone",
    source="1 − gamma for gamma",
    hints=(
        "With gamma = 0.1, what is left of the peak after the first milestone: a tenth, or nine tenths?",
        "gamma is what is left, not what is lost.",
        "Multiply by gamma, not by 1 - gamma.",
    ),
    factor=lambda s: (1 - s.gamma) ** s.count,
)
add(
    "gamma-is-the-lr",
    "that becomes gamma itself, a power of it, after the milestones",
    hints=(
        "Compare two runs that differ only in peak_lr. Are they equal after the first milestone?",
        "gamma is a factor on the peak.",
        "The result is peak_lr * gamma ** n.",
    ),
    stair_lr=lambda s: np.where(s.count > 0, s.factor, s.peak_lr),
)
add(
    "empty-milestones-fail",
    "that raises an exception when there are no milestones",
    hints=(
        "Call your function with milestones=[].",
        "Which line looks at the first or the last milestone without asking whether there is one?",
        "A count over an empty list is 0: sum(m <= step for m in milestones).",
    ),
    stair_fails=lambda s: np.full(s.step.shape, len(s.milestones) == 0) & ~s.warming,
)
returns_a_factor(bank)


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Runs for each claim, every integer step of them."""
    found = [_run(rng, "steps", f"{n} milestones", 0, n) for n in (2, 3)]
    found += [_run(rng, "warmup", "with warmup", whole(rng, 4, 7), 2) for _ in range(2)]
    return found + _edges(rng) + _together(rng) + _starts(rng) + _numbers(rng) + _many(rng)


def _arguments(rng: np.random.Generator, warmup: int, count: int) -> dict[str, Any]:
    at, milestones = warmup, []
    for _ in range(count):
        at += whole(rng, 2, 5)
        milestones.append(at)
    gamma = float(f"{rng.uniform(0.15, 0.45):.2g}")
    return {"milestones": milestones, "gamma": gamma, "peak_lr": peak(rng), "warmup_steps": warmup}


def _run(rng: np.random.Generator, family: str, about: str, warmup: int, count: int) -> Scenario:
    arguments = _arguments(rng, warmup, count)
    return walk(FORMULA.entry, family, about, range(arguments["milestones"][-1] + 4), arguments)


def _edges(rng: np.random.Generator) -> list[Scenario]:
    """No milestone, a single one, neighbours, and none of them with a warmup.

    Longer than the other walks: recognition starts with the shortest, and these tell little.
    """
    none, with_warmup, near = _arguments(rng, 0, 0), _arguments(rng, 3, 0), _arguments(rng, 0, 0)
    start = whole(rng, 3, 6)
    near["milestones"] = [start, start + 1, start + 2]
    at_once = {**near, "milestones": [0, start], "gamma": 1.25}
    return [
        walk(FORMULA.entry, "edges", "no milestones", range(30), none),
        walk(FORMULA.entry, "edges", "no milestones, with warmup", range(30), with_warmup),
        walk(FORMULA.entry, "edges", "milestones next to each other", range(30), near),
        walk(FORMULA.entry, "edges", "a milestone at step 0, and a gamma above one", range(30), at_once),
        _run(rng, "edges", "one milestone", 1, 1),
    ]


def _together(rng: np.random.Generator) -> list[Scenario]:
    """Arguments by position; warmup_steps left out, any order; a long run as in DeepSeek LLM."""
    by_place = _arguments(rng, whole(rng, 3, 6), 3) | {"peak_lr": 1.0 + whole(rng, 1, 4) / 8}
    plain = _arguments(rng, 0, 3)
    del plain["warmup_steps"]
    last = plain["milestones"][-1]
    mixed = [int(step) for step in rng.permutation(last + 5)]
    big = {
        "milestones": [800, 900, 950, 970, 6_000],
        "gamma": 0.31622776601683794,
        "peak_lr": 4.2e-4,
        "warmup_steps": 20,
    }
    sampled = sorted(
        {
            0,
            19,
            20,
            21,
            799,
            800,
            801,
            899,
            900,
            901,
            950,
            970,
            4_000,
            6_000,
            *(whole(rng, 2, 998) for _ in range(12)),
        }
    )
    by_place_steps = range(by_place["milestones"][-1] + 3)
    return [
        walk(FORMULA.entry, "together", "arguments by position", by_place_steps, by_place, by_position=True),
        walk(FORMULA.entry, "together", "warmup_steps not given, steps in any order", [*mixed, mixed[0]], plain),
        walk(FORMULA.entry, "together", "a long run with five milestones", sampled, big),
    ]


def _starts(rng: np.random.Generator) -> list[Scenario]:
    """Milestones as early as they can be: at the first step after the warmup, and the next one right behind it."""
    warmup = whole(rng, 3, 6)
    early, single = _arguments(rng, warmup, 3), _arguments(rng, 1, 2)
    early["milestones"][:2] = [warmup, warmup + 1]
    single["milestones"][0] = 1
    return [
        walk(FORMULA.entry, "edges", "a milestone where the warmup ends", range(30), early),
        walk(FORMULA.entry, "edges", "one step of warmup, then a milestone", range(30), single),
    ]


def _numbers(rng: np.random.Generator) -> list[Scenario]:
    """Late milestones without warmup; a learning rate that gets very small; a gamma of one; whole numbers."""
    late, level, integers = (_arguments(rng, warmup, count) for warmup, count in ((0, 2), (3, 4), (3, 2)))
    late["milestones"] = [60 + m for m in late["milestones"]]
    small = _arguments(rng, 4, 4) | {"peak_lr": tiny_peak(rng), "gamma": 0.1}
    level["gamma"] = 1.0
    integers |= {"peak_lr": 2, "gamma": 3}
    return [
        walk(FORMULA.entry, "edges", "late milestones, no warmup", [*range(30), *range(55, 80)], late),
        walk(FORMULA.entry, "edges", "a tiny learning rate", range(30), small),
        walk(FORMULA.entry, "edges", "a gamma of one", range(30), level),
        walk(FORMULA.entry, "edges", "whole numbers", range(30), integers),
    ]


def _many(rng: np.random.Generator) -> list[Scenario]:
    """Milestones that leave next to nothing; a whole number for the peak and a fraction for gamma; a long warmup; calls that
    differ in one argument."""
    many, tenths = _arguments(rng, 0, 30), _arguments(rng, 4, 4)
    tenths |= {"peak_lr": 1, "gamma": 0.1}
    ramp = _arguments(rng, 3_000_000, 3)
    first = _arguments(rng, 5, 0) | {"milestones": [7, 12, 30]}
    another = peak(rng)
    others = {"milestones": [7, 25, 30], "gamma": round(first["gamma"] + 0.2, 2), "peak_lr": another}
    in_warmup = {"warmup_steps": 7, "peak_lr": another}
    steps = range(many["milestones"][-1] + 3)
    return [
        walk(FORMULA.entry, "edges", "thirty milestones", steps, many, relative=True),
        walk(FORMULA.entry, "edges", "a whole number for peak_lr, a tenth for gamma", range(30), tenths),
        walk(FORMULA.entry, "edges", "a warmup of millions of steps", [1, 898, 899], ramp),
        one_changed(FORMULA.entry, "together", whole(rng, 14, 20), first, others),
        one_changed(FORMULA.entry, "together", whole(rng, 2, 4), first, in_warmup),
    ]


TASK = ScheduleTask("multi_step", "course_lib/schedules/multi_step.py", FORMULA, bank, scenarios)
