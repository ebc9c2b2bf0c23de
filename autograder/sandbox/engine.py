"""What `Sandbox` needs of whatever starts workers: a fork server, or a fresh process for every job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from autograder.sandbox.outcome import KilledFor, Limits, WorkerExit


class ServerDied(Exception):
    """The process that starts workers has gone, and the workers with it."""


class Engine(Protocol):
    """Starts workers and reports how they end. Used from one thread."""

    def wait_until_ready(self) -> Sequence[str]:
        """The layers that are up. Raises SandboxError when one that was asked for is not."""

    def start_job(self, number: int, job: bytes, result_size: int, limits: Limits) -> None:
        """Start a worker. Raises ServerDied."""

    def ended(self, seconds: float) -> dict[int, WorkerExit]:
        """The workers that ended, after waiting at most so long for one. Raises ServerDied."""

    def kill(self, number: int, reason: KilledFor) -> None:
        """Kill a worker; how it ended is reported by `ended`."""

    def close(self) -> None:
        """Kill everything at once. May be called twice."""
