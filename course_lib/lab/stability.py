"""Gradient descent with momentum on a quadratic: how much each step shrinks what is left, and where it explodes.

In a direction with curvature λ the distance obeys z² − (1 + μ − ηλ) z + μ = 0 from step to step (with Nesterov
z² − (1 + μ)(1 − ηλ) z + μ (1 − ηλ) = 0). The larger root is the factor per step; the walk is stable where it is below 1
for every curvature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike, NDArray

from course_lib.lab.plots import clip_to_view, plot_surface
from course_lib.lab.style import colour, theme
from course_lib.lab.surfaces import Path, Surface

RESOLUTION = 160


def factor(lr: ArrayLike, momentum: ArrayLike, curvature: float, nesterov: bool = False) -> NDArray[np.float64]:
    """What is left of the distance after one step, in the long run, in a direction of this curvature."""
    lr, momentum = np.broadcast_arrays(np.asarray(lr, dtype=float), np.asarray(momentum, dtype=float))
    if nesterov:
        half, product = (1 + momentum) * (1 - lr * curvature) / 2, momentum * (1 - lr * curvature)
    else:
        half, product = (1 + momentum - lr * curvature) / 2, momentum
    root = np.sqrt((half**2 - product).astype(complex))
    return np.maximum(np.abs(half + root), np.abs(half - root))


def slowest_factor(lr: ArrayLike, momentum: ArrayLike, L: float, mu: float) -> NDArray[np.float64]:
    """The factor of the slower of two directions with curvatures L and μ."""
    return np.maximum(factor(lr, momentum, L), factor(lr, momentum, mu))


def stability_map(
    walk: Callable[..., Path], surface: Surface, *, L: float, mu: float, highest_lr: float
) -> Callable[[Any], Callable[..., str]]:
    """For `live_figure`: the walk on its valley, and where (lr, momentum) stands on the map of factors.

    walk: called with lr and momentum. L, mu: curvatures of the valley. highest_lr: right end of the map.
    """

    def make(figure: Any) -> Callable[..., str]:
        top, bottom = figure.subplots(2, 1, height_ratios=[1, 1.35])
        plot_surface(top, surface)
        _draw_map(bottom, L, mu, highest_lr)
        color = colour("Momentum")
        line = top.plot([], [], color=color, linewidth=1.1, marker="o", markersize=2.8, animated=True)[0]
        dot = bottom.plot([], [], marker="o", markersize=9, color=color, markeredgecolor="white", animated=True)[0]
        dot.set(clip_on=False, in_layout=False)  # whole on the axis, and no margin for it while it has no place

        def update(lr: float, momentum: float) -> str:
            path = walk(lr=lr, momentum=momentum)
            line.set_data(*clip_to_view(surface, path.points).T)
            dot.set_data([lr], [momentum])
            left = float(slowest_factor(lr, momentum, L, mu))
            end = f"after {len(path.values) - 1} steps the height is {path.values[-1]:.2g}"
            return f"{end}; each step leaves {left:.3f} of the distance"

        return update

    return make


def _draw_map(ax: Any, L: float, mu: float, highest_lr: float) -> None:
    lr = np.linspace(0, highest_lr, RESOLUTION + 1)[1:]
    momentum = np.linspace(0, 0.995, RESOLUTION)
    left = slowest_factor(lr[None, :], momentum[:, None], L, mu)
    steps = np.where(left < 1, np.log(1e-3) / np.log(np.minimum(left, 1 - 1e-9)), np.nan)
    shades = LinearSegmentedColormap.from_list("steps", [theme().deep, theme().background])
    levels = [15, 30, 60, 120, 240, 480, 960, 1e12]
    ax.contourf(lr, momentum, steps, levels=[0, *levels], colors=list(shades(np.linspace(0, 1, len(levels)))))
    lines = ax.contour(lr, momentum, steps, levels=levels[:-1], colors=theme().neutral, linewidths=0.7)
    reached = [level for level in levels[:-1] if level > np.nanmin(steps)]
    places = [_on_the_flat_side(level, mu) for level in reached]
    ax.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=8, manual=places)
    ax.plot(2 * (1 + momentum) / L, momentum, color=theme().ink, linewidth=1.6)
    ax.text(highest_lr * 0.985, 0.05, "explodes", ha="right", color=theme().ink)
    ax.set(xlim=(0, highest_lr), ylim=(0, 1), xlabel="lr", ylabel="momentum")
    ax.set_title("steps to a thousandth of the distance; right of the line it explodes")
    ax.grid(False)


def _on_the_flat_side(steps: float, mu: float) -> tuple[float, float]:
    """Where a contour crosses a ray through the middle of the map, about: there ημ/(1 − momentum) = ln(1000)/steps."""
    rate, slope = np.log(1e3) / (steps * mu), 3.2
    lr = rate / (1 + slope * rate)
    return lr, slope * lr
