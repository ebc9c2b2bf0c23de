"""Submissions that attack by what the file is: metadata, names, links, bombs, markup, formulas. One class, graded once."""

from __future__ import annotations

import copy
import csv
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.cli.grade import show
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import ANSWERS, CHAPTER, STEP, answered
from autograder.grading.export import export
from autograder.grading.new_class import make_class
from autograder.grading.report_page import write_report
from autograder.grading.run import Report, grade

SCRIPT = "<script>document.title='hacked'</script><img src=x onerror=\"document.title='hacked'\"><svg onload=alert(1)>"
Notebook = dict[str, Any]
Graded = tuple[ClassChapter, Report]


def cell_of(notebook: Notebook, name: str) -> Notebook:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def points_raised(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(points=1000, schema_version=99, locked=False)


def checks_that_earn(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("check_"):
            cell["source"] = "12"
            cell["outputs"] = [
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "12"}}
            ]


def ids_exchanged(notebook: Notebook) -> None:
    cell_of(notebook, "sgd")["metadata"]["nbgrader"]["grade_id"] = "check_sgd"


def extra_grade_cell(notebook: Notebook) -> None:
    extra = copy.deepcopy(cell_of(notebook, "check_sgd"))
    extra["metadata"]["nbgrader"].update(grade_id="check_bonus", points=50)
    notebook["cells"].append(extra)


def checksums_forged(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["checksum"] = "0" * 32


def key_forged(notebook: Notebook) -> None:
    notebook["metadata"]["sgd2muon"] = {"key": "0" * 64, "results": {"sgd": {"score": 12}}}


def kernel_of_ones_own(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "../../evil", "argv": ["sh", "-c", "touch /tmp/owned"]}


def target(path: str) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        cell_of(notebook, "sgd")["metadata"] = {}
        cell_of_sgd = next(cell for cell in notebook["cells"] if "%%implement" in "".join(cell["source"]))
        cell_of_sgd["source"] = f"%%implement {path}\n{STEP}"

    return change


def outputs_with_script(notebook: Notebook) -> None:
    cell_of(notebook, "sgd")["source"] = f"%%implement course_lib/optim/sgd.py\n# {SCRIPT}\n{STEP}"
    cell_of(notebook, "sgd")["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": {kind: SCRIPT, "text/plain": SCRIPT}}
        for kind in ("text/html", "image/svg+xml", "application/javascript", "text/markdown", "text/latex")
    ] + [
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": f'" onload="{SCRIPT}'}},
        {"output_type": "stream", "name": "stdout", "text": SCRIPT},
        {"output_type": "error", "ename": SCRIPT, "evalue": SCRIPT, "traceback": [SCRIPT]},
    ]


def markdown_with_script(notebook: Notebook) -> None:
    cell_of(notebook, "explain_noise")["source"] = "\n".join(
        [
            SCRIPT,
            "[x](javascript:document.title='hacked')",
            "![x](x\" onerror=\"document.title='hacked')",
            r"$\href{javascript:document.title='hacked'}{x}$ $\unicode{x}$ $\require{html}\class{x\" onclick=\"y}{z}$",
            "<iframe srcdoc=\"<script>parent.document.title='hacked'</script>\">",
            "![a](attachment:a.svg)",
            "| a |\n|---|\n| <b onmouseover=alert(1)>x</b> |",
            "&lt;script&gt; &#60;script&#62;",
        ]
    )
    cell_of(notebook, "explain_noise")["attachments"] = {"a.svg": {"image/svg+xml": SCRIPT}}


def escapes(notebook: Notebook) -> None:
    text = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
    cell_of(notebook, "sgd")["source"] = f"%%implement course_lib/{text}.py\n{STEP}"
    cell_of(notebook, "sgd")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
    cell_of(notebook, "largest_stable_lr")["source"] = f'predict("largest_stable_lr", "{text}")'


def answers_that_compute(notebook: Notebook) -> None:
    cell_of(notebook, "largest_stable_lr")["source"] = (
        "predict('largest_stable_lr', __import__('os').getpid() * 0 + 0.2)"
    )
    cell_of(notebook, "steps_at_kappa_1000")["source"] = "quiz('steps_at_kappa_1000', 9 ** 9 ** 9 ** 9)"
    cell_of(notebook, "decayed_minimum")["source"] = "quiz('decayed_minimum', 1e999)"


def minor_version_bomb(notebook: Notebook) -> None:
    notebook.update(nbformat=10**30, nbformat_minor=-1)


def wrong_types(notebook: Notebook) -> None:
    notebook["cells"] += [None, 7, [], {"cell_type": {}, "source": {"a": 1}, "metadata": 3, "outputs": "x", "id": []}]


