"""The judge: runs a submission's scenarios in a worker, asks the checks, and adds up."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from autograder.errors import NotJudged
from autograder.judge.checks import Check, Student, Wrong
from autograder.judge.evidence import Evidence, Scenario, missing, parse
from autograder.judge.expectations import Expectations, Task
from autograder.judge.ownership import may_import, not_own_implementation, not_there_when_graded
from autograder.judge.picture import picture_of
from autograder.judge.registry import checks_of, implementation_tasks, load_task
from autograder.judge.results import CheckResult, Flag, Submission, TaskResult
from autograder.judge.stand_ins import stand_in

if TYPE_CHECKING:
    from autograder.sandbox import Level, Limits, Outcome, Sandbox

PUBLIC_SEED = 20150522
MOST_RESTARTS = 3
T = TypeVar("T")
Plays = Generator[tuple[bytes, int], "Outcome", T]
"""Asks for one run in a sandbox after the other, (job, size of its result), is sent each outcome, and returns a T.

So that one process can have many judgements under way, while workers are at work for all of them."""


class Judge:
    """Judges submissions, one at a time. Use it as a context manager, or close() it.

    level: how workers are isolated ("trusted", "user", "full"). seed: "public" at home; a secret integer when grading.
    """

    def __init__(self, level: Level = "trusted", seed: int | str = "public", limits: Limits | None = None):
        self.level, self.limits = level, limits
        self._shown_seed = "public" if seed == "public" else "secret"
        self._seed = PUBLIC_SEED if seed == "public" else int(seed)
        self._expectations: dict[str, Expectations] = {}
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Judge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the fork server in the background, so that the first judge() finds it warm."""
        self.sandbox.start()

    def close(self) -> None:
        """End the fork server and everything it started."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    @property
    def sandbox(self) -> Sandbox:
        """The fork server, started at first use."""
        if self._sandbox is None:
            from autograder.sandbox import Sandbox

            self._sandbox = Sandbox(self.level)
        return self._sandbox

    def judge(self, task_id: str, submission: Submission) -> TaskResult:
        """Judge one task of one submission. Raises UnknownTask, and NotJudged when the sandbox fails; what a student
        wrote never raises here."""
        return self._played(self.judging(task_id, submission))

    def judging(self, task_id: str, submission: Submission) -> Plays[TaskResult]:
        """The same, with the runs left to the caller."""
        started = time.perf_counter()
        checks = checks_of(task_id)
        result = TaskResult(task_id, [], level=self.level, seed=self._shown_seed)
        if task_id in implementation_tasks():
            task = load_task(task_id)
            ground = yield from self._on_solid_ground(task, submission, result)
            student = yield from self._student(task, ground, result)
        else:
            student = Student(None, (), submission.answers.get(task_id, ...))
        result.checks = ask(checks, student)
        result.seconds = time.perf_counter() - started
        return result

    def _on_solid_ground(self, task: Task, submission: Submission, result: TaskResult) -> Plays[Submission]:
        """The submission, earlier modules that are missing or wrong replaced, so that one failed task sinks no other."""
        modules = dict(submission.modules)
        for earlier in getattr(task, "builds_on", ()):
            path = load_task(earlier).module
            if not may_import(modules.get(task.module, ""), path):
                continue
            right = path in modules and (yield from self.judging(earlier, submission)).passed
            if not right:
                modules[path] = stand_in(earlier)
                text = f"{path} is missing or does not pass its own checks; a right one stood in for it."
                result.flags.append(Flag("stand-in", text))
        return Submission(modules, submission.answers)

    def expectations(self, task_id: str) -> Expectations:
        """What variants predict for this judge's scenarios of a task."""
        if task_id not in self._expectations:
            self._expectations[task_id] = Expectations(load_task(task_id), self._seed)
        return self._expectations[task_id]

    def student(self, task: Task, submission: Submission, result: TaskResult) -> Student:
        """Run a submission's scenarios; what is recognised is written into `result`, checks are asked of the student."""
        return self._played(self._student(task, submission, result))

    def collect(self, task: Task, submission: Submission, scenarios: Sequence[Scenario]) -> list[Evidence]:
        """The evidence of every scenario, in order."""
        return self._played(_collecting(task, submission, scenarios, TaskResult(task.id, [])))

    def _played(self, plays: Plays[T]) -> T:
        """Do the runs that are asked for, one after the other."""
        try:
            job = next(plays)
            while True:
                outcome = self.sandbox.run(*job, self.limits) if self.limits else self.sandbox.run(*job)
                job = plays.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result

    def _student(self, task: Task, submission: Submission, result: TaskResult) -> Plays[Student]:
        expectations = self.expectations(task.id)
        found = yield from _collecting(task, submission, expectations.scenarios, result)
        evidence = observed(task, found, expectations.scenarios)
        student = Student(expectations, evidence)
        recognition = student.recognition
        assert recognition is not None
        result.convention = student.convention
        result.misconceptions = [mistake.id for mistake in recognition.mistakes]
        result.hints = [hint for mistake in recognition.mistakes[:1] for hint in mistake.hints]
        source = submission.modules.get(task.module, "")
        result.flags += not_own_implementation(source, task.module, getattr(task, "ready_made", ()))
        if self.level == "trusted":
            result.flags += not_there_when_graded(source, task.module, available_packages())
        result.sandbox = self.sandbox.layers
        result.picture = picture_of(task, expectations, evidence, recognition)
        return student


