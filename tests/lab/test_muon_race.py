"""The recorded race of chapter 15 holds what the chapter says of it; live runs and the GPU exercise start."""

from __future__ import annotations

import json
import math

import pytest
import torch

from course_lib.lab.exercises import muon as exercise
from course_lib.lab.muon_race import (
    ADAMW,
    LAZY,
    MUON,
    budget_to_reach,
    fewer_steps,
    half_cosine,
    hidden_matrices,
    optimizers_for,
    recorded,
    recorded_runs,
    run,
    trapezoid,
)
from course_lib.lab.tiny_lm import TinyLM

SEEDS = (0, 1, 2)


def plain_muon(params: list[torch.nn.Parameter], lr: float, weight_decay: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(params, lr=lr, weight_decay=weight_decay)


def test_muon_needs_at_least_135_times_fewer_steps_on_every_seed() -> None:
    assert min(fewer_steps(SEEDS).values()) >= 1.35


def test_a_lazily_tuned_baseline_is_not_there_after_twice_the_steps() -> None:
    for lazy, muon in zip(recorded_runs(LAZY.name, 400), recorded_runs(MUON.name, 200), strict=True):
        assert lazy.history.final > muon.history.final


def test_muon_is_ahead_in_time_by_less_than_in_steps() -> None:
    muon = sum(one.cpu_seconds for one in recorded_runs(MUON.name, 200))
    adamw = sum(one.cpu_seconds for one in recorded_runs(ADAMW.name, 300))
    assert 1.1 < adamw / muon < 1.5


def test_the_record_says_how_it_was_made() -> None:
    made = recorded()["made"]
    assert made["command"] == "python -m course_lib.lab.record_muon"
    assert made["seeds"] == list(SEEDS)
    assert {"device", "python", "torch", "text"} <= set(made)


def test_nothing_is_recorded_for_an_unknown_budget() -> None:
    with pytest.raises(KeyError, match="77 steps"):
        recorded_runs(MUON.name, 77)


def test_the_budget_for_a_loss_lies_between_the_recorded_ones() -> None:
    losses = {100: 3.0, 200: 2.0, 300: 1.5}
    assert budget_to_reach(2.5, losses) == 150
    assert budget_to_reach(3.5, losses) == 100
    assert budget_to_reach(1.0, losses) == math.inf


@pytest.mark.parametrize("schedule", [trapezoid, half_cosine])
def test_schedules_rise_and_end_near_zero(schedule) -> None:
    factors = [schedule(step, 200) for step in range(200)]
    assert factors[0] == pytest.approx(0.05, abs=0.01)
    assert 0 < factors[-1] < 0.03
    assert max(factors) <= 1


def test_each_side_trains_every_parameter_once() -> None:
    model = TinyLM(20, width=16, layers=1, heads=2)
    everything = {id(p) for p in model.parameters()}
    for who in (MUON, ADAMW):
        found = [
            id(p)
            for one in optimizers_for(model, who, plain_muon)
            for group in one.param_groups
            for p in group["params"]
        ]
        assert len(found) == len(set(found))
        assert set(found) == everything
    assert all(p.ndim == 2 for p in hidden_matrices(model)[0])


def test_muon_needs_something_that_builds_it() -> None:
    with pytest.raises(ValueError, match="make_muon"):
        optimizers_for(TinyLM(20, width=16, layers=1, heads=2), MUON)


def test_a_live_run_brings_back_validation_losses() -> None:
    history = run(MUON, 2, make_muon=plain_muon, width=16, progress=False)
    assert history.validation_steps == [0, 2]
    assert history.name == "Muon"


def test_the_gpu_exercise_runs_on_a_cpu_and_is_plain_data() -> None:
    result = json.loads(json.dumps(exercise.run("smoke", torch.device("cpu"))))
    assert {one["optimizer"] for one in result["runs"]} == {"Muon", "AdamW"}
    assert all(len(one["steps"]) == len(one["losses"]) == len(one["seconds"]) for one in result["runs"])
    figure = exercise.draw(result)
    assert len(figure.axes) == 2
