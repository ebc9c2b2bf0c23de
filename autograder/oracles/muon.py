"""Muon (Jordan et al., 2024): momentum, orthogonalised by Newton-Schulz, with decoupled weight decay.

B ← μB + G; U = G + μB (Nesterov) or B; O = NewtonSchulz(U); θ ← θ − η(s·O + λθ), s from the shape of the matrix. The step
`fresh` is what of the new gradient enters the buffer; with Nesterov it enters once more.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.judge.rule import Rule, zeros
from autograder.oracles.newton_schulz import orthogonalized

COARSE = {"float64": 1e-4, "float32": 5e-4, "bfloat16": 0.6, "float16": 0.2}
"""Newton-Schulz spreads rounding over the whole matrix, and enlarges it."""


def newton_schulz(matrix: np.ndarray, steps: int) -> np.ndarray:
    """The orthogonalised matrix; variants often ask for the same one."""
    return _remembered(np.ascontiguousarray(matrix).tobytes(), matrix.shape, steps)


@lru_cache(maxsize=4096)
def _remembered(data: bytes, shape: tuple[int, int], steps: int) -> np.ndarray:
    return orthogonalized(np.frombuffer(data).reshape(shape), steps)


def scale_of(mode: str, rows: int, cols: int) -> float:
    """What each scale mode makes of a shape."""
    if mode == "original":
        return float(np.sqrt(max(1.0, rows / cols)))
    if mode == "match_rms":
        return float(0.2 * np.sqrt(max(rows, cols)))
    return float(np.sqrt(rows / cols))


def scale_by(factor: Any) -> Any:
    """A `scale_factor` step that uses another formula for some modes: {mode: (rows, cols) → factor}."""

    def step(s: Any) -> float:
        rows, cols = s.param.shape
        chosen = factor.get(s.scale)
        return float(chosen(rows, cols)) if chosen else scale_of(s.scale, rows, cols)

    return step


RULE = Rule(
    "Muon",
    hyper={
        "lr": 0.02,
        "momentum": 0.95,
        "nesterov": True,
        "weight_decay": 0.0,
        "ns_steps": 5,
        "scale": "original",
    },
    state={"buffer": zeros},
    steps={
        "grad": lambda s: s.grad,
        "fresh": lambda s: s.grad,
        "buffer": lambda s: s.momentum * s.buffer + s.fresh,
        "look": lambda s: s.fresh + s.momentum * s.buffer if s.nesterov else s.buffer,
        "orthogonal": lambda s: newton_schulz(s.look, s.ns_steps),
        "precision": lambda s: "that of the gradient",
        "scale_factor": lambda s: scale_of(s.scale, *s.param.shape),
        "update": lambda s: s.lr * s.scale_factor * s.orthogonal,
        "before": lambda s: 1 - s.lr * s.weight_decay,
        "after": lambda s: 1.0,
        "param": lambda s: (s.param * s.before - s.update) * s.after,
    },
    mixes=True,
    coarse=COARSE,
)
