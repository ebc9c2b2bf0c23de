"""Play: weight decay and share of the pairs, dragged over recorded runs, with a run of one's own on demand."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from course_lib.lab.style import describe, figure, png, readable, show, theme
from course_lib.lab.widgets import DPI, _bundle, _css_width, someone_is_there

RECORDED = Path(__file__).resolve().parent.parent / "recorded" / "grokking.json"
LAST_STEP = 1000

Log = Mapping[str, Any]
"""What train_until_grok returns, or a recorded run: steps, train_acc, val_acc, memorised, grokked."""


@cache
def recorded() -> dict[str, Any]:
    """The recorded runs, and how they were made."""
    found: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return found


def experiment(name: str, **plan: Any) -> list[dict[str, Any]]:
    """The recorded runs of an experiment whose plan has these values: `experiment("play", decay=1.0, fraction=0.5)`."""
    runs = recorded()["experiments"][name]
    return [run for run in runs if all(run["plan"].get(key) == value for key, value in plan.items())]


def firsts(runs: list[dict[str, Any]], name: str = "grokked") -> str:
    """When runs of several seeds got there, in words: "at 295 to 310", "never", "at 300, 1 of 3 never"."""
    steps = sorted(run[name] for run in runs if run[name] is not None)
    never = len(runs) - len(steps)
    if not steps:
        return "never"
    reached = f"at {steps[0]}" if steps[0] == steps[-1] else f"at {steps[0]} to {steps[-1]}"
    return f"{reached}, {never} of {len(runs)} never" if never else reached


def colours() -> tuple[str, str]:
    """Of training and validation, the same in every figure of the chapter."""
    return theme().neutral, ("#0072b2" if theme().background == "#ffffff" else "#4ba3dc")


def plot_log(ax: Axes, log: Log, *, labels: bool = True) -> None:
    """Accuracy on both sets against step, with names at the curves."""
    for name, color, word, height in (
        ("train_acc", colours()[0], "training", 0.97),
        ("val_acc", colours()[1], "validation", 0.5),
    ):
        values = 100 * np.array(log[name])
        ax.plot(log["steps"], values, color=color)
        if labels:
            place = int(np.argmax(values >= 100 * min(height, values.max() / 100)))
            across = -34 if word == "validation" else 6
            align = "right" if word == "validation" else "left"
            ax.annotate(
                word,
                (log["steps"][place], values[place]),
                (across, -10),
                textcoords="offset points",
                color=color,
                ha=align,
            )
    ax.set(ylim=(-4, 104), ylabel="right answers, %", xlabel="step")


def in_words(log: Log) -> str:
    """When a run memorised and when it grokked."""
    memorised, grokked = (log[name] for name in ("memorised", "grokked"))
    known = "99 % of the training set never known" if memorised is None else f"training set known at step {memorised}"
    last = log["steps"][-1]
    if grokked is None:
        return f"{known}; validation at {100 * log['val_acc'][-1]:.0f} % when the run ended at step {last}."
    return f"{known}; validation at 99 % at step {grokked}."


class GrokPicture:
    """Axes that are drawn once, and two curves that are drawn over them in milliseconds."""

    def __init__(self) -> None:
        self._figure, self._ax = figure(height=3.2)
        self._canvas = FigureCanvasAgg(self._figure)
        self._figure.set_dpi(DPI)
        self._ax.set(xlim=(0, LAST_STEP), ylim=(-4, 104), xlabel="step", ylabel="right answers, %")
        self._lines = [self._ax.plot([], [], color=color, animated=True)[0] for color in colours()]
        self._live = [
            self._ax.plot([], [], color=color, animated=True, linestyle=":", linewidth=1.4)[0] for color in colours()
        ]
        for word, color, across in (("training", colours()[0], 0.78), ("validation", colours()[1], 0.9)):
            self._ax.text(across, 1.02, word, color=readable(color), transform=self._ax.transAxes)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def png(self, log: Log, live: Log | None = None) -> bytes:
        """A recorded run, and dotted one's own, as a PNG file."""
        self._canvas.restore_region(self._background)
        for lines, shown in ((self._lines, log), (self._live, live)):
            if shown is None:
                continue
            for line, name in zip(lines, ("train_acc", "val_acc"), strict=True):
                line.set_data(shown["steps"], 100 * np.array(shown[name]))
                self._ax.draw_artist(line)
        file = io.BytesIO()
        image = Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")
        image.save(file, format="png", compress_level=1)
        return file.getvalue()


