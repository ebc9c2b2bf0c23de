"""The mixed-precision oracle against torch's autocast and GradScaler's recipe, and against a float32 step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks._mixed_step_scenarios import SIZES
from autograder.banks.mixed_precision_step import TASK
from autograder.oracles.mixed_precision_step import Run
from autograder.worker.players.mixed_step import DTYPES, Scaler, TorchScaler, TwoLayers


def torch_step(model, x, target, step, optimizer, scaler, dtype, max_norm):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
        loss = 0.5 * (model(x).float() - target).square().sum() * step.get("factor", 1.0) + step.get("offset", 0.0)
    (loss if scaler is None else scaler.scale(loss)).backward()
    if max_norm is not None:
        if scaler is not None:
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()


def both(program, dtype):
    """The oracle's weights and torch's, after the scenario's steps."""
    model = TwoLayers(program["first"], program["second"], SIZES, program.get("biases", []))
    for i in program.get("frozen", []):
        model.every()[i].requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), lr=program["lr"], momentum=0.5)
    make = TorchScaler if program.get("torch_scaler") else Scaler
    scaler = make(program["scale"]) if program["scale"] else None
    run = Run({}, program)
    for step in program["steps"]:
        x, target = torch.tensor(step["x"]).reshape(-1, SIZES[0]), torch.tensor(step["target"]).reshape(-1, SIZES[2])
        with np.errstate(all="ignore"):
            run.call(step)
        torch_step(model, x, target, step, optimizer, scaler, dtype, program["kwargs"].get("max_norm"))
    return run, [weight.detach().double().numpy() for weight in model.every()]


@pytest.mark.parametrize("seed", range(20))
def test_weights_agree_with_torch_within_the_formats_error(seed: int) -> None:
    for scenario in TASK.scenarios(seed):
        dtype = scenario.program["kwargs"].get("dtype", "bfloat16")
        run, theirs = both(scenario.program, DTYPES[dtype])
        unit = {"bfloat16": 2.0**-7, "float16": 2.0**-10}[dtype]
        assert run.usable() == all(np.isfinite(weight).all() for weight in theirs), scenario.about
        for mine, weight, moved in zip(run.params, theirs, run.moved, strict=True):
            same = np.abs(mine - weight) <= unit * moved + 1e-5
            assert same.all() or not run.usable(), scenario.about


@pytest.mark.parametrize("seed", range(20))
def test_one_step_equals_the_float32_step_within_the_formats_error(seed: int) -> None:
    scenario = TASK.scenarios(seed)[0]
    run, theirs = both(scenario.program, torch.float32)
    for mine, weight, moved in zip(run.params, theirs, run.moved, strict=True):
        assert (np.abs(mine - weight) <= 2.0**-7 * moved + 1e-6).all()
