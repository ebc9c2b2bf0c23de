"""The figures that chapters draw again and again: a walk on a surface, losses with their spread over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import ArrayLike, NDArray

from course_lib.lab.style import COLOURS, colour, figure, label_ends, ramp, readable, show, theme, use_theme
from course_lib.lab.surfaces import Path, Surface, heights
from course_lib.lab.train import History

__all__ = [
    "clip_to_view",
    "colour",
    "figure",
    "label_ends",
    "plot_band",
    "plot_dots",
    "plot_losses",
    "plot_path",
    "plot_surface",
    "plot_values",
    "ramp",
    "readable",
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
    """A walk on its surface: a ring at the start, a dot at every step. label: written above the plot."""
    color = color or _colour_of(path.name)
    plot_surface(ax, surface)
    shown = clip_to_view(surface, path.points)
    dot = "o" if len(shown) <= MOST_DOTS else ""
    ax.plot(*shown.T, color=color, linewidth=1.1, marker=dot, markersize=2.6)
    ax.plot(*shown[0], marker="o", markersize=7, markerfacecolor="none", markeredgewidth=1.5, color=color)
    ax.plot(*shown[-1], marker="o", markersize=4.5, color=color)
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

    Histories of the same name are seeds of one thing: their mean is drawn, and their whole range as a band. A run that
    diverged is drawn as a thin line of its batch losses that leaves the picture.
    """
    validated = all(history.validation_steps for history in histories)
    low, high = math.inf, -math.inf
    for name in dict.fromkeys(history.name for history in histories):
        runs = [history for history in histories if history.name == name]
        settled = [_curve(run, validated) for run in runs if not run.diverged]
        gone = [run for run in runs if run.diverged]
        color = (colors or {}).get(name) or _colour_of(name)
        for run in gone:
            label = "_" if settled else f"{name}: {run.stopped.partition(':')[0]}"
            ax.plot(run.losses, color=color, linewidth=0.9, label=label)
        if settled:
            shortest = min(len(run.steps) for run in settled)
            losses = np.stack([run.losses[:shortest] for run in settled])
            label = f"{name} ({len(gone)} of {len(runs)} diverged)" if gone else name
            plot_band(ax, settled[0].steps[:shortest], losses, color=color, label=label)
            low, high = min(low, losses.min()), max(high, losses.max())
    if high > low:
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    ax.set_xlabel("step")
    ax.set_ylabel("validation loss (nats)" if validated else "loss, mean of 10 steps (nats)")
    label_ends(ax)


def plot_band(ax: Axes, x: ArrayLike, runs: ArrayLike, *, color: str, label: str = "_") -> None:
    """The mean over runs as a line and their range as a band. runs: (seeds, points)."""
    runs = np.atleast_2d(np.asarray(runs, dtype=float))
    ax.plot(x, runs.mean(axis=0), color=color, label=label)
    if len(runs) > 1:
        ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.18, linewidth=0)


def plot_dots(ax: Axes, values: Mapping[str, float], *, color: str, mark: Mapping[str, float] | None = None) -> None:
    """One row for each name, smallest value at the bottom, on a logarithmic axis; values are written beside the dots.

    mark: name → value of vertical lines to compare with. All values are above zero.
    """
    rows = sorted(values, key=lambda name: values[name])
    ax.scatter([values[name] for name in rows], rows, color=color, s=45, zorder=3)
    for name in rows:
        ax.annotate(f"{values[name]:.2g}", (values[name], name), (9, 0), textcoords="offset points", va="center")
    for name, value in (mark or {}).items():
        ax.axvline(value, color=theme().neutral, linewidth=1.2, linestyle="--")
        ax.annotate(
            name, (value, 1.0), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center"
        )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)


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
