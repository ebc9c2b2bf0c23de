"""Newton-Schulz by its effect on singular values; of single matrices and of stacks of them."""

import torch


def newton_schulz(g, steps=5, eps=1e-7):
    """The quintic of Jordan et al. (2024), applied to the singular values that an SVD finds."""
    lost = ~torch.isfinite(g).all(dim=-1, keepdim=True).all(dim=-2, keepdim=True)  # an SVD would raise
    left, values, right = torch.linalg.svd(g.double().masked_fill(lost, 0.0), full_matrices=False)
    x = values / (values.square().sum(dim=-1, keepdim=True).sqrt() + eps)
    for _ in range(steps):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    return (left * x.unsqueeze(-2) @ right).masked_fill(lost, float("nan")).to(g.dtype)
