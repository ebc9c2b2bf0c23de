"""Plays an optimizer scenario with a rule instead of a student's class: the trajectory that evidence must equal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

import numpy as np

from autograder.judge.contract import Contract, Raises
from autograder.judge.evidence import Expected, Scenario
from autograder.judge.rule import Quantities, Rule
from autograder.judge.slack import Look, Slack, apart
from autograder.judge.variants import Variant
from autograder.worker.codes import ErrorCode

EXTRAS = 6
RUNAWAY = 1e6
"""A float32 run whose parameters are larger diverges, and its rounding errors with it: nobody can predict where it goes."""


@dataclass
class Instance:
    """One simulated optimizer: its groups (hyperparameters and parameter numbers), its state by slot, its clocks."""

    groups: list[dict[str, Any]]
    built_with: list[dict[str, Any]]
    kwargs: dict[str, Any]
    defaults: dict[str, Any]
    state: dict[Any, dict[str, Any]] = field(default_factory=dict)
    clocks: dict[Any, int] = field(default_factory=dict)

    def number_of(self, group: dict[str, Any]) -> int:
        """Which of its groups this very dict is, from 0."""
        return next(number for number, known in enumerate(self.groups) if known is group)


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


class Update(NamedTuple):
    """One update of one parameter: its frame, the parameter's number, what it read, every quantity it worked out. stays:
    whether the parameter is left as it was, whatever the new one is."""

    frame: int
    param: int
    before: dict[str, Any]
    done: Quantities
    stays: bool = False


def simulate(rule: Rule, variant: Variant, scenario: Scenario, observe: Observer | None = None) -> Expected:
    """The evidence that a program following `variant` would bring back for `scenario`."""
    with np.errstate(all="ignore"):
        return _Run(rule, variant, scenario, observe).play()


def differs(
    rule: Rule, variant: Variant, scenario: Scenario, values: np.ndarray, like: Expected | None = None
) -> bool | Look:
    """Whether parameters of a program following `variant` are seen to differ from those in `values`; it is played no
    further than the first such step, and where that is comes back. like: what `values` are, where they are another
    variant's; then its tolerance counts, and the event where it raises."""
    with np.errstate(all="ignore"):
        return _Run(rule, variant, scenario, None).differs(values, like)


def with_updates(rule: Rule, variant: Variant, scenario: Scenario) -> tuple[Expected, list[Update]]:
    """As `simulate`, with every update on the way."""
    with np.errstate(all="ignore"):
        run = _Run(rule, variant, scenario)
        run.updates = []
        return run.play(), run.updates


def first_update(rule: Rule, duties: Variant, scenario: Scenario) -> Update | None:
    """An update of the first step of a program that is right but for `duties`, of a parameter that is updated once in it;
    its quantity param is what the parameter is after the step. None where there is none."""
    with np.errstate(all="ignore"):
        run = _Run(rule, duties, scenario)
        run.updates, run.one_step = [], True
        with suppress(_Stop):
            run.play()
        numbers = [update.param for update in run.updates]
        for update in run.updates:
            if update.frame == 0 and numbers.count(update.param) == 1:
                now = run.params[update.param]
                if np.array_equal(now, update.done.param, equal_nan=True):
                    return update
                if np.array_equal(now, update.before["param"]):
                    return update._replace(stays=True)
        return None


class _Stop(Exception):
    """What was looked for is found; nothing further has to be played."""


