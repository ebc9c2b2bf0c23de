"""The engine of macOS and Windows, tried here: a fresh process for each job."""

from __future__ import annotations

import psutil
import pytest

from autograder.sandbox import LevelUnavailable, Limits, Sandbox, SandboxError
from autograder.sandbox import sandbox as sandbox_module

LIMITS = Limits(cpu_seconds=1, wall_seconds=2, memory_bytes=1 << 28, log_bytes=2000)


@pytest.fixture(autouse=True)
def nothing_can_fork(monkeypatch):
    monkeypatch.setattr(sandbox_module, "can_fork", lambda: False)


@pytest.fixture(scope="module")
def sandbox():
    opened = Sandbox(worker="bare_worker")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("source", "ending", "words"),
    [
        ("emit(b'12345678')", "ok", ""),
        ("print('hello'); emit(b'12345678')", "ok", "hello"),
        ("import sys; print(repr(sys.stdin.read())); emit(b'12345678')", "ok", "''"),
        ("while True: pass", "timed_out", "of CPU time"),
        ("import time; time.sleep(100)", "timed_out", "waited without computing"),
        ("x = []\nwhile True: x.append(bytearray(b'x' * 100_000))", "killed", "256 MB of memory"),
        ("emit(b'123456789')", "output_limit", "more than the 8 bytes"),
        ("while True: emit(b'x' * 65536)", "output_limit", ""),
        ("emit(b'1234')", "crashed", "returned 4 of 8"),
        ("1/0", "crashed", "ZeroDivisionError"),
        ("import os; os._exit(3)", "crashed", "exit status 3"),
        ("import os; os.abort()", "killed", "signal 6"),
        ("print('x' * 10**7); emit(b'12345678')", "ok", "[cut here"),
        ("import os, time\nif os.fork() == 0: time.sleep(100)\nemit(b'12345678')", "ok", ""),
    ],
)
def test_a_job_ends_as_in_a_forked_worker(sandbox, source, ending, words):
    outcome = sandbox.run(source.encode(), 8, LIMITS)
    assert outcome.ending == ending, outcome
    assert words in outcome.log + outcome.detail
    assert outcome.data == b"12345678" or ending != "ok"
    honest = sandbox.run(b"emit(b'honestly')", 8, LIMITS)
    assert (honest.ending, honest.data) == ("ok", b"honestly")


def test_many_jobs_come_back_in_their_order(sandbox):
    jobs = [(f"emit(b'{number}')".encode(), 1) for number in range(5)]
    assert [int(outcome.data) for outcome in sandbox.run_many(jobs, LIMITS)] == list(range(5))


def test_one_worker_is_warm_before_its_job(sandbox):
    sandbox.run(b"emit(b'1')", 1, LIMITS)
    spare = sandbox._engine._spare
    assert spare is not None
    assert sandbox.run(b"import os; emit(os.getpid().to_bytes(8, 'little'))", 8, LIMITS).data == (
        spare.process.pid.to_bytes(8, "little")
    )


def test_close_leaves_nothing_running():
    opened = Sandbox(worker="bare_worker")
    opened.start()
    opened.run(b"emit(b'1')", 1, LIMITS)
    spare = psutil.Process(opened._engine._spare.process.pid)
    opened.close()
    assert not spare.is_running()


def test_only_the_trusted_level_is_offered():
    with pytest.raises(LevelUnavailable, match="WSL 2"):
        Sandbox("user").start()


def test_a_preload_that_raises_is_a_clear_error():
    with pytest.raises(SandboxError, match="no torch here"), Sandbox(worker="broken_worker"):
        pass
