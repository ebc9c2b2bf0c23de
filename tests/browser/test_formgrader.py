"""An instructor marks free text in nbgrader's formgrader; scripts that students planted run nowhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER, STEP, answered
from autograder.grading.new_class import make_class
from autograder.grading.report_page import write_report
from autograder.grading.run import grade
from tests.attacks.test_submitted_files import cell_of, markdown_with_script, outputs_with_script
from tests.browser.conftest import PICTURES, free_port, wait_for

STUDENT = "<b>mallory"
PATIENCE = 40_000
ANSWER = "Noise averages out: its standard deviation falls with $1/\\sqrt{B}$."


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> ClassChapter:
    """A class of two, one of whom planted scripts wherever a notebook has room."""
    directory = tmp_path_factory.mktemp("formgrader") / "c"
    make_class(directory)
    chapter = Classroom(directory).chapter(CHAPTER)
    right = answered(json.loads(chapter.release_path.read_text(encoding="utf-8")), STEP)
    cell_of(right, "explain_noise")["source"] = ANSWER
    hostile = json.loads(json.dumps(right))
    outputs_with_script(hostile)
    markdown_with_script(hostile)
    for student, notebook in (("ada", right), (STUDENT, hostile)):
        path = directory / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    grade(chapter, jobs=1)
    return chapter


@pytest.fixture(scope="module")
def formgrader(graded: ClassChapter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of formgrader, served from the class's folder."""
    port = free_port()
    logs = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"]
    extension = "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(logs)}
    with open(logs / "server.log", "wb") as log:
        server = subprocess.Popen(
            [*command, "--IdentityProvider.token=", extension],
            cwd=graded.classroom.directory,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server)
            yield f"http://127.0.0.1:{port}/formgrader"
        finally:
            server.terminate()
            server.wait(timeout=20)


class Watched:
    """A page that notes every sign of a script of a student's."""

    def __init__(self, browser: Any):
        self.page = browser.new_page(viewport={"width": 1200, "height": 900})
        self.signs: list[str] = []
        self.page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.signs.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, address: str) -> Any:
        """Go there, and let whatever would run have time to run."""
        answer = self.page.goto(address, timeout=PATIENCE)
        assert answer.ok, f"{answer.status} at {address}"
        self.page.wait_for_timeout(1500)
        if "hacked" in self.page.title():
            self.signs.append(f"title at {address}")
        return self.page


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    made = Watched(browser)
    yield made
    made.page.close()


def submission_of(chapter: ClassChapter, student: str) -> str:
    with Gradebook(chapter.classroom.db_url) as gradebook:
        return str(gradebook.find_submission_notebook(CHAPTER, CHAPTER, student).id)


def picture(page: Any, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)


def test_an_answer_is_marked_by_hand_and_reaches_the_student(
    formgrader: str, graded: ClassChapter, watched: Watched
) -> None:
    page = watched.open(f"{formgrader}/submissions/{submission_of(graded, 'ada')}/?index=0")
    score = page.locator("input.score#explain_noise")
    score.wait_for(timeout=PATIENCE)
    assert page.locator("input.score#check_sgd").get_attribute("placeholder") == "12"
    page.wait_for_function("document.querySelector('#explain_noise').placeholder === ''", timeout=PATIENCE)
    score.fill("1.5")
    score.press("Tab")
    page.locator("#explain_noise-comment").fill("The reason is right; say why the variances add.")
    page.locator("#explain_noise-comment").press("Tab")
    page.wait_for_timeout(2500)
    picture(page, "formgrader_marking")
    with Gradebook(graded.classroom.db_url) as gradebook:
        given = gradebook.find_grade("explain_noise", CHAPTER, CHAPTER, "ada")
        assert given.manual_score == 1.5
    again = grade(graded, jobs=1)
    assert again.judged == []
    page = watched.open((graded.classroom.directory / "feedback" / "ada" / CHAPTER / f"{CHAPTER}.html").as_uri())
    assert page.get_by_text("say why the variances add").is_visible()
    assert page.get_by_role("heading", name="20.5 of 21 points").is_visible()
    picture(page, "feedback_after_marking")
    assert watched.signs == []


def test_a_planted_script_runs_nowhere(formgrader: str, graded: ClassChapter, watched: Watched) -> None:
    for address in (
        f"{formgrader}/submissions/{submission_of(graded, STUDENT)}/?index=0",
        f"{formgrader}/gradebook/{CHAPTER}/{CHAPTER}",
        f"{formgrader}/manage_submissions/{CHAPTER}",
        (graded.classroom.directory / "feedback" / STUDENT / CHAPTER / f"{CHAPTER}.html").as_uri(),
        write_report(graded).as_uri(),
    ):
        page = watched.open(address)
        assert page.evaluate("document.querySelectorAll('img[onerror], svg[onload], iframe').length") == 0, address
        assert page.evaluate("document.querySelectorAll('a[href^=\"javascript:document\"]').length") == 0, address
        picture(page, f"planted_{re.sub(r'[0-9a-f]{32}', 'submission', address).rsplit('/', 2)[-2]}")
    assert watched.signs == []


def test_the_page_says_where_pictures_and_output_come_from(
    formgrader: str, graded: ClassChapter, watched: Watched
) -> None:
    page = watched.open(f"{formgrader}/submissions/{submission_of(graded, STUDENT)}/?index=0")
    assert page.get_by_text("From the student's run, not re-executed:").first.is_visible()


def test_a_table_of_the_report_is_sorted_by_a_click(graded: ClassChapter, watched: Watched) -> None:
    page = watched.open(write_report(graded).as_uri())
    table = page.locator("table").last
    heading = table.get_by_role("button", name="student")
    first = table.locator("tbody tr td:first-child")
    heading.click()
    down = first.all_inner_texts()
    heading.click()
    assert first.all_inner_texts() == down[::-1]
    assert watched.signs == []
