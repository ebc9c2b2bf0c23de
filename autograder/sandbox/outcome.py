"""What a caller asks of the sandbox (`Limits`) and what it gets back (`Outcome`)."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from autograder.errors import CourseError
from autograder.sandbox.log_text import readable

Level = Literal["trusted", "user", "full"]
LEVELS: tuple[Level, ...] = ("trusted", "user", "full")
Ending = Literal["ok", "crashed", "timed_out", "killed", "output_limit", "sandbox_failed"]
KilledFor = Literal["time", "output", "memory"]

_SIGKILL, _SIGXCPU = 9, 24
READY = b"R"
"""The first byte of a result: sent once every layer of isolation is up, before any student code runs."""


class SandboxError(CourseError):
    """The sandbox could not be started as asked; the text says what is missing and what to do."""


class LevelUnavailable(SandboxError):
    """This machine does not offer the level: something is not installed, not allowed or not in the kernel."""


class ServerKilled(SandboxError):
    """Somebody killed the sandbox's server while it started; it can be started again."""


@dataclass(frozen=True)
class Limits:
    """What one job may use: CPU time, rounded up to whole seconds; wall-clock time; memory on top of the
    preloaded image; bytes of log that are kept."""

    cpu_seconds: float = 8
    wall_seconds: float = 25
    memory_bytes: int = 1 << 30
    log_bytes: int = 65536


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    `data` is what the worker returned, never more than asked for; only with ending "ok" is it complete.
    `log` is what the student's code printed, as plain text. `peak_rss`, in bytes, counts the preloaded image
    that all workers share.
    """

    data: bytes
    log: str
    ending: Ending
    detail: str
    cpu_seconds: float
    wall_seconds: float
    peak_rss: int


DEFAULT_LIMITS = Limits()


@dataclass
class WorkerExit:
    """What is known of a worker process that has ended, before anybody has judged it."""

    stream: bytes
    log: bytes
    returncode: int
    """As in `subprocess`: the exit status, or minus the number of the signal."""
    cpu_seconds: float
    wall_seconds: float
    peak_rss: int
    killed_for: KilledFor | None = None


def outcome_of(end: WorkerExit, result_size: int, limits: Limits) -> Outcome:
    """The outcome of a worker that has ended."""
    data = end.stream[len(READY) : len(READY) + result_size]
    ending, detail = _ending(end, len(data), result_size, limits)
    log = readable(end.log, limits.log_bytes)
    return Outcome(data, log, ending, detail, end.cpu_seconds, end.wall_seconds, end.peak_rss)


def waited_without_computing(end: WorkerExit, limits: Limits) -> bool:
    """Whether a worker ran out of time with little CPU time used: a noisy machine, or code that sleeps."""
    return end.killed_for == "time" and end.cpu_seconds < 0.5 * limits.cpu_seconds


def killed_from_outside(end: WorkerExit, limits: Limits) -> bool:
    """Whether a worker was killed by somebody else than the sandbox or the kernel's CPU limit."""
    return end.killed_for is None and -end.returncode == _SIGKILL and not _used_its_cpu_time(end, limits)


def _ending(end: WorkerExit, size: int, result_size: int, limits: Limits) -> tuple[Ending, str]:
    if end.killed_for == "output":
        return "output_limit", f"returned more than the {result_size} bytes that were asked for"
    if end.killed_for == "memory":
        return "killed", f"used more than {limits.memory_bytes >> 20} MB of memory"
    if waited_without_computing(end, limits):
        used = f"{end.cpu_seconds:.1f} s of CPU time in {end.wall_seconds:.0f} s"
        return "timed_out", f"waited without computing: used {used}"
    if end.killed_for == "time" or (end.returncode < 0 and _used_its_cpu_time(end, limits)):
        return "timed_out", f"used {end.cpu_seconds:.1f} s of CPU time"
    if not end.stream.startswith(READY):
        return "sandbox_failed", "the worker's isolation did not come up: " + _last_line(end.log)
    if end.returncode < 0:
        return "killed", f"killed by signal {_signal_name(-end.returncode)}"
    if end.returncode > 0:
        return "crashed", f"stopped with exit status {end.returncode}"
    if size < result_size:
        return "crashed", f"stopped early: returned {size} of {result_size} bytes"
    return "ok", ""


def _used_its_cpu_time(end: WorkerExit, limits: Limits) -> bool:
    """Whether the kernel ended it for its CPU limit.

    SIGXCPU says so. SIGKILL comes when that signal is ignored, and from elsewhere too; on a busy virtual machine the
    kernel counts ticks that were stolen, so that the process has had less than its limit.
    """
    if -end.returncode == _SIGXCPU:
        return True
    return -end.returncode == _SIGKILL and end.cpu_seconds > 0.5 * limits.cpu_seconds


def _signal_name(number: int) -> str:
    names = {
        "SIGSEGV": "segmentation fault",
        "SIGABRT": "abort",
        "SIGFPE": "arithmetic fault",
        "SIGILL": "illegal instruction",
        "SIGBUS": "bus error",
        "SIGKILL": "killed from outside; often the machine ran out of memory",
    }
    try:
        name = signal.Signals(number).name
    except ValueError:
        return str(number)
    return f"{number} ({names.get(name, name)})"


def _last_line(log: bytes) -> str:
    lines = readable(log, 4096).strip().splitlines()
    return lines[-1] if lines else "it ended without a word"
