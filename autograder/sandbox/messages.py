"""The messages between the judge's process and its fork server: JSON, one to a packet, over a socket pair."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.sandbox.outcome import Level, Limits

_PACKET = 1 << 17


@dataclass(frozen=True)
class Setup:
    """How a server prepares itself and its workers; the first message to it."""

    level: Level
    worker: str
    import_folders: dict[str, str]
    beside: list[str] = field(default_factory=list)
    """Folders where any other name may be found."""
    readable_paths: list[str] = field(default_factory=list)
    syscall_filter: str = ""
    """The seccomp program, in hex."""
    first_uid: int = 0
    """Workers get user ids from here on; 0 where they keep the server's."""


@dataclass(frozen=True)
class Start:
    """Fork a worker. Its job, result and log descriptors come with the message, in this order."""

    job: int
    limits: Limits
    canary: bool = False


@dataclass(frozen=True)
class Kill:
    """Kill a worker, if it still runs."""

    job: int


@dataclass(frozen=True)
class Ready:
    """The server's first message: the layers that are up, or the layer that is not and why."""

    layers: list[str]
    failed: str = ""
    namespaces: dict[str, str] = field(default_factory=dict)
    """The server's namespaces, such as {"net": "net:[4026531840]"}."""


@dataclass(frozen=True)
class Ended:
    """A worker has ended and nothing of it is left."""

    job: int
    returncode: int
    cpu_seconds: float
    peak_rss: int


Message = Setup | Start | Kill | Ready | Ended
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Setup, Start, Kill, Ready, Ended)}


def send(link: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send a message. Raises OSError when the other side is gone."""
    packet = json.dumps([type(message).__name__, asdict(message)]).encode()
    socket.send_fds(link, [packet], list(descriptors))


def receive(link: socket.socket) -> tuple[Message | None, list[int]]:
    """The next message and its descriptors; None when the other side is gone."""
    try:
        packet, descriptors, _, _ = socket.recv_fds(link, _PACKET, 3)
    except ConnectionResetError:
        return None, []
    if not packet:
        return None, []
    name, values = json.loads(packet)
    if "limits" in values:
        values["limits"] = Limits(**values["limits"])
    return _KINDS[name](**values), descriptors
