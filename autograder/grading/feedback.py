"""Feedback pages: a student's own cells, what the judge said, marks and comments, through nbgrader's template."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import nbgrader.server_extensions.formgrader as formgrader
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config


class FeedbackPages:
    """Renders pages for one chapter; the exporter is made once, which is most of the cost."""

    def __init__(self, assignment: str, db_url: str):
        self.assignment, self.db_url = assignment, db_url
        folder = Path(formgrader.__file__).parent
        config = Config()
        config.HTMLExporter.template_name = "feedback"
        config.HTMLExporter.extra_template_basedirs = [str(folder / "templates")]
        config.HTMLExporter.extra_template_paths = [
            str(folder / "static" / "node_modules" / "bootstrap" / "dist" / "css")
        ]
        self.exporter = HTMLExporter(config=config)
        self.exporter.log.setLevel(logging.ERROR)
        for preprocessor in (GetGrades(), CSSHTMLHeaderPreprocessor()):
            self.exporter.register_preprocessor(preprocessor, enabled=True)

    def render(self, student: str, notebook: Any) -> str:
        """The page of one student's autograded notebook, whose marks are in the gradebook already.

        Only the cells that are the student's or that earn points are shown; the chapter's text is in the notebook.
        """
        kept = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
        short = NotebookNode({**notebook, "cells": kept})
        named = {"assignment": self.assignment, "notebook": self.assignment, "student": student, "db_url": self.db_url}
        resources = {"nbgrader": named, "metadata": {"name": self.assignment, "path": ""}}
        page, _ = self.exporter.from_notebook_node(short, resources=resources)
        return str(page)
