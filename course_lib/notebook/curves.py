"""Yours and expected, drawn: the small picture in a check's result, as SVG that follows the page's theme."""

from __future__ import annotations

from html import escape
from typing import Any

LEFT, RIGHT, TOP, BOTTOM = 52.0, 400.0, 26.0, 160.0
LABEL_GAP = 13.0
YOURS, SAME = "s2m-yours", "s2m-same"
Values = list[float | None]


def picture(curves: dict[str, Any] | None) -> str:
    """The two curves over the steps, with a text alternative that names their values; "" without curves."""
    if not curves:
        return ""
    yours, expected = curves["yours"], curves["expected"]
    low, high = _range([value for value in [*yours, *expected] if value is not None])
    same = all(a is not None and abs(a - b) <= 1e-3 * (high - low) for a, b in zip(yours, expected, strict=True))
    told = "yours and expected coincide" if same else f"yours {_listed(yours)}; expected {_listed(expected)}"
    first = curves.get("first", 1)
    label = f"{curves['title']}. {curves['ylabel']} against {curves['xlabel']}: {told}"
    lines = [(expected, "s2m-expected", "expected"), (yours, YOURS, "yours")]
    if same:
        lines = [(yours, SAME, "yours = expected")]
    drawn = "".join(_line(values, low, high, kind) for values, kind, _ in lines)
    return (
        f'<svg viewBox="0 0 500 190" width="500" role="img" aria-label="{escape(label)}">'
        f'<text x="{LEFT:.0f}" y="14" font-size="12" fill="currentColor">{escape(curves["title"])}</text>'
        f'<path d="M{LEFT:.0f} {TOP - 4:.0f}V{BOTTOM:.0f}H{RIGHT:.0f}" fill="none" stroke="currentColor" opacity=".5"/>'
        f"{_tick(high, TOP)}{_tick(low, BOTTOM)}"
        f'<text x="{(LEFT + RIGHT) / 2:.0f}" y="182" font-size="11" text-anchor="middle" fill="currentColor">'
        f"{escape(curves['xlabel'])} ({first} to {first + len(expected) - 1})</text>{drawn}{_labels(lines, low, high)}</svg>"
    )


def _range(finite: list[float]) -> tuple[float, float]:
    """What the axis spans: from 0, unless all values are close together and far from it."""
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if high - low < 0.4 * max(abs(low), abs(high)) and low != high:
        pad = 0.15 * (high - low)
        return low - pad, high + pad
    return min(low, 0.0), max(high, 0.0) or 1.0


def _height(value: float, low: float, high: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low)


def _tick(value: float, y: float) -> str:
    return f'<text x="{LEFT - 5:.0f}" y="{y + 4:.0f}" font-size="10" text-anchor="end" fill="currentColor">{value:.3g}</text>'


def _line(values: Values, low: float, high: float, kind: str) -> str:
    width = (RIGHT - LEFT) / max(len(values) - 1, 1)
    points = [(LEFT + width * i, _height(v, low, high)) for i, v in enumerate(values) if v is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)
    return f'<g class="{kind}"><polyline points="{path}"/>{dots}</g>'


def _labels(lines: list[tuple[Values, str, str]], low: float, high: float) -> str:
    """Each curve's name at its right end, moved apart where two would touch."""
    ends = [(_height(_last(values, low), low, high), kind, name) for values, kind, name in lines]
    ends.sort(key=lambda end: end[0])
    found, before = "", -LABEL_GAP
    for y, kind, name in ends:
        before = max(y, before + LABEL_GAP)
        found += f'<text x="{RIGHT + 7:.0f}" y="{before + 4:.0f}" font-size="11" class="{kind}-name">{name}</text>'
    return found


def _last(values: Values, low: float) -> float:
    return next((value for value in reversed(values) if value is not None), low)


def _listed(values: Values) -> str:
    return ", ".join("not a number" if value is None else f"{value:.3g}" for value in values[:6])
