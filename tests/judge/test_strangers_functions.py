"""Wrong functions that once passed: each needs a call that tells it from a right one."""

from __future__ import annotations

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.results import TaskResult

RESTARTS_BY_LOGARITHM = """
import math


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    if period_mult == 1:
        step %= period
    else:
        n = int(math.log(step / period * (period_mult - 1) + 1, period_mult))
        step -= period * (period_mult**n - 1) // (period_mult - 1)
        period *= period_mult**n
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * step / period))
"""
MILESTONE_ZERO_IGNORED = """
def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * gamma ** sum(0 < m <= step for m in milestones)
"""
EPS_IN_THE_SIGNAL = """
def noise_scale(small_sq_norms, big_sq_norms, small_batch, big_batch):
    small, big = sum(small_sq_norms) / len(small_sq_norms), sum(big_sq_norms) / len(big_sq_norms)
    signal = (big_batch * big - small_batch * small) / (big_batch - small_batch)
    return (small - big) / (1 / small_batch - 1 / big_batch) / (signal + 1e-8)
"""


def judged(judge: Judge, task: str, source: str) -> TaskResult:
    return judge.judge(task, Submission({load_task(task).module: source}))


@pytest.mark.parametrize(
    ("task", "source", "failing", "words"),
    [
        ("multi_step", MILESTONE_ZERO_IGNORED, "multi_step_edges", "milestones=[0, "),
        ("noise_scale", EPS_IN_THE_SIGNAL, "noise_scale_of_tensors", "expected"),
    ],
)
def test_rejected_by_one_check_that_says_where(judge: Judge, task: str, source: str, failing: str, words: str) -> None:
    failed = [check for check in judged(judge, task, source).checks if check.verdict in ("failed", "crashed")]
    assert [check.id for check in failed] == [failing]
    assert words in failed[0].message


def test_a_wrong_parameter_name_is_no_division_by_zero(judge: Judge) -> None:
    source = "def warmup_cosine(step, total_steps, warmup_steps, max_lr, min_lr=0.0):\n    return max_lr\n"
    message = next(c.message for c in judged(judge, "warmup_cosine", source).checks if c.verdict == "failed")
    assert "TypeError before your first line ran" in message
    assert "divides by zero" not in message


def test_a_logarithm_that_rounding_makes_too_small_is_accepted_by_its_name(judge: Judge) -> None:
    result = judged(judge, "cosine_restarts", RESTARTS_BY_LOGARITHM)
    assert (result.score, result.convention) == (result.max_score, "logarithm-rounded-down")
