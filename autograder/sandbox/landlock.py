"""Landlock: this process and its children may read the given paths, and touch no other file, for good.

The kernel's documentation: https://docs.kernel.org/userspace-api/landlock.html. Its three system calls have no
wrapper in the C library; their numbers are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from autograder.sandbox.outcome import LevelUnavailable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""The rights over files that each version of Landlock added: the first 13, refer, truncate, ioctl on devices."""
_NETWORK_RIGHTS = {4: 0b11}  # bind and connect TCP
_SCOPES = {6: 0b11}  # abstract unix sockets and signals stay among the restricted processes


def version() -> int:
    """The version of Landlock in this kernel. Raises LevelUnavailable where there is none."""
    try:
        return _system_call(_CREATE_RULESET, None, 0, _VERSION)
    except OSError as missing:
        raise LevelUnavailable(
            "Landlock is not to be had: it needs Linux 5.13 or later with `landlock` among the security modules "
            "(they stand in /sys/kernel/security/lsm; boot with lsm=landlock,... to add it), and in a container an "
            f"engine that allows its system calls: Docker 23, Podman 4.3, containerd 1.6 or later ({missing})"
        ) from missing


def read_only_these(paths: Iterable[str]) -> None:
    """Restrict this process, which must have no_new_privs, and what it forks. Raises OSError."""
    available = version()
    rights = [_up_to(available, table) for table in (_FILE_RIGHTS, _NETWORK_RIGHTS, _SCOPES)]
    attributes = struct.pack("=QQQ", *rights)[: 24 if rights[2] else 16 if rights[1] else 8]
    ruleset = _system_call(_CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in paths:
            _allow_reading(ruleset, path)
        _system_call(_RESTRICT_SELF, ruleset, 0, 0)
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, path: str) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE
        _system_call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
    finally:
        os.close(beneath)


def _up_to(available: int, table: dict[int, int]) -> int:
    return sum(rights for since, rights in table.items() if since <= available)


def _system_call(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    whole = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = libc.syscall(ctypes.c_long(number), *whole)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result
