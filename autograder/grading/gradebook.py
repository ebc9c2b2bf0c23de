"""Reads and writes nbgrader's gradebook for many students at once.

nbgrader's own preprocessors open the database three times and commit twenty times for each student. The rows here are
the same as theirs; a test compares the two.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, SAWarning
from sqlalchemy.orm import selectinload

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter

# nbgrader adds a submission to its session one line after SQLAlchemy warns that it has not
warnings.filterwarnings("ignore", category=SAWarning, message="Object of type")
MOST_AT_ONCE = 400
"""Students named in one query; SQLite takes a thousand."""


@dataclass(frozen=True)
class CellMark:
    """What the gradebook says of one cell that earns points."""

    auto: float | None
    manual: float | None
    extra: float | None
    waits: bool
    """For a person to mark it."""

    @property
    def score(self) -> float:
        """Points: a person's mark before the judge's."""
        first = self.manual if self.manual is not None else self.auto
        return (first or 0.0) + (self.extra or 0.0)


@dataclass
class Standing:
    """One student's standing in one chapter. late: points off for lateness."""

    marks: dict[str, CellMark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    late: float = 0.0

    @property
    def total(self) -> float:
        """All points, less what lateness costs."""
        return sum(mark.score for mark in self.marks.values()) - self.late

    @property
    def waits(self) -> bool:
        """Whether a person has something left to mark."""
        return any(mark.waits for mark in self.marks.values())


@dataclass(frozen=True)
class Row:
    """What to write for one student. notebook: autograded. stamp: when it was handed in, if that is known."""

    student: str
    notebook: Any
    stamp: datetime | None = None


class ChapterGradebook:
    """A chapter's part of the gradebook; this process is its only writer."""

    def __init__(self, chapter: ClassChapter):
        self.name, self.classroom, self.db_url = chapter.name, chapter.classroom, chapter.classroom.db_url

    def register(self, release: Any) -> None:
        """Make sure the gradebook knows the chapter and its cells."""
        with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
            if self._is_registered(gradebook, release):
                return
            gradebook.update_or_create_assignment(self.name)
        named = {"assignment": self.name, "notebook": self.name, "student": "", "db_url": self.db_url}
        with _explained(self.db_url):
            SaveCells().preprocess(release, {"nbgrader": named})

    def _is_registered(self, gradebook: Gradebook, release: Any) -> bool:
        """Whether the gradebook's cells, with their points and texts, are those of the release."""
        try:
            book = gradebook.find_notebook(self.name, self.name)
        except MissingEntry:
            return False
        wanted = {
            (name, float(cell.metadata.nbgrader["points"]) if is_grade(cell) else 0.0, cell.source)
            for cell in release.cells
            if (name := cell.metadata.get("nbgrader", {}).get("grade_id"))
        }
        points = {cell.name: float(cell.max_score) for cell in book.grade_cells}
        return wanted == {(cell.name, points.get(cell.name, 0.0), cell.source) for cell in book.source_cells}

    def students(self) -> dict[str, tuple[str, str, str]]:
        """Everybody in the gradebook, with a submission or without: id → (first name, last name, e-mail)."""
        with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
            found = gradebook.db.execute(
                select(Student.id, Student.first_name, Student.last_name, Student.email).order_by(Student.id)
            )
            return {row[0]: (row[1] or "", row[2] or "", row[3] or "") for row in found}

    def standings(self) -> dict[str, Standing]:
        """Everybody who has a submission."""
        found: dict[str, Standing] = {}
        with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
            submitted = (
                select(SubmittedAssignment.student_id, SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty)
                .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                .where(Assignment.name == self.name)
            )
            by_notebook = {}
            for student, notebook, late in gradebook.db.execute(submitted):
                by_notebook[notebook] = found.setdefault(student, Standing())
                by_notebook[notebook].late += late or 0.0
            for one in self._rows(gradebook, Grade):
                if one.notebook_id in by_notebook:
                    mark = CellMark(one.auto_score, one.manual_score, one.extra_credit, bool(one.needs_manual_grade))
                    by_notebook[one.notebook_id].marks[one.cell_name] = mark
            for one in self._rows(gradebook, Comment):
                text = one.manual_comment if one.manual_comment is not None else one.auto_comment
                if one.notebook_id in by_notebook and text:
                    by_notebook[one.notebook_id].comments[one.cell_name] = text
        return found

    def _rows(self, gradebook: Gradebook, kind: Any) -> Iterable[Any]:
        of_chapter = (
            select(*kind.__table__.columns, BaseCell.name.label("cell_name"))
            .join(BaseCell, kind.cell_id == BaseCell.id)
            .join(Notebook, BaseCell.notebook_id == Notebook.id)
            .join(Assignment, Notebook.assignment_id == Assignment.id)
            .where(Assignment.name == self.name)
        )
        return gradebook.db.execute(of_chapter)

    def write(self, rows: Sequence[Row]) -> None:
        """Write students' automatic marks, all or none of them; manual marks and comments stay."""
        for start in range(0, len(rows), MOST_AT_ONCE):
            with _explained(self.db_url), Gradebook(self.db_url) as gradebook:
                self._write(gradebook.db, rows[start : start + MOST_AT_ONCE])
                gradebook.db.commit()

    def _write(self, db: Any, rows: Sequence[Row]) -> None:
        names = [row.student for row in rows]
        assignment = db.execute(select(Assignment).where(Assignment.name == self.name)).scalar_one()
        (book,) = [book for book in assignment.notebooks if book.name == self.name]
        of_book = db.execute(select(BaseCell).where(BaseCell.notebook_id == book.id)).scalars()
        cells = {(cell.type, cell.name): cell for cell in of_book}
        known = set(db.execute(select(Student.id).where(Student.id.in_(names))).scalars())
        db.add_all(Student(id=name) for name in names if name not in known)
        submitted = {one.student_id: one for one in db.execute(self._submissions(assignment, names)).scalars()}
        for row in rows:
            one = submitted.get(row.student)
            if one is None:
                one = SubmittedAssignment(assignment_id=assignment.id, student_id=row.student)
                one.notebooks.append(SubmittedNotebook(notebook_id=book.id))
                db.add(one)
            if row.stamp is not None:
                one.timestamp = row.stamp
            _fill(one.notebooks[0], row.notebook, cells)
            one.notebooks[0].late_submission_penalty = self._penalty(row.student, one, assignment.duedate)

    def _submissions(self, assignment: Any, names: list[str]) -> Any:
        return (
            select(SubmittedAssignment)
            .where(SubmittedAssignment.assignment_id == assignment.id, SubmittedAssignment.student_id.in_(names))
            .options(
                selectinload(SubmittedAssignment.notebooks).selectinload(SubmittedNotebook.grades),
                selectinload(SubmittedAssignment.notebooks).selectinload(SubmittedNotebook.comments),
            )
        )

    def _penalty(self, student: str, submission: Any, due: datetime | None) -> float | None:
        """What lateness costs, as the class's own configuration says (nbgrader's plug-in)."""
        if due is None or submission.timestamp is None:
            return None
        deadline = due + submission.extension if submission.extension is not None else due
        seconds = (submission.timestamp - deadline).total_seconds()
        if seconds <= 0:
            return None
        score = sum(
            CellMark(one.auto_score, one.manual_score, one.extra_credit, False).score
            for one in submission.notebooks[0].grades
        )
        penalty = self._late_rule.late_submission_penalty(student, score, seconds)
        return None if penalty is None else min(max(penalty, 0.0), score)

    @cached_property
    def _late_rule(self) -> Any:
        step = AssignLatePenalties(config=self.classroom.config)
        step.log.setLevel(logging.ERROR)
        step.init_plugin()
        return step.plugin_inst


def _fill(submitted: Any, notebook: Any, cells: dict[tuple[str, str], Any]) -> None:
    """Grades and comments of one student, as nbgrader's SaveAutoGrades makes them of an autograded notebook."""
    grades = {grade.cell_id: grade for grade in submitted.grades}
    comments = {comment.cell_id: comment for comment in submitted.comments}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if is_grade(cell):
            of = cells["GradeCell", name]
            grade = grades.get(of.id) or _added(submitted.grades, Grade(cell_id=of.id))
            grade.auto_score = determine_grade(cell)[0]
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        if is_solution(cell) or is_task(cell):
            of = cells["SolutionCell", name]
            comment = comments.get(of.id) or _added(submitted.comments, Comment(cell_id=of.id))
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) and not is_task(cell)
            comment.auto_comment = "No response." if untouched else None


def _added(to: Any, new: Any) -> Any:
    to.append(new)
    return new


class _explained:
    """Turns a gradebook that cannot be used into a sentence."""

    def __init__(self, db_url: str):
        self.db_url = db_url

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RuntimeError) and "Cannot add or remove cells" in str(error):
            raise CourseError(
                "The released notebook has other cells than the one that is graded already. Put the old one back into "
                "release/, or make a new class for the new one."
            ) from None
        if isinstance(error, DBAPIError | InvalidEntry):
            reason = str(error.orig if isinstance(error, DBAPIError) else error).strip()
            raise CourseError(
                f"The gradebook {_without_password(self.db_url)} cannot be used ({reason}). What was judged "
                "is in the journal; close other programs that use it, make it writable, and run the same command again."
            ) from None


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)
