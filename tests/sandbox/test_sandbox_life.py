"""Starting, running many, losing the server, being interrupted, closing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from autograder.sandbox import Limits, Sandbox, SandboxError, available_level, probe

LIMITS = Limits(cpu_seconds=5, wall_seconds=10)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox():
    with Sandbox(worker="bare_worker") as opened:
        yield opened


def saying(number: int) -> tuple[bytes, int]:
    return f"emit({str(number).encode()!r}.rjust(4))".encode(), 4


def server_of(sandbox: Sandbox) -> psutil.Process:
    return psutil.Process(sandbox._engine._process.pid)  # type: ignore[union-attr]


def test_many_jobs_come_back_in_their_order(sandbox):
    outcomes = sandbox.run_many([saying(n) for n in range(40)], LIMITS, parallel=3)
    assert [int(outcome.data) for outcome in outcomes] == list(range(40))


def test_no_jobs_give_no_outcomes(sandbox):
    assert sandbox.run_many([], LIMITS) == []


def test_jobs_are_taken_only_as_workers_get_free(sandbox):
    taken = []

    def jobs():
        for number in range(10):
            taken.append(number)
            yield saying(number)

    rounds = sandbox.as_completed(jobs(), LIMITS, parallel=2)
    next(rounds)
    assert len(taken) <= 3
    assert len(list(rounds)) == 9


def test_as_many_run_at_once_as_asked(sandbox):
    start = time.monotonic()
    waiting = (b"import time; time.sleep(0.5); emit(b'1')", 1)
    sandbox.run_many([waiting] * 4, LIMITS, parallel=4)
    assert time.monotonic() - start < 4 * 0.5 + 1  # one after the other would take longer than 2 s


def test_a_large_job_and_a_large_result_arrive_whole(sandbox):
    size = 30_000_000
    job = b"emit(bytes(" + str(size).encode() + b"))\n#" + b"x" * size
    outcome = sandbox.run(job, size, LIMITS)
    assert (outcome.ending, len(outcome.data)) == ("ok", size)


def test_nothing_asked_for_is_fine_and_anything_is_too_much(sandbox):
    assert sandbox.run(b"pass", 0, LIMITS).ending == "ok"
    assert sandbox.run(b"emit(b'x')", 0, LIMITS).ending == "output_limit"


def test_a_job_sees_nothing_of_the_one_before(sandbox):
    sandbox.run(b"import builtins; builtins.left = 1; import sys; sys.modules['left'] = 1", 0, LIMITS)
    outcome = sandbox.run(b"import sys; assert 'left' not in sys.modules; left", 0, LIMITS)
    assert "NameError: name 'left'" in outcome.log


def test_start_returns_before_the_server_is_ready():
    sandbox = Sandbox(worker="slow_worker")
    before = time.monotonic()
    sandbox.start()
    assert time.monotonic() - before < 1
    assert sandbox.run(*saying(1), LIMITS).data == b"   1"
    assert time.monotonic() - before > 1
    sandbox.close()


def test_a_server_killed_from_outside_is_started_again(sandbox):
    sandbox.run(*saying(1), LIMITS)
    server_of(sandbox).kill()
    assert sandbox.run(*saying(2), LIMITS).data == b"   2"


def test_neighbours_of_a_job_that_kills_the_server_are_judged(sandbox):
    jobs = [saying(0), (b"import os; os.kill(os.getppid(), 9)", 4), saying(2), saying(3)]
    outcomes = sandbox.run_many(jobs, LIMITS, parallel=3)
    assert [outcome.ending for outcome in outcomes] == ["ok", "sandbox_failed", "ok", "ok"]


def test_a_server_that_stops_answering_is_given_up(sandbox, monkeypatch):
    monkeypatch.setattr("autograder.sandbox.fork_server._PATIENCE_TO_DIE", 0.2)
    job = (b"import os, signal; os.kill(os.getppid(), signal.SIGSTOP); os._exit(0)", 1)
    outcome = sandbox.run(*job, Limits(cpu_seconds=1, wall_seconds=0.3))
    assert outcome.ending == "sandbox_failed"
    assert sandbox.run(*saying(3), LIMITS).data == b"   3"


def test_leaving_a_round_early_kills_its_workers(sandbox):
    jobs = [saying(0), *[(b"import time; time.sleep(100)", 1)] * 3]
    for _, outcome in sandbox.as_completed(jobs, LIMITS, parallel=4):
        assert outcome.data == b"   0"
        workers = server_of(sandbox).children()
        break
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive
    assert sandbox.run(*saying(1), LIMITS).data == b"   1"


def test_close_kills_everything_and_a_run_starts_again(sandbox):
    processes = [server_of(sandbox), *server_of(sandbox).children(recursive=True)]
    sandbox.close()
    sandbox.close()
    assert not psutil.wait_procs(processes, timeout=5)[1]
    assert sandbox.run(*saying(1), LIMITS).data == b"   1"


def test_ctrl_c_reaches_the_judge_only_and_leaves_nothing_running(tmp_path):
    program = f"""
        import os, signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without it
        sys.path.append({str(Path(__file__).parent / "workers")!r})
        from autograder.sandbox import Sandbox
        try:
            with Sandbox(worker="bare_worker") as sandbox:
                print(sandbox._engine._process.pid, flush=True)
                sandbox.run(b"import time; time.sleep(100)", 1)
        except KeyboardInterrupt:
            print("interrupted")
        """
    judge = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert judge.stdout is not None
    server = psutil.Process(int(judge.stdout.readline()))
    while not server.children():
        time.sleep(0.01)
    below = [server, *server.children()]
    os.killpg(judge.pid, signal.SIGINT)
    assert judge.communicate(timeout=10)[0] == "interrupted\n"
    assert not psutil.wait_procs(below, timeout=5)[1]


@pytest.mark.parametrize("level", ["trusted", "user", "full"])
def test_a_killed_judge_leaves_nothing_running(level):
    if not probe(level).works:
        pytest.skip(probe(level).missing)
    program = f"""
        import sys, psutil
        sys.path.append({str(Path(__file__).parent / "workers")!r})
        from autograder.sandbox import Sandbox
        with Sandbox({level!r}, worker="bare_worker") as sandbox:
            jobs = [(b"emit(b'1')", 1), (b"while True: pass", 1)]
            for _ in sandbox.as_completed(jobs):
                me = psutil.Process()
                print(*(child.pid for child in me.children(recursive=True)), flush=True)
        """
    judge = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert judge.stdout is not None
    below = [psutil.Process(int(number)) for number in judge.stdout.readline().split()]
    assert len(below) >= 2
    judge.kill()
    judge.wait()
    judge.stdout.close()
    assert not psutil.wait_procs(below, timeout=10)[1]


def test_several_sandboxes_run_at_once():
    level = available_level()
    with Sandbox(level, worker="bare_worker") as first, Sandbox(level, worker="bare_worker") as second:
        found = {}

        def play(name, sandbox):
            jobs = [(b"import os; emit(os.getuid().to_bytes(8, 'little'))", 8)] * 20
            found[name] = sandbox.run_many(jobs, LIMITS)

        threads = [threading.Thread(target=play, args=pair) for pair in (("a", first), ("b", second))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {outcome.ending for outcomes in found.values() for outcome in outcomes} == {"ok"}
    if level == "full":
        users = [{outcome.data for outcome in outcomes} for outcomes in found.values()]
        assert not users[0] & users[1]


def test_a_worker_package_that_does_not_exist_is_a_clear_error():
    with pytest.raises(ModuleNotFoundError, match="no worker package nonsense"):
        Sandbox(worker="nonsense").start()


def test_a_preload_that_raises_is_a_clear_error():
    with pytest.raises(SandboxError, match="no torch here"), Sandbox(worker="broken_worker"):
        pass


def test_a_wait_on_a_noisy_machine_is_given_a_second_chance(sandbox, tmp_path):
    mark = tmp_path / "mark"
    job = f"""
import os, time
if not os.path.exists({str(mark)!r}):
    open({str(mark)!r}, "w").close()
    time.sleep(100)
emit(b"late")
"""
    outcome = sandbox.run(job.encode(), 4, Limits(cpu_seconds=1, wall_seconds=0.3))
    assert (outcome.ending, outcome.data) == ("ok", b"late")


def test_cpu_time_used_up_is_not_given_a_second_chance(sandbox):
    start = time.monotonic()
    outcome = sandbox.run(b"while True: pass", 1, Limits(cpu_seconds=1, wall_seconds=60))
    assert outcome.ending == "timed_out"
    assert outcome.cpu_seconds < 2
    assert outcome.wall_seconds > time.monotonic() - start - 1
