"""Which isolation levels this machine offers: found out by starting each, self-test included."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.sandbox.outcome import LEVELS, Level, SandboxError
from autograder.sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Probe:
    """What came of starting a sandbox at a level."""

    level: Level
    layers: tuple[str, ...]
    missing: str
    """Why the level is not to be had, and what to do; empty where it works."""

    @property
    def works(self) -> bool:
        return not self.missing


def probe(level: Level) -> Probe:
    """Start a server at this level that imports nothing (a few tenths of a second), and try to break out of it."""
    try:
        with Sandbox(level, worker="autograder.sandbox.empty_worker") as sandbox:
            return Probe(level, sandbox.layers, "")
    except SandboxError as error:
        return Probe(level, (), str(error))


def available_level() -> Level:
    """The safest level that works here. Raises SandboxError where not even a plain worker starts."""
    for level in reversed(LEVELS):
        found = probe(level)
        if found.works:
            return level
    raise SandboxError(f"no worker starts on this machine: {found.missing}")
