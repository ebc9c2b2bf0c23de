"""The system calls that a worker may make: a seccomp filter, built by libseccomp, loaded after the fork.

The judge's process builds it once (libseccomp takes milliseconds, and the fork server is to import nothing of its
own); a worker loads the finished program. What is not on the list fails with EPERM.
"""

from __future__ import annotations

import ctypes
import errno
import os
import tempfile

from autograder.sandbox.outcome import LevelUnavailable

_CLONE_THREAD = 0x10000
_PR_SET_NAME = 15
_FCNTL_COMMANDS = (0, 1, 2, 3, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC. Not F_SETOWN: with it a pipe sends signals to any process."""
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_INSTRUCTION_BYTES = 8

_ALLOWED = (
    # its own descriptors
    *("read", "readv", "pread64", "write", "writev", "lseek", "_llseek", "close", "close_range"),
    *("dup", "dup2", "dup3", "poll", "ppoll", "select", "pselect6", "_newselect"),
    # files and folders: which ones is Landlock's to say
    *("open", "openat", "stat", "lstat", "fstat", "stat64", "lstat64", "fstat64", "newfstatat", "fstatat64"),
    *("statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd"),
    # memory
    *("mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "brk", "membarrier"),
    # threads
    *("futex", "futex_time64", "futex_waitv", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity"),
    *("set_tid_address", "gettid", "getcpu", "restart_syscall", "exit", "exit_group", "arch_prctl"),
    # signals that arrive here
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack"),
    # time and itself
    *("clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep", "clock_nanosleep_time64"),
    *("nanosleep", "gettimeofday", "time", "times", "getrusage", "getrlimit", "ugetrlimit", "uname", "getrandom"),
    *("getpid", "getppid", "getuid", "geteuid", "getresuid", "getgid", "getegid", "getresgid"),
)


def build_filter() -> bytes:
    """The filter as a program for the kernel. Raises LevelUnavailable where libseccomp is not installed."""
    try:
        import pyseccomp as seccomp  # at use: it looks for a shared library, which other levels do not need
    except (ImportError, RuntimeError) as missing:
        raise LevelUnavailable(
            "the system call filter needs libseccomp: install the package libseccomp2 (Debian, Ubuntu) or "
            f"libseccomp (Fedora, conda), and pip install pyseccomp ({missing})"
        ) from missing
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for name in _ALLOWED:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:  # others do not exist on this architecture
            rules.add_rule(seccomp.ALLOW, name)
    threads_only = seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
    rules.add_rule(seccomp.ALLOW, "clone", threads_only)
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be seen: the C library then uses clone
    rules.add_rule(seccomp.ALLOW, "prctl", seccomp.Arg(0, seccomp.EQ, _PR_SET_NAME))
    for command in _FCNTL_COMMANDS:
        rules.add_rule(seccomp.ALLOW, "fcntl", seccomp.Arg(1, seccomp.EQ, command))
    reading = seccomp.Arg(2, seccomp.EQ, 0)
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0), reading)
    with tempfile.TemporaryFile() as program:
        rules.export_bpf(program)
        program.seek(0)
        return program.read()


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def load_filter(program: bytes) -> None:
    """Apply a filter to this thread, which must have no_new_privs, for good. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = _Program(len(program) // _INSTRUCTION_BYTES, program)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), ctypes.byref(filter_), 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")
