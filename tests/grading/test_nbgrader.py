"""Around grading: what instructors do with nbgrader itself, all with this course's configuration."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER, STEP, answered
from autograder.grading.export import export
from autograder.grading.new_class import make_class
from autograder.grading.run import grade

FULL = 19


@pytest.fixture
def classroom(tmp_path: Path) -> ClassChapter:
    """A class without submissions."""
    make_class(tmp_path / "c")
    return Classroom(tmp_path / "c").chapter(CHAPTER)


def hand_in(
    chapter: ClassChapter, student: str, source: str | None = STEP, name: str = CHAPTER, stamp: str = ""
) -> Path:
    release = json.loads(chapter.release_path.read_text(encoding="utf-8"))
    folder = chapter.classroom.directory / "submitted" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(answered(release, source)), encoding="utf-8")
    if stamp:
        (folder / "timestamp.txt").write_text(stamp, encoding="utf-8")
    return folder / f"{name}.ipynb"


def configure(chapter: ClassChapter, *lines: str) -> ClassChapter:
    path = chapter.classroom.directory / "nbgrader_config.py"
    path.write_text(path.read_text() + "\n".join(lines) + "\n")
    return Classroom(chapter.classroom.directory).chapter(CHAPTER)


def nbgrader(directory: Path, *words: str) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_lateness_costs_what_the_class_has_configured(classroom: ClassChapter) -> None:
    chapter = configure(classroom, 'c.LateSubmissionPlugin.penalty_method = "zero"')
    due = datetime(2026, 3, 1, 12)
    with Gradebook(chapter.classroom.db_url) as gradebook:
        gradebook.update_or_create_assignment(CHAPTER, duedate=due)
    hand_in(chapter, "early", stamp="2026-03-01 11:59:59 UTC")
    hand_in(chapter, "late", stamp="2026-03-01 12:00:01 UTC")
    hand_in(chapter, "extended", stamp="2026-03-01 12:00:01 UTC")
    grade(chapter, jobs=1)
    with Gradebook(chapter.classroom.db_url) as gradebook:
        gradebook.grant_extension(CHAPTER, "extended", hours=1)
        assert gradebook.find_submission(CHAPTER, "extended").duedate == due + timedelta(hours=1)
    grade(chapter, jobs=1, regrade=True)
    rows = {row[0]: row for row in csv.reader(export(chapter, "csv")[0].read_text().splitlines())}
    assert [rows[student][4] for student in ("early", "late", "extended")] == [str(FULL), "0", str(FULL)]
    assert rows["late"][6] == str(FULL)


def test_somebody_who_handed_in_nothing_has_a_line_and_somebody_unknown_is_added(classroom: ClassChapter) -> None:
    with Gradebook(classroom.classroom.db_url) as gradebook:
        gradebook.add_student("absent", first_name="Ab", last_name="Sent", email="ab@example.org")
    hand_in(classroom, "unknown")
    report = grade(classroom, jobs=1)
    assert [(mark.student, mark.total, mark.notes) for mark in report.marks] == [
        ("absent", 0, ["nothing handed in"]),
        ("unknown", FULL, []),
    ]
    moodle = export(classroom, "moodle")[0].read_text().splitlines()
    assert moodle == ["username,email,01_sgd", "absent,ab@example.org,0", f"unknown,,{FULL}"]


def test_of_two_notebooks_the_one_with_the_name_counts_else_the_newest(classroom: ClassChapter) -> None:
    hand_in(classroom, "both", STEP)
    hand_in(classroom, "both", None, name="copy")
    old = hand_in(classroom, "renamed", None, name="old")
    os.utime(old, (1, 1))
    hand_in(classroom, "renamed", STEP, name="final_final")
    marks = {mark.student: mark for mark in grade(classroom, jobs=1).marks}
    assert (marks["both"].total, marks["both"].notes) == (FULL, [])
    assert marks["renamed"].total == FULL
    assert marks["renamed"].notes == ["01_sgd.ipynb is missing; final_final.ipynb was taken, the newest of several"]


def test_a_resubmission_is_judged_again_and_the_difference_told_by_task(classroom: ClassChapter) -> None:
    hand_in(classroom, "ada", STEP.replace("p.sub_(", "p.add_("))
    assert grade(classroom, jobs=1).changes == []
    hand_in(classroom, "ada", STEP)
    report = grade(classroom, jobs=1)
    assert report.changes == ["ada: 7 → 19 (sgd 0 → 12)"]


def test_a_released_notebook_that_has_other_cells_now_is_said(classroom: ClassChapter) -> None:
    hand_in(classroom, "ada")
    grade(classroom, jobs=1)
    release = json.loads(classroom.release_path.read_text(encoding="utf-8"))
    release["cells"] = [c for c in release["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") != "check_sgd"]
    classroom.release_path.write_text(json.dumps(release), encoding="utf-8")
    with pytest.raises(CourseError, match="other cells than the one that is graded already"):
        grade(Classroom(classroom.classroom.directory).chapter(CHAPTER), jobs=1)


def test_canvas_gets_its_own_ids_back(classroom: ClassChapter, tmp_path: Path) -> None:
    hand_in(classroom, "ada")
    hand_in(classroom, "stranger")
    grade(classroom, jobs=1)
    roster = tmp_path / "canvas.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,01_sgd (4711),Final Score (read only)\n"
        "    Points Possible,,,,,20,\n"
        '"Lovelace, Ada",17,u1,ada,S1,,99\n'
        '"Absent, Bob",18,u2,bob,S1,,\n'
    )
    path, remarks = export(classroom, "canvas", roster=roster)
    assert list(csv.reader(path.read_text().splitlines())) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_sgd (4711)"],
        ["    Points Possible", "", "", "", "", "21"],
        ["Lovelace, Ada", "17", "u1", "ada", "S1", str(FULL)],
        ["Absent, Bob", "18", "u2", "bob", "S1", ""],
    ]
    assert remarks[-1] == "Not in canvas.csv: stranger."


def test_the_exchange_carries_a_chapter_there_and_its_feedback_back(classroom: ClassChapter, tmp_path: Path) -> None:
    exchange, home = tmp_path / "exchange", tmp_path / "home"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    home.mkdir()
    settings = ('c.CourseDirectory.course_id = "optimizers"', f'c.Exchange.root = "{exchange}"')
    chapter = configure(classroom, *settings)
    directory = chapter.classroom.directory
    (home / "nbgrader_config.py").write_text("\n".join(["c = get_config()", *settings]) + "\n")
    nbgrader(directory, "generate_assignment", CHAPTER, "--force")
    nbgrader(directory, "release_assignment", CHAPTER)
    nbgrader(home, "fetch_assignment", CHAPTER)
    fetched = home / CHAPTER / f"{CHAPTER}.ipynb"
    fetched.write_text(json.dumps(answered(json.loads(fetched.read_text(encoding="utf-8")), STEP)), encoding="utf-8")
    nbgrader(home, "submit", CHAPTER)
    nbgrader(directory, "collect", CHAPTER)
    report = grade(chapter, jobs=1)
    assert [mark.total for mark in report.marks] == [FULL]
    nbgrader(directory, "release_feedback", CHAPTER)
    nbgrader(home, "fetch_feedback", CHAPTER)
    (page,) = (home / CHAPTER / "feedback").rglob(f"{CHAPTER}.html")
    assert ">12 of 12<" in page.read_text(encoding="utf-8")
    nbgrader(directory, "export")
    rows = list(csv.DictReader((directory / "grades.csv").read_text().splitlines()))
    assert [float(row["score"]) for row in rows if row["assignment"] == CHAPTER] == [FULL]
