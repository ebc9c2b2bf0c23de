"""Reads submissions for `nbgrader autograde` as `sgd2muon grade` reads them: what is damaged gets what it deserves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.submissions.cells import RawCell, Unreadable, cells_of_text, notebook_text


class AnyNotebook(NotebookExporter):
    """nbgrader ends with an error at a file that nbformat does not read, and leaves the student without marks.

    Here such a file is read cell by cell, and one that is no notebook at all counts as one without cells.
    """

    def from_file(self, file_stream: Any, resources: Any = None, **options: Any) -> Any:
        """nbconvert's interface."""
        path = Path(file_stream.name)
        try:
            notebook = _notebook(notebook_text(path))
        except Unreadable as error:
            self.log.warning("%s: %s. It gets no points.", path, error)
            notebook = new_notebook()
        return self.from_notebook_node(notebook, resources=resources, **options)


def _notebook(text: str) -> Any:
    cells = cells_of_text(text)
    try:
        return nbformat.reads(text, as_version=4)
    except Exception:  # whatever a damaged file makes nbformat's readers and converters raise
        return new_notebook(cells=[_sound(cell) for cell in cells])


def _sound(cell: RawCell) -> Any:
    """A valid cell with the same text and grade_id."""
    make = new_markdown_cell if cell.cell_type == "markdown" else new_code_cell
    metadata = {"nbgrader": {"grade_id": cell.grade_id}} if cell.grade_id else {}
    return make(cell.source, metadata=metadata)
