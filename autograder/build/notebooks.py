"""A chapter's cells as notebooks: solved, and released through nbgrader's own preprocessors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.build.source import Cell, Chapter, answer_span

ModuleOf = Callable[[str], str]
STUB = 'raise NotImplementedError("write this part")'
TEXT_STUB = "*Your answer here.*"


def solved(chapter: Chapter, module_of: ModuleOf) -> Any:
    """The chapter as its author wrote it, with nbgrader's metadata, ready to be executed."""
    notebook = new_notebook(metadata=_metadata(chapter))
    points = {cell.id: cell.points for cell in chapter.tasks()}
    for position, cell in enumerate(chapter.cells):
        made = _notebook_cell(cell, module_of)
        grade = _nbgrader(cell, points)
        if grade:
            made.metadata["nbgrader"] = grade
        if cell.tags:
            made.metadata["tags"] = list(cell.tags)
        made["id"] = cell_id(chapter, position, grade)
        notebook.cells.append(made)
    nbformat.validate(notebook)
    return notebook


def release(chapter: Chapter, module_of: ModuleOf) -> Any:
    """What students get: solution regions cleared, answers replaced by `...`, test cells locked, checksums computed."""
    from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, ClearSolutions, ComputeChecksums, LockCells

    notebook = solved(chapter, module_of)
    answers = {}
    for cell, made in zip(chapter.cells, notebook.cells, strict=True):
        if cell.role in ("predict", "quiz"):
            start, stop = answer_span(cell)
            made.source = cell.source[:start] + "..." + cell.source[stop:]
            answers[made["id"]] = made.metadata.pop("nbgrader")
    resources: dict[str, Any] = {"nbgrader": {"assignment": chapter.name, "notebook": chapter.name}}
    clear = ClearSolutions(code_stub={"python": STUB}, text_stub=TEXT_STUB)
    notebook, resources = clear.preprocess(notebook, resources)
    for made in notebook.cells:
        if made["id"] in answers:
            made.metadata["nbgrader"] = answers[made["id"]]
    for preprocessor in (LockCells(), ClearOutput(), ComputeChecksums(), CheckCellMetadata()):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    notebook.metadata.pop("celltoolbar", None)
    nbformat.validate(notebook)
    return notebook


def text(notebook: Any) -> str:
    """The bytes that are committed: stable key order, one newline at the end."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def _metadata(chapter: Chapter) -> dict[str, Any]:
    return {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "title": chapter.title,
    }


def _notebook_cell(cell: Cell, module_of: ModuleOf) -> Any:
    if cell.cell_type == "markdown":
        return new_markdown_cell(cell.source)
    source = f"%%implement {module_of(cell.id)}\n{cell.source}" if cell.role == "implement" else cell.source
    return new_code_cell(source)


def _nbgrader(cell: Cell, points: dict[str, float | None]) -> dict[str, Any] | None:
    """nbgrader's verbose metadata for a cell; points of a check are those of its task."""
    if cell.role == "plain":
        return None
    base = {"schema_version": 3, "grade_id": cell.id, "task": False, "cell_type": cell.cell_type}
    if cell.role == "check":
        graded = points.get(cell.id) or 0
        return {
            **base,
            "grade_id": f"check_{cell.id}",
            "solution": False,
            "grade": True,
            "locked": True,
            "points": graded,
        }
    if cell.role == "free_text":
        return {**base, "solution": True, "grade": True, "locked": False, "points": cell.points}
    return {**base, "solution": True, "grade": False, "locked": False}


def cell_id(chapter: Chapter, position: int, grade: dict[str, Any] | None = None) -> str:
    """From the grade_id, else from the position: the same on every rebuild."""
    key = grade["grade_id"] if grade else f"cell {position}"
    return hashlib.sha256(f"{chapter.name}/{key}".encode()).hexdigest()[:12]
