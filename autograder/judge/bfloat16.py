"""Results computed in bfloat16 inside: how they are recognised, and how far off they may be.

Eight bits of precision leave a mark that can be checked: every number of the result lies on the bfloat16 grid. Only a
result that carries the mark is given the wide tolerance that such arithmetic needs, so that a wrong result computed in
float32 cannot hide in it.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.rounding import representable

RELATIVE_NOISE = 1e-6
"""What a cast to float32 and a product in float32 may add on top of the grid."""


def on_grid(values: np.ndarray, noise: float | np.ndarray = 0.0) -> bool:
    """Whether every number is a bfloat16, up to `noise` and float32 rounding. Must be finite."""
    with np.errstate(all="ignore"):
        off = np.abs(values - representable(np.asarray(values, dtype=float), "bfloat16"))
    return bool(np.all(np.isfinite(values)) and np.all(off <= RELATIVE_NOISE * np.abs(values) + noise))


def relative_error(mine: np.ndarray, right: np.ndarray) -> float:
    """‖mine − right‖ / ‖right‖ over all numbers; 0 where both are zero."""
    size, off = float(np.linalg.norm(right)), float(np.linalg.norm(mine - right))
    return off / size if size else (0.0 if off == 0 else np.inf)


def allowance(steps: int) -> float:
    """Relative error that honest bfloat16 Newton-Schulz may have after so many steps: about twice the largest of 300
    random matrices with torch's and Keller Jordan's order of operations (0.02, 0.04, 0.12 after 1, 2, 3 steps; 0.16 after 5)."""
    return {0: 0.01, 1: 0.04, 2: 0.08}.get(steps, 0.25)
