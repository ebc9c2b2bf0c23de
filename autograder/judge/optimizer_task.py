"""An optimizer as a task: its rule, its bank, and the scenarios every optimizer has to go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.right_elsewhere import Failure, right_elsewhere
from autograder.judge.rounding import representable
from autograder.judge.rule import Rule
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.simulate import frame_width, numel, simulate
from autograder.judge.size_scenarios import size_scenarios
from autograder.judge.slack import is_long
from autograder.judge.standard_scenarios import standard_scenarios
from autograder.judge.usage_scenarios import flat, usage_scenarios
from autograder.judge.variants import CANONICAL, Bank, Variant

Draw = Callable[[np.random.Generator], Any]
SHAPES: list[list[int]] = [[3], [2, 3], [3], []]


def between(low: float, high: float) -> Draw:
    """Uniform in [low, high], kept to four digits so that messages can show it."""
    return lambda rng: round(float(rng.uniform(low, high)), 4)


def one_of(*values: Any) -> Draw:
    """One of the given values."""
    return lambda rng: values[int(rng.integers(len(values)))]


LEAST_DIRECTION = 0.1
"""The smallest singular value of a gradient, in units of the largest."""
NEARER = 0.1
"""How near a program has to be to what a mistake predicts for a long run, in units of what the mistake changes."""


@dataclass(frozen=True)
class OptimizerTask:
    """What a maintainer writes for a new optimizer, beside its rule and its bank.

    draw: for each hyperparameter, the values scenarios use. features: hyperparameters that have an "off" value (such as
    weight_decay) and a scenario family of their own: name of the family → {hyperparameter: off value}. invalid:
    constructor arguments that must raise ValueError. shapes: of the parameters. extra: more scenarios. fixed:
    hyperparameters that nobody changes in the middle of a run. gradient_sizes: the smallest and the largest gradients tried. long:
    what the longest run draws otherwise.
    builds_on: earlier tasks whose modules this one may import.
    """

    id: str
    module: str
    rule: Rule
    bank: Bank
    draw: Mapping[str, Draw]
    features: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    invalid: Sequence[Mapping[str, Any]] = ()
    shapes: Sequence[Sequence[int]] = field(default_factory=lambda: SHAPES)
    extra: Callable[[Drawing], list[Scenario]] | None = None
    fixed: Sequence[str] = ("nesterov",)
    gradient_sizes: Sequence[float] = (1e-9, 1e12)
    long: Mapping[str, Draw] = field(default_factory=dict)
    builds_on: Sequence[str] = ()
    costly: ClassVar = True

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.rule.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        drawing = Drawing(self, np.random.default_rng([seed, *self.id.encode()]))
        found = standard_scenarios(drawing)
        found += self.extra(drawing) if self.extra else []
        return found + usage_scenarios(drawing) + size_scenarios(drawing)

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What a program that follows `variant` brings back."""
        if scenario.player == "constructor":
            return self._simulate_constructor(variant, scenario)
        expected = simulate(self.rule, variant, scenario)
        if variant.mistakes and is_long(scenario.program):
            right = simulate(self.rule, sum(variant.conventions, CANONICAL), scenario)
            return _much_nearer(expected, right)
        return expected

    def shortcuts(self, scenarios: Sequence[Scenario]) -> Shortcuts:
        """Quick answers, by single updates."""
        from autograder.judge.optimizer_shortcuts import OptimizerShortcuts

        return OptimizerShortcuts(self, scenarios)

    def _simulate_constructor(self, variant: Variant, scenario: Scenario) -> Expected:
        accepts = variant.steps.get("validation", lambda kwargs, invalid: not invalid)
        values = [
            0.0 if accepts(kwargs, invalid) else 1.0
            for kwargs, invalid in zip(scenario.program["attempts"], scenario.program["invalid"], strict=True)
        ]
        return Expected(np.array(values), np.zeros(len(values)))

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Which numbers of a scenario belong to a part: "path" (parameters over time), "views", "gradients", "flags",
        "closure", "all". A closure computes gradients itself; constructors leave nothing but a "path"."""
        if scenario.player != "optimizer":
            return np.full(scenario.size, name in ("path", "all"))
        if name == "gradients" and scenario.has_closures:
            return np.zeros(scenario.size, dtype=bool)
        count = numel(scenario.program["shapes"])
        column = np.arange(scenario.size) % frame_width(scenario.program["shapes"])
        extras = 3 * count
        return {
            "path": column < count,
            "views": (column >= count) & (column < 2 * count),
            "gradients": (column >= 2 * count) & (column < extras),
            "flags": (column >= extras) & (column < extras + 3),
            "closure": (column >= extras + 3) & (column < extras + 5),
            "all": np.ones(scenario.size, dtype=bool),
        }[name]

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """The numbers a scenario wrote before an exception ended it: its whole frames."""
        if scenario.player != "optimizer":
            return ~np.isnan(evidence.values)
        width = frame_width(scenario.program["shapes"])
        events = (
            scenario.program["events"][: max(evidence.event - 1, 0)] if evidence.raised else scenario.program["events"]
        )
        frames = sum(event[0] in ("step", "closure") for event in events)
        return np.arange(scenario.size) < frames * width

    def right_elsewhere(self, wrong: Mapping[int, tuple[Evidence, Expected]], scenarios: Sequence[Scenario]) -> str:
        """Where a program that is wrong in these scenarios is right."""
        from autograder.judge.defaults_in_words import other_default

        if wrong and all(scenarios[i].family == "defaults" for i in wrong):
            return other_default(self, [(scenarios[i], *pair) for i, pair in wrong.items()])
        failures = {i: self._failure(scenarios[i], *pair) for i, pair in wrong.items()}
        return right_elsewhere(scenarios, failures, self.features, self.rule.hyper)

    def _failure(self, scenario: Scenario, evidence: Evidence, expected: Expected) -> Failure:
        """The first event at which evidence differs, and the parameters that do; all of them where something else does."""
        everything = frozenset(range(len(scenario.program["shapes"])))
        if scenario.player != "optimizer":
            return Failure(0, everything)
        if evidence.raised:
            return Failure(max(evidence.event - 1, 0), everything)
        fine = close(evidence.values, expected).reshape(-1, frame_width(scenario.program["shapes"]))
        step = int(np.argmin(fine.all(axis=1)))
        steps = [number for number, event in enumerate(scenario.program["events"]) if event[0] in ("step", "closure")]
        edges = np.cumsum([0, *(np.prod(shape, dtype=int) for shape in scenario.program["shapes"])])
        params = frozenset(i for i in everything if not fine[step, edges[i] : edges[i + 1]].all())
        return Failure(steps[step], params or everything)

    def says_little(self, scenario: Scenario) -> bool:
        """A single step from an empty state: many mistakes look alike there."""
        return scenario.player == "optimizer" and len(scenario.program["events"]) == 1

    def curves(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """Length of the whole update at each step."""
        if scenario.player != "optimizer":
            return np.zeros(0)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(np.sqrt((self.moves(values, scenario) ** 2).sum(axis=1)))[_single_steps(scenario)]

    def curve_labels(self, scenario: Scenario) -> tuple[str, str, str]:
        """Title, x label, y label."""
        every = bool(_single_steps(scenario).all())
        return (
            f"Length of your updates: {scenario.about}",
            "step" if every else "step looked at",
            "length of the update",
        )

    def path(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """Parameters over time, shape (steps, numbers), of evidence or expectation."""
        width = frame_width(scenario.program["shapes"])
        return values.reshape(-1, width)[:, : numel(scenario.program["shapes"])]

    def before(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """What the parameters were before each step, of the shape of `path`."""
        start = np.concatenate([np.asarray(init, dtype=float) for init in scenario.program["init"]])
        found = np.vstack([start, self.path(values, scenario)])[_came_from(scenario.program["events"])]
        edges = np.cumsum([0, *(np.prod(shape, dtype=int) for shape in scenario.program["shapes"])])
        for frame, number, assigned in _assigned(scenario.program["events"]):
            found[frame, edges[number] : edges[number + 1]] = assigned
        return found

    def moves(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """How far each step moved the parameters, of the shape of `path`."""
        return self.path(values, scenario) - self.before(values, scenario)

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """What can be said about a difference from the numbers alone."""
        from autograder.judge.explain import explain_run

        return explain_run(self, evidence, expected, scenario)


def _much_nearer(expected: Expected, right: Expected) -> Expected:
    """What a mistake predicts for a long run, where it may enlarge rounding errors: still nearer to that than to the rule."""
    apart = NEARER * np.abs(expected.values - right.values)
    most = np.where(np.isfinite(apart), np.maximum(apart, right.tolerance), np.inf)
    return replace(expected, tolerance=np.minimum(expected.tolerance, most))


def _single_steps(scenario: Scenario) -> np.ndarray:
    """Per frame, whether it is one step after the frame before it."""
    kinds = ["step", *(event[0] for event in scenario.program["events"] if event[0] != "set")]
    return np.array([before != "unseen" for before, kind in pairwise(kinds) if kind in ("step", "closure")])


class Drawing:
    """Draws scenarios for one task from one generator."""

    def __init__(self, task: OptimizerTask, rng: np.random.Generator):
        self.task, self.rng = task, rng

    def hyper(self, *on: str) -> dict[str, Any]:
        """Hyperparameters with the named features switched on and the others off."""
        drawn = {name: draw(self.rng) for name, draw in self.task.draw.items()}
        for feature, off in self.task.features.items():
            if feature not in on:
                drawn.update(off)
        return drawn

    def all_on(self) -> dict[str, Any]:
        """Hyperparameters with every feature switched on."""
        return self.hyper(*self.task.features)

    def values(self, shape: Sequence[int], low: float = 0.3, high: float = 1.7) -> np.ndarray:
        """Numbers of both signs, away from zero."""
        sizes = self.rng.uniform(low, high, size=tuple(shape))
        return np.asarray(sizes * self.rng.choice([-1.0, 1.0], size=tuple(shape)))

    def grads(self, shapes: Sequence[Sequence[int]], scale: float = 1.0, dtype: str = "float64") -> list[Any]:
        """One gradient for each parameter."""
        return [flat(representable(scale * self.gradient(shape), dtype)) for shape in shapes]

    def gradient(self, shape: Sequence[int]) -> np.ndarray:
        """One gradient. Where a rule mixes, no direction of a matrix is so small that its rounding would turn the update."""
        while True:
            drawn = self.values(shape)
            if not self.task.rule.mixes or drawn.ndim != 2:
                return drawn
            sizes = np.linalg.svd(drawn, compute_uv=False)
            if sizes[-1] > LEAST_DIRECTION * sizes[0]:
                return drawn

    def steps(self, count: int, shapes: Sequence[Sequence[int]], which: int = 0, **kinds: Any) -> list[list[Any]]:
        """`count` step events."""
        return [["step", which, self.grads(shapes, **kinds)] for _ in range(count)]

    def run(
        self,
        family: str,
        about: str,
        instances: list[dict[str, Any]],
        events: list[list[Any]],
        shapes: Sequence[Sequence[int]] | None = None,
        **program: Any,
    ) -> Scenario:
        """A scenario of the optimizer player; frames are counted from its events."""
        sizes = [list(shape) for shape in (shapes or self.task.shapes)]
        dtype = program.get("dtype", "float64")
        if "init" not in program:
            program["init"] = [flat(representable(self.values(shape), dtype)) for shape in sizes]
        frames = sum(event[0] in ("step", "closure") for event in events)
        whole = {"entry": self.task.rule.entry, "shapes": sizes, "instances": instances, "events": events, **program}
        return Scenario(family, "optimizer", whole, frames * frame_width(sizes), about)

    def one_group(self, hyper: Mapping[str, Any], count: int, **more: Any) -> list[dict[str, Any]]:
        """An optimizer over `count` parameters in one group, its hyperparameters given as keywords."""
        return [{"groups": [{"params": list(range(count)), "hyper": {}}], "kwargs": dict(hyper), **more}]


def _assigned(events: list[list[Any]]) -> list[tuple[int, int, list[float]]]:
    """Parameters that something else than the optimizer wrote: the frame that follows, their number, their values."""
    found, frames = [], 0
    for event in events:
        if event[0] == "assign":
            found.append((frames, event[1], event[2]))
        frames += event[0] in ("step", "closure")
    return found


def _came_from(events: list[list[Any]]) -> list[int]:
    """For each frame, the number of the one that its step started from, counted from 1; 0 is the start."""
    found: list[int] = []
    now = saved = 0
    for event in events:
        if event[0] == "save":
            saved = now
        elif event[0] == "restore":
            now = saved
        elif event[0] in ("step", "closure"):
            found.append(now)
            now = len(found)
    return found
