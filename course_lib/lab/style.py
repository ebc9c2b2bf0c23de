"""One look for every figure: a light and a dark theme, one colour per optimizer, figures with a description.

Figures here are made without pyplot, so no backend, no global figure and no double display can get in the way, and a
notebook looks the same in JupyterLab, under papermill and in an export.
"""

from __future__ import annotations

import io
import itertools
import os
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 8.0
CSS_PIXELS_PER_INCH = 96
PIXELS_PER_INCH = 144
UNSEEN = "position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%)"


@dataclass(frozen=True)
class Theme:
    """Colours that belong to no optimizer. ink: text. faint: grids, contours. deep: the bottom of a valley."""

    background: str
    ink: str
    faint: str
    neutral: str
    deep: str


THEMES = {
    "light": Theme(background="#ffffff", ink="#333333", faint="#d5d5d5", neutral="#767676", deep="#cfe1ef"),
    "dark": Theme(background="#111111", ink="#dddddd", faint="#3d3d3d", neutral="#9a9a9a", deep="#1f3a4f"),
}

# After Okabe & Ito (2008), told apart with every common colour blindness. Relatives share a hue; (light, dark theme).
COLOURS = {
    "SGD": ("#4d4d4d", "#c8c8c8"),
    "Momentum": ("#0072b2", "#4ba3dc"),
    "Nesterov": ("#3b9bd3", "#8cc8ee"),
    "Adagrad": ("#8a7a00", "#d8c934"),
    "RMSprop": ("#c47f00", "#e69f00"),
    "Adam": ("#00916a", "#2fc49a"),
    "AdamW": ("#005f46", "#7fe0c4"),
    "Adam8bit": ("#4c9f86", "#a5e6d3"),
    "AdamMini": ("#5f8f3f", "#b5dd97"),
    "Adafactor": ("#7a6a4f", "#cbb994"),
    "Lion": ("#b04a8a", "#e08fc0"),
    "SophiaG": ("#6a51a3", "#b7a5e6"),
    "ScheduleFreeAdamW": ("#2c5a8c", "#a9c3e6"),
    "Muon": ("#d55e00", "#ff8b3d"),
}

THEME_VARIABLE = "SGD2MUON_THEME"
"""The environment variable with the theme of all notebooks."""

_theme = "light"


def use_theme(name: str) -> None:
    """Draw every later figure "light" or "dark"; at first they are what $SGD2MUON_THEME says, else light.

    Raises ValueError for any other name.
    """
    global _theme
    if name not in THEMES:
        known = " or ".join(map(repr, THEMES))
        raise ValueError(f"There is no theme {name!r}; use_theme and ${THEME_VARIABLE} take {known}.")
    _theme = name
    settings: Any = _settings(THEMES[name])  # typed by matplotlib key by key, differently in each release
    matplotlib.rcParams.update(settings)


def theme() -> Theme:
    """The colours in use."""
    return THEMES[_theme]


def colour(optimizer: str) -> str:
    """The colour of an optimizer, the same in every chapter. Raises KeyError for a name that has none."""
    return COLOURS[optimizer][list(THEMES).index(_theme)]


def ramp(count: int) -> list[str]:
    """`count` colours for something that grows, such as a learning rate: from blue through purple to orange."""
    positions = np.linspace(0.08, 0.78, count) if _theme == "light" else np.linspace(0.3, 0.95, count)
    return [visible(matplotlib.colors.to_hex(c)) for c in matplotlib.colormaps["plasma"](positions)]


def readable(color: Any) -> str:
    """The colour for text: mixed with ink until its contrast with the background is 4.5 to 1."""
    return _against_background(color, 4.5)


def visible(color: Any) -> str:
    """The colour for a line: mixed with ink until its contrast with the background is 3 to 1."""
    return _against_background(color, 3.0)


