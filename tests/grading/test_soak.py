"""A small soak; `make soak` is the long one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak


def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    done = soak(tmp_path, submissions=24, grader_kills=2, worker_kills=4, seed=1, calm=0.5)
    assert done.problems == []
    assert done.grader_kills >= 1
    assert done.worker_kills >= 1
    assert done.rows == 24 * 18
