"""What an instructor wants to know of a graded chapter: how it went, which mistakes, who, and what to teach again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil
from statistics import mean, median
from typing import Any

from autograder.errors import CourseError, UnknownTask
from autograder.grading.classroom import ClassChapter
from autograder.grading.gradebook import ChapterGradebook, Standing
from autograder.grading.journal import Entry, Journal
from autograder.grading.similar import Group, groups
from autograder.judge.registry import load_task
from autograder.submissions import Unreadable, extract

MOST_BINS = 25
SLOWEST = 10
BORROWED = "not-own-implementation"
VERDICTS = ("passed", "failed", "crashed", "timed_out", "skipped", "not_done")


@dataclass
class CheckRow:
    """How a class did on one check. lost: points that all students together did not get."""

    task: str
    claim: str
    counts: Counter[str] = field(default_factory=Counter)
    lost: float = 0.0

    @property
    def rate(self) -> float:
        """The share of those who wrote something and passed."""
        tried = sum(self.counts.values()) - self.counts["not_done"]
        return self.counts["passed"] / tried if tried else 0.0


@dataclass
class MistakeRow:
    """A mistake that the class made. lost: points that its makers did not get for the task."""

    task: str
    id: str
    title: str
    students: list[str] = field(default_factory=list)
    lost: float = 0.0


@dataclass(frozen=True)
class StudentRow:
    """One student's line. total: what the gradebook says, marks by hand and lateness included."""

    student: str
    total: float
    points: dict[str, float]
    waits: bool
    late: float
    mistakes: tuple[str, ...]
    remarks: tuple[str, ...]
    cpu_seconds: float
    verdicts: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass
class ClassReport:
    """Everything on the page."""

    chapter: str
    title: str
    most: float
    judged_most: float
    tasks: dict[str, float]
    students: list[StudentRow]
    missing: list[str]
    checks: list[CheckRow]
    mistakes: list[MistakeRow]
    unnamed: list[str]
    """Students with a failed check for which no mistake was recognised."""
    similar: dict[str, list[Group]]

    @property
    def mean(self) -> float:
        return mean(row.total for row in self.students)

    @property
    def median(self) -> float:
        return median(row.total for row in self.students)

    @property
    def waiting(self) -> int:
        """Students with answers that a person has to mark."""
        return sum(row.waits for row in self.students)

    @property
    def slowest(self) -> list[StudentRow]:
        """Who timed out, then who computed longest."""
        late_first = sorted(self.students, key=lambda row: ("timed_out" not in row.verdicts, -row.cpu_seconds))
        return [row for row in late_first[:SLOWEST] if row.cpu_seconds or row.verdicts]

    @property
    def flagged(self) -> list[StudentRow]:
        return [row for row in self.students if row.flags]

    @property
    def reteach(self) -> list[MistakeRow]:
        """Mistakes that cost the class most, those of one student only left out where there are others."""
        shared = [row for row in self.mistakes if len(row.students) > 1]
        return sorted(shared or self.mistakes, key=lambda row: (-row.lost, -len(row.students), row.id))[:5]

    def histogram(self) -> list[tuple[float, float, int]]:
        """(from, below, students) for bins of a whole number of points each."""
        width = max(1, ceil(self.most / MOST_BINS))
        bins = max(1, ceil(self.most / width))
        counts = Counter(min(bins - 1, max(0, int(row.total / width))) for row in self.students)
        return [(width * place, width * (place + 1), counts[place]) for place in range(bins)]