CHANGES: dict[str, tuple[Callable[[Notebook], None], float]] = {
    "points_raised": (points_raised, 19),
    "checks_that_earn": (checks_that_earn, 19),
    "ids_exchanged": (ids_exchanged, 19),
    "extra_grade_cell": (extra_grade_cell, 19),
    "checksums_forged": (checksums_forged, 19),
    "key_forged": (key_forged, 19),
    "kernel_of_ones_own": (kernel_of_ones_own, 19),
    "target_up": (target("../../../../../../tmp/owned.py"), 19),
    "target_absolute": (target("/tmp/owned.py"), 19),
    "target_judge": (target("autograder/judge/engine.py"), 19),
    "target_package": (target("course_lib/__init__.py"), 19),
    "outputs_with_script": (outputs_with_script, 19),
    "markdown_with_script": (markdown_with_script, 19),
    "escapes": (escapes, 18),
    "answers_that_compute": (answers_that_compute, 16),
    "minor_version_bomb": (minor_version_bomb, 19),
    "wrong_types": (wrong_types, 19),
}
"""Name of the student → what was done to a right submission, and the points it deserves all the same."""
BOMBS = {
    "nested_lists": "[" * 100_000,
    "nested_cells": '{"cells": ' * 50_000,
    "huge_number": '{"cells": [], "nbformat": ' + "9" * 1_000_000 + "}",
    "many_cells": '{"cells": [' + ",".join(["{}"] * 200_000) + "]}",
    "long_line": '{"cells": [{"cell_type": "code", "source": "' + "x" * 5_000_000 + '"}]}',
    "nul_bytes": "\0" * 1000,
}
NAMES = ["=HYPERLINK('http://evil')", "@SUM(1)", "<script>alert(1)</script>", "[red]rich[/red]", "sp ace\u202e"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    directory = tmp_path_factory.mktemp("evil") / "c"
    make_class(directory)
    chapter = Classroom(directory).chapter(CHAPTER)
    right = answered(json.loads(chapter.release_path.read_text(encoding="utf-8")), STEP)
    for name, (change, _) in CHANGES.items():
        notebook = copy.deepcopy(right)
        change(notebook)
        place(directory, name).write_text(json.dumps(notebook), encoding="utf-8")
    for name, text in BOMBS.items():
        place(directory, name).write_text(text, encoding="utf-8")
    for name in NAMES:
        place(directory, name.replace("/", "")).write_text(json.dumps(right), encoding="utf-8")
    place(directory, "victim").write_text(json.dumps(right), encoding="utf-8")
    place(directory, "link_to_victim").symlink_to(place(directory, "victim"))
    place(directory, "link_to_passwd").symlink_to("/etc/passwd")
    place(directory, "link_to_gradebook").symlink_to(directory / "gradebook.db")
    os.link(place(directory, "victim"), place(directory, "hard_link"))
    os.mkfifo(place(directory, "fifo"))
    place(directory, "a_folder").mkdir()
    place(directory, "device").symlink_to("/dev/zero")
    place(directory, "victim").with_name("timestamp.txt").symlink_to(directory / ".sgd2muon" / f"seed-{CHAPTER}")
    os.mkfifo(place(directory, "hard_link").with_name("timestamp.txt"))
    return chapter, grade(chapter, jobs=2)


def place(directory: Path, student: str) -> Path:
    path = directory / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def pages(graded: Graded) -> list[Path]:
    directory = graded[0].classroom.directory
    return [*directory.glob("feedback/*/*/*.html"), write_report(graded[0])]


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_done_to_the_file_changes_no_mark(name: str, graded: Graded) -> None:
    marks = {mark.student: mark for mark in graded[1].marks}
    assert marks[name].total == CHANGES[name][1], marks[name]
    with Gradebook(graded[0].classroom.db_url) as gradebook:
        book = gradebook.find_submission_notebook(CHAPTER, CHAPTER, name)
        assert book.score == CHANGES[name][1]
        assert book.max_score == 21


@pytest.mark.parametrize(
    "name", [*BOMBS, "link_to_victim", "link_to_passwd", "link_to_gradebook", "fifo", "a_folder", "device"]
)
def test_what_is_no_notebook_gets_nothing_and_is_explained(name: str, graded: Graded) -> None:
    (mark,) = [mark for mark in graded[1].marks if mark.student == name]
    assert mark.total == 0
    assert mark.notes
    assert graded[1].problems == []


def test_the_victim_keeps_the_mark(graded: Graded) -> None:
    marks = {mark.student: mark.total for mark in graded[1].marks}
    assert marks["victim"] == marks["hard_link"] == 19


def test_a_link_in_place_of_the_time_of_submission_gives_nothing_away(graded: Graded) -> None:
    assert list(graded[0].classroom.directory.glob("feedback/*/*/timestamp.txt")) == []


def test_nothing_was_written_where_targets_pointed() -> None:
    assert not Path("/tmp/owned.py").exists()
    assert not Path("/tmp/owned").exists()


def test_no_page_holds_a_students_markup(graded: Graded) -> None:
    assert len(pages(graded)) > 20
    for path in pages(graded):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<(img src=x|svg onload|iframe|b onmouseover)", text), path
        assert not re.search(r"<script>(?!\s*\"use strict\")", text.split("<script>alert(1)")[0]), path
        assert "javascript:document" not in re.sub(r">[^<]*<", "><", text), path
        assert "Content-Security-Policy" in text


def test_autograded_notebooks_hold_no_markup_and_no_attachments(graded: Graded) -> None:
    for path in graded[0].classroom.directory.glob("autograded/*/*/*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            assert "attachments" not in cell
            for output in cell.get("outputs", []):
                assert set(output.get("data", {})) <= {"text/plain", "image/png"}, path
        if path.parts[-3] == "markdown_with_script":
            written = "".join(cell_of(notebook, "explain_noise")["source"])
            assert "<" not in written
            assert "![" not in written
            assert r"\href" not in written
            assert r"\require" not in written


def test_spreadsheets_get_no_formula(graded: Graded) -> None:
    files = [graded[1].marks_csv, *(export(graded[0], to)[0] for to in ("csv", "canvas", "moodle"))]
    for path in files:
        cells = [cell for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) for cell in row]
        assert [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "@", "\t") or re.match(r"-\D", cell)] == [], (
            path
        )
        assert any("HYPERLINK" in cell for cell in cells)


def test_the_terminal_gets_no_escape(graded: Graded, capsys: pytest.CaptureFixture[str]) -> None:
    show(graded[1], graded[0])
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x9b" not in said
    assert "\u202e" not in said
    assert "[red]rich" in said


def test_the_answers_of_the_course_are_right(graded: Graded) -> None:
    assert set(ANSWERS) == {task["id"] for task in graded[0].judged_tasks} - {"sgd"}
