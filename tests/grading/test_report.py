"""The report of a class, its exports, and which programs count as alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import FOREACH, STEP
from autograder.grading.export import export
from autograder.grading.new_class import make_class
from autograder.grading.report import class_report
from autograder.grading.report_page import write_report
from autograder.grading.run import Report
from autograder.grading.similar import groups, normalised

Graded = tuple[ClassChapter, Report]


def test_the_report_counts_what_the_class_got_right(graded: Graded) -> None:
    report = class_report(graded[0])
    assert len(report.students) == len(graded[1].marks)
    first = next(row for row in report.checks if row.claim.startswith("The first step"))
    assert (first.counts["passed"], first.counts["crashed"], first.counts["not_done"]) == (7, 1, 2)
    assert first.rate == 7 / 8
    assert sum(count for _, _, count in report.histogram()) == len(report.students)


def test_the_report_names_mistakes_and_who_made_them(graded: Graded) -> None:
    report = class_report(graded[0])
    assert [(row.id, row.students, row.lost) for row in report.mistakes] == [("no-decay", ["goro_no_decay"], 4.0)]
    assert report.unnamed == ["rosa_crash"]


def test_the_page_needs_nothing_from_elsewhere_and_runs_one_script(graded: Graded) -> None:
    text = write_report(graded[0]).read_text(encoding="utf-8")
    assert re.findall(r"(?:src|href)=\"(?!\.\./feedback/)", text) == []
    assert text.count("<script") == 1
    assert "script-src 'sha256-" in text
    assert "without weight decay" in text


def test_a_chapter_that_is_not_graded_has_no_report_and_no_export(tmp_path: Path) -> None:
    make_class(tmp_path / "c")
    chapter = Classroom(tmp_path / "c").chapter("01_sgd")
    with pytest.raises(CourseError, match="not graded yet"):
        write_report(chapter)
    with pytest.raises(CourseError, match="not graded yet"):
        export(chapter, "moodle")


def test_an_unknown_format_lists_the_known_ones(graded: Graded) -> None:
    with pytest.raises(CourseError, match="csv, canvas, moodle"):
        export(graded[0], "excel")


def test_other_names_comments_and_layout_do_not_hide_a_copy() -> None:
    renamed = re.sub(r"\bgroup\b", "g0", STEP).replace("loss", "result") + "\n\n# mine\n"
    found = groups({"ada": STEP, "bob": renamed, "carla": FOREACH})
    assert [(group.how, group.students) for group in found] == [("renamed", ("ada", "bob"))]


def test_the_same_text_comes_first_and_a_common_one_last() -> None:
    near = {f"s{n}": STEP.replace("p.sub_(", "p.add_(" if n % 2 else "p.sub_(") for n in range(8)}
    found = groups({**near, "x": FOREACH + "# x", "y": FOREACH + "# x"})
    assert found[0].students == ("x", "y")
    assert found[0].how == "verbatim"
    assert all(group.common for group in found[1:])


def test_different_programs_are_not_alike_and_short_ones_are_not_compared() -> None:
    assert groups({"ada": STEP, "bob": FOREACH}) == []
    assert groups({"ada": "x = 1", "bob": "x = 1"}) == []


@pytest.mark.parametrize("source", ["", "def f(:", "'''", "\tx\n y", "\0", "é = 1\n" * 5])
def test_what_is_no_python_is_compared_as_far_as_it_goes(source: str) -> None:
    assert isinstance(normalised(source), str)
