"""The task `cosine_restarts`: how it is tried, and what people get wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograder.banks._budgets import floor, other_rates, peak, tiny_peak, whole
from autograder.banks._decay import cosine_mistakes, floor_mistakes, returns_a_factor
from autograder.judge.evidence import Scenario
from autograder.judge.rule import Quantities
from autograder.judge.schedule_task import ScheduleTask, one_changed, walk
from autograder.judge.variants import Bank
from autograder.oracles.cosine_restarts import FORMULA

bank = Bank()
add = bank.misconception

bank.convention(
    "logarithm-rounded-down",
    "a logarithm for the number of the period: where rounding makes it a hair too small, the restart is a step late",
    source="torch's CosineAnnealingWarmRestarts.step(epoch), timm's CosineLRScheduler",
    index=lambda s: _index_by_logarithm(s),
)

add(
    "never-restarts",
    "that stays at min_lr after the first period",
    source="a cosine schedule of one period",
    hints=(
        "What is your learning rate at step == period?",
        "What happens when a period ends?",
        "Take the steps since the last restart: step % period, for periods of equal length.",
    ),
    progress=lambda s: np.minimum(s.step / s.period, 1.0),
)
add(
    "climbs-back",
    "that climbs back along the cosine instead of jumping to the peak",
    source="torch's CosineAnnealingLR beyond T_max",
    hints=(
        "What is your learning rate at step == period: peak_lr, or min_lr?",
        "What is the cosine of an angle beyond π?",
        "Take the steps since the last restart: step % period, for periods of equal length.",
    ),
    progress=lambda s: s.step / s.period,
)
add(
    "restarts-one-step-late",
    "whose periods are one step too long",
    hints=(
        "At which step is your learning rate back at the peak?",
        "Step 0 is the first step of the first period. Which is the last, if it has `period` steps?",
        "A restart is at the first step with step >= the end of the period.",
    ),
    extra=lambda s: 1,
)
add(
    "restart-step-in-the-old-period",
    "that counts the step of a restart as the end of the old period, at min_lr, and goes on rightly behind it",
    source="while step > period",
    hints=(
        "What is your learning rate at step == period: peak_lr, or min_lr?",
        "Does your loop go on while step > period, or while step >= period?",
        "A restart is at the first step with step >= the end of the period.",
    ),
    index=lambda s: np.maximum(np.searchsorted(s.starts, s.step) - 1, 0),
)
add(
    "grows-before-it-ends",
    "that makes a period longer before it subtracts it, so that the second one begins in its middle",
    source="two lines of the loop exchanged",
    hints=(
        "With period_mult = 2, what is your learning rate right after the first restart?",
        "How long was the period that has just ended? And what do you subtract for it?",
        "Subtract the length of the old period first, then multiply it.",
    ),
    current=lambda s: _grown_first(s)[0],
    span=lambda s: _grown_first(s)[1],
)
add(
    "equal-periods",
    "whose periods all have the same length, whatever period_mult says",
    hints=(
        "Compare period_mult=1 and period_mult=2. Are your results equal?",
        "How long is the second period?",
        "Period number i, from 0, has period * period_mult ** i steps.",
    ),
    longer=lambda s: lambda i: s.first,
)
add(
    "grows-once",
    "whose periods grow after the first and then stay as they are",
    hints=(
        "How long are your second and your third period?",
        "Each period is period_mult times as long as the one before it.",
        "Period number i, from 0, has period * period_mult ** i steps.",
    ),
    longer=lambda s: lambda i: s.period * s.period_mult if i else s.first,
)
add(
    "grows-from-the-start",
    "whose first period is already longer than `period`",
    hints=(
        "After how many steps is your first restart?",
        "The first period has `period` steps. When does period_mult come in for the first time?",
        "Period number i, from 0, has period * period_mult ** i steps.",
    ),
    first=lambda s: s.period * s.period_mult,
)
add(
    "grows-linearly",
    "whose periods grow by the same number of steps each time",
    hints=(
        "With period_mult=3, how long are your second and third period?",
        "Is each period a multiple of the one before it, or longer by a constant?",
        "Period number i, from 0, has period * period_mult ** i steps.",
    ),
    longer=lambda s: lambda i: s.first + i * s.period * (s.period_mult - 1),
)
add(
    "mult-is-added",
    "to whose period period_mult is added at each restart, instead of multiplied",
    hints=(
        "With period_mult=1, are your periods equal?",
        "period_mult is a factor.",
        "Period number i, from 0, has period * period_mult ** i steps.",
    ),
    longer=lambda s: lambda i: s.first + i * s.period_mult,
)
add(
    "modulo-of-the-new-length",
    "that takes step modulo the length of the current period, as if all before had that length",
    source="step % T_i instead of step − the sum of the earlier periods",
    hints=(
        "What is your learning rate at the first step of the second period?",
        "How many steps lie before the current period, when their lengths differ?",
        "Subtract the lengths of all earlier periods from step; what is left is the place in this one.",
    ),
    current=lambda s: np.mod(s.step, s.lengths[s.index]),
)
add(
    "counted-from-the-beginning",
    "that counts every period from step 0, so that later ones do not begin at the peak",
    hints=(
        "What is your learning rate right after the first restart?",
        "How many steps has the second period had at its first step?",
        "Progress is (steps since the last restart) / (length of this period).",
    ),
    span=lambda s: (s.starts + s.lengths)[s.index],
    progress=lambda s: s.step / s.span,
)
add(
    "divides-by-the-first-period",
    "whose later, longer periods are divided by the length of the first",
    hints=(
        "Where in its period does your learning rate reach min_lr?",
        "By what do you divide the steps since the last restart?",
        "Progress is (steps since the last restart) / (length of this period).",
    ),
    span=lambda s: s.period,
)
add(
    "floor-at-the-last-step",
    "whose periods reach min_lr at their last step, one step too early",
    source="numpy.linspace over a period; no published restarts do that",
    hints=(
        "What is your learning rate at the last step of a period? And torch's CosineAnnealingWarmRestarts?",
        "Progress would be 1 at the step of the next restart. Where is yours 1?",
        "Progress is (steps since the last restart) / (length of this period), without taking one off the length.",
    ),
    span=lambda s: np.maximum(s.lengths[s.index] - 1, 1),
)
add(
    "never-falls",
    "that stays at the peak",
    source="// instead of /",
    hints=(
        "Print your progress in the middle of a period. Is it 0.5?",
        "What is 3 // 10 in Python?",
        "Use /, which gives a float.",
    ),
    progress=lambda s: np.zeros_like(s.step),
)
add(
    "peak-shrinks",
    "whose peak is divided by period_mult at each restart",
    hints=(
        "What is your learning rate right after the first restart?",
        "period_mult stretches the periods. Does it touch the peak?",
        "Every period starts at peak_lr.",
    ),
    top=lambda s: s.peak_lr / np.asarray(s.period_mult, dtype=float) ** s.index,
)
cosine_mistakes(bank)
floor_mistakes(bank)
returns_a_factor(bank)


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Periods for each claim, every integer step of them."""
    found = [_walk(rng, "periods", "periods of equal length", whole(rng, 5, 9), 1, False) for _ in range(2)]
    found += [_walk(rng, "floor", "with min_lr", whole(rng, 5, 9), 1, True) for _ in range(2)]
    found += [_walk(rng, "growing", f"period_mult = {m}", whole(rng, 3, 5), m, False) for m in (2, 3)]
    return found + _edges(rng) + _together(rng) + _late(rng) + _numbers(rng) + _long(rng)


