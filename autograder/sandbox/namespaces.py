"""Namespaces around the fork server, made by bubblewrap: no network, own processes, and hardly any file to see.

Bubblewrap costs about 20 ms once per server. It is started as root here, and keeps just the capabilities that the
server needs: to give each worker a user id of its own, and to kill it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.sandbox.importable import standard_library
from autograder.sandbox.outcome import LevelUnavailable

NAMES = ("ipc", "mnt", "net", "pid", "uts")
_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
_FOLDERS = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store")
_FILES = ("/etc/ld.so.cache", "/sys/devices/system/cpu")

UIDS = 64
"""User ids that one server takes turns with: more than workers run at once."""


def bubblewrap(readable: Iterable[str], server_code: Iterable[str]) -> list[str]:
    """The command that runs another in new namespaces. Raises LevelUnavailable where that needs more than is here.

    `readable` is what workers may read, `server_code` what only the server reads, to start.
    """
    if os.geteuid() != 0:
        raise LevelUnavailable('level "full" needs root; level "user" is the safest for everybody else')
    program = shutil.which("bwrap")
    if program is None:
        raise LevelUnavailable('level "full" needs bubblewrap: apt install bubblewrap (or dnf, or conda)')
    command = [program, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--hostname", "worker"]
    for capability in _CAPABILITIES:
        command += ["--cap-add", capability]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # torch looks for them as it is imported
    shown = [*readable, *server_code]
    for folder in sorted({str(parent) for path in (*shown, sys.base_prefix) for parent in Path(path).parents}):
        command += ["--perms", "0755", "--dir", folder]  # bubblewrap would make them for root only
    for path in (*_FOLDERS, sys.base_prefix, *_FILES):
        command += ["--ro-bind-try", path, path]
    for folder in _package_folders():
        command += ["--perms", "0755", "--tmpfs", folder]
    for path in shown:
        command += ["--ro-bind", path, path]
    return [*command, "--remount-ro", "/", "--chdir", "/"]


def first_uid(process: int) -> int:
    """The first of `UIDS` user ids for the workers of the server with this process id.

    They differ from those of every other server here, and of every user that `useradd` makes.
    """
    low, high = (1_500_000_000, 2_100_000_000) if _maps_all_users() else (20_000, 60_000)
    return low + process * UIDS % (high - low)


def is_inside(theirs: Mapping[str, str]) -> bool:
    """Whether a process has none of its namespaces in common with this one."""
    return all(theirs.get(name) != os.readlink(f"/proc/self/ns/{name}") for name in NAMES)


def _package_folders() -> list[str]:
    """Folders of packages beneath what is visible as a whole; they are hidden, then shown package by package."""
    folders = [standard_library() / name for name in ("site-packages", "dist-packages")]
    folders += [Path("/usr/lib/python3/dist-packages"), *Path("/usr/local/lib").glob("python3*/*-packages")]
    return [str(folder) for folder in folders if folder.is_dir()]


def _maps_all_users() -> bool:
    with open("/proc/self/uid_map") as table:
        return any(int(row.split()[2]) > 2_100_000_000 for row in table)
