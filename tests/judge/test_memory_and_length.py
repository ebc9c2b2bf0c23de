"""Functions that remember too little of their arguments, or do otherwise in long runs, on unusual numbers, for other shapes."""

from __future__ import annotations

from importlib import import_module

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.results import TaskResult
from tests.bank import noise_scale, warmup_cosine, wsd
from tests.bank.programs import edited

MEMO = """

_compute, _known = {name}, {{}}


def {name}{signature}:
    key = ({key},)
    if key not in _known:
        _known[key] = _compute({arguments})
    return _known[key]
"""
SCHEDULES = {
    "warmup_cosine": "step, total_steps, warmup_steps, peak_lr, min_lr=0.0",
    "wsd": 'step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"',
    "multi_step": "step, milestones, gamma, peak_lr, warmup_steps=0",
    "cosine_restarts": "step, period, peak_lr, min_lr=0.0, period_mult=1",
}


def names(signature: str) -> list[str]:
    return [item.split("=")[0] for item in signature.split(", ")]


def judged(judge: Judge, task: str, source: str) -> TaskResult:
    return judge.judge(task, Submission({load_task(task).module: source}))


def said(result: TaskResult) -> dict[str, str]:
    return {check.id: check.message for check in result.checks if check.verdict in ("failed", "crashed", "timed_out")}


def with_memo(task: str, forgotten: str) -> str:
    signature = SCHEDULES[task]
    arguments = names(signature)
    key = ", ".join(f"str({name})" for name in arguments if name != forgotten)
    base = import_module(f"tests.bank.{task}").BASE
    return str(base) + MEMO.format(name=task, signature=f"({signature})", key=key, arguments=", ".join(arguments))


@pytest.mark.parametrize(
    ("task", "forgotten"),
    [(task, name) for task, signature in SCHEDULES.items() for name in names(signature)[1:]],
)
def test_a_memory_that_leaves_out_an_argument_is_seen(judge: Judge, task: str, forgotten: str) -> None:
    messages = said(judged(judge, task, with_memo(task, forgotten)))
    assert "remember between calls?" in " ".join(messages.values())


@pytest.mark.parametrize("task", SCHEDULES)
def test_a_memory_of_all_arguments_is_right(judge: Judge, task: str) -> None:
    assert judged(judge, task, with_memo(task, "nothing")).passed


LONG = [
    (
        "warmup_cosine",
        ("# start", "warmup_steps = min(warmup_steps, 90) if total_steps < 999 else warmup_steps"),
        "step=",
    ),
    ("warmup_cosine", ("# start", "warmup_steps = min(warmup_steps, 10**5)"), "warmup_steps=300000"),
    (
        "warmup_cosine",
        (
            "ramp = step / warmup_steps",
            "ramp = (step * warmup_steps + 2**31) % 2**32 / (warmup_steps**2 % 2**32) if warmup_steps > 10**4 "
            "else step / warmup_steps",
        ),
        "warmup_steps=300000",
    ),
    (
        "warmup_cosine",
        (
            "factor = 0.5 *",
            "progress = int(1000 * progress) / 1000 if total_steps > 2000 else progress\n        factor = 0.5 *",
        ),
        "total_steps=100000",
    ),
    ("wsd", ("    # start\n", "    decay_steps = min(decay_steps, 10**5)\n"), "decay_steps=200000"),
    ("wsd", ("    # start\n", "    table = [0.0] * total_steps\n"), "need a number for every step"),
    ("wsd", ("    # start\n", "    table = sum(1 for _ in range(total_steps))\n"), "a run of a billion steps"),
    ("multi_step", ("# done", "lr = max(lr, 1e-6 * peak_lr) if step >= warmup_steps else lr"), "30 in all"),
    ("multi_step", ("# start", "milestones = milestones[:8]"), "30 in all"),
    ("multi_step", ("# done", "lr = type(peak_lr)(lr) if step >= warmup_steps else lr"), "gamma=0.1, peak_lr=1,"),
    ("multi_step", ("# start", "warmup_steps = min(warmup_steps, 10**6)"), "warmup_steps=3000000"),
    (
        "cosine_restarts",
        ("length *= period_mult", "length *= period_mult if number < 12 else 1"),
        "step=9000, period=1,",
    ),
    ("cosine_restarts", ("progress = current / span", "progress = current / min(span, 50_000)"), "period=100000"),
    (
        "cosine_restarts",
        ("progress = current / span", "progress = step * (1 / period) % 1 if period_mult == 1 else current / span"),
        "period=49,",
    ),
]


@pytest.mark.parametrize(("task", "edit", "words"), LONG, ids=[f"{case[0]}-{i}" for i, case in enumerate(LONG)])
def test_what_goes_wrong_in_long_runs_is_seen(judge: Judge, task: str, edit: tuple[str, str], words: str) -> None:
    source = edited(import_module(f"tests.bank.{task}").BASE, [edit], task)
    result = judged(judge, task, source)
    assert not result.passed
    assert words in " ".join(said(result).values())


LINSPACE = """
import math


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    if step < warmup_steps:
        return {only} if warmup_steps == 1 else peak_lr * step / (warmup_steps - 1)
    progress = min(1.0, (step - warmup_steps) / max(total_steps - warmup_steps, 1))
    return min_lr + 0.5 * (peak_lr - min_lr) * (1.0 + math.cos(progress * math.pi))
"""