def _arguments(rng: np.random.Generator, period: int, mult: int, floored: bool) -> dict[str, Any]:
    top = peak(rng)
    return {"period": period, "peak_lr": top, "min_lr": floor(rng, top) if floored else 0.0, "period_mult": mult}


def _walk(rng: np.random.Generator, family: str, about: str, period: int, mult: int, floored: bool) -> Scenario:
    end = 3 * period + 2 if mult == 1 else period * (1 + mult + mult**2) + 3
    return walk(FORMULA.entry, family, about, range(end), _arguments(rng, period, mult, floored))


def _index_by_logarithm(s: Quantities) -> np.ndarray:
    """Never above the period that the step is in, also where a mistake makes fewer and longer ones."""
    walked = np.searchsorted(s.starts, s.step, side="right") - 1
    if s.period_mult == 1:
        return walked
    passed = [math.log(step / s.period * (s.period_mult - 1) + 1, s.period_mult) for step in s.step]
    return np.minimum(np.array(passed).astype(int), walked)


def _grown_first(s: Quantities) -> tuple[np.ndarray, np.ndarray]:
    """For each step, what is left of it, and the length of the period it is in."""
    left, length = np.array(s.step), np.full(s.step.shape, float(s.first))
    while (beyond := left >= length).any():
        length = np.where(beyond, length * s.period_mult, length)
        left = np.where(beyond, left - length, left)
    return left, length


def _edges(rng: np.random.Generator) -> list[Scenario]:
    """Periods of two steps and of one, which is at the peak; steps far away.

    Longer than the other walks: recognition starts with the shortest, and these tell little.
    """
    two, one, growing, long = (_arguments(rng, period, mult, True) for period, mult in ((2, 1), (1, 1), (1, 2), (7, 1)))
    many, late = range(40), [*range(20), *range(343, 360), 700, 701, 703]
    return [
        walk(FORMULA.entry, "edges", "periods of two steps", many, two),
        walk(FORMULA.entry, "edges", "periods of one step", many, one),
        walk(FORMULA.entry, "edges", "a first period of one step", many, growing),
        walk(FORMULA.entry, "edges", "late steps", late, long),
        *_logarithms(two),
        walk(FORMULA.entry, "edges", "after five hundred periods", range(1000, 1004), two),
    ]