def _collecting(
    task: Task, submission: Submission, scenarios: Sequence[Scenario], result: TaskResult
) -> Plays[list[Evidence]]:
    """The evidence of every scenario, in order; a worker that dies is started again behind the scenario it died in.

    CPU seconds are added up in `result`. Raises NotJudged when it is the sandbox that failed: nobody's marks depend on that.
    """
    if task.module not in submission.modules:
        text = f"Not written yet: {task.module} is missing."
        return [missing(scenario, "not_written", text) for scenario in scenarios]
    found: list[Evidence] = []
    for _ in range(MOST_RESTARTS + 1):
        rest = scenarios[len(found) :]
        if not rest:
            break
        outcome = yield _job(task, submission, rest, len(found) + 1)
        if outcome.ending == "sandbox_failed":
            raise NotJudged(f"{task.id} could not be judged: {outcome.detail}. Run the same command again.")
        result.cpu_seconds += outcome.cpu_seconds
        found += parse(outcome.data, rest)
        if len(found) < len(scenarios):
            ending = "timed_out" if outcome.ending == "timed_out" else "crashed"
            found.append(missing(scenarios[len(found)], ending, outcome.detail))
        if outcome.ending == "timed_out":
            break
    last = found[-1]
    return found + [missing(scenario, last.ending, last.text) for scenario in scenarios[len(found) :]]


def _job(task: Task, submission: Submission, scenarios: Sequence[Scenario], first: int) -> tuple[bytes, int]:
    job: dict[str, Any] = {
        "modules": submission.modules,
        "module": task.module.removesuffix(".py").replace("/", "."),
        "scenarios": [scenario.request() for scenario in scenarios],
        "first": first,
    }
    size = sum(scenario.record_bytes for scenario in scenarios)
    return json.dumps(job).encode("utf-8", "replace"), size


def available_packages() -> set[str]:
    """What a worker can import at every level, beside Python's library."""
    from autograder.sandbox.importable import packages

    return set(packages())


def observed(task: Task, evidence: list[Evidence], scenarios: Sequence[Scenario]) -> list[Evidence]:
    """The evidence as the task looks at it: a task whose right answers are random has `observe`, which turns a scenario's
    raw numbers into properties that are not; for others the evidence itself."""
    observe: Any = getattr(task, "observe", None)
    return [observe(*pair) for pair in zip(evidence, scenarios, strict=True)] if observe else evidence


def ask(checks: Sequence[Check], student: Student) -> list[CheckResult]:
    """Run checks in order; one whose prerequisite did not pass is skipped and says so."""
    verdicts: dict[str, CheckResult] = {}
    for check in checks:
        verdicts[check.id] = _ask_one(check, student, verdicts)
    return list(verdicts.values())


def _ask_one(check: Check, student: Student, earlier: dict[str, CheckResult]) -> CheckResult:
    result = CheckResult(check.id, check.claim, "passed", check.points, check.points)
    needed = earlier.get(check.needs) if check.needs else None
    if needed is not None and needed.verdict != "passed":
        result.verdict = "not_done" if needed.verdict == "not_done" else "skipped"
        result.points = 0.0
        result.message = (
            "" if result.verdict == "not_done" else f"Can't be checked until this holds: {_as_clause(needed.claim)}."
        )
        return result
    started = time.perf_counter()
    try:
        check.run(student)
    except Wrong as wrong:
        result.verdict, result.points, result.message = wrong.verdict, 0.0, str(wrong)
    result.seconds = time.perf_counter() - started
    return result


def _as_clause(claim: str) -> str:
    """A claim in the middle of a sentence."""
    return (claim[0].lower() + claim[1:] if claim[1:2].islower() else claim).rstrip(".")
