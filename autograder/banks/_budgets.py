"""Numbers that budgets of a training run are made of, drawn so that messages can show them."""

from __future__ import annotations

from typing import Any

import numpy as np


def whole(rng: np.random.Generator, low: int, high: int) -> int:
    """An integer in [low, high]."""
    return int(rng.integers(low, high + 1))


def peak(rng: np.random.Generator) -> float:
    """A peak learning rate between 1e-3 and 0.5, three digits."""
    return float(f"{10 ** rng.uniform(-3, -0.31):.3g}")


def floor(rng: np.random.Generator, below: float) -> float:
    """A final learning rate, a tenth to four tenths of the peak."""
    return float(f"{below * rng.uniform(0.1, 0.4):.3g}")


def tiny_peak(rng: np.random.Generator) -> float:
    """A peak learning rate about 1e-7: whatever is cut off, rounded or added shows beside it. No hundredth of it is a number of
    ten decimal places."""
    return round(float(f"{rng.uniform(1e-7, 3e-7):.3g}") + 1.37e-10, 12)


def other_rates(rng: np.random.Generator, first: dict[str, Any]) -> dict[str, Any]:
    """Another peak and another floor than a budget has, each right beside the other one that it has."""
    return {
        "peak_lr": float(f"{first['peak_lr'] * rng.uniform(2, 3):.3g}"),
        "min_lr": floor(rng, 0.5 * first["peak_lr"]),
    }
