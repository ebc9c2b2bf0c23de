"""The task `warmup_cosine`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._budgets import floor, other_rates, peak, tiny_peak, whole
from autograder.banks._decay import cosine_mistakes, end_mistakes, floor_mistakes, jump_to_the_floor, returns_a_factor
from autograder.banks._warmup import (
    floor_in_the_warmup,
    only_step_of_the_warmup,
    warmup_conventions,
    warmup_mistakes,
    warmup_over_total,
    warmup_through_a_fraction,
)
from autograder.judge.evidence import Scenario
from autograder.judge.schedule_task import ScheduleTask, one_changed, walk
from autograder.judge.variants import Bank
from autograder.oracles.warmup_cosine import FORMULA

LONG = 25

bank = Bank()
add = bank.misconception

warmup_conventions(bank)
bank.convention(
    "ends-at-the-last-step",
    "a cosine that reaches min_lr at step total_steps - 1, the last step that is taken",
    source="Lightly's cosine_schedule",
    span=lambda s: max(s.total_steps - 1 - s.warmup_steps, 1),
)
bank.convention(
    "steps-count-from-one",
    "step + 1 in place of step all along, so that the peak belongs to step warmup_steps - 1",
    source="transformers' get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    ramp=lambda s: (s.step + 1) / s.warmup_steps,
    span=lambda s: s.total_steps - s.warmup_steps,
    progress=lambda s: (s.step + 1 - s.warmup_steps) / s.span,
)
bank.convention(
    "linspace-then-decay-from-one",
    "step / (warmup_steps - 1) in the warmup and a decay whose first step is already below the peak",
    source="transformers' get_cosine_with_min_lr_schedule_with_warmup_lr_rate, warmup_lr_rate = 0",
    ramp=lambda s: s.step / max(s.warmup_steps - 1, 1),
    either=only_step_of_the_warmup,
    span=lambda s: s.total_steps - s.warmup_steps,
    progress=lambda s: (s.step + 1 - s.warmup_steps) / s.span,
)

warmup_mistakes(bank)
warmup_over_total(bank)
warmup_through_a_fraction(bank)
floor_in_the_warmup(bank)
add(
    "warmup-from-floor",
    "whose warmup starts at min_lr instead of zero",
    hints=(
        "What is your learning rate at step 0?",
        "min_lr is where the decay ends. Where does the warmup begin?",
        "The warmup is peak_lr * step / warmup_steps, without min_lr.",
    ),
    warmup_lr=lambda s: s.min_lr + (s.peak_lr - s.min_lr) * s.ramp,
)
add(
    "decay-during-warmup",
    "whose decay already runs during the warmup",
    hints=(
        "What is your learning rate when the warmup ends: peak_lr, or less?",
        "Where is the beginning of your cosine: at step 0, or at warmup_steps?",
        "Progress is (step - warmup_steps) / (total_steps - warmup_steps), and the warmup does not use it.",
    ),
    span=lambda s: s.total_steps,
    progress=lambda s: s.step / s.span,
    lr=lambda s: np.where(s.warming, s.ramp * s.decay_lr, np.where(s.ended, s.final_lr, s.decay_lr)),
)
add(
    "jump-at-the-peak",
    "whose cosine is counted from step 0 and so jumps down when the warmup ends",
    source="timm's CosineLRScheduler with its default warmup_prefix=False",
    hints=(
        "What is your learning rate at step warmup_steps? Is it peak_lr?",
        "How far should the decay have come when it begins?",
        "Progress is 0 at step warmup_steps: (step - warmup_steps) / (total_steps - warmup_steps).",
    ),
    span=lambda s: s.total_steps,
    progress=lambda s: s.step / s.span,
)
add(
    "jump-at-the-end",
    "whose decay is divided by total_steps and jumps to the floor at the end",
    hints=(
        "What is your learning rate one step before total_steps?",
        "How many steps lie between the end of the warmup and total_steps?",
        "Divide by total_steps - warmup_steps.",
    ),
    span=lambda s: s.total_steps,
)
add(
    "ends-too-late",
    "whose decay ends warmup_steps after total_steps",
    hints=(
        "At which step does your learning rate reach min_lr?",
        "How many steps lie between the end of the warmup and total_steps?",
        "Divide by total_steps - warmup_steps.",
    ),
    span=lambda s: s.total_steps,
    ended=lambda s: s.step >= s.total_steps + s.warmup_steps,
)
add(
    "one-step-short",
    "whose decay is one step too long and jumps to the floor at the end",
    hints=(
        "What is your learning rate one step before total_steps, and what does it jump by?",
        "What is your progress at step total_steps: exactly 1?",
        "Divide by total_steps - warmup_steps, without adding one.",
    ),
    span=lambda s: s.total_steps - s.warmup_steps + 1,
)
add(
    "peak-skipped",
    "that never reaches the peak: the warmup stops before it and the decay begins after it",
    hints=(
        "What is the largest of your learning rates?",
        "Which step has progress 0 in your decay?",
        "With step / warmup_steps in the warmup, the decay has to start with progress 0 at step warmup_steps.",
    ),
    span=lambda s: s.total_steps - s.warmup_steps,
    progress=lambda s: (s.step + 1 - s.warmup_steps) / s.span,
)
add(
    "progress-integer-division",
    "that stays at the peak until the end",
    source="// instead of /",
    hints=(
        "Print your progress at half of the decay. Is it 0.5?",
        "What is 3 // 10 in Python?",
        "Use /, which gives a float.",
    ),
    progress=lambda s: np.floor((s.step - s.warmup_steps) / s.span),
)
add(
    "rises-after-the-end",
    "that goes on after total_steps, where the cosine rises again",
    source="transformers' cosine schedule is not held at its end either",
    hints=(
        "Plot your schedule to twice total_steps.",
        "What is the cosine of an angle beyond π?",
        "From total_steps on, return min_lr.",
    ),
    ended=lambda s: np.zeros(s.step.shape, dtype=bool),
)
add(
    "peak-held-when-all-is-warmup",
    "that stays at the peak for ever when the whole run is warmup",
    source="max(1, total_steps - warmup_steps) together with min(step, total_steps)",
    hints=(
        "Call your function with warmup_steps = total_steps, at a step far beyond.",
        "Which of your branches does that step take? Does it know that the run is over?",
        "From total_steps on, return min_lr, however long the warmup was.",
    ),
    final_lr=lambda s: np.where(s.total_steps == s.warmup_steps, s.peak_lr, s.min_lr),
)
add(
    "end-not-included",
    "that divides by zero at step total_steps when the whole run is warmup",
    source="nanoGPT and CS336 compare with > total_steps",
    hints=(
        "Call your function with warmup_steps = total_steps, at step total_steps.",
        "Which branch takes step == total_steps, and what does it divide by?",
        "Return min_lr for step >= total_steps, before the division.",
    ),
    ended=lambda s: s.step > s.total_steps,
)
add(
    "progress-before-the-branches",
    "that divides by zero at every step when the whole run is warmup",
    hints=(
        "Call your function with warmup_steps = total_steps.",
        "Which division happens before you know in which part of the schedule you are?",
        "Compute the progress only for warmup_steps <= step < total_steps.",
    ),
    decay_fails=lambda s: np.full(s.step.shape, s.total_steps == s.warmup_steps),
)
end_mistakes(bank)
cosine_mistakes(bank)
floor_mistakes(bank)
jump_to_the_floor(bank)
returns_a_factor(bank)


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Budgets for each claim, every integer step of them."""
    found = [_budget(rng, "cosine", "no warmup", 0, False) for _ in range(2)]
    found += [_budget(rng, "warmup", "with warmup", whole(rng, 4, 7), False) for _ in range(2)]
    found += [_budget(rng, "floor", "with min_lr", 0, True) for _ in range(2)]
    found += [_after(rng) for _ in range(2)]
    found += _edges(rng)
    return found + _together(rng) + _lengths(rng) + _numbers(rng) + _long(rng)


