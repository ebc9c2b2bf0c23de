"""Resource limits of one worker process."""

from __future__ import annotations

import math
import resource

from autograder.sandbox.outcome import Limits

_OPEN_FILES = 64
_THREADS = 64


def limit_resources(limits: Limits, image_bytes: int) -> None:
    """Limit CPU time, memory and core dumps of this process for good.

    At the CPU limit comes SIGXCPU, which says what happened; a second later SIGKILL, for those who ignore it.

    `image_bytes` is the address space that the preloaded modules take; `Limits.memory_bytes` comes on top.
    """
    cpu = max(1, math.ceil(limits.cpu_seconds))
    _limit(resource.RLIMIT_CPU, cpu, cpu + 1)
    _limit(resource.RLIMIT_CORE, 0)
    if image_bytes:
        _limit(resource.RLIMIT_AS, image_bytes + limits.memory_bytes)


def limit_leftovers(own_uid: bool) -> None:
    """Limits that only an isolated worker gets: it writes no file, locks no memory, opens few files.

    The kernel counts threads per user, so they can be limited only where the worker has a user id of its own.
    """
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_MEMLOCK, 0)
    _limit(resource.RLIMIT_MSGQUEUE, 0)
    if own_uid:
        _limit(resource.RLIMIT_NPROC, _THREADS)


def address_space_bytes() -> int:
    """Bytes of address space that this process takes now; 0 where /proc does not tell."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, never above the one there is; hard equals soft where nothing else is said."""
    most = resource.getrlimit(which)[1]
    wanted = [soft, soft if hard is None else hard]
    low, high = wanted if most == resource.RLIM_INFINITY else (min(value, most) for value in wanted)
    resource.setrlimit(which, (low, high))
