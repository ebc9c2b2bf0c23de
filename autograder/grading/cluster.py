"""Several machines at work: the same judgement as a Dask task, importable, without side effects, so safe to repeat."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from autograder.errors import CourseError
from autograder.grading.journal import environment, judge_digest
from autograder.grading.pool import Done, Job
from autograder.judge import Judge, Submission
from autograder.sandbox.outcome import Level

JUDGES = threading.local()
"""A judge, with its fork server, for each thread of a Dask worker."""
PATIENCE = 20
"""Seconds to wait for the scheduler."""


class Cluster:
    """The workers of a Dask scheduler. Each needs the course installed, in the same versions as here.

    level: None lets every machine take the safest that it offers, and refuse below "user".
    """

    def __init__(self, scheduler: str, level: Level | None, seed: int):
        self.scheduler, self.level, self.seed = scheduler, level, seed

    def __enter__(self) -> Cluster:
        try:
            from distributed import Client
        except ImportError:
            raise CourseError("--scheduler needs Dask: pip install -c constraints.txt -e '.[cluster]'") from None
        try:
            self.client = Client(self.scheduler, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CourseError(f"There is no Dask scheduler at {self.scheduler} ({error}).") from None
        if not self.client.scheduler_info()["workers"]:
            self.client.close()
            raise CourseError(
                f"The scheduler at {self.scheduler} has no workers. Start some: dask worker {self.scheduler}"
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def judged(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """See Judges. A job whose worker dies goes to another; one that costs four workers their life is a problem."""
        from distributed import as_completed

        out = as_completed(loop=self.client.loop)
        underway: dict[str, Job] = {}
        jobs = iter(jobs)
        most = 2 * max(1, sum(self.client.nthreads().values()))
        while True:
            for job in jobs:
                underway[job.student] = job
                future = self._submit(job)
                future.student = job.student
                out.add(future)
                if len(underway) >= most:
                    break
            if not underway:
                return
            future = next(out)
            yield self._done(future, underway.pop(future.student))

    def _submit(self, job: Job) -> Any:
        arguments = (job.submission.modules, job.submission.answers, job.tasks, self.level, self.seed)
        return self.client.submit(judge_remotely, *arguments, pure=False, key=None)

    def _done(self, future: Any, job: Job) -> Done:
        if future.status != "finished":
            error = future.exception()
            return Done(job, {}, f"not judged: {type(error).__name__}: {error}")
        answer = future.result()
        if answer["judge"] != judge_digest() or answer["environment"] != environment():
            return Done(job, {}, f"not judged: {answer['where']} has other versions of the course or of its packages")
        return Done(job, answer["results"])


def judge_remotely(
    modules: dict[str, str], answers: dict[str, Any], tasks: tuple[str, ...], level: Level | None, seed: int
) -> dict[str, Any]:
    """Judge one submission on a worker of the cluster: results by task, and what they depend on."""
    judge = _judge(level, seed)
    submission = Submission(dict(modules), dict(answers))
    results = {task: judge.judge(task, submission).to_json() for task in tasks}
    return {"results": results, "judge": judge_digest(), "environment": environment(), "where": _address()}


def _judge(level: Level | None, seed: int) -> Judge:
    from autograder.grading.run import grading_level

    kept = getattr(JUDGES, "judge", None)
    if kept is None or JUDGES.made_for != (level, seed):
        if kept is not None:
            kept.close()
        JUDGES.judge, JUDGES.made_for = Judge(level or grading_level(), seed), (level, seed)
    judge: Judge = JUDGES.judge
    return judge


def _address() -> str:
    from distributed import get_worker

    with suppress(ValueError):
        return str(get_worker().address)
    return "this process"
