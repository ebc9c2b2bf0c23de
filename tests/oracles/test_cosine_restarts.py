"""The oracle of cosine restarts against torch's CosineAnnealingWarmRestarts and published functions, written anew."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from tests.oracles.schedule_values import torch_lrs, values


def plan(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    peak = float(10 ** rng.uniform(-4, 0))
    return {
        "period": int(rng.integers(1, 20)),
        "period_mult": int(rng.integers(1, 4)),
        "peak_lr": peak,
        "min_lr": float(rng.choice([0.0, peak * rng.uniform(0, 0.5)])),
    }


@pytest.mark.parametrize("seed", range(200))
def test_the_oracle_walks_like_torchs_warm_restarts(seed: int) -> None:
    p = plan(seed)
    count = 4 * p["period"] * p["period_mult"] ** 2 + 5

    def make(optimizer: Any) -> CosineAnnealingWarmRestarts:
        return CosineAnnealingWarmRestarts(optimizer, p["period"], p["period_mult"], p["min_lr"])

    mine = values("cosine_restarts", [], range(count), **p)
    np.testing.assert_allclose(mine, torch_lrs(make, p["peak_lr"], count), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("seed", range(200))
def test_it_is_the_schedule_of_snapshot_ensembles(seed: int) -> None:
    """Huang et al. 2017, eq. 2, whose steps count from one: ½ α₀ (cos(π mod(t − 1, T/M)/(T/M)) + 1)."""
    p = plan(seed) | {"min_lr": 0.0, "period_mult": 1}
    length = p["period"]
    theirs = [p["peak_lr"] / 2 * (math.cos(math.pi * ((t - 1) % length) / length) + 1) for t in range(1, 5 * length)]
    np.testing.assert_allclose(values("cosine_restarts", [], range(5 * length - 1), **p), theirs, rtol=1e-9, atol=1e-13)


def test_one_period_is_a_cosine_without_warmup() -> None:
    common = {"peak_lr": 0.2, "min_lr": 0.01}
    mine = values("cosine_restarts", [], range(30), period=30, **common)
    theirs = values("warmup_cosine", [], range(30), total_steps=30, warmup_steps=0, **common)
    np.testing.assert_allclose(mine, theirs, rtol=1e-12)
