"""The phase diagram of grokking: hundreds of small networks at once, trained as one.

Every network learns (a + b) mod p from its own share of all pairs, with its own weight decay and its own first weights.
All of them live in three tensors with a leading axis of networks, and each step is a handful of batched products, which is
the work that a GPU is made for. On a CPU the same code does a small grid.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.lab.scale import at_scale

THRESHOLD = 0.99
LR, BETA1, BETA2, EPS = 1e-2, 0.9, 0.98, 1e-8


@dataclass(frozen=True)
class Grid:
    """What is tried: every decay with every fraction, `seeds` times, for each p."""

    ps: tuple[int, ...]
    decays: tuple[float, ...]
    fractions: tuple[float, ...]
    seeds: int
    width: int
    max_steps: int
    log_every: int


GRIDS = {
    "smoke": Grid((13,), (0.3, 1.0), (0.5, 0.8), 1, 64, 60, 20),
    "cpu": Grid((23,), (0.0, 0.5, 1.0, 3.0), (0.45, 0.6, 0.75), 2, 128, 600, 10),
    "gpu": Grid(
        (97, 113),
        (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0),
        (0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7),
        5,
        512,
        4000,
        20,
    ),
}
MEMBERS_AT_ONCE = {"smoke": 64, "cpu": 32, "gpu": 40}
"""Networks in one batch; at p = 113 forty of them hold about 2 GB of activations."""


def run(scale: str, device: torch.device, seed: int = 0) -> dict[str, Any]:
    """Train the grid of `scale` on `device`. Returns plain data: the grid and, for each network, p, decay, fraction, seed,
    the first logged steps with 99 % training and validation accuracy (None: never) and its last accuracies."""
    grid, most = at_scale(scale, **GRIDS), at_scale(scale, **MEMBERS_AT_ONCE)
    start, networks = time.perf_counter(), []
    for p in grid.ps:
        settings = [
            {"p": p, "decay": decay, "fraction": fraction, "seed": seed + number}
            for decay in grid.decays
            for fraction in grid.fractions
            for number in range(grid.seeds)
        ]
        for first in range(0, len(settings), most):
            networks += Ensemble(settings[first : first + most], grid, device).train()
    return {
        "scale": scale,
        "device": str(device),
        "torch": torch.__version__,
        "seconds": round(time.perf_counter() - start, 1),
        "grid": asdict(grid),
        "networks": networks,
    }


class Ensemble:
    """Networks of one p that are trained together. settings: decay, fraction and seed of each."""

    def __init__(self, settings: list[dict[str, Any]], grid: Grid, device: torch.device):
        self.settings, self.grid, self.p = settings, grid, settings[0]["p"]
        drawn = [_drawn(setting, grid.width) for setting in settings]
        self.weights = [torch.stack(parts).to(device) for parts in zip(*(weights for weights, _ in drawn), strict=True)]
        self.known = torch.stack([known for _, known in drawn]).to(
            device
        )  # (networks, p²): which pairs are for training
        self.decay = torch.tensor([setting["decay"] for setting in settings], device=device)[:, None, None]
        numbers = torch.arange(self.p, device=device)
        self.answers = ((numbers[:, None] + numbers) % self.p).flatten()  # of all p² pairs, in the order of counting

    def train(self) -> list[dict[str, Any]]:
        """Train until all have grokked, at most `max_steps` steps; one record for each network."""
        moments = [(torch.zeros_like(w), torch.zeros_like(w)) for w in self.weights]
        count = len(self.settings)
        memorised, grokked = torch.full((count,), -1), torch.full((count,), -1)
        accuracies = torch.zeros(2, count)
        for step in range(self.grid.max_steps + 1):
            if step % self.grid.log_every == 0:
                accuracies = self._accuracies()
                for first, accuracy in ((memorised, accuracies[0]), (grokked, accuracies[1])):
                    first[(first < 0) & (accuracy >= THRESHOLD)] = step
                if bool((grokked >= 0).all()):
                    break
            if step == self.grid.max_steps:
                break
            self._step(step + 1, moments)
        return [
            {
                **setting,
                "memorised": _step_or_none(memorised[i]),
                "grokked": _step_or_none(grokked[i]),
                "train_acc": round(float(accuracies[0, i]), 4),
                "val_acc": round(float(accuracies[1, i]), 4),
            }
            for i, setting in enumerate(self.settings)
        ]

    def logits(self) -> Tensor:
        """Of every network for every pair, (networks, p², p)."""
        left, right, out = self.weights
        hidden = (left[:, :, None] + right[:, None]).flatten(1, 2)  # (networks, p², width)
        return torch.bmm(hidden.square(), out)

    def _step(self, t: int, moments: list[tuple[Tensor, Tensor]]) -> None:
        """AdamW for all networks at once; the sum over networks of their mean losses keeps their gradients apart."""
        for weight in self.weights:
            weight.requires_grad_(True)
        losses = F.cross_entropy(
            self.logits().transpose(1, 2), self.answers.expand(len(self.settings), -1), reduction="none"
        )
        gradients = torch.autograd.grad((losses * self.known).sum(1).div(self.known.sum(1)).sum(), self.weights)
        with torch.no_grad():
            for weight, gradient, (first, second) in zip(self.weights, gradients, moments, strict=True):
                first.lerp_(gradient, 1 - BETA1)
                second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
                weight.mul_(1 - LR * self.decay)
                size = (second / (1 - BETA2**t)).sqrt_().add_(EPS)
                weight.addcdiv_(first, size, value=-LR / (1 - BETA1**t))

    @torch.no_grad()
    def _accuracies(self) -> Tensor:
        """(2, networks): on the pairs for training, and on the others."""
        right = (self.logits().argmax(2) == self.answers).float()
        sides = torch.stack([self.known, 1 - self.known])
        return ((right * sides).sum(2) / sides.sum(2)).cpu()


def _drawn(setting: dict[str, Any], width: int) -> tuple[list[Tensor], Tensor]:
    """First weights and the share of pairs for training, both from the seed; as in grok_models.SquareMLP."""
    p, generator = setting["p"], torch.Generator().manual_seed(setting["seed"])
    shapes = [((p, width), math.sqrt(2)), ((p, width), math.sqrt(2)), ((width, p), math.sqrt(width))]
    weights = [torch.randn(*shape, generator=generator) / size for shape, size in shapes]
    ranks = torch.rand(p * p, generator=generator).argsort().argsort()
    return weights, (ranks < int(setting["fraction"] * p * p)).float()


def _step_or_none(step: Tensor) -> int | None:
    return int(step) if step >= 0 else None


def draw(result: dict[str, Any]) -> Any:
    """The phase diagram as a matplotlib Figure: for each p, decay against fraction, coloured by the median step of
    grokking; crosses where most networks never got there."""
    from matplotlib.figure import Figure

    grid = result["grid"]
    fig = Figure(figsize=(8, 3.9), layout="constrained")
    axes = fig.subplots(1, len(grid["ps"]), squeeze=False)[0]
    tables = [_medians(result, p) for p in grid["ps"]]
    reached = [step for table in tables for row in table for step in row if math.isfinite(step)]
    low, high = (min(reached), max(reached)) if reached else (1.0, 10.0)
    for ax, p, table in zip(axes, grid["ps"], tables, strict=True):
        _panel(ax, p, table, grid, (max(low, 1.0), max(high, low + 1)))
    axes[0].set_ylabel("weight decay")
    return fig


def _medians(result: dict[str, Any], p: int) -> list[list[float]]:
    """Rows of decays, columns of fractions: the median step of grokking, infinite where most never did."""

    def median(decay: float, fraction: float) -> float:
        chosen = [n for n in result["networks"] if (n["p"], n["decay"], n["fraction"]) == (p, decay, fraction)]
        steps = sorted(math.inf if n["grokked"] is None else float(n["grokked"]) for n in chosen)
        return steps[len(steps) // 2]

    grid = result["grid"]
    return [[median(decay, fraction) for fraction in grid["fractions"]] for decay in grid["decays"]]


def _panel(ax: Any, p: int, table: list[list[float]], grid: dict[str, Any], limits: tuple[float, float]) -> None:
    from matplotlib.colors import LogNorm

    shown = [[step if math.isfinite(step) else math.nan for step in row] for row in table]
    norm = LogNorm(*limits)
    image = ax.imshow(shown, origin="lower", aspect="auto", cmap="viridis_r", norm=norm)
    for i, row in enumerate(table):
        for j, step in enumerate(row):
            dark = math.isfinite(step) and norm(step) > 0.45
            text = f"{step:.0f}" if math.isfinite(step) else "×"
            ax.text(j, i, text, ha="center", va="center", size=8, color="white" if dark else "#333333")
    ax.set_xticks(range(len(grid["fractions"])), [f"{fraction:g}" for fraction in grid["fractions"]])
    ax.set_yticks(range(len(grid["decays"])), [f"{decay:g}" for decay in grid["decays"]])
    ax.set(title=f"p = {p}: step of grokking, × never", xlabel="share of the pairs in training")
    ax.grid(False)
    ax.get_figure().colorbar(image, ax=ax, shrink=0.9)
