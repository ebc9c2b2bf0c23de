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
        there = [(x, losses[name][seed]) for x, name in enumerate(names) if seed in losses[name]]
        ax.plot(*zip(*there, strict=True), color=theme().faint, linewidth=1.2, zorder=1)
        x, y = there[-1]
        ax.annotate(f"seed {seed}", (x, y), (8, 0), textcoords="offset points", va="center", color=theme().neutral)
    for x, name in enumerate(names):
        values = list(losses[name].values())
        color = schedule_colour(name)
        ax.scatter([x] * len(values), values, color=color, s=36, zorder=3)
        ax.plot([x - 0.22, x + 0.22], [np.mean(values)] * 2, color=color, linewidth=2.5, zorder=2)
        if extra and name in extra:
            ax.scatter([x + 0.14], [extra[name]], marker="x", color=theme().ink, s=60, zorder=4)
            ax.annotate("your run", (x + 0.14, extra[name]), (7, -3), textcoords="offset points")
    ax.set_xticks(range(len(names)), names)
    ax.margins(x=0.1)
    ax.grid(axis="x", visible=False)
    ax.set_ylabel("final validation loss (nats)")
