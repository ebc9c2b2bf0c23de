"""A figure with sliders: what does not change is drawn once, what moves is drawn over it in milliseconds.

`make(figure)` draws the background, creates the moving artists with `animated=True`, and returns `update(**values)`,
which sets their data and returns a sentence. Where no slider can work, stills stand below each other instead.
"""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from course_lib.lab.drag_errors import error_below
from course_lib.lab.style import CSS_PIXELS_PER_INCH, WIDTH, describe, png, show
from course_lib.lab.train import one_thread
from course_lib.lab.widgets import DPI, Slider, _bundle, _slider, someone_is_there

Update = Callable[..., str]
Make = Callable[[Any], Update]
LINE = 110
"""Characters of a picture's title that fit beside each other."""


def live_figure(
    make: Make,
    sliders: Mapping[str, Slider],
    stills: Sequence[Mapping[str, float]],
    *,
    height: float,
    alt: str,
) -> None:
    """Show what `make` draws and update it whenever a slider moves.

    sliders: keyword of `update` → its Slider. stills: values to draw where no slider can work. height: inches.
    alt: what the stills show, in words.
    """
    if not someone_is_there():
        show(still_figure(make, stills, height), alt)
        return
    from IPython.display import display

    bundle, metadata = _bundle(_live(make, sliders, height))
    width = round(WIDTH * CSS_PIXELS_PER_INCH)
    bundle["image/png"] = base64.b64encode(png(still_figure(make, stills, height), alt)).decode()
    bundle["text/plain"] = alt
    describe(alt)
    display(bundle, raw=True, metadata={**metadata, "image/png": {"width": width, "alt": alt}})


class LivePicture:
    """The background once, the moving artists at every change."""

    def __init__(self, make: Make, height: float):
        self._figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
        self._canvas = FigureCanvasAgg(self._figure)
        self._update = make(self._figure)
        self._canvas.draw()
        self._figure.set_layout_engine("none")
        self._moving = moving_artists(self._figure)
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def png(self, **values: float) -> tuple[bytes, str]:
        """The picture for these values as a PNG file, and the sentence that goes with it."""
        with one_thread():
            words = self._update(**values)
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            assert artist.axes is not None
            artist.axes.draw_artist(artist)
        file = io.BytesIO()
        image = Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")
        image.save(file, format="png", compress_level=1)
        return file.getvalue(), words


def still_figure(make: Make, stills: Sequence[Mapping[str, float]], height: float) -> Figure:
    """One picture below the other, each with its values and its sentence above it."""
    fig = Figure(figsize=(WIDTH, height * len(stills)), layout="constrained")
    parts = np.atleast_1d(np.asarray(fig.subfigures(len(stills), 1), dtype=object))
    for part, values in zip(parts, stills, strict=True):
        words = make(part)(**values)
        for artist in moving_artists(part):
            artist.set_animated(False)
        setting = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        title = textwrap.fill(f"{setting}: {words}", LINE)
        part.suptitle(f"{title}\n", x=0.01, ha="left", size=10)
    return fig


def moving_artists(figure: Any) -> list[Artist]:
    """The artists that `make` created with animated=True, in the order in which they are drawn."""
    found = [artist for ax in figure.axes for artist in ax.get_children() if artist.get_animated()]
    return sorted(found, key=lambda artist: artist.get_zorder())


def _live(make: Make, sliders: Mapping[str, Slider], height: float) -> Any:
    import ipywidgets

    picture = LivePicture(make, height)
    width = f"{round(WIDTH * CSS_PIXELS_PER_INCH)}px"
    image = ipywidgets.Image(format="png", layout={"width": width, "max_width": "100%"})
    words = ipywidgets.HTML(layout={"width": width, "max_width": "100%"})  # a Label has one line
    bars = {name: _slider(name, slider) for name, slider in sliders.items()}

    def redraw() -> None:
        image.value, said = picture.png(**{name: bar.value for name, bar in bars.items()})
        words.value = escape(said, quote=False)

    for bar in bars.values():
        bar.observe(error_below(redraw, words), names="value")
    redraw()
    return ipywidgets.VBox([*bars.values(), image, words])