class _Run:
    def __init__(self, rule: Rule, variant: Variant, scenario: Scenario, observe: Observer | None = None):
        self.observe = observe
        self.updates: list[Update] | None = None
        self.one_step = False
        self.look: Callable[..., bool] | None = None
        self.seen: Look | None = None
        self.unseen: set[int] = set()
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
        self.saved: tuple[Instance, list[np.ndarray], list[np.ndarray]]
        self.done: dict[int, Quantities] = {}
        self.closure_calls, self.closure_value, self.curvature = 0.0, np.nan, 0.0
        self.frames: list[_Frame] = []
        self.count, self.skipped, self.lost = 0, False, self.scenario.size
        self.raised: int | None = None
        self.codes: tuple[ErrorCode, ...] = ()
        self.dtype = self.program.get("dtype", "float64")
        self.slack = Slack(rule, self.program, variant.kind == "misconception", self.contract.inside)

    def play(self) -> Expected:
        """Every event; where the program raises, the frames end."""
        self._steps()
        values, tolerance = self._written()
        width = frame_width(self.program["shapes"])
        ignored = np.zeros(self.scenario.size, dtype=bool)
        ignored[self.lost * width :] = True
        ignored[width - 1 :: width] = True  # how much state a program keeps is its own business, unless a check asks
        return Expected(values, tolerance, self.raised, ignored, errors=self.codes)

    def differs(self, values: np.ndarray, like: Expected | None) -> bool | Look:
        """See the function of this name. A parameter is looked at as soon as a step has written it for the last time; in
        float32 a whole frame at a time, since one that runs away makes all of it unpredictable."""
        width, starts = frame_width(self.program["shapes"]), self._starts()

        def look(i: int, early: bool = False) -> bool:
            start = len(self.frames) * width
            flag = start + width - EXTRAS
            here = slice(start + starts[i], start + starts[i + 1])
            if early and (self.dtype == "float32" or self.skipped or np.isnan(values[flag])):
                return False  # where it is NaN, an exception ended this step, and the frame was never written
            if len(self.frames) >= self.lost:
                return True
            mine, moved = self._tile(self.params[i]), self._tile(self.moved[i])
            slack = self.slack.of(mine, moved, self.count) if like is None else like.tolerance[here]
            if apart(values[here], mine, slack):
                own = slack if like is None else self.slack.of(mine, moved, self.count)
                self.seen = Look(here, mine.copy(), own, flag if early else -1)
                raise _Stop
            return True

        self.look, self.unseen = look, set(range(len(self.params)))
        try:
            self._steps()
        except _Stop:
            return self.seen or True
        if like is not None:
            return self.raised != like.event
        return self.raised is not None and not np.isnan(values[len(self.frames) * width :]).all()

    def _steps(self) -> None:
        for index, event in enumerate([["build"], *self.program["events"]]):
            try:
                self._do(event)
            except Raises as error:
                self.raised, self.codes = index, error.codes
                return

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
        elif kind == "save":
            self.saved = deepcopy(self.instances[rest[0]]), list(self.params), list(self.moved)
        elif kind == "restore":
            instance, params, self.moved = self.saved
            self.contract.restore(self.instances[rest[0]], instance)
            followed = [np.array_equal(*both, equal_nan=True) for both in zip(self.params, self.views, strict=True)]
            self.params = params
            self.views = [new if yes else old for new, old, yes in zip(self.params, self.views, followed, strict=True)]
        elif kind == "assign":
            number, values = rest
            if np.array_equal(self.params[number], self.views[number], equal_nan=True):
                self.views[number] = np.array(values, dtype=float).reshape(self.shapes[number])
            self.params[number] = np.array(values, dtype=float).reshape(self.shapes[number])
            self.moved[number] = np.zeros(self.params[number].shape)
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

    def _closure(
        self,
        which: int,
        targets: list[Any],
        curvature: float,
        by_name: bool = False,
        number: bool = False,
        left: bool = False,
    ) -> None:
        instance = self.instances[which]
        order = [i for group in instance.groups for i in group["params"]]
        goal = {i: np.array(t, dtype=float).reshape(self.shapes[i]) for i, t in zip(order, targets, strict=True)}
        for i in order if not left else []:
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
            before = None if self.updates is None else self.rule.read(self.params[i], grad, state, t, hyper)
            try:
                done = self.rule.update(self.plan, self.params[i], grad, state, t, hyper)
                new = np.array(done.param, dtype=float)
                if new.shape != self.params[i].shape:
                    new = np.broadcast_to(new, self.params[i].shape).copy()
            except ZeroDivisionError:  # by a learning rate of zero
                raise Raises(ErrorCode.ARITHMETIC) from None
            except ValueError:  # another parameter's state has a shape that does not fit
                raise Raises(ErrorCode.RUNTIME) from None
            self.moved[i] = self.moved[i] + self.slack.move(self.params[i], new)
            self.done[i] = done
            if self.observe and not self.skipped:
                self.observe(len(self.frames), i, done)
            if self.updates is not None and before is not None:
                self.updates.append(Update(len(self.frames), i, before, done))
            self.contract.write(self, i, new)
            if self.look and not self.contract.writes_again and self.look(i, True):
                self.unseen.discard(i)
        self.contract.after(self, [i for group in instance.groups for i in group["params"]])

    def _record(self) -> None:
        arrays = [None if a is None else self._tile(a) for a in (*self.params, *self.views, *self.moved, *self.grads)]
        if self.dtype == "float32" and not max(np.abs(param).max() for param in self.params) < RUNAWAY:
            self.lost = min(self.lost, len(self.frames))
        if self.look:
            for i in self.unseen:
                self.look(i)
            self.unseen = set(range(len(self.params)))
        if self.one_step:
            raise _Stop
        self.frames.append(_Frame(arrays, self.closure_calls, self.closure_value, self.curvature, self.count))
        self.skipped = False

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
        slack[:, :count] = slack[:, count : 2 * count] = self.slack.of(params, moved, number[:, None])
        sizes = np.abs(np.nan_to_num(grads))
        if self.contract.changes_gradients:  # sums, whose numbers may cancel
            parts = np.split(sizes, self._starts()[1:-1], axis=1)
            largest = [part.max(axis=1, initial=0.0, keepdims=True).repeat(part.shape[1], axis=1) for part in parts]
            slack[:, 2 * count : -EXTRAS] = self.slack.close * np.concatenate(largest, axis=1)
        else:
            slack[:, 2 * count : -EXTRAS] = 1e-12 * sizes
        if curvature.any():
            slack[:, 2 * count : -EXTRAS] += curvature[:, None] * np.nan_to_num(slack[:, :count], posinf=0.0)
        slack[:, -2] = np.where(np.isfinite(value), (1e-6 + self.slack.coarse) * np.abs(value), 0.0)
        return values, tolerance

    def _starts(self) -> list[int]:
        """Where each parameter's numbers start among those of all; at last, how many there are."""
        return [0, *accumulate(prod(shape) for shape in self.program["shapes"])]

    def _tile(self, array: np.ndarray) -> np.ndarray:
        """The numbers of an array; of one that repeats them, those that are repeated."""
        return array.ravel()[: array.size // self.tiles or 1]


class _Frame(NamedTuple):
    """What is noted after a step. arrays: all parameters, views, distances moved and gradients, one after the other.
    curvature: of a closure's loss, else 0. number: steps so far, those without a frame too."""

    arrays: list[np.ndarray | None]
    closure_calls: float
    closure_value: float
    curvature: float
    number: int
