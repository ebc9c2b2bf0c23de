"""The report of a chapter as one page that loads nothing and prints well."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.files import write_whole
from autograder.grading.classroom import ClassChapter
from autograder.grading.feedback import TEMPLATES
from autograder.grading.report import VERDICTS, ClassReport, StudentRow, class_report

ALIKE = {
    "verbatim": "the same text, names and comments too",
    "renamed": "the same but for names and layout",
    "near": "nearly the same",
}
WIDTH, HEIGHT, TOP, BOTTOM = 760, 140, 20, 160


def write_report(chapter: ClassChapter) -> Path:
    """Write reports/CHAPTER.html in the class's folder; returns its path."""
    path = chapter.classroom.directory / "reports" / f"{chapter.name}.html"
    write_whole(path, page(class_report(chapter)))
    return path


def page(report: ClassReport) -> str:
    """The page. Only the script that sorts tables runs on it: the page names its digest and forbids every other."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    hard = [row for row in report.checks if row.counts["passed"] < sum(row.counts.values()) - row.counts["not_done"]]
    return (
        environment.get_template("report.html.j2")
        .render(
            r=report,
            bars=_bars(report),
            hardest=min(hard, key=lambda row: row.rate, default=None),
            verdicts=[name for name in VERDICTS if name != "passed" and any(row.counts[name] for row in report.checks)],
            links={
                row.student: f"../feedback/{quote(row.student)}/{report.chapter}/{report.chapter}.html"
                for row in report.students
            },
            points=lambda number: f"{number:.10g}",
            remarks=_remarks,
            breakable=lambda text: Markup("_<wbr>").join(text.split("_")),
            alike=ALIKE,
            written=datetime.now(UTC).astimezone().strftime("%d %B %Y, %H:%M"),
            style=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
        .lstrip()
    )


def _bars(report: ClassReport) -> list[dict[str, Any]]:
    bins = report.histogram()
    most = max(count for _, _, count in bins) or 1
    step = WIDTH / len(bins)
    return [
        {
            "x": round(20 + step * place, 1),
            "y": round(BOTTOM - (HEIGHT - TOP) * count / most, 1),
            "width": round(0.9 * step, 1),
            "height": round((HEIGHT - TOP) * count / most, 1),
            "low": round(low, 2),
            "high": round(high, 2),
            "count": count,
        }
        for place, (low, high, count) in enumerate(bins)
    ]


def _remarks(row: StudentRow) -> str:
    late = [f"late: {row.late:g} points off"] if row.late else []
    waits = ["waits for marks by hand"] if row.waits else []
    return "; ".join([*(name.replace("_", " ") for name in row.verdicts), *waits, *late, *row.remarks])
