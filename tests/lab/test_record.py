"""The command that records the race."""

from __future__ import annotations

import json

import pytest

from course_lib.lab import record
from course_lib.lab.race import recorded_race
from course_lib.lab.train import History


def pretend(contestants, seeds=(0,)):
    """A race that takes no time: the final loss is 2 plus the distance of the learning rate from 0.5."""
    found = []
    for name, make in contestants.items():
        for seed in seeds:
            lr = make(_OneWeight()).param_groups[0]["lr"]
            found.append(
                History(name, validation_steps=[0, 200], validation_losses=[4.0, 2.0 + abs(lr - 0.5) + seed / 10])
            )
    return found


class _OneWeight:
    """As much of a model as an entrant looks at."""

    def parameters(self):
        import torch

        return [torch.nn.Parameter(torch.zeros(1))]


def test_the_best_learning_rate_of_the_first_seed_is_run_on_every_seed(monkeypatch):
    monkeypatch.setattr(record, "race", pretend)
    data = record.record("SGD", record.ENTRANTS["SGD"], "the command")
    assert data["settings"] == "lr 0.5"
    assert [item["lr"] for item in data["tried"]] == list(record.ENTRANTS["SGD"].lrs)
    assert [run["seed"] for run in data["runs"]] == [0, 1, 2]
    assert [run["validation_losses"][-1] for run in data["runs"]] == [2.0, 2.1, 2.2]
    assert data["made"]["command"] == "the command"


def test_a_file_is_written_for_each_optimizer_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(record, "race", pretend)
    monkeypatch.setattr(record, "RECORDED", tmp_path)
    assert record.main(["race", "SGD", "Momentum"]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["race_Momentum.json", "race_SGD.json"]
    assert json.loads((tmp_path / "race_SGD.json").read_text())["made"]["command"].endswith("race SGD")


def test_an_unknown_optimizer_is_refused(capsys):
    with pytest.raises(SystemExit):
        record.main(["race", "Newton"])
    assert "no entrant is called Newton" in capsys.readouterr().err


def test_every_recorded_file_has_an_entrant_and_ran_the_best_rate_that_was_tried():
    for name, recorded in recorded_race().items():
        entrant = record.ENTRANTS[name]
        assert tuple(recorded.tried) == entrant.lrs
        best = min(recorded.tried, key=lambda lr: recorded.tried[lr])
        assert recorded.settings == entrant.settings.format(lr=best)
        assert recorded.histories[0].final == pytest.approx(recorded.tried[best], abs=1e-3)
