"""What one worker has sent so far: its result and its log, each up to a bound."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Collected:
    """Bytes of a running worker; `capacity` is the size of a complete result with its ready byte."""

    capacity: int
    log_bytes: int
    stream: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)

    def add_result(self, chunk: bytes) -> bool:
        """Keep a piece of the result; False once there is more than was asked for."""
        self.stream += chunk[: self.capacity + 1 - len(self.stream)]
        return len(self.stream) <= self.capacity

    def add_log(self, chunk: bytes) -> None:
        """Keep a piece of the log; what comes beyond its bound is dropped: a chatty worker goes on."""
        self.log += chunk[: self.log_bytes + 1 - len(self.log)]
