"""Judging on the workers of a real Dask scheduler, one of which is killed."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER
from autograder.grading.run import Report, grade

distributed = pytest.importorskip("distributed", reason="pip install -e '.[cluster]'")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler with two worker processes."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as running:
        yield running


@pytest.fixture
def ungraded(graded: tuple[ClassChapter, Report], tmp_path: Path) -> ClassChapter:
    """The class as it was before it was graded, with the same seed."""
    directory = tmp_path / "myclass"
    shutil.copytree(graded[0].classroom.directory, directory)
    for name in ("autograded", "feedback", "marks", "gradebook.db", f".sgd2muon/journal-{CHAPTER}.jsonl"):
        path = directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return Classroom(directory).chapter(CHAPTER)


def test_a_cluster_that_loses_a_worker_gives_the_same_marks(
    cluster: Any, ungraded: ClassChapter, graded: tuple[ClassChapter, Report]
) -> None:
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done == 2 and not killed:
            killed.append(next(iter(cluster.workers.values())).process.pid)
            psutil.Process(killed[0]).send_signal(signal.SIGKILL)

    report = grade(ungraded, scheduler=cluster.scheduler_address, progress=kill_one)
    assert killed
    assert report.problems == []
    assert len(report.judged) == len(report.marks)
    assert report.marks == graded[1].marks


def test_without_a_scheduler_nothing_is_graded_and_the_reason_is_given(
    ungraded: ClassChapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.grading.cluster.PATIENCE", 1)
    with pytest.raises(CourseError, match="no Dask scheduler at"):
        grade(ungraded, scheduler="tcp://127.0.0.1:9")
