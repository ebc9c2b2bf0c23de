"""The race, its recorded curves and its table."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch

from course_lib.lab.plots import figure
from course_lib.lab.race import plot_race, race, race_table, recorded_race, rise_and_fall, steps_to_loss
from course_lib.lab.style import COLOURS, colour, png
from course_lib.lab.train import History


def sgd(lr):
    return lambda model: torch.optim.SGD(model.parameters(), lr=lr)


def run(name, *losses, stopped=""):
    steps = [10 * i for i in range(len(losses))]
    return History(name, validation_steps=steps, validation_losses=list(losses), stopped=stopped)


def test_every_contestant_starts_from_the_same_weights_and_reads_the_same_batches():
    one, other = race({"SGD": sgd(0.5), "Momentum": sgd(0.1)}, scale="smoke", steps=2, progress=False)
    assert [one.name, other.name] == ["SGD", "Momentum"]
    assert one.losses[0] == other.losses[0]
    assert one.losses[1] != other.losses[1]


def test_another_seed_is_another_start():
    one, other = race({"SGD": sgd(0.5)}, scale="smoke", steps=1, seeds=(0, 1), progress=False)
    assert one.losses[0] != other.losses[0]


def test_the_schedule_scales_the_learning_rate_and_none_keeps_it():
    (scheduled,) = race({"SGD": sgd(0.5)}, scale="smoke", steps=4, progress=False)
    assert scheduled.lrs == pytest.approx([0.5 * rise_and_fall(step, 4) for step in range(4)])
    (constant,) = race({"SGD": sgd(0.5)}, scale="smoke", steps=4, schedule=None, progress=False)
    assert constant.lrs == [0.5] * 4


def test_two_optimizers_share_one_model():
    def make(model):
        rest = [p for p in model.parameters() if p is not model.head.weight]
        return [torch.optim.SGD(rest, lr=0.5), torch.optim.AdamW([model.head.weight], lr=1e-2)]

    (history,) = race({"Muon": make}, scale="smoke", progress=False)
    assert history.final < history.validation_losses[0]


def test_the_factor_rises_then_falls_to_nothing():
    factors = [rise_and_fall(step, 200) for step in range(200)]
    top = int(np.argmax(factors))
    assert factors[0] == pytest.approx(0.05)
    assert factors == sorted(factors[: top + 1]) + sorted(factors[top + 1 :], reverse=True)
    assert max(factors) > 0.95
    assert factors[-1] < 1e-3


def test_steps_to_loss_lie_between_two_validations():
    runs = [run("SGD", 4.0, 3.0, 2.0), run("SGD", 4.0, 3.5, 3.0), run("Adam", 2.0, 1.0)]
    assert steps_to_loss(runs, 2.5) == {"SGD": [15.0, math.inf], "Adam": [0.0]}


def test_recorded_runs_say_how_they_were_made():
    for name, record in recorded_race().items():
        assert name in COLOURS
        assert len(record.histories) >= 3
        assert record.settings
        assert len(record.tried) >= 3
        assert {"command", "device", "torch", "python", "text"} <= set(record.made)
        assert all(history.validation_steps[-1] == 200 for history in record.histories)


def test_an_optimizer_that_was_never_recorded_is_named():
    with pytest.raises(KeyError, match="no race was recorded for Newton"):
        recorded_race("Newton")


def test_live_runs_are_drawn_in_their_optimizers_colour():
    _, ax = figure()
    plot_race(ax, [run("SGD", 4.0, 3.0), run("Adam", 4.0, 2.0)], recorded=False)
    assert [line.get_color() for line in ax.lines] == [colour("SGD"), colour("Adam")]
    assert [text.get_text() for text in ax.texts] == ["SGD", "Adam"]


def test_recorded_runs_stand_behind_the_live_one():
    fig, ax = figure()
    plot_race(ax, [run("SGD", 4.0, 3.0)])
    assert [line.get_linestyle() for line in ax.lines] == ["--", "-"]
    assert len(ax.collections) == 1
    assert [text.get_text() for text in ax.texts] == ["SGD (yours)"]
    assert png(fig)


def test_a_diverged_run_is_left_out_of_the_picture_and_never_arrives_in_the_table():
    gone = run("SGD", 4.0, 9.0, stopped="diverged at step 12: the loss is nan")
    _, ax = figure()
    plot_race(ax, [gone], recorded=False)
    assert not ax.lines
    assert re.search(r"SGD +never +never +yours", race_table([gone], target=2.5, recorded=False))


def test_the_table_has_a_row_for_yours_and_one_for_the_recorded_runs():
    table = race_table([run("SGD", 4.0, 3.0, 2.0)], target=2.5)
    assert "SGD" in table.splitlines()[1]
    assert "2.000" in table.splitlines()[1]
    assert "15" in table.splitlines()[1]
    assert "recorded: lr 0.5; 3 seeds" in table.splitlines()[2]
