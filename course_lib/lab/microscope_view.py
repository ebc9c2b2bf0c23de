"""What the microscope saw, with a slider over the steps: yours filled, torch's hollow around it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.lab.live_figure import live_figure
from course_lib.lab.microscope import Beside, Look, Microscope
from course_lib.lab.plots import label_ends
from course_lib.lab.style import colour, ramp, theme
from course_lib.lab.widgets import Slider

HEIGHT = 6.0
SAME_DIRECTION = 0.999


def show_microscope(scope: Microscope, *, optimizer: str, stills: Sequence[int] = (), alt: str) -> None:
    """A slider over the steps: sizes of gradient, m and √v by layer, length and direction of the update.

    Where there is a reference its marks are hollow, and layers whose update is another one are tinted. optimizer: whose
    colour to use. stills: steps (from 1) to draw where no slider can work, by default the first and the last. alt: what
    those show, in words; how the run compares with its reference is added.
    """
    last = len(scope.looks)
    slider = Slider(low=1, high=max(last, 2), start=min(10, last), step=1)
    shown = [{"step": step} for step in (stills or (1, last)) if step <= last]
    words = f"{alt} {comparison(scope)}".strip()
    live_figure(microscope_view(scope, optimizer), {"step": slider}, shown, height=HEIGHT, alt=words)


def comparison(scope: Microscope) -> str:
    """How the whole run compares with its reference, in a sentence or two; empty if none was asked for."""
    found = scope.difference()
    if found is None or scope.reference is None:
        return f"There is no reference: {scope.without}." if scope.without else ""
    name, where = scope.reference.name, f"{found.layer}, step {found.step}"
    if found.first_step is None:
        return f"Every update is that of {name}; the largest relative difference is {found.largest:.1g} ({where})."
    layers = "all layers" if len(found.first_layers) == len(scope.layers) else ", ".join(found.first_layers)
    text = (
        f"The updates part from those of {name} at step {found.first_step}, in {layers}; the largest relative "
        f"difference is {_share(found.largest)} ({where})."
    )
    reason = scope.reference.reason(found.largest)
    return f"{text} That may be another form of the rule: {reason}." if reason else text


def microscope_view(scope: Microscope, optimizer: str) -> Any:
    """`make` for live_figure."""

    def make(figure: Any) -> Any:
        names = list(scope.layers)
        above, below = figure.subplots(2, 1, height_ratios=(1, 1.3))
        mark = _lengths(above, scope)
        points, rings = _marks(below, scope, optimizer)
        bands = [
            below.axhspan(
                row - 0.45, row + 0.45, color=colour("Muon"), alpha=0.16, animated=True, linewidth=0, zorder=0
            )
            for row in range(len(names))
        ]
        angles = [_row_text(below, row) for row in range(len(names))]

        def update(step: float) -> str:
            index = min(max(round(step), 1), len(scope.looks)) - 1
            looks = scope.looks[index]
            beside = scope.beside[index] if index < len(scope.beside) else {}
            mark.set_xdata([step, step])
            for quantity, line in points.items():
                line.set_data([getattr(looks[name], quantity) for name in names], np.arange(len(names)))
            for quantity, line in rings.items():
                theirs = [getattr(beside[name].look, quantity) for name in names if name in beside]
                line.set_data(theirs, np.arange(len(theirs)))
            for band, text, name in zip(bands, angles, names, strict=True):
                parted = name in beside and scope.parts(beside[name])
                band.set_visible(parted)
                text.set_text(_row(looks[name], beside.get(name), parted))
            return _in_words(scope, looks, beside)

        return update

    return make


def _lengths(ax: Any, scope: Microscope) -> Any:
    """The length of every layer's update over the whole run; returns the line that marks a step."""
    steps = np.arange(1, len(scope.looks) + 1)
    for name, color in zip(scope.layers, ramp(len(scope.layers)), strict=True):
        ax.plot(steps, scope.series(name, "per_lr"), color=color, linewidth=1.2, label=name)
    ax.set(yscale="log", ylabel="RMS of the update / lr", xlabel="step", xlim=(1, max(len(steps), 2)))
    label_ends(ax)
    for name, color in zip(scope.layers, ramp(len(scope.layers)), strict=True):
        theirs = scope.reference_series(name, "per_lr")
        ax.plot(steps[: len(theirs)], theirs, color=color, linewidth=2.4, linestyle=(0, (1, 2.5)), label="_")
    if scope.beside and scope.reference:
        ax.set_title(f"lines: yours, dots: {scope.reference.name}", loc="left", size=10, weight="normal")
    return ax.axvline(1, color=theme().ink, linewidth=1.4, animated=True, zorder=5)