def _against_background(color: Any, contrast: float) -> str:
    mine, ink, ground = (np.array(matplotlib.colors.to_rgb(c)) for c in (color, theme().ink, theme().background))
    for share in np.linspace(0, 1, 21):
        mixed = matplotlib.colors.to_hex((1 - share) * mine + share * ink)
        low, high = sorted((_luminance(np.array(matplotlib.colors.to_rgb(mixed))), _luminance(ground)))
        if (high + 0.05) / (low + 0.05) >= contrast:
            return mixed
    return theme().ink


def _luminance(rgb: np.ndarray) -> float:
    """Relative luminance (WCAG 2)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def figure(rows: int = 1, columns: int = 1, *, height: float = 3.4, **subplots: Any) -> tuple[Figure, Any]:
    """A figure of notebook width and `height` inches, and its axes as `plt.subplots` would return them."""
    fig = Figure(figsize=(WIDTH, height), layout="constrained")
    return fig, fig.subplots(rows, columns, **subplots)


def png(fig: Figure, alt: str = "") -> bytes:
    """The figure as a PNG file; `alt` goes into its metadata."""
    file = io.BytesIO()
    fig.savefig(file, format="png", dpi=PIXELS_PER_INCH, metadata={"Description": alt} if alt else None)
    return file.getvalue()


def show(fig: Figure, alt: str) -> None:
    """Display the figure in a notebook. alt: what it shows, in a sentence or two, for whoever cannot see it.

    Outside a notebook only the description is printed.
    """
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(alt)
        return
    width = round(fig.get_figwidth() * CSS_PIXELS_PER_INCH)
    metadata = {"image/png": {"width": width, "alt": alt}}
    display({"image/png": png(fig, alt), "text/plain": alt}, raw=True, metadata=metadata)
    describe(alt)


def describe(alt: str) -> None:
    """The description of a figure as text that only screen readers meet.

    JupyterLab 4, Notebook 7 and nbconvert's "lab" pages give a picture no alternative text, whatever its metadata says.
    (nbconvert's "classic" pages take it from the metadata, VS Code from text/plain.)
    """
    from IPython.display import display

    display({"text/html": f'<p style="{UNSEEN}">Figure: {escape(alt)}</p>'}, raw=True)


def label_ends(ax: Axes, *, size: float = 9.5) -> None:
    """Write each labelled line's label at its right end, in its colour, moved apart where two would overlap."""
    lines = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    low, high = ax.get_ylim()
    places = []
    for line in lines:
        last = np.asarray(line.get_ydata(), dtype=float)[-1]
        inside = np.clip(last if np.isfinite(last) else high, min(low, high), max(low, high))
        at = ax.transAxes.inverted().transform(ax.transData.transform((1.0, inside)))[1]
        places.append(float(at))
    dots_high, dots_per_inch = ax.get_window_extent().height, ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    points_high = dots_high / dots_per_inch * 72
    for line, place in zip(lines, _spread(places, gap=1.25 * size / points_high), strict=True):
        ax.annotate(
            str(line.get_label()),
            (1.0, place),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            color=readable(line.get_color()),
            size=size,
            va="center",
            annotation_clip=False,
        )


def _spread(places: list[float], gap: float) -> list[float]:
    """The places, moved as little as sorting allows so that neighbours are `gap` apart and the middle stays."""
    order = np.argsort(places)
    placed = np.array(places, dtype=float)
    for _ in range(100):
        moved = False
        for below, above in itertools.pairwise(order):
            lack = gap - (placed[above] - placed[below])
            if lack > 1e-6:
                placed[below] -= lack / 2
                placed[above] += lack / 2
                moved = True
        if not moved:
            break
    return placed.tolist()


def _settings(theme: Theme) -> dict[str, Any]:
    return {
        "figure.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.edgecolor": theme.neutral,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": theme.faint,
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.labelsize": 10,
        "font.size": 10,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "axes.formatter.useoffset": False,
    }


use_theme(os.environ.get(THEME_VARIABLE) or "light")
