"""Rounding float64 to the values a lower precision can hold, without torch."""

from __future__ import annotations

import numpy as np


def representable(values: np.ndarray, dtype: str) -> np.ndarray:
    """The nearest values (ties to even) that `dtype` holds, as float64. Shapes are kept."""
    if dtype == "float64":
        return values
    if dtype in ("float32", "float16"):
        return values.astype(dtype).astype(np.float64)
    if dtype == "bfloat16":
        bits = values.astype(np.float32).view(np.uint32)
        rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
        return rounded.astype(np.uint32).view(np.float32).astype(np.float64)
    raise ValueError(f"no rounding for {dtype}")
