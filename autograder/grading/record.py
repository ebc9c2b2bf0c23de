"""Writes one student's results where nbgrader keeps them: autograded notebook, gradebook, feedback page."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades, SaveCells
from sqlalchemy.exc import OperationalError, SAWarning

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter
from autograder.grading.feedback import FeedbackPages
from autograder.nbgrader_plugin.compose import with_students_cells, with_verdicts
from autograder.submissions import Extracted

# nbgrader adds a submission to its session one line after SQLAlchemy warns that it has not
warnings.filterwarnings("ignore", category=SAWarning, message="Object of type")


class Recorder:
    """The one writer of a class's gradebook."""

    def __init__(self, chapter: ClassChapter):
        self.chapter, self.db_url = chapter, chapter.classroom.db_url

    def register(self) -> None:
        """Make sure the gradebook knows the chapter and its cells."""
        with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
            gradebook.update_or_create_assignment(self.chapter.name)
        SaveCells().preprocess(copy.deepcopy(self.chapter.release), self._resources(""))

    def record(
        self, student: str, extracted: Extracted, results: Mapping[str, Mapping[str, Any]], stamp: Any = None
    ) -> None:
        """Write the autograded notebook and the marks; manual marks and comments stay."""
        notebook = with_verdicts(with_students_cells(self.chapter.release, extracted), results)
        with _explained(self.db_url):
            with Gradebook(self.db_url) as gradebook:
                gradebook.update_or_create_student(student)
                gradebook.update_or_create_submission(
                    self.chapter.name, student, **({"timestamp": stamp} if stamp else {})
                )
            resources = self._resources(student)
            SaveAutoGrades().preprocess(copy.deepcopy(notebook), resources)
            AssignLatePenalties().preprocess(copy.deepcopy(notebook), resources)
        self._write(self._autograded(student), nbformat.writes(notebook, version=4) + "\n")

    def recorded(self) -> dict[str, float]:
        """Student → automatic points in the gradebook, for students whose autograded notebook is there too."""
        with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
            try:
                submissions = gradebook.assignment_submissions(self.chapter.name)
            except MissingEntry:
                return {}
            return {
                submission.student.id: sum(
                    grade.auto_score or 0.0 for notebook in submission.notebooks for grade in notebook.grades
                )
                for submission in submissions
                if self._autograded(submission.student.id).is_file()
            }

    def feedback(self, student: str) -> Path:
        """Render the student's feedback page from what is recorded; returns where it is."""
        notebook = nbformat.read(self._autograded(student), as_version=4)
        path = self.chapter.classroom.directory / "feedback" / student / self.chapter.name / f"{self.chapter.name}.html"
        self._write(path, self._pages.render(student, notebook))
        return path

    @cached_property
    def _pages(self) -> FeedbackPages:
        return FeedbackPages(self.chapter.name, self.db_url)

    def _autograded(self, student: str) -> Path:
        folder = self.chapter.classroom.directory / "autograded" / student / self.chapter.name
        return folder / f"{self.chapter.name}.ipynb"

    def _resources(self, student: str) -> dict[str, Any]:
        named = {
            "assignment": self.chapter.name,
            "notebook": self.chapter.name,
            "student": student,
            "db_url": self.db_url,
        }
        return {"nbgrader": named}

    def _write(self, path: Path, content: str) -> None:
        """Whole or not at all; a link that somebody put there is replaced, not followed."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(content, encoding="utf-8", errors="replace", newline="\n")
            os.replace(temporary, path)
        except OSError as error:
            raise CourseError(
                f"{path} cannot be written ({error.strerror}). Run the same command again when it can."
            ) from None


class _explained:
    """Turns a gradebook that cannot be written into a sentence."""

    def __init__(self, db_url: str):
        self.db_url = db_url

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OperationalError):
            raise CourseError(
                f"The gradebook {self.db_url} cannot be used ({error.orig}). What was judged is in the journal; close other "
                "programs that use it, make it writable, and run the same command again."
            ) from None
