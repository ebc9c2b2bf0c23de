"""Warmup, plateau, decay: the budgets on which `wsd` is tried."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._budgets import floor, other_rates, peak, tiny_peak, whole
from autograder.judge.evidence import Scenario
from autograder.judge.schedule_task import one_changed, walk
from autograder.oracles.wsd import FORMULA

SHAPES = ("linear", "cosine", "sqrt")

LONG = 25
BILLION = 10**9


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Budgets for each claim, every integer step of them."""
    found = [_budget(rng, "linear", "no warmup, linear decay", 0, "linear", False) for _ in range(2)]
    found += [_budget(rng, "warmup", "with warmup", whole(rng, 4, 7), "linear", False) for _ in range(2)]
    found += [_budget(rng, "floor", "with min_lr", 0, "linear", True) for _ in range(2)]
    found += [_budget(rng, shape, f"{shape} decay", 0, shape, False) for shape in ("cosine", "sqrt") for _ in range(2)]
    found += [_after(rng, shape) for shape in SHAPES]
    return found + _edges(rng) + _together(rng) + _lengths(rng) + _numbers(rng) + _long(rng)


def _arguments(
    rng: np.random.Generator, total: int, warmup: int, decay: int, shape: str, floored: bool
) -> dict[str, Any]:
    top = peak(rng)
    low = floor(rng, top) if floored else 0.0
    lengths = {"total_steps": total, "warmup_steps": warmup, "decay_steps": decay}
    return {**lengths, "peak_lr": top, "min_lr": low, "shape": shape}


def _budget(rng: np.random.Generator, family: str, about: str, warmup: int, shape: str, floored: bool) -> Scenario:
    decay = whole(rng, 5, 8)
    total = warmup + decay + whole(rng, 3, 4)
    arguments = _arguments(rng, total, warmup, decay, shape, floored)
    return walk(FORMULA.entry, family, about, range(total + 1), arguments)


def _after(rng: np.random.Generator, shape: str) -> Scenario:
    warmup, decay = whole(rng, 2, 4), whole(rng, 3, 6)
    total = warmup + decay + whole(rng, 2, 4)
    steps = [*range(total - 1, 2 * total), 10 * total]
    arguments = _arguments(rng, total, warmup, decay, shape, True)
    return walk(FORMULA.entry, "after", f"steps beyond total_steps, {shape} decay", steps, arguments)


def _edges(rng: np.random.Generator) -> list[Scenario]:
    """Where a part of the schedule has one step or none. Left open is what a decay of one step has there, and step
    total_steps of a run without decay, where the peak and the floor meet: published schedules differ. These walks are
    longer than the others: recognition starts with the shortest, and they tell little."""
    long = whole(rng, 5, 7)
    found: list[Scenario] = []
    for total, warmup, decay in (
        (1, 0, 0),
        (1, 0, 1),
        (1, 1, 0),
        (long, long, 0),
        (long, 2, 0),
        (long, 2, long - 2),
        (long, 0, long),
        (long, long - 1, 1),
        (long, 2, 1),
    ):
        arguments = _arguments(rng, total, warmup, decay, SHAPES[len(found) % 3], True)
        about = f"{warmup} steps of warmup, {decay} of decay, {total} in all"
        either = [total] if decay == 0 else [total - 1] if decay == 1 else []
        found.append(walk(FORMULA.entry, "edges", about, range(total + LONG), arguments, open_steps=either))
    return found


