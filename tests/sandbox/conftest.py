"""Sandboxes for the tests of this folder, one per level for the whole run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import Level, LevelUnavailable, Sandbox

sys.path.append(str(Path(__file__).parent / "workers"))


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[dict[Level, Sandbox | str]]:
    """Level to sandbox, or to the reason why this machine has no such level; filled as tests ask."""
    opened: dict[Level, Sandbox | str] = {}
    yield opened
    for sandbox in opened.values():
        if isinstance(sandbox, Sandbox):
            sandbox.close()


@pytest.fixture
def at_level(sandboxes):
    """A function that gives the sandbox of a level, with torch preloaded, or skips the test."""

    def get(level: Level) -> Sandbox:
        if level not in sandboxes:
            try:
                sandboxes[level] = Sandbox(level, worker="snippet_worker").__enter__()
            except LevelUnavailable as missing:
                sandboxes[level] = str(missing)
        found = sandboxes[level]
        if isinstance(found, str):
            pytest.skip(found)
        return found

    return get
