"""A check's result, as a page and as text. Everything the judge says is shown as text, never as markup."""

from __future__ import annotations

from html import escape
from typing import Any

SYMBOLS = {"passed": "✓", "failed": "✗", "crashed": "✗", "timed_out": "✗", "skipped": "–", "not_done": "–"}
WORDS = {
    "passed": "passed",
    "failed": "failed",
    "crashed": "crashed",
    "timed_out": "took too long",
    "skipped": "skipped",
    "not_done": "not done",
}
STYLE = """<style>
.s2m {max-width: 52rem; font-size: var(--jp-content-font-size1, 14px); color: var(--jp-content-font-color1, inherit)}
.s2m table {border-collapse: collapse; width: 100%; margin: .3rem 0; font-size: inherit}
.s2m caption {text-align: left; font-weight: 600; padding: .2rem 0; color: inherit}
.s2m th, .s2m td {text-align: left !important; vertical-align: top; padding: .25rem .5rem; font-weight: 400;
  border-top: 1px solid var(--jp-border-color2, #8888); background: none; white-space: normal}
.s2m .mark {white-space: nowrap; width: 1%}
.s2m .pill {display: inline-block; min-width: 1.3em; text-align: center; border-radius: .3em; color: #fff; padding: 0 .3em}
.s2m .passed {background: #1a7f37} .s2m .failed {background: #b3261e} .s2m .other {background: #5f6368}
.s2m .said {margin: .25rem 0 .15rem; padding-left: .6rem; border-left: 3px solid #b3261e; max-width: 44rem}
.s2m .quiet {opacity: .8; font-size: .9em; margin: .2rem 0}
.s2m svg {max-width: 30rem; height: auto; display: block; margin: .4rem 0}
.s2m .unseen {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)}
</style>"""


class CheckView:
    """What check() shows. `report` is the judge's answer; `notes` are sentences of the notebook's own."""

    def __init__(self, report: dict[str, Any], notes: tuple[str, ...] = ()):
        self.report, self.notes = report, notes

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check["verdict"] == "passed" for check in self.report["checks"])

    def __repr__(self) -> str:
        lines = [self._headline()]
        for check in self.report["checks"]:
            lines.append(f"  {SYMBOLS[check['verdict']]} {check['claim']}")
            if check["message"]:
                lines.append(f"      {check['message']}")
        lines += [f"  note: {flag['message']}" for flag in self.report.get("flags", [])]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        rows = "".join(_row(check) for check in self.report["checks"])
        flags = "".join(
            f'<p class="quiet">Note: {escape(flag["message"])}</p>' for flag in self.report.get("flags", [])
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f'{STYLE}<div class="s2m" role="group" aria-label="{escape(self._headline())}"><table>'
            f"<caption>{escape(self._headline())}</caption><tbody>{rows}</tbody></table>"
            f"{notes}{picture(self.report.get('picture'))}{flags}{self._small_print()}</div>"
        )

    def _headline(self) -> str:
        report = self.report
        text = f"{report['task']}: {report['score']:g} of {report['max_score']:g} points"
        return text + (f", convention {report['convention']}" if report.get("convention") else "")

    def _small_print(self) -> str:
        layers = ", ".join(self.report.get("sandbox") or ())
        return f'<p class="quiet">Judged in a process of its own ({escape(layers)}).</p>' if layers else ""


def _row(check: dict[str, Any]) -> str:
    verdict = check["verdict"]
    colour = {"passed": "passed", "skipped": "other", "not_done": "other"}.get(verdict, "failed")
    message = escape(check["message"])
    said = ""
    if message and verdict == "skipped":
        said = f'<div class="quiet">{message}</div>'
    elif message:
        said = f'<div class="said">{message}</div>'
    return (
        f'<tr><td class="mark"><span class="pill {colour}" aria-hidden="true">{SYMBOLS[verdict]}</span>'
        f'<span class="unseen">{WORDS[verdict]}</span></td>'
        f'<th scope="row">{escape(check["claim"])}{said}</th>'
        f'<td class="mark">{check["points"]:g} / {check["max_points"]:g}</td></tr>'
    )


def picture(curves: dict[str, Any] | None) -> str:
    """Yours and expected over the steps, as an inline SVG with a text alternative; "" without curves."""
    if not curves:
        return ""
    yours, expected = curves["yours"], curves["expected"]
    finite = [value for value in [*yours, *expected] if value is not None]
    top, count = max([*finite, 1e-300]), len(expected)
    same = all(a is not None and abs(a - b) <= 1e-3 * top for a, b in zip(yours, expected, strict=True))
    told = "yours and expected coincide" if same else f"yours {_listed(yours)}; expected {_listed(expected)}"
    label = f"{curves['title']}. {curves['ylabel']} against {curves['xlabel']}: {told}"
    return (
        f'<svg viewBox="0 0 480 190" width="480" role="img" aria-label="{escape(label)}">'
        f'<text x="40" y="14" font-size="12" fill="currentColor">{escape(curves["title"])}</text>'
        f'<path d="M40 24V160H400" fill="none" stroke="currentColor" opacity=".5"/>'
        f'<text x="36" y="34" font-size="10" text-anchor="end" fill="currentColor">{top:.2g}</text>'
        f'<text x="36" y="160" font-size="10" text-anchor="end" fill="currentColor">0</text>'
        f'<text x="220" y="182" font-size="11" text-anchor="middle" fill="currentColor">{escape(curves["xlabel"])} '
        f"(1 to {count})</text>"
        f"{_line(expected, top, 'currentColor', '5 4', '' if same else 'expected')}"
        f"{_line(yours, top, '#1a7f37' if same else '#d55e00', '', 'yours = expected' if same else 'yours')}</svg>"
    )


def _line(values: list[float | None], top: float, colour: str, dash: str, label: str) -> str:
    count = max(len(values) - 1, 1)
    points = [(40 + 360 * i / count, 160 - 132 * v / top) for i, v in enumerate(values) if v is not None]
    if not points:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    x, y = points[-1]
    text = f'<text x="{x + 6:.0f}" y="{y + 4:.0f}" font-size="11" fill="currentColor">{label}</text>' if label else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>{dots}{text}'


def _listed(values: list[float | None]) -> str:
    return ", ".join("not a number" if value is None else f"{value:.3g}" for value in values[:6])
