"""Plays an optimizer scenario with a rule instead of a student's class: the trajectory that evidence must equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np

from autograder.judge.contract import Contract, Raises
from autograder.judge.evidence import Expected, Scenario, near
from autograder.judge.rule import Quantities, Rule
from autograder.judge.variants import Variant
from autograder.worker.codes import ErrorCode

EXTRAS = 6
RTOL = 1e-5
ULP = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}
RUNAWAY = 1e6
"""A float32 run whose parameters are larger diverges, and its rounding errors with it: nobody can predict where it goes."""
COARSE = {"float64": 0.0, "float32": 2e-4, "bfloat16": 0.06, "float16": 0.01}
"""Per dtype, the error relative to the updates that arithmetic in that dtype may add."""


@dataclass
class Instance:
    """One simulated optimizer: its groups (hyperparameters and parameter numbers), its state by slot, its clocks."""

    groups: list[dict[str, Any]]
    built_with: list[dict[str, Any]]
    kwargs: dict[str, Any]
    defaults: dict[str, Any]
    state: dict[Any, dict[str, Any]] = field(default_factory=dict)
    clocks: dict[Any, int] = field(default_factory=dict)


def frame_width(shapes: list[list[int]]) -> int:
    """Numbers per step: parameters three times (as seen, as an old view sees them, gradients) and the extras."""
    return 3 * numel(shapes) + EXTRAS


def numel(shapes: list[list[int]]) -> int:
    """Elements of all parameters together."""
    return sum(prod(shape) for shape in shapes)


def tiled(shapes: list[list[int]], tiles: int) -> list[list[int]]:
    """The shapes of parameters whose numbers are repeated so often, along their first dimension."""
    return [[tiles * shape[0], *shape[1:]] if shape else shape for shape in shapes] if tiles > 1 else shapes


Observer = Callable[[int, int, Quantities], None]
"""Called after each update from one frame to the next with the frame (from 0), the parameter's number and every quantity of its update."""


def simulate(rule: Rule, variant: Variant, scenario: Scenario, observe: Observer | None = None) -> Expected:
    """The evidence that a program following `variant` would bring back for `scenario`."""
    with np.errstate(all="ignore"):
        return _Run(rule, variant, scenario, observe).play()


def differs(rule: Rule, variant: Variant, scenario: Scenario, values: np.ndarray, like: Expected | None = None) -> bool:
    """Whether parameters of a program following `variant` are seen to differ from those in `values`; it is played no
    further than the first such step. like: whose tolerance counts, where it is not this program's own."""
    with np.errstate(all="ignore"):
        return _Run(rule, variant, scenario, None).differs(values, like)


