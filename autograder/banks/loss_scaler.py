"""The task `loss_scaler`: how it is tried, and what people get wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.banks._loss_scaler_mistakes import bank
from autograder.judge.evidence import Scenario
from autograder.judge.rounding import representable
from autograder.judge.scripted_task import ScriptedTask, script
from autograder.oracles.loss_scaler import LossScalerRun

ENTRY = "LossScaler"
SHAPES = [[2], [2, 2], [2], []]
KINDS = {"inf": np.inf, "-inf": -np.inf, "NaN": np.nan}
ONE = {"loss": 1.0}
LARGE = float(np.float32(1.2e38))
Events = list[list[Any]]


class Drawing:
    """Draws scripts from one generator."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def coefficients(
        self, spoiled: dict[int, float] | None = None, none: Sequence[int] = (), whole: int = -1
    ) -> list[Any]:
        """Gradients of the unscaled loss. spoiled: parameter → a value that one of its elements gets. whole: a parameter
        whose gradient is all NaN."""
        found: list[Any] = []
        for i, shape in enumerate(SHAPES):
            values = self.rng.uniform(0.3, 1.7, size=shape) * self.rng.choice([-1.0, 1.0], size=shape)
            flat = [float(v) for v in np.ravel(values.astype(np.float32))]
            if i in (spoiled or {}):
                flat[int(self.rng.integers(len(flat)))] = (spoiled or {})[i]
            if i == whole:
                flat = [float("nan")] * len(flat)
            found.append(None if i in none else flat)
        return found

    def run(
        self,
        family: str,
        about: str,
        events: Events,
        hyper: dict[str, Any],
        *,
        groups: Sequence[Any] = ([[0], [1, 2], [3]],),
        args: Any = (),
        size: float = 1.0,
        lr_factor: float = 0.75,
        dtype: str = "float32",
        shapes: Sequence[Sequence[int]] = SHAPES,
        **program: Any,
    ) -> Scenario:
        """A script; its optimizers are SGD with momentum, each over its `groups` of parameters. Their learning rate is
        multiplied by lr_factor in every step(). size and dtype: of the parameters."""
        optimizers = [
            {"groups": g, "kwargs": {"lr": 0.05 * (i + 1), "momentum": 0.9}, "lr_factor": lr_factor}
            for i, g in enumerate(groups)
        ]
        init = [representable(size * self.rng.uniform(-1, 1, size=shape), dtype) for shape in shapes]
        make = {"args": list(args), "kwargs": hyper}
        options = {"make": make, "optimizers": optimizers, "dtype": dtype, **program}
        return script(ENTRY, family, about, events, shapes=shapes, init=init, **options)

    def hyper(self, interval: int = 3) -> dict[str, Any]:
        """Factors that differ from the usual ones and from each other's inverse."""
        growth, backoff = float(self.rng.choice([1.5, 3.0, 4.0])), float(self.rng.choice([0.3, 0.125, 0.6]))
        init = float(2 ** self.rng.integers(9, 14))
        return {"init_scale": init, "growth_factor": growth, "backoff_factor": backoff, "growth_interval": interval}

    def iteration(
        self,
        spoiled: dict[int, float] | None = None,
        *,
        unscale: bool = False,
        none: Sequence[int] = (),
        whole: int = -1,
    ) -> Events:
        """One step of training with one optimizer; then what the scale is."""
        middle: Events = [["call", "unscale_", [{"optimizer": 0}]], ["shrink", 0.5]] if unscale else []
        return [
            ["backward", self.coefficients(spoiled, none, whole), True, True],
            *middle,
            ["call", "step", [{"optimizer": 0}]],
            *UPDATE,
        ]


