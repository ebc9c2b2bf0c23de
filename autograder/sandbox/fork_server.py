"""The judge's side of a fork server: starts it, hands it jobs, collects results."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import autograder
from autograder.errors import CourseError
from autograder.sandbox import landlock, messages
from autograder.sandbox.collected import Collected
from autograder.sandbox.engine import ServerDied
from autograder.sandbox.environment import ENVIRONMENT
from autograder.sandbox.importable import import_folders, readable_paths, site_folders
from autograder.sandbox.messages import Ended, Kill, Ready, Setup, Start
from autograder.sandbox.namespaces import bubblewrap, first_uid, is_inside
from autograder.sandbox.outcome import (
    READY,
    KilledFor,
    Level,
    LevelUnavailable,
    Limits,
    SandboxError,
    ServerKilled,
    WorkerExit,
)
from autograder.sandbox.self_test import prove_isolation
from autograder.sandbox.syscalls import build_filter

BOOT = (
    "import sys; sys.path.append(sys.argv[1]); from autograder.sandbox.server import main; "
    "sys.path.pop(); main(int(sys.argv[2]))"
)
_PACKAGE = Path(autograder.__file__).resolve().parent
_SERVER_CODE = [str(_PACKAGE / name) for name in ("__init__.py", "errors.py", "sandbox")]
_CHUNK = 1 << 16
_GLANCE = 0.2
"""Seconds between two looks whether a starting server still lives."""
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""How a server ends that was killed; bubblewrap says it in the second way."""
_PATIENCE_TO_DIE = 10.0
"""Seconds for a server to report the end of a worker that it was told to kill, before it counts as dead."""


@dataclass
class _Running:
    """A worker, seen from here."""

    collected: Collected
    result: int
    log: int
    started: float
    killed_for: KilledFor | None = None
    killed_at: float = 0.0


