"""Finds a chapter's implementation cells, answers and free text in the cells of a submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from autograder.judge.results import Submission
from autograder.submissions.answers import UNCLEAR, answers_in
from autograder.submissions.cells import RawCell, Unreadable, read_cells
from autograder.submissions.implementations import Piece, implementation, normal, pieces

__all__ = ["Extracted", "Unreadable", "extract", "extract_cells"]


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
    cells = _identified(cells, release)
    cut = pieces(cells)
    released = {normal(cell.source) for cell in release}
    modules = [task["module"] for task in tasks if task["kind"] == "implement"]
    for task in tasks:
        if task["kind"] == "implement":
            _implementation(found, task, cut, released, modules)
        elif task["kind"] == "free_text":
            _free_text(found, task["id"], cells, release, released)
    _answers(found, [task["id"] for task in tasks if task["kind"] in ("predict", "quiz")], cells)
    _paths_of_others(found, modules, cut)
    return found


def _identified(cells: Sequence[RawCell], release: Sequence[RawCell]) -> list[RawCell]:
    """The cells; one that lost its metadata, but not its cell id, gets its grade_id back."""
    ids = {cell.cell_id: cell.grade_id for cell in release if cell.cell_id and cell.grade_id}
    return [
        replace(cell, grade_id=ids[cell.cell_id]) if not cell.grade_id and cell.cell_id in ids else cell
        for cell in cells
    ]


def _implementation(
    found: Extracted, task: dict[str, Any], cut: Sequence[Piece], released: set[str], modules: list[str]
) -> None:
    one = implementation(task, cut, released, modules)
    if one is None:
        found.notes.append(f"{task['id']}: no cell with %%implement {task['module']}")
        return
    found.modules[task["module"]] = one.source
    found.cells[task["id"]] = one.cell
    found.notes += one.notes


def _answers(found: Extracted, tasks: Sequence[str], cells: Sequence[RawCell]) -> None:
    """The last answer to each question that is not `...`."""
    calls = [(task, value, cell) for cell in cells for task, value in answers_in(cell) if value is not ...]
    for task in tasks:
        given = [(value, cell) for asked, value, cell in calls if asked == task]
        literals = [(value, cell) for value, cell in given if value is not UNCLEAR]
        if literals:
            found.answers[task], found.cells[task] = literals[-1]
        elif given:
            found.cells[task] = given[-1][1]
            found.notes.append(f"{task}: the answer is no number, text or list typed into the call; it does not count")
        if len({repr(value) for value, _ in literals}) > 1:
            found.notes.append(f"{task}: answered more than once; the last answer counts")


def _free_text(
    found: Extracted, task: str, cells: Sequence[RawCell], release: Sequence[RawCell], released: set[str]
) -> None:
    """The last cell of the task that was written in; without its metadata, the cell behind the question."""
    marked = [cell for cell in cells if cell.grade_id == task] or _behind_question(task, cells, release, released)
    if not marked:
        found.notes.append(f"{task}: the answer's cell is gone; look at the submitted notebook")
        return
    written = [cell for cell in marked if normal(cell.source) not in released]
    found.cells[task] = (written or marked)[-1]
    found.free_text[task] = found.cells[task].source


def _behind_question(
    task: str, cells: Sequence[RawCell], release: Sequence[RawCell], released: set[str]
) -> list[RawCell]:
    """Cells that follow the cell that the task's cell follows in the release, and are not of the release themselves."""
    place = next((place for place, cell in enumerate(release) if cell.grade_id == task), 0)
    if place == 0:
        return []
    question, stub = normal(release[place - 1].source), normal(release[place].source)
    after = [cell for before, cell in pairwise(cells) if normal(before.source) == question]
    return [cell for cell in after if normal(cell.source) == stub or normal(cell.source) not in released]


def _paths_of_others(found: Extracted, modules: list[str], cut: Sequence[Piece]) -> None:
    """Say which %%implement lines named something else, unless their cell was taken all the same."""
    taken = {id(cell) for cell in found.cells.values()}
    strange = {piece.path for piece in cut if piece.path and piece.path not in modules and id(piece.cell) not in taken}
    found.notes += [f"a cell for {path[:80]} is ignored: not a module of this chapter" for path in sorted(strange)]
