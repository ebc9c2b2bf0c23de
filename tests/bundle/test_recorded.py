"""A recorded task says the same as the task it was recorded from."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.bundle import Bundle
from autograder.errors import CourseError
from autograder.judge.checks import Student
from autograder.judge.engine import PUBLIC_SEED, Judge, ask, observed
from autograder.judge.expectations import Expectations
from autograder.judge.recorded import load, record
from autograder.judge.registry import SUFFIX, checks_of, load_task
from autograder.judge.results import Submission
from tests.bank import programs

SAMPLE = 16
"""Every so many wrong programs; every fourth right one."""


def told(expectations: Expectations, evidence: Any) -> Any:
    student = Student(expectations, observed(expectations.task, evidence, expectations.scenarios))
    assert student.recognition is not None
    results = ask(checks_of(expectations.task.id), student)
    recognition = student.recognition
    return (
        recognition.accepted.id,
        [mistake.id for mistake in recognition.mistakes],
        [hint for mistake in recognition.mistakes for hint in mistake.hints],
        [(item.id, item.verdict, item.points, item.message) for item in results],
    )


@pytest.mark.parametrize("task_id", programs.tasks())
def test_right_and_wrong_programs_are_told_the_same(task_id: str, bundle: Bundle) -> None:
    task = load_task(task_id)
    told_beforehand = load((bundle.folder / "autograder" / "banks" / f"{task_id}{SUFFIX}").read_bytes())
    whole, recorded = Expectations(task, PUBLIC_SEED), Expectations(told_beforehand, PUBLIC_SEED)
    chosen = [*list(programs.right(task_id))[::4], *list(programs.wrong(task_id))[::SAMPLE]]
    with Judge("trusted") as judge:
        for program in chosen:
            submission = Submission(modules={task.module: program.source})
            evidence = judge.collect(task, submission, whole.scenarios)
            assert told(recorded, evidence) == told(whole, evidence), program.name


def test_another_seed_is_refused_with_the_reason() -> None:
    task = load(record(load_task("first_step"), PUBLIC_SEED))
    with pytest.raises(CourseError, match="public scenarios only"):
        task.scenarios(1)


def test_a_recording_holds_no_function_of_an_oracle_or_a_bank() -> None:
    task = load(record(load_task("first_step"), PUBLIC_SEED))
    assert task.entries == ("first_step",)
    assert task.shell.formula.steps["update"](None) is None
    assert task.bank["uphill"].steps["point"](None) is None


def test_a_task_class_of_a_bank_is_refused() -> None:
    class InABank:
        pass

    InABank.__module__ = "autograder.banks.something"
    with pytest.raises(CourseError, match="move it to autograder/judge"):
        record(InABank(), PUBLIC_SEED)
