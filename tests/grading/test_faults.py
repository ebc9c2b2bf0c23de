"""What can go wrong with disk, gradebook, journal and clock: a clear error, and nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.errors import CourseError
from autograder.grading.classroom import ClassChapter, Classroom
from autograder.grading.demo_class import CHAPTER
from autograder.grading.run import Report, grade
from benchmarks.soak import rows_of

Graded = tuple[ClassChapter, Report]
NO_GROWTH = """
import resource, sys
from pathlib import Path
from autograder.errors import CourseError
from autograder.grading.classroom import Classroom
from autograder.grading.run import grade
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, resource.RLIM_INFINITY))
try:
    grade(Classroom(Path(sys.argv[1])).chapter("01_sgd"), level="user")
except CourseError as error:
    print("said:", error)
    sys.exit(2)
"""


@pytest.fixture
def copied(graded: Graded, tmp_path: Path) -> ClassChapter:
    """The graded class, in a folder of its own."""
    shutil.copytree(graded[0].classroom.directory, tmp_path / "c")
    return Classroom(tmp_path / "c").chapter(CHAPTER)


@pytest.fixture
def fresh(copied: ClassChapter) -> ClassChapter:
    """The same class before anything was judged, with the same seed."""
    forget(copied, "autograded", "feedback", "marks", f".sgd2muon/journal-{CHAPTER}.jsonl")
    with sqlite3.connect(copied.classroom.directory / "gradebook.db") as database:
        for table in ("grade", "comment", "submitted_notebook", "submitted_assignment", "student"):
            database.execute(f"delete from {table}")
    return copied


def forget(chapter: ClassChapter, *names: str) -> None:
    for name in names:
        path = chapter.classroom.directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def same(chapter: ClassChapter, graded: Graded) -> bool:
    """Whether the gradebook is that of the undisturbed class."""
    marks_by_judge = [row for row in rows_of(chapter) if row[1] != "explain_noise"]
    return marks_by_judge == [row for row in rows_of(graded[0]) if row[1] != "explain_noise"]


@pytest.mark.parametrize("limit", [30_000, 150_000])
def test_files_that_may_not_grow_are_said_and_the_next_run_goes_on(
    limit: int, fresh: ClassChapter, graded: Graded
) -> None:
    """What a worker is given, or the gradebook, is larger than any file may be: what a quota does."""
    program = [sys.executable, "-c", NO_GROWTH.replace("MOST_BYTES", str(limit)), str(fresh.classroom.directory)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr[-2000:]
    assert "run the same command again" in done.stdout
    journal = fresh.classroom.private() / f"journal-{CHAPTER}.jsonl"
    judged = journal.read_bytes().count(b"\n") if journal.exists() else 0
    assert len(grade(fresh, jobs=2).judged) == len(graded[1].marks) - judged
    assert same(fresh, graded)


@pytest.mark.parametrize("free", [0, 8_192, 65_536, 262_144])
def test_a_full_disk_is_said_and_the_next_run_goes_on(
    free: int, fresh: ClassChapter, graded: Graded, tmp_path: Path
) -> None:
    """A disk that fills up at the journal, at the gradebook, at the notebooks."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "x", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        shutil.copytree(fresh.classroom.directory, disk / "c")
        chapter = Classroom(disk / "c").chapter(CHAPTER)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - free))
        with pytest.raises(CourseError, match="run the same command again"):
            grade(chapter, jobs=2)
        ballast.unlink()
        grade(chapter, jobs=2)
        assert same(chapter, graded)
        assert list(disk.rglob("*.new")) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def read_only(fresh: ClassChapter) -> Iterator[Path]:
    """The gradebook, which nobody may write: for root too, its file system says so."""
    path = fresh.classroom.directory / "gradebook.db"
    if os.geteuid() != 0:
        path.chmod(0o400)
        yield path
        path.chmod(0o600)
        return
    done = subprocess.run(["mount", "--bind", "-o", "ro", str(path), str(path)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"root cannot be kept from writing here: {done.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", str(path)], check=False)


def test_a_read_only_gradebook_is_said_and_nothing_is_lost(
    read_only: Path, fresh: ClassChapter, graded: Graded
) -> None:
    with pytest.raises(CourseError, match=r"gradebook.*cannot be used.*(readonly|read-only)"):
        grade(fresh, jobs=2)
    subprocess.run(["umount", str(read_only)], check=False)
    read_only.chmod(0o600)
    grade(fresh, jobs=2)
    assert same(fresh, graded)


def test_a_locked_gradebook_is_said_and_what_was_judged_is_kept(fresh: ClassChapter, graded: Graded) -> None:
    holder = sqlite3.connect(fresh.classroom.directory / "gradebook.db")

    def lock(done: int, total: int) -> None:
        if done == 2 and not holder.in_transaction:
            holder.execute("begin exclusive")

    with pytest.raises(CourseError, match="locked"):
        grade(fresh, jobs=2, progress=lock)
    holder.close()
    again = grade(fresh, jobs=2)
    assert again.judged == []
    assert same(fresh, graded)


def test_bytes_that_are_no_text_in_the_journal_cost_one_submission(copied: ClassChapter, graded: Graded) -> None:
    journal = copied.classroom.private() / f"journal-{CHAPTER}.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(
        b"".join([b"\xff\xfe\x00\n", lines[0][: len(lines[0]) // 2] + b"\x80" * 100 + b"\n", *lines[1:]])
    )
    assert len(grade(copied, jobs=2).judged) == 1
    assert same(copied, graded)


@pytest.mark.parametrize("when", [0, 4_102_444_800])
def test_a_clock_that_jumps_changes_nothing(when: int, copied: ClassChapter, graded: Graded) -> None:
    """1970 and 2100 on the files: which results are valid depends on contents alone."""
    for path in copied.classroom.directory.rglob("*"):
        os.utime(path, (when, when))
    assert grade(copied, jobs=2).judged == []
    assert same(copied, graded)


def test_a_damaged_seed_is_said(copied: ClassChapter) -> None:
    (copied.classroom.private() / f"seed-{CHAPTER}").write_text("not a number")
    with pytest.raises(CourseError, match=r"is damaged\. Delete it"):
        grade(copied, jobs=2)


def test_a_damaged_gradebook_is_said(copied: ClassChapter) -> None:
    (copied.classroom.directory / "gradebook.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(CourseError, match="cannot be used"):
        grade(copied, jobs=2)


def test_ctrl_c_keeps_what_was_judged(fresh: ClassChapter, graded: Graded) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(fresh, jobs=2, progress=stop)
    again = grade(fresh, jobs=2)
    assert 0 < len(again.judged) <= len(again.marks) - 3
    assert same(fresh, graded)
