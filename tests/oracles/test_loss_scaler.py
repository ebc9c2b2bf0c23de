"""The loss-scaler oracle against torch.amp.GradScaler, over random scripts of overflows and unscaling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.judge.scripted_task import script
from autograder.judge.variants import CANONICAL
from autograder.oracles.loss_scaler import LossScalerRun

SHAPES = [[2], [3], []]


class Torch:
    """GradScaler and SGD on the same events."""

    def __init__(self, init, hyper, kwargs):
        self.params = [
            torch.nn.Parameter(torch.tensor(v, dtype=torch.float32).reshape(s))
            for v, s in zip(init, SHAPES, strict=True)
        ]
        self.optimizer = torch.optim.SGD(self.params, **kwargs)
        self.scaler = torch.amp.GradScaler("cpu", **hyper)

    def play(self, event):
        kind, *rest = event
        if kind == "backward":
            self.optimizer.zero_grad()
            loss = sum(
                (torch.tensor(c).reshape(s) * p).sum() for c, s, p in zip(rest[0], SHAPES, self.params, strict=True)
            )
            self.scaler.scale(loss).backward()
        elif rest[0] == "unscale_":
            self.scaler.unscale_(self.optimizer)
        elif rest[0] == "step":
            self.scaler.step(self.optimizer)
        else:
            self.scaler.update()


def random_script(rng):
    hyper = {
        "init_scale": float(2.0 ** rng.integers(4, 16)),
        "growth_factor": float(rng.choice([1.5, 2.0, 3.0])),
        "backoff_factor": float(rng.choice([0.5, 0.25])),
        "growth_interval": int(rng.integers(1, 4)),
    }
    kwargs = {"lr": float(rng.uniform(0.01, 0.2)), "momentum": float(rng.choice([0.0, 0.9]))}
    init = [rng.normal(size=s).astype(np.float32) for s in SHAPES]
    events = []
    for _ in range(8):
        grads = [[float(v) for v in np.ravel(rng.normal(size=s).astype(np.float32))] for s in SHAPES]
        if rng.random() < 0.3:
            chosen = grads[int(rng.integers(3))]
            chosen[int(rng.integers(len(chosen)))] = float(rng.choice([np.inf, -np.inf, np.nan]))
        events.append(["backward", grads, True, True])
        if rng.random() < 0.5:
            events.append(["call", "unscale_", [{"optimizer": 0}]])
        events += [["call", "step", [{"optimizer": 0}]], ["call", "update", []]]
    return hyper, kwargs, init, events


@pytest.mark.parametrize("seed", range(200))
def test_parameters_and_scale_are_those_of_torch(seed: int) -> None:
    hyper, kwargs, init, events = random_script(np.random.default_rng(seed))
    optimizers = [{"groups": [[0, 1, 2]], "kwargs": kwargs}]
    make = {"kwargs": hyper}
    scenario = script("LossScaler", "", "", events, shapes=SHAPES, init=init, make=make, optimizers=optimizers)
    mine, theirs = LossScalerRun(CANONICAL, scenario), Torch(init, hyper, kwargs)
    mine.build()
    with np.errstate(all="ignore"):
        for event in events:
            mine._do(event)
            theirs.play(event)
            for a, b in zip(mine.params, theirs.params, strict=True):
                np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-5, atol=1e-6)
            if event[1] == "update":
                assert mine.loss_scale == pytest.approx(theirs.scaler.get_scale(), rel=1e-6)
