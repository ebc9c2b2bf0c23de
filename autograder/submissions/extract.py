"""Finds a chapter's implementation cells, answers and free text in the cells of a submission."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.judge.results import Submission
from autograder.submissions.answers import answers_in
from autograder.submissions.cells import RawCell, Unreadable, read_cells

__all__ = ["Extracted", "Unreadable", "extract", "extract_cells"]

MAGIC = re.compile(r"^[ \t]*%%implement[ \t]+(\S+)[ \t]*$", re.MULTILINE)


@dataclass
class Extracted:
    """What one notebook holds. modules: path → source. answers: task → literal. cells: task → the cell it came from.

    notes: sentences for the instructor about what was unusual."""

    modules: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    free_text: dict[str, str] = field(default_factory=dict)
    cells: dict[str, RawCell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def submission(self) -> Submission:
        """What the judge is given."""
        return Submission(modules=dict(self.modules), answers=dict(self.answers))


def extract(path: Path, tasks: Sequence[dict[str, Any]], release: Sequence[RawCell]) -> Extracted:
    """Read a submitted notebook for a chapter's tasks (entries of course.json); Unreadable if it is none.

    release: the cells of the release notebook, to tell what a student changed.
    """
    return extract_cells(read_cells(path), tasks, release)


def extract_cells(cells: Sequence[RawCell], tasks: Sequence[dict[str, Any]], release: Sequence[RawCell]) -> Extracted:
    """The same, from cells."""
    found = Extracted()
    untouched = {_normal(cell.source) for cell in release}
    for task in tasks:
        if task["kind"] == "implement":
            _implementation(found, task, cells, untouched)
        elif task["kind"] == "free_text":
            _free_text(found, task, cells)
    _answers(found, {task["id"] for task in tasks if task["kind"] in ("predict", "quiz")}, cells)
    _paths_of_others(found, {task.get("module") for task in tasks}, cells)
    return found


def _implementation(found: Extracted, task: dict[str, Any], cells: Sequence[RawCell], untouched: set[str]) -> None:
    """The last cell that was worked on, of those that say they are the module; then the cell with the task's id; then
    any cell that defines the task's names."""
    named = [cell for cell in cells if target(cell) == task["module"]]
    marked = [cell for cell in cells if cell.grade_id == task["id"] and target(cell) in (None, task["module"])]
    worked_on = [cell for cell in named if _normal(cell.source) not in untouched]
    worked_on = worked_on or [cell for cell in marked if _normal(cell.source) not in untouched]
    if len(worked_on) > 1:
        found.notes.append(f"{task['id']}: {len(worked_on)} cells hold an answer; the last one counts")
    if not worked_on:
        worked_on = [cell for cell in cells if target(cell) is None and _defines(cell.source, task["names"])]
        if worked_on:
            found.notes.append(f"{task['id']}: taken from a cell without its %%implement line")
    candidates = worked_on or named or marked
    if not candidates:
        found.notes.append(f"{task['id']}: no cell with %%implement {task['module']}")
        return
    chosen = candidates[-1]
    if chosen.cell_type != "code":
        found.notes.append(f"{task['id']}: the cell is of type {chosen.cell_type}; read as code")
    found.modules[task["module"]] = body(chosen.source)
    found.cells[task["id"]] = chosen


def target(cell: RawCell) -> str | None:
    """The path on the cell's %%implement line, None without one."""
    match = MAGIC.search(cell.source)
    return match.group(1).strip("\"'") if match else None


def body(source: str) -> str:
    """The module that the cell becomes: its first line is a comment, so that line numbers stay those of the cell."""
    match = MAGIC.search(source)
    return source if match is None else source[: match.start()] + "#" + source[match.end() :]


def _normal(source: str) -> str:
    return re.sub(r"\s+", " ", source).strip()


def _defines(source: str, names: Iterable[str]) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    return defined.issuperset(names)


def _answers(found: Extracted, tasks: set[str], cells: Sequence[RawCell]) -> None:
    """The last answer to each question that is not `...`."""
    for cell in cells:
        for task, value in answers_in(cell.source):
            if task in tasks and value is not ...:
                found.answers[task] = value
                found.cells[task] = cell


def _free_text(found: Extracted, task: dict[str, Any], cells: Sequence[RawCell]) -> None:
    marked = [cell for cell in cells if cell.grade_id == task["id"]]
    if not marked:
        found.notes.append(f"{task['id']}: the answer's cell is gone; look at the submitted notebook")
        return
    found.free_text[task["id"]] = marked[-1].source
    found.cells[task["id"]] = marked[-1]


def _paths_of_others(found: Extracted, known: set[Any], cells: Sequence[RawCell]) -> None:
    strange = sorted({path for cell in cells if (path := target(cell)) is not None and path not in known})
    found.notes += [f"a cell for {path[:80]} is ignored: not a module of this chapter" for path in strange]
