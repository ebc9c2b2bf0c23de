"""What is said of wrong functions: calls as they were made, numbers that differ, and what they depend on."""

from __future__ import annotations

import re

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from tests.bank import cosine_restarts
from tests.bank.programs import edited


def messages(judge: Judge, task: str, *edits: tuple[str, str]) -> dict[str, str]:
    """What failing checks say of the task's base program with some edits."""
    base = __import__(f"tests.bank.{task}", fromlist=["BASE"]).BASE
    result = judge.judge(task, Submission({load_task(task).module: edited(base, edits, task)}))
    return {check.id: check.message for check in result.checks if check.verdict in ("failed", "crashed")}


def test_a_call_by_position_is_shown_as_it_was_made(judge: Judge) -> None:
    swapped = ("peak_lr, min_lr=0.0", "min_lr=0.0, peak_lr=0.0")
    said = messages(judge, "warmup_cosine", swapped)["cosine_together"]
    assert said.startswith("warmup_cosine(1, ")
    assert "peak_lr=" not in said


def test_numbers_that_differ_are_shown_apart(judge: Judge) -> None:
    said = messages(judge, "warmup_cosine", ("math.pi * progress", "3.1416 * progress"))["cosine"]
    got, expected = said.partition(" gives ")[2].split(". ")[0].split("; expected ")
    assert got != expected


def test_a_memory_of_earlier_calls_is_noticed(judge: Judge) -> None:
    known = ("import math\n", "import math\n\nknown = {}\n")
    remembered = ("    return lr\n", "    return known.setdefault(step, lr)\n")
    said = messages(judge, "warmup_cosine", known, remembered)["cosine"]
    assert "What does your function remember between calls?" in said


@pytest.mark.parametrize(
    "line",
    [
        'lr = known["lr"] = known.get("lr", lr) * (gamma if step in milestones else 1)',
        "known[len(known)] = step; lr *= 0.9 ** len(known)",
    ],
)
def test_a_call_that_gives_two_things_is_noticed(judge: Judge, line: str) -> None:
    known = ("def multi_step", "known = {}\n\n\ndef multi_step")
    said = " ".join(messages(judge, "multi_step", known, ("# done", line)).values())
    assert re.search(r"Called twice, multi_step\(.*\) gave .* and then .* What does your function remember", said)


def test_a_number_written_into_the_function_is_no_memory(judge: Judge) -> None:
    """1e-8 in place of zero is near enough for other peaks, and the same each time."""
    said = messages(judge, "wsd", ("        lr = min_lr\n", "        lr = min_lr or 1e-8\n"))
    assert said
    assert "remember" not in " ".join(said.values())


@pytest.mark.parametrize("ramp", ["(step + (warmup_steps > 2)) / warmup_steps", "1.0"])
def test_a_zero_or_a_peak_is_no_memory(judge: Judge, ramp: str) -> None:
    said = messages(judge, "warmup_cosine", ("ramp = step / warmup_steps", f"ramp = {ramp}"))
    assert said
    assert "remember" not in " ".join(said.values())


def test_a_peak_that_two_calls_share_is_no_memory(judge: Judge) -> None:
    first = "lr = peak_lr if step == 0 and warmup_steps == 0 else lr"
    said = messages(judge, "multi_step", ("# done", first))
    assert "step=0" in said["multi_step_edges"]
    assert "remember" not in said["multi_step_edges"]


@pytest.mark.parametrize(
    ("task", "edit"),
    [
        ("warmup_cosine", ("    # start\n", "    assert warmup_steps > 0\n")),
        (
            "warmup_cosine",
            ("    # start\n", "    if warmup_steps >= total_steps:\n        raise ValueError('warmup_steps')\n"),
        ),
        ("wsd", ("    # start\n", "    if not decay_steps:\n        raise ValueError('decay_steps')\n")),
        ("multi_step", ("    # start\n", "    passed = sum(milestones <= step)\n")),
    ],
)
def test_only_a_division_by_zero_is_called_one(judge: Judge, task: str, edit: tuple[str, str]) -> None:
    said = " ".join(messages(judge, task, edit).values())
    assert "raised" in said
    assert "divides by zero" not in said


def test_a_division_by_zero_is_no_lack_of_a_mean(judge: Judge) -> None:
    said = " ".join(messages(judge, "noise_scale", ("1 / b - 1 / B", "1 // b - 1 // B")).values())
    assert "ZeroDivisionError" in said
    assert "no lists" not in said


def test_a_mistake_in_the_rule_itself_is_no_convention(judge: Judge) -> None:
    """A schedule that never restarts is near a logarithm that restarts late, but has none."""
    source = cosine_restarts.WRONG["never-restarts"]
    result = judge.judge("cosine_restarts", Submission({load_task("cosine_restarts").module: source}))
    assert (result.misconceptions, result.convention) == (["never-restarts"], None)


def test_a_float64_number_is_shown_with_all_its_digits(judge: Judge) -> None:
    said = messages(
        judge,
        "round_to_format",
        ("y = x.double()", "y = torch.where((x.abs() - 5e8).abs() < 5e8, x.float(), x).double()"),
    )
    shown = said["zeros_infinities_and_nan"].partition("bits, ")[2].partition(" becomes")[0]
    assert len(shown) > 12


@pytest.mark.parametrize(
    ("task", "edit"),
    [
        ("noise_scale", ("    return float(noise / signal)", "    return float(noise / (signal + 1e-8))")),
        ("newton_schulz", ("eps=1e-7", "eps=1e-8")),
    ],
)
def test_a_tiny_tensor_is_called_one(judge: Judge, task: str, edit: tuple[str, str]) -> None:
    said = " ".join(messages(judge, task, edit).values())
    assert re.search(r"with numbers up to [0-9.]+e-\d+", said)


@pytest.mark.parametrize("factor", ["max_norm / (norm + 1e-3)", "(max_norm / norm).half().double()"])
def test_gradients_that_are_nearly_right_get_a_hint(judge: Judge, factor: str) -> None:
    said = messages(judge, "clip", ("factor = (max_norm / norm)", f"factor = ({factor})"))["clip_long_gradients"]
    assert re.search(r"All of them are 0\.[0-9]+ % too (short\. Is something larger|long\. Are parts of)", said)
    assert said.endswith("rounded to a small dtype?")


def test_singular_values_are_named_only_where_a_result_has_them(judge: Judge) -> None:
    said = messages(judge, "newton_schulz", ("    return x\n", "    return torch.zeros_like(g)\n"))["one_step"]
    assert "Your result is zero; the singular values should be" in said
    said = messages(judge, "newton_schulz", ("    return x\n", "    return -x\n"))["one_step"]
    assert "right, up to signs; along them it has -" in said


def test_a_named_mistake_is_measured_by_the_rule_it_was_made_in(judge: Judge) -> None:
    """An E4M3 that ends at 240 and saturates is near two conventions at once, under which E5M2 would look wrong."""
    said = messages(judge, "round_to_format", ("largest = 448.0", "largest = 240.0"))
    assert all("With 4 exponent and 3 mantissa bits" in message for message in said.values())