def _logarithms(arguments: dict[str, Any]) -> list[Scenario]:
    """Periods whose number a rounded logarithm gets wrong: log(243, 3) < 5, log(1000, 10) < 3."""
    third, tenth = arguments["period"] * 121, arguments["period"] * 111
    return [
        walk(
            FORMULA.entry,
            "edges",
            "around the sixth period",
            [*range(24), *range(third - 8, third + 8)],
            arguments | {"period_mult": 3},
        ),
        walk(
            FORMULA.entry,
            "edges",
            "around the fourth",
            [*range(24), *range(tenth - 8, tenth + 8)],
            arguments | {"period_mult": 10},
        ),
    ]


def _together(rng: np.random.Generator) -> list[Scenario]:
    """Growing periods with a floor; arguments by position; min_lr and period_mult left out, any order; a long run."""
    by_place = _arguments(rng, whole(rng, 4, 6), 2, True) | {"peak_lr": 1.0 + whole(rng, 1, 4) / 8}
    plain = _arguments(rng, whole(rng, 6, 9), 1, False)
    del plain["min_lr"], plain["period_mult"]
    mixed = [int(step) for step in rng.permutation(3 * plain["period"])][:20]
    big = _arguments(rng, 100, 2, True)
    sampled = sorted(
        {0, 1, 99, 100, 101, 299, 300, 301, 699, 700, 701, 3_000, *(whole(rng, 2, 1000) for _ in range(12))}
    )
    return [
        _walk(rng, "together", "growing periods with min_lr", whole(rng, 3, 5), 2, True),
        walk(FORMULA.entry, "together", "arguments by position", range(30), by_place, by_position=True),
        walk(FORMULA.entry, "together", "min_lr and period_mult not given, any order", [*mixed, mixed[0]], plain),
        walk(FORMULA.entry, "together", "a long run", sampled, big),
    ]


def _late(rng: np.random.Generator) -> list[Scenario]:
    """Steps behind many periods, and the last step of a long period, a hair before the restart."""
    threes, long = (_arguments(rng, period, mult, True) for period, mult in ((3, 1), (10_000, 2)))
    few = [*range(30)]
    return [
        walk(FORMULA.entry, "edges", "behind many periods", [*few, 1800, 1801, 1802], threes),
        walk(FORMULA.entry, "edges", "the end of a long period", [*few, 9999, 10_000], long),
    ]


def _numbers(rng: np.random.Generator) -> list[Scenario]:
    """A floor as high as the peak; a tiny peak; learning rates that are whole numbers."""
    level, small, integers = (_arguments(rng, whole(rng, 4, 6), 2, False) for _ in range(3))
    level["min_lr"] = level["peak_lr"]
    small["peak_lr"] = tiny_peak(rng)
    integers |= {"peak_lr": 2, "min_lr": 1}
    return [
        walk(FORMULA.entry, "edges", "min_lr as high as peak_lr", range(30), level),
        walk(FORMULA.entry, "edges", "a tiny peak", range(30), small),
        walk(FORMULA.entry, "edges", "whole numbers for learning rates", range(30), integers),
    ]


def _long(rng: np.random.Generator) -> list[Scenario]:
    """A period by whose reciprocal a step cannot be multiplied: 49 * (1 / 49) < 1; the fourteenth of growing periods; a long
    period near its beginning; calls that differ in one argument. Nothing is asked of later steps, where a logarithm may be
    mistaken by 1e-6: going there by a torch scheduler takes the worker all its time."""
    odd, growing = _arguments(rng, 49, 1, True), _arguments(rng, 1, 2, True)
    long = _arguments(rng, 100_000, 3, False) | {"peak_lr": 1, "min_lr": 0}
    first = _arguments(rng, whole(rng, 5, 6), 2, True)
    others = {"period": 4} | other_rates(rng, first) | {"period_mult": 3}
    around = [step for i in range(1, 11) for step in (49 * i - 1, 49 * i, 49 * i + 1)]
    return [
        walk(FORMULA.entry, "edges", "periods of 49 steps", around, odd),
        walk(FORMULA.entry, "edges", "behind a dozen growing periods", [*range(30), 8190, 8191, 9_000], growing),
        walk(FORMULA.entry, "edges", "a long period", [*range(0, 50, 2), *range(894, 899)], long),
        one_changed(FORMULA.entry, "together", whole(rng, 20, 22), first, others),
    ]


TASK = ScheduleTask("cosine_restarts", "course_lib/schedules/cosine_restarts.py", FORMULA, bank, scenarios)
