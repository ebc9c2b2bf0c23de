"""Plans, the recorded runs, and the command that makes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from course_lib.lab import record_schedules
from course_lib.lab.schedule_runs import (
    RECORDED,
    Plan,
    as_record,
    finals,
    inverse_sqrt,
    recorded,
    recording,
    run_plan,
    small_model,
)
from course_lib.lab.text import load_text
from course_lib.lab.train import History
from tests.lab.schedules import wsd


def test_a_plan_is_a_curve_with_its_peak_and_floor() -> None:
    cosine = Plan("cosine", peak=0.02, floor=0.1).lrs(wsd)
    assert len(cosine) == 1500
    assert max(cosine) == pytest.approx(0.02)
    assert cosine[-1] == pytest.approx(0.002, rel=1e-4)
    assert set(Plan("constant", warmup=0).lrs(wsd)) == {0.01}
    assert np.mean(Plan("wsd", warmup=0, decay=300, shape="linear").lrs(wsd)) == pytest.approx(0.009, rel=1e-2)


def test_inverse_sqrt_rises_to_the_peak_and_halves_in_four_times_the_steps() -> None:
    assert [inverse_sqrt(t, 10, 1.0) for t in (0, 5, 10, 40)] == [0.0, 0.5, 1.0, 0.5]
    assert inverse_sqrt(0, 0, 1.0) == 1.0


def test_the_recording_says_how_it_was_made() -> None:
    content = recording()
    assert content["command"] == "python -m course_lib.lab.record_schedules"
    assert content["device"].startswith("cpu")
    assert {"python", "torch", "numpy"} <= set(content["versions"])
    assert set(content["seeds"]) == {run["seed"] for run in content["runs"]}
    assert RECORDED.stat().st_size < 100_000


def test_every_plan_is_recorded_for_every_seed() -> None:
    for plan in record_schedules.plans():
        assert set(finals(recorded(), plan)) == set(record_schedules.SEEDS), plan
    warm = {
        (run["plan"]["lr"], run["plan"]["warmup"], run["seed"])
        for run in recording()["runs"]
        if run["experiment"] == "warmup"
    }
    assert len(warm) == 4 * len(record_schedules.WARMUP_SEEDS)


def test_without_a_recording_there_are_no_runs(tmp_path: Path) -> None:
    assert recorded(tmp_path / "missing.json") == ()


def test_a_run_is_written_and_read_as_it_was(tmp_path: Path) -> None:
    out, plan = tmp_path / "runs.json", Plan("wsd", decay=5, shape="sqrt", steps=10)
    content = record_schedules._content(out)
    history = History(validation_steps=[0, 10], validation_losses=[4.0, 3.00004])
    record_schedules._add(content, as_record(plan, 3, history), out)
    (run,) = recorded(out)
    assert (run.plan, run.seed, run.steps, run.losses) == (plan, 3, (0, 10), (4.0, 3.0))
    assert json.loads(out.read_text())["command"]
    assert record_schedules._content(out)["runs"] == content["runs"]


def test_a_short_run_learns_and_is_the_same_twice() -> None:
    plan = Plan("wsd", warmup=2, decay=4, shape="linear", steps=20)
    one, two = (run_plan(plan, 0, wsd, progress=False) for _ in range(2))
    assert one.validation_losses == two.validation_losses
    assert one.final < one.validation_losses[0]
    assert one.lrs == pytest.approx(plan.lrs(wsd))


def test_the_small_model_is_small() -> None:
    assert sum(p.numel() for p in small_model(load_text(), 0).parameters()) < 25_000
