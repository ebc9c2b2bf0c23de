"""An object with methods as a task: scripted events, and after each a frame of numbers (players/scripted.py).

A procedure (a subclass of ScriptedRun, in autograder/oracles) plays the same events on float64 arrays. It asks its named
steps for everything that a variant may do differently, so mistakes compose as they do in an optimizer's rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Evidence, Expected, Scenario, close, near
from autograder.judge.rounding import representable
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.variants import Bank, Step, Variant
from autograder.worker.codes import ErrorCode

HEAD = 2
RELATIVE = 1e-5


class CaughtError(Exception):
    """The simulated object raises an exception where the script expects one."""

    def __init__(self, code: ErrorCode = ErrorCode.RUNTIME):
        super().__init__(code.name)
        self.code = code


class Descent:
    """torch.optim.SGD with momentum on float64 arrays: b ← μb + g (b ← g at first), p ← p − lr·b. first_lr: of
    parameter 0, where it has another."""

    def __init__(self, lr: float, momentum: float, first_lr: float | None = None):
        self.lr, self.momentum, self.first_lr = lr, momentum, first_lr
        self.buffers: dict[int, np.ndarray] = {}

    def update(self, i: int, param: np.ndarray, grad: np.ndarray) -> np.ndarray:
        """The new value of parameter number i."""
        before = self.buffers.get(i)
        self.buffers[i] = grad if before is None else self.momentum * before + grad
        return param - (self.lr if i or self.first_lr is None else self.first_lr) * self.buffers[i]


class ScriptedRun:
    """One simulated script. Subclasses say what the student's object does: build, scale, call, reload."""

    steps: ClassVar[Mapping[str, Step]] = {}

    def __init__(self, variant: Variant, scenario: Scenario):
        self.scenario, self.program = scenario, scenario.program
        self.does: dict[str, Step] = {**self.steps, **variant.steps}
        shapes = self.program["shapes"]
        self.params = [np.array(v, float).reshape(s) for v, s in zip(self.program["init"], shapes, strict=True)]
        self.views = list(self.params)
        self.grads: list[np.ndarray | None] = [None] * len(self.params)
        self.moved = [np.zeros_like(param) for param in self.params]
        self.optimizers = [Descent(**spec["kwargs"]) for spec in self.program.get("optimizers", [])]
        self.groups = [[*spec["groups"]] for spec in self.program.get("optimizers", [])]
        self.result, self.result_size, self.error = np.nan, 0.0, 0.0
        self.open_result, self.open_grads, self.without_gradient = False, False, np.nan
        self.raised: int | None = None
        self.codes: tuple[ErrorCode, ...] = ()

    def play(self) -> Expected:
        """Every event; where the object raises, the frames end."""
        with np.errstate(all="ignore"):
            expected = self._expected(list(self._frames()))
        expected.event, expected.errors = self.raised, self.codes
        return expected

    def differs(self, values: np.ndarray, like: Expected | None = None) -> bool:
        """Whether a frame is seen to differ from `values`; plays no further than that. like: whose tolerance counts,
        where it is not this program's own."""
        end = 0
        with np.errstate(all="ignore"):
            for mine, slack, ignored in self._frames():
                here = slice(end, end := end + mine.size)
                if like is not None:
                    slack, ignored = like.tolerance[here], like.ignored[here]
                if not (near(values[here], mine, slack) | ignored).all():
                    return True
        if like is not None:
            return self.raised != like.event
        return self.raised is not None and not np.isnan(values[end:]).all()

    def _frames(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Plays, and gives the frame after each event."""
        for index, event in enumerate([["build"], *self.program["events"]]):
            try:
                self._do(event)
            except Raises as error:
                self.raised, self.codes = index, error.codes
                return
            if index:
                yield self._frame()

    def _expected(self, frames: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Expected:
        values, slack = np.full(self.scenario.size, np.nan), np.zeros(self.scenario.size)
        ignored = np.zeros(self.scenario.size, dtype=bool)
        if frames:
            columns = [np.concatenate(column) for column in zip(*frames, strict=True)]
            end = columns[0].size
            values[:end], slack[:end], ignored[:end] = columns
        return Expected(values, slack, None, ignored)

    def _do(self, event: list[Any]) -> None:
        kind, *rest = event
        self.without_gradient = 0.0 if event[:2] == ["call", "zero_grad"] else np.nan
        self.result, self.result_size, self.error, self.open_result = np.nan, 0.0, 0.0, False
        if kind == "build":
            self.build()
        elif kind == "backward":
            self._backward(*rest)
        elif kind == "call":
            self._call(*rest)
        elif kind == "shrink":
            self.grads = [None if g is None else g * rest[0] for g in self.grads]
        elif kind == "shrink_held":
            factor = self.does.get("held_shrink", lambda factor: factor)(rest[0])
            self.grads = [None if g is None else g * factor for g in self.grads]
        elif kind == "clamp":
            self.grads = [None if g is None else np.clip(g, -rest[0], rest[0]) for g in self.grads]
        elif kind == "add_group":
            self.groups[rest[0]].append(rest[1])
        elif kind == "entries":
            self.result = self.entries(*rest)
        elif kind == "set_lr":
            self.set_lr(*rest)
        elif kind == "repeat":
            self.repeat(*rest)
        elif kind == "reload":
            self._reload()
        elif kind == "save":
            self.saved_params, self.open_grads = [param.copy() for param in self.params], True
            self.save()
        elif kind == "restore":
            self._restore()
        elif kind == "beside":
            self.open_grads = True
            self.beside(*rest)

    def _backward(self, coefficients: list[Any], scaled: bool, fresh: bool) -> None:
        known = [
            None if c is None else np.array(c, float).reshape(p.shape)
            for c, p in zip(coefficients, self.params, strict=True)
        ]
        terms = [c * p for c, p in zip(known, self.params, strict=True) if c is not None]
        loss, size = (float(sum(np.sum(term) for term in some)) for some in (terms, [np.abs(t) for t in terms]))
        factor = self.backward_scale() if scaled else 1.0
        self.result, self.result_size = loss * factor, abs(size * factor)
        self.open_result, self.open_grads = not (scaled and np.isfinite(loss)), False
        for i, c in enumerate(known):
            if c is None or fresh:
                self.grads[i] = None
            if c is not None:
                before = self.grads[i]
                self.grads[i] = self.stored(factor * c if before is None else before + factor * c)

    def _call(self, method: str, args: list[Any], expect_error: bool = False) -> None:
        try:
            self.result = self.call(method, args)
        except CaughtError as error:
            if not expect_error:
                raise Raises(error.code) from error
            self.error = float(error.code)

    def _reload(self) -> None:
        self.params = [param.copy() for param in self.params]
        self.views = list(self.params)
        self.grads = [None] * len(self.params)
        self.reload()

    def _restore(self) -> None:
        for i, saved in enumerate(self.saved_params):
            views_see_it = self.views[i] is self.params[i]
            self.params[i] = saved.copy()
            if views_see_it:
                self.views[i] = self.params[i]
        self.grads = [None] * len(self.params)
        self.restore()

    def stored(self, grad: np.ndarray) -> np.ndarray:
        """A gradient as the parameters' format holds it, where that has 16 bits."""
        dtype = self.program["format"]
        return grad if dtype == "float32" else representable(grad, dtype)

    def write(self, i: int, new: np.ndarray) -> None:
        """New values for parameter i, in its own storage."""
        self.moved[i] = self.moved[i] + _finite(new - self.params[i])
        self.params[i] = self.views[i] = new

    def _frame(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        grads = [
            np.full(p.shape, self.without_gradient) if g is None else g
            for p, g in zip(self.params, self.grads, strict=True)
        ]
        params, moved, flat_grads = _flat(self.params), _flat(self.moved), _flat(grads)
        left_behind = any(view is not param for view, param in zip(self.views, self.params, strict=True))
        views = _flat(self.views) if left_behind else params
        values = np.concatenate([[self.result, self.error], params, views, flat_grads])
        slack = RELATIVE * moved + 1e-6 * self._tolerance() * _finite(params)
        grad_slack = RELATIVE * self._tolerance() * _finite(flat_grads)
        size = max(abs(number) if np.isfinite(number) else 0.0 for number in (self.result, self.result_size))
        tolerance = np.concatenate([[1e-5 * size, 0.0], slack, slack, grad_slack])
        ignored = np.zeros(values.size, dtype=bool)
        ignored[0] = self.open_result
        ignored[HEAD + 2 * params.size :] = self.open_grads
        return values, tolerance, ignored

    def _tolerance(self) -> float:
        """1 where arithmetic rounds, 0 where a scenario is made of numbers that stay exact."""
        return 0.0 if self.program.get("exact") else 1.0

    def build(self) -> None:
        """The student's object, and what it starts with."""

    def scale(self) -> float:
        """The factor that the object's scale() puts on a loss."""
        raise NotImplementedError

    def backward_scale(self) -> float:
        """The same for a loss on which backward() is called."""
        return self.scale()

    def call(self, method: str, args: list[Any]) -> float:
        """One method call; returns what it returns, NaN for None."""
        raise NotImplementedError

    def set_lr(self, lr: float) -> None:
        """A schedule sets the learning rate of the optimizer inside the object."""

    def repeat(self, times: int, events: list[list[Any]]) -> None:
        """Many events in one."""
        for _ in range(times):
            for event in events:
                self._do(event)

    def reload(self) -> None:
        """state_dict of the object, loaded into a fresh one."""

    def beside(self, updates: bool) -> None:
        """A second object like this one is built and used."""

    def entries(self, which: int) -> float:
        """How many entries an optimizer has in its groups and state that it had not when it was new."""
        raise NotImplementedError

    def save(self) -> None:
        """state_dict of the object, kept for restore()."""

    def restore(self) -> None:
        """What save() kept, loaded into the same object."""


class _FirstFrame(Shortcuts):
    """Plays no further than to the first frame that differs."""

    task: ScriptedTask

    def refutes(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        return self.task.procedure(variant, self.scenarios[index]).differs(values, like)

    def sees_all(self, variant: Variant, index: int) -> bool:
        return True


@dataclass(frozen=True)
class ScriptedTask:
    """What a maintainer writes for a new object, beside its procedure and its bank. ready_made: what torch has for the same
    purpose, as dotted names; using it is flagged."""

    id: str
    module: str
    entry: str
    procedure: type[ScriptedRun]
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]
    curve: tuple[str, str] | None = None
    ready_made: tuple[str, ...] = ()
    costly: ClassVar = True

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scripts of the task, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """The frames that a program following `variant` leaves."""
        return self.procedure(variant, scenario).play()

    def shortcuts(self, scenarios: Sequence[Scenario]) -> Shortcuts:
        """Quick answers, by single frames."""
        return _FirstFrame(self, scenarios)

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "path" (results, errors, parameters, gradients), "views", "all"."""
        count = _count(scenario)
        column = np.arange(scenario.size) % frame_width(scenario.program["shapes"])
        views = (column >= HEAD + count) & (column < HEAD + 2 * count)
        return {"path": ~views, "views": views, "all": np.ones(scenario.size, dtype=bool)}[name]

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """The frames before the event whose exception ended the script."""
        frames = len(scenario.program["events"]) if not evidence.raised else max(evidence.event - 1, 0)
        return np.arange(scenario.size) < frames * frame_width(scenario.program["shapes"])

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first event after which a number differs, and what the number is."""
        from autograder.judge.explain_script import explain_script

        return explain_script(self.entry, evidence, expected, scenario)


def script(
    entry: str,
    family: str,
    about: str,
    events: Sequence[list[Any]],
    *,
    shapes: Sequence[Sequence[int]],
    init: Sequence[np.ndarray],
    make: Mapping[str, Any],
    dtype: str = "float32",
    **program: Any,
) -> Scenario:
    """A scenario of the scripted player. dtype: of the parameters."""
    whole = {
        "entry": entry,
        "shapes": [list(shape) for shape in shapes],
        "init": [[float(v) for v in np.ravel(values)] for values in init],
        "format": dtype,
        "make": dict(make),
        "events": [list(event) for event in events],
        **program,
    }
    return Scenario(family, "scripted", whole, len(events) * frame_width(whole["shapes"]), about)


def frame_width(shapes: Sequence[Sequence[int]]) -> int:
    """Numbers per event."""
    return HEAD + 3 * int(sum(np.prod(shape, dtype=int) for shape in shapes))


def _count(scenario: Scenario) -> int:
    return (frame_width(scenario.program["shapes"]) - HEAD) // 3


def _flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])


def _finite(values: np.ndarray) -> np.ndarray:
    sizes = np.abs(values)
    return np.where(sizes < np.inf, sizes, 0.0)


__all__ = ["CaughtError", "Descent", "Raises", "ScriptedRun", "ScriptedTask", "close", "frame_width", "script"]
