"""The self-test of isolation: a canary worker tries what is forbidden, and one attempt that works is one too many."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import autograder
from autograder.sandbox.canary import Bait
from autograder.sandbox.outcome import READY, Level, Limits, SandboxError

if TYPE_CHECKING:
    from autograder.sandbox.fork_server import ForkServer

_LIMITS = Limits(cpu_seconds=10, wall_seconds=60, memory_bytes=1 << 28)
_ANSWER_BYTES = 1 << 16
_CANARY = 0
"""The number of the canary's job; others count from 1."""


def prove_isolation(server: ForkServer, level: Level, environment: list[str], needed: list[str]) -> None:
    """Raises SandboxError when a worker of this server gets through with anything, or cannot read what it needs."""
    if level == "trusted":
        _send_canary(server, b"")
        return
    with _bait(level, environment, needed) as bait:
        answer = _send_canary(server, bait.to_json())
    if answer["unreadable"]:
        path = answer["unreadable"][0]
        raise SandboxError(
            f"workers cannot read {path}: let everybody read it and the folders above it (chmod a+rX), or install "
            "Python and this project in a folder that all users may read"
        )
    if answer["through"]:
        attempts = "; ".join(f"{what} (which {layer} is to stop)" for layer, what in answer["through"])
        raise SandboxError(f"level {level} is not safe on this machine: in the self-test a worker could {attempts}")


@contextmanager
def _bait(level: Level, environment: list[str], needed: list[str]) -> Iterator[Bait]:
    package = Path(autograder.__file__).parent
    with tempfile.TemporaryDirectory() as folder, socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        os.chmod(folder, 0o777)
        secret = Path(folder, "secret")
        secret.write_text("bait")
        secret.chmod(0o666)
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        outside = [secret, Path("/etc/passwd"), Path("/etc/ld.so.cache"), package / "sandbox" / "server.py"]
        files = [str(path) for path in outside if path.exists()]
        yield Bait(
            files=files,
            folder=folder,
            port=port,
            judge=os.getpid(),
            memory_bytes=2 * _LIMITS.memory_bytes,
            needed=needed,
            may_be_root=level != "full",
            environment=environment,
        )


def _send_canary(server: ForkServer, job: bytes) -> dict[str, list[Any]]:
    server.start_job(_CANARY, job, _ANSWER_BYTES, _LIMITS, canary=True)
    deadline = time.monotonic() + _LIMITS.wall_seconds
    while time.monotonic() < deadline:
        end = server.ended(1.0).get(_CANARY)
        if end is None:
            continue
        if end.returncode != 0 or not end.stream.startswith(READY):
            said = end.log.decode("utf-8", "replace").strip() or f"status {end.returncode}"
            raise SandboxError(f"the sandbox's self-test did not come through: {said}")
        answer: dict[str, list[Any]] = json.loads(end.stream[len(READY) :])
        return answer
    raise SandboxError(f"the sandbox's self-test did not end within {_LIMITS.wall_seconds:.0f} s")
