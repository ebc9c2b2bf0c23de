"""Clipping by the global norm (Pascanu, Mikolov & Bengio, 2013, algorithm 1, for all gradients taken together).

‖g‖ = √(Σ over all gradients of Σ g²); every gradient is multiplied by min(1, c/‖g‖); what is returned is ‖g‖ as it was
before. Written for the player clipping.py; a gradient that is None is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula
from autograder.judge.rule import Quantities

TENSOR, NUMBER, NOTHING = 1.0, 3.0, 4.0
"""Kinds of what is returned, as the player writes them."""


def _arrays(s: Quantities) -> list[np.ndarray | None]:
    pairs = zip(s.grads, s.shapes, strict=True)
    return [None if grad is None else np.array(grad, dtype=float).reshape(shape) for grad, shape in pairs]


def _lengths(s: Quantities) -> np.ndarray:
    """The norm of each gradient that counts; the largest number is taken out so that no square overflows."""
    found = []
    for grad in s.counted:
        largest = float(np.abs(grad).max(initial=0.0))
        usable = np.isfinite(largest) and largest > 0
        found.append(largest * float(np.linalg.norm(grad / largest)) if usable else largest)
    return np.array(found)


def _scaled(s: Quantities) -> list[np.ndarray | None]:
    changes = [s.given and seen and s.reached and target for seen, target in zip(s.seen, s.targets, strict=True)]
    return [s.scale(grad) if change else grad for grad, change in zip(s.all, changes, strict=True)]


def _flat(arrays: list[np.ndarray | None], shapes: list[list[int]]) -> np.ndarray:
    pairs = zip(arrays, shapes, strict=True)
    return np.concatenate([np.full(int(np.prod(shape)), np.nan) if a is None else np.ravel(a) for a, shape in pairs])


def _result(s: Quantities) -> dict[str, Any]:
    return {
        "returned": s.returned,
        "grads": _flat(s.after, s.shapes),
        "views": _flat(s.views, s.shapes),
        "params": _flat(s.params, s.shapes),
        "kind": s.kind,
        "changed": 0.0,
        "rtol": s.rtol,
    }


FORMULA = Formula(
    "clip_grad_norm_",
    {
        "init": REQUIRED,
        "grads": REQUIRED,
        "shapes": REQUIRED,
        "max_norm": REQUIRED,
        "form": "list",
        "dtypes": REQUIRED,
        "no_grad": False,
    },
    steps={
        "all": _arrays,
        "fails": lambda s: None,
        "given": lambda s: True,
        "seen": lambda s: [grad is not None for grad in s.all],
        "counted": lambda s: [grad for grad, seen in zip(s.all, s.seen, strict=True) if seen and s.given],
        "lengths": _lengths,
        "norm": lambda s: np.sqrt(np.sum(s.lengths**2)),
        "divisor": lambda s: s.norm,
        "ratio": lambda s: s.max_norm / s.divisor if s.divisor != 0 else np.inf,
        "factor": lambda s: min(s.ratio, 1.0),
        "scale": lambda s: lambda grad: grad * s.factor,
        "returned": lambda s: s.norm,
        "reached": lambda s: True,
        "targets": lambda s: [True] * len(s.all),
        "after": _scaled,
        "views": lambda s: s.after,
        "params": lambda s: [np.array(v, dtype=float) for v in s.init],
        "kind": lambda s: TENSOR,
        "rtol": lambda s: 0.0,
        "result": _result,
    },
)
