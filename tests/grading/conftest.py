"""A small class for chapter 01, graded once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER, submissions
from autograder.grading.new_class import make_class
from autograder.grading.run import Report, grade

STUDENTS = (
    "ada",
    "carla",
    "emil_nothing",
    "goro_no_decay",
    "rosa_crash",
    "vera_tests_edited",
    "zoe_no_ids",
    "zz_bom_crlf",
    "zz_script",
    "zz_not_json",
)


@pytest.fixture(scope="session")
def new_class(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class with submissions, not graded yet."""
    directory = tmp_path_factory.mktemp("class") / "myclass"
    make_class(directory)
    release = json.loads((directory / "release" / CHAPTER / f"{CHAPTER}.ipynb").read_text(encoding="utf-8"))
    made = submissions(release)
    for student in STUDENTS:
        path = directory / "submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(made[student])
    return directory


@pytest.fixture(scope="session")
def graded(new_class: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ClassChapter, Report]:
    """The same class, graded."""
    directory = tmp_path_factory.mktemp("graded") / "myclass"
    shutil.copytree(new_class, directory)
    chapter = Classroom(directory).chapter(CHAPTER)
    return chapter, grade(chapter, jobs=2)
