"""Kill -9 at random moments, of the grader and of its workers: the gradebook must end as if nothing had happened.

python -m benchmarks.soak [--submissions 1000] [--grader-kills 20] [--worker-kills 50] [--seed 0]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text

from autograder.grading.classroom import ClassChapter
from autograder.grading.demo_class import CHAPTER
from benchmarks.big_class import big_class

WORKER_CALM = 1.0
"""Mean seconds between two kills of workers."""
ROWS = """
select s.student_id, c.name, c.type, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade, m.auto_comment,
       m.manual_comment, n.late_submission_penalty
from submitted_assignment s
join submitted_notebook n on n.assignment_id = s.id
join base_cell c on c.notebook_id = n.notebook_id
left join grade g on g.notebook_id = n.id and g.cell_id = c.id
left join comment m on m.notebook_id = n.id and m.cell_id = c.id
where c.type in ('GradeCell', 'SolutionCell')
order by 1, 2, 3
"""


@dataclass
class Soak:
    """What was done, and what came of it. problems: sentences; none means that nothing was lost."""

    runs: int = 0
    grader_kills: int = 0
    worker_kills: int = 0
    gave_up: int = 0
    """Runs that said so and ended, because their fork server was killed four times while it started."""
    seconds: float = 0.0
    rows: int = 0
    problems: list[str] = field(default_factory=list)


def soak(
    folder: Path, submissions: int, grader_kills: int, worker_kills: int, seed: int = 0, calm: float = 4.0
) -> Soak:
    """Grade a class under fire, the same class in peace, and compare. calm: mean seconds between two kills of the grader.

    Workers are killed oftener, so that all of `worker_kills` fall before the class is graded.
    """
    chance, done, started = random.Random(seed), Soak(), time.perf_counter()
    chapter = big_class(folder / "fire", submissions)
    chapter.seed()
    shutil.copytree(folder / "fire", folder / "peace")
    seen: dict[int, float] = {}
    while done.grader_kills < grader_kills:
        if _under_fire(chapter, chance, done, seen, worker_kills, chance.expovariate(1 / calm)):
            break
    while not _under_fire(chapter, chance, done, seen, worker_kills, None):
        if done.runs > 10 * (grader_kills + 2):
            done.problems.append("the class was never graded to the end")
            break
    done.seconds = time.perf_counter() - started
    _check_journal(chapter, submissions, done)
    _run(chapter).wait()
    if "Nothing new" not in _said(chapter):
        done.problems.append(f"a second run judged again: {_said(chapter)[-300:]}")
    peace = ClassChapter(type(chapter.classroom)(folder / "peace"), CHAPTER)
    if _run(peace).wait() != 0:
        done.problems.append("the run in peace failed")
    _compare(chapter, peace, done)
    done.problems += [f"process {pid} was left" for pid, born in seen.items() if _lives(pid, born)]
    return done


def _run(chapter: ClassChapter) -> subprocess.Popen[bytes]:
    """A run that says what it has to say to a file: a pipe that nobody reads would stop it."""
    command = [sys.executable, "-m", "autograder", "grade", str(chapter.classroom.directory), CHAPTER, "--jobs=2"]
    with open(_log(chapter), "wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _log(chapter: ClassChapter) -> Path:
    return chapter.classroom.directory.with_suffix(".log")


def _said(chapter: ClassChapter) -> str:
    return _log(chapter).read_text(encoding="utf-8", errors="replace")


def _under_fire(
    chapter: ClassChapter, chance: random.Random, done: Soak, seen: dict[int, float], most: int, limit: float | None
) -> bool:
    """One run, killed `limit` seconds after it first judged something; whether it came to its end before.

    One in five is killed so long after its start instead, while it reads and starts workers.
    """
    done.runs += 1
    before, early = _journal_bytes(chapter), chance.random() < 0.2
    process = _run(chapter)
    end = time.monotonic() + limit if limit and early else float("inf")
    shot = float("inf")
    while process.poll() is None:
        below = _below(process.pid)
        seen |= below
        if below and shot == float("inf"):
            shot = time.monotonic() + chance.expovariate(1 / WORKER_CALM)
        if below and done.worker_kills < most and time.monotonic() > shot:
            with suppress(psutil.Error):
                psutil.Process(chance.choice(list(below))).kill()
                done.worker_kills += 1
            shot = time.monotonic() + chance.expovariate(1 / WORKER_CALM)
        if limit and end == float("inf") and _journal_bytes(chapter) > before:
            end = time.monotonic() + limit
        if time.monotonic() > end:
            process.kill()
            done.grader_kills += 1
            process.wait()
            return False
        time.sleep(0.02)
    said = _said(chapter)
    if process.returncode == 2 and "ended before its first job" in said:
        done.gave_up += 1
    elif process.returncode:
        done.problems.append(f"a run ended with status {process.returncode}: {said[-300:]}")
    return process.returncode == 0 and "problem:" not in said


def _journal_bytes(chapter: ClassChapter) -> int:
    path = chapter.classroom.private() / f"journal-{CHAPTER}.jsonl"
    return path.stat().st_size if path.exists() else 0


def _below(root: int) -> dict[int, float]:
    """The fork server and its workers: process → when it was born."""
    found = {}
    with suppress(psutil.Error):
        for one in psutil.Process(root).children(recursive=True):
            with suppress(psutil.Error):
                if "autograder.sandbox.server" in " ".join(one.cmdline()):
                    found[one.pid] = one.create_time()
    return found


def _lives(pid: int, born: float) -> bool:
    with suppress(psutil.Error):
        one = psutil.Process(pid)
        return one.create_time() == born and one.status() != psutil.STATUS_ZOMBIE
    return False


def _check_journal(chapter: ClassChapter, submissions: int, done: Soak) -> None:
    path = chapter.classroom.private() / f"journal-{CHAPTER}.jsonl"
    students = Counter()
    for line in path.read_bytes().splitlines():
        with suppress(ValueError):
            students[json.loads(line)["student"]] += 1
    if len(students) != submissions:
        done.problems.append(f"{submissions - len(students)} submissions were never judged")
    twice = [student for student, count in students.items() if count > 1]
    if twice:
        done.problems.append(f"{len(twice)} submissions are in the journal twice, {twice[0]} for one")


def _compare(fire: ClassChapter, peace: ClassChapter, done: Soak) -> None:
    mine, theirs = (rows_of(chapter) for chapter in (fire, peace))
    done.rows = len(theirs)
    if mine != theirs:
        different = [(a, b) for a, b in zip(mine, theirs, strict=False) if a != b][:3]
        done.problems.append(f"{len(mine)} rows, {len(theirs)} in peace; {different}")
    for step in ("autograded", "feedback"):
        names = [
            sorted(
                str(path.relative_to(chapter.classroom.directory))
                for path in chapter.classroom.directory.glob(f"{step}/*/*/*")
            )
            for chapter in (fire, peace)
        ]
        if names[0] != names[1]:
            done.problems.append(f"{step}/ holds {len(names[0])} files, {len(names[1])} in peace")


def rows_of(chapter: ClassChapter) -> list[tuple[object, ...]]:
    """Everything that the gradebook says of students, in an order that does not depend on when it was written."""
    engine = create_engine(chapter.classroom.db_url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(ROWS))]
    engine.dispose()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--grader-kills", type=int, default=20)
    parser.add_argument("--worker-kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        done = soak(Path(folder), options.submissions, options.grader_kills, options.worker_kills, options.seed)
    print(
        f"{options.submissions} submissions in {done.runs} runs and {done.seconds:.0f} s; killed with -9: the grader "
        f"{done.grader_kills} times, workers and fork servers {done.worker_kills} times; "
        f"{done.gave_up} runs gave up and said so"
    )
    if done.problems:
        raise SystemExit("\n".join(done.problems))
    print(f"the gradebook's {done.rows} rows are those of a run in peace; every submission is in the journal once;")
    print("a second run judged nothing; no process was left")


if __name__ == "__main__":
    main()
