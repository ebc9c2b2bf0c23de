"""A valley that can be turned under a walk, for `live_figure`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

from course_lib.lab.plots import CONTOURS
from course_lib.lab.style import colour, theme
from course_lib.lab.surfaces import Path, Surface, valley

PIXELS = 220
REACH = 3.4
START = (-2.6, 1.2)


def turned(angle: float, *, L: float = 10.0, mu: float = 0.1) -> Surface:
    """The lopsided valley around (0, 0), turned by `angle` degrees; walks start `START` from it, turned as well.

    So the walk of a method that does not care about the axes is turned with its valley.
    """
    radians = np.radians(angle)
    cos, sin = float(np.cos(radians)), float(np.sin(radians))
    start = (cos * START[0] - sin * START[1], sin * START[0] + cos * START[1])
    return valley(L=L, mu=mu, start=start, angle=angle)


def rotating_valley(
    walks: dict[str, Callable[[Surface], Path]],
) -> Callable[[Any], Callable[..., str]]:
    """For `live_figure` with a slider `angle`: a panel for each optimizer's walk, all on the same turned valley."""

    def make(figure: Any) -> Callable[..., str]:
        axes = np.atleast_1d(figure.subplots(1, len(walks)))
        panels = {name: _panel(ax, name) for name, ax in zip(walks, axes, strict=True)}

        def update(angle: float) -> str:
            surface = turned(angle)
            shades = _picture(surface)
            ends = []
            for name, (image, line, end) in panels.items():
                path = walks[name](surface)
                image.set_data(shades)
                points = np.clip(path.points, -2 * REACH, 2 * REACH)
                line.set_data(*points.T)
                end.set_data(points[-1:, 0], points[-1:, 1])
                ends.append(f"{name} ends at a height of {path.values[-1]:.2g}")
            return ", ".join(ends)

        return update

    return make


def _panel(ax: Any, name: str) -> tuple[Any, Any, Any]:
    color = colour(name)
    shades = LinearSegmentedColormap.from_list("depth", [theme().deep, theme().background])
    top = 0.5 * 10 * REACH**2
    levels = [0, *np.geomspace(top * 2e-4, top * 2, CONTOURS)]
    image = ax.imshow(
        np.zeros((PIXELS, PIXELS)),
        extent=(-REACH, REACH, -REACH, REACH),
        origin="lower",
        cmap=shades,
        norm=BoundaryNorm(levels, shades.N),
        animated=True,
        zorder=0,
    )
    line = ax.plot([], [], color=color, linewidth=1.1, marker="o", markersize=2.6, animated=True, zorder=3)[0]
    end = ax.plot([], [], color=color, marker="o", markersize=6, animated=True, zorder=4)[0]
    ax.plot(0, 0, marker="+", markersize=9, markeredgewidth=1.6, color=theme().ink, animated=True, zorder=5)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
    ax.set_title(name, color=color)
    ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    ax.grid(False)
    return image, line, end


def _picture(surface: Surface) -> np.ndarray:
    """Heights (PIXELS, PIXELS) over the square that is drawn."""
    along = np.linspace(-REACH, REACH, PIXELS)
    grid = torch.from_numpy(np.stack(np.meshgrid(along, along), axis=-1))
    with torch.no_grad():
        return surface.value(grid).numpy()
