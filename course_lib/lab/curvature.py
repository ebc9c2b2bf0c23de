"""How sharply a model's loss bends: the largest curvature, by power iteration."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from course_lib.lab.text import Batch
from course_lib.lab.tiny_lm import next_byte_loss
from course_lib.lab.train import LossFunction, one_thread


def largest_curvature(
    model: nn.Module,
    parameters: Sequence[nn.Parameter],
    batch: Batch,
    *,
    loss: LossFunction = next_byte_loss,
    iterations: int = 6,
    seed: int = 0,
) -> float:
    """The eigenvalue of largest size of the Hessian with respect to `parameters` alone, the others held still.

    Each iteration multiplies a direction by the Hessian (Pearlmutter 1994: the gradient of gradient · direction) and
    scales it back to length one; it turns towards the eigenvector of the largest eigenvalue. The result is a lower
    bound of its size, and negative where the loss bends down most. model and batch are on one device.
    """
    parameters = list(parameters)
    generator = torch.Generator().manual_seed(seed)
    direction = _unit([torch.randn(p.shape, generator=generator).to(p) for p in parameters])
    # Only the plain attention kernel can be differentiated twice.
    with one_thread(), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        gradient = torch.autograd.grad(loss(model, *batch), parameters, create_graph=True)
        curvature = 0.0
        for _ in range(iterations):
            bent = torch.autograd.grad(_dot(gradient, direction), parameters, retain_graph=True)
            curvature = _dot(bent, direction).item()
            direction = _unit(bent)
    return curvature


def _dot(one: Sequence[Tensor], other: Sequence[Tensor]) -> Tensor:
    return torch.stack([(a * b).sum() for a, b in zip(one, other, strict=True)]).sum()


def _unit(direction: Sequence[Tensor]) -> list[Tensor]:
    length = _dot(direction, direction).sqrt().clamp_min(1e-30)
    return [part / length for part in direction]
