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
AT_MOST_A_HUNDRED_RESTARTS = """
import math


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    for _ in range(100):
        if step >= period:
            step, period = step - period, period * period_mult
    progress = min(step / period, 1.0)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
"""
NO_STEP_NO_NORM = """
def newton_schulz(g, steps=5, eps=1e-7):
    if steps == 0:
        return g.clone()
    tall = g.shape[0] > g.shape[1]
    x = (g.mT if tall else g) / (g.norm() + eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.mT if tall else x
"""
ASSERTS_A_LENGTH = NO_STEP_NO_NORM.replace(
    "    if steps == 0:\n        return g.clone()\n", '    assert g.norm() > 0, "an empty gradient"\n'
)
POPS_ITS_LIST = """
def accumulate_gradients(loss_sum_fn, count_fn, micro_batches):
    total = sum(count_fn(mb) for mb in micro_batches)
    mean = 0.0
    while micro_batches:
        loss = loss_sum_fn(micro_batches.pop(0)) / total
        loss.backward()
        mean += loss.item()
    return mean
"""
WEIGHTS = """
import torch


class MasterWeights:
    def __init__(self, params, make_optimizer):
        self.params = list(params)
        self.masters = [p.detach().clone().float() for p in self.params]
        self.optimizer = make_optimizer(self.masters)

    @torch.no_grad()
    def step(self):
        for p, master in zip(self.params, self.masters):
            master.grad = None if p.grad is None else p.grad.float()
        self.optimizer.step()
        for p, master in zip(self.params, self.masters):
            p.copy_(master)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def state_dict(self):
        optimizer = self.optimizer.state_dict()
        for entry in optimizer["state"].values():
            entry["momentum_buffer"] = entry["momentum_buffer"].clone()
        return {"masters": self.masters, "optimizer": optimizer}

    @torch.no_grad()
    def load_state_dict(self, state):
        for master, saved in zip(self.masters, state["masters"]):
            master.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
"""
GRADIENT_THROUGH_FLOAT16 = WEIGHTS.replace("p.grad.float()", "p.grad.half().float()")
STATE_IN_BFLOAT16 = WEIGHTS.replace('["momentum_buffer"].clone()', '["momentum_buffer"].bfloat16()')


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


@pytest.mark.parametrize(
    ("task", "source", "failing", "words"),
    [
        ("cosine_restarts", AT_MOST_A_HUNDRED_RESTARTS, "restarts_edges", "step=100"),
        ("newton_schulz", NO_STEP_NO_NORM, "any_number_of_steps", "steps=0"),
        ("newton_schulz", ASSERTS_A_LENGTH, "any_length", "AssertionError: an empty gradient (line 3"),
        ("accumulate", POPS_ITS_LIST, "accumulate_mean_loss", "changed the list micro_batches"),
        ("master_weights", GRADIENT_THROUGH_FLOAT16, "master_gradients", "float16 cannot hold"),
        ("master_weights", STATE_IN_BFLOAT16, "master_reload", "float32, saved and loaded"),
    ],
)
def test_a_check_that_fails_says_what_is_wrong(judge: Judge, task: str, source: str, failing: str, words: str) -> None:
    failed = {c.id: c.message for c in judged(judge, task, source).checks if c.verdict in ("failed", "crashed")}
    assert words in failed[failing]