def play_grokking(rerun: Callable[[float, float], Log], *, alt: str, stills: list[tuple[float, float]]) -> None:
    """Sliders for weight decay and for the share of the pairs in training, over the recorded runs.

    rerun: (decay, fraction) → a log; called by a button, its curves are dotted. stills: (decay, fraction) of the pictures
    that are shown where no slider can work.
    """
    if not someone_is_there():
        show(_stills(stills), alt)
        return
    from IPython.display import display

    bundle, metadata = _bundle(live_box(rerun))
    bundle["image/png"] = base64.b64encode(png(_stills(stills), alt)).decode()
    bundle["text/plain"] = alt
    describe(alt)
    display(bundle, raw=True, metadata={**metadata, "image/png": {"width": _css_width(), "alt": alt}})


def live_box(rerun: Callable[[float, float], Log]) -> Any:
    """The sliders, the button, the picture and the words."""
    import ipywidgets

    plans = [run["plan"] for run in recorded()["experiments"]["play"]]
    picture = GrokPicture()
    decay, fraction = (
        _choice(name, sorted({plan[key] for plan in plans}), start)
        for name, key, start in (("weight decay", "decay", 0.0), ("share in training", "fraction", 0.5))
    )
    button = ipywidgets.Button(description="run it now", tooltip="a few seconds, with your own training loop")
    image = ipywidgets.Image(format="png", layout={"width": f"{_css_width()}px", "max_width": "100%"})
    words = ipywidgets.HTML(layout={"width": f"{_css_width()}px", "max_width": "100%"})  # a Label has one line

    def redraw(live: Log | None = None) -> None:
        runs = experiment("play", decay=decay.value, fraction=fraction.value)
        image.value = picture.png(runs[0], live)
        said = f"Recorded: {in_words(runs[0])} Three seeds: validation at 99 % {firsts(runs)}."
        words.value = said if live is None else f"{said} Yours: {in_words(live)}"

    def run_now(_button: object) -> None:
        button.disabled, words.value = True, "running …"
        try:
            redraw(rerun(decay.value, fraction.value))
        except Exception as error:  # whatever one's own code does, the sliders go on
            words.value = escape(f"Your run stopped with {type(error).__name__}: {error}", quote=False)
        button.disabled = False

    for slider in (decay, fraction):
        slider.observe(lambda _change: redraw(), names="value")
    button.on_click(run_now)
    redraw()
    return ipywidgets.VBox([decay, fraction, button, image, words])


def _choice(name: str, values: list[float], start: float) -> Any:
    import ipywidgets

    return ipywidgets.SelectionSlider(
        options=[(f"{value:g}", value) for value in values],
        value=start,
        description=name,
        style={"description_width": "9em"},
        layout={"width": "36em", "max_width": "100%"},
    )


def _stills(stills: list[tuple[float, float]]) -> Any:
    fig, axes = figure(len(stills), 1, height=1.5 * len(stills) + 0.6, squeeze=False, sharex=True)
    for ax, (decay, fraction) in zip(axes[:, 0], stills, strict=True):
        run = experiment("play", decay=decay, fraction=fraction)[0]
        plot_log(ax, run, labels=False)
        ax.set(xlabel="", ylabel="right, %", xlim=(0, LAST_STEP))
        ax.set_title(f"decay {decay:g}, share {fraction:g}: {in_words(run)}", size=9.5, weight="normal")
    for word, color, across in (("training", colours()[0], 0.78), ("validation", colours()[1], 0.9)):
        axes[0, 0].text(across, 0.55, word, color=readable(color), transform=axes[0, 0].transAxes)
    axes[-1, 0].set_xlabel("step")
    return fig