def _marks(ax: Any, scope: Microscope, optimizer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The marks of yours and of the reference by quantity, on an axis with a row for each layer."""
    names = list(scope.layers)
    kinds = (
        ("gradient", "o", theme().neutral, "gradient"),
        ("first", "^", colour("Momentum"), "m"),
        ("second", "s", colour("RMSprop"), "√v"),
        ("update", "D", colour(optimizer), "update"),
    )
    points = {
        quantity: ax.plot([], [], marker, color=color, markersize=6, animated=True, label=label)[0]
        for quantity, marker, color, label in kinds
    }
    rings = {
        quantity: ax.plot(
            [], [], marker, color=color, markersize=12, markerfacecolor="none", markeredgewidth=1.4, animated=True
        )[0]
        for quantity, marker, color, _ in kinds[1:]
    }
    values = [v for q in points for name in names for v in scope.series(name, q)]
    values += [v for q in rings for name in names for v in scope.reference_series(name, q)]
    drawn = [value for value in values if value > 0 and math.isfinite(value)]
    low, high = (min(drawn) / 2, max(drawn) * 2) if drawn else (1e-3, 1.0)
    ax.set(xscale="log", xlim=(low, high), ylim=(-0.6, len(names) - 0.4))
    ax.set(yticks=range(len(names)), yticklabels=names, xlabel="RMS over the numbers of a layer")
    ax.invert_yaxis()
    if scope.beside:
        ax.plot([], [], "o", color=theme().ink, markersize=11, markerfacecolor="none", label="hollow: torch's")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=5, frameon=False, borderaxespad=0.1)
    header = "cosine to −gradient,\nyours (torch's)" if scope.beside else "cosine to\n−gradient"
    ax.text(1.01, -0.7, header, transform=ax.get_yaxis_transform(), size=9, va="bottom")
    return points, rings


def _row_text(ax: Any, row: int) -> Any:
    return ax.text(1.02, row, "", transform=ax.get_yaxis_transform(), va="center", animated=True, size=9)


def _row(look: Look, beside: Beside | None, parted: bool) -> str:
    """The cosines of a layer, and how far its update is from the reference's where it is another one."""
    if math.isnan(look.cosine):
        return ""
    if beside is None:
        return f"{look.cosine:.2f}"
    text = f"{look.cosine:.2f} ({beside.look.cosine:.2f})"
    return f"{text}\n{_how(look, beside)}" if parted else text


def _how(look: Look, beside: Beside) -> str:
    """In which way an update is another one."""
    if beside.alike > SAME_DIRECTION and beside.look.update:
        return f"{look.update / beside.look.update:.3g} × as long"
    return f"{_share(beside.apart)} apart"


def _share(apart: float) -> str:
    return "without bound" if math.isinf(apart) else f"{100 * apart:.2g} %" if apart < 1 else f"{100 * apart:.0f} %"


def _in_words(scope: Microscope, looks: Mapping[str, Look], beside: Mapping[str, Beside]) -> str:
    """Where the update is longest and shortest in units of lr, how it points, and where it parts from the reference."""
    known = {name: look for name, look in looks.items() if not math.isnan(look.per_lr)}
    if not known:
        return "no layer had a gradient"
    lengths = [look.per_lr for look in known.values()]
    angles = [look.cosine for look in known.values() if not math.isnan(look.cosine)]
    text = f"updates of {min(lengths):.2g} to {max(lengths):.2g} × lr"
    text = f"{text}, cosine to −gradient {min(angles):.2f} to {max(angles):.2f}" if angles else text
    return f"{text}.{_beside_in_words(scope, known, beside)}"


def _beside_in_words(scope: Microscope, looks: Mapping[str, Look], beside: Mapping[str, Beside]) -> str:
    if not scope.reference or not beside:
        return f" No reference: {scope.without}." if scope.without else ""
    worst = max(looks, key=lambda name: beside[name].apart)
    parted = [name for name in looks if scope.parts(beside[name])]
    name = scope.reference.name
    if parted:
        how = _how(looks[worst], beside[worst])
        return f" Other than {name} in {len(parted)} of {len(looks)} layers, most in {worst}: {how}."
    text = f" The same as {name} in every layer, to {beside[worst].apart:.1g} of the update."
    return f"{text} m or v is another one, which the update does not show." if _moments_part(looks, beside) else text


def _moments_part(looks: Mapping[str, Look], beside: Mapping[str, Beside]) -> bool:
    """Whether a moment has another size than the reference's."""
    pairs = [
        (getattr(looks[name], quantity), getattr(beside[name].look, quantity))
        for name in looks
        for quantity in ("first", "second")
    ]
    return any(abs(yours - theirs) > 0.01 * theirs for yours, theirs in pairs)


__all__ = ["comparison", "microscope_view", "show_microscope"]
