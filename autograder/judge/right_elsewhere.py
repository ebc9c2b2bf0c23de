"""Where a wrong optimizer is right: what all the runs that go wrong have, and no run without it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario

LARGE, SMALL = 50.0, 0.05
SHORT = 20
ENOUGH = 3
Property = Callable[[dict[str, Any], list[list[Any]]], bool]
"""Whether a run has something: of its program, and of the events that could have led to its first wrong step."""


def right_elsewhere(
    scenarios: Sequence[Scenario], wrong: Mapping[int, int], features: Mapping[str, Mapping[str, Any]]
) -> str:
    """ "With a single group everything is right."; "" where no such thing can be said.

    wrong: numbers of the runs that differ from the rule → the event at which they begin to. features: as OptimizerTask has
    them. Of several true sentences the one that leaves out the fewest runs is taken.
    """
    runs = [i for i, scenario in enumerate(scenarios) if scenario.player == "optimizer"]
    bad = {i for i in runs if i in wrong}
    best, fewest = "", len(runs)
    for sentence, has in _properties(features):
        those = set()
        for i in runs:
            events = scenarios[i].program["events"]
            if has(scenarios[i].program, _lately(events, wrong[i]) if i in wrong else events):
                those.add(i)
        if bad and bad <= those and len(runs) - len(those) >= ENOUGH and len(those) < fewest:
            best, fewest = sentence, len(those)
    return best


def _properties(features: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Property]]:
    yield "In float32 and float64 everything is right.", lambda program, _: program.get("dtype") == "bfloat16"
    yield (
        "With contiguous parameters everything is right.",
        lambda program, _: "transposed" in program.get("layouts", []),
    )
    yield "In short runs everything is right.", _late
    yield "With one optimizer alone everything is right.", lambda program, _: len(program["instances"]) > 1
    yield "Without a reload everything is right.", lambda _, events: any(event[0] == "reload" for event in events)
    yield "While no hyperparameter changes everything is right.", lambda _, events: any(e[0] == "set" for e in events)
    yield "Where every parameter has a gradient everything is right.", lambda _, events: None in _gradients(events)
    yield "Where no gradient is zero everything is right.", lambda _, events: bool((_sizes(events) == 0).any())
    yield "With smaller gradients everything is right.", lambda _, events: bool(_sizes(events).max(initial=0) > LARGE)
    yield (
        "With larger gradients everything is right.",
        lambda _, events: bool(0 < _sizes(events).max(initial=0) < SMALL),
    )
    yield "With a single group everything is right.", lambda program, _: len(program["instances"][0]["groups"]) > 1
    for name, off in features.items():
        yield f"Without {name} everything is right.", _switched_on(off)


def _late(program: dict[str, Any], events: list[list[Any]]) -> bool:
    """Whether the last of `events` comes late in a long run."""
    return len(program["events"]) > SHORT and program["events"].index(events[-1]) > SHORT


def _lately(events: list[list[Any]], wrong: int) -> list[list[Any]]:
    """From the step before the first wrong one, to that."""
    before = [number for number, event in enumerate(events[:wrong]) if event[0] in ("step", "closure")]
    return events[before[-1] if before else 0 : wrong + 1]


def _gradients(events: list[list[Any]]) -> list[Any]:
    return [grad for event in events if event[0] in ("step", "unseen") for grad in event[2]]


def _sizes(events: list[list[Any]]) -> np.ndarray:
    found = [np.ravel(grad) for grad in _gradients(events) if grad is not None]
    return np.abs(np.concatenate(found)) if found else np.zeros(0)


def _switched_on(off: Mapping[str, Any]) -> Property:
    """Whether a run gives a hyperparameter of a feature another value than its "off"."""

    def on(program: dict[str, Any], events: list[list[Any]]) -> bool:
        given = [instance.get("kwargs", {}) for instance in program["instances"]]
        given += [group["hyper"] for instance in program["instances"] for group in instance["groups"]]
        by_place = any(instance.get("args") for instance in program["instances"])
        later = any(event[0] == "set" and event[3] in off for event in events)
        return (
            by_place or later or any(hyper.get(name, value) != value for hyper in given for name, value in off.items())
        )

    return on
