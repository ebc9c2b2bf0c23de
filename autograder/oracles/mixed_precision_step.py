"""One training step in mixed precision (Micikevicius et al., 2018; torch's amp recipe), on a two-layer network.

Forward and backward see every matrix and every activation rounded to the format of autocast; the loss, the weights and
the optimizer are in float32. Order: clear, forward, scaled backward, unscale, clip, step, update.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.rounding import representable
from autograder.judge.scripted_task import Descent
from autograder.judge.step_task import MANTISSA
from autograder.judge.variants import Step


def global_norm(run: Run) -> None:
    """Scale all gradients together so that their joint norm is at most max_norm."""
    limit_norm(run, range(len(run.params)))


def limit_norm(run: Run, chosen: Iterable[int]) -> None:
    """Scale the gradients of these parameters together so that their joint norm is at most max_norm."""
    chosen = list(chosen)
    factor = run.max_norm / (joint_norm(run.grads[i] for i in chosen) + 1e-6)
    if not factor >= 1:
        run.grads = [g * factor if i in chosen and g is not None else g for i, g in enumerate(run.grads)]


def joint_norm(grads: Iterable[np.ndarray | None]) -> float:
    """The norm of all gradients together; None is left out."""
    return float(np.sqrt(sum(float(np.sum(g**2)) for g in grads if g is not None)))


STEPS: dict[str, Step] = {
    "clears": lambda s: range(len(s.params)),
    "trained": lambda s: [i for i in range(len(s.params)) if i not in s.frozen],
    "third_part": lambda s: None,
    "format": lambda s: s.dtype,
    "bits": lambda s: float(MANTISSA[s.does["format"](s)]),
    "forwards": lambda s: 1.0,
    "kept": lambda s: 1.0,
    "form": lambda s: 1.0,
    "scales_loss": lambda s: True,
    "unscales": lambda s: ("unscale",),
    "clips": lambda s: ("clip",),
    "steps": lambda s: ("step",),
    "updates": lambda s: ("update",),
    "ends": lambda s: (),
    "clipped": global_norm,
    "returned": lambda s: s.loss,
    "number": lambda s: 1.0,
    "without_scaler": lambda s: None,
    "without_norm": lambda s: None,
}


def _sum(one: Any, two: Any) -> Any:
    if one is None or two is None:
        return one if two is None else two
    return one + two


class Run:
    """The student's function on a scripted model, with the scaler of players/mixed_step.py.

    nearest: the least |input| of a ReLU since weights moved; near 0 it is rounding that decides which side it is on.
    """

    def __init__(self, does: Mapping[str, Step], program: Mapping[str, Any]):
        self.does, self.program = {**STEPS, **does}, program
        inputs, hidden, outputs = program["sizes"]
        first, second = np.array(program["first"]), np.array(program["second"])
        self.params = [first.reshape(hidden, inputs), second.reshape(outputs, hidden), np.ones(2)]
        self.params += [np.array(bias) for bias in program.get("biases", [])]
        self.frozen = program.get("frozen", [])
        stale = program.get("stale", False)
        self.grads: list[Any] = [np.full(p.shape, 3.0) if stale else None for p in self.params]
        self.groups: list[list[int]] = program.get("groups", [list(range(len(self.params)))])
        self.optimizer = Descent(program["lr"], 0.5)
        self.scale: float | None = program["scale"] or None
        kwargs = program["kwargs"]
        self.dtype, self.max_norm = kwargs.get("dtype", "bfloat16"), kwargs.get("max_norm")
        self.unscaled, self.found, self.stepped = False, False, False
        self.moved = [np.zeros_like(p) for p in self.params]
        self.nearest = np.inf

    def call(self, step: Mapping[str, Any]) -> list[float]:
        """One call; the frame's head."""
        if step.get("weighted"):
            self.does["third_part"](self)
        cleared = self.does["clears"](self)
        self.grads = [None if i in cleared else grad for i, grad in enumerate(self.grads)]
        if self.scale is None:
            self.does["without_scaler"](self)
        self.scale_of_the_step = self.scale
        self._backward(step)
        if self.max_norm is None:
            self.does["without_norm"](self)
        for part in ("unscales", "clips", "steps", "updates", "ends"):
            for name in self.does[part](self):
                getattr(self, f"_{name}")()
        scale = np.nan if self.scale is None else self.scale
        head = [self.does["returned"](self), self.does["number"](self), self.does["form"](self)]
        return [*head, self.does["bits"](self), self.does["forwards"](self), scale, self.does["kept"](self)]

    def usable(self) -> bool:
        """Whether all weights are numbers that one can go on with."""
        return all(bool((np.abs(p) < 1e30).all()) for p in self.params)

    def _backward(self, step: Mapping[str, Any]) -> None:
        dtype = self.does["format"](self)
        inputs, _, outputs = self.program["sizes"]

        def rounded(values: np.ndarray) -> np.ndarray:
            return representable(np.asarray(values, dtype=float), dtype)

        x, target = np.array(step["x"]).reshape(-1, inputs), np.array(step["target"]).reshape(-1, outputs)
        first, second = rounded(self.params[0]), rounded(self.params[1])
        biases = [rounded(bias) for bias in self.params[3:]] or [np.zeros(1), np.zeros(1)]
        before = rounded(x @ first.T + biases[0])
        if any(m.any() for m in self.moved):
            self.nearest = min(self.nearest, float(np.abs(before).min()))
        hidden = np.maximum(before, 0)
        error = rounded(hidden @ second.T + biases[1]) - target
        factor = step.get("factor", 1.0)
        loss = float(0.5 * np.sum(error**2) * factor) + step.get("offset", 0.0)
        self.loss = loss if self.usable() else np.nan
        by = self.scale if self.scale is not None and self.does["scales_loss"](self) else 1.0
        g_out = rounded(error * factor * by)
        g_hidden = rounded(g_out @ second) * (before > 0)
        fresh: list[Any] = [rounded(g_hidden.T @ x), rounded(g_out.T @ hidden), None]
        fresh += [rounded(g.sum(axis=0)) for g in (g_hidden, g_out)][: len(self.params) - 3]
        fresh = [grad if i in self.does["trained"](self) else None for i, grad in enumerate(fresh)]
        self.grads = [_sum(old, new) for old, new in zip(self.grads, fresh, strict=True)]

    def _unscale(self) -> None:
        if self.scale is not None and self.max_norm is not None:
            if self.unscaled:
                raise Raises
            self._divide()

    def _divide(self) -> None:
        self.unscaled = True
        self.grads = [None if g is None else g / self.scale for g in self.grads]
        self.found = self.found or not all(np.isfinite(g).all() for g in self.grads if g is not None)

    def _clip(self) -> None:
        if self.max_norm is not None:
            self.does["clipped"](self)

    def _step(self) -> None:
        if self.scale is None:
            self._bare_step()
            return
        if self.stepped and self.program.get("torch_scaler"):
            raise Raises
        self.stepped = True
        if not self.unscaled:
            self._divide()
        if not self.found:
            self._bare_step()

    def _bare_step(self) -> None:
        for i, grad in enumerate(self.grads):
            if grad is not None:
                new = self.optimizer.update(i, self.params[i], grad)
                self.moved[i] = self.moved[i] + np.nan_to_num(np.abs(new - self.params[i]))
                self.params[i] = new

    def _update(self) -> None:
        if self.scale is not None:
            if not self.unscaled and self.program.get("torch_scaler"):
                raise Raises
            self.scale *= 0.5 if self.found else 2.0
            self.unscaled, self.found, self.stepped = False, False, False

    def _zero(self) -> None:
        self.grads = [None] * len(self.params)
