"""How two matrices differ, in terms of singular values."""

from __future__ import annotations

import numpy as np

EXACT = 1e-3
"""Of the length: what may be rounding, and is not told as a difference of singular vectors."""
ROUNDED = 3e-3
"""Below that share of the length a difference is named as it is."""


def compared(mine: np.ndarray, right: np.ndarray, what: str) -> str:
    """A sentence about `what` (such as "your result"), "" where there is nothing to say. Both (rows, cols)."""
    if not (np.isfinite(mine).all() and np.isfinite(right).all()) or not right.any():
        return ""
    if not mine.any():
        return f"{what[0].upper()}{what[1:]} is zero; the singular values should be {_listed(np.linalg.svd(right, compute_uv=False))}."
    off = np.linalg.norm(mine - right) / np.linalg.norm(right)
    if off < ROUNDED:
        asked = "Are the coefficients and eps right to the last digit, and in which precision is it computed?"
        return f"{what[0].upper()}{what[1:]} is {100 * off:.2g} % off, no more. {asked}"
    left, values, rightmost = np.linalg.svd(right, full_matrices=False)
    inner = left.T @ mine @ rightmost.T
    kept = np.linalg.norm(inner - np.diag(np.diag(inner))) <= EXACT * np.linalg.norm(mine)
    complete = abs(np.linalg.norm(inner) - np.linalg.norm(mine)) <= EXACT * np.linalg.norm(mine)
    if kept and complete and np.diag(inner).min() < 0:
        return f"The singular vectors of {what} are right, up to signs; along them it has {_listed(np.diag(inner))} where {_listed(values)} are right."
    if kept and complete:
        return f"The singular vectors of {what} are right; its singular values are {_listed(np.diag(inner))} instead of {_listed(values)}."
    found = np.linalg.svd(mine, compute_uv=False)
    if np.allclose(found, values, rtol=EXACT, atol=EXACT):
        return f"The singular values of {what} are right; its singular vectors are not."
    return f"The singular values of {what} are {_listed(found)} where {_listed(values)} are right, and its singular vectors differ, too."


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{value:.4g}" for value in values[:3]) + (", …" if len(values) > 3 else "")