def _arguments(rng: np.random.Generator, total: int, warmup: int, floored: bool) -> dict[str, Any]:
    top = peak(rng)
    low = floor(rng, top) if floored else 0.0
    return {"total_steps": total, "warmup_steps": warmup, "peak_lr": top, "min_lr": low}


def _budget(rng: np.random.Generator, family: str, about: str, warmup: int, floored: bool) -> Scenario:
    total = warmup + whole(rng, 7, 13)
    arguments = _arguments(rng, total, warmup, floored)
    return walk(FORMULA.entry, family, about, range(total + 1), arguments)


def _after(rng: np.random.Generator) -> Scenario:
    warmup = whole(rng, 3, 6)
    total = warmup + whole(rng, 5, 9)
    steps = [*range(total - 1, 3 * total), 10 * total]
    return walk(FORMULA.entry, "after", "steps beyond total_steps", steps, _arguments(rng, total, warmup, True))


def _edges(rng: np.random.Generator) -> list[Scenario]:
    """Where a part of the schedule has one step or none. Left open is what the peak's step has where it is also the last
    one, and step total_steps of a run that is all warmup, where the peak and the floor meet: published schedules differ.
    These walks are longer than the others: recognition starts with the shortest, and they tell little."""
    long = whole(rng, 4, 7)
    found = []
    for total, warmup in ((1, 0), (1, 1), (long, 0), (long, 1), (long, long - 1), (long, long)):
        arguments = _arguments(rng, total, warmup, True)
        about = f"{warmup} of {total} steps are warmup"
        either = [total - 1, total] if warmup == total else [warmup] if warmup == total - 1 else []
        found.append(walk(FORMULA.entry, "edges", about, range(total + LONG), arguments, open_steps=either))
    return found


