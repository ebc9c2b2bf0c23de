"""A check's result, as a page and as text. Everything the judge says is shown as text, never as markup."""

from __future__ import annotations

from html import escape
from typing import Any

from course_lib.notebook.curves import picture

SYMBOLS = {"passed": "✓", "failed": "✗", "crashed": "✗", "timed_out": "✗", "skipped": "–", "not_done": "–"}
WORDS = {
    "passed": "passed",
    "failed": "failed",
    "crashed": "crashed",
    "timed_out": "took too long",
    "skipped": "skipped",
    "not_done": "not done",
}
COLOURS = {"passed": "#1a7f37", "failed": "#b3261e", "other": "#5f6368"}
"""Behind white text, so the same in a light and a dark theme."""
CURVES = {"light": {"yours": "#b54a00", "same": "#1a7f37"}, "dark": {"yours": "#ff8b3d", "same": "#4ac26b"}}
"""Lines and their names on the page's own background."""
DARK = ('[data-jp-theme-light="false"]', ".vscode-dark", ".vscode-high-contrast", '[theme="dark"]')
"""Ancestors that a dark page has: JupyterLab and Notebook, VS Code, Colab."""


def _curve_rules(theme: str, under: str) -> str:
    return "".join(
        f"{under} .s2m-{kind} {{stroke: {colour}; fill: {colour}}} {under} .s2m-{kind}-name {{fill: {colour}}}\n"
        for kind, colour in CURVES[theme].items()
    )


STYLE = f"""<style>
.s2m {{max-width: 52rem; font-size: var(--jp-content-font-size1, 14px); line-height: 1.4;
  color: var(--jp-content-font-color1, inherit)}}
.s2m table {{border-collapse: collapse; width: 100%; margin: .3rem 0; font-size: inherit; table-layout: auto}}
.s2m h4 {{font-size: 1.05em; font-weight: 600; margin: .2rem 0 .4rem; color: inherit}}
.s2m tr, .s2m tr:hover, .s2m tr:nth-child(even) {{background: none !important}}
.s2m th, .s2m td {{text-align: left !important; vertical-align: top; padding: .25rem .4rem; font-weight: 400;
  border: 0; border-top: 1px solid var(--jp-border-color2, #8888); background: none; white-space: normal; color: inherit}}
.s2m .mark {{white-space: nowrap; width: 2.4rem}} .s2m .points {{white-space: nowrap; text-align: right !important}}
.s2m .pill {{display: inline-block; width: 1.5em; text-align: center; border-radius: .3em; color: #fff}}
.s2m .passed {{background: {COLOURS["passed"]}}} .s2m .failed {{background: {COLOURS["failed"]}}}
.s2m .other {{background: {COLOURS["other"]}}}
.s2m .said {{margin: .25rem 0 .15rem; padding-left: .6rem; border-left: 3px solid {COLOURS["failed"]}; max-width: 44rem}}
.s2m .lead {{margin: .4rem 0 .6rem}} .s2m .lead b {{display: block; font-weight: 600; margin-bottom: .15rem}}
.s2m .quiet {{font-size: .9em; margin: .2rem 0; color: var(--jp-content-font-color2, inherit)}}
.s2m svg {{max-width: 31rem; width: 100%; height: auto; display: block; margin: .4rem 0}}
.s2m polyline {{fill: none; stroke-width: 2}}
.s2m .s2m-expected {{stroke: currentColor; fill: currentColor}} .s2m .s2m-expected polyline {{stroke-dasharray: 5 4}}
.s2m .s2m-expected-name {{fill: currentColor}} .s2m circle {{stroke: none}}
{_curve_rules("light", ".s2m")}{"".join(_curve_rules("dark", f"{dark} .s2m") for dark in DARK)}\
.s2m svg polyline {{fill: none}}
.s2m .unseen {{position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)}}
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
        lines, lead = [self._headline()], self._lead()
        if lead is not None:
            lines += [f"  {lead['claim']}", f"      {lead['message']}"]
        lines += [f"  {note}" for note in self.notes]
        for check in self.report["checks"]:
            lines.append(f"  {SYMBOLS[check['verdict']]} {check['claim']}")
            if check["message"] and check is not lead:
                lines.append(f"      {check['message']}")
        return "\n".join([*lines, *(f"  note: {flag['message']}" for flag in self.report.get("flags", []))])

    def _repr_html_(self) -> str:
        lead = self._lead()
        rows = "".join(_row(check, check is lead) for check in self.report["checks"])
        flags = "".join(
            f'<p class="quiet">Note: {escape(flag["message"])}</p>' for flag in self.report.get("flags", [])
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f'{STYLE}<div class="s2m" role="group" aria-label="{escape(self._headline())}">'
            f"<h4>{escape(self._headline())}</h4>{_told(lead)}{notes}"
            f"{picture(self.report.get('picture'))}<table><tbody>{rows}</tbody></table>"
            f"{flags}{self._small_print()}</div>"
        )

    def _lead(self) -> dict[str, Any] | None:
        """The first check that failed with a diagnosis: what to read first."""
        wrong = (check for check in self.report["checks"] if check["verdict"] in ("failed", "crashed", "timed_out"))
        return next((check for check in wrong if check["message"]), None)

    def _headline(self) -> str:
        report = self.report
        text = f"{report['task']}: {report['score']:g} of {report['max_score']:g} points"
        return text + (f", convention {report['convention']}" if report.get("convention") else "")

    def _small_print(self) -> str:
        layers = ", ".join(self.report.get("sandbox") or ())
        return f'<p class="quiet">Judged in a process of its own ({escape(layers)}).</p>' if layers else ""


def _told(lead: dict[str, Any] | None) -> str:
    if lead is None:
        return ""
    return f'<div class="said lead"><b>{escape(lead["claim"])}</b>{escape(lead["message"])}</div>'


def _row(check: dict[str, Any], told_above: bool) -> str:
    verdict = check["verdict"]
    colour = {"passed": "passed", "skipped": "other", "not_done": "other"}.get(verdict, "failed")
    message = escape(check["message"])
    said = ""
    if told_above:
        said = '<span class="unseen">, diagnosed above</span>'
    elif message and verdict == "skipped":
        said = f'<div class="quiet">{message}</div>'
    elif message:
        said = f'<div class="said">{message}</div>'
    return (
        f'<tr><td class="mark"><span class="pill {colour}" aria-hidden="true">{SYMBOLS[verdict]}</span>'
        f'<span class="unseen">{WORDS[verdict]}</span></td>'
        f'<th scope="row">{escape(check["claim"])}{said}</th>'
        f'<td class="points">{check["points"]:g} / {check["max_points"]:g}</td></tr>'
    )
