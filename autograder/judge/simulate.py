"""Plays an optimizer scenario with a rule instead of a student's class: the trajectory that evidence must equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.judge.contract import Contract, Raises
from autograder.judge.evidence import Expected, Scenario
from autograder.judge.rule import Quantities, Rule
from autograder.judge.variants import Variant
from autograder.worker.codes import ErrorCode

EXTRAS = 6
RTOL = 1e-5
ULP = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}
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
    return int(sum(np.prod(shape, dtype=int) for shape in shapes))


Observer = Callable[[int, int, Quantities], None]
"""Called after each update with the step (from 0), the parameter's number and every quantity of its update."""


def simulate(rule: Rule, variant: Variant, scenario: Scenario, observe: Observer | None = None) -> Expected:
    """The evidence that a program following `variant` would bring back for `scenario`."""
    with np.errstate(all="ignore"):
        return _Run(rule, variant, scenario, observe).play()


class _Run:
    def __init__(self, rule: Rule, variant: Variant, scenario: Scenario, observe: Observer | None = None):
        self.observe = observe
        self.rule, self.scenario, self.program = rule, scenario, scenario.program
        self.variant, self.contract = variant, Contract(variant)
        self.plan = rule.plan(variant)
        self.shapes = self.program["shapes"]
        self.params = [
            np.array(v, dtype=float).reshape(s) for v, s in zip(self.program["init"], self.shapes, strict=True)
        ]
        self.views = [param.copy() for param in self.params]
        self.grads: list[np.ndarray | None] = [None] * len(self.params)
        self.moved = [np.zeros_like(param) for param in self.params]
        self.shared: dict[Any, dict[str, Any]] = {}
        self.done: dict[int, Quantities] = {}
        self.closure_calls, self.closure_value, self.curvature = 0.0, np.nan, 0.0
        self.frames: list[np.ndarray] = []
        self.tolerances: list[np.ndarray] = []

    def play(self) -> Expected:
        values = np.full(self.scenario.size, np.nan)
        tolerance = np.zeros(self.scenario.size)
        raised: int | None = None
        codes: tuple[ErrorCode, ...] = ()
        for index, event in enumerate([["build"], *self.program["events"]]):
            try:
                self._do(event)
            except Raises as error:
                raised, codes = index, error.codes
                break
        if self.frames:
            flat = np.concatenate(self.frames)
            values[: flat.size] = flat
            tolerance[: flat.size] = np.concatenate(self.tolerances)
        width = frame_width(self.shapes)
        ignored = np.zeros(self.scenario.size, dtype=bool)
        ignored[width - 1 :: width] = True  # how much state a program keeps is its own business, unless a check asks
        return Expected(values, tolerance, raised, ignored, errors=codes)

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
        instance = self.instances[which]
        order = [i for group in instance.groups for i in group["params"]]
        for i, grad in zip(order, grads, strict=True):
            self.grads[i] = None if grad is None else np.array(grad, dtype=float).reshape(self.shapes[i])
        self._update(which)
        self._record()

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
        for group, i, grad in self.contract.visit(self, instance):
            hyper = self.contract.hyper(instance, group)
            slot = self.contract.slot(which, instance, i, self.shapes[i])
            store = self.shared if self.contract.keeps_state_on_the_class else instance.state
            state = store.setdefault(slot, self.rule.fresh_state(self.params[i], self.variant))
            t = self.contract.clock(instance, slot)
            try:
                done = self.rule.update(self.plan, self.params[i], grad, state, t, hyper)
                new = np.broadcast_to(np.asarray(done.param, dtype=float), self.params[i].shape).copy()
            except ValueError:  # another parameter's state has a shape that does not fit
                raise Raises(ErrorCode.RUNTIME) from None
            move = np.abs(new - self.params[i])
            self.moved[i] = self.moved[i] + (np.sqrt(np.mean(move**2)) if self.rule.mixes else move)
            self.done[i] = done
            if self.observe:
                self.observe(len(self.frames), i, done)
            self.contract.write(self, i, new)
        self.contract.after(self, [i for group in instance.groups for i in group["params"]])

    def _record(self) -> None:
        dtype = self.program.get("dtype", "float64")
        unit, coarse = ULP[dtype], self.rule.coarse.get(dtype, COARSE[dtype])
        tight = self.program.get("rtol", RTOL)
        params, views, moved = _flat(self.params), _flat(self.views), _flat(self.moved)
        grads = _flat(
            [np.full(p.shape, np.nan) if g is None else g for p, g in zip(self.params, self.grads, strict=True)]
        )
        steps = len(self.frames) + 1
        slack = (tight + coarse) * moved + 4 * steps * unit * np.maximum(np.abs(params), moved)
        value = self.closure_value
        extras = np.array([self.contract.graph, 0.0, 0.0, self.closure_calls, value, np.nan])
        extra_slack = np.array([0.0, 0.0, 0.0, 0.0, (1e-6 + coarse) * abs(value) if np.isfinite(value) else 0.0, 0.0])
        self.frames.append(np.concatenate([params, views, grads, extras]))
        grad_slack = (tight + coarse if self.contract.changes_gradients else 1e-12) * np.abs(
            np.nan_to_num(grads)
        ) + self.curvature * np.nan_to_num(slack, posinf=0.0)
        self.tolerances.append(np.concatenate([slack, slack, grad_slack, extra_slack]))


def _flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])
