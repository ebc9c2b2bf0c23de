"""The multi-step oracle and its conventions against torch's MultiStepLR and published functions, written anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from torch.optim.lr_scheduler import LinearLR, MultiStepLR, SequentialLR

from tests.oracles.schedule_values import torch_lrs, values


def plan(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 5))
    return {
        "milestones": sorted(int(m) for m in rng.choice(np.arange(1, 60), size=count, replace=False)),
        "gamma": float(rng.uniform(0.05, 0.95)),
        "peak_lr": float(10 ** rng.uniform(-4, 0)),
    }


@pytest.mark.parametrize("seed", range(200))
def test_without_warmup_the_oracle_walks_like_torchs_multi_step_lr(seed: int) -> None:
    p = plan(seed)
    theirs = torch_lrs(lambda o: MultiStepLR(o, p["milestones"], p["gamma"]), p["peak_lr"], 65)
    np.testing.assert_allclose(values("multi_step", [], range(65), **p), theirs, rtol=1e-12)


@pytest.mark.parametrize("seed", range(25))
def test_with_warmup_it_walks_like_two_torch_schedulers_in_sequence(seed: int) -> None:
    p, warmup = plan(seed), 2 + seed % 6
    shifted = [m + warmup for m in p["milestones"]]

    def make(optimizer: Any) -> SequentialLR:
        first = LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        return SequentialLR(optimizer, [first, MultiStepLR(optimizer, p["milestones"], p["gamma"])], [warmup])

    mine = values("multi_step", ["warmup-from-one"], range(70), **{**p, "milestones": shifted, "warmup_steps": warmup})
    np.testing.assert_allclose(mine, torch_lrs(make, p["peak_lr"], 70), rtol=1e-12)


def keras(t: int, boundaries: list[int], values: list[float]) -> float:
    """tf.keras PiecewiseConstantDecay: a boundary's own step still has the value before it."""
    for boundary, value in zip(boundaries, values, strict=False):
        if t <= boundary:
            return value
    return values[-1]


def deepseek(t: int, T: int, W: int, peak: float) -> float:
    """DeepSeek LLM, section 2.3: 31.6 % of the peak from 80 % of the run on, 10 % from 90 % on."""
    if t < W:
        return peak * t / W
    return peak * (0.1 if t >= 0.9 * T else 0.1**0.5 if t >= 0.8 * T else 1.0)


@pytest.mark.parametrize("seed", range(200))
def test_the_convention_of_keras_is_one_step_later(seed: int) -> None:
    p = plan(seed)
    levels = [p["peak_lr"] * p["gamma"] ** i for i in range(len(p["milestones"]) + 1)]
    theirs = [keras(t, p["milestones"], levels) for t in range(65)]
    np.testing.assert_allclose(values("multi_step", ["after-the-milestone"], range(65), **p), theirs, rtol=1e-12)


def test_deepseeks_schedule_is_one_of_them() -> None:
    mine = values("multi_step", [], range(1200), milestones=[800, 900], gamma=0.1**0.5, peak_lr=4.2e-4, warmup_steps=20)
    np.testing.assert_allclose(mine, [deepseek(t, 1000, 20, 4.2e-4) for t in range(1200)], rtol=1e-12)
