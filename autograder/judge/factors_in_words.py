"""Which expression of hyperparameters a number equals: "lr × weight_decay", "the first group's lr over its own"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, combinations_with_replacement
from typing import Any

from autograder.judge.evidence import Scenario

Hyper = dict[str, float]
EQUAL = 3e-6


def group_hypers(scenario: Scenario, which: int, defaults: Mapping[str, Any], until: int) -> list[tuple[Hyper, Hyper]]:
    """For each group of an optimizer: its hyperparameters when it was built, and those before event number `until`."""
    instance = scenario.program["instances"][which]
    given = {**defaults, **dict(zip(defaults, instance.get("args", []), strict=False)), **instance.get("kwargs", {})}
    built = [{**given, **group["hyper"]} for group in instance["groups"]]
    now = [dict(hyper) for hyper in built]
    for event in scenario.program["events"][:until]:
        if event[0] == "set" and event[1] == which:
            now[event[2]][event[3]] = event[4]
    return [(_numbers(before), _numbers(after)) for before, after in zip(built, now, strict=True)]


def _numbers(hyper: Mapping[str, Any]) -> Hyper:
    """The numbers among hyperparameters; betas are two of them."""
    found: Hyper = {}
    for name, value in hyper.items():
        if isinstance(value, list | tuple):
            found |= {f"β{'₁₂'[i]}": float(item) for i, item in enumerate(value)}
        elif isinstance(value, float):
            found[name] = value
    return found


def factor_in_words(factor: float, mine: tuple[Hyper, Hyper], first: Hyper) -> str:
    """What `factor` is, in hyperparameters of the group `mine` (as built, as they are now) and of the first group; or ""."""
    built, now = mine
    for name, value in (*_compared(built, now, first), *_expressions(now)):
        if abs(value - factor) <= EQUAL * abs(factor):
            return name
    return ""


def _compared(built: Hyper, now: Hyper, first: Hyper) -> Iterator[tuple[str, float]]:
    """Whose value was used in place of the group's own value of now."""
    others = (("the first group's {}", first), ("the {} it was built with", built))
    for (who, other), name in ((other, name) for other in others for name in now):
        if now[name] and other.get(name, now[name]) != now[name]:
            yield (
                f"{who.format(name)} over its own" if other is first else f"{who.format(name)} over that of now",
                (other[name] / now[name]),
            )
            if name == "weight_decay" and "lr" in now:
                yield f"lr × (its own weight_decay − {who.format(name)})", now["lr"] * abs(now[name] - other[name])


def _expressions(hyper: Hyper) -> Iterator[tuple[str, float]]:
    """Hyperparameters, their complements, inverses, and products of up to three of these."""
    known = {name: value for name, value in hyper.items() if value}
    rest = {f"(1 − {name})": 1 - value for name, value in known.items() if name != "lr" and 0 < value < 1}
    yield from known.items()
    yield from ((name[1:-1], value) for name, value in rest.items())
    atoms = {**known, **rest}
    yield from ((f"1/{name}", 1 / value) for name, value in atoms.items())
    yield from ((f"1 + {name}", 1 + value) for name, value in known.items() if name != "lr")
    for (a, x), (b, y) in combinations_with_replacement(atoms.items(), 2):
        yield (f"{a} × {b}" if a != b else f"{a}²"), x * y
    for (a, x), (b, y) in combinations(atoms.items(), 2):
        yield f"{a}/{b}", x / y
        yield f"{b}/{a}", y / x
    for (a, x), (b, y), (c, z) in combinations(atoms.items(), 3):
        yield f"{a} × {b} × {c}", x * y * z
