"""The self-test finds a layer that is missing or weak, and the sandbox then refuses to start."""

from __future__ import annotations

import sys
from pathlib import Path

import pyseccomp
import pytest

from autograder.sandbox import LevelUnavailable, Sandbox, SandboxError, fork_server, probe

pytestmark = pytest.mark.skipif(not probe("user").works, reason=probe("user").missing or "-")
FULL = pytest.mark.skipif(not probe("full").works, reason=probe("full").missing or "-")


def filter_that_allows(*names: str) -> bytes:
    """The product's filter with more system calls in it."""
    from autograder.sandbox import syscalls

    allowed = syscalls._ALLOWED
    try:
        syscalls._ALLOWED = (*allowed, *names)
        return syscalls.build_filter()
    finally:
        syscalls._ALLOWED = allowed


def start(level="user", read_paths=()):
    with Sandbox(level, worker="autograder.sandbox.empty_worker", read_paths=read_paths) as sandbox:
        return sandbox.layers


def test_a_sound_machine_passes():
    assert start() == ("rlimits", "landlock", "seccomp")


def test_a_worker_that_can_read_everything_is_found_out():
    with pytest.raises(SandboxError, match=r"could read .*passwd \(which landlock is to stop\)"):
        start(read_paths=[Path("/")])


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        (("socket", "connect", "sendto"), "send to this machine over UDP"),
        (("fork", "vfork", "clone"), r"\bfork \("),
        (("setuid", "setresuid"), "become root"),
    ],
)
def test_a_filter_with_a_hole_is_found_out(calls, found, monkeypatch):
    program = filter_that_allows(*calls)
    monkeypatch.setattr(fork_server, "build_filter", lambda: program)
    with pytest.raises(SandboxError, match=found):
        start()


def test_a_filter_that_allows_all_is_found_out(monkeypatch, tmp_path):
    with open(tmp_path / "program", "w+b") as file:
        pyseccomp.SyscallFilter(pyseccomp.ALLOW).export_bpf(file)
        file.seek(0)
        program = file.read()
    monkeypatch.setattr(fork_server, "build_filter", lambda: program)
    with pytest.raises(SandboxError, match=r"which seccomp is to stop|did not come through"):
        start()


def test_a_filter_that_the_kernel_refuses_fails_closed(monkeypatch):
    monkeypatch.setattr(fork_server, "build_filter", lambda: b"\xff" * 8)
    with pytest.raises(SandboxError, match="seccomp"):
        start()


def test_a_path_that_does_not_exist_fails_closed():
    with pytest.raises(SandboxError, match="nowhere"):
        start(read_paths=[Path("/nowhere")])


def test_a_missing_libseccomp_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(LevelUnavailable, match="libseccomp2"):
        start()


def test_a_missing_bubblewrap_says_what_to_install(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LevelUnavailable, match="apt install bubblewrap"):
        start("full")


def test_full_without_root_says_so(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LevelUnavailable, match='needs root; level "user"'):
        start("full")


@FULL
def test_bubblewrap_that_makes_no_namespaces_is_found_out(monkeypatch):
    monkeypatch.setattr(fork_server, "bubblewrap", lambda readable, code: [])
    with pytest.raises(SandboxError, match="namespace"):
        start("full")


@FULL
def test_a_bubblewrap_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(fork_server, "bubblewrap", lambda readable, code: ["bwrap", "--no-such-option"])
    with pytest.raises(LevelUnavailable, match="no-such-option"):
        start("full")


@FULL
def test_workers_that_keep_root_are_found_out(monkeypatch):
    monkeypatch.setattr(fork_server, "first_uid", lambda process: 0)
    with pytest.raises(SandboxError, match="run as root"):
        start("full")


@FULL
def test_workers_that_cannot_read_their_python_are_found_out(tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    with pytest.raises(SandboxError, match=r"workers cannot read .*hidden.*chmod"):
        start("full", read_paths=[hidden])
