"""Code that tries to break out, hang, crash, flood or outlive: each attempt ends in one clear outcome.

Every attack is followed by an honest job, whose bytes must be those of an honest job before any attack.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace

import psutil
import pytest

from autograder.sandbox import Limits

QUICK = Limits(cpu_seconds=1, wall_seconds=3, memory_bytes=1 << 29, log_bytes=4096)
WAITING = replace(QUICK, wall_seconds=0.5)
GROWING = replace(QUICK, cpu_seconds=10, wall_seconds=20)
HONEST = b"""
import torch
torch.manual_seed(0)
x = torch.randn(8, 8, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.Adam([x], lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    (torch.linalg.inv(x) @ x.T).square().sum().backward()
    optimizer.step()
emit(x.detach().numpy().tobytes())
"""
HONEST_BYTES = 8 * 8 * 8


@dataclass(frozen=True)
class Attack:
    """Source of a snippet that is asked for 8 bytes, and how it must end."""

    name: str
    source: str
    ending: str
    detail: str = ""
    """Words that the outcome's detail must contain."""
    log: str = ""
    """Words that its log must contain."""
    limits: Limits = QUICK
    levels: tuple[str, ...] = ("trusted", "user", "full")


EVERYWHERE = [
    Attack("endless_loop", "while True: pass", "timed_out", "of CPU time"),
    Attack("endless_loop_in_c", "any(iter(int, 1))", "timed_out", "of CPU time", levels=("user",)),
    Attack(
        "endless_regex",
        "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
        "timed_out",
        "of CPU time",
        levels=("full",),
    ),
    Attack(
        "ignored_signals",
        """
        import signal
        for number in (signal.SIGTERM, signal.SIGXCPU, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        while True: pass
        """,
        "timed_out",
        "of CPU time",
    ),
    Attack("sleep", "import time; time.sleep(1000)", "timed_out", "waited without computing", limits=WAITING),
    Attack(
        "deadlock",
        "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "timed_out",
        "waited without computing",
        limits=WAITING,
    ),
    Attack("memory_in_python", "x = b'x'\nwhile True: x = x + x", "crashed", log="MemoryError", limits=GROWING),
    Attack("memory_in_torch", "import torch; torch.ones(10**10)", "crashed", log="allocate memory"),
    Attack(
        "many_small_objects",
        "x = []\nwhile True: x.append(bytes(100_000))",
        "crashed",
        log="MemoryError",
        limits=GROWING,
    ),
    Attack("segmentation_fault", "import ctypes; ctypes.string_at(0)", "killed", "segmentation fault"),
    Attack("abort", "import os; os.abort()", "killed"),
    Attack(
        "stack_overflow",
        """
        import sys
        sys.setrecursionlimit(10**9)
        class Deep:
            def __getattr__(self, name): return getattr(self, name + 'x')
        Deep().x
        """,
        "killed or crashed",
    ),
    Attack("nothing_returned", "pass", "crashed", "returned 0 of 8 bytes"),
    Attack("too_little_returned", "emit(b'1234')", "crashed", "returned 4 of 8 bytes"),
    Attack("exit_early_as_if_well", "import os; emit(b'12'); os._exit(0)", "crashed", "returned 2 of 8"),
    Attack("exit_with_a_status", "import os; os._exit(7)", "crashed", "exit status 7"),
    Attack("system_exit", "import sys; sys.exit()", "crashed", log="SystemExit"),
    Attack("exception", "raise ValueError('so there')", "crashed", log="ValueError: so there"),
    Attack("too_much_returned", "emit(b'x' * 9)", "output_limit", "more than the 8 bytes"),
    Attack("endless_result", "while True: emit(b'x' * 65536)", "output_limit"),
    Attack("closed_descriptors", "import os; os.closerange(0, 256); emit(b'12345678')", "crashed"),
    Attack("flood_of_output", "print('x' * 10**8); emit(b'12345678')", "ok", log="[cut here"),
    Attack(
        "flood_of_stderr",
        "import os\nfor _ in range(1000): os.write(2, b'y' * 65536)\nemit(b'12345678')",
        "ok",
        log="[cut here",
    ),
    Attack("output_that_cannot_be_text", "import os; os.write(1, bytes(range(256))); emit(b'12345678')", "ok"),
    Attack(
        "thread_left_running",
        """
        import threading
        def spin():
            while True: pass
        threading.Thread(target=spin).start()
        emit(b'12345678')
        """,
        "ok",
    ),
    Attack(
        "thread_bomb",
        """
        import threading, time
        while True: threading.Thread(target=time.sleep, args=(100,)).start()
        """,
        "crashed",
        log="can't start new thread",
    ),
    Attack(
        "stdout_that_raises",
        """
        import sys
        class Broken:
            def flush(self): raise KeyboardInterrupt
            def write(self, text): raise KeyboardInterrupt
        sys.stdout = sys.stderr = Broken()
        emit(b'12345678')
        """,
        "ok",
    ),
    Attack(
        "work_at_exit",
        "import atexit, os; atexit.register(os.write, 4, b'forged!!'); emit(b'12345678')",
        "ok",
    ),
    Attack(
        "torch_broken_for_all",
        "import torch; torch.Tensor.__add__ = None; torch.optim.Adam.step = None; emit(b'12345678')",
        "ok",
    ),
    Attack(
        "builtins_broken_for_all",
        "import builtins; builtins.__import__ = builtins.len = builtins.open = None; emit(b'12345678')",
        "ok",
    ),
    Attack("hash_of_death", "import gc; gc.unfreeze(); gc.collect(); emit(b'12345678')", "ok"),
]

ONLY_TRUSTED = [
    Attack(
        "child_left_running",
        "import os, time\nif os.fork() == 0: time.sleep(1000)\nemit(b'12345678')",
        "ok",
    ),
    Attack(
        "daemon_left_running",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(1000)
            os._exit(0)
        emit(b'12345678')
        """,
        "ok",
    ),
    Attack(
        "stops_itself", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "timed_out", "waited", limits=WAITING
    ),
    Attack("kills_itself", "import os; os.kill(os.getpid(), 9)", "killed", "signal 9"),
]

ISOLATED = [
    Attack("fork", "import os; os.fork()", "crashed", log="Operation not permitted"),
    Attack("fork_bomb", "import os\nwhile True: os.fork()", "crashed", log="Operation not permitted"),
    Attack("shell", "import os; os.system('true') == 0 and emit(b'12345678')", "crashed", "returned 0 of 8"),
    Attack("subprocess", "import subprocess; subprocess.run(['true'])", "crashed", log="Operation not permitted"),
    Attack("exec", "import os; os.execv('/bin/true', ['true'])", "crashed", log="Error"),
    Attack("stops_itself", "import os, signal; os.kill(os.getpid(), 19)", "crashed", log="PermissionError"),
    Attack("kills_the_server", "import os; os.kill(os.getppid(), 9)", "crashed", log="PermissionError"),
    Attack("kills_everything", "import os; os.kill(-1, 9)", "crashed", log="PermissionError"),
    Attack(
        "imports_the_judge",
        "import autograder.judge",
        "crashed",
        log="Error",
    ),
    Attack("imports_another_package", "import pytest", "crashed", log="No module named 'pytest'"),
    Attack("limit_lifted", "import resource; resource.setrlimit(resource.RLIMIT_CPU, (99, 99))", "crashed"),
]


def attacks():
    for level in ("trusted", "user", "full"):
        own = ONLY_TRUSTED if level == "trusted" else ISOLATED
        for attack in [*EVERYWHERE, *own]:
            if level in attack.levels:
                yield pytest.param(level, attack, id=f"{level}-{attack.name}")


@pytest.mark.parametrize(("level", "attack"), list(attacks()))
def test_an_attack_ends_clearly_and_leaves_nothing_behind(level, attack, at_level, honest_run):
    sandbox = at_level(level)
    before, processes = honest_run(level)
    outcome = sandbox.run(textwrap.dedent(attack.source).encode(), 8, attack.limits)
    assert outcome.ending in attack.ending, outcome
    assert attack.detail in outcome.detail, outcome
    assert attack.log in outcome.log, outcome
    assert len(outcome.data) <= 8
    assert outcome.data == b"12345678" or outcome.ending != "ok"
    assert len(outcome.log) < 2 * QUICK.log_bytes
    assert "\x1b" not in outcome.log
    after = sandbox.run(HONEST, HONEST_BYTES, QUICK)
    assert (after.ending, after.data) == ("ok", before)
    assert processes_below(sandbox) == processes


@pytest.fixture(scope="module")
def honest_answers():
    return {}


@pytest.fixture
def honest_run(at_level, honest_answers):
    """A function that gives what the honest job returned before any attack, and the processes there were then."""

    def get(level):
        if level not in honest_answers:
            outcome = at_level(level).run(HONEST, HONEST_BYTES, QUICK)
            assert outcome.ending == "ok", outcome
            honest_answers[level] = outcome.data, processes_below(at_level(level))
        return honest_answers[level]

    return get


def processes_below(sandbox):
    """How many processes run beneath the one that was started: the server, where bubblewrap is around it."""
    return len(psutil.Process(sandbox._engine._process.pid).children(recursive=True))
