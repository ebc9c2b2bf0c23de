"""From submissions to gradebook, feedback and CSV; again; and through nbgrader itself."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER
from autograder.grading.new_class import make_class
from autograder.grading.run import Report, grade
from benchmarks.soak import rows_of

Graded = tuple[ClassChapter, Report]


def marks(report: Report) -> dict[str, float]:
    return {mark.student: mark.total for mark in report.marks}


def in_gradebook(directory: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{directory / 'gradebook.db'}") as gradebook:
        return {
            submission.student.id: sum(
                grade.auto_score or 0.0 for book in submission.notebooks for grade in book.grades
            )
            for submission in gradebook.assignment_submissions(CHAPTER)
        }


def test_right_ones_get_everything_and_nothing_written_gets_nothing(graded: Graded) -> None:
    chapter, report = graded
    total = sum(task["points"] for task in chapter.judged_tasks)
    assert marks(report) == {
        "ada": total,
        "carla": total,
        "emil_nothing": 0,
        "goro_no_decay": total - 4,
        "rosa_crash": total - 12,
        "vera_tests_edited": total,
        "zoe_no_ids": total,
        "zz_bom_crlf": total,
        "zz_not_json": 0,
        "zz_script": total,
    }


def test_the_mistake_is_named_and_the_bad_file_explained(graded: Graded) -> None:
    by_student = {mark.student: mark for mark in graded[1].marks}
    assert by_student["goro_no_decay"].misconceptions == ["no-decay"]
    assert "not JSON" in by_student["zz_not_json"].notes[0]
    assert by_student["rosa_crash"].verdicts == ["crashed"]


def test_the_gradebook_has_the_same_marks(graded: Graded) -> None:
    assert in_gradebook(graded[0].classroom.directory) == marks(graded[1])


def test_free_text_waits_for_a_person(graded: Graded) -> None:
    with Gradebook(graded[0].classroom.db_url) as gradebook:
        grade_ = gradebook.find_grade("explain_noise", CHAPTER, CHAPTER, "zz_script")
        assert grade_.auto_score is None
        assert grade_.needs_manual_grade


def test_the_csv_has_a_line_for_everyone(graded: Graded) -> None:
    rows = list(csv.reader(graded[1].marks_csv.read_text(encoding="utf-8").splitlines()))
    assert {row[0]: float(row[1]) for row in rows[1:]} == marks(graded[1])
    assert rows[0][1].startswith("total (of ")


def test_feedback_shows_the_message_and_the_points(graded: Graded) -> None:
    page = (graded[0].classroom.directory / "feedback" / "goro_no_decay" / CHAPTER / f"{CHAPTER}.html").read_text(
        encoding="utf-8"
    )
    assert "without weight decay" in " ".join(page.split())
    assert ">8 of 12<" in page


def test_a_script_in_an_answer_is_text_on_the_feedback_page(graded: Graded) -> None:
    page = (graded[0].classroom.directory / "feedback" / "zz_script" / CHAPTER / f"{CHAPTER}.html").read_text(
        encoding="utf-8"
    )
    assert "hacked" in page
    assert "<script>document" not in page
    assert "<img src=x" not in page


def test_a_second_run_judges_nothing(graded: Graded) -> None:
    chapter, first = graded
    again = grade(chapter, jobs=2)
    assert again.judged == []
    assert marks(again) == marks(first)


def test_a_lost_gradebook_is_written_again_from_the_journal(graded: Graded) -> None:
    chapter, first = graded
    (chapter.classroom.directory / "gradebook.db").unlink()
    again = grade(chapter, jobs=2)
    assert again.judged == []
    assert in_gradebook(chapter.classroom.directory) == marks(first)


def test_a_manual_mark_and_a_comment_survive_a_regrade(graded: Graded) -> None:
    chapter, _ = graded
    grade(chapter, jobs=2)
    with Gradebook(chapter.classroom.db_url) as gradebook:
        gradebook.find_grade("explain_noise", CHAPTER, CHAPTER, "ada").manual_score = 1.5
        gradebook.find_comment("explain_noise", CHAPTER, CHAPTER, "ada").manual_comment = "Well put"
        gradebook.db.commit()
    again = grade(chapter, jobs=1, regrade=True, pattern="ada")
    assert again.judged == ["ada"]
    with Gradebook(chapter.classroom.db_url) as gradebook:
        assert gradebook.find_grade("explain_noise", CHAPTER, CHAPTER, "ada").manual_score == 1.5
        assert gradebook.find_comment("explain_noise", CHAPTER, CHAPTER, "ada").manual_comment == "Well put"


def test_only_a_changed_submission_is_judged_again_and_the_change_is_printed(graded: Graded) -> None:
    chapter, _ = graded
    grade(chapter, jobs=2)
    path = chapter.classroom.directory / "submitted" / "goro_no_decay" / CHAPTER / f"{CHAPTER}.ipynb"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"g = p.grad\\n", b'g = p.grad + group[\\"weight_decay\\"] * p\\n'))
    try:
        again = grade(chapter, jobs=2)
        assert again.judged == ["goro_no_decay"]
        assert [change.split(":")[0] for change in again.changes] == ["goro_no_decay"]
    finally:
        path.write_bytes(before)


def test_a_torn_and_a_garbled_journal_line_cost_only_themselves(graded: Graded) -> None:
    chapter, first = graded
    grade(chapter, jobs=2)
    journal = chapter.classroom.private() / f"journal-{CHAPTER}.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    mine = [number for number, line in enumerate(lines) if b'"student": "ada"' in line]
    kept = [line for number, line in enumerate(lines) if number not in mine]
    journal.write_bytes(b"".join([*kept, b"garbage\n", b'{"student": "ada", "key": "x", "resu']))
    again = grade(chapter, jobs=2)
    assert again.judged == ["ada"]
    assert marks(again) == marks(first)


def test_nbgrader_autograde_gives_the_same_marks(new_class: Path, graded: Graded) -> None:
    seed = graded[0].classroom.private() / f"seed-{CHAPTER}"
    private = new_class / ".sgd2muon" / seed.name
    private.write_text(seed.read_text())
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", CHAPTER],
        cwd=new_class,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "not JSON, so it is no notebook: ask for a new upload. It gets no points" in done.stderr
    theirs = rows_of(Classroom(new_class).chapter(CHAPTER))
    assert {row[0] for row in theirs} >= {"zz_bom_crlf", "zz_not_json"}
    assert automatic(theirs) == automatic(rows_of(graded[0]))


def automatic(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """What the judge decides: student, cell, kind, points, comment."""
    return [(*row[:4], row[7]) for row in rows]


def test_the_seed_is_secret_and_stays(graded: Graded) -> None:
    path = graded[0].classroom.private() / f"seed-{CHAPTER}"
    assert path.stat().st_mode & 0o077 == 0
    assert graded[0].seed() == int(path.read_text())
    autograded = (graded[0].classroom.directory / "autograded" / "ada" / CHAPTER / f"{CHAPTER}.ipynb").read_text(
        encoding="utf-8"
    )
    assert path.read_text() not in autograded


def test_a_class_is_made_once_and_then_completed(tmp_path: Path) -> None:
    assert make_class(tmp_path / "c")
    config = tmp_path / "c" / "nbgrader_config.py"
    config.write_text(config.read_text() + "# mine\n")
    assert make_class(tmp_path / "c") == []
    assert config.read_text().endswith("# mine\n")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CourseError, match="is no class"):
        make_class(tmp_path)


def test_a_class_without_submissions_says_where_they_belong(tmp_path: Path) -> None:
    make_class(tmp_path / "c")
    with pytest.raises(CourseError, match="Nothing to grade"):
        grade(Classroom(tmp_path / "c").chapter(CHAPTER))


def test_an_unknown_chapter_lists_the_known_ones(tmp_path: Path) -> None:
    make_class(tmp_path / "c")
    with pytest.raises(CourseError, match="01_sgd"):
        Classroom(tmp_path / "c").chapter("99_nothing")


def test_the_autograded_notebook_is_whole_again(graded: Graded) -> None:
    path = graded[0].classroom.directory / "autograded" / "zoe_no_ids" / CHAPTER / f"{CHAPTER}.ipynb"
    ids = [
        cell["metadata"].get("nbgrader", {}).get("grade_id")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]
    assert "check_sgd" in ids
    assert "sgd" in ids
