"""Singular values: of gradients, through an iteration, and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray
from torch import Tensor, nn

from course_lib.lab.plots import label_ends
from course_lib.lab.style import colour, theme

Coefficients = tuple[float, float, float]
STEPS = 5
VIEW = 1.6
FAINT = np.geomspace(0.003, 1.0, 13)


def singular_values(matrix: Tensor) -> NDArray[np.float64]:
    """Largest first; matrix: (rows, cols)."""
    return torch.linalg.svdvals(matrix.detach().double().cpu()).numpy()


def on_singular_values(matrix: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """The matrix with each singular value x replaced by function(x), by an SVD: exact, and slow."""
    left, values, right = torch.linalg.svd(matrix.double(), full_matrices=False)
    return (left * function(values) @ right).to(matrix)


def stable_rank(matrix: Tensor) -> float:
    """Sum of squared singular values over the largest square: how many directions a matrix really uses."""
    values = singular_values(matrix)
    return float((values**2).sum() / values[0] ** 2)


def through_steps(x: Any, coefficients: Coefficients | Sequence[Coefficients], steps: int = STEPS) -> list[Any]:
    """x, and x after each step of ax + bx³ + cx⁵; one set of coefficients for all steps, or one for each."""
    sets: list[Any] = [coefficients] * steps if isinstance(coefficients[0], float | int) else list(coefficients)
    found = [x]
    for a, b, c in sets[:steps]:
        x = a * x + b * x**3 + c * x**5
        found.append(x)
    return found


def plot_spectra(ax: Axes, spectra: Mapping[str, Any], colors: Sequence[str]) -> None:
    """Singular values against their rank, each divided by the largest, on a logarithmic axis."""
    for (name, found), color in zip(spectra.items(), colors, strict=True):
        values = np.asarray(found)
        ax.plot(np.arange(1, len(values) + 1), values / values[0], color=color, label=name)
    ax.set(yscale="log", xlabel="rank of the singular value", ylabel="size, the largest being 1")
    label_ends(ax)


class GradientWatch:
    """Remembers the gradients and the momentum of some matrices at some steps of a training run.

    Give `look` to train() as on_gradients. seen: (step, name) → (gradient, momentum).
    """

    def __init__(self, matrices: Mapping[str, nn.Parameter], steps: Sequence[int], momentum: float = 0.95):
        self.matrices, self.steps, self.momentum = dict(matrices), set(steps), momentum
        self.sums = {name: torch.zeros_like(p) for name, p in self.matrices.items()}
        self.seen: dict[tuple[int, str], tuple[Tensor, Tensor]] = {}

    def look(self, step: int) -> None:
        """Called when the gradients of a step are there."""
        for name, p in self.matrices.items():
            if p.grad is None:
                continue
            self.sums[name] = self.momentum * self.sums[name] + p.grad
            if step in self.steps:
                self.seen[step, name] = p.grad.clone(), self.sums[name].clone()


def iteration_picture() -> Callable[[Any], Callable[..., str]]:
    """For live_figure: singular values through five steps, with the coefficients and one value to drag."""

    def make(figure: Any) -> Callable[..., str]:
        ax = figure.subplots()
        steps = np.arange(STEPS + 1)
        ax.axhspan(0.68, 1.13, color=theme().deep, linewidth=0)
        ax.set(xlim=(0, STEPS), ylim=(-0.05, VIEW), xlabel="step", ylabel="singular value")
        others = [ax.plot(steps, steps * 0, color=theme().neutral, linewidth=0.8, animated=True)[0] for _ in FAINT]
        line = ax.plot(steps, steps * 0, color=colour("Muon"), linewidth=2.4, marker="o", animated=True)[0]

        def update(log_sigma: float, a: float, b: float, c: float) -> str:
            with np.errstate(all="ignore"):
                faint = np.array(through_steps(FAINT, (a, b, c)))
                path = np.array(through_steps(np.float64(10.0**log_sigma), (a, b, c)))
                grid = through_steps(np.geomspace(0.01, 1, 400), (a, b, c))[-1]
            for other, values in zip(others, faint.T, strict=True):
                other.set_ydata(_inside(values))
            line.set_ydata(_inside(path))
            return (
                f"{10**log_sigma:.3g} ends at {path[-1]:.3g}, 0.01 to 1 at {_short(grid.min())} to {_short(grid.max())}"
            )

        return update

    return make


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.1e}"


def _inside(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.nan_to_num(values, nan=10.0), -10.0, 10.0)
