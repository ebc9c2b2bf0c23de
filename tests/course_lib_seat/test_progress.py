"""How far one has come, read from the records."""

from __future__ import annotations

from pathlib import Path

from course_lib.notebook.progress import progress
from course_lib.notebook.records import remember
from course_lib.workspace import records


def checked(task: str, score: float, max_score: float) -> None:
    remember("progress.jsonl", task=task, score=score, max_score=max_score)


def test_nothing_done_points_at_the_first_task(workspace: Path) -> None:
    found = progress()
    assert found.next_step == "sgd in notebooks/01_sgd"
    assert [chapter.points for chapter in found.chapters] == [0.0] * len(found.chapters)
    assert found.calibration == ""


def test_the_last_check_counts_and_a_failed_task_stays_next(workspace: Path) -> None:
    checked("sgd", 12, 12)
    checked("sgd", 1, 12)
    found = progress()
    assert found.chapters[0].points == 1
    assert found.next_step == "sgd in notebooks/01_sgd (tried, not passed yet)"


def test_a_passed_task_costs_no_more_minutes(workspace: Path) -> None:
    before = progress().chapters[0].minutes_left
    checked("sgd", 12, 12)
    found = progress()
    assert found.chapters[0].minutes_left < before
    assert not found.next_step.startswith("sgd ")


def test_predictions_are_counted_by_their_first_check(workspace: Path) -> None:
    checked("rate", 0, 1)
    checked("rate", 1, 1)
    assert progress().calibration == "Predictions right at the first try: 0 of 1."


def test_a_torn_record_is_read_as_far_as_it_goes(workspace: Path) -> None:
    checked("sgd", 12, 12)
    with open(records() / "progress.jsonl", "ab") as out:
        out.write(b'{"task": "sgd", "score": "many"}\n{"task": "rate", "sc')
    assert progress().chapters[0].points == 0.0


def test_the_page_and_the_text_say_the_same(workspace: Path) -> None:
    checked("sgd", 12, 12)
    found = progress()
    for shown in (repr(found), found._repr_html_()):
        assert found.next_step in shown
        assert found.chapters[0].id in shown
