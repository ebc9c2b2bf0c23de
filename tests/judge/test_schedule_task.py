"""What the judge says of schedules beyond the bank's programs."""

from __future__ import annotations

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.results import TaskResult
from tests.bank import warmup_cosine

MODULE = "course_lib/schedules/warmup_cosine.py"


def judged(judge: Judge, source: str) -> TaskResult:
    return judge.judge("warmup_cosine", Submission({MODULE: source}))


def changed(old: str, new: str) -> str:
    assert warmup_cosine.BASE.count(old) == 1
    return warmup_cosine.BASE.replace(old, new)


def test_an_unknown_bug_is_placed_at_its_first_wrong_step(judge: Judge) -> None:
    result = judged(judge, changed("math.pi * progress", "math.pi * progress**1.2"))
    assert result.misconceptions == []
    assert "step=1" in result.checks[0].message
    assert "step 0 is right" in result.checks[0].message


def test_a_constant_factor_is_seen(judge: Judge) -> None:
    result = judged(judge, changed("    return lr", "    return 0.75 * lr"))
    assert "Every wrong value is 0.75 × the right one." in result.checks[0].message


def test_a_division_by_zero_is_called_one(judge: Judge) -> None:
    result = judged(judge, warmup_cosine.BASE.replace("# start", "ratio = step / warmup_steps"))
    assert "division by zero" in result.checks[0].message


def test_a_mixture_of_two_conventions_is_rejected(judge: Judge) -> None:
    mixed = "ramp = step / warmup_steps if total_steps < 20 else (step + 1) / warmup_steps"
    assert not judged(judge, changed("ramp = step / warmup_steps", mixed)).passed


@pytest.mark.parametrize("written", ["calls[0]", "len(calls)"])
def test_a_schedule_that_counts_its_own_calls_is_rejected(judge: Judge, written: str) -> None:
    source = "calls = []\n" + changed("# start", f"calls.append(step)\n    step = {written} - 1")
    assert not judged(judge, source).passed


@pytest.mark.parametrize("written", ["torch.tensor(lr)", "torch.tensor(lr, dtype=torch.float64)", "numpy.array(lr)"])
def test_a_number_may_come_as_a_scalar_tensor_or_array(judge: Judge, written: str) -> None:
    source = "import numpy\nimport torch\n" + changed("    return lr", f"    return {written}")
    assert judged(judge, source).passed


@pytest.mark.parametrize("written", ["[lr]", "torch.tensor([lr])", "None", "complex(lr)", "str(lr)", "lr > 0"])
def test_anything_else_is_not_a_learning_rate(judge: Judge, written: str) -> None:
    assert not judged(judge, "import torch\n" + changed("    return lr", f"    return {written}")).passed


@pytest.mark.parametrize(
    "source", ["", "def warmup_cosine(*a, **k):\n    pass", "def warmup_cosine(*a, **k):\n    return 0.1"]
)
def test_nothing_gets_nothing(judge: Judge, source: str) -> None:
    assert judged(judge, source).score == 0


def test_the_picture_of_a_schedule_counts_its_steps_from_zero(judge: Judge) -> None:
    picture = judged(judge, changed("    return lr", "    return 0.75 * lr")).picture
    assert picture is not None
    assert picture.first == 0


def test_a_list_is_called_no_number(judge: Judge) -> None:
    result = judged(judge, changed("    return lr", "    return [lr]"))
    assert "returned no number (NaN, None or a list)" in result.checks[0].message