class ForkServer:
    """A server process and the workers it has running."""

    def __init__(self, level: Level, worker: str, read_paths: Sequence[Path]):
        self._level = level
        isolated = level != "trusted"
        if isolated:
            landlock.version()
        paths = [*readable_paths(worker), *read_paths] if isolated else []
        self._readable = [os.path.realpath(path) for path in paths]
        setup = Setup(
            level,
            worker,
            import_folders(worker),
            beside=[] if isolated else site_folders(),
            readable_paths=self._readable,
            syscall_filter=build_filter().hex() if isolated else "",
        )
        around = bubblewrap(setup.readable_paths, _SERVER_CODE) if level == "full" else []
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115
        self._process, self._link = _spawn(around, self._complaints)
        if level == "full":
            setup = replace(setup, first_uid=first_uid(self._process.pid))
        self._running: dict[int, _Running] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._link, selectors.EVENT_READ)
        with contextlib.suppress(ServerDied):  # `wait_until_ready` says why
            self._send(setup)

    def wait_until_ready(self) -> Sequence[str]:
        ready = self._first_message()
        if not isinstance(ready, Ready):
            raise self._why_it_ended()
        if ready.failed:
            raise SandboxError(f"the sandbox's server could not prepare itself: {ready.failed}")
        if self._level == "full" and not is_inside(ready.namespaces):
            raise SandboxError("bubblewrap left the sandbox's server in a namespace of this process")
        try:
            prove_isolation(self, self._level, list(ENVIRONMENT), self._readable)
        except ServerDied:
            raise self._why_it_ended() from None
        return ready.layers

    def _first_message(self) -> messages.Message | None:
        """What the server says first; None when it has ended. A bubblewrap that is killed while it starts may leave a child
        behind that holds the other end of the link for ever."""
        while not select.select([self._link], [], [], _GLANCE)[0]:
            if self._process.poll() is not None:
                self._end_group()
                return None
        return messages.receive(self._link)[0]

    def _end_group(self) -> None:
        """Kill what is left of the server and of what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def start_job(self, number: int, job: bytes, result_size: int, limits: Limits, canary: bool = False) -> None:
        collected = Collected(len(READY) + result_size, limits.log_bytes)
        result, result_end = os.pipe()
        log, log_end = os.pipe()
        job_file = _sealed(job)
        try:
            self._running[number] = running = _Running(collected, result, log, time.monotonic())
            for descriptor in (result, log):
                os.set_blocking(descriptor, False)
                self._selector.register(descriptor, selectors.EVENT_READ, (number, running))
            self._send(Start(number, limits, canary), (job_file, result_end, log_end))
        finally:
            for descriptor in (job_file, result_end, log_end):
                os.close(descriptor)

    def ended(self, seconds: float) -> dict[int, WorkerExit]:
        ends: dict[int, WorkerExit] = {}
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                message, _ = messages.receive(self._link)
                if not isinstance(message, Ended):
                    raise ServerDied
                ends[message.job] = self._finish(message)
            elif key.data[0] in self._running:
                self._read(key.fd, *key.data)
        self._give_up_on_a_dead_server()
        return ends

    def kill(self, number: int, reason: KilledFor) -> None:
        running = self._running.get(number)
        if running is not None and running.killed_for is None:
            running.killed_for, running.killed_at = reason, time.monotonic()
            self._send(Kill(number))

    def close(self) -> None:
        self._link.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._end_group()
            self._process.wait()
        self._end_group()
        for running in self._running.values():
            os.close(running.result)
            os.close(running.log)
        self._running.clear()
        self._selector.close()
        self._complaints.close()

    def _why_it_ended(self) -> SandboxError:
        self._process.wait()
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        last = said[-1] if said else f"status {self._process.returncode}"
        if last.startswith("bwrap:"):
            return LevelUnavailable(
                f'level "full" needs namespaces, which bubblewrap could not make ({last}): in a container they '
                "need `--cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt systempaths=unconfined`, "
                'else use level "user"'
            )
        kind = ServerKilled if self._process.returncode in _KILLED else SandboxError
        return kind(f"the sandbox's server ended before its first job: {last}")

    def _send(self, message: messages.Message, descriptors: Sequence[int] = ()) -> None:
        try:
            messages.send(self._link, message, descriptors)
        except OSError as gone:
            raise ServerDied from gone

    def _read(self, descriptor: int, number: int, running: _Running) -> bool:
        """Read one piece from a worker; False when there is none now, or never again."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._selector.unregister(descriptor)
        elif descriptor == running.log:
            running.collected.add_log(chunk)
        elif not running.collected.add_result(chunk):
            self.kill(number, "output")
            return False
        return bool(chunk)

    def _finish(self, end: Ended) -> WorkerExit:
        running = self._running.pop(end.job)
        for descriptor in (running.result, running.log):
            pieces = 0
            while descriptor in self._selector.get_map() and pieces < 64:  # what a pipe can hold, at most
                pieces += 1
                if not self._read(descriptor, end.job, running):
                    break
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)
        if len(running.collected.stream) > running.collected.capacity:
            running.killed_for = running.killed_for or "output"
        return WorkerExit(
            stream=bytes(running.collected.stream),
            log=bytes(running.collected.log),
            returncode=end.returncode,
            cpu_seconds=end.cpu_seconds,
            wall_seconds=time.monotonic() - running.started,
            peak_rss=end.peak_rss,
            killed_for=running.killed_for,
        )

    def _give_up_on_a_dead_server(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if running.killed_for is not None and now - running.killed_at > _PATIENCE_TO_DIE:
                raise ServerDied


def _spawn(around: Sequence[str], complaints: IO[bytes]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    python = [os.path.realpath(sys.executable), "-s", "-S", "-P"]  # no site-packages, no working directory
    with theirs:
        process = subprocess.Popen(
            [*around, *python, "-c", BOOT, str(_PACKAGE.parent), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,  # so that Ctrl-C reaches the judge only
        )
    return process, ours


def _sealed(job: bytes) -> int:
    """A file in memory that nobody can change any more. CourseError where a quota for files (ulimit -f) does not let it be."""
    descriptor = os.memfd_create("job", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(job)
    except OSError as error:
        os.close(descriptor)
        raise CourseError(
            f"What a worker needs, {len(job)} bytes, could not be handed to it ({error.strerror}). "
            "Raise the limit for files (ulimit -f) and run the same command again."
        ) from error
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
