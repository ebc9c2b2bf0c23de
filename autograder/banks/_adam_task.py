"""How Adam and AdamW are tried beyond what every optimizer goes through, and mistakes in what they accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.judge.contract import Entry
from autograder.judge.evidence import Scenario
from autograder.judge.optimizer_task import Draw, Drawing, between
from autograder.judge.variants import Bank

INVALID: tuple[dict[str, Any], ...] = (
    {"lr": -0.1},
    {"eps": -1e-8},
    {"betas": [1.0, 0.9]},
    {"betas": [-0.1, 0.9]},
    {"betas": [0.9, 1.0]},
    {"betas": [0.9, -0.1]},
    {"weight_decay": -0.01},
)


def betas(rng: np.random.Generator) -> list[float]:
    """A pair that six steps can tell apart: β₁ in [0.5, 0.9], β₂ larger by 0.05 at least."""
    first = float(rng.uniform(0.5, 0.9))
    return [round(first, 4), round(float(rng.uniform(first + 0.05, 0.985)), 4)]


def slow_betas(rng: np.random.Generator) -> list[float]:
    """A pair like those of real training: hundreds of steps are needed until the correction no longer matters."""
    return [round(float(rng.uniform(0.9, 0.98)), 4), round(float(rng.uniform(0.997, 0.999)), 4)]


DRAW: dict[str, Draw] = {
    "lr": between(0.02, 0.2),
    "betas": betas,
    "eps": between(0.05, 0.2),
    "weight_decay": between(0.1, 0.5),
}
"""ε is large enough that its place shows, and smaller than every gradient."""


def scenarios(d: Drawing) -> list[Scenario]:
    """Tiny gradients under the default ε, gradients that are zero from the start, quiet after loud, β that change."""
    found = [_default_eps(d), _zero_gradients(d), _quiet_after_loud(d), _decay_under_a_schedule(d), _twins(d)]
    return [*found, _zero_beta(d)]


def _default_eps(d: Drawing) -> Scenario:
    """At gradients of 1e-8 the default ε halves the step."""
    init = [[0.0] * int(np.prod(shape, dtype=int)) for shape in d.task.shapes]
    events = d.steps(4, d.task.shapes, scale=1e-8)
    plain = [{"groups": [{"params": list(range(len(d.task.shapes))), "hyper": {}}], "kwargs": {}}]
    return d.run("defaults", "no argument is given, gradients of 1e-8", plain, events, init=init, rtol=1e-4)


def _zero_gradients(d: Drawing) -> Scenario:
    """One parameter's gradients are zero at first, as behind a dead unit; a weight in another never gets any."""
    events = d.steps(4, d.task.shapes)
    for event in events[:2]:
        event[2][0] = [0.0] * len(event[2][0])
    for event in events:
        event[2][1][0] = 0.0
    about = "some gradients are zero from the start"
    return d.run("extremes", about, d.one_group(d.hyper(), len(d.task.shapes)), events)


def _quiet_after_loud(d: Drawing) -> Scenario:
    """Large gradients once, then small ones: what remembers the maximum is seen."""
    shapes = d.task.shapes
    events = [*d.steps(1, shapes, scale=10.0), *d.steps(7, shapes, scale=0.1)]
    return d.run("steps", "one large gradient, then small ones", d.one_group(d.hyper(), len(shapes)), events)


def _decay_under_a_schedule(d: Drawing) -> Scenario:
    events = d.steps(2, d.task.shapes)
    events.append(["set", 0, 0, "lr", d.task.draw["lr"](d.rng) * 0.4])
    events += d.steps(2, d.task.shapes)
    events.append(["set", 0, 0, "weight_decay", d.task.draw["weight_decay"](d.rng) * 0.3])
    events += d.steps(2, d.task.shapes)
    about = "with weight_decay, the learning rate changes after step 2 and the decay after step 4"
    return d.run("weight_decay", about, d.one_group(d.all_on(), len(d.task.shapes), form="list"), events)


def _zero_beta(d: Drawing) -> Scenario:
    hyper = {**d.hyper(), "betas": [0.0, d.hyper()["betas"][1]]}
    return d.run("steps", "with β₁ = 0", d.one_group(hyper, len(d.task.shapes)), d.steps(3, d.task.shapes))


def _twins(d: Drawing) -> Scenario:
    """What belongs to a parameter must not be shared because the shapes agree."""
    shapes = [[2], [2]]
    return d.run("steps", "two parameters of the same shape", d.one_group(d.hyper(), 2), d.steps(3, shapes), shapes)


def _counts_groups(run: Any, instance: Any) -> Iterator[Entry]:
    for group in instance.groups:
        instance.clocks["groups"] = instance.clocks.get("groups", 0) + 1
        for i in group["params"]:
            if run.grads[i] is not None:
                yield group, i, run.grads[i]


def add_group_clock(bank: Bank) -> None:
    """t grows once for every group of a step."""
    bank.misconception(
        "clock-counts-groups",
        "with a step count that grows with every group instead of every step",
        hints=(
            "With one group your run is right. What is t for the second group on the first step?",
            "Where is the line that increases t: before the loop over groups, or in it?",
            "Each parameter needs its own count of updates.",
        ),
        visit=_counts_groups,
        clock=lambda instance: instance.clocks["groups"],
    )


def add_validation_mistakes(bank: Bank, entry: str) -> None:
    """Which invalid hyperparameters an __init__ lets through."""
    bank.misconception(
        "no-validation",
        "accepting every hyperparameter, even negative ones",
        hints=(
            f"What happens with {entry}(params, lr=-0.1)?",
            "A wrong value is cheapest to find where it is given.",
            "In __init__, raise ValueError for negative lr, eps or weight_decay, and for betas outside [0, 1).",
        ),
        validation=lambda kwargs, invalid: True,
    )
    for name, what, id, near in (
        ("lr", "a negative lr", "lr-not-validated", "Raise ValueError for lr < 0 as well."),
        ("eps", "a negative eps", "eps-not-validated", "Raise ValueError for eps < 0 as well."),
        ("weight_decay", "a negative decay", "decay-not-validated", "Raise ValueError for weight_decay < 0 as well."),
        ("betas", "betas outside [0, 1)", "betas-not-validated", "Raise ValueError unless 0 ≤ β < 1, for both."),
    ):
        bank.misconception(
            id,
            f"accepting {what}",
            hints=(
                f"Try to build {entry} with {what}. What happens?",
                "Which hyperparameters does your __init__ look at?",
                near,
            ),
            validation=_accepting(name),
        )
    bank.misconception(
        "beta-of-one-accepted",
        "accepting a β of exactly 1",
        hints=(
            "What does an average with β = 1 ever learn?",
            "1 − βᵗ is zero then, and the correction divides by it.",
            "β must be below 1, not at most 1.",
        ),
        validation=lambda kwargs, invalid: not invalid or 1.0 in kwargs.get("betas", []),
    )
    bank.misconception(
        "second-beta-not-validated",
        "that looks at the first β only",
        hints=(
            f"What happens with {entry}(params, betas=(0.9, 1.0))?",
            "betas holds two numbers. Which do you check?",
            "Raise ValueError unless 0 ≤ β < 1, for both.",
        ),
        validation=lambda kwargs, invalid: not invalid or kwargs.get("betas", [1.0, 0.0])[0] == 0.9,
    )


def _accepting(name: str) -> Callable[[dict[str, Any], bool], bool]:
    """The attempts that only `name` makes invalid are let through."""
    bad = [attempt[name] for attempt in INVALID if name in attempt]
    return lambda kwargs, invalid: not invalid or kwargs.get(name) in bad
