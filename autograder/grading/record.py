"""Writes students' results where nbgrader keeps them: autograded notebook, gradebook, feedback page."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat

from autograder.files import small_text, write_whole
from autograder.grading.classroom import ClassChapter
from autograder.grading.feedback import FeedbackPages, fingerprint, fingerprint_of_page
from autograder.grading.gradebook import ChapterGradebook, Row, Standing
from autograder.nbgrader_plugin.compose import with_students_cells, with_verdicts
from autograder.submissions import Extracted

STAMPS = ("timestamp.txt", "submission_secret.txt")


@dataclass(frozen=True)
class Judged:
    """A student's results, ready to be recorded. key: as in the journal. stamp: when it was handed in."""

    student: str
    key: str
    extracted: Extracted
    results: Mapping[str, Mapping[str, Any]]
    stamp: datetime | None = None


class Recorder:
    """The one writer of a chapter's gradebook, autograded notebooks and feedback."""

    def __init__(self, chapter: ClassChapter):
        self.chapter, self.gradebook = chapter, ChapterGradebook(chapter)
        self._pages = FeedbackPages()

    def register(self) -> None:
        """Make sure the gradebook knows the chapter and its cells."""
        self.gradebook.register(copy.deepcopy(self.chapter.release))

    def record(self, batch: Sequence[Judged]) -> None:
        """Write marks and autograded notebooks of several students; manual marks and comments stay.

        The notebook comes last and says which results it holds, so that a run that dies in between is made good.
        """
        if not batch:
            return
        rows = [Row(item.student, self._notebook(item), item.stamp) for item in batch]
        self.gradebook.write(rows)
        for row in rows:
            write_whole(self.autograded(row.student), nbformat.v4.writes(row.notebook) + "\n")

    def is_recorded(self, student: str, key: str, results: Mapping[str, Mapping[str, Any]], standing: Standing) -> bool:
        """Whether gradebook and autograded notebook hold these results already."""
        return (
            all(
                f"check_{task}" in standing.marks and standing.marks[f"check_{task}"].auto == result["score"]
                for task, result in results.items()
            )
            and self._recorded_key(student) == key
        )

    def feedback(self, students: Sequence[str]) -> int:
        """Bring feedback pages up to date with marks and comments of the gradebook; returns how many were written."""
        standings, written = self.gradebook.standings(), 0
        for student in students:
            standing, notebook = standings.get(student), self._read(student)
            if standing is None or notebook is None:
                continue
            path = self.feedback_page(student)
            if fingerprint_of_page(path) != fingerprint(notebook, standing):
                write_whole(path, self._pages.render(self.chapter.name, notebook, standing))
                self._copy_stamps(student)
                written += 1
        return written

    def _copy_stamps(self, student: str) -> None:
        """Put what nbgrader's collect wrote of a submission beside the page, where `release_feedback` wants it."""
        for name in STAMPS:
            text = small_text(self._folder("submitted", student) / name)
            if text:
                write_whole(self._folder("feedback", student) / name, text)

    def autograded(self, student: str) -> Path:
        """Where a student's autograded notebook is."""
        return self._folder("autograded", student) / f"{self.chapter.name}.ipynb"

    def feedback_page(self, student: str) -> Path:
        """Where a student's feedback page is."""
        return self._folder("feedback", student) / f"{self.chapter.name}.html"

    def _folder(self, step: str, student: str) -> Path:
        return self.chapter.classroom.directory / step / student / self.chapter.name

    def _notebook(self, item: Judged) -> Any:
        notebook = with_verdicts(with_students_cells(self.chapter.release, item.extracted), item.results)
        notebook.metadata["sgd2muon"] = {"key": item.key}
        return notebook

    def _recorded_key(self, student: str) -> str:
        notebook = self._read(student)
        return str(notebook.metadata.get("sgd2muon", {}).get("key", "")) if notebook is not None else ""

    def _read(self, student: str) -> Any:
        """The autograded notebook; None where there is none that can be read."""
        try:
            return nbformat.v4.reads(self.autograded(student).read_text(encoding="utf-8"))
        except (OSError, ValueError, AttributeError):
            return None