def _together(rng: np.random.Generator) -> list[Scenario]:
    """Every shape with warmup and floor; arguments by position; steps in any order; a long run."""
    found = [_budget(rng, "together", f"warmup, min_lr and {s} decay", whole(rng, 4, 6), s, True) for s in SHAPES]
    warmup, decay = whole(rng, 6, 9), whole(rng, 8, 12)
    total = warmup + decay + whole(rng, 10, 20)
    by_place = _arguments(rng, total, warmup, decay, "sqrt", True) | {"peak_lr": 1.0 + whole(rng, 1, 4) / 8}
    plain = _arguments(rng, total, warmup, decay, "linear", False)
    del plain["min_lr"], plain["shape"]
    mixed = [int(step) for step in rng.permutation(total + 5)][:20]
    big = _arguments(rng, 1000, 50, 200, "cosine", True)
    sampled = sorted({0, 1, 49, 50, 51, 799, 800, 801, 999, 1000, 60_000, *(whole(rng, 2, 998) for _ in range(20))})
    return [
        *found,
        walk(FORMULA.entry, "together", "arguments by position", range(total + 1), by_place, by_position=True),
        walk(FORMULA.entry, "together", "min_lr and shape not given, any order", [*mixed, mixed[0]], plain),
        walk(FORMULA.entry, "together", "a run of a thousand steps", sampled, big),
    ]


def _lengths(rng: np.random.Generator) -> list[Scenario]:
    """Lengths that a fraction of total_steps does not give back: int(25 * (1 - 14 / 25)) is 10, int(23 * (13 / 23)) is 12,
    ceil(25 * (7 / 25)) is 8, int(10 * (1 - 8 / 10)) is 1, ceil(10 * (1 - 7 / 10)) is 4."""
    found: list[Scenario] = []
    for total, warmup, decay in ((25, 7, 14), (23, 2, 13), (23, 13, 8), (10, 1, 8), (10, 2, 7)):
        arguments = _arguments(rng, total, warmup, decay, SHAPES[len(found) % 3], True)
        about = f"{warmup} steps of warmup, {decay} of decay, {total} in all"
        found.append(walk(FORMULA.entry, "edges", about, range(total + LONG), arguments))
    return found


def _numbers(rng: np.random.Generator) -> list[Scenario]:
    """A floor as high as the peak; a tiny peak, without warmup and without decay; learning rates that are whole numbers."""
    level = _arguments(rng, 14, 4, 6, "cosine", False)
    level["min_lr"] = level["peak_lr"]
    small = {"peak_lr": tiny_peak(rng)}
    all_decay, no_decay = (_arguments(rng, 120, 0, decay, "linear", False) | small for decay in (100, 0))
    integers = _arguments(rng, 14, 4, 6, "sqrt", False) | {"peak_lr": 2, "min_lr": 1}
    sampled = [*range(30), *range(30, 115, 5), *range(115, 125)]
    return [
        walk(FORMULA.entry, "edges", "min_lr as high as peak_lr", range(14 + LONG), level),
        walk(FORMULA.entry, "edges", "a tiny peak", sampled, all_decay),
        walk(FORMULA.entry, "edges", "neither warmup nor decay", sampled, no_decay, open_steps=[120]),
        walk(FORMULA.entry, "edges", "whole numbers for learning rates", range(14 + LONG), integers),
    ]


def _long(rng: np.random.Generator) -> list[Scenario]:
    """Calls that differ in one argument; a billion steps, as in the chapter, of which nobody has to go through all; a long
    warmup and a long decay, each near its beginning: stepping there by a torch scheduler takes its time. Last, since a table of
    a billion numbers ends the worker.
    """
    first = _arguments(rng, 40, 9, 20, "sqrt", True)
    others = {"total_steps": 36, "decay_steps": 15} | other_rates(rng, first) | {"shape": "linear"}
    in_warmup = {"warmup_steps": 12, "peak_lr": others["peak_lr"]}
    short = _arguments(rng, BILLION, 20, 200, "linear", True)
    long = _arguments(rng, 400_000, 150_000, 200_000, "sqrt", False) | {"peak_lr": 1, "min_lr": 0}
    start = 200_000
    far = [1, 898, 899, start - 1, *range(start, start + 3), *range(start + 890, start + 899), 400_000]
    return [
        one_changed(FORMULA.entry, "together", whole(rng, 28, 30), first, others),
        one_changed(FORMULA.entry, "together", whole(rng, 4, 6), first, in_warmup),
        walk(FORMULA.entry, "edges", "a run of a billion steps", [0, 19, 20, 21, 1500], short),
        walk(FORMULA.entry, "edges", "hundreds of thousands of steps of warmup and of decay", far, long),
    ]
