"""A function that sorts a model's parameters into two lists, as a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.model_changes import said_of_change
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank, Step, Variant

EXTRAS = 5
"""Foreign objects, those from earlier models, whether the order is kept, whether both are lists, whether the model is as
it was."""


@dataclass(frozen=True)
class Part:
    """One parameter. names: all its dotted names, several where it is tied. kinds: of the modules that hold it."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    shape: tuple[int, ...]
    frozen: bool = False


@dataclass(frozen=True)
class SortingTask:
    """What a maintainer writes for a function model → (first list, second list).

    steps: name → expression of a part (names, kinds, shape, frozen), of all parts (every) and of earlier steps; the last one, `place`, is the code that
    the player writes: 0 nowhere, 1 first list, 2 second, 3 both, plus 10 for each repetition. lists: what to call the two.
    """

    id: str
    module: str
    entry: str
    steps: Mapping[str, Step]
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]
    lists: tuple[str, str]

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """Where each parameter ends up with a program following `variant`."""
        plan = {**{name: step for name, step in variant.steps.items() if name not in self.steps}, **self.steps}
        plan = {name: variant.steps.get(name, step) for name, step in plan.items()}
        codes, lists, untouched = [], 1.0, 1.0
        every = parts_of(scenario)
        for part in every:
            found = Quantities({**vars(part), "every": every})
            for name, step in plan.items():
                found.__dict__[name] = step(found)
            codes.append(float(found.place))
            lists = found.__dict__.get("lists", 1.0)
            untouched = min(untouched, float(found.untouched))
        values = np.array([*codes, 0.0, 0.0, 1.0, lists, untouched])
        return Expected(values, np.zeros(values.size))

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "path" (where parameters are), "flags" (foreign objects, order, lists), "all"."""
        flags = np.arange(scenario.size) >= scenario.size - EXTRAS
        return {"path": ~flags, "flags": flags, "all": np.ones(scenario.size, dtype=bool)}[name]

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """All or nothing."""
        return np.full(scenario.size, not evidence.raised)

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first parameter in the wrong place."""
        if evidence.raised:
            two = " Two lists are expected." if "unpack" in evidence.text else ""
            return f"{self.entry}(model) raised {evidence.text} ({scenario.about}).{two}"
        strangers, earlier = (int(count) for count in evidence.values[-EXTRAS : 2 - EXTRAS])
        if earlier:
            return (
                f"In {scenario.about}, your lists hold parameters of a model that {self.entry} was given before. "
                "Do you make new lists in every call?"
            )
        if strangers and not np.any(evidence.values[:-EXTRAS]):
            return (
                f"In {scenario.about}, the {strangers} things in your lists are no parameters of the model. "
                "Are they names, dicts or copies?"
            )
        wrong = ~close(evidence.values, expected)
        for part, mine, right, bad in zip(parts_of(scenario), evidence.values, expected.values, wrong, strict=False):
            if bad:
                table = any("embedding" in kind for kind in part.kinds)
                kinds = "the weight of an embedding" if table else f"of shape {part.shape}"
                kinds += ", frozen" if part.frozen else ""
                name = " (also called ".join(part.names[:2]) + (")" if len(part.names) > 1 else "")
                return (
                    f"In {scenario.about}, {name}, {kinds}, is {self._place(mine)}; it should be {self._place(right)}."
                )
        if wrong[-5]:
            return "The lists hold something that is not a parameter of the model."
        if wrong[-3]:
            return "The lists do not keep the order of model.parameters()."
        if wrong[-2]:
            return "What you return holds no two lists: an iterator can be read only once."
        return said_of_change(evidence.values[-1]) if wrong[-1] else ""

    def _place(self, code: float) -> str:
        first, second = self.lists
        places = {0: "in neither list", 1: f"in {first}", 2: f"in {second}", 3: "in both lists"}
        return places.get(int(code) % 10, "somewhere else") + (" more than once" if code >= 10 else "")


def parts_of(scenario: Scenario) -> list[Part]:
    """The parameters of a scenario's model, in the order of model.parameters()."""
    found: dict[str, Part] = {}
    owners, frozen = dict(scenario.program["tied"]), scenario.program.get("frozen", ())
    for path, kind, shape in _in_model_order(scenario.program["parts"]):
        for name, size in _parameters(path, kind, shape):
            owner = owners.get(name, name)
            if owner in found:
                known = found[owner]
                found[owner] = replace(known, names=(*known.names, name), kinds=(*known.kinds, kind))
            else:
                found[owner] = Part((name,), (kind,), size, owner in frozen)
    return list(found.values())


def _in_model_order(parts: Sequence[list[Any]]) -> list[list[Any]]:
    """Modules are walked folder by folder, in the order in which each folder first appeared; own parameters come first."""
    first: dict[str, int] = {}
    for path, _, _ in parts:
        pieces = path.split(".")
        for depth in range(1, len(pieces) + 1):
            first.setdefault(".".join(pieces[:depth]), len(first))

    def place(part: list[Any]) -> tuple[tuple[int, int], ...]:
        pieces = part[0].split(".")
        keys = [(1, first[".".join(pieces[:depth])]) for depth in range(1, len(pieces) + 1)]
        if part[1] == "parameter":
            keys[-1] = (0, keys[-1][1])
        return tuple(keys)

    return sorted(parts, key=place)


def _parameters(path: str, kind: str, shape: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
    if kind == "parameter":
        return [(path, tuple(shape))]
    if kind == "conv":
        return [(f"{path}.weight", (shape[0], shape[1], shape[2], shape[2])), (f"{path}.bias", (shape[0],))]
    rest = [(f"{path}.bias", (shape[0],))] if kind in ("norm", "linear_with_bias") else []
    return [(f"{path}.weight", tuple(shape)), *rest]


def model_scenario(
    entry: str,
    family: str,
    about: str,
    parts: list[list[Any]],
    tied: Sequence[list[str]] = (),
    frozen: Sequence[str] = (),
    equal: Sequence[list[str]] = (),
    device: str = "cpu",
    **usage: Sequence[str],
) -> Scenario:
    """A scenario of the model_parts player. equal: pairs of parameters with the same numbers, which are not tied. usage:
    modules that are "evaluated", parameters "with_gradient"."""
    program = {"entry": entry, "parts": parts, "tied": list(tied), "frozen": list(frozen), **usage}
    program |= {"equal": list(equal), "device": device}
    size = len(parts_of(Scenario(family, "model_parts", program, 0, about))) + EXTRAS
    return Scenario(family, "model_parts", program, size, about)
