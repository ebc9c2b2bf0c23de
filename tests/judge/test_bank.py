"""Every program of tests/bank, through real workers: the gate that a bank has to pass."""

from __future__ import annotations

import pytest

from autograder.judge.registry import load_task
from tests.bank import programs
from tests.bank.run import try_task

TASKS = programs.tasks()


@pytest.mark.parametrize("task", TASKS)
def test_right_programs_pass_and_wrong_ones_are_named(task: str) -> None:
    tally = try_task(task, seeds=[7], most_pairs=4)
    assert tally.right_rejected == []
    assert tally.wrong_accepted + tally.pairs_accepted == []
    assert tally.misnamed == []


@pytest.mark.parametrize("task", TASKS)
def test_every_misconception_has_a_program(task: str) -> None:
    known = {variant.id for variant in load_task(task).bank.misconceptions}
    assert {program.name for program in programs.wrong(task)} == known


@pytest.mark.parametrize("task", TASKS)
def test_every_convention_has_a_right_program(task: str) -> None:
    known = {variant.id for variant in load_task(task).bank.conventions}
    used = {id for program in programs.right(task) if program.convention for id in program.convention.split("+")}
    assert used >= known


@pytest.mark.parametrize("task", TASKS)
def test_every_misconception_has_three_hints_in_plain_words(task: str) -> None:
    for variant in load_task(task).bank.misconceptions:
        assert len(variant.hints) == 3, variant.id
        assert all(0 < len(hint.split()) <= 30 for hint in variant.hints), variant.id
