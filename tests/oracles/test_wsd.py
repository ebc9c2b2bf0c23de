"""The WSD oracle and its conventions against published functions, written anew, and against torch's schedulers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR

from tests.oracles.schedule_values import torch_lrs, values

SHAPES = ("linear", "cosine", "sqrt")


def budget(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    warmup, decay = int(rng.integers(2, 15)), int(rng.integers(2, 25))
    peak = float(10 ** rng.uniform(-4, 0))
    return {
        "total_steps": warmup + decay + int(rng.integers(1, 40)),
        "warmup_steps": warmup,
        "decay_steps": decay,
        "peak_lr": peak,
        "min_lr": float(rng.choice([0.0, peak * rng.uniform(0, 0.5)])),
        "shape": SHAPES[seed % 3],
    }


def shape_of(p: float, shape: str) -> float:
    return {"linear": 1 - p, "cosine": 0.5 * (1 + math.cos(math.pi * p)), "sqrt": 1 - math.sqrt(p)}[shape]


def haegele(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """Hägele et al. 2024, schedules.py: wsd_schedule without its initial division."""
    hold = T - D
    if t < W:
        return t / W
    if t < hold:
        return 1.0
    return low + (1 - low) * shape_of((t - hold) / D, shape) if t < T else low


def megatron(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """Megatron-LM, OptimizerParamScheduler.get_lr with lr_decay_style WSD."""
    if W > 0 and t <= W:
        return t / W
    if t > T:
        return low
    start = T - D
    return low + (1 - low) * (1.0 if t <= start else shape_of((t - start) / D, shape))


def transformers(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """transformers, get_wsd_schedule."""
    stable = T - W - D
    if t < W:
        return max(0.0, t / max(1, W) * (1 - low) + low)
    if t < W + stable:
        return 1.0
    if t < W + stable + D:
        return max(0.0, shape_of((t - W - stable) / max(1, D), shape) * (1 - low) + low)
    return low


def transformers_4_45(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """transformers 4.45, get_wsd_schedule: its warmup starts at zero."""
    return t / max(1, W) if t < W else transformers(t, T, W, D, shape, low)


def nanochat(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """nanochat, get_lr_multiplier, which is linear; the other shapes are put in the same place."""
    if t < W:
        return (t + 1) / W
    if t <= T - D:
        return 1.0
    left = (T - t) / D
    return left + (1 - left) * low if shape == "linear" else low + (1 - low) * shape_of(1 - left, shape)


def torchtitan(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """torchtitan, linear_warmup_stable_decay."""
    t = min(t, T)
    if t < W:
        return (t + 1) / (W + 1)
    if t < T - D:
        return 1.0
    return low + (1 - low) * shape_of((t + 1 - (T - D)) / (D + 1), shape)


def linspace(t: int, T: int, W: int, D: int, shape: str, low: float) -> float:
    """numpy.linspace over the decay, ends included."""
    p = np.linspace(0, 1, D)
    whole = [*(np.arange(W) / W), *np.ones(T - W - D), *(low + (1 - low) * shape_of(x, shape) for x in p)]
    return float(whole[t]) if t < T else low


PUBLISHED = [
    (haegele, []),
    (megatron, []),
    (transformers, ["warmup-from-floor"]),
    (transformers_4_45, []),
    (nanochat, ["warmup-from-one"]),
    (torchtitan, ["warmup-between", "decay-between"]),
    (linspace, ["ends-at-the-last-step"]),
]


@pytest.mark.parametrize(("published", "conventions"), PUBLISHED, ids=lambda value: getattr(value, "__name__", None))
def test_the_oracle_gives_what_published_functions_give(published: Any, conventions: list[str]) -> None:
    for seed in range(200):
        b = budget(seed)
        steps = range(b["total_steps"] + 1)
        peak, low = b["peak_lr"], b["min_lr"] / b["peak_lr"]
        mine = values("wsd", conventions, steps, **b)
        lengths = b["total_steps"], b["warmup_steps"], b["decay_steps"]
        theirs = [peak * published(t, *lengths, b["shape"], low) for t in steps]
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12 * peak)


@pytest.mark.parametrize("seed", range(24))
def test_the_oracle_walks_like_torchs_schedulers(seed: int) -> None:
    b = budget(3 * seed + seed % 2)  # linear and cosine, which torch has
    b["shape"] = ("linear", "cosine")[seed % 2]
    warmup, total, decay = b["warmup_steps"], b["total_steps"], b["decay_steps"]

    def make(optimizer: Any) -> SequentialLR:
        first = LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        flat = ConstantLR(optimizer, factor=1.0, total_iters=1)
        last: Any = CosineAnnealingLR(optimizer, decay, b["min_lr"])
        if b["shape"] == "linear":
            last = LinearLR(optimizer, 1.0, b["min_lr"] / b["peak_lr"], decay)
        return SequentialLR(optimizer, [first, flat, last], milestones=[warmup, total - decay])

    mine = values("wsd", ["warmup-from-one"], range(total + 1), **b)
    np.testing.assert_allclose(mine, torch_lrs(make, b["peak_lr"], total + 1), rtol=1e-9, atol=1e-12)


def test_the_floor_holds_beyond_the_end() -> None:
    arguments = {"total_steps": 10, "warmup_steps": 3, "decay_steps": 4, "peak_lr": 1.0, "min_lr": 0.1}
    for shape in SHAPES:
        assert values("wsd", [], [10, 11, 1000], shape=shape, **arguments).tolist() == [0.1, 0.1, 0.1]


def test_a_decay_over_everything_after_the_warmup_is_the_whole_cosine() -> None:
    common = {"total_steps": 40, "warmup_steps": 7, "peak_lr": 0.3, "min_lr": 0.02}
    mine = values("wsd", [], range(45), decay_steps=33, shape="cosine", **common)
    np.testing.assert_allclose(mine, values("warmup_cosine", [], range(45), **common), rtol=1e-12)


def test_runs_without_warmup_without_plateau_and_without_decay_divide_by_nothing() -> None:
    plain = {"total_steps": 4, "peak_lr": 0.5, "shape": "linear"}
    assert values("wsd", [], range(5), warmup_steps=0, decay_steps=0, **plain).tolist() == [0.5, 0.5, 0.5, 0.5, 0.0]
    assert values("wsd", [], range(5), warmup_steps=0, decay_steps=4, **plain).tolist() == [0.5, 0.375, 0.25, 0.125, 0]
    assert values("wsd", [], range(5), warmup_steps=2, decay_steps=2, **plain).tolist() == [0, 0.25, 0.5, 0.25, 0]