TWO = ([[0, 1]], [[2, 3]])
UPDATE: Events = [["call", "update", []], ["call", "scale", [ONE]]]


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Families: scale, in_place, unscale, step, overflow, growth, twice, several, defaults, together."""
    d = Drawing(rng)
    found = [*_scale(d), *_unscale(d), *_step(d), *_overflow(d), *_growth(d), *_twice(d), *_several(d)]
    found += [*_defaults(d), *_together(d), *_of_all_kinds(d), *_around(d), *_other_gradients(d)]
    return [*found, _step_left_out(d)]


def _step_left_out(d: Drawing) -> Scenario:
    """An update between clean gradients and no step counts as well, and ends the round: the next one unscales again."""
    looked_at: Events = [
        ["backward", d.coefficients(), True, True],
        ["call", "unscale_", [{"optimizer": 0}]],
        *UPDATE,
    ]
    usual: Events = [*d.iteration(), *d.iteration(unscale=True), *d.iteration()]
    return d.run("growth", "step() is left out after unscale_ has found nothing", [*looked_at, *usual], d.hyper(2))


def _around(d: Drawing) -> list[Scenario]:
    """What a training loop does to gradients and optimizers between the scaler's calls."""
    call, step = ["call", "unscale_", [{"optimizer": 0}]], ["call", "step", [{"optimizer": 0}]]
    clamped: Events = [["backward", d.coefficients({1: np.inf}), True, True], call, ["clamp", 1.0]]
    joined: Events = [*d.iteration(), ["add_group", 0, [3]], *d.iteration()]
    frozen: Events = [["backward", d.coefficients(), True, True], ["freeze", [0, 2]], step]
    spoiled: Events = [["backward", d.coefficients({2: np.nan}), True, True], call, step, ["entries", 0]]
    return [
        d.run("overflow", "inf, made 1 by clip_grad_value_ after unscale_", [*clamped, step, *UPDATE], d.hyper(9)),
        d.run("twice", "clip_grad_value_ between two calls", [*clamped, [*call, True], step, *UPDATE], d.hyper(9)),
        d.run("step", "a parameter group that is added later", joined, d.hyper(9), groups=([[0], [1, 2]],)),
        d.run("step", "parameters that are frozen after backward()", frozen, d.hyper(9)),
        d.run("overflow", "what a skipped step leaves in the optimizer", spoiled, d.hyper(9)),
    ]


def _other_gradients(d: Drawing) -> list[Scenario]:
    """Gradients of 16 bits, and a long one."""
    call = ["call", "unscale_", [{"optimizer": 0}]]
    short = [[float(v) for v in d.rng.integers(4, 16, size=int(np.prod(s, dtype=int)))] for s in SHAPES]
    brain: Events = [["backward", short, True, True], call]
    usual = {**d.hyper(), "init_scale": 2.0**16}
    long = [1.0] * 1100
    events: Events = [["backward", [[*long, np.inf]], True, True], ["call", "step", [{"optimizer": 0}]]]
    single: dict[str, Any] = {"groups": ([[0]],), "shapes": [[len(long) + 1]]}
    return [
        d.run("unscale", "gradients in bfloat16", brain, usual, dtype="bfloat16"),
        d.run("overflow", "inf at the end of 1101 numbers", events, d.hyper(9), **single),
    ]


def _of_all_kinds(d: Drawing) -> list[Scenario]:
    """Parameters alike or transposed, a second scaler, a step left out, a scale that is no whole number."""
    call = ["call", "unscale_", [{"optimizer": 0}]]
    plain: Events = [["backward", d.coefficients(), True, True], call]
    beside: Events = [*d.iteration(), ["beside", False], *d.iteration(), ["beside", True], *d.iteration()]
    left_out: Events = [["backward", d.coefficients({0: np.nan}), True, True], call, *UPDATE, *d.iteration()]
    odd = {**d.hyper(), "init_scale": 1.5}
    return [
        d.run("unscale", "two parameters of one shape in a group", plain, d.hyper(), groups=([[0, 2], [1], [3]],)),
        d.run("unscale", "a transposed parameter", plain, d.hyper(), layout="transposed"),
        d.run("scale", "init_scale is 1.5", [["call", "scale", [ONE]]], odd),
        d.run("growth", "an overflow of another scaler in between", beside, d.hyper(3)),
        d.run("overflow", "step() is left out after unscale_ has found NaN", left_out, d.hyper(2)),
    ]


