"""How far one has come: points, minutes left, the next step, and how often one's predictions were right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from course_lib import workspace
from course_lib.notebook.display import STYLE
from course_lib.notebook.records import recall

QUESTION_MINUTES = 3
"""For a quiz or a prediction; implementation tasks say their own minutes. A guess."""


@dataclass(frozen=True)
class TaskProgress:
    """One task. points: of the last check. tries: checks so far. minutes: what it takes, in minutes."""

    id: str
    kind: str
    points: float
    max_points: float
    tries: int
    minutes: int

    @property
    def done(self) -> bool:
        """Whether the last check gave every point."""
        return self.tries > 0 and self.points >= self.max_points


@dataclass(frozen=True)
class ChapterProgress:
    """One chapter and its judged tasks; what a person reads is not counted."""

    id: str
    title: str
    tasks: tuple[TaskProgress, ...]

    @property
    def points(self) -> float:
        """Points of the last checks."""
        return sum(task.points for task in self.tasks)

    @property
    def max_points(self) -> float:
        """Points that could be had."""
        return sum(task.max_points for task in self.tasks)

    @property
    def minutes_left(self) -> int:
        """What the unfinished tasks take, without reading."""
        return sum(task.minutes for task in self.tasks if not task.done)


class Progress:
    """Everything at once; shows itself as a table in a notebook and as text elsewhere."""

    def __init__(self, chapters: Iterable[ChapterProgress], predictions: tuple[int, int]):
        self.chapters = tuple(chapters)
        self.right_predictions, self.predictions = predictions

    @property
    def next_step(self) -> str:
        """What to do next, in a sentence."""
        for chapter in self.chapters:
            for task in chapter.tasks:
                if not task.done:
                    return f"{task.id} in notebooks/{chapter.id}{' (tried, not passed yet)' if task.tries else ''}"
        return "Everything is done." if self.chapters else "The course has no chapters here: is course.json missing?"

    @property
    def calibration(self) -> str:
        """How often the first answer to a prediction was right; empty before there is one."""
        if not self.predictions:
            return ""
        return f"Predictions right at the first try: {self.right_predictions} of {self.predictions}."

    def __repr__(self) -> str:
        lines = [f"{c.id:<16} {c.points:4g} of {c.max_points:4g} points  {_left(c)}" for c in self.chapters]
        return "\n".join([*lines, f"Next: {self.next_step}", *filter(None, [self.calibration])])

    def _repr_html_(self) -> str:
        rows = "".join(_row(chapter) for chapter in self.chapters)
        told = "".join(f"<p>{escape(line)}</p>" for line in (f"Next: {self.next_step}", self.calibration) if line)
        return (
            f'{STYLE}<div class="s2m" role="group" aria-label="Your progress"><h4>Your progress</h4>{told}'
            f"<table><tbody>{rows}</tbody></table></div>"
        )


def progress() -> Progress:
    """What the records in the workspace say. A damaged line in them is skipped."""
    checks: dict[str, list[dict[str, Any]]] = {}
    for entry in recall("progress.jsonl"):
        checks.setdefault(str(entry.get("task")), []).append(entry)
    chapters = [_chapter(chapter, checks) for chapter in workspace.course()["chapters"]]
    first = [
        checks[task.id][0] for chapter in chapters for task in chapter.tasks if task.kind == "predict" and task.tries
    ]
    return Progress(chapters, (sum(_full(entry) for entry in first), len(first)))


def _chapter(chapter: dict[str, Any], checks: dict[str, list[dict[str, Any]]]) -> ChapterProgress:
    tasks = [_task(task, checks.get(task["id"], [])) for task in chapter["tasks"] if task["kind"] != "free_text"]
    return ChapterProgress(chapter["id"], chapter["title"], tuple(tasks))


def _task(task: dict[str, Any], checks: list[dict[str, Any]]) -> TaskProgress:
    points = _number(checks[-1].get("score")) if checks else 0.0
    minutes = int(task.get("minutes", QUESTION_MINUTES))
    return TaskProgress(task["id"], task["kind"], points, float(task["points"]), len(checks), minutes)


def _full(entry: dict[str, Any]) -> bool:
    return _number(entry.get("score")) >= _number(entry.get("max_score")) > 0


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _left(chapter: ChapterProgress) -> str:
    return f"about {chapter.minutes_left} minutes left" if chapter.minutes_left else "done"


def _row(chapter: ChapterProgress) -> str:
    share = round(100 * chapter.points / chapter.max_points) if chapter.max_points else 100
    kind = "passed" if not chapter.minutes_left else "other"
    done = sum(task.done for task in chapter.tasks)
    return (
        f'<tr><th scope="row"><b>{escape(chapter.id)}</b> {escape(chapter.title)}'
        f'<div class="quiet">{done} of {len(chapter.tasks)} tasks, {_left(chapter)}</div></th>'
        f'<td style="width: 30%"><div style="border: 1px solid currentColor; border-radius: .3em; margin-top: .3em">'
        f'<div class="{kind}" style="width: {share}%; height: .7em; border-radius: .25em"></div></div></td>'
        f'<td class="points">{chapter.points:g} / {chapter.max_points:g}</td></tr>'
    )
