"""Play: draw a schedule with sliders; see its area, and the recorded run whose schedule is nearest to it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from course_lib.lab.drag_errors import error_below
from course_lib.lab.live_figure import LivePicture
from course_lib.lab.schedule_runs import STEPS, Plan, Run, Schedule, finals, recorded
from course_lib.lab.style import CSS_PIXELS_PER_INCH, WIDTH, describe, figure, png, ramp, show, theme
from course_lib.lab.widgets import someone_is_there

PEAKS = (0.0025, 0.005, 0.01, 0.02)
SHAPES = ("linear", "sqrt", "cosine")
HEIGHT = 3.2

Settings = Mapping[str, Any]
START = {"peak": 0.01, "warmup": 50, "decay": 300, "floor": 0.0, "shape": "linear"}


@dataclass(frozen=True)
class Nearest:
    """The recorded runs under the plan whose curve is nearest.

    distance: mean distance of the two curves, as a share of the drawn one's peak. losses: seed → final loss.
    """

    plan: Plan
    lrs: NDArray[np.float64]
    distance: float
    losses: Mapping[int, float]


@dataclass
class Designer:
    """A schedule under construction. wsd: the function of chapter 6; runs: what to compare with."""

    wsd: Schedule
    runs: Sequence[Run]

    @cached_property
    def _curves(self) -> dict[Plan, NDArray[np.float64]]:
        """The curve of every recorded plan of full length."""
        plans = dict.fromkeys(run.plan for run in self.runs if run.plan.steps == STEPS)
        return {plan: np.array(plan.lrs(self.wsd)) for plan in plans}

    def lrs(self, settings: Settings) -> NDArray[np.float64]:
        """The learning rate of every step, by the student's own function."""
        peak, warmup = settings["peak"], int(settings["warmup"])
        decay = min(int(settings["decay"]), STEPS - warmup)
        floor = settings["floor"] * peak
        return np.array([self.wsd(t, STEPS, warmup, decay, peak, floor, settings["shape"]) for t in range(STEPS)])

    def nearest(self, lrs: NDArray[np.float64]) -> Nearest | None:
        """None where nothing is recorded."""
        if not self._curves:
            return None
        away = {plan: float(np.abs(lrs - curve).mean()) for plan, curve in self._curves.items()}
        plan = min(away, key=away.__getitem__)
        return Nearest(plan, self._curves[plan], away[plan] / max(lrs.max(), 1e-12), finals(self.runs, plan))

    def words(self, lrs: NDArray[np.float64], settings: Settings) -> str:
        """Area, and what the nearest recorded run reached."""
        area = f"Area: {lrs.mean() / settings['peak']:.0%} of a constant {settings['peak']:g}."
        near = self.nearest(lrs)
        if near is None:
            return f"{area} No recorded runs here."
        losses = list(near.losses.values())
        away = "this one" if near.distance < 0.001 else f"{near.distance:.1%} of the peak away"
        return (
            f"{area} Nearest recorded run: {named(near.plan)} ({away}), "
            f"final loss {np.mean(losses):.3f} ({min(losses):.3f} to {max(losses):.3f})."
        )


def named(plan: Plan) -> str:
    """A recorded plan in words."""
    if plan.kind == "constant":
        name = f"constant {plan.peak:g}"
    elif plan.kind == "wsd" and plan.decay < STEPS - plan.warmup:
        name = f"WSD {plan.peak:g}, {plan.decay / STEPS:.0%} {plan.shape}"
    else:
        name = f"{'linear' if plan.kind == 'wsd' else plan.kind} {plan.peak:g}"
    return name + (f", warmup {plan.warmup}" if plan.warmup != 50 else "") + (", 10 % floor" if plan.floor else "")


