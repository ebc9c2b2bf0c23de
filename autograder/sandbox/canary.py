"""What the self-test's worker tries: everything that a layer of isolation is to stop."""

from __future__ import annotations

from collections.abc import Callable


def run(job: bytes, emit: Callable[[bytes], None]) -> None:
    """Return nothing: a worker came up."""
