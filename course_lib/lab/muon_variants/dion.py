"""Dion (Ahn et al. 2025, arXiv:2504.05295): one step of power iteration at rank r instead of Newton-Schulz.

The update has rank r; what it leaves out stays in the momentum and comes back later. Two thin matrices are all that has to
be sent between machines that each hold a part of the weight.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


@torch.no_grad()
def dion(momentum: Tensor, right: Tensor, decay: float = 0.95) -> tuple[Tensor, Tensor]:
    """(update, new right factor); momentum is changed in place. momentum: (rows, cols), right: (cols, rank)."""
    left, _ = torch.linalg.qr(momentum @ right)
    product = momentum.T @ left
    momentum.sub_(left @ product.T, alpha=1 - decay)
    new_right = product / (product.norm(dim=0, keepdim=True) + 1e-8)
    rows, cols = momentum.shape
    return math.sqrt(rows / cols) * left @ new_right.T, new_right
