"""Where a wrong optimizer is right: what everything that goes wrong has, and little of what is right has too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograder.judge.evidence import Scenario

LARGE, SMALL = 50.0, 0.05
SHORT = 20
ENOUGH = 3
AGAINST = 2
"""Right runs that may have what is said to be the reason, for each wrong one."""
MOST_NAMES = 3
MANY = 10


class Failure(NamedTuple):
    """Where a run first differs from the rule: before which event it was right, and in which parameters it differs."""

    event: int
    params: frozenset[int]


class Case(NamedTuple):
    """One parameter in one run. events: those that could have led to what is seen. until: how many of the run's events
    have passed by then."""

    program: dict[str, Any]
    param: int
    events: list[list[Any]]
    until: int


Property = Callable[[Case], bool]
Said = tuple[str, str]
"""A sentence with a place for a name, and the name; "" where the sentence has none."""


def right_elsewhere(
    scenarios: Sequence[Scenario],
    wrong: Mapping[int, Failure],
    features: Mapping[str, Mapping[str, Any]],
    defaults: Mapping[str, Any],
) -> str:
    """ "With a single group everything was right."; "" where no such thing can be said.

    features: as OptimizerTask has them. defaults: of all hyperparameters. A sentence is true where all that is wrong has a
    property; of the true ones the one that the fewest right parameters speak against is taken. Where several are as good,
    none of them is known to be the reason: those that differ in a hyperparameter's name are said together, others not.
    """
    runs = [i for i, scenario in enumerate(scenarios) if scenario.player == "optimizer"]
    bad_runs = [i for i in runs if i in wrong]
    if not bad_runs:
        return ""
    bad, fine = _cases(scenarios, runs, wrong)
    best: list[Said] = []
    fewest = len(fine)
    for said, has in _properties(features, defaults):
        if not all(has(case) for case in bad):
            continue
        with_it = [(i, case) for i, case in fine if has(case)]
        though = {i for i, _ in with_it} - set(wrong)
        if len(runs) - len(wrong) - len(though) < ENOUGH or len(though) > AGAINST * len(bad_runs):
            continue
        if len(with_it) <= fewest:
            best = [*best, said] if len(with_it) == fewest else [said]
            fewest = len(with_it)
    return _said(best)


def _said(best: Sequence[Said]) -> str:
    sentences = list(dict.fromkeys(sentence for sentence, _ in best))
    names = [name for _, name in best if name]
    if set(sentences) == {_FIRST, _SAME}:
        sentences = [_FIRST] if len(names) > MOST_NAMES else [_SAME]
    if len(sentences) != 1 or (len(names) > MOST_NAMES and "{}" in sentences[0]):
        return ""
    return sentences[0].format(_listed(names) if names else "")


def _cases(
    scenarios: Sequence[Scenario], runs: Sequence[int], wrong: Mapping[int, Failure]
) -> tuple[list[Case], list[tuple[int, Case]]]:
    """All wrong ones, and all right ones with their run's number."""
    bad: list[Case] = []
    fine: list[tuple[int, Case]] = []
    for i in runs:
        program = scenarios[i].program
        events, found = program["events"], wrong.get(i)
        until = len(events) if found is None else found.event + 1
        for param in range(len(program["shapes"])):
            if found is not None and param in found.params:
                bad.append(Case(program, param, _lately(events, found.event), found.event))
            else:
                fine.append((i, Case(program, param, events[:until], until)))
    return bad, fine


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _properties(
    features: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any]
) -> Iterator[tuple[Said, Property]]:
    for sentence, has in _PLAIN:
        yield (sentence, ""), has
    for name in defaults:
        yield (_SAME, name), _unlike_the_first(name, defaults)
        yield (_UNCHANGED, name), _changed(name, defaults)
        yield (_NOT_ZERO, name), _zero(name, defaults)
    for name, off in features.items():
        yield (f"{_switched_off(off)} everything was right.", name), _switched_on(off)


def _switched_off(off: Mapping[str, Any]) -> str:
    """ "Without weight_decay", "With scale='original'"."""
    given = " and ".join(f"{name}={value!r}" for name, value in off.items() if value)
    return f"With {given}" if given else "Without {}"


_SAME = "Where a group has the first group's {}, everything was right."
_UNCHANGED = "While a group keeps the {} it was built with, everything was right."
_NOT_ZERO = "Where {} is not 0, everything was right."


def _gradients(events: list[list[Any]]) -> list[Any]:
    return [grad for event in events if event[0] in ("step", "unseen") for grad in event[2]]


def _own_gradients(case: Case) -> list[Any]:
    """The parameter's gradients, None where it had none on a step."""
    which, _, _ = home(case.program, case.param)
    order = [i for group in case.program["instances"][which]["groups"] for i in group["params"]]
    place = order.index(case.param)
    return [event[2][place] for event in case.events if event[0] in ("step", "unseen") and event[1] == which]


