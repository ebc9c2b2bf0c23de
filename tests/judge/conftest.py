"""One warm judge for all tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.judge import Judge


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """A judge at level trusted with the public seed."""
    with Judge("trusted") as made:
        yield made