def _scale(d: Drawing) -> list[Scenario]:
    events: Events = [["call", "scale", [{"loss": 2.5}]], ["backward", d.coefficients(), True, True]]
    return [d.run("scale", "", events, d.hyper()) for _ in range(2)]


def _unscale(d: Drawing) -> list[Scenario]:
    call = ["call", "unscale_", [{"optimizer": 0}]]
    plain: Events = [["backward", d.coefficients(), True, True], call]
    some: Events = [["backward", d.coefficients(none=[1]), True, True], call]
    held: Events = [["backward", d.coefficients(), True, True], call, ["shrink_held", 0.5]]
    return [
        d.run("in_place", "", held, d.hyper()),
        d.run("unscale", "", plain, d.hyper()),
        d.run("unscale", "one parameter has no gradient", some, d.hyper()),
    ]


def _step(d: Drawing) -> list[Scenario]:
    by_itself = [event for _ in range(2) for event in d.iteration()]
    before = [event for _ in range(2) for event in d.iteration(unscale=True)]
    return [
        d.run("step", "without unscale_ before", by_itself, d.hyper(9)),
        d.run("step", "gradients unscaled and halved before", before, d.hyper(9)),
        d.run("step", "one parameter has no gradient", d.iteration(none=[2]), d.hyper(9)),
    ]


def _overflow(d: Drawing) -> list[Scenario]:
    """An overflow of each kind in each parameter, with unscale_ before the step and without."""
    found: list[Scenario] = []
    for number, i in enumerate(range(len(SHAPES))):
        for kind, value in KINDS.items():
            unscale = (number + len(found)) % 2 == 0
            events = [*d.iteration(), *d.iteration({i: value}, unscale=unscale), *d.iteration()]
            found.append(d.run("overflow", f"{kind} in one gradient", events, d.hyper(9)))
    filled = [*d.iteration(), *d.iteration(whole=1), *d.iteration()]
    found.append(d.run("overflow", "a gradient that is all NaN", filled, d.hyper(9)))
    both = {0: np.inf, 2: -np.inf}
    again = [*d.iteration(both), *d.iteration({3: np.nan}), *d.iteration(both, unscale=True), *d.iteration()]
    found.append(d.run("overflow", "three overflows in a row", again, d.hyper(9)))
    small = {**d.hyper(9), "init_scale": 2.0, "backoff_factor": 0.5}
    down = [event for _ in range(3) for event in d.iteration({1: np.inf})]
    found.append(d.run("overflow", "overflows down to a scale below one", [*down, *d.iteration()], small))
    return [*found, _large_but_finite(d), _beyond_float16(d)]


def _beyond_float16(d: Drawing) -> Scenario:
    """Unscaled gradients of 1e5, which float16 does not have."""
    large = [[1e5 * (i + 1)] * int(np.prod(shape, dtype=int)) for i, shape in enumerate(SHAPES)]
    events: Events = [["backward", large, True, True], ["call", "step", [{"optimizer": 0}]], *UPDATE]
    return d.run("overflow", "float32 gradients that float16 cannot hold", events, d.hyper(9))


def _large_but_finite(d: Drawing) -> Scenario:
    """Gradients of 1.2e38: each is a float32, and the sum of four of them is not. Small parameters keep the loss finite."""
    large = [[LARGE] * int(np.prod(shape, dtype=int)) for shape in SHAPES]
    events: Events = [["backward", large, True, True], ["call", "step", [{"optimizer": 0}]], *UPDATE]
    hyper = {**d.hyper(9), "init_scale": 1.0}
    return d.run("overflow", "large gradients that are finite", events, hyper, size=2.0**-6)


