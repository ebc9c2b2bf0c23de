"""Wrong functions that differ from a right one on few inputs: each needs a scenario, and words that point there."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.judge.test_messages_of_functions import messages

EDGES = [
    # From total_steps on there is the floor, also where no step of a decay lies before it.
    (
        "warmup_cosine",
        [("# start", "ready = 1\n    if step >= warmup_steps == total_steps:\n        return peak_lr")],
        "cosine_edges",
        "0 of 1 steps are warmup",
    ),
]


@pytest.mark.parametrize(("task", "edits", "check", "words"), EDGES, ids=[edge[1][0][1][:20] for edge in EDGES])
def test_an_edge_is_tried(judge: Judge, task: str, edits: list[tuple[str, str]], check: str, words: str) -> None:
    assert words in messages(judge, task, *edits)[check]
