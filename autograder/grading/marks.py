"""The marks of a chapter as a CSV that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.files import write_whole
from autograder.grading.classroom import ClassChapter

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Mark:
    """One student's line."""

    student: str
    points: dict[str, float]
    misconceptions: list[str] = field(default_factory=list)
    conventions: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Points for everything the judge marks; free text is marked by hand in formgrader."""
        return float(sum(self.points.values()))


def mark_of(student: str, tasks: Sequence[str], results: Mapping[str, Mapping[str, Any]], notes: list[str]) -> Mark:
    """A student's line, of the results by task (TaskResult.to_json())."""
    return Mark(
        student=student,
        points={task: float(results[task]["score"]) if task in results else 0.0 for task in tasks},
        misconceptions=[name for result in results.values() for name in result["misconceptions"]],
        conventions=[str(result["convention"]) for result in results.values() if result["convention"]],
        flags=[flag["id"] for result in results.values() for flag in result["flags"]],
        verdicts=_verdicts(results),
        notes=notes,
    )


def _verdicts(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What went wrong beside points: crashes and timeouts, each once."""
    found = [check["verdict"] for result in results.values() for check in result["checks"]]
    return [name for name in ("crashed", "timed_out") if name in found]


def write_marks(path: Path, chapter: ClassChapter, marks: list[Mark]) -> Path:
    """Write the CSV: student, total, a column for each task, what was recognised, what was unusual."""
    tasks = [task["id"] for task in chapter.judged_tasks]
    maximum = {task["id"]: task["points"] for task in chapter.judged_tasks}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "student",
            f"total (of {sum(maximum.values()):g})",
            *(f"{t} (of {maximum[t]:g})" for t in tasks),
            "misconceptions",
            "conventions",
            "flags",
            "notes",
        ]
    )
    for mark in marks:
        listed = [mark.misconceptions, mark.conventions, mark.flags, [*mark.verdicts, *mark.notes]]
        points = [f"{mark.points[task]:g}" for task in tasks]
        writer.writerow([cell(mark.student), f"{mark.total:g}", *points, *(cell("; ".join(items)) for items in listed)])
    write_whole(path, out.getvalue())
    return path


def cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA) else text
