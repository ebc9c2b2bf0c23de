"""The autograded notebook: the release, with a student's cells and the judge's verdicts put in.

Starting from the release makes it sound whatever a student did to the file: every locked cell is there, once, unchanged.
"""

from __future__ import annotations

import copy
import math
import textwrap
from collections.abc import Mapping
from typing import Any

from nbformat.v4 import new_output

from autograder.nbgrader_plugin.safe import safe_markdown, safe_outputs, safe_text
from autograder.submissions import Extracted

SYMBOLS = {"passed": "✓", "skipped": "–", "not_done": "–"}


def with_students_cells(release: Any, extracted: Extracted) -> Any:
    """A copy of the release notebook with the student's answers where theirs belong."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        mine = extracted.cells.get(grade_id(cell))
        if mine is None:
            continue
        cell.source = safe_markdown(mine.source) if cell.cell_type == "markdown" else mine.source
        if cell.cell_type == "code":
            cell.outputs = safe_outputs(mine.outputs)
    return notebook


def with_verdicts(notebook: Any, results: Mapping[str, Mapping[str, Any]]) -> Any:
    """Put each task's result (TaskResult.to_json()) into its check cell, as text and as a plain finite number of points.

    A check cell whose task has no result gets 0 points and says so; nothing of a student's is left in any check cell.
    """
    for number, cell in enumerate(notebook.cells, start=1):
        grading = cell.metadata.get("nbgrader", {})
        if cell.cell_type != "code" or not grading.get("grade") or grading.get("solution"):
            continue
        task = grade_id(cell).removeprefix("check_")
        result = results.get(task)
        points = float(result["score"]) if result else 0.0
        if not (math.isfinite(points) and 0 <= points <= float(grading["points"])):
            raise ValueError(f"{task}: {points} points of {grading['points']}")
        said = told(result) if result else f"{task}: no result from the judge; run `sgd2muon grade` for this chapter.\n"
        cell.outputs = [
            new_output("stream", name="stdout", text=said),
            new_output("execute_result", data={"text/plain": repr(points)}, execution_count=number),
        ]
        cell.execution_count = number
    return notebook


def grade_id(cell: Any) -> str:
    """A cell's grade_id, "" without one."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def told(result: Mapping[str, Any]) -> str:
    """A result as text for feedback."""
    lines = [f"{result['task']}: {result['score']:g} of {result['max_score']:g} points"]
    if result.get("convention"):
        lines[0] += f" (convention: {result['convention']})"
    for check in result["checks"]:
        symbol = SYMBOLS.get(check["verdict"], "✗")
        lines.append(f"{symbol} {check['claim']} ({check['points']:g} of {check['max_points']:g})")
        if check["message"]:
            lines += textwrap.wrap(check["message"], 96, initial_indent="    ", subsequent_indent="    ")
    return safe_text("\n".join(lines)) + "\n"
