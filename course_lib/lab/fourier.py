"""Looking inside a network that adds modulo p: frequencies of its embedding, and how much of it is about a + b alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Data = tuple[Tensor, Tensor, Tensor, Tensor]


@torch.no_grad()
def power_by_frequency(table: Tensor) -> Tensor:
    """Share of a table's power at each frequency k = 1 … p // 2, p odd. table: (p, d), row n belongs to the number n.

    Frequency k is the part of every column that is a cosine or sine of 2π k n / p. The mean of a column is left out.
    """
    power = torch.fft.rfft(table.double().cpu(), dim=0).abs().square().sum(1)[1:]
    return power / power.sum()


@torch.no_grad()
def circle(table: Tensor, frequency: int) -> Tensor:
    """Each number's place in the plane in which `frequency` lives, (p, 2): on a circle where the frequency is pure."""
    table = table.double().cpu()
    angles = 2 * math.pi * frequency * torch.arange(len(table), dtype=torch.float64) / len(table)
    waves = torch.stack([angles.cos(), angles.sin()])  # (2, p)
    basis, _ = torch.linalg.qr((waves @ table).T)  # (d, 2): the plane's directions among the columns
    return (table - table.mean(0)) @ basis


@dataclass(frozen=True)
class Inside:
    """share: of the logits' variance over all pairs, the part that depends on a + b alone. restricted: validation loss of
    that part. excluded: training loss of everything else. squares: sum of the squared weights."""

    share: float
    restricted: float
    excluded: float
    squares: float


@torch.no_grad()
def inside(model: nn.Module, data: Data, p: int) -> Inside:
    """Progress measures after Nanda et al. (2023), simplified: they keep a few frequencies of a + b, this keeps all.

    The part about a + b alone is the mean of the logits over all pairs with the same sum.
    """
    numbers = torch.arange(p, device=data[0].device)
    pairs = torch.cartesian_prod(numbers, numbers)
    sums = pairs.sum(1) % p
    logits = model(pairs).double()
    means = torch.zeros(p, logits.size(1), dtype=torch.float64, device=logits.device).index_add_(0, sums, logits) / p
    part, middle = means[sums], means.mean(0)
    rest = logits - part + middle

    def loss(values: Tensor, x: Tensor, y: Tensor) -> float:
        return F.cross_entropy(values[x[:, 0] * p + x[:, 1]], y).item()

    return Inside(
        share=((part - middle).square().sum() / (logits - middle).square().sum()).item(),
        restricted=loss(part, data[2], data[3]),
        excluded=loss(rest, data[0], data[1]),
        squares=sum(weight.square().sum().item() for weight in model.parameters()),
    )
