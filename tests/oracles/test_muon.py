"""The Muon oracle against torch.optim.Muon and pytorch_optimizer's."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import _muon

from autograder.judge.evidence import Evidence
from autograder.judge.expectations import Expectations
from autograder.judge.recognise import recognise
from autograder.judge.registry import load_task
from autograder.judge.variants import CANONICAL
from autograder.oracles.muon import RULE
from autograder.worker.codes import Status, error_code
from autograder.worker.harness import Recorder
from autograder.worker.players import constructor, optimizer
from tests.oracles import published_muon


def in_float64(grad: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> torch.Tensor:
    """torch's own function without the cast to bfloat16."""
    a, b, c = coefficients
    x = grad / grad.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


@pytest.mark.parametrize("seed", range(300))
def test_the_oracle_walks_like_torch_apart_from_its_bfloat16(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_muon, "_zeropower_via_newtonschulz", in_float64)
    rng = np.random.default_rng(seed)
    mode = ("original", "match_rms")[seed % 2]
    hyper = {
        "lr": 10 ** rng.uniform(-3, 0),
        "momentum": rng.uniform(0, 0.99),
        "nesterov": bool(rng.integers(2)),
        "weight_decay": rng.choice([0.0, rng.uniform(0, 1)]),
        "ns_steps": int(rng.integers(1, 7)),
    }
    shape = tuple(rng.integers(1, 6, size=2))
    start = rng.normal(size=shape)
    param = torch.nn.Parameter(torch.tensor(start))
    torchs = torch.optim.Muon([param], adjust_lr_fn={"match_rms": "match_rms_adamw"}.get(mode, mode), **hyper)
    mine, plan, state = start, RULE.plan(CANONICAL), RULE.fresh_state(start, CANONICAL)
    for t in range(1, 6):
        grad = rng.normal(size=shape)
        param.grad = torch.tensor(grad)
        torchs.step()
        mine = RULE.update(plan, mine, grad, state, t, {**hyper, "scale": mode}).param
        np.testing.assert_allclose(mine, param.detach().numpy(), rtol=2e-3, atol=2e-4)


def played(module: Any, expectations: Expectations) -> list[Evidence]:
    """What a class brings back from every scenario, played in this process."""
    found = []
    for scenario in expectations.scenarios:
        recorder, status, code = Recorder(scenario.size), Status.OK, 0
        player = constructor if scenario.player == "constructor" else optimizer
        try:
            player.play(module, scenario.request(), recorder)
        except Exception as error:
            status, code = Status.RAISED, error_code(error)
        found.append(Evidence(recorder.values, status, recorder.event, code))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pytorch_optimizers_muon_is_accepted_by_name(seed: int) -> None:
    expectations = Expectations(load_task("muon"), seed)
    found = recognise(expectations, played(types.SimpleNamespace(Muon=published_muon.Muon), expectations))
    assert found.wrong == []
    assert set(found.accepted.id.split("+")) <= {"ema", "bfloat16", "canonical"}
