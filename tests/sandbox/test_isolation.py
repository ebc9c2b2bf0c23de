"""What a worker at level user or full cannot reach, each thing tried and denied."""

from __future__ import annotations

import os
import pwd
import socket
import sys
from pathlib import Path

import pytest

from autograder.sandbox import Limits

LIMITS = Limits(cpu_seconds=3, wall_seconds=10)
ROOT = Path(__file__).parents[2]
ISOLATED = pytest.mark.parametrize("level", ["user", "full"])


def denied(sandbox, source: str) -> bool:
    """Whether the source, tried in a worker, raises OSError; any other ending is a bug of the test."""
    lines = "".join(f"    {line}\n" for line in source.splitlines())
    program = f"import os, socket, ctypes\ntry:\n{lines}    emit(b'through!')\nexcept OSError:\n    emit(b'denied..')\n"
    outcome = sandbox.run(program.encode(), 8, LIMITS)
    assert outcome.ending == "ok", outcome
    return outcome.data == b"denied.."


def test_the_tests_of_this_file_can_fail(at_level):
    assert not denied(at_level("trusted"), "open('/etc/passwd').read()")


@ISOLATED
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/hostname",
        "/proc/self/environ",
        "/proc/self/maps",
        "/proc/1/cmdline",
        "/proc/version",
        "/dev/zero",
        "/dev/urandom",
        "/dev/shm",
        "/tmp",
        "/",
        str(ROOT),
        str(ROOT / "pyproject.toml"),
        str(ROOT / "autograder" / "judge"),
        str(ROOT / "autograder" / "sandbox" / "server.py"),
        str(ROOT / "solutions"),
        str(Path.home()),
        str(Path(sys.prefix, "pyvenv.cfg")),
        str(Path(os.path.realpath(pytest.__file__))),
        str(Path(os.path.realpath(pytest.__file__)).parents[1]),
        sys.executable,
    ],
)
def test_a_path_cannot_be_read(level, path, at_level):
    reading = f"os.listdir({path!r})" if os.path.isdir(path) else f"open({path!r}, 'rb').read(1)"
    assert denied(at_level(level), reading)


@ISOLATED
def test_a_secret_left_readable_for_everybody_cannot_be_read(level, at_level, tmp_path):
    secret = tmp_path / "gradebook.db"
    secret.write_text("marks")
    secret.chmod(0o666)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777)
    assert denied(at_level(level), f"open({str(secret)!r}).read()")
    assert denied(at_level(level), f"open({str(secret)!r}, 'a').write('more')")
    assert denied(at_level(level), f"os.truncate({str(secret)!r}, 0)")
    assert denied(at_level(level), f"os.unlink({str(secret)!r})")
    assert denied(at_level(level), f"os.rename({str(secret)!r}, '/tmp/mine')")
    assert denied(at_level(level), f"os.link({str(secret)!r}, '/tmp/mine')")
    assert denied(at_level(level), f"os.chmod({str(secret)!r}, 0o777)")
    assert denied(at_level(level), f"os.utime({str(secret)!r})")
    assert denied(at_level(level), f"os.setxattr({str(secret)!r}, 'user.x', b'')")
    assert secret.read_text() == "marks"


@ISOLATED
@pytest.mark.parametrize(
    "attempt",
    [
        "open('written', 'w')",
        "open('/tmp/written', 'w')",
        "os.open('/tmp', os.O_TMPFILE | os.O_RDWR)",
        "open('/dev/null', 'w')",
        "open('/dev/shm/written', 'w')",
        "import torch; open(torch.__path__[0] + '/written.py', 'w')",
        f"open({str(ROOT / 'autograder' / 'worker' / 'forged.py')!r}, 'w')",
        "os.mkdir('/tmp/made')",
        "os.symlink('/etc', '/tmp/link')",
        "os.mkfifo('/tmp/fifo')",
        "os.mknod('/tmp/node')",
        "os.memfd_create('x')",
        "os.chdir('/usr')",
        "os.chroot('/usr')",
    ],
)
def test_nothing_can_be_written(level, attempt, at_level):
    assert denied(at_level(level), attempt)


