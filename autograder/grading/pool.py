"""Several judges at work: one process each, restarted when it dies, its submission judged again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from autograder.judge.results import Submission
from course_lib.errors import JudgeProblem
from course_lib.notebook.judge import JudgeClient

PATIENCE = 300.0


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
    results: dict[str, dict[str, Any]]
    problem: str = ""


class Pool:
    """`jobs` judges at an isolation level, with a secret seed. A context manager; leaving it ends all of them."""

    def __init__(self, jobs: int, level: str, seed: int):
        self.command = [sys.executable, "-m", "autograder", "serve", "--level", level, "--secret-seed"]
        self.jobs, self.first_line = jobs, f"{seed}\n"
        self._mine = threading.local()
        self._clients: list[JudgeClient] = []

    def __enter__(self) -> Pool:
        self._threads = ThreadPoolExecutor(self.jobs)
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for client in self._clients:
            client.close()

    def judged(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Each job's outcome as soon as it is there, in any order; never more jobs in memory than are at work."""
        waiting: set[Future[Done]] = set()
        for job in jobs:
            waiting.add(self._threads.submit(self._judge, job))
            if len(waiting) > 2 * self.jobs:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)

    def _judge(self, job: Job) -> Done:
        results = {}
        for task in job.tasks:
            request = {"task": task, "modules": job.submission.modules, "answers": job.submission.answers}
            try:
                results[task] = self._client().ask(request)
            except (JudgeProblem, UnicodeEncodeError) as problem:
                return Done(job, {}, f"not judged: {problem}")
        return Done(job, results)

    def _client(self) -> JudgeClient:
        """This thread's judge."""
        client = getattr(self._mine, "client", None)
        if client is None:
            client = self._mine.client = JudgeClient(self.command, PATIENCE, self.first_line)
            self._clients.append(client)
        return client
