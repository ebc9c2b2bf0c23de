"""What a course has to fulfil before its notebooks are built."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from autograder.build.source import Cell, Chapter, SourceError, solution_lines
from autograder.errors import CourseError, UnknownTask

SHORT = 8
EVERYWHERE = re.compile(
    r"(#.*|return( \w+)?|continue|break|pass|else:|try:|loss = None|\w+ = \w+(\(\))?|return (self|None)|@\w[\w.]*(\(\))?|\W*)$"
)
"""Lines that may stand in any program; everything else in a solution region is a secret."""


class Catalogue(Protocol):
    """What the judge knows: the build compares the sources with it."""

    def load_task(self, task_id: str) -> Any:
        """An implementation task (.module, .entries); UnknownTask where there is none."""

    def load_checks(self, chapter: str) -> Sequence[Any]:
        """The checks of a chapter (.task, .id, .points, .file, .line)."""


def verify(chapters: Sequence[Chapter], catalogue: Catalogue) -> None:
    """Raise for the first fault, with file and line."""
    _unique_ids(chapters)
    for chapter in chapters:
        _has_parameters(chapter)
        _tasks_exist(chapter, catalogue)
        _tasks_have_checks(chapter, catalogue)
        _checks_have_tasks(chapter, catalogue)


def _unique_ids(chapters: Sequence[Chapter]) -> None:
    seen: dict[str, Cell] = {}
    for cell in (cell for chapter in chapters for cell in chapter.tasks()):
        if cell.id in seen:
            first = seen[cell.id]
            raise cell.fault(f"the id {cell.id} is taken already, by {first.path}:{first.line}")
        seen[cell.id] = cell


def _has_parameters(chapter: Chapter) -> None:
    tagged = [cell for cell in chapter.cells if "parameters" in cell.tags]
    if len(tagged) != 1 or "scale" not in tagged[0].source:
        raise SourceError(chapter.path, 1, 'a chapter has one cell with tags=["parameters"] that sets scale = "cpu"')


def _tasks_exist(chapter: Chapter, catalogue: Catalogue) -> None:
    for cell in chapter.tasks():
        if cell.role == "implement":
            try:
                catalogue.load_task(cell.id)
            except UnknownTask:
                raise cell.fault(f"the judge has no task {cell.id}: write autograder/banks/{cell.id}.py") from None


def _tasks_have_checks(chapter: Chapter, catalogue: Catalogue) -> None:
    checks = catalogue.load_checks(chapter.name)
    asked = {cell.id: cell for cell in chapter.cells if cell.role == "check"}
    for cell in chapter.tasks():
        if cell.role == "free_text":
            continue
        points = [check.points for check in checks if check.task == cell.id]
        if not points:
            raise cell.fault(f"nothing in autograder/checks/test_{chapter.name}.py checks {cell.id}")
        if sum(points) != cell.points:
            raise cell.fault(f"{cell.id} has points={cell.points:g}, but its checks add up to {sum(points):g}")
        if cell.id not in asked:
            raise cell.fault(f'{cell.id} has no check cell: add # %% check="{cell.id}"')


def _checks_have_tasks(chapter: Chapter, catalogue: Catalogue) -> None:
    known = {cell.id for cell in chapter.tasks() if cell.role != "free_text"}
    for cell in chapter.cells:
        if cell.role == "check" and cell.id not in known:
            raise cell.fault(f"there is no task {cell.id} in this chapter")
    for check in catalogue.load_checks(chapter.name):
        if check.task not in known:
            raise CourseError(
                f"{check.file}:{check.line}: {check.id} checks {check.task}, which {chapter.path} does not have"
            )


def leaks(chapter: Chapter, released: str) -> list[SourceError]:
    """Lines of solution regions that can be read in the release, whatever cell they stand in."""
    shown = {line.strip() for line in released.split("\n")}
    return [
        SourceError(chapter.path, number, f"this line of a solution is in the release notebook too: {line}")
        for cell in chapter.cells
        for number, line in solution_lines(cell)
        if is_telling(line) and line in shown
    ]


def is_telling(line: str) -> bool:
    """Whether a line of a solution says something that a stub should not."""
    return len(line) >= SHORT and not EVERYWHERE.match(line)