def _growth(d: Drawing) -> list[Scenario]:
    steady = [event for _ in range(7) for event in d.iteration()]
    found = [d.run("growth", "seven clean steps", steady, d.hyper(interval)) for interval in (2, 3)]
    found.append(d.run("growth", "growth_interval is 1", d.iteration() + d.iteration(), d.hyper(1)))
    high = {"init_scale": 2.0**22, "growth_factor": 4.0, "backoff_factor": 0.5, "growth_interval": 1}
    found.append(d.run("growth", "a scale that grows to 2**32", [*d.iteration()] * 5, high))
    for at in (1, 2):
        events = [e for step in range(7) for e in d.iteration({0: np.inf} if step == at else None)]
        found.append(d.run("growth", f"an overflow at step {at + 1}", events, d.hyper(3)))
    return found


def _twice(d: Drawing) -> list[Scenario]:
    call = ["call", "unscale_", [{"optimizer": 0}]]
    events: Events = [["backward", d.coefficients(), True, True], call, [*call, True]]
    events += [["call", "step", [{"optimizer": 0}]], *UPDATE, *d.iteration(unscale=True)]
    return [d.run("twice", "unscale_ twice in one step", events, d.hyper(9)) for _ in range(2)]


def _several(d: Drawing) -> list[Scenario]:
    """Two optimizers, each with its own gradients; an overflow of one must not stop the other."""
    found = []
    for bad in (0, 2, None):
        spoiled: dict[int, float] | None = None if bad is None else {bad: float(np.inf)}
        both: dict[int, float] | None = {0: np.inf, 3: np.nan} if bad == 0 else None
        events: Events = []
        for change in (None, spoiled, both):
            events += [
                ["backward", d.coefficients(change), True, True],
                ["call", "unscale_", [{"optimizer": 0}]],
                *[["call", "step", [{"optimizer": which}]] for which in (0, 1)],
                *UPDATE,
            ]
        hyper = d.hyper(2 if bad is None else 9)
        found.append(d.run("several", "two optimizers", events, hyper, groups=TWO))
    one_at_a_time: Events = []
    for which, spoiled in ((0, {0: float(np.inf)}), (1, None), (0, None)):
        one_at_a_time += [["backward", d.coefficients(spoiled), True, True]]
        one_at_a_time += [["call", "step", [{"optimizer": which}]], *UPDATE]
    return [*found, d.run("several", "two optimizers in turn", one_at_a_time, d.hyper(9), groups=TWO)]


def _defaults(d: Drawing) -> list[Scenario]:
    still: Events = [["backward", [None, None, None, [0.0]], True, True]]
    round_: Events = [["call", "step", [{"optimizer": 0}]], ["call", "update", []]]  # the gradient stays: 0
    look: Events = [["call", "scale", [ONE]]]
    long = [
        *still,
        ["repeat", 1999, round_],
        *look,
        ["repeat", 1, round_],
        *look,
        *d.iteration({3: np.inf}),
        *look * 12,
    ]
    return [d.run("defaults", "LossScaler() without arguments", long, {}, lr_factor=1.0, groups=[[[3]]])]


def _together(d: Drawing) -> list[Scenario]:
    found = []
    for _ in range(2):
        events: Events = []
        for step in range(12):
            bad = (
                {int(d.rng.integers(len(SHAPES))): float(d.rng.choice([np.inf, np.nan]))} if step in (1, 6, 7) else None
            )
            none = [int(d.rng.integers(len(SHAPES)))] if bad is None and step % 3 == 0 else []
            events += d.iteration(bad, unscale=bool(step % 2), none=none)
        found.append(d.run("together", "a longer run with overflows and growth", events, d.hyper(2)))
    by_place = [event for _ in range(3) for event in d.iteration(unscale=True)]
    hyper = list(d.hyper(2).values())
    return [*found, d.run("together", "arguments by position", by_place, {}, args=hyper)]


TASK = ScriptedTask(
    "loss_scaler",
    "course_lib/precision/loss_scaler.py",
    ENTRY,
    LossScalerRun,
    bank,
    scenarios,
    ready_made=("torch.amp.GradScaler", "torch.cuda.amp.GradScaler"),
)
