"""The marks in the gradebook as files that a learning management system or a spreadsheet takes in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.errors import CourseError
from autograder.files import write_whole
from autograder.grading.classroom import ClassChapter
from autograder.grading.gradebook import ChapterGradebook, Standing
from autograder.grading.marks import cell

CANVAS_KEYS = ("SIS Login ID", "SIS User ID", "ID", "Integration ID")
"""Columns of Canvas's own export in which a student's folder name may stand, the likeliest first."""


class Marks:
    """A chapter's marks, everything included: by the judge, by hand, off for lateness."""

    def __init__(self, chapter: ClassChapter):
        self.chapter = chapter
        gradebook = ChapterGradebook(chapter)
        self.students, self.standings = gradebook.students(), gradebook.standings()
        self.most = sum(float(task["points"]) for task in chapter.tasks)
        if not self.standings:
            raise CourseError(f"{chapter.name} is not graded yet: there are no marks to export.")

    @property
    def waiting(self) -> list[str]:
        """Students with answers that nobody has marked yet; these count 0 so far."""
        return [student for student, standing in self.standings.items() if standing.waits]

    def of(self, student: str) -> Standing:
        """A student's standing; an empty one for somebody who handed in nothing."""
        return self.standings.get(student, Standing())


def export(
    chapter: ClassChapter, to: str, path: Path | None = None, roster: Path | None = None
) -> tuple[Path, list[str]]:
    """Write the file; returns where it is, and sentences about what to look at."""
    if to not in WRITERS:
        raise CourseError(f"There is no format {to}. There are: {', '.join(WRITERS)}.")
    if roster is not None and to != "canvas":
        raise CourseError("--roster is for Canvas: the file that Canvas's gradebook exports.")
    marks = Marks(chapter)
    remarks = [f"{len(marks.waiting)} students have answers that wait for marks by hand."] if marks.waiting else []
    rows = _canvas_roster(marks, roster, remarks) if roster is not None else WRITERS[to](marks)
    path = path or chapter.classroom.directory / "marks" / f"{chapter.name}-{to}.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[cell(value) for value in row] for row in rows])
    write_whole(path, out.getvalue())
    return path, remarks


def _plain(marks: Marks) -> list[list[str]]:
    tasks = {
        task["id"]: f"check_{task['id']}" if task["kind"] != "free_text" else task["id"] for task in marks.chapter.tasks
    }
    head = ["student", "last name", "first name", "e-mail", "points", "of", "late", "waits", *tasks]
    rows = []
    for student, (first, last, mail) in marks.students.items():
        standing = marks.of(student)
        each = [f"{standing.marks[name].score:.10g}" if name in standing.marks else "" for name in tasks.values()]
        waits = "yes" if standing.waits else ""
        total = f"{standing.total:.10g}", f"{marks.most:.10g}", f"{standing.late:.10g}"
        rows.append([student, last, first, mail, *total, waits, *each])
    return [head, *rows]


def _canvas(marks: Marks) -> list[list[str]]:
    """As Canvas documents it: who, five columns that say who in Canvas's terms, the points; below the head, the most."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", marks.chapter.name]
    most = ["    Points Possible", "", "", "", "", f"{marks.most:.10g}"]
    rows = [
        [", ".join(filter(None, [last, first])) or student, "", "", student, "", f"{marks.of(student).total:.10g}"]
        for student, (first, last, _) in marks.students.items()
    ]
    return [head, most, *rows]


def _canvas_roster(marks: Marks, roster: Path, remarks: list[str]) -> list[list[str]]:
    """Canvas's own export with the chapter's column filled in; ids and sections stay as Canvas wrote them."""
    try:
        rows = list(csv.reader(roster.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{roster} cannot be read ({error}).") from None
    if not rows or "Student" not in rows[0]:
        raise CourseError(f"{roster} is no export of Canvas's gradebook: its first line has no column Student.")
    head = rows[0]
    keys = [head.index(name) for name in CANVAS_KEYS if name in head]
    place = next((n for n, name in enumerate(head) if name.split(" (")[0] == marks.chapter.name), len(head))
    kept = [n for n, name in enumerate(head) if name in ("Student", "Section", *CANVAS_KEYS)]
    made = [[*(head[n] for n in kept), head[place] if place < len(head) else marks.chapter.name]]
    known: set[str] = set()
    for row in rows[1:]:
        row = [*row, *[""] * (len(head) - len(row))]
        who = [row[n] for n in kept]
        if row[head.index("Student")].strip() == "Points Possible":
            made.append([*who, f"{marks.most:.10g}"])
            continue
        student = next((row[n] for n in keys if row[n] in marks.students), None)
        known.add(student or "")
        made.append([*who, f"{marks.of(student).total:.10g}" if student else ""])
    absent = sorted(set(marks.standings) - known)
    remarks += [f"Not in {roster.name}: {', '.join(absent)}."] if absent else []
    return made


def _moodle(marks: Marks) -> list[list[str]]:
    """For Moodle's Grades, Import, CSV file; its preview asks which column is the student and which the points."""
    head = ["username", "email", marks.chapter.name]
    rows = [[student, mail, f"{marks.of(student).total:.10g}"] for student, (_, _, mail) in marks.students.items()]
    return [head, *rows]


WRITERS: dict[str, Callable[[Marks], Sequence[list[str]]]] = {"csv": _plain, "canvas": _canvas, "moodle": _moodle}