def _together(rng: np.random.Generator) -> list[Scenario]:
    """Warmup and floor; arguments by position; steps in any order; a long run."""
    warmup = whole(rng, 8, 12)
    total = warmup + whole(rng, 20, 30)
    by_place = _arguments(rng, total, warmup, True) | {"peak_lr": 1.0 + whole(rng, 1, 4) / 8}
    plain = {name: value for name, value in _arguments(rng, total, warmup, False).items() if name != "min_lr"}
    mixed = [int(step) for step in rng.permutation(total + 5)][:20]
    big = {"total_steps": 1000, "warmup_steps": 50, "peak_lr": 3e-4, "min_lr": 3e-5}
    sampled = sorted({0, 1, 49, 50, 51, 999, 1000, 60_000, *(whole(rng, 2, 998) for _ in range(20))})
    return [
        _budget(rng, "together", "with warmup and min_lr", whole(rng, 4, 7), True),
        walk(FORMULA.entry, "together", "arguments by position", range(total + 1), by_place, by_position=True),
        walk(FORMULA.entry, "together", "min_lr not given, steps in any order", [*mixed, mixed[0]], plain),
        walk(FORMULA.entry, "together", "a run of a thousand steps", sampled, big),
    ]


def _lengths(rng: np.random.Generator) -> list[Scenario]:
    """Lengths that a fraction of total_steps does not give back: int(23 * (13 / 23)) is 12, ceil(25 * (7 / 25)) is 8,
    int(10 * (1 - 8 / 10)) is 1 and ceil(10 * (1 - 7 / 10)) is 4."""
    found = []
    for total, warmup in ((23, 13), (25, 7), (10, 2), (10, 3)):
        about = f"{warmup} of {total} steps are warmup"
        found.append(walk(FORMULA.entry, "edges", about, range(total + LONG), _arguments(rng, total, warmup, True)))
    return found


def _numbers(rng: np.random.Generator) -> list[Scenario]:
    """A floor as high as the peak; a tiny peak without warmup and floor; learning rates that are whole numbers."""
    level = _arguments(rng, 12, 4, False)
    level["min_lr"] = level["peak_lr"]
    small = _arguments(rng, 120, 0, False) | {"peak_lr": tiny_peak(rng)}
    integers = _arguments(rng, 12, 4, False) | {"peak_lr": 2, "min_lr": 1}
    return [
        walk(FORMULA.entry, "edges", "min_lr as high as peak_lr", range(12 + LONG), level),
        walk(FORMULA.entry, "edges", "a tiny peak, nothing else", [*range(30), *range(30, 125, 5)], small),
        walk(FORMULA.entry, "edges", "whole numbers for learning rates", range(12 + LONG), integers),
    ]


def _long(rng: np.random.Generator) -> list[Scenario]:
    """Long warmups and decays, each near its beginning: stepping there by a torch scheduler takes its time. A warmup of most
    of the run; calls that differ in one argument."""
    ramp = _arguments(rng, 320_000, 300_000, True)
    decay = _arguments(rng, 100_000, whole(rng, 3, 9), False) | {"peak_lr": 1, "min_lr": 0}
    mostly = _arguments(rng, whole(rng, 130, 160), whole(rng, 100, 120), True)
    total, warmup = mostly["total_steps"], mostly["warmup_steps"]
    around = [*range(0, warmup, 12), *range(warmup - 2, warmup + 10), *range(total - 2, total + LONG)]
    step, first = whole(rng, 14, 16), _arguments(rng, 30, 9, True)
    others = {"total_steps": 24, "warmup_steps": 6} | other_rates(rng, first)
    return [
        walk(FORMULA.entry, "edges", "a warmup of 300,000 steps", [1, 898, 899, 320_000], ramp),
        walk(FORMULA.entry, "edges", "a long decay", [20, *range(889, 899), 100_000], decay),
        walk(FORMULA.entry, "edges", "most of the run is warmup", around, mostly),
        one_changed(FORMULA.entry, "together", step, first, others),
    ]


TASK = ScheduleTask("warmup_cosine", "course_lib/schedules/warmup_cosine.py", FORMULA, bank, scenarios)
