"""Grades one chapter of a class: extract, judge what is new, record, write feedback and marks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from autograder.errors import CourseError, IsolationMissing
from autograder.grading.classroom import ClassChapter
from autograder.grading.journal import Entry, Journal, key_of
from autograder.grading.marks import Mark, write_marks
from autograder.grading.pool import Job, Pool
from autograder.grading.record import Recorder
from autograder.judge.results import Submission
from autograder.submissions import Extracted, Unreadable, extract

Progress = Callable[[int, int], None]


@dataclass
class Report:
    """What a grading run did. judged: students judged now; the others were unchanged."""

    marks: list[Mark]
    judged: list[str]
    seconds: float
    level: str
    marks_csv: Path
    changes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Found:
    """One student's submission as read."""

    student: str
    path: Path | None
    extracted: Extracted
    key: str
    problem: str = ""


def grade(
    chapter: ClassChapter,
    *,
    jobs: int = 2,
    level: str | None = None,
    regrade: bool = False,
    pattern: str = "*",
    feedback: bool = True,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Grade everything submitted for a chapter.

    What the journal already has is not judged again (unless `regrade`), and what is recorded already is not written
    again. Interrupting it loses nothing: the next run goes on. Raises CourseError for what a person has to put right.
    """
    started = time.perf_counter()
    seed = chapter.seed()
    journal = Journal(chapter.classroom.private() / f"journal-{chapter.name}.jsonl")
    submissions = chapter.submissions(pattern)
    if not submissions:
        where = chapter.classroom.directory / "submitted" / pattern / chapter.name
        raise CourseError(f"Nothing to grade: there is no {where}.")
    found = {item.student: item for item in _read(chapter, submissions, seed)}
    recorder = Recorder(chapter)
    recorder.register()
    before = recorder.recorded()
    todo = [item for item in found.values() if regrade or _entry(journal, item) is None]
    level = (level or grading_level()) if todo else ""
    problems = _judge(chapter, todo, journal, recorder, jobs, level, seed, feedback, progress)
    judged = [item.student for item in todo if item.student not in problems]
    for item in found.values():
        entry = _entry(journal, item)
        if entry is not None and item.student not in judged and before.get(item.student) != _points(entry.results):
            _record(recorder, item, entry.results, feedback)
    marks = [_mark(chapter, item, _entry(journal, item), problems.get(item.student, "")) for item in found.values()]
    csv = write_marks(chapter.classroom.directory / "marks" / f"{chapter.name}.csv", chapter, marks)
    changes = [
        f"{mark.student}: {before[mark.student]:g} → {mark.total:g}"
        for mark in marks
        if mark.student in before and mark.student in judged and before[mark.student] != mark.total
    ]
    return Report(marks, judged, time.perf_counter() - started, level, csv, changes, list(problems.values()))


@cache
def grading_level() -> str:
    """The safest isolation this machine offers; IsolationMissing below "user"."""
    from autograder.sandbox import SandboxError, available_level

    try:
        level = available_level()
    except SandboxError as error:
        raise CourseError(str(error)) from None
    if level == "trusted":
        raise IsolationMissing(
            "This machine cannot isolate submissions, so nothing was graded. `sgd2muon doctor` says what is missing. If you "
            "trust every submission as your own code, add --trust-submissions."
        )
    return level


def _read(chapter: ClassChapter, submissions: list[tuple[str, Path | None, str]], seed: int) -> Iterator[Found]:
    tasks = [task["id"] for task in chapter.judged_tasks]
    for student, path, note in submissions:
        extracted, problem = Extracted(), "" if path else note
        if path is not None:
            try:
                extracted = extract(path, chapter.tasks, chapter.release_cells)
            except Unreadable as error:
                problem = str(error)
            if note:
                extracted.notes.insert(0, note)
        content = {
            "modules": extracted.modules,
            "answers": extracted.answers,
            "text": extracted.free_text,
            "problem": problem,
        }
        yield Found(student, path, extracted, key_of(content, seed, tasks), problem)


def _entry(journal: Journal, item: Found) -> Entry | None:
    entry = journal.latest.get(item.student)
    return entry if entry is not None and entry.key == item.key else None


def _judge(
    chapter: ClassChapter,
    todo: list[Found],
    journal: Journal,
    recorder: Recorder,
    jobs: int,
    level: str,
    seed: int,
    feedback: bool,
    progress: Progress,
) -> dict[str, str]:
    """Judge, write each result into the journal at once, then record it; returns student → why there is no result."""
    by_student = {item.student: item for item in todo}
    tasks = tuple(task["id"] for task in chapter.judged_tasks)
    problems: dict[str, str] = {}
    if not todo:
        return problems
    with Pool(min(jobs, len(todo)), level, seed) as pool:
        work = (
            Job(item.student, item.extracted.submission() if not item.problem else Submission(), tasks) for item in todo
        )
        for number, done in enumerate(pool.judged(work), start=1):
            item = by_student[done.job.student]
            if done.problem:
                problems[item.student] = f"{item.student}: {done.problem}"
            else:
                notes = [*item.extracted.notes, *([item.problem] if item.problem else [])]
                journal.append(Entry(item.student, item.key, done.results, notes))
                _record(recorder, item, done.results, feedback)
            progress(number, len(todo))
    return problems


def _record(recorder: Recorder, item: Found, results: dict[str, dict[str, Any]], feedback: bool) -> None:
    recorder.record(item.student, item.extracted, results, _stamp(item.path))
    if feedback:
        recorder.feedback(item.student)


def _stamp(path: Path | None) -> Any:
    """The time of submission that nbgrader's collect wrote beside the notebook, None without one."""
    if path is None:
        return None
    with suppress(OSError, ValueError):
        from nbgrader.utils import parse_utc

        return parse_utc((path.parent / "timestamp.txt").read_text(encoding="utf-8").strip())
    return None


def _points(results: dict[str, dict[str, Any]]) -> float:
    return float(sum(result["score"] for result in results.values()))


def _mark(chapter: ClassChapter, item: Found, entry: Entry | None, problem: str) -> Mark:
    results = entry.results if entry else {}
    return Mark(
        student=item.student,
        points={
            task["id"]: float(results[task["id"]]["score"]) if task["id"] in results else 0.0
            for task in chapter.judged_tasks
        },
        misconceptions=[name for result in results.values() for name in result["misconceptions"]],
        conventions=[str(result["convention"]) for result in results.values() if result["convention"]],
        flags=[flag["id"] for result in results.values() for flag in result["flags"]],
        verdicts=_verdicts(results),
        notes=[*item.extracted.notes, *filter(None, [item.problem, problem])],
    )


def _verdicts(results: dict[str, dict[str, Any]]) -> list[str]:
    """What went wrong beside points: crashes and timeouts, each once."""
    found = [check["verdict"] for result in results.values() for check in result["checks"]]
    return [name for name in ("crashed", "timed_out") if name in found]
