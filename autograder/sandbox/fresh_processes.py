"""Workers for macOS and Windows: a fresh process for every job, one of them warmed ahead.

Importing torch takes seconds, so the next worker starts when one ends and waits, prepared, for its job. Nothing is
isolated; limits on CPU time and memory are watched from here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

import autograder
from autograder.sandbox.collected import Collected
from autograder.sandbox.engine import ServerDied
from autograder.sandbox.environment import ENVIRONMENT
from autograder.sandbox.importable import import_folders, site_folders
from autograder.sandbox.outcome import READY, KilledFor, Limits, SandboxError, WorkerExit

_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); from autograder.sandbox.fresh_worker import main; sys.path.pop(); main()"
)
_PYTHON = getattr(sys, "_base_executable", sys.executable)
"""Not a virtual environment's: on Windows that only starts this one, and its use of CPU time says nothing."""
_LOOK_EVERY = 0.05
"""Seconds between looks at what the workers use."""
_NEEDED_BY_WINDOWS = ("SYSTEMROOT", "TEMP", "TMP")


class FreshProcesses:
    """The engine for operating systems where a process with torch in it cannot fork."""

    def __init__(self, worker: str):
        self._worker = worker
        self._running: dict[int, _FreshWorker] = {}
        self._spare: _FreshWorker | None = _FreshWorker(worker)

    def wait_until_ready(self) -> Sequence[str]:
        try:
            self._take_spare(put_back=True)
        except ServerDied as died:
            raise SandboxError(f"a worker ended while it imported torch: {died}") from None
        return ["limits"]

    def start_job(self, number: int, job: bytes, result_size: int, limits: Limits) -> None:
        worker = self._take_spare()
        self._running[number] = worker
        worker.play(job, result_size, limits)

    def ended(self, seconds: float) -> dict[int, WorkerExit]:
        deadline = time.monotonic() + seconds
        while True:
            for worker in self._running.values():
                worker.watch()
            ends = {number: worker for number, worker in self._running.items() if worker.has_ended()}
            if ends or time.monotonic() > deadline:
                break
            time.sleep(_LOOK_EVERY)
        for number in ends:
            del self._running[number]
        if self._spare is None and not self._running:
            self._spare = _FreshWorker(self._worker)
        return {number: worker.end() for number, worker in ends.items()}

    def kill(self, number: int, reason: KilledFor) -> None:
        if number in self._running:
            self._running[number].kill(reason)

    def close(self) -> None:
        for worker in (self._spare, *self._running.values()):
            if worker is not None:
                worker.kill("time")
                worker.end()
        self._spare = None
        self._running.clear()

    def _take_spare(self, put_back: bool = False) -> _FreshWorker:
        worker = self._spare or _FreshWorker(self._worker)
        worker.wait_until_prepared()
        self._spare = worker if put_back else None
        return worker


class _FreshWorker:
    """One process: prepares itself, then plays one job."""

    def __init__(self, worker: str):
        variables = {name: os.environ[name] for name in _NEEDED_BY_WINDOWS if name in os.environ}
        self.process = subprocess.Popen(
            [_PYTHON, "-s", "-S", "-P", "-c", _BOOT, str(Path(autograder.__file__).resolve().parents[1])],
            env=ENVIRONMENT | variables,
            cwd=os.path.abspath(os.sep),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C reaches the judge only
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same, on Windows
        )
        self._write(
            json.dumps({"worker": worker, "import_folders": import_folders(worker), "beside": site_folders()}).encode()
            + b"\n"
        )
        self.limits = Limits()
        self.collected = Collected(0, 0)
        self.killed_for: KilledFor | None = None
        self.started = time.monotonic()
        self.prepared = False
        self.cpu_before, self.memory_before = 0.0, 0
        self.cpu_seconds, self.peak_rss = 0.0, 0
        self.readers: list[threading.Thread] = []

    def wait_until_prepared(self) -> None:
        """Raises ServerDied when the process ends instead."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if not self.prepared and not self.process.stdout.readline():
            said = self.process.stderr.read().decode("utf-8", "replace").strip().splitlines()
            self.end()
            raise ServerDied(said[-1] if said else "it said nothing")
        self.prepared = True

    def play(self, job: bytes, result_size: int, limits: Limits) -> None:
        """Hand over the job and collect what comes back."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.limits = limits
        self.collected = Collected(len(READY) + result_size, limits.log_bytes)
        self.cpu_before, self.memory_before = self._usage()
        self.started = time.monotonic()
        self.readers = [
            threading.Thread(target=self._collect_result, args=(self.process.stdout.fileno(),), daemon=True),
            threading.Thread(target=self._collect_log, args=(self.process.stderr.fileno(),), daemon=True),
        ]
        for reader in self.readers:
            reader.start()
        self._write(json.dumps({"bytes": len(job)}).encode() + b"\n" + job)

    def watch(self) -> None:
        """Note what the process uses, and kill it at its limits."""
        cpu, memory = self._usage()
        self.cpu_seconds = max(self.cpu_seconds, cpu - self.cpu_before)
        self.peak_rss = max(self.peak_rss, memory)
        if self.cpu_seconds > self.limits.cpu_seconds:
            self.kill("time")
        if memory > self.memory_before + self.limits.memory_bytes:
            self.kill("memory")

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self, reason: KilledFor) -> None:
        self.killed_for = self.killed_for or reason
        self._kill_tree()

    def end(self) -> WorkerExit:
        """Wait for the process to end, and say how it did."""
        returncode = self.process.wait()
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)  # what it forked and left behind
        for reader in self.readers:
            reader.join(timeout=1)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return WorkerExit(
            stream=bytes(self.collected.stream),
            log=bytes(self.collected.log),
            returncode=returncode,
            cpu_seconds=self.cpu_seconds,
            wall_seconds=time.monotonic() - self.started,
            peak_rss=self.peak_rss,
            killed_for=self.killed_for,
        )

    def _usage(self) -> tuple[float, int]:
        """CPU seconds and bytes of memory so far; nothing once the process has ended."""
        try:
            process = psutil.Process(self.process.pid)
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss
        except psutil.Error:
            return 0.0, 0

    def _kill_tree(self) -> None:
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self.process.kill()

    def _write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already, and `end` will say how
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def _collect_result(self, descriptor: int) -> None:
        while chunk := os.read(descriptor, 1 << 16):
            if not self.collected.add_result(chunk):
                self.kill("output")

    def _collect_log(self, descriptor: int) -> None:
        while chunk := os.read(descriptor, 1 << 16):
            self.collected.add_log(chunk)
