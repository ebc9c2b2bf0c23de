"""The figures that chapters draw again and again: a walk on a surface, losses with their spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike, NDArray

from course_lib.lab.style import COLOURS, colour, figure, label_ends, ramp, show, theme, use_theme
from course_lib.lab.surfaces import Path, Surface, heights
from course_lib.lab.train import History

__all__ = [
    "clip_to_view",
    "colour",
    "figure",
    "label_ends",
    "plot_band",
    "plot_losses",
    "plot_path",
    "plot_surface",
    "plot_values",
    "ramp",
    "show",
    "theme",
    "use_theme",
]

CONTOURS = 14
MOST_DOTS = 200


def plot_surface(ax: Axes, surface: Surface) -> None:
    """Contour lines, each higher than the last by the same factor, and a cross at the minimum.

    Both axes have the same unit, so that what looks steep is steep.
    """
    x, y, height = heights(surface)
    above = height - height.min()
    levels = np.geomspace(above.max() * 2e-4, above.max(), CONTOURS)
    shades = LinearSegmentedColormap.from_list("depth", [theme().deep, theme().background])
    ax.contourf(x, y, above, levels=[0, *levels], colors=list(shades(np.linspace(0, 1, CONTOURS))))
    ax.contour(x, y, above, levels=levels, colors=theme().faint, linewidths=0.7)
    ax.plot(*surface.minimum, marker="+", markersize=9, markeredgewidth=1.6, color=theme().ink)
    ax.set_xlim(*surface.x)
    ax.set_ylim(*surface.y)
    ax.set_aspect("equal")
    ax.grid(False)


def plot_path(ax: Axes, surface: Surface, path: Path, *, color: str | None = None, label: str | None = None) -> None:
    """A walk on its surface: a dot for every step and a ring at the start. label: written above the plot."""
    color = color or _colour_of(path.name)
    plot_surface(ax, surface)
    shown = clip_to_view(surface, path.points)
    dot = "o" if len(shown) <= MOST_DOTS else ""
    ax.plot(*shown.T, color=color, linewidth=1.1, marker=dot, markersize=2.6)
    ax.plot(*shown[0], marker="o", markersize=7, markerfacecolor="none", markeredgewidth=1.5, color=color)
    if label or path.name:
        ax.set_title(label or path.name, color=color)


def clip_to_view(surface: Surface, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2), those far outside of what is drawn moved to just outside: a renderer has limits."""
    (left, right), (bottom, top) = surface.x, surface.y
    width, height = right - left, top - bottom
    return np.clip(points, (left - width, bottom - height), (right + width, top + height))


def plot_values(ax: Axes, paths: Sequence[Path], *, colors: Sequence[str] | None = None) -> None:
    """Height against step, on a logarithmic axis, each walk labelled at its end."""
    for path, color in zip(paths, colors or [_colour_of(path.name) for path in paths], strict=True):
        ax.plot(path.values, color=color, label=path.name)
    ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("height")
    label_ends(ax)


def plot_losses(ax: Axes, histories: Sequence[History], *, colors: dict[str, str] | None = None) -> None:
    """Validation loss against step (the batch losses, averaged over ten, where there is none).

    Histories of the same name are seeds of one thing: their mean is drawn, and their whole range as a band.
    """
    names = list(dict.fromkeys(history.name for history in histories))
    validated = all(history.validation_steps for history in histories)
    for name in names:
        runs = [_curve(history, validated) for history in histories if history.name == name]
        shortest = min(len(run.steps) for run in runs)
        losses = np.stack([run.losses[:shortest] for run in runs])
        plot_band(ax, runs[0].steps[:shortest], losses, color=(colors or {}).get(name) or _colour_of(name), label=name)
    ax.set_xlabel("step")
    ax.set_ylabel("validation loss (nats)" if validated else "loss, mean of 10 steps (nats)")
    label_ends(ax)


def plot_band(ax: Axes, x: ArrayLike, runs: ArrayLike, *, color: str, label: str = "_") -> None:
    """The mean over runs as a line and their range as a band. runs: (seeds, points)."""
    runs = np.atleast_2d(np.asarray(runs, dtype=float))
    ax.plot(x, runs.mean(axis=0), color=color, label=label)
    if len(runs) > 1:
        ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.18, linewidth=0)


@dataclass(frozen=True)
class _Curve:
    steps: NDArray
    losses: NDArray


def _curve(history: History, validated: bool) -> _Curve:
    if validated:
        return _Curve(np.array(history.validation_steps), np.array(history.validation_losses))
    losses = np.array(history.losses)
    window = min(10, len(losses))
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    return _Curve(np.arange(len(smooth)) + window, smooth)


def _colour_of(name: str) -> str:
    """The colour of an optimizer that is named first in `name`, as in "SGD, lr 0.5"; else a neutral one."""
    first = name.split(",")[0].strip()
    return colour(first) if first in COLOURS else theme().neutral