def class_report(chapter: ClassChapter) -> ClassReport:
    """Read journal, gradebook and submissions. CourseError for a chapter that nobody has graded."""
    journal = Journal(chapter.classroom.private() / f"journal-{chapter.name}.jsonl")
    gradebook = ChapterGradebook(chapter)
    standings = gradebook.standings()
    entries = {student: entry for student, entry in sorted(journal.latest.items()) if student in standings}
    if not entries:
        raise CourseError(
            f"{chapter.name} is not graded yet: sgd2muon grade {chapter.classroom.directory} {chapter.name}"
        )
    judged = {task["id"]: float(task["points"]) for task in chapter.judged_tasks}
    return ClassReport(
        chapter=chapter.name,
        title=chapter.title,
        most=sum(float(task["points"]) for task in chapter.tasks),
        judged_most=sum(judged.values()),
        tasks=judged,
        students=[_student(entry, standings[student]) for student, entry in entries.items()],
        missing=sorted(set(gradebook.students()) - set(entries)),
        checks=_checks(entries.values(), list(judged)),
        mistakes=_mistakes(entries.values(), list(judged)),
        unnamed=sorted(entry.student for entry in entries.values() if _is_unnamed(entry)),
        similar=_similar(chapter, set(entries)),
    )


def _student(entry: Entry, standing: Standing) -> StudentRow:
    results = entry.results.values()
    verdicts = {check["verdict"] for result in results for check in result["checks"]}
    flags = [(flag["id"], flag["message"]) for result in results for flag in result["flags"]]
    return StudentRow(
        student=entry.student,
        total=standing.total,
        points={task: float(result["score"]) for task, result in entry.results.items()},
        waits=standing.waits,
        late=standing.late,
        mistakes=tuple(name for result in results for name in result["misconceptions"]),
        remarks=(
            *(str(result["convention"]) for result in results if result["convention"]),
            *(message for flag, message in flags if flag != BORROWED),
            *entry.notes,
        ),
        cpu_seconds=sum(float(result.get("cpu_seconds", 0.0)) for result in results),
        verdicts=tuple(name for name in ("timed_out", "crashed") if name in verdicts),
        flags=tuple(message for flag, message in flags if flag == BORROWED),
    )


def _checks(entries: Iterable[Entry], tasks: list[str]) -> list[CheckRow]:
    rows: dict[tuple[str, str], CheckRow] = {}
    for entry in entries:
        for task in tasks:
            for check in entry.results.get(task, {}).get("checks", []):
                row = rows.setdefault((task, check["id"]), CheckRow(task, check["claim"]))
                row.counts[check["verdict"]] += 1
                row.lost += check["max_points"] - check["points"]
    return list(rows.values())


def _mistakes(entries: Iterable[Entry], tasks: list[str]) -> list[MistakeRow]:
    """Misconceptions that were recognised, and wrong answers to questions, by what was said of them."""
    rows: dict[tuple[str, str], MistakeRow] = {}
    for entry in entries:
        for task in tasks:
            result = entry.results.get(task)
            for name, title in _named(task, result) if result else []:
                row = rows.setdefault((task, name), MistakeRow(task, name, title))
                row.students.append(entry.student)
                row.lost += float(result["max_score"] - result["score"]) if result else 0.0
    return sorted(rows.values(), key=lambda row: (-len(row.students), -row.lost, row.id))


def _named(task: str, result: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        titles = {variant.id: variant.title for variant in load_task(task).bank.misconceptions}
    except UnknownTask:
        wrong = [check["message"] for check in result["checks"] if check["verdict"] == "failed"]
        return [("answer", message) for message in wrong[:1]] if wrong else []
    return [(name, titles.get(name, "")) for name in result["misconceptions"]]


def _is_unnamed(entry: Entry) -> bool:
    return any(
        not result["misconceptions"] and any(check["verdict"] in ("failed", "crashed") for check in result["checks"])
        for task, result in entry.results.items()
        if result["max_score"] > 1
    )


def _similar(chapter: ClassChapter, students: set[str]) -> dict[str, list[Group]]:
    """Near-duplicates by task."""
    programs: dict[str, dict[str, str]] = {}
    modules = {task["module"]: task["id"] for task in chapter.tasks if task["kind"] == "implement"}
    for student, path, _ in chapter.submissions():
        if path is None or student not in students:
            continue
        try:
            found = extract(path, chapter.tasks, chapter.release_cells)
        except Unreadable:
            continue
        untouched = {cell.source for cell in chapter.release_cells}
        for module, source in found.modules.items():
            task = modules[module]
            if found.cells[task].source not in untouched:
                programs.setdefault(task, {})[student] = source
    return {task: made for task, sources in programs.items() if (made := groups(sources))}
