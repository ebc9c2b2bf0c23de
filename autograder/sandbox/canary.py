"""What the self-test's worker tries, after every layer is up: each attempt must be denied."""

from __future__ import annotations

import ctypes
import fcntl
import json
import mmap
import os
import resource
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial

DENIED = (OSError, ValueError, MemoryError)
_PTRACE_ATTACH = 16


@dataclass(frozen=True)
class Bait:
    """What the judge's process laid out for the canary to go after."""

    files: list[str]
    """Files that exist, which it must not read."""
    folder: str
    """A folder that everybody may write to, with a file `secret` in it."""
    port: int
    """A TCP and a UDP port on 127.0.0.1 where somebody listens."""
    judge: int
    """The process id of the judge."""
    memory_bytes: int
    """More than the worker may have."""
    needed: list[str]
    """Files and folders that it must be able to read."""
    may_be_root: bool
    """Whether workers keep the user id of their server."""
    environment: list[str] = field(default_factory=list)
    """The variables that it may see."""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode()


Attempts = dict[str, tuple[str, Callable[[], bool]]]


def run(job: bytes, emit: Callable[[bytes], None]) -> None:
    """Try everything; return as JSON the attempts that got through, [[layer, what], ...], and what is unreadable."""
    through, unreadable = [], []
    if job:
        bait = Bait(**json.loads(job))
        unreadable = [path for path in bait.needed if not _can_read(path)]
        for what, (layer, attempt) in _attempts(bait).items():
            try:
                succeeded = attempt()
            except DENIED:
                succeeded = False
            if succeeded:
                through.append((layer, what))
    emit(json.dumps({"through": through, "unreadable": unreadable}).encode())


def _can_read(path: str) -> bool:
    try:
        os.listdir(path) if os.path.isdir(path) else _read(path)
    except OSError:
        return False
    return True


def _attempts(bait: Bait) -> Attempts:
    """What to try: in words, the layer that is to stop it, and a function that says whether it worked."""
    attempts: Attempts = {f"read {path}": ("landlock", partial(_read, path)) for path in bait.files}
    for process in dict.fromkeys((bait.judge, os.getppid())):
        attempts |= {
            f"read the environment of process {process}": ("landlock", partial(_read, f"/proc/{process}/environ")),
            f"read the memory map of process {process}": ("landlock", partial(_read, f"/proc/{process}/maps")),
            f"signal process {process}": ("seccomp", partial(_signal, process)),
            f"have a pipe signal process {process}": ("seccomp", partial(_signal_by_pipe, process)),
            f"trace process {process}": ("seccomp", partial(_trace, process)),
        }
    return attempts | {
        "read the folder /": ("landlock", lambda: bool(os.listdir("/"))),
        "write a file": ("landlock", partial(_write, f"{bait.folder}/written")),
        "change a file": ("landlock", partial(_write, f"{bait.folder}/secret")),
        "make a folder": ("landlock", partial(_make_folder, f"{bait.folder}/made")),
        "delete a file": ("landlock", partial(_delete, f"{bait.folder}/secret")),
        "connect to this machine over TCP": ("seccomp", partial(_connect, socket.SOCK_STREAM, bait.port)),
        "send to this machine over UDP": ("seccomp", partial(_connect, socket.SOCK_DGRAM, bait.port)),
        "fork": ("seccomp", _fork),
        "become root": ("seccomp", _become_root),
        "run as root": ("uid", lambda: os.getuid() == 0 and not bait.may_be_root),
        "take more memory than its limit": ("rlimits", lambda: bool(mmap.mmap(-1, bait.memory_bytes))),
        "lift its memory limit": ("rlimits", _lift_limit),
        "find an environment variable of the judge": (
            "server",
            lambda: bool(set(os.environ) - set(bait.environment)),
        ),
        "find an open file of the server": ("server", _has_open_files),
        "run a program": ("seccomp", _execute),
    }


def _read(path: str) -> bool:
    with open(path, "rb") as file:
        file.read(1)
    return True


def _write(path: str) -> bool:
    with open(path, "ab") as file:
        file.write(b"x")
    return True


def _make_folder(path: str) -> bool:
    os.mkdir(path)
    return True


def _delete(path: str) -> bool:
    os.unlink(path)
    return True


def _connect(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as link:
        link.connect(("127.0.0.1", port))
        link.send(b"x")
    return True


def _fork() -> bool:
    if os.fork() == 0:
        os._exit(0)
    return True


def _signal(process: int) -> bool:
    os.kill(process, 0)
    return True


def _signal_by_pipe(process: int) -> bool:
    fcntl.fcntl(1, fcntl.F_SETOWN, process)
    return True


def _trace(process: int) -> bool:
    libc = ctypes.CDLL(None)
    return bool(libc.ptrace(_PTRACE_ATTACH, process, None, None) == 0)


def _become_root() -> bool:
    os.setuid(0)
    return True


def _lift_limit() -> bool:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


def _has_open_files() -> bool:
    """Beyond stdin, stdout, stderr and the result."""
    for descriptor in range(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0]):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        if descriptor != 4:
            return True
    return False


def _execute() -> bool:
    """Does not return when it works: the self-test then misses this worker's answer."""
    os.execv("/bin/true", ["true"])
