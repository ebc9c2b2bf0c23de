"""What a worker process does with its short life: shut itself in, say so, play one job, end."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TextIO

from autograder.sandbox.outcome import READY, Limits
from autograder.sandbox.result_pipe import emitter, end_process
from autograder.sandbox.rlimits import limit_leftovers, limit_resources

Run = Callable[[bytes, Callable[[bytes], None]], None]
RAISED = 70
"""Exit status of a worker whose isolation or job raised; the traceback is in its log."""


@dataclass(frozen=True)
class Isolation:
    """What a worker loses, beyond CPU time and memory."""

    filter_syscalls: Callable[[], None] | None = None
    uid: int = 0
    """The user id it takes; 0 to keep the server's."""


def run_worker(
    run: Run, descriptors: tuple[int, int, int], limits: Limits, isolation: Isolation, image_bytes: int
) -> NoReturn:
    """Become the worker of one job, in a process just forked.

    `descriptors` are the job, to read, and the result and the log, to write.
    """
    status = RAISED
    try:
        job_file, result = _only_these(*descriptors)
        with open(job_file, "rb") as source:
            job = source.read()
        _start_a_group_of_its_own()
        limit_resources(limits, image_bytes)
        _isolate(isolation)
        emit = emitter(result)
        emit(READY)
        run(job, emit)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        end_process(status)


def _only_these(job: int, result: int, log: int) -> tuple[int, int]:
    """Keep the log as stdout and stderr, the job as 3 and the result as 4; close every other descriptor."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (nothing, log, log, job, result)]
    for place, descriptor in enumerate(moved):
        os.dup2(descriptor, place)
    os.closerange(len(moved), os.sysconf("SC_OPEN_MAX"))
    sys.stdout, sys.stderr = _printing_to(1), _printing_to(2)
    return 3, 4


def _printing_to(descriptor: int) -> TextIO:
    """A stream that loses nothing when its process is killed: it writes at the end of each line."""
    return open(descriptor, "w", buffering=1, errors="backslashreplace", closefd=False)


def _start_a_group_of_its_own() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()


def _isolate(isolation: Isolation) -> None:
    if isolation.uid:
        os.setgroups([])
        os.setresgid(isolation.uid, isolation.uid, isolation.uid)
        os.setresuid(isolation.uid, isolation.uid, isolation.uid)
    die_with_the_parent()  # after the change of user, which clears it
    if isolation.filter_syscalls is not None:
        limit_leftovers(own_uid=bool(isolation.uid))
        isolation.filter_syscalls()


def die_with_the_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    set_death_signal = 1  # PR_SET_PDEATHSIG
    if ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel refused PR_SET_PDEATHSIG")
