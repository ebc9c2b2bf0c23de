"""A worker that somebody else kills is no verdict about the student: its job is played again."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import psutil
import pytest

from autograder.sandbox import Limits, Sandbox

LIMITS = Limits(cpu_seconds=5, wall_seconds=20)
SLOW = b"import time; time.sleep(1.5); emit(b'12345678')"


def workers_of(sandbox) -> list[psutil.Process]:
    """The forked workers: children with the command line of their parent."""
    root = psutil.Process(sandbox._engine._process.pid)
    below = [root, *root.children(recursive=True)]
    named = {one.pid: one.cmdline() for one in below if one.name() != "bwrap"}
    return [one for one in below if one.pid in named and named[one.pid] == named.get(one.ppid())]


@pytest.mark.parametrize(("level", "kills", "ending"), [("user", 1, "ok"), ("full", 2, "ok"), ("user", 9, "killed")])
def test_a_killed_worker_is_replaced_a_few_times(level, kills, ending, at_level):
    sandbox = at_level(level)
    sandbox.run(b"emit(b'12345678')", 8, LIMITS)
    stop = threading.Event()
    done: list[int] = []

    def kill() -> None:
        while len(done) < kills and not stop.is_set():
            with suppress(psutil.Error):
                for worker in workers_of(sandbox)[:1]:
                    if worker.pid not in done:
                        worker.kill()
                        done.append(worker.pid)
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = sandbox.run(SLOW, 8, LIMITS)
    stop.set()
    killer.join()
    assert outcome.ending == ending
    assert len(done) == min(kills, 4)


@pytest.mark.parametrize("level", ["user", "full"])
def test_a_server_that_is_killed_while_it_starts_is_started_again(level, at_level):
    at_level(level)
    sandbox = Sandbox(level, worker="snippet_worker")
    sandbox.start()
    psutil.Process(sandbox._engine._process.pid).kill()
    with sandbox:
        assert sandbox.run(b"emit(b'12345678')", 8, LIMITS).data == b"12345678"
