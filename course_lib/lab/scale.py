"""How much an experiment does: a few seconds for a test, a laptop's worth, or the real thing."""

from __future__ import annotations

from typing import TypeVar

SCALES = ("smoke", "cpu", "gpu")

T = TypeVar("T")


def at_scale(scale: str, *, smoke: T, cpu: T, gpu: T | None = None) -> T:
    """The value for `scale`; without a `gpu` value, the one for `cpu`.

    `steps = at_scale(scale, smoke=10, cpu=200, gpu=2000)`. Raises ValueError for any other scale.
    """
    check_scale(scale)
    if scale == "smoke":
        return smoke
    return gpu if scale == "gpu" and gpu is not None else cpu


def check_scale(scale: str) -> None:
    """Raise ValueError, with what to type instead, unless `scale` is one of SCALES."""
    if scale not in SCALES:
        choices = " or ".join(f'scale = "{name}"' for name in SCALES)
        raise ValueError(f"There is no scale {scale!r}. In the parameters cell, write {choices}.")
