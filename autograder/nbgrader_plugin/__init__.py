"""What our nbgrader configuration puts in place of nbgrader's own execution of students' code."""

from __future__ import annotations

from typing import Any

__all__ = ["configure"]


def configure(config: Any) -> None:
    """Set up a class: `nbgrader autograde` asks the judge, and executes nothing itself."""
    here = "autograder.nbgrader_plugin.preprocessors"
    config.Autograde.sanitize_preprocessors = [f"{here}.Restore"]
    config.Autograde.autograde_preprocessors = [
        f"{here}.Judged",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    config.Autograde.exporter_class = "autograder.nbgrader_plugin.exporter.AnyNotebook"
    config.GenerateAssignment.preprocessors = ["nbgrader.preprocessors.SaveCells"]
    config.ZipCollectApp.extractor_plugin = "autograder.nbgrader_plugin.collect.CarefulExtractor"
    config.ClearSolutions.enforce_metadata = False
