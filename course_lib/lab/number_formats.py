"""Six ways to write a number, and a ruler to hold them against each other.

The ruler rounds with a function that it is given, so it shows what the reader's own rounding does.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import torch
from torch import Tensor

from course_lib.lab.drag_errors import error_below
from course_lib.lab.live_figure import LivePicture, still_figure
from course_lib.lab.style import CSS_PIXELS_PER_INCH, WIDTH, describe, png, ramp, show, theme
from course_lib.lab.widgets import _bundle, someone_is_there

Rounding = Callable[[Tensor, int, int], Tensor]
HEIGHT = 3.3


@dataclass(frozen=True)
class Format:
    """A floating-point format. largest: its largest finite number; tiny: its smallest normal one."""

    name: str
    exponent_bits: int
    mantissa_bits: int
    largest: float
    tiny: float

    @property
    def smallest(self) -> float:
        """The smallest number above zero."""
        return self.tiny * 2.0**-self.mantissa_bits


FORMATS = (
    Format("fp32", 8, 23, torch.finfo(torch.float32).max, 2.0**-126),
    Format("tf32", 8, 10, (2 - 2.0**-10) * 2.0**127, 2.0**-126),
    Format("bf16", 8, 7, torch.finfo(torch.bfloat16).max, 2.0**-126),
    Format("fp16", 5, 10, 65504.0, 2.0**-14),
    Format("fp8 e5m2", 5, 2, 57344.0, 2.0**-14),
    Format("fp8 e4m3", 4, 3, 448.0, 2.0**-6),
)


def format_colour(name: str) -> str:
    """The colour of a format in every figure; also of a run that is named after one, as in "fp16 + scaler"."""
    known = max((form.name for form in FORMATS if name.startswith(form.name)), key=len)
    return ramp(len(FORMATS))[[form.name for form in FORMATS].index(known)]


def draw_ranges(ax: Any) -> None:
    """A bar for each format on a logarithmic axis; the pale part has fewer and fewer bits (subnormals)."""
    for row, (form, color) in enumerate(zip(FORMATS, ramp(len(FORMATS)), strict=True)):
        low, tiny, high = (math.log2(v) for v in (form.smallest, form.tiny, form.largest))
        ax.barh(row, high - tiny, left=tiny, height=0.42, color=color)
        ax.barh(row, tiny - low, left=low, height=0.42, color=color, alpha=0.3)
    ax.set_yticks(range(len(FORMATS)), [form.name for form in FORMATS])
    ax.invert_yaxis()
    powers = (-120, -80, -40, 0, 40, 80, 120)
    ax.set_xticks(powers, [f"2$^{{{p}}}$" for p in powers])
    ax.set_xlim(-152, 132)
    ax.grid(axis="y", visible=False)


def play_ruler(round_to_format: Rounding, stills: Sequence[float], *, alt: str) -> None:
    """A field to type a number into; the ruler shows where it lies and what each format makes of it."""

    def make(figure: Any) -> Callable[..., str]:
        return _ruler(figure, round_to_format)

    pictures = [{"x": x} for x in stills]
    if not someone_is_there():
        show(still_figure(make, pictures, HEIGHT), alt)
        return
    from IPython.display import display

    bundle, metadata = _bundle(live_ruler(make))
    bundle["image/png"] = base64.b64encode(png(still_figure(make, pictures, HEIGHT), alt)).decode()
    bundle["text/plain"] = alt
    width = round(WIDTH * CSS_PIXELS_PER_INCH)
    describe(alt)
    display(bundle, raw=True, metadata={**metadata, "image/png": {"width": width, "alt": alt}})


def live_ruler(make: Any) -> Any:
    """The widget: a text field, the ruler, a sentence."""
    import ipywidgets

    picture = LivePicture(make, HEIGHT)
    width = f"{round(WIDTH * CSS_PIXELS_PER_INCH)}px"
    field = ipywidgets.Text(value="0.1", description="a number", continuous_update=True)
    image = ipywidgets.Image(format="png", layout={"width": width, "max_width": "100%"})
    words = ipywidgets.HTML(layout={"width": width, "max_width": "100%"})

    def redraw() -> None:
        try:
            value = float(field.value)
        except ValueError:
            words.value = escape(f"{field.value!r} is no number yet.", quote=False)
            return
        image.value, words.value = picture.png(x=value)

    field.observe(error_below(redraw, words), names="value")
    redraw()
    return ipywidgets.VBox([field, image, words])


def _ruler(figure: Any, round_to_format: Rounding) -> Callable[..., str]:
    ax = figure.subplots()
    draw_ranges(ax)
    ax.set_xlim(-152, 280)
    line = ax.axvline(0, color=theme().ink, linewidth=1.2, animated=True)
    notes = [ax.text(140, row, "", va="center", size=9, animated=True) for row in range(len(FORMATS))]

    def update(x: float) -> str:
        size = abs(x)
        line.set_xdata([min(max(math.log2(size), -151), 131)] * 2 if size and math.isfinite(size) else [-151] * 2)
        for form, note in zip(FORMATS, notes, strict=True):
            note.set_text(_in_words(x, form, round_to_format))
        return f"{x:.9g} in six formats"

    return update


def _in_words(x: float, form: Format, round_to_format: Rounding) -> str:
    value = round_to_format(torch.tensor(x, dtype=torch.float64), form.exponent_bits, form.mantissa_bits).item()
    if not math.isfinite(value) or x == 0 or not math.isfinite(x):
        return f"{value:.9g}"
    off = abs(value - x) / abs(x)
    if off > 0.5 and abs(value) == form.largest:
        return f"{value:.7g}  saturated"
    return f"{value:.7g}" + ("  exact" if off == 0 else f"  off by {off:.1g}" if off < 1 else "  gone")
