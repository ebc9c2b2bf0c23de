"""Dynamic loss scaling (Micikevicius et al., 2018, section 3.2; the interface of torch.amp.GradScaler).

The loss is multiplied by a scale before backward. unscale_ divides the gradients by it and looks for inf and NaN; step
skips the optimizer if it found any; update multiplies the scale by backoff_factor after an overflow, by growth_factor
after growth_interval updates in a row without one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from autograder.judge.scripted_task import CaughtError, ScriptedRun
from autograder.judge.variants import Step

DEFAULTS = {"init_scale": 2.0**16, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000}
LARGEST_FLOAT32 = (2 - 2.0**-23) * 2.0**127

LOOP = (
    *("after_step", "overflowed", "backed_off", "clean_after_overflow", "counted", "due"),
    *("grown", "clean_after_growth", "forget_found", "forget_unscaled"),
)
"""The steps of an iteration whose gradients are zero, and stay."""
HYPER = ("init_scale", "growth_factor", "backoff_factor", "growth_interval")
LoopState = tuple[float, int, tuple[tuple[int, bool], ...], tuple[int, ...], tuple[int, ...]]
"""Of a scaler between two iterations: its scale, clean steps, what was found, unscaled and asked."""


def raise_runtime_error(run: LossScalerRun, which: int) -> None:
    """What a second unscale_ does."""
    raise CaughtError


def any_not_finite(grads: list[np.ndarray]) -> bool:
    """Whether any number of any gradient is inf or NaN."""
    return any(not np.isfinite(grad).all() for grad in grads)


class LossScalerRun(ScriptedRun):
    """The steps: each is something that a program may do otherwise."""

    steps: ClassVar = {
        "defaults": lambda hyper: hyper,
        "factor": lambda s: s.loss_scale,
        "graph": lambda s: None,
        "visited": lambda s, which: [i for group in s.groups[which] for i in group],
        "none": lambda s: None,
        "unscaled": lambda s, grad: grad / s.loss_scale,
        "found_in": any_not_finite,
        "noted": lambda s, which, found: found,
        "again": raise_runtime_error,
        "unscales_before_step": lambda s, which: which not in s.unscaled,
        "looks_at": lambda s, which: s.found.get(which, False),
        "on_overflow": lambda s, which: None,
        "returned": lambda stepped: float(stepped),
        "after_step": lambda s: None,
        "after_clean_step": lambda s, which: None,
        "other_scaler": lambda s, updates: None,
        "overflowed": lambda s: any(s.found.values()),
        "backed_off": lambda s: s.loss_scale * s.backoff_factor,
        "grown": lambda s: s.loss_scale * s.growth_factor,
        "clean_after_overflow": lambda s: 0,
        "counted": lambda s: s.clean + 1,
        "due": lambda s: s.clean >= s.growth_interval,
        "clean_after_growth": lambda s: 0,
        "forget_found": lambda s: s.found.clear(),
        "forget_unscaled": lambda s: s.unscaled.clear(),
    }

    def build(self) -> None:
        """Hyperparameters by name or position; a fresh state."""
        make = self.program["make"]
        given = {**dict(zip(DEFAULTS, make.get("args", []), strict=False)), **make.get("kwargs", {})}
        hyper = {**self.does["defaults"](dict(DEFAULTS)), **given}
        self.init_scale = self.loss_scale = float(hyper["init_scale"])
        self.growth_factor, self.backoff_factor = hyper["growth_factor"], hyper["backoff_factor"]
        self.growth_interval = hyper["growth_interval"]
        self.clean = 0
        self.found: dict[int, bool] = {}
        self.unscaled: set[int] = set()
        self.asked: set[int] = set()
        self.stepped = False

    def scale(self) -> float:
        """The current scale, as float32 has it."""
        factor = float(self.does["factor"](self))
        return factor if factor <= LARGEST_FLOAT32 else np.inf

    def backward_scale(self) -> float:
        """The current scale; a scaled loss has to be in the graph."""
        self.does["graph"](self)
        return self.scale()

    def call(self, method: str, args: list[Any]) -> float:
        """scale(loss), unscale_(optimizer), step(optimizer), update()."""
        if method == "scale":
            return float(args[0]["loss"] * self.scale())
        if method == "update":
            self.update()
            return np.nan
        which = args[0]["optimizer"]
        if method == "unscale_":
            self.unscale(which)
            return np.nan
        return self.step(which)

    def unscale(self, which: int) -> None:
        """Divide in place, look, remember."""
        if which in self.unscaled:
            self.does["again"](self, which)
            return
        self._unscale(which)

    def _unscale(self, which: int) -> None:
        self.unscaled.add(which)
        grads = []
        for i in self.does["visited"](self, which):
            grad = self.grads[i]
            if grad is None:
                self.does["none"](self)
                continue
            self.grads[i] = self.stored(self.does["unscaled"](self, grad))
            grads.append(np.asarray(self.grads[i]))
        self.found[which] = bool(self.does["noted"](self, which, self.does["found_in"](grads)))
        self.open_grads = self.found[which]

    def grads_of(self, which: int) -> list[np.ndarray]:
        """The gradients of an optimizer's parameters, as they are now."""
        return [self.grads[i] for i in self.does["visited"](self, which) if self.grads[i] is not None]

    def grads_shape(self, i: int) -> tuple[int, ...]:
        """The shape of parameter i."""
        return self.params[i].shape

    def step(self, which: int) -> float:
        """Unscale if that has not happened, step or skip, say which."""
        if self.does["unscales_before_step"](self, which):
            self._unscale(which)
        self.stepped = not self.does["looks_at"](self, which)
        if not self.stepped:
            self.does["on_overflow"](self, which)
        else:
            self.descend(which)
            self.does["after_clean_step"](self, which)
        self.open_grads = not self.stepped or any(self.found.values())
        self.asked.add(which)
        self.does["after_step"](self)
        return float(self.does["returned"](self.stepped))

    def descend(self, which: int) -> None:
        """The optimizer's own step."""
        for i in (i for group in self.groups[which] for i in group):
            grad = self.grads[i]
            if grad is not None:
                self.write(i, self.optimizers[which].update(i, self.params[i], grad))
        self.optimizers[which].lr *= self.program["optimizers"][which].get("lr_factor", 1.0)

    def entries(self, which: int) -> float:
        """How many parameters an optimizer has a state for."""
        return float(len(self.optimizers[which].buffers))

    def beside(self, updates: bool) -> None:
        """Another scaler, with an overflow of its own: nothing of this one's."""
        self.does["other_scaler"](self, updates)

    def update(self) -> None:
        """The next scale."""
        self.open_grads = True
        if self.does["overflowed"](self):
            self.loss_scale, self.clean = self.does["backed_off"](self), self.does["clean_after_overflow"](self)
        else:
            self.clean = self.does["counted"](self)
            if self.does["due"](self):
                self.loss_scale, self.clean = self.does["grown"](self), self.does["clean_after_growth"](self)
        self.does["forget_found"](self)
        self.does["forget_unscaled"](self)
        self.asked.clear()

    def repeat(self, times: int, events: list[list[Any]]) -> None:
        """Iterations whose gradients stay zero move nothing: only the scale is simulated."""
        hyper = tuple(getattr(self, name) for name in HYPER)
        state = self.loss_scale, self.clean, tuple(self.found.items()), tuple(self.unscaled), tuple(self.asked)
        after = after_idle_iterations(tuple(self.does[name] for name in LOOP), hyper, state, times)
        self._be(after)
        self.open_grads = True

    def _be(self, state: LoopState) -> None:
        self.loss_scale, self.clean = state[:2]
        self.found, self.unscaled, self.asked = dict(state[2]), set(state[3]), set(state[4])

    def _idle_iteration(self) -> None:
        self.unscaled.add(0)
        self.found.setdefault(0, False)
        self.stepped = not self.found[0]
        self.does["after_step"](self)
        self.update()


@lru_cache(maxsize=2048)
def after_idle_iterations(loop: tuple[Step, ...], hyper: tuple[Any, ...], state: LoopState, times: int) -> LoopState:
    """What `times` iterations without a gradient make of a scaler's state; programs with the same loop share it. The steps
    in LOOP see this state and the hyperparameters, nothing else."""
    run = object.__new__(LossScalerRun)
    run.does = dict(zip(LOOP, loop, strict=True))
    vars(run).update(zip(HYPER, hyper, strict=True))
    run._be(state)
    as_stated = all(run.does[name] is LossScalerRun.steps[name] for name in LOOP)
    while times:
        run._idle_iteration()
        times -= 1
        if as_stated:  # iterations in which nothing is due only count
            clean = min(times, max(run.growth_interval - run.clean - 1, 0))
            run.clean, times = run.clean + clean, times - clean
    return run.loss_scale, run.clean, tuple(run.found.items()), tuple(run.unscaled), tuple(run.asked)
