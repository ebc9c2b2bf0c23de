"""The gradebook in PostgreSQL, where a server is named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER
from autograder.grading.run import Report, grade
from benchmarks.soak import rows_of

URL = os.environ.get("SGD2MUON_TEST_POSTGRESQL", "")
"""An empty database, such as postgresql+psycopg2://me@localhost/empty."""


def in_database(graded: tuple[ClassChapter, Report], folder: Path, url: str) -> ClassChapter:
    directory = folder / "c"
    shutil.copytree(graded[0].classroom.directory, directory)
    shutil.rmtree(directory / "autograded")
    config = directory / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.CourseDirectory.db_url = {url!r}\n")
    return Classroom(directory).chapter(CHAPTER)


def test_the_gradebook_in_postgresql_is_that_in_sqlite(graded: tuple[ClassChapter, Report], tmp_path: Path) -> None:
    pytest.importorskip("psycopg2", reason="pip install -e '.[postgresql]'")
    if not URL:
        pytest.skip("name an empty database of a PostgreSQL server in SGD2MUON_TEST_POSTGRESQL")
    chapter = in_database(graded, tmp_path, URL)
    report = grade(chapter, jobs=2)
    assert report.judged == []
    assert [row[:4] for row in rows_of(chapter)] == [row[:4] for row in rows_of(graded[0])]
    assert grade(chapter, jobs=2, regrade=True, pattern="ada").changes == []


def test_a_server_that_is_not_there_is_said_without_the_password(
    graded: tuple[ClassChapter, Report], tmp_path: Path
) -> None:
    pytest.importorskip("psycopg2", reason="pip install -e '.[postgresql]'")
    chapter = in_database(graded, tmp_path, "postgresql+psycopg2://me:hunter2@127.0.0.1:9/none?connect_timeout=2")
    with pytest.raises(CourseError, match=r"gradebook .*cannot be used") as said:
        grade(chapter, jobs=2)
    assert "hunter2" not in str(said.value)