def design(wsd: Schedule, stills: Sequence[Settings], *, alt: str, runs: Sequence[Run] | None = None) -> None:
    """Show the schedule designer; where no slider can work, the settings of `stills` below each other.

    wsd: your schedule. stills: dicts with some of peak, warmup, decay, floor (a fraction of the peak), shape. alt: what the
    stills show, in words. runs: recorded runs, those that come with the course if not given.
    """
    designer = Designer(wsd, recorded() if runs is None else runs)
    picture = still_picture(designer, [{**START, **still} for still in stills])
    if not someone_is_there():
        show(picture, alt)
        return
    from IPython.display import display

    box = live(designer)
    found = box._repr_mimebundle_()
    data, metadata = found if isinstance(found, tuple) else (found, {})
    width = round(WIDTH * CSS_PIXELS_PER_INCH)
    bundle = {**data, "image/png": base64.b64encode(png(picture, alt)).decode(), "text/plain": alt}
    describe(alt)
    display(bundle, raw=True, metadata={**metadata, "image/png": {"width": width, "alt": alt}})


def drawing(designer: Designer) -> Callable[[Any], Callable[..., str]]:
    """What LivePicture needs: the axes, and a function that puts the two curves for some settings into them."""

    def make(fig: Any) -> Callable[..., str]:
        ax, steps = fig.subplots(), np.arange(STEPS)
        _frame(ax)
        fill = ax.fill([], [], color=ramp(3)[1], alpha=0.2, linewidth=0, animated=True)[0]
        dashed = ax.plot([], [], color=theme().neutral, linestyle="--", linewidth=1.2, animated=True)[0]
        line = ax.plot([], [], color=ramp(3)[1], animated=True)[0]

        def update(**settings: Any) -> str:
            lrs = designer.lrs(settings)
            near = designer.nearest(lrs)
            fill.set_xy(np.column_stack([[0, *steps, STEPS - 1], [0, *lrs, 0]]))
            line.set_data(steps, lrs)
            dashed.set_data(*((steps, near.lrs) if near else ([], [])))
            return designer.words(lrs, settings)

        return update

    return make


def live(designer: Designer) -> Any:
    """The box of widgets."""
    import ipywidgets

    wide = {"width": "36em", "max_width": "100%"}
    bars = {
        "peak": ipywidgets.SelectionSlider(options=PEAKS, value=START["peak"], description="peak", layout=wide),
        "warmup": ipywidgets.IntSlider(START["warmup"], 0, 500, 10, description="warmup", layout=wide),
        "decay": ipywidgets.IntSlider(START["decay"], 0, STEPS, 25, description="decay", layout=wide),
        "floor": ipywidgets.FloatSlider(0.0, min=0.0, max=0.5, step=0.05, description="floor", layout=wide),
        "shape": ipywidgets.ToggleButtons(options=SHAPES, value=START["shape"], description="shape"),
    }
    picture, words = LivePicture(drawing(designer), HEIGHT), ipywidgets.HTML()
    width = f"{round(WIDTH * CSS_PIXELS_PER_INCH)}px"
    image = ipywidgets.Image(format="png", layout={"width": width, "max_width": "100%"})

    def redraw() -> None:
        image.value, words.value = picture.png(**{name: bar.value for name, bar in bars.items()})

    moved = error_below(redraw, words)
    for bar in bars.values():
        bar.observe(moved, names="value")
    moved()
    return ipywidgets.VBox([*bars.values(), image, words])


def still_picture(designer: Designer, stills: Sequence[Settings]) -> Any:
    """A figure with one schedule below the other, each with its words above it."""
    fig, axes = figure(len(stills), 1, height=(HEIGHT - 0.6) * len(stills), squeeze=False, sharex=True)
    for ax, settings in zip(axes[:, 0], stills, strict=True):
        lrs = designer.lrs(settings)
        near = designer.nearest(lrs)
        _frame(ax)
        ax.fill_between(np.arange(len(lrs)), lrs, color=ramp(3)[1], alpha=0.2, linewidth=0)
        if near:
            ax.plot(near.lrs, color=theme().neutral, linestyle="--", linewidth=1.2)
        ax.plot(lrs, color=ramp(3)[1])
        area, _, rest = designer.words(lrs, settings).partition(". ")
        ax.set_title(f"{area}.\n{rest}", size=9, weight="normal")
    for ax in axes[:-1, 0]:
        ax.set_xlabel("")
    return fig


def _frame(ax: Axes) -> None:
    ax.set(xlim=(0, STEPS), ylim=(0, max(PEAKS) * 1.05), xlabel="step", ylabel="learning rate")
