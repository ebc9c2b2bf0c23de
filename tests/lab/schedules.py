"""A schedule for tests of what is built around a student's own."""

from __future__ import annotations

import math


def wsd(
    step: int,
    total_steps: int,
    warmup_steps: int,
    decay_steps: int,
    peak_lr: float,
    min_lr: float = 0.0,
    shape: str = "",
) -> float:
    """Warmup, plateau, decay."""
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    left = min(1.0, (total_steps - step) / decay_steps) if decay_steps else 1.0
    factor = {"cosine": (1 - math.cos(math.pi * left)) / 2, "sqrt": 1 - math.sqrt(1 - left)}.get(shape, left)
    return min_lr + (peak_lr - min_lr) * factor
