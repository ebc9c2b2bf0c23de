"""Writes one student's results where nbgrader keeps them: autograded notebook, gradebook, feedback page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveAutoGrades, SaveCells
from sqlalchemy.exc import OperationalError

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter
from autograder.nbgrader_plugin.compose import with_students_cells, with_verdicts
from autograder.submissions import Extracted


class Recorder:
    """The one writer of a class's gradebook."""

    def __init__(self, chapter: ClassChapter):
        self.chapter, self.db_url = chapter, chapter.classroom.db_url

    def register(self) -> None:
        """Make sure the gradebook knows the chapter and its cells."""
        with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
            gradebook.update_or_create_assignment(self.chapter.name)
        SaveCells().preprocess(_copy(self.chapter.release), self._resources(""))

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
            SaveAutoGrades().preprocess(_copy(notebook), resources)
            AssignLatePenalties().preprocess(_copy(notebook), resources)
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
        """Render the student's feedback page; returns where it is."""
        from nbgrader.converters.generate_feedback import GenerateFeedback
        from nbgrader.coursedir import CourseDirectory
        from traitlets.config import Config

        config = Config()
        config.CourseDirectory.root = str(self.chapter.classroom.directory)
        config.CourseDirectory.db_url = self.db_url
        config.CourseDirectory.student_id = student
        config.CourseDirectory.assignment_id = self.chapter.name
        converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
        converter.force = True
        converter.start()
        return self.chapter.classroom.directory / "feedback" / student / self.chapter.name / f"{self.chapter.name}.html"

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


def _copy(notebook: Any) -> Any:
    import copy

    return copy.deepcopy(notebook)
