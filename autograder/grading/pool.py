"""One judge with several workers at work: what it decides costs little, what the students' code computes is the most."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from autograder.errors import NotJudged
from autograder.judge import Judge, Submission
from autograder.judge.engine import Plays
from autograder.sandbox.outcome import DEFAULT_LIMITS, Level

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Job:
    """One submission to be judged: whose, what, for which tasks."""

    student: str
    submission: Submission
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """What came of a job: results by task, or the reason why there are none."""

    job: Job
    results: Results
    problem: str = ""


class Judges(Protocol):
    """Whoever judges: a Pool on this machine, a Cluster on several. A context manager."""

    def __enter__(self) -> Judges: ...

    def __exit__(self, *_: object) -> None: ...

    def judged(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each job's outcome as soon as it is there, in any order; never many more jobs in memory than are at work."""


class Pool:
    """`workers` at an isolation level under one judge with a secret seed. Leaving it ends all of them.

    A worker that dies is replaced and its job played again; so is the fork server behind the workers.
    """

    def __init__(self, workers: int, level: Level, seed: int):
        self.workers, self.judge = workers, Judge(level, seed)

    def __enter__(self) -> Pool:
        self.judge.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.judge.close()

    def judged(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """See Judges."""
        todo = _Todo(self.judge, jobs)
        while not todo.empty:
            order: list[_Underway] = []
            limits = self.judge.limits or DEFAULT_LIMITS
            for index, outcome in self.judge.sandbox.as_completed(todo.runs(order), limits, self.workers):
                todo.resume(order[index], outcome)
                yield from todo.finished()
            yield from todo.finished()


@dataclass
class _Underway:
    job: Job
    plays: Plays[Results]
    run: tuple[bytes, int] = (b"", 0)
    """What it waits for a worker with."""


@dataclass
class _Todo:
    """The judgements under way: which wait for a worker, which are done, which have not begun."""

    judge: Judge
    jobs: Iterable[Job]
    waiting: deque[_Underway] = field(default_factory=deque)
    done: deque[Done] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.fresh = iter(self.jobs)
        self.empty = False

    def runs(self, order: list[_Underway]) -> Iterator[tuple[bytes, int]]:
        """What workers should run next; `order` tells whose each is. Ends when nothing waits, though runs may still be
        out whose judgement goes on afterwards."""
        while True:
            if not self.waiting:
                self._begin()
            if self.waiting:
                order.append(self.waiting.popleft())
                yield order[-1].run
            elif self.empty:
                return

    def resume(self, underway: _Underway, outcome: Any) -> None:
        """Let a judgement go on: to its next run, or to its end."""
        self._step(underway, outcome)
        if self.waiting:
            self.empty = False

    def finished(self) -> Iterator[Done]:
        """What is done by now."""
        while self.done:
            yield self.done.popleft()

    def _begin(self) -> None:
        job = next(self.fresh, None)
        self.empty = job is None
        if job is not None:
            self._step(_Underway(job, _judging(self.judge, job)), None)

    def _step(self, underway: _Underway, outcome: Any) -> None:
        try:
            underway.run = underway.plays.send(outcome)
        except StopIteration as end:
            self.done.append(Done(underway.job, end.value))
        except NotJudged as problem:
            self.done.append(Done(underway.job, {}, f"not judged: {problem}"))
        except Exception as error:  # one submission that the judge cannot digest must not stop the class
            self.done.append(Done(underway.job, {}, f"not judged: the judge failed ({type(error).__name__}: {error})"))
        else:
            self.waiting.append(underway)


def _judging(judge: Judge, job: Job) -> Plays[Results]:
    results = {}
    for task in job.tasks:
        result = yield from judge.judging(task, job.submission)
        results[task] = result.to_json()
    return results