def _sizes(events: list[list[Any]]) -> np.ndarray:
    found = [np.ravel(grad) for grad in _gradients(events) if grad is not None]
    return np.abs(np.concatenate(found)) if found else np.zeros(0)


def _has(case: Case, kind: str) -> bool:
    return any(event[0] == kind for event in case.events)


_FIRST = "The first group was always right."
_NO_NONE = "Where every parameter has a gradient everything was right."
_PLAIN: list[tuple[str, Property]] = [
    ("In float32 and float64 everything was right.", lambda case: case.program.get("dtype") == "bfloat16"),
    ("With contiguous parameters everything was right.", lambda case: "transposed" in case.program.get("layouts", [])),
    ("In short runs everything was right.", lambda case: case.until > SHORT),
    ("With one optimizer alone everything was right.", lambda case: len(case.program["instances"]) > 1),
    ("Without a reload everything was right.", lambda case: _has(case, "reload")),
    ("Without going back everything was right.", lambda case: _has(case, "restore")),
    ("Where no parameter is frozen everything was right.", lambda case: "frozen" in case.program),
    ("Where all parameters have one dtype everything was right.", lambda case: "own_dtypes" in case.program),
    ("Where nothing else writes into parameters everything was right.", lambda case: _has(case, "assign")),
    ("With fewer parameters everything was right.", lambda case: len(case.program["shapes"]) > MANY),
    ("While no hyperparameter changes everything was right.", lambda case: _has(case, "set")),
    (_NO_NONE, lambda case: None in _gradients(case.events)),
    (_NO_NONE, lambda case: None in _own_gradients(case)),
    ("Where no gradient is zero everything was right.", lambda case: bool((_sizes(case.events) == 0).any())),
    ("With smaller gradients everything was right.", lambda case: bool(_sizes(case.events).max(initial=0) > LARGE)),
    ("With larger gradients everything was right.", lambda case: 0 < _sizes(case.events).max(initial=0) < SMALL),
    ("With a single group everything was right.", lambda case: len(case.program["instances"][0]["groups"]) > 1),
    (_FIRST, lambda case: home(case.program, case.param)[1] > 0),
]


def home(program: dict[str, Any], param: int) -> tuple[int, int, dict[str, Any]]:
    """A parameter's optimizer and group, by number, and the group."""
    return next(
        (which, position, group)
        for which, instance in enumerate(program["instances"])
        for position, group in enumerate(instance["groups"])
        if param in group["params"]
    )


def _built_with(program: dict[str, Any], which: int, position: int, defaults: Mapping[str, Any]) -> dict[str, Any]:
    instance = program["instances"][which]
    given = {**defaults, **dict(zip(defaults, instance.get("args", []), strict=False)), **instance.get("kwargs", {})}
    return {**given, **instance["groups"][position]["hyper"]}


def _value_now(case: Case, which: int, position: int, name: str, defaults: Mapping[str, Any]) -> Any:
    value = _built_with(case.program, which, position, defaults)[name]
    for event in case.program["events"][: case.until]:
        if event[0] == "set" and event[1:4] == [which, position, name]:
            value = event[4]
    return value


def _unlike_the_first(name: str, defaults: Mapping[str, Any]) -> Property:
    def has(case: Case) -> bool:
        which, position, _ = home(case.program, case.param)
        first, own = (_value_now(case, which, number, name, defaults) for number in (0, position))
        return bool(first != own)

    return has


def _changed(name: str, defaults: Mapping[str, Any]) -> Property:
    def has(case: Case) -> bool:
        which, position, _ = home(case.program, case.param)
        built = _built_with(case.program, which, position, defaults)[name]
        return bool(_value_now(case, which, position, name, defaults) != built)

    return has


def _zero(name: str, defaults: Mapping[str, Any]) -> Property:
    def has(case: Case) -> bool:
        which, position, _ = home(case.program, case.param)
        value = _value_now(case, which, position, name, defaults)
        return isinstance(value, float) and value == 0

    return has


def _lately(events: list[list[Any]], wrong: int) -> list[list[Any]]:
    """From the step before the first wrong one, to that."""
    before = [number for number, event in enumerate(events[:wrong]) if event[0] in ("step", "closure")]
    return events[before[-1] if before else 0 : wrong + 1]


def _switched_on(off: Mapping[str, Any]) -> Property:
    """Whether a parameter's group has another value of a feature's hyperparameters than their "off"."""

    def on(case: Case) -> bool:
        instance = case.program["instances"][home(case.program, case.param)[0]]
        given = [instance.get("kwargs", {}), *(group["hyper"] for group in instance["groups"])]
        by_place = bool(instance.get("args"))
        later = any(event[0] == "set" and event[3] in off for event in case.events)
        return (
            by_place or later or any(hyper.get(name, value) != value for hyper in given for name, value in off.items())
        )

    return on
