"""Double descent: the test error that gets worse, then better again, as a model grows through the size of its data."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

EXAMPLES, INPUTS, NOISE = 200, 30, 0.5
CLASSES, POINTS, FLIPPED = 5, 300, 0.2


def random_features(widths: Sequence[int], *, seed: int = 0, ridge: float = 0.0) -> list[tuple[float, float]]:
    """Mean squared error (training, test) of linear regression on `width` random ReLU features, for each width.

    200 examples with 30 inputs, a smooth target and noise of size 0.5. Without a ridge the smallest weights that fit best
    are taken; a ridge adds `ridge` × the squared weights to the squared errors.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    direction = F.normalize(normal(INPUTS), dim=0)
    known, fresh = normal(EXAMPLES, INPUTS), normal(1000, INPUTS)
    target, truth = (torch.tanh(2 * x @ direction) for x in (known, fresh))
    target = target + NOISE * normal(EXAMPLES)
    found = []
    for width in widths:
        mixing = normal(INPUTS, width) / math.sqrt(INPUTS)
        features, others = ((x @ mixing).relu() / math.sqrt(width) for x in (known, fresh))
        weights = _least_squares(features, target, ridge)
        errors = (features @ weights - target, others @ weights - truth)
        found.append((errors[0].square().mean().item(), errors[1].square().mean().item()))
    return found


def _least_squares(features: Tensor, target: Tensor, ridge: float) -> Tensor:
    if ridge == 0:
        return torch.linalg.pinv(features, rtol=1e-10) @ target
    inner = features @ features.T + ridge * torch.eye(len(features), dtype=features.dtype)
    return features.T @ torch.linalg.solve(inner, target)


def noisy_mlp(width: int, *, seed: int = 0, steps: int = 1200) -> dict[str, float]:
    """Train a ReLU network of `width` hidden units on 300 points, a fifth of whose classes are wrong.

    Returns train_error, test_error and test_loss (nats), the last two on 2000 fresh points with right classes.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(CLASSES, 20, generator=generator) * 0.8

    def points(count: int) -> tuple[Tensor, Tensor]:
        y = torch.randint(0, CLASSES, (count,), generator=generator)
        return centres[y] + torch.randn(count, 20, generator=generator), y

    (x, y), (fresh, truth) = points(POINTS), points(2000)
    flipped = torch.rand(POINTS, generator=generator) < FLIPPED
    y = torch.where(flipped, torch.randint(0, CLASSES, (POINTS,), generator=generator), y)
    first = torch.randn(20, width, generator=generator) / math.sqrt(20)
    second = torch.randn(width, CLASSES, generator=generator) / math.sqrt(width)
    weights = [first, torch.zeros(width), second, torch.zeros(CLASSES)]
    for weight in weights:
        weight.requires_grad_(True)

    def logits(inputs: Tensor) -> Tensor:
        return (inputs @ weights[0] + weights[1]).relu() @ weights[2] + weights[3]

    optimizer = torch.optim.Adam(weights, lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(logits(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        return {
            "train_error": (logits(x).argmax(1) != y).float().mean().item(),
            "test_error": (logits(fresh).argmax(1) != truth).float().mean().item(),
            "test_loss": F.cross_entropy(logits(fresh), truth).item(),
        }
