"""The warmup-cosine oracle and its conventions against published formulas and torch's schedulers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from tests.oracles.schedule_values import torch_lrs, values


def budget(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    warmup = int(rng.integers(2, 15))
    peak = float(10 ** rng.uniform(-4, 0))
    low = float(rng.choice([0.0, peak * rng.uniform(0, 0.5)]))
    return {
        "total_steps": warmup + int(rng.integers(2, 40)),
        "warmup_steps": warmup,
        "peak_lr": peak,
        "min_lr": low,
    }


def cs336(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    if t < W:
        return t / W * a_max
    if t <= T:
        return a_min + 0.5 * (1 + math.cos((t - W) / (T - W) * math.pi)) * (a_max - a_min)
    return a_min


def nano_gpt(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    return a_max * (t + 1) / (W + 1) if t < W else cs336(t, T, W, a_max, a_min)


def llm_c(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    return a_max * (t + 1) / W if t < W else cs336(t, T, W, a_max, a_min)


def lightly(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    if t < W:
        return a_max * (t + 1) / W
    t, T = t - W, T - W
    if T == 1 or t >= T:
        return a_min
    return a_min - (a_min - a_max) * (math.cos(math.pi * t / (T - 1)) + 1) / 2


def transformers_min_lr(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    rate = a_min / a_max
    if t < W:
        return a_max * t / max(1, W)
    factor = 0.5 * (1 + math.cos(math.pi * 0.5 * 2.0 * (t - W) / max(1, T - W)))
    return a_max * max(0, factor * (1 - rate) + rate)


def transformers_warmup_rate(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    rate = a_min / a_max
    if t < W:
        return a_max * (t + 1) / max(1, W)
    factor = 0.5 * (1 + math.cos(math.pi * 0.5 * 2.0 * (t - W + 1) / max(1, T - W)))
    return a_max * max(0, factor * (1 - rate) + rate)


def transformers_warmup_rate_zero(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    return a_max * t / max(1, W - 1) if t < W else transformers_warmup_rate(t, T, W, a_max, a_min)


def megatron(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    if W > 0 and t <= W:
        return a_max * t / W
    return a_min + 0.5 * (math.cos(math.pi * (t - W) / (T - W)) + 1) * (a_max - a_min) if t <= T else a_min


def timm_with_warmup_prefix(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    if t < W:
        return t * (a_max / W)
    cycle, into = divmod(t - W, T - W)
    return a_min + 0.5 * (a_max - a_min) * (1 + math.cos(math.pi * into / (T - W))) if cycle < 1 else a_min


def dino(t: int, T: int, W: int, a_max: float, a_min: float) -> float:
    warmup = np.linspace(0, a_max, W)
    iters = np.arange(T - W)
    whole = np.concatenate((warmup, a_min + 0.5 * (a_max - a_min) * (1 + np.cos(np.pi * iters / len(iters)))))
    return float(whole[t]) if t < T else a_min


PUBLISHED = [
    (cs336, []),
    (transformers_min_lr, []),
    (llm_c, ["warmup-from-one"]),
    (nano_gpt, ["warmup-between"]),
    (dino, ["warmup-linspace"]),
    (lightly, ["warmup-from-one", "ends-at-the-last-step"]),
    (transformers_warmup_rate, ["steps-count-from-one"]),
    (transformers_warmup_rate_zero, ["linspace-then-decay-from-one"]),
    (megatron, []),
    (timm_with_warmup_prefix, []),
]


@pytest.mark.parametrize(("published", "conventions"), PUBLISHED, ids=lambda value: getattr(value, "__name__", None))
def test_the_oracle_gives_what_published_functions_give(published: Any, conventions: list[str]) -> None:
    for seed in range(200):
        b = budget(seed)
        steps = range(b["total_steps"])
        mine = values("warmup_cosine", conventions, steps, **b)
        theirs = [published(t, b["total_steps"], b["warmup_steps"], b["peak_lr"], b["min_lr"]) for t in steps]
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12 * b["peak_lr"])


@pytest.mark.parametrize("seed", range(25))
def test_the_oracle_walks_like_torchs_schedulers(seed: int) -> None:
    b = budget(seed)
    warmup, total = b["warmup_steps"], b["total_steps"]

    def make(optimizer: Any) -> SequentialLR:
        first = LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        second = CosineAnnealingLR(optimizer, T_max=total - warmup, eta_min=b["min_lr"])
        return SequentialLR(optimizer, [first, second], milestones=[warmup])

    mine = values("warmup_cosine", ["warmup-from-one"], range(total + 1), **b)
    np.testing.assert_allclose(mine, torch_lrs(make, b["peak_lr"], total + 1), rtol=1e-9, atol=1e-12)


def test_the_floor_holds_beyond_the_end() -> None:
    mine = values("warmup_cosine", [], [10, 11, 1000], total_steps=10, warmup_steps=3, peak_lr=1.0, min_lr=0.1)
    assert mine.tolist() == [0.1, 0.1, 0.1]


def test_runs_of_one_step_and_runs_that_are_all_warmup_divide_by_nothing() -> None:
    assert values("warmup_cosine", [], [0], total_steps=1, warmup_steps=0, peak_lr=0.5).tolist() == [0.5]
    assert values("warmup_cosine", [], [0, 1, 2], total_steps=2, warmup_steps=2, peak_lr=0.5).tolist() == [
        0.0,
        0.25,
        0.0,
    ]
