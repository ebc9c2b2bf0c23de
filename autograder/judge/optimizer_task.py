"""An optimizer as a task: its rule, its bank, and the scenarios every optimizer has to go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario
from autograder.judge.rounding import representable
from autograder.judge.rule import Rule
from autograder.judge.simulate import frame_width, numel, simulate
from autograder.judge.variants import Bank, Variant

Draw = Callable[[np.random.Generator], Any]
MANY = 60
SHAPES: list[list[int]] = [[3], [2, 3], [3], []]


def between(low: float, high: float) -> Draw:
    """Uniform in [low, high], kept to four digits so that messages can show it."""
    return lambda rng: round(float(rng.uniform(low, high)), 4)


def one_of(*values: Any) -> Draw:
    """One of the given values."""
    return lambda rng: values[int(rng.integers(len(values)))]


@dataclass(frozen=True)
class OptimizerTask:
    """What a maintainer writes for a new optimizer, beside its rule and its bank.

    draw: for each hyperparameter, the values scenarios use. features: hyperparameters that have an "off" value (such as
    weight_decay) and a scenario family of their own: name of the family → {hyperparameter: off value}. invalid:
    constructor arguments that must raise ValueError. shapes: of the parameters. extra: more scenarios. fixed:
    hyperparameters that nobody changes in the middle of a run. gradient_sizes: the smallest and the largest gradients tried.
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
    gradient_sizes: Sequence[float] = (1e-9, 1e6)
    builds_on: Sequence[str] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.rule.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        drawing = Drawing(self, np.random.default_rng([seed, *self.id.encode()]))
        found = standard_scenarios(drawing)
        return found + (self.extra(drawing) if self.extra else [])

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What a program that follows `variant` brings back."""
        if scenario.player == "constructor":
            return self._simulate_constructor(variant, scenario)
        return simulate(self.rule, variant, scenario)

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
        if name == "gradients" and scenario.family == "closure":
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

    def says_little(self, scenario: Scenario) -> bool:
        """A single step from an empty state: many mistakes look alike there."""
        return scenario.player == "optimizer" and len(scenario.program["events"]) == 1

    def curves(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """Length of the whole update at each step."""
        if scenario.player != "optimizer":
            return np.zeros(0)
        start = np.concatenate([np.asarray(init, dtype=float) for init in scenario.program["init"]])
        with np.errstate(invalid="ignore", over="ignore"):
            moves = np.diff(np.vstack([start, self.path(values, scenario)]), axis=0)
            return np.asarray(np.sqrt((moves**2).sum(axis=1)))

    def curve_labels(self, scenario: Scenario) -> tuple[str, str, str]:
        """Title, x label, y label."""
        return f"Length of your updates: {scenario.about}", "step", "length of the update"

    def path(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """Parameters over time, shape (steps, numbers), of evidence or expectation."""
        width = frame_width(scenario.program["shapes"])
        return values.reshape(-1, width)[:, : numel(scenario.program["shapes"])]

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """What can be said about a difference from the numbers alone."""
        from autograder.judge.explain import explain_run

        return explain_run(self, evidence, expected, scenario)


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
        return [_flat(representable(scale * self.values(shape), dtype)) for shape in shapes]

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
            program["init"] = [_flat(representable(self.values(shape), dtype)) for shape in sizes]
        frames = sum(event[0] in ("step", "closure") for event in events)
        whole = {"entry": self.task.rule.entry, "shapes": sizes, "instances": instances, "events": events, **program}
        return Scenario(family, "optimizer", whole, frames * frame_width(sizes), about)

    def one_group(self, hyper: Mapping[str, Any], count: int, **more: Any) -> list[dict[str, Any]]:
        """An optimizer over `count` parameters in one group, its hyperparameters given as keywords."""
        return [{"groups": [{"params": list(range(count)), "hyper": {}}], "kwargs": dict(hyper), **more}]


def _flat(values: np.ndarray) -> list[float]:
    return [float(v) for v in np.ravel(values)]


def standard_scenarios(d: Drawing) -> list[Scenario]:
    """The families every optimizer goes through."""
    found = [*_first_steps(d), *_long_runs(d), *_feature_runs(d), _groups(d), _schedule(d), *_no_gradient(d)]
    found.append(_many_steps(d))
    found += [_reload(d), _instances(d), _closure(d), *_dtypes(d), *_extremes(d), *_signatures(d), *_together(d)]
    return found + _invalid(d)


def _first_steps(d: Drawing) -> list[Scenario]:
    shapes = d.task.shapes[:2]
    return [
        d.run("first_step", "", d.one_group(d.hyper(), 2, form="list"), d.steps(1, shapes), shapes) for _ in range(2)
    ]


def _long_runs(d: Drawing) -> list[Scenario]:
    return [
        d.run("steps", "", d.one_group(d.hyper(), len(d.task.shapes), form=form), d.steps(6, d.task.shapes))
        for form in ("list", "generator")
    ]


def _many_steps(d: Drawing) -> Scenario:
    """Long enough for a count, a warmup or a limit that shows late. In float32, as training is, and of one parameter."""
    shapes = d.task.shapes[:1]
    events = d.steps(MANY, shapes, dtype="float32")
    return d.run("steps", f"a run of {MANY} steps", d.one_group(d.hyper(), 1), events, shapes, dtype="float32")


def _feature_runs(d: Drawing) -> list[Scenario]:
    return [
        d.run(
            feature,
            f"with {feature}",
            d.one_group(d.hyper(feature), len(d.task.shapes), form="list"),
            d.steps(5, d.task.shapes),
        )
        for feature in d.task.features
        for _ in range(2)
    ]


def _two_groups(d: Drawing, first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """The first group is built from keywords, the second sets all hyperparameters for itself."""
    half = (len(d.task.shapes) + 1) // 2
    rest = list(range(half, len(d.task.shapes)))
    return [
        {"groups": [{"params": list(range(half)), "hyper": {}}, {"params": rest, "hyper": second}], "kwargs": first}
    ]


def _groups(d: Drawing) -> Scenario:
    instances = _two_groups(d, d.hyper(), d.hyper())
    return d.run("groups", "two groups with different hyperparameters", instances, d.steps(4, d.task.shapes))


def _schedule(d: Drawing) -> Scenario:
    first, second = d.hyper(), d.hyper()
    events = d.steps(2, d.task.shapes)
    for group in (0, 1):
        events.append(["set", 0, group, "lr", d.task.draw["lr"](d.rng) * (0.3 + 0.4 * group)])
    events += d.steps(3, d.task.shapes)
    return d.run("schedule", "the learning rate changes after step 2", _two_groups(d, first, second), events)


def _no_gradient(d: Drawing) -> list[Scenario]:
    """One parameter without a gradient, in turn; then a gradient of zero."""
    count = len(d.task.shapes)
    events = d.steps(count + 2, d.task.shapes)
    for step in range(count):
        events[step][2][(step + 1) % count] = None
    events[count][2][0] = [0.0] * len(events[count][2][0])
    run = d.run("no_gradient", "one parameter in turn has no gradient", _two_groups(d, d.hyper(), d.hyper()), events)
    never = d.steps(3, d.task.shapes)
    for event in never:
        event[2][1] = None
    return [run, d.run("no_gradient", "one parameter never has a gradient", d.one_group(d.hyper(), count), never)]


def _reload(d: Drawing) -> Scenario:
    events = d.steps(3, d.task.shapes)
    events += [["set", 0, 1, "lr", d.task.draw["lr"](d.rng) * 0.5], ["reload", 0], *d.steps(3, d.task.shapes)]
    return d.run(
        "reload", "saved and loaded into a new optimizer after step 3", _two_groups(d, d.hyper(), d.hyper()), events
    )


def _instances(d: Drawing) -> Scenario:
    shapes = [*d.task.shapes[:2], *d.task.shapes[:2]]
    instances = [
        {"groups": [{"params": [0, 1], "hyper": {}}], "kwargs": d.hyper(), "form": "list"},
        {"groups": [{"params": [2, 3], "hyper": {}}], "kwargs": d.hyper(), "form": "list"},
    ]
    events = [d.steps(1, shapes[:2], which=step % 2)[0] for step in range(6)]
    return d.run("instances", "two optimizers side by side", instances, events, shapes)


def _closure(d: Drawing) -> Scenario:
    targets = [_flat(d.values(shape)) for shape in d.task.shapes]
    events = [["closure", 0, targets, round(float(d.rng.uniform(0.5, 1.5)), 3)] for _ in range(3)]
    return d.run("closure", "", d.one_group(d.hyper(), len(d.task.shapes), form="list"), events)


def _dtypes(d: Drawing) -> list[Scenario]:
    found = []
    for dtype in ("float32", "bfloat16"):
        hyper = d.one_group(d.hyper(), len(d.task.shapes), form="list")
        init = [representable(d.values(shape), dtype) for shape in d.task.shapes]
        events = d.steps(3, d.task.shapes, dtype=dtype)
        if dtype == "bfloat16":
            events = _of_one_sign(events, init)
        start = [_flat(values) for values in init]
        found.append(d.run("dtypes", f"{dtype} parameters", hyper, events, init=start, dtype=dtype))
    scalars = [shape for shape in d.task.shapes if not shape][:1]
    shapes = [[2, 3], [4, 2], *scalars]
    hyper = d.one_group(d.hyper(), len(shapes), form="list")
    layouts = ["transposed", "transposed", *["contiguous" for _ in scalars]]
    about = "transposed matrices and a scalar" if scalars else "transposed matrices"
    found.append(d.run("dtypes", about, hyper, d.steps(3, shapes), shapes, layouts=layouts))
    return found


def _extremes(d: Drawing) -> list[Scenario]:
    shapes = d.task.shapes
    found = []
    for scale in d.task.gradient_sizes:
        init = [_flat(np.zeros(shape)) for shape in shapes]
        events = d.steps(4, shapes, scale=scale)
        found.append(d.run("extremes", _gradients_of(scale), d.one_group(d.hyper(), len(shapes)), events, init=init))
    return found


def _gradients_of(size: float) -> str:
    return f"gradients of {size:.0e}".replace("e-0", "e-").replace("e+0", "e")


def _signatures(d: Drawing) -> list[Scenario]:
    """Defaults where nothing is given, and arguments by position."""
    count, required = len(d.task.shapes), {name: d.task.draw[name](d.rng) for name in d.task.rule.required}
    plain = [{"groups": [{"params": list(range(count)), "hyper": {}}], "kwargs": required, "form": "list"}]
    hyper = d.all_on()
    ordered = [hyper[name] for name in d.task.rule.hyper]
    by_place = [{"groups": [{"params": list(range(count)), "hyper": {}}], "args": ordered, "form": "list"}]
    return [
        d.run("defaults", "only the required arguments are given", plain, d.steps(4, d.task.shapes)),
        d.run("together", "arguments given by position", by_place, d.steps(4, d.task.shapes)),
    ]


def _together(d: Drawing) -> list[Scenario]:
    """Everything at once, so that parts which work alone are also right together."""
    count = len(d.task.shapes)
    events = d.steps(3, d.task.shapes)
    events[0][2][count - 1] = None
    events[2][2][0] = None
    events[1][2][1] = [0.0] * len(events[1][2][1])
    for group in (0, 1):
        for name in d.task.draw:
            if name not in d.task.fixed:
                events.append(["set", 0, group, name, d.all_on()[name]])
    events += [*d.steps(1, d.task.shapes), ["reload", 0], *d.steps(2, d.task.shapes)]
    return [
        _coarse(d),
        d.run(
            "together",
            "groups, missing gradients, new hyperparameters and a reload",
            _two_groups(d, d.all_on(), d.all_on()),
            events,
        )
    ]


def _of_one_sign(events: list[list[Any]], init: list[np.ndarray]) -> list[list[Any]]:
    """Gradients with the sign of their parameter, for low precision: where numbers cancel, what is left is rounding."""
    return [
        [kind, which, [_flat(np.copysign(grad, np.ravel(start))) for grad, start in zip(grads, init, strict=True)]]
        for kind, which, grads in events
    ]


def _coarse(d: Drawing) -> Scenario:
    """Everything on in bfloat16."""
    init = [representable(d.values(shape), "bfloat16") for shape in d.task.shapes]
    events = _of_one_sign(d.steps(2, d.task.shapes, dtype="bfloat16"), init)
    instances, about = _two_groups(d, d.all_on(), d.all_on()), "bfloat16 parameters, with everything on"
    return d.run("together", about, instances, events, init=[_flat(start) for start in init], dtype="bfloat16")


def _invalid(d: Drawing) -> list[Scenario]:
    """Invalid hyperparameters among valid ones, in random order."""
    if not d.task.invalid:
        return []
    attempts = [({**{n: d.task.draw[n](d.rng) for n in d.task.rule.required}, **bad}, True) for bad in d.task.invalid]
    attempts += [(d.all_on(), False) for _ in range(3)]
    order = d.rng.permutation(len(attempts))
    program = {
        "entry": d.task.rule.entry,
        "attempts": [attempts[i][0] for i in order],
        "invalid": [attempts[i][1] for i in order],
        "shapes": [list(next((shape for shape in d.task.shapes if len(shape) == 2), [2]))] * len(attempts),
    }
    return [Scenario("invalid", "constructor", program, len(attempts), "invalid hyperparameters")]
