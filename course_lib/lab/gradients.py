"""Gradients as vectors: many minibatches' worth of them, to look at their spread."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import torch
from torch import Tensor, nn

from course_lib.lab.text import Batch
from course_lib.lab.tiny_lm import next_byte_loss
from course_lib.lab.train import one_thread


def flat_gradient(model: nn.Module) -> Tensor:
    """All gradients of a model in one row, shape (parameters,); zeros where there is none."""
    parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    return torch.cat([part.reshape(-1) for part in parts])


def minibatch_gradients(model: nn.Module, batches: Iterable[Batch], count: int) -> Tensor:
    """The gradient of each of `count` minibatches at the model's present weights, shape (count, parameters), on the CPU.

    The model's own gradients are gone afterwards.
    """
    device, rows = next(model.parameters()).device, []
    with one_thread():
        for x, y in islice(batches, count):
            model.zero_grad()
            next_byte_loss(model, x.to(device), y.to(device)).backward()
            rows.append(flat_gradient(model).cpu())
    model.zero_grad()
    return torch.stack(rows)


def squared_norms(gradients: Tensor, group: int = 1) -> Tensor:
    """‖mean of `group` rows‖² for every group, shape (rows // group,): what minibatches `group` times as large have."""
    groups = len(gradients) // group
    means = gradients[: groups * group].unflatten(0, (groups, group)).mean(dim=1)
    return means.square().sum(dim=1)
