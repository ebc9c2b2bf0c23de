"""The gradient of the mean loss over all tokens of several micro-batches, for a linear model with a squared error.

With loss sums L_k and token counts n_k: the mean is Σ L_k / Σ n_k, and its gradient Σ ∇L_k / Σ n_k is added to what is
in p.grad. The model, written for the player accumulation.py: errors e = x·w + b − y on rows that are no padding,
L = ½ Σ e², ∇w = xᵀe, ∇b = Σ e; a third parameter, which no loss depends on, keeps its gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.accumulate_parts import PADDING, UNUSED
from autograder.judge.function_task import REQUIRED, Formula
from autograder.judge.rule import Quantities

NUMBER, GRAPH, NOTHING = 3.0, 2.0, 4.0
"""Kinds of what is returned, as the player writes them; a tensor without a graph counts as a number."""


def _errors(s: Quantities) -> list[np.ndarray]:
    inputs = len(s.weight)
    rows = [
        (np.array(x, dtype=float).reshape(-1, inputs), np.array(y, dtype=float)) for x, y in zip(s.x, s.y, strict=True)
    ]
    return [(x @ np.array(s.weight) + s.bias - y) * (y != PADDING) for x, y in rows]


def _grads(s: Quantities) -> np.ndarray:
    """What is in p.grad at the end: NaN where it is None."""
    inputs = len(s.weight)
    sizes = {"weight": inputs, "bias": 1, "unused": UNUSED}
    start = [np.full(n, np.nan) if g is None else np.ravel(g) for g, n in zip(s.grads, sizes.values(), strict=True)]
    whole = np.concatenate(start)
    if not np.any(s.backward):
        return whole
    whole[:-UNUSED] = np.nan_to_num(whole[:-UNUSED])
    for calls, weight, x, errors in zip(s.backward, s.weights, s.x, s.errors, strict=True):
        if calls:
            rows = np.array(x, dtype=float).reshape(-1, inputs)
            whole[:-UNUSED] += np.append(rows.T @ (weight * errors), np.sum(weight * errors))
    return whole


def looped(used: np.ndarray, weights: np.ndarray, sums: np.ndarray) -> float:
    """What a loop over the micro-batches in use adds up."""
    return float(sum(w * loss for u, w, loss in zip(used, weights, sums, strict=True) if u))


def _result(s: Quantities) -> dict[str, Any]:
    return {
        "returned": s.returned,
        "grads": s.after,
        "params": np.concatenate([s.weight, [s.bias], np.ones(UNUSED)]),
        "kind": s.kind,
        "calls": s.calls,
        "alive": s.alive,
        "counted": np.ones(s.size),
    }


FORMULA = Formula(
    "accumulate_gradients",
    {
        **dict.fromkeys(("weight", "bias", "x", "y", "grads"), REQUIRED),
        **dict.fromkeys(("same", "kinds", "given_counts", "levels"), ()),
    },
    steps={
        "size": lambda s: len(s.y),
        "rows": lambda s: np.array([len(y) for y in s.y], dtype=float),
        "counts": lambda s: np.array(s.given_counts or [np.sum(np.array(y) != PADDING) for y in s.y], dtype=float),
        "errors": _errors,
        "sums": lambda s: np.array(s.levels or [0.5 * np.sum(e**2) for e in s.errors], dtype=float),
        "taken_apart": lambda s: None,
        "total": lambda s: s.counts.sum(),
        "weights": lambda s: np.full(s.size, 1 / s.total),
        "used": lambda s: np.ones(s.size),
        "backward": lambda s: s.used,
        "after": _grads,
        "fails": lambda s: None,
        "reported_weights": lambda s: s.weights,
        "returned": lambda s: looped(s.used, s.reported_weights, s.sums),
        "kind": lambda s: NUMBER,
        "calls": lambda s: s.used,
        "alive": lambda s: np.zeros(s.size),
        "result": _result,
    },
)
