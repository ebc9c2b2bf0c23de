"""Play: sliders that redraw a walk while they are dragged, and a picture where no slider can work."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from course_lib.lab.drag_errors import error_below
from course_lib.lab.plots import clip_to_view, plot_path, plot_surface
from course_lib.lab.style import CSS_PIXELS_PER_INCH, WIDTH, colour, describe, figure, png, show
from course_lib.lab.surfaces import Path, Surface
from course_lib.lab.train import one_thread

DPI = 120
Walk = Callable[..., Path]


@dataclass(frozen=True)
class Slider:
    """One number to drag. start: where it stands at first. step: the smallest move."""

    low: float
    high: float
    start: float
    step: float


def play(
    walk: Walk,
    surface: Surface,
    sliders: Mapping[str, Slider],
    stills: Sequence[Mapping[str, float]],
    *,
    optimizer: str,
    alt: str,
) -> None:
    """Show `walk(**values)` on its surface and redraw it whenever a slider moves.

    sliders: keyword of `walk` → its Slider. stills: values to draw below each other where no slider can work: under
    papermill, in an export, on GitHub. optimizer: whose colour to use. alt: what the stills show, in words.
    """
    if not someone_is_there():
        show(_stills(walk, surface, stills, optimizer), alt)
        return
    from IPython.display import display

    box = _live(walk, surface, sliders, optimizer)
    bundle, metadata = _bundle(box)
    bundle["image/png"] = base64.b64encode(png(_stills(walk, surface, stills, optimizer), alt)).decode()
    bundle["text/plain"] = alt
    describe(alt)
    display(bundle, raw=True, metadata={**metadata, "image/png": {"width": _css_width(), "alt": alt}})


def someone_is_there() -> bool:
    """Whether the running cell came from a front end with a person at it.

    Such front ends offer to answer `input()`; papermill and nbconvert do not. Widgets made there would only leave
    their state in the notebook.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None or not hasattr(shell, "get_parent"):
        return False
    return bool((shell.get_parent() or {}).get("content", {}).get("allow_stdin", False))


class PathPicture:
    """A surface that is drawn once, and walks that are drawn over it in milliseconds."""

    def __init__(self, surface: Surface, color: str, height: float | None = None):
        self._surface = surface
        self._figure, self._ax = figure(height=height or _height(surface))
        self._canvas = FigureCanvasAgg(self._figure)
        self._figure.set_dpi(DPI)
        plot_surface(self._ax, surface)
        self._line = self._ax.plot([], [], color=color, linewidth=1.1, marker="o", markersize=2.8, animated=True)[0]
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def png(self, path: Path) -> bytes:
        """The walk on the surface, as a PNG file."""
        self._canvas.restore_region(self._background)
        self._line.set_data(*clip_to_view(self._surface, path.points).T)
        self._ax.draw_artist(self._line)
        file = io.BytesIO()
        image = Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")
        image.save(file, format="png", compress_level=1)
        return file.getvalue()


def _live(walk: Walk, surface: Surface, sliders: Mapping[str, Slider], optimizer: str) -> Any:
    import ipywidgets

    picture = PathPicture(surface, colour(optimizer))
    image = ipywidgets.Image(format="png", layout={"width": f"{_css_width()}px", "max_width": "100%"})
    words = ipywidgets.HTML(layout={"width": f"{_css_width()}px", "max_width": "100%"})  # a Label has one line
    bars = {name: _slider(name, slider) for name, slider in sliders.items()}

    def redraw() -> None:
        with one_thread():
            path = walk(**{name: bar.value for name, bar in bars.items()})
        image.value = picture.png(path)
        words.value = _in_words(path)

    for bar in bars.values():
        bar.observe(error_below(redraw, words), names="value")
    redraw()
    return ipywidgets.VBox([*bars.values(), image, words])


def _slider(name: str, slider: Slider) -> Any:
    import ipywidgets

    decimals = max(0, len(f"{slider.step:.10f}".rstrip("0").split(".")[1]))
    return ipywidgets.FloatSlider(
        value=slider.start,
        min=slider.low,
        max=slider.high,
        step=slider.step,
        description=name,
        readout_format=f".{decimals}f",
        style={"description_width": "8em"},
        layout={"width": "36em", "max_width": "100%"},
    )


def _in_words(path: Path) -> str:
    steps, before, after = len(path.values) - 1, path.values[0], path.values[-1]
    return f"After {steps} steps the height is {after:.3g}; it was {before:.3g} at the start."


def _stills(walk: Walk, surface: Surface, stills: Sequence[Mapping[str, float]], optimizer: str) -> Any:
    fig, axes = figure(len(stills), 1, height=_height(surface) * len(stills), squeeze=False)
    for ax, values in zip(axes[:, 0], stills, strict=True):
        path = walk(**values)
        setting = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        plot_path(ax, surface, path, color=colour(optimizer), label=f"{setting}: {_in_words(path).lower()}")
    return fig


def _bundle(box: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the widget would display itself as: data by MIME type, and metadata."""
    found = box._repr_mimebundle_()
    data, metadata = found if isinstance(found, tuple) else (found, {})
    return dict(data), dict(metadata)


def _height(surface: Surface) -> float:
    """Inches that a surface of notebook width needs with equal units on both axes."""
    (left, right), (bottom, top) = surface.x, surface.y
    return min(WIDTH * (top - bottom) / (right - left) + 0.6, 5.0)


def _css_width() -> int:
    return round(WIDTH * CSS_PIXELS_PER_INCH)
