"""The isolation that a fork server gives itself and its workers, once everything is imported."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import struct
from collections.abc import Callable
from functools import partial

from autograder.sandbox import landlock
from autograder.sandbox.messages import Setup
from autograder.sandbox.namespaces import NAMES
from autograder.sandbox.syscalls import load_filter

_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 4, 36, 38


class ShutIn:
    """Isolates this process as its level says. Raises OSError when the kernel refuses a layer."""

    def __init__(self, setup: Setup):
        self.layers = ["rlimits"]
        self.namespaces = {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMES}
        self.filter_syscalls: Callable[[], None] | None = None
        self.may_fork = setup.level == "trusted"
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
        if setup.level == "trusted":
            return
        if setup.level == "user":
            _drop_capabilities()
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        prctl(_PR_SET_DUMPABLE, 0)  # nobody reads its memory
        landlock.read_only_these([*setup.readable_paths, os.devnull])
        self.filter_syscalls = partial(load_filter, bytes.fromhex(setup.syscall_filter))
        self.layers += ["landlock", "seccomp"]
        if setup.level == "full":
            self.layers += ["namespaces", "uid"]

    def kill_orphans(self, workers: set[int]) -> None:
        """Kill what a worker forked and left behind: as its subreaper, this process became their parent."""
        if not self.may_fork:
            return
        while orphans := _children() - workers:
            for orphan in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(orphan, signal.SIGKILL)
            for orphan in orphans:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(orphan, 0)


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process. Raises OSError when the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)):
        error = ctypes.get_errno()
        raise OSError(error, f"prctl {option}: {os.strerror(error)}")


def _drop_capabilities() -> None:
    """Give up what root may do beyond its own files. For others there is nothing to give up."""
    version_3 = struct.pack("=Ii", 0x20080522, 0)
    none_at_all = bytes(24)  # effective, permitted and inheritable, twice 32 bits each
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(version_3, none_at_all):
        error = ctypes.get_errno()
        raise OSError(error, f"capset: {os.strerror(error)}")


def _children() -> set[int]:
    """The processes whose parent is this one."""
    found = set()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as stat:
                fields = stat.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(entry))
    return found
