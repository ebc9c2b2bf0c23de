"""Cosine annealing with warm restarts (Loshchilov & Hutter, SGDR, 2017, eq. 5).

Period i has Tᵢ = T₀ · mⁱ steps. In it, η = η_min + (η_max − η_min) · ½(1 + cos π T_cur/Tᵢ), with T_cur the steps since it
began. Written for an array of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula


def lengths(s: Any, length_of: Callable[[int], float]) -> np.ndarray:
    """The lengths of as many periods as the largest step needs; length_of: number of a period → its steps."""
    found: list[float] = []
    end, last = 0.0, np.max(s.step)
    while end <= last:
        found.append(max(length_of(len(found)), 1))
        end += found[-1]
    return np.array(found)


FORMULA = Formula(
    "cosine_restarts",
    {"step": REQUIRED, "period": REQUIRED, "peak_lr": REQUIRED, "min_lr": 0.0, "period_mult": 1},
    steps={
        "first": lambda s: s.period,
        "longer": lambda s: lambda i: s.first * s.period_mult**i,
        "extra": lambda s: 0,
        "lengths": lambda s: lengths(s, lambda i: s.longer(i) + s.extra),
        "starts": lambda s: np.cumsum(s.lengths) - s.lengths,
        "index": lambda s: np.searchsorted(s.starts, s.step, side="right") - 1,
        "current": lambda s: s.step - s.starts[s.index],
        "span": lambda s: s.lengths[s.index] - s.extra,
        "progress": lambda s: s.current / s.span,
        "cosine": lambda s: 0.5 * (1 + np.cos(np.pi * s.progress)),
        "top": lambda s: s.peak_lr,
        "decay_lr": lambda s: s.min_lr + (s.top - s.min_lr) * s.cosine,
        "lr": lambda s: s.decay_lr,
        "fails": lambda s: np.zeros(s.step.shape, dtype=bool),
        "result": lambda s: (s.lr, s.fails),
    },
)
