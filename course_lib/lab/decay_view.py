"""What decay leaves of a weight, by the size of the gradients it gets: one picture for coupled and decoupled decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim import Optimizer

from course_lib.lab.style import colour, readable, theme

STEPS = 200
SIZES = np.geomspace(1e-3, 1e1, 33)
"""Typical gradient of each weight."""
COPIES = 16

MakeOptimizer = Callable[[list[torch.nn.Parameter]], Optimizer]


def left_after(make: MakeOptimizer, steps: int = STEPS, seed: int = 0) -> NDArray[np.float64]:
    """The mean of weights that start at 1 and only get noise as gradients, by size of the noise, shape (33,).

    Noise has no direction, so what is missing at the end is the decay's doing. Each size has 16 weights.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = torch.nn.Parameter(torch.ones(COPIES, len(SIZES), dtype=torch.float64))
    optimizer = make([weights])
    sizes = torch.from_numpy(SIZES)
    for _ in range(steps):
        weights.grad = sizes * torch.randn(weights.shape, dtype=torch.float64, generator=generator)
        optimizer.step()
    return weights.detach().mean(dim=0).numpy()


def decay_view(contestants: Mapping[str, Callable[[float, float], MakeOptimizer]]) -> Callable[[Any], Any]:
    """For `live_figure`, with sliders weight_decay and lr.

    contestants: name as in `colour` → function of (lr, weight_decay) that says how to build the optimizer.
    """

    def draw(figure: Any) -> Callable[..., str]:
        ax = figure.subplots()
        lines = {
            name: ax.plot(SIZES, np.ones_like(SIZES), color=colour(name), marker="o", markersize=3.5, animated=True)[0]
            for name in contestants
        }
        promised = ax.plot([], [], color=theme().neutral, linewidth=1.2, linestyle="--", animated=True)[0]
        ax.set(xscale="log", xlim=(SIZES[0], SIZES[-1]), ylim=(-0.25, 1.25))
        ax.set(xlabel="typical size of the gradients a weight gets", ylabel=f"what is left of it after {STEPS} steps")
        _name_above(ax, lines)

        def update(weight_decay: float, lr: float) -> str:
            parts = []
            for name, line in lines.items():
                left = left_after(contestants[name](lr, weight_decay))
                line.set_ydata(left)
                parts.append(f"{name} leaves {left[0]:.2f} to {left[-1]:.2f}")
            promised.set_data(SIZES[[0, -1]], [(1 - lr * weight_decay) ** STEPS] * 2)
            return ", ".join(parts)

        return update

    return draw


def _name_above(ax: Any, lines: Mapping[str, Any]) -> None:
    """Labels outside of the axes, since the lines move."""
    for column, (name, line) in enumerate(lines.items()):
        ax.text(0.14 * column, 1.03, name, color=readable(line.get_color()), transform=ax.transAxes, weight="bold")
    words = "dashed: (1 − lr · weight_decay)^steps"
    ax.text(1.0, 1.03, words, color=theme().neutral, transform=ax.transAxes, ha="right", size=9)


__all__ = ["SIZES", "STEPS", "decay_view", "left_after"]