@pytest.mark.parametrize("cut", ["round({}, 10)", "max({}, 1e-8)"])
def test_no_decimal_place_is_the_last(judge: Judge, cut: str) -> None:
    lr = "min_lr + (peak_lr - min_lr) * factor"
    source = edited(wsd.BASE, [(f"lr = {lr}", f"lr = {cut.format(lr)}")], cut)
    assert "peak_lr=2." in " ".join(said(judged(judge, "wsd", source)).values())


@pytest.mark.parametrize("only", ["0.0", "peak_lr"])
def test_a_linspace_of_one_step_may_begin_at_either_end(judge: Judge, only: str) -> None:
    result = judged(judge, "warmup_cosine", LINSPACE.format(only=only))
    assert (result.passed, result.convention) == (True, "warmup-linspace")


def test_only_a_linspace_may_begin_at_the_peak(judge: Judge) -> None:
    edit = ("ramp = step / warmup_steps", "ramp = 1 if warmup_steps == 1 else step / warmup_steps")
    assert not judged(judge, "warmup_cosine", edited(warmup_cosine.BASE, [edit], "")).passed


def test_a_cosine_that_begins_early_is_not_blamed_on_the_warmup(judge: Judge) -> None:
    early = ("progress = (step - warmup_steps)", "progress = (step + 1 - warmup_steps)")
    result = judged(judge, "warmup_cosine", edited(warmup_cosine.BASE, [early], ""))
    assert (result.misconceptions, result.convention) == (["peak-skipped"], None)
    assert "warmup_steps=0" in said(result)["cosine"]
    assert "cosine_warmup" not in said(result)


DRAWS = "    small = sum(small_sq_norms) / len(small_sq_norms)"
UNUSUAL = [
    ("small_sq_norms = [x for x in small_sq_norms if x]", "one of the first is 0"),
    ("small_sq_norms = sorted(set(map(float, small_sq_norms)))", "all equal"),
    ("small_sq_norms = [min(x, 20 * min(small_sq_norms) + 10) for x in small_sq_norms]", "far above"),
    ("small_sq_norms = small_sq_norms[:100]", "hundreds of draws"),
    ("big_sq_norms = [x for x in big_sq_norms if x]", "one of the second is 0"),
    ("big_sq_norms = [min(x, 20 * min(big_sq_norms) + 10) for x in big_sq_norms]", "the second ones all equal"),
    ("big_batch = B = min(B, 65536)", "1000000"),
]
RESULTS = [
    ("max(noise / signal, 1.0) if noise / signal > 0 else noise / signal", "expected 0."),
    ("round(float(noise / signal), 6)", "hardly any noise"),
    ("min(noise / signal, 1e4)", "hardly anything but noise"),
]


@pytest.mark.parametrize(("line", "words"), UNUSUAL)
def test_every_draw_counts(judge: Judge, line: str, words: str) -> None:
    source = edited(noise_scale.BASE, [(DRAWS, f"    {line}\n{DRAWS}")], line)
    assert words in " ".join(said(judged(judge, "noise_scale", source)).values())


@pytest.mark.parametrize(("written", "words"), RESULTS)
def test_a_noise_scale_is_not_rounded_nor_bounded(judge: Judge, written: str, words: str) -> None:
    source = edited(noise_scale.BASE, [("noise / signal", written)], written)
    assert words in " ".join(said(judged(judge, "noise_scale", source)).values())


@pytest.mark.parametrize("mean", ["np.cumsum(v)[-1] / len(v)", "v.mean()"])
def test_float32_is_enough_for_hundreds_of_draws(judge: Judge, mean: str) -> None:
    source = f"""
import numpy as np


def noise_scale(small_sq_norms, big_sq_norms, small_batch, big_batch):
    small, big = (float({mean}) for v in (np.asarray(x, dtype=np.float32) for x in (small_sq_norms, big_sq_norms)))
    signal = (big_batch * big - small_batch * small) / (big_batch - small_batch)
    return (small - big) / (1 / small_batch - 1 / big_batch) / signal
"""
    assert judged(judge, "noise_scale", source).passed


STEPS = [
    ("type(theta)(new) if isinstance(theta, int | float) else new", "first_step(3, 1, 0.5) gives 2; expected 2.5"),
    ("(theta.view(-1) - lr * gradient.view(-1)).view(theta.shape) if tensor else new", "transposed tensor"),
    ("theta.sub_(lr * gradient) if tensor and theta.ndim == 0 else new", "changed one of its arguments"),
    ("new.flatten() if tensor and theta.ndim > 2 else new", "(2, 3, 2)"),
    ("new if tensor else theta - lr * max(-100.0, min(100.0, gradient))", "first_step(1, 10000, 0.5)"),
    ("new if tensor or new * theta > 0 else 0.0", "expected"),
    ("new.item() if tensor and new.numel() == 1 else new", "(1,)"),
    ("known.setdefault((id(theta), id(gradient), lr), new) if tensor and theta.shape == (3,) else new", "same tensors"),
    ("torch.sub(theta, gradient, alpha=lr, out=known.setdefault(theta.shape, new)) if tensor else new", "same tensors"),
]


@pytest.mark.parametrize(("written", "words"), STEPS)
def test_a_first_step_is_right_for_all_numbers_and_tensors(judge: Judge, written: str, words: str) -> None:
    source = f"""
import torch

known = {{}}


def first_step(theta, gradient, lr):
    tensor = isinstance(theta, torch.Tensor)
    new = theta - lr * gradient
    return {written}
"""
    assert words in " ".join(said(judged(judge, "first_step", source)).values())


def test_an_argument_may_come_back_where_nothing_moves(judge: Judge) -> None:
    source = "def first_step(theta, gradient, lr):\n    return theta if lr == 0 else theta - lr * gradient\n"
    assert judged(judge, "first_step", source).passed
