"""Cautious weight decay (Chen et al. 2025, arXiv:2510.12402): decay a weight only where the update also shrinks it."""

from __future__ import annotations

from torch import Tensor


def cautious_decay(weight: Tensor, update: Tensor) -> Tensor:
    """What to decay: the weight where it and the update (which will be subtracted) have one sign, else 0."""
    return weight * (weight * update > 0)
