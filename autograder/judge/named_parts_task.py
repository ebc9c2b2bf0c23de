"""A task with a player of its own: what comes back is a few named parts, worked out by a formula of named steps.

For things that are neither an optimizer nor a pure function of plain arguments, such as a function that changes
gradients. A scenario's program holds the arguments of the formula under their own names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.function_task import Formula
from autograder.judge.slack import COARSE, RTOL
from autograder.judge.variants import Bank, Variant
from autograder.worker.codes import GRADIENTS_OFF, GRADIENTS_ON, SETTINGS_CHANGED, Status

Drawn = tuple[str, str, dict[str, Any], str]
"""A scenario as a bank draws it: family, player, program, about."""

CALL = 1
"""The event in which a player calls the student's function; before it, the player only prepares."""
SAID_OF_SETTINGS = {
    GRADIENTS_OFF: "After your call gradients are still switched off: the next loss.backward() fails.",
    GRADIENTS_ON: "Called under torch.no_grad(), it leaves gradients switched on.",
    SETTINGS_CHANGED: "After your call one of torch's global settings is another (default dtype, anomaly detection, "
    "threads, precision of products and the like). Whatever else runs feels that.",
}
"""What is said of a kind that stands for a setting."""


@dataclass(frozen=True)
class Seen:
    """One scenario as `explain` reads it: each part as the student left it, as it should be, and where it agrees."""

    mine: Mapping[str, np.ndarray]
    right: Mapping[str, np.ndarray]
    fine: Mapping[str, np.ndarray]
    scenario: Scenario

    def wrong(self, part: str) -> bool:
        """Whether a part differs."""
        return not self.fine[part].all()


@dataclass(frozen=True)
class NamedPartsTask:
    """What a maintainer writes beside a formula and a bank.

    formula: its last step gives a dict, part → array, and as "rtol" what a variant leaves open; a step may raise Raises.
    draw: a generator → scenarios. layout: program → {part: size}, in the
    order in which the player writes them. path: the parts that decide which convention is recognised. exact: parts
    without tolerance. ignored: scenario → the parts that may be anything. say: Seen → a difference in words. ready_made:
    what torch has for the same purpose, as dotted names; using it is flagged.
    """

    tries_every_pair: ClassVar[bool] = True

    id: str
    module: str
    formula: Formula
    bank: Bank
    draw: Callable[[np.random.Generator], list[Drawn]]
    layout: Callable[[dict[str, Any]], dict[str, int]]
    path: tuple[str, ...]
    say: Callable[[Seen], str]
    exact: tuple[str, ...] = ()
    ignored: Callable[[dict[str, Any]], Mapping[str, Any]] = field(default=lambda program: {})
    ready_made: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.formula.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed; their sizes follow from the layout."""
        drawn = self.draw(np.random.default_rng([seed, *self.id.encode()]))
        return [self._scenario(*item) for item in drawn]

    def _scenario(self, family: str, player: str, program: dict[str, Any], about: str) -> Scenario:
        whole = {"entry": self.formula.entry, **program}
        return Scenario(family, player, whole, sum(self.layout(whole).values()), about)

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What a program that follows `variant` brings back."""
        layout = self.layout(scenario.program)
        arguments = {name: scenario.program.get(name, default) for name, default in self.formula.signature.items()}
        try:
            with np.errstate(all="ignore"):
                parts = self.formula.value(self.formula.plan(variant), arguments)
        except Raises as error:
            return Expected(np.full(scenario.size, np.nan), np.zeros(scenario.size), CALL, errors=error.codes)
        values = np.concatenate([_flat(parts[name], size) for name, size in layout.items()])
        more = float(parts.get("rtol", 0.0))
        slack = np.concatenate([self._slack(name, _flat(parts[name], layout[name]), scenario, more) for name in layout])
        anything = self.ignored(scenario.program)
        ignored = np.concatenate([np.broadcast_to(anything.get(name, False), size) for name, size in layout.items()])
        return Expected(values, slack, None, ignored)

    def _slack(self, name: str, values: np.ndarray, scenario: Scenario, more: float) -> np.ndarray:
        """Relative to each number, with a little for rounding of the largest."""
        if name in self.exact:
            return np.zeros(values.size)
        size = np.abs(np.where(np.isfinite(values), values, 0.0))
        relative = more + scenario.program.get("rtol", RTOL) + COARSE[scenario.program.get("dtype", "float64")]
        return np.asarray(relative * (size + scenario.program.get("cancels", 1e-6) * size.max(initial=0.0)))

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Mask of a part by its name; "path" for those that decide, "all" for all."""
        if name == "all":
            return np.ones(scenario.size, dtype=bool)
        chosen = self.path if name == "path" else (name,)
        layout = self.layout(scenario.program)
        return np.concatenate([np.full(size, part in chosen) for part, size in layout.items()])

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """Nothing where an exception ended the scenario, else everything."""
        return np.full(scenario.size, evidence.status == Status.OK)

    def split(self, values: np.ndarray, scenario: Scenario) -> dict[str, np.ndarray]:
        """Numbers by part."""
        layout = self.layout(scenario.program)
        pieces = np.split(values, np.cumsum(list(layout.values()))[:-1])
        return dict(zip(layout, pieces, strict=True))

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """What can be said about a difference from the numbers alone."""
        context = f" ({scenario.about})" if scenario.about else ""
        if evidence.raised:
            return f"{self.formula.entry}{context} raised {evidence.text}."
        fine = self.split(close(evidence.values, expected), scenario)
        seen = Seen(self.split(evidence.values, scenario), self.split(expected.values, scenario), fine, scenario)
        return self.say(seen)


def _flat(value: Any, size: int) -> np.ndarray:
    """A part as `size` numbers; NaN where a variant leaves something else."""
    flat = np.ravel(np.asarray(value, dtype=float))
    return flat if flat.size == size else np.full(size, np.nan)
