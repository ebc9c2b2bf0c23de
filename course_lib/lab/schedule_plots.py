"""Figures of schedules: curves over a run, and final losses paired by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from course_lib.lab.style import label_ends, ramp, theme

KINDS = ("cosine", "cosine, 10 % floor", "WSD", "linear", "inverse sqrt")


def schedule_colour(name: str) -> str:
    """The colour of a kind of schedule, the same all through the chapter; grey for a constant one."""
    kind = next((kind for kind in sorted(KINDS, key=len, reverse=True) if name.startswith(kind)), "")
    return ramp(len(KINDS))[KINDS.index(kind)] if kind else theme().neutral


def plot_schedules(
    ax: Axes, schedules: Mapping[str, Sequence[float]], *, colors: Mapping[str, str] | None = None
) -> None:
    """Learning rate against step, from 0 on, each curve labelled at its end."""
    for name, lrs in schedules.items():
        ax.plot(lrs, color=(colors or {}).get(name) or schedule_colour(name), label=name)
    ax.set_ylim(0, None)
    ax.set_xlabel("step")
    ax.set_ylabel("learning rate")
    label_ends(ax)


def plot_paired(
    ax: Axes, losses: Mapping[str, Mapping[int, float]], *, extra: Mapping[str, float] | None = None
) -> None:
    """Final losses: a column for each name, a dot for each seed, the dots of one seed joined, a bar at the mean.

    losses: name → seed → loss. extra: name → one loss that is marked with a cross, such as that of your own run.
    """
    names = list(losses)
    seeds = sorted({seed for column in losses.values() for seed in column})
    for seed in seeds:
        x, y = zip(*((x, losses[name][seed]) for x, name in enumerate(names) if seed in losses[name]), strict=True)
        ax.plot(x, y, color=theme().neutral, alpha=0.4, linewidth=1, label=f"seed {seed}", zorder=1)
    for column, name in enumerate(names):
        values = list(losses[name].values())
        color = schedule_colour(name)
        ax.scatter([column] * len(values), values, color=color, s=36, zorder=3)
        ax.hlines(np.mean(values), column - 0.22, column + 0.22, color=color, linewidth=2.5, zorder=2)
        if extra and name in extra:
            at = (column - 0.16, extra[name])
            ax.scatter(*at, marker="x", color=theme().ink, s=50, zorder=4)
            ax.annotate("your run", at, (-7, 0), textcoords="offset points", ha="right", va="center")
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.75, len(names) - 0.6)
    ax.grid(axis="x", visible=False)
    ax.set_ylabel("final validation loss (nats)")
    label_ends(ax)
