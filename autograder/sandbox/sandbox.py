"""`Sandbox`: plays jobs in workers, each in a process of its own, and says how each ended."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from autograder.sandbox.engine import Engine, ServerDied
from autograder.sandbox.outcome import (
    DEFAULT_LIMITS,
    Level,
    LevelUnavailable,
    Limits,
    Outcome,
    ServerKilled,
    WorkerExit,
    killed_from_outside,
    outcome_of,
    waited_without_computing,
)

_POLL = 0.5
"""Seconds between looks at the clock while nothing happens."""
_MOST_KILLS = 3
"""How often a job is played again whose worker somebody killed: the kernel that needed memory, or an administrator."""


@dataclass
class _Job:
    index: int
    job: bytes
    result_size: int
    deadline: float = 0.0
    timed_out_idle: bool = False
    kills: int = 0
    saw_server_die: bool = False


class Sandbox:
    """Runs jobs of student code at an isolation level.

    As a context manager it waits until every layer of the level is up and proven, and raises SandboxError
    when one is not. `start()` alone returns at once, so that a notebook can warm a sandbox while nobody waits
    for it; the first run then waits. All methods are for one thread; several sandboxes may be open at once.

    `worker` names the package whose `preload.preload()` the fork server calls once and whose
    `harness.run(job, emit)` plays a job. `read_paths` are further files and folders that workers may read.
    """

    def __init__(
        self,
        level: Level = "trusted",
        *,
        worker: str = "autograder.worker",
        read_paths: Sequence[Path] = (),
    ):
        self.level = level
        self._worker = worker
        self._read_paths = tuple(read_paths)
        self._engine: Engine | None = None
        self._layers: tuple[str, ...] | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Sandbox:
        self._ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are up, such as ("rlimits", "landlock", "seccomp"). Waits for the start."""
        self._ready()
        assert self._layers is not None
        return self._layers

    def start(self) -> None:
        """Begin to start; returns at once. Raises SandboxError where the level cannot be had at all."""
        if self._engine is None:
            self._engine = _start_engine(self.level, self._worker, self._read_paths)

    def close(self) -> None:
        """Kill all workers and the server. A later run starts them again."""
        if self._engine is not None:
            self._engine.close()
        self._engine, self._layers = None, None

    def run(self, job: bytes, result_size: int, limits: Limits = DEFAULT_LIMITS) -> Outcome:
        """Play one job and read at most `result_size` bytes from it."""
        return self.run_many([(job, result_size)], limits, parallel=1)[0]

    def run_many(
        self, jobs: Iterable[tuple[bytes, int]], limits: Limits = DEFAULT_LIMITS, parallel: int = 2
    ) -> list[Outcome]:
        """Play jobs (bytes, result size), so many at a time; the outcomes in the order of the jobs."""
        outcomes = dict(self.as_completed(jobs, limits, parallel))
        return [outcomes[index] for index in range(len(outcomes))]

    def as_completed(
        self, jobs: Iterable[tuple[bytes, int]], limits: Limits = DEFAULT_LIMITS, parallel: int = 2
    ) -> Iterator[tuple[int, Outcome]]:
        """Play jobs as `run_many`; yields (index, outcome) as each ends.

        Takes the next job only when a worker is free for it. Left early, by Ctrl-C too, it kills what runs.
        """
        round_of_jobs = _Round(self, limits, parallel, jobs)
        try:
            yield from round_of_jobs.outcomes()
        finally:
            if round_of_jobs.live:
                self.close()

    def _ready(self) -> Engine:
        """The engine, started and proven; one that somebody killed while it started is started again."""
        for attempt in range(_MOST_KILLS + 1):
            self.start()
            assert self._engine is not None
            if self._layers is not None:
                break
            try:
                self._layers = tuple(self._engine.wait_until_ready())
            except ServerKilled:
                self.close()
                if attempt == _MOST_KILLS:
                    raise
            except BaseException:
                self.close()
                raise
        assert self._engine is not None
        return self._engine


def can_fork() -> bool:
    """Whether a process with torch in it may fork: on macOS its libraries break, Windows has no fork."""
    return sys.platform == "linux"


def _start_engine(level: Level, worker: str, read_paths: Sequence[Path]) -> Engine:
    """Modules of one operating system are imported at use, so that the others can import this one."""
    if can_fork():
        from autograder.sandbox.fork_server import ForkServer

        return ForkServer(level, worker, read_paths)
    if level != "trusted":
        raise LevelUnavailable(
            f'level "{level}" needs Linux: on Windows grade inside WSL 2, on macOS in a Linux container or virtual '
            "machine; `sgd2muon doctor` says more"
        )
    from autograder.sandbox.fresh_processes import FreshProcesses

    return FreshProcesses(worker)


class _Round:
    """One call of `as_completed`: which jobs run, which wait, which must be played again."""

    def __init__(self, sandbox: Sandbox, limits: Limits, parallel: int, jobs: Iterable[tuple[bytes, int]]):
        self.sandbox, self.limits, self.parallel = sandbox, limits, max(1, parallel)
        self.fresh = (_Job(index, job, size) for index, (job, size) in enumerate(jobs))
        self.again: list[_Job] = []
        self.suspects: list[_Job] = []
        """Jobs that ran while the server died; each is played again alone, to learn which one did it."""
        self.live: dict[int, _Job] = {}

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        while True:
            try:
                self._fill()
                if not self.live:
                    return
                ends = self._engine().ended(self._patience())
                self._kill_overdue()
            except ServerDied:
                yield from self._after_the_server_died()
                continue
            for number, end in ends.items():
                job = self.live.pop(number)
                if waited_without_computing(end, self.limits) and not job.timed_out_idle:
                    job.timed_out_idle = True
                    self.again.append(job)
                elif killed_from_outside(end, self.limits) and job.kills < _MOST_KILLS:
                    job.kills += 1
                    self.again.append(job)
                else:
                    yield job.index, outcome_of(end, job.result_size, self.limits)

    def _engine(self) -> Engine:
        return self.sandbox._ready()

    def _fill(self) -> None:
        while len(self.live) < self.parallel:
            if any(job.saw_server_die for job in self.live.values()) or (self.suspects and self.live):
                return
            job = next(itertools.chain(self.suspects[:1], self.again[:1], self.fresh), None)
            if job is None:
                return
            for waiting in (self.suspects, self.again):
                if job in waiting:
                    waiting.remove(job)
            engine = self._engine()
            number = next(self.sandbox._numbers)
            self.live[number] = job
            job.deadline = math.inf
            engine.start_job(number, job.job, job.result_size, self.limits)
            job.deadline = time.monotonic() + self.limits.wall_seconds

    def _patience(self) -> float:
        nearest = min(job.deadline for job in self.live.values())
        return min(_POLL, max(0.0, nearest - time.monotonic()))

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for number, job in self.live.items():
            if now > job.deadline:
                self._engine().kill(number, "time")

    def _after_the_server_died(self) -> Iterator[tuple[int, Outcome]]:
        self.sandbox.close()
        lost, self.live = list(self.live.values()), {}
        for job in lost:
            if not job.saw_server_die:
                job.saw_server_die = True
                self.suspects.append(job)
                continue
            end = WorkerExit(b"", b"", 1, 0.0, 0.0, 0)
            failed = outcome_of(end, job.result_size, self.limits)
            detail = "the sandbox's server died twice while this job ran"
            yield job.index, Outcome(b"", "", failed.ending, detail, 0.0, 0.0, 0)
