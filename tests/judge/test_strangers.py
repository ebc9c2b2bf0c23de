"""Programs that nobody had thought of when the banks were written."""

from __future__ import annotations

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.results import TaskResult
from tests.bank import adam, muon, round_to_format, warmup_cosine


def judged(judge: Judge, task: str, source: str) -> TaskResult:
    return judge.judge(task, Submission({load_task(task).module: source}))


def said(result: TaskResult) -> list[str]:
    return [check.message for check in result.checks if check.verdict in ("failed", "crashed")]


def changed(source: str, old: str, new: str) -> str:
    assert source.count(old) == 1, old
    return source.replace(old, new)


def test_a_schedule_must_not_eat_its_list_of_milestones(judge: Judge) -> None:
    source = """
def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    while milestones and milestones[0] <= step:
        milestones.pop(0)
        peak_lr *= gamma
    return peak_lr
"""
    assert any("changed one of its arguments" in message for message in said(judged(judge, "multi_step", source)))


def test_a_bug_at_one_step_is_not_measured_against_a_convention_that_is_off_at_all_others(judge: Judge) -> None:
    early = changed(warmup_cosine.BASE, "step >= total_steps", "step >= total_steps - 1")
    result = judged(judge, "warmup_cosine", early)
    assert result.convention is None
    assert "steps 0 to 9 are right" in said(result)[0]


def test_a_mistake_that_would_show_where_the_program_is_right_is_not_named(judge: Judge) -> None:
    truncating = """
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    y = x.double()
    exponent = torch.floor(torch.log2(y.abs().clamp(min=1e-300))).clamp(min=1 - bias)
    spacing = 2.0 ** (exponent - mantissa_bits)
    scaled = y / spacing
    rounded = torch.where(exponent > 1 - bias, torch.round(scaled), torch.trunc(scaled)) * spacing
    top = beyond = 448.0
    if (exponent_bits, mantissa_bits) != (4, 3):
        top, beyond = (2 - 2.0**-mantissa_bits) * 2.0**bias, float("inf")
    rounded = torch.where(rounded.abs() > top, torch.full_like(rounded, beyond), rounded)
    return torch.where(y.isnan(), y, torch.copysign(rounded, y)).to(x.dtype)
"""
    assert not any("exponent rounded" in message for message in said(judged(judge, "round_to_format", truncating)))


def test_an_error_inside_a_closure_is_not_taken_for_missing_gradients(judge: Judge) -> None:
    again = changed(adam.BASE, "loss = closure()", "loss = closure()\n                loss.backward()")
    result = judged(judge, "adam", again)
    assert result.misconceptions == []
    assert "a second time" in said(result)[0]


def test_a_learning_rate_in_a_vector_is_called_one(judge: Judge) -> None:
    boxed = changed(warmup_cosine.BASE, "    return lr", "    import torch\n\n    return torch.tensor([lr])")
    (message,) = said(judged(judge, "warmup_cosine", boxed))
    assert "a learning rate is one number" in message
    assert "Every wrong value" not in message


def test_only_e4m3_has_no_infinity(judge: Judge) -> None:
    source = changed(round_to_format.BASE, "(exponent_bits, mantissa_bits) == (4, 3)", "exponent_bits == 4")
    assert any("With 4 exponent and 2 mantissa bits" in text for text in said(judged(judge, "round_to_format", source)))


def test_muon_has_to_refuse_in_its_constructor_what_would_only_fail_in_a_step(judge: Judge) -> None:
    late = changed(muon.BASE, 'raise ValueError("Muon is for matrices")', "pass")
    assert any("when it is built" in text for text in said(judged(judge, "muon", late)))
