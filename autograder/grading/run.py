"""Grades one chapter of a class: extract, judge what is new, record, write feedback and marks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path

from autograder.errors import CourseError, IsolationMissing
from autograder.files import small_text
from autograder.grading.classroom import ClassChapter
from autograder.grading.gradebook import Standing
from autograder.grading.journal import Entry, Journal, key_of
from autograder.grading.marks import Mark, mark_of, write_marks
from autograder.grading.pool import Job, Judges, Pool, Results
from autograder.grading.record import Judged, Recorder
from autograder.judge.results import Submission
from autograder.nbgrader_plugin.safe import safe_text
from autograder.sandbox.outcome import Level
from autograder.submissions import Extracted, Unreadable, extract

Progress = Callable[[int, int], None]
BATCH = 32
"""Students whose marks are written together: one commit costs as much as the rows of many."""


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

    @property
    def notes(self) -> list[str]:
        """What an instructor should know."""
        return [safe_text(note) for note in (*self.extracted.notes, self.problem) if note]

    def submission(self) -> Submission:
        """What the judge is given: nothing, of a file that cannot be read."""
        return Submission() if self.problem else self.extracted.submission()


def grade(
    chapter: ClassChapter,
    *,
    jobs: int = 2,
    level: Level | None = None,
    regrade: bool = False,
    pattern: str = "*",
    feedback: bool = True,
    scheduler: str = "",
    progress: Progress = lambda done, total: None,
) -> Report:
    """Grade everything submitted for a chapter.

    What the journal already has is not judged again (unless `regrade`), and what is recorded already is not written
    again. Interrupting it loses nothing: the next run goes on. Raises CourseError for what a person has to put right.
    """
    started = time.perf_counter()
    run = _Run(chapter, regrade, pattern, progress)
    used = run.judge(jobs, level, scheduler)
    if feedback:
        run.recorder.feedback(list(run.marks))
    if pattern == "*":
        run.add_missing_students()
    marks = [run.marks[student] for student in sorted(run.marks)]
    csv = write_marks(chapter.classroom.directory / "marks" / f"{chapter.name}.csv", chapter, marks)
    return Report(
        marks, run.judged, time.perf_counter() - started, used, csv, run.changes(), list(run.problems.values())
    )


class _Run:
    """One run over the submissions; each is held in memory only while it is at work."""

    def __init__(self, chapter: ClassChapter, regrade: bool, pattern: str, progress: Progress):
        self.chapter, self.regrade, self.progress = chapter, regrade, progress
        self.submissions = chapter.submissions(pattern)
        if not self.submissions:
            where = chapter.classroom.directory / "submitted" / pattern / chapter.name
            raise CourseError(f"Nothing to grade: there is no {where}.")
        self.seed = chapter.seed()
        self.tasks = tuple(task["id"] for task in chapter.judged_tasks)
        self.journal = Journal(chapter.classroom.private() / f"journal-{chapter.name}.jsonl")
        self.recorder = Recorder(chapter)
        self.recorder.register()
        self.before = self.recorder.gradebook.standings()
        self.marks: dict[str, Mark] = {}
        self.judged: list[str] = []
        self.problems: dict[str, str] = {}
        self._underway: dict[str, Found] = {}
        self._unrecorded: list[Judged] = []

    def judge(self, jobs: int, level: Level | None, scheduler: str) -> str:
        """Judge what is new and record it; returns the isolation level, "" where there was nothing to judge."""
        work = self._work()
        first = next(work, None)
        if first is None:
            self._flush()
            return ""
        judges, level = _judges(jobs, level, scheduler, self.seed)
        with judges:
            for done in judges.judged(chain([first], work)):
                found = self._underway.pop(done.job.student)
                if done.problem:
                    self.problems[found.student] = f"{found.student}: {done.problem}"
                    self._settle(found, None)
                else:
                    self.journal.append(Entry(found.student, found.key, done.results, found.notes))
                    self.judged.append(found.student)
                    self._settle(found, done.results)
            self._flush()
        return level or "that of the cluster's workers"

    def changes(self) -> list[str]:
        """Whose automatic points are others than before this run, and in which tasks."""
        return [
            line
            for student in sorted(self.judged)
            if student in self.before and (line := _change(self.marks[student], self.before[student]))
        ]

    def add_missing_students(self) -> None:
        """A line for everybody whom the gradebook knows and who has handed in nothing."""
        for student in self.recorder.gradebook.students():
            if student not in self.marks:
                self.marks[student] = mark_of(student, self.tasks, {}, ["nothing handed in"])

    def _work(self) -> Iterator[Job]:
        """What has to be judged; what only has to be recorded is recorded in passing."""
        for found in self._read():
            entry = self.journal.latest.get(found.student)
            if self.regrade or entry is None or entry.key != found.key:
                self._underway[found.student] = found
                yield Job(found.student, found.submission(), self.tasks)
                continue
            standing = self.before.get(found.student, Standing())
            recorded = self.recorder.is_recorded(found.student, found.key, entry.results, standing)
            self._settle(found, entry.results, record=not recorded)

    def _read(self) -> Iterator[Found]:
        for student, path, note in self.submissions:
            extracted, problem = Extracted(), "" if path else note
            if path is not None:
                try:
                    extracted = extract(path, self.chapter.tasks, self.chapter.release_cells)
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
            yield Found(student, path, extracted, key_of(content, self.seed, list(self.tasks)), problem)

    def _settle(self, found: Found, results: Results | None, record: bool = True) -> None:
        """Note a student's mark; record it, with others, where there are results that are not recorded."""
        problem = self.problems.get(found.student, "")
        notes = [*found.notes, *filter(None, [problem])]
        self.marks[found.student] = mark_of(found.student, self.tasks, results or {}, notes)
        if results is not None and record:
            self._unrecorded.append(Judged(found.student, found.key, found.extracted, results, _stamp(found.path)))
            if len(self._unrecorded) >= BATCH:
                self._flush()
        self.progress(len(self.marks), len(self.submissions))

    def _flush(self) -> None:
        batch, self._unrecorded = self._unrecorded, []
        self.recorder.record(batch)


def _judges(jobs: int, level: Level | None, scheduler: str, seed: int) -> tuple[Judges, Level | None]:
    if scheduler:
        from autograder.grading.cluster import Cluster

        return Cluster(scheduler, level, seed), level
    level = level or grading_level()
    return Pool(jobs, level, seed), level


@cache
def grading_level() -> Level:
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


def _stamp(path: Path | None) -> datetime | None:
    """The time of submission that nbgrader's collect wrote beside the notebook, None without one."""
    if path is None:
        return None
    with suppress(OSError, ValueError):
        from nbgrader.utils import parse_utc

        text = small_text(path.parent / "timestamp.txt").strip()
        stamp: datetime | None = parse_utc(text) if text else None
        return stamp
    return None


def _change(mark: Mark, before: Standing) -> str:
    """`ada: 15 → 19 (sgd 8 → 12)`; "" where nothing changed, or nothing was there."""
    old = {task: before.marks[f"check_{task}"].auto for task in mark.points if f"check_{task}" in before.marks}
    known = {task: points for task, points in old.items() if points is not None}
    tasks = [f"{task} {was:g} → {mark.points[task]:g}" for task, was in known.items() if was != mark.points[task]]
    return f"{mark.student}: {sum(known.values()):g} → {mark.total:g} ({', '.join(tasks)})" if tasks else ""
