"""The fork server: a process that imports torch once, shuts itself in, and forks a worker for every job.

It holds nothing worth stealing: a scrubbed environment, no open files, no oracle, seed or gradebook. It ends
when the socket to the judge's process closes.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass

from autograder.sandbox import messages
from autograder.sandbox.environment import forget_everything_else
from autograder.sandbox.importable import OnlyThese
from autograder.sandbox.messages import Ended, Kill, Ready, Setup, Start
from autograder.sandbox.namespaces import UIDS
from autograder.sandbox.rlimits import address_space_bytes
from autograder.sandbox.shut_in import ShutIn
from autograder.sandbox.worker_process import Isolation, Run, run_worker


def main(descriptor: int) -> None:
    """Serve on the socket with this number until its other end closes."""
    link = socket.socket(fileno=descriptor)
    setup, _ = messages.receive(link)
    if not isinstance(setup, Setup):
        return
    try:
        server = ForkServer(link, setup)
    except Exception as error:
        with contextlib.suppress(OSError):
            messages.send(link, Ready(layers=[], failed=f"{type(error).__name__}: {error}"))
        return
    messages.send(link, Ready(server.shut_in.layers, namespaces=server.shut_in.namespaces))
    server.serve()


@dataclass(frozen=True)
class _Worker:
    job: int
    process: int
    handle: int
    """Its pidfd, readable once it has ended."""


class ForkServer:
    """Forks workers and reaps them, one event at a time."""

    def __init__(self, link: socket.socket, setup: Setup):
        sys.meta_path.append(OnlyThese(setup.import_folders, setup.beside))
        importlib.import_module(f"{setup.worker}.preload").preload()
        forget_everything_else()  # torch notes its cache folder, bubblewrap the working folder
        self.link = link
        self.first_uid = setup.first_uid
        self.runs: dict[bool, Run] = {False: importlib.import_module(f"{setup.worker}.harness").run}
        self.runs[True] = importlib.import_module("autograder.sandbox.canary").run
        self.workers: dict[int, _Worker] = {}
        self.image_bytes = address_space_bytes()
        self.shut_in = ShutIn(setup)
        self.waiting = selectors.DefaultSelector()
        self.waiting.register(link, selectors.EVENT_READ)
        gc.collect()
        gc.freeze()  # a collection in a worker would otherwise copy the pages of every preloaded object

    def serve(self) -> None:
        """Until the judge's process goes away."""
        while True:
            for key, _ in self.waiting.select():
                if key.data is not None:
                    self._reap(key.data)
                elif not self._obey():
                    self._end_all()
                    return

    def _obey(self) -> bool:
        message, descriptors = messages.receive(self.link)
        if isinstance(message, Start):
            self._start(message, (descriptors[0], descriptors[1], descriptors[2]))
        elif isinstance(message, Kill):
            for worker in self.workers.values():
                if worker.job == message.job:
                    signal.pidfd_send_signal(worker.handle, signal.SIGKILL)
        return message is not None

    def _start(self, start: Start, descriptors: tuple[int, int, int]) -> None:
        uid = self.first_uid + start.job % UIDS if self.first_uid else 0
        process = os.fork()
        if process == 0:
            isolation = Isolation(self.shut_in.filter_syscalls, uid)
            run_worker(self.runs[start.canary], descriptors, start.limits, isolation, self.image_bytes)
        for descriptor in descriptors:
            os.close(descriptor)
        worker = _Worker(start.job, process, os.pidfd_open(process))
        self.workers[process] = worker
        self.waiting.register(worker.handle, selectors.EVENT_READ, worker)

    def _reap(self, worker: _Worker) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process, signal.SIGKILL)
        _, status, usage = os.wait4(worker.process, 0)
        self.waiting.unregister(worker.handle)
        os.close(worker.handle)
        del self.workers[worker.process]
        self.shut_in.kill_orphans(set(self.workers))
        returncode = os.waitstatus_to_exitcode(status)
        cpu_seconds = usage.ru_utime + usage.ru_stime
        with contextlib.suppress(OSError):
            messages.send(self.link, Ended(worker.job, returncode, cpu_seconds, usage.ru_maxrss * 1024))

    def _end_all(self) -> None:
        for worker in list(self.workers.values()):
            signal.pidfd_send_signal(worker.handle, signal.SIGKILL)
            self._reap(worker)
