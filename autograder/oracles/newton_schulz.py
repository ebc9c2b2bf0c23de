"""Newton-Schulz with the tuned quintic (Jordan et al., 2024): X ← aX + (bA + cA²)X with A = XXᵀ, from X = G/(‖G‖ + ε).

Each step maps every singular value x of X to ax + bx³ + cx⁵ and leaves the singular vectors as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
EPS = 1e-7


def quintic(x: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    """One step; x: (rows, cols), rows ≤ cols."""
    gram = x @ x.T
    return np.asarray(a * x + (b * gram + c * gram @ gram) @ x)


def iterate(x: np.ndarray, steps: int, one: Callable[..., np.ndarray], coefficients: Any = COEFFICIENTS) -> np.ndarray:
    """`steps` steps of `one`."""
    for _ in range(steps):
        x = one(x, *coefficients)
    return x


def is_tall(matrix: np.ndarray) -> bool:
    """More rows than columns."""
    return matrix.shape[0] > matrix.shape[1]


def orthogonalized(matrix: np.ndarray, steps: int) -> np.ndarray:
    """The whole function at its default ε, for other rules to use."""
    unit = matrix / (np.linalg.norm(matrix) + EPS)
    return iterate(unit.T, steps, quintic).T if is_tall(matrix) else iterate(unit, steps, quintic)


FORMULA = Formula(
    "newton_schulz",
    signature={"g": REQUIRED, "steps": 5, "eps": EPS},
    steps={
        "tall": lambda s: is_tall(s.g),
        "norm": lambda s: np.linalg.norm(s.g),
        "size": lambda s: s.norm + s.eps,
        "unit": lambda s: s.g / s.size,
        "start": lambda s: s.unit.T if s.tall else s.unit,
        "coefficients": lambda s: COEFFICIENTS,
        "one": lambda s: quintic,
        "precision": lambda s: "that of g",
        "count": lambda s: s.steps,
        "end": lambda s: iterate(s.start, s.count, s.one, s.coefficients),
        "result": lambda s: s.end.T if s.tall else s.end,
    },
)
