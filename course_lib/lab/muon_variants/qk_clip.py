"""QK-clip (Kimi K2 2025, arXiv:2507.20534): after a step, heads whose largest logit is above τ get smaller weights.

In a run of middle size with plain Muon attention logits passed 1,000. Scaling W_q and W_k by √γ each scales every logit of
the head by γ = min(1, τ / S_max).
"""

from __future__ import annotations

import torch
from torch import Tensor

TAU = 100.0


@torch.no_grad()
def qk_clip_(query: Tensor, key: Tensor, largest_logits: Tensor, tau: float = TAU) -> Tensor:
    """Scale the rows of each head in place; returns γ. query, key: (heads · size, width); largest_logits: (heads,)."""
    gamma = (tau / largest_logits).clamp(max=1.0)
    for weight in (query, key):
        weight.unflatten(0, (len(gamma), -1)).mul_(gamma.sqrt()[:, None, None])
    return gamma


@torch.no_grad()
def largest_logits(query: Tensor, key: Tensor, inputs: Tensor, heads: int) -> Tensor:
    """Largest |q · k| / √size of each head, positions left aside. inputs: (time, width). Returns (heads,)."""
    q, k = ((inputs @ weight.T).unflatten(1, (heads, -1)).transpose(0, 1) for weight in (query, key))
    return (q @ k.mT).abs().amax(dim=(1, 2)) / q.size(-1) ** 0.5
