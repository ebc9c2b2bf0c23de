"""Plays nothing."""

from collections.abc import Callable


def run(job: bytes, emit: Callable[[bytes], None]) -> None:
    """Return no evidence."""