@ISOLATED
@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
def test_loopback_cannot_be_reached(level, kind, at_level):
    with socket.socket(type=getattr(socket, kind)) as listening:
        listening.bind(("127.0.0.1", 0))
        address = listening.getsockname()
        assert denied(at_level(level), f"socket.socket(type=socket.{kind}).connect({address!r})")


@ISOLATED
@pytest.mark.parametrize(
    "attempt",
    [
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "socket.socket(socket.AF_INET6)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "os.fork()",
        "os.forkpty()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
        "os.kill(1, 0)",
        "os.kill(os.getppid(), 0)",
        "os.killpg(0, 0)",
        "os.setuid(0)",
        "os.setsid()",
        "os.setpgid(0, 0)",
        "os.nice(-1)",
        "os.sched_setaffinity(0, {0})",
        "os.pidfd_open(os.getppid())",
        "os.openpty()",
        "os.getxattr('/usr', 'user.x')",
        "import fcntl; fcntl.ioctl(1, 0x5412, b'x')",  # TIOCSTI: type into the terminal
        "import fcntl; fcntl.fcntl(1, fcntl.F_SETOWN, os.getppid())",  # the pipe would send it signals
        "import fcntl; fcntl.fcntl(1, fcntl.F_SETSIG, 9)",
        "import fcntl; fcntl.fcntl(1, fcntl.F_SETFL, os.O_ASYNC)",
        "import signal; signal.setitimer(signal.ITIMER_REAL, 1)",
        "import shutil; shutil.disk_usage('/')",
    ],
)
def test_a_call_is_denied(level, attempt, at_level):
    assert denied(at_level(level), attempt)


RAW_CALLS = {
    "ptrace": 101,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "shmget": 29,
    "msgget": 68,
    "semget": 64,
    "unshare": 272,
    "setns": 308,
    "mount": 165,
    "pivot_root": 155,
    "keyctl": 250,
    "add_key": 248,
    "bpf": 321,
    "perf_event_open": 298,
    "userfaultfd": 323,
    "io_uring_setup": 425,
    "io_setup": 206,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "init_module": 175,
    "kexec_load": 246,
    "clone3": 435,
    "vfork": 58,
    "execveat": 322,
    "memfd_secret": 447,
    "mq_open": 240,
    "timer_create": 222,
    "eventfd2": 290,
    "inotify_init1": 294,
    "personality": 135,
    "seccomp": 317,
    "landlock_create_ruleset": 444,
    "pidfd_getfd": 438,
    "splice": 275,
    "sendfile": 40,
    "syslog": 103,
    "reboot": 169,
    "settimeofday": 164,
    "quotactl": 179,
    "acct": 163,
    "swapon": 167,
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
@ISOLATED
def test_no_other_system_call_gets_through(level, at_level):
    program = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {RAW_CALLS!r}.items():
    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    if result != -1 or ctypes.get_errno() not in (1, 38):
        print(name, result, ctypes.get_errno())
emit(b'x')
"""
    outcome = at_level(level).run(program.encode(), 1, LIMITS)
    assert (outcome.ending, outcome.log) == ("ok", "")


@ISOLATED
def test_a_system_call_of_the_32_bit_kind_kills(level, at_level):
    if os.uname().machine != "x86_64":
        pytest.skip("int 0x80 is x86's")
    program = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))  # eax = getpid of the i386 table; int 0x80; ret
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
ctypes.CFUNCTYPE(ctypes.c_int)(address)()
emit(b'through!')
"""
    assert at_level(level).run(program.encode(), 8, LIMITS).ending == "killed"


@ISOLATED
def test_the_environment_is_scrubbed(level, at_level, monkeypatch):
    monkeypatch.setenv("SECRET_SEED", "42")
    program = "import os; print(sorted(os.environ)); emit(b'x')"
    log = at_level(level).run(program.encode(), 1, LIMITS).log
    assert "SECRET_SEED" not in log
    assert "USER" not in log


def test_workers_of_the_full_level_run_as_nobody_known(at_level):
    program = "import os; print(*os.getresuid(), *os.getresgid()); emit(b'x')"
    ids = set(at_level("full").run(program.encode(), 1, LIMITS).log.split())
    assert len(ids) == 1
    assert int(ids.pop()) not in {entry.pw_uid for entry in pwd.getpwall()}