class _Run:
    def __init__(self, rule: Rule, variant: Variant, scenario: Scenario, observe: Observer | None = None):
        self.observe = observe
        self.rule, self.scenario, self.program = rule, scenario, scenario.program
        self.variant, self.contract = variant, Contract(variant)
        self.plan = rule.plan(variant)
        self.tiles = self.program.get("tiles", 1)
        self.shapes = tiled(self.program["shapes"], self.tiles)
        self.params = [
            np.array(v * self.tiles, dtype=float).reshape(s)
            for v, s in zip(self.program["init"], self.shapes, strict=True)
        ]
        self.views = [param.copy() for param in self.params]
        self.grads: list[np.ndarray | None] = [None] * len(self.params)
        self.moved = [np.zeros(param.shape) for param in self.params]
        self.shared: dict[Any, dict[str, Any]] = {}
        self.done: dict[int, Quantities] = {}
        self.closure_calls, self.closure_value, self.curvature = 0.0, np.nan, 0.0
        self.frames: list[_Frame] = []
        self.count, self.skipped, self.lost = 0, False, self.scenario.size
        self.raised: int | None = None
        self.codes: tuple[ErrorCode, ...] = ()
        self.dtype = dtype = self.program.get("dtype", "float64")
        self.unit, self.coarse = ULP[dtype], rule.coarse.get(dtype, COARSE[dtype])
        self.close = self.program.get("rtol", RTOL) + self.coarse

    def play(self) -> Expected:
        """Every event; where the program raises, the frames end."""
        for _ in self._steps():
            pass
        values, tolerance = self._written()
        width = frame_width(self.program["shapes"])
        ignored = np.zeros(self.scenario.size, dtype=bool)
        ignored[self.lost * width :] = True
        ignored[width - 1 :: width] = True  # how much state a program keeps is its own business, unless a check asks
        return Expected(values, tolerance, self.raised, ignored, errors=self.codes)

    def differs(self, values: np.ndarray, like: Expected | None) -> bool:
        """See the function of this name."""
        count, width = (measure(self.program["shapes"]) for measure in (numel, frame_width))
        for step in self._steps():
            if step >= self.lost:
                return False
            here = slice(step * width, step * width + count)
            mine, moved = (np.concatenate([self._tile(a) for a in arrays]) for arrays in (self.params, self.moved))
            slack = self._slack(mine, moved, self.count) if like is None else like.tolerance[here]
            if not near(values[here], mine, slack).all():
                return True
        return False

    def _steps(self) -> Iterator[int]:
        """Play, and stop after each frame; gives the number of the frame."""
        for index, event in enumerate([["build"], *self.program["events"]]):
            known = len(self.frames)
            try:
                self._do(event)
            except Raises as error:
                self.raised, self.codes = index, error.codes
                return
            if len(self.frames) > known:
                yield known

    def _do(self, event: list[Any]) -> None:
        kind, *rest = event
        if kind == "build":
            self.contract.build(self.program)
            self.instances = [self._build(instance) for instance in self.program["instances"]]
        elif kind == "set":
            which, group, name, value = rest
            self.instances[which].groups[group]["hyper"][name] = value
        elif kind == "reload":
            self._reload(rest[0])
        elif kind == "step":
            self._step(*rest)
        elif kind == "unseen":
            self.skipped = True
            self._advance(*rest)
        elif kind == "closure":
            self._closure(*rest)

    def _build(self, spec: dict[str, Any]) -> Instance:
        names = list(self.rule.hyper)
        given = {**dict(zip(names, spec.get("args", []), strict=False)), **spec.get("kwargs", {})}
        defaults = {**self.contract.defaults(dict(self.rule.hyper)), **given}
        groups = [{"params": g["params"], "hyper": {**defaults, **g["hyper"]}} for g in spec["groups"]]
        built = [{"params": g["params"], "hyper": dict(g["hyper"])} for g in groups]
        return Instance(groups, built, given, defaults)

    def _reload(self, which: int) -> None:
        instance = self.instances[which]
        fresh = self._build(self.program["instances"][which])
        self.contract.reload(instance, fresh)
        for group in fresh.groups:
            for i in group["params"]:
                self.params[i] = self.params[i].copy()
                self.views[i] = self.params[i].copy()
        self.instances[which] = fresh

    def _step(self, which: int, grads: list[Any]) -> None:
        self._advance(which, grads)
        self._record()

    def _advance(self, which: int, grads: list[Any]) -> None:
        instance = self.instances[which]
        order = [i for group in instance.groups for i in group["params"]]
        for i, grad in zip(order, grads, strict=True):
            self.grads[i] = None if grad is None else np.array(grad * self.tiles, dtype=float).reshape(self.shapes[i])
        self._update(which)

    def _closure(self, which: int, targets: list[Any], curvature: float) -> None:
        instance = self.instances[which]
        order = [i for group in instance.groups for i in group["params"]]
        goal = {i: np.array(t, dtype=float).reshape(self.shapes[i]) for i, t in zip(order, targets, strict=True)}
        for i in order:
            self.grads[i] = None

        def closure() -> float:
            self.closure_calls += 1
            for i in order:
                self.grads[i] = curvature * (self.params[i] - goal[i])
            return float(sum(0.5 * curvature * np.sum((self.params[i] - goal[i]) ** 2) for i in order))

        self.closure_calls, self.curvature = 0.0, curvature
        self.closure_value = self.contract.closure(closure, lambda: self._update(which))
        self._record()

    def _update(self, which: int) -> None:
        instance = self.instances[which]
        self.contract.tick(instance)
        self.count += 1
        for group, i, grad in self.contract.visit(self, instance):
            hyper = self.contract.hyper(instance, group)
            slot = self.contract.slot(which, instance, i, self.shapes[i])
            store = self.shared if self.contract.keeps_state_on_the_class else instance.state
            if slot not in store:
                store[slot] = self.rule.fresh_state(self.params[i], self.variant)
            state = store[slot]
            t = self.contract.clock(instance, slot)
            try:
                done = self.rule.update(self.plan, self.params[i], grad, state, t, hyper)
                new = np.array(done.param, dtype=float)
                if new.shape != self.params[i].shape:
                    new = np.broadcast_to(new, self.params[i].shape).copy()
            except ZeroDivisionError:  # by a learning rate of zero
                raise Raises() from None
            except ValueError:  # another parameter's state has a shape that does not fit
                raise Raises(ErrorCode.RUNTIME) from None
            move = np.abs(new - self.params[i])
            self.moved[i] = self.moved[i] + (np.sqrt(np.mean(move**2)) if self.rule.mixes else move)
            self.done[i] = done
            if self.observe and not self.skipped:
                self.observe(len(self.frames), i, done)
            self.contract.write(self, i, new)
        self.contract.after(self, [i for group in instance.groups for i in group["params"]])

    def _record(self) -> None:
        arrays = [None if a is None else self._tile(a) for a in (*self.params, *self.views, *self.moved, *self.grads)]
        self.frames.append(_Frame(arrays, self.closure_calls, self.closure_value, self.curvature, self.count))
        self.skipped = False
        if self.dtype == "float32" and not max(np.abs(param).max() for param in self.params) < RUNAWAY:
            self.lost = min(self.lost, len(self.frames) - 1)

    def _written(self) -> tuple[np.ndarray, np.ndarray]:
        """All frames as one row of numbers, and how far each may be off; NaN behind the last one."""
        values, tolerance = np.full(self.scenario.size, np.nan), np.zeros(self.scenario.size)
        if not self.frames:
            return values, tolerance
        shapes = self.program["shapes"]
        steps, count, size = len(self.frames), numel(shapes), frame_width(shapes)
        none = [np.full(shape, np.nan) for shape in shapes] * 4
        flat = [
            (n if a is None else a).ravel() for frame in self.frames for a, n in zip(frame.arrays, none, strict=True)
        ]
        params, views, moved, grads = np.concatenate(flat).reshape(steps, 4, count).swapaxes(0, 1)
        calls, value, curvature, number = (np.array([frame[kind] for frame in self.frames]) for kind in (1, 2, 3, 4))
        frames, slack = (row[: steps * size].reshape(steps, size) for row in (values, tolerance))
        for column, written in enumerate((params, views, grads)):
            frames[:, column * count : (column + 1) * count] = written
        frames[:, -EXTRAS:] = 0.0
        frames[:, -EXTRAS], frames[:, -3], frames[:, -2], frames[:, -1] = self.contract.graph, calls, value, np.nan
        slack[:, :count] = slack[:, count : 2 * count] = self._slack(params, moved, number[:, None])
        slack[:, 2 * count : -EXTRAS] = (self.close if self.contract.changes_gradients else 1e-12) * np.abs(
            np.nan_to_num(grads)
        )
        if curvature.any():
            slack[:, 2 * count : -EXTRAS] += curvature[:, None] * np.nan_to_num(slack[:, :count], posinf=0.0)
        slack[:, -2] = np.where(np.isfinite(value), (1e-6 + self.coarse) * np.abs(value), 0.0)
        return values, tolerance

    def _tile(self, array: np.ndarray) -> np.ndarray:
        """The numbers of an array; of one that repeats them, those that are repeated."""
        return array.ravel()[: array.size // self.tiles or 1]

    def _slack(self, params: np.ndarray, moved: np.ndarray, steps: Any) -> np.ndarray:
        """How far parameters may be off after so many steps: relative to their moves, and by the rounding of their sizes."""
        return self.close * moved + 4 * steps * self.unit * np.maximum(np.abs(params), moved)


class _Frame(NamedTuple):
    """What is noted after a step. arrays: all parameters, views, distances moved and gradients, one after the other.
    curvature: of a closure's loss, else 0. number: steps so far, those without a frame too."""

    arrays: list[np.ndarray | None]
    closure_calls: float
    closure_value: float
    curvature: float
    number: int
