"""The training loop."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import nn

from course_lib.lab.train import History, one_thread, train


def squared_error(model, x, y):
    return (model(x) - y).square().mean()


def line(slope=2.0):
    """Batches of y = slope * x, and a model with one weight that starts at zero."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    x = torch.tensor([[-1.0], [1.0]])
    return model, itertools.repeat((x, slope * x))


def run(model, batches, steps, lr=0.1, **options):
    optimizer = torch.optim.SGD(model.parameters(), lr)
    return train(model, optimizer, batches, steps, loss=squared_error, progress=False, **options)


def test_it_learns_and_remembers_every_step():
    model, batches = line()
    history = run(model, batches, 50, name="line")
    assert model.weight.item() == pytest.approx(2.0, abs=1e-3)
    assert history.name == "line"
    assert history.losses[0] == pytest.approx(4.0)
    assert len(history.losses) == len(history.lrs) == len(history.seconds) == 50
    assert history.seconds == sorted(history.seconds)
    assert history.stopped == ""


def test_validation_is_measured_before_the_first_step_then_at_intervals_and_at_the_end():
    model, batches = line()
    history = run(model, batches, 7, validation=next(batches), validate_every=3)
    assert history.validation_steps == [0, 3, 6, 7]
    assert history.validation_losses[0] == pytest.approx(4.0)
    assert history.final == history.validation_losses[-1] < 1.0


def test_the_schedule_scales_every_groups_own_learning_rate():
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD([{"params": [model.weight], "lr": 0.1}, {"params": [model.bias], "lr": 0.01}])
    seen = []
    _, batches = line()
    history = train(
        model,
        optimizer,
        batches,
        3,
        loss=squared_error,
        schedule=lambda step: 1 / (step + 1),
        on_gradients=lambda step: seen.append([group["lr"] for group in optimizer.param_groups]),
        progress=False,
    )
    assert seen == [[pytest.approx(0.1 / t), pytest.approx(0.01 / t)] for t in (1, 2, 3)]
    assert history.lrs == pytest.approx([0.1, 0.05, 0.1 / 3])


def test_gradients_can_be_looked_at_before_the_parameters_move():
    model, batches = line()
    seen = []
    run(model, batches, 2, on_gradients=lambda step: seen.append((model.weight.grad.item(), model.weight.item())))
    assert seen[0] == (pytest.approx(-4.0), 0.0)
    assert seen[1][1] == pytest.approx(0.4)


def test_several_optimizers_share_one_model():
    model = nn.Linear(1, 1)
    before = [p.item() for p in model.parameters()]
    optimizers = [torch.optim.SGD([p], 0.1) for p in model.parameters()]
    _, batches = line()
    train(model, optimizers, (((x + 1), y) for x, y in batches), 1, loss=squared_error, progress=False)
    assert all(p.item() != was for p, was in zip(model.parameters(), before, strict=True))


def test_a_diverging_run_stops_and_says_so():
    model, batches = line()
    history = run(model, batches, 1000, lr=5.0)
    assert history.stopped.startswith("diverged at step")
    assert len(history.losses) < 20
    assert history.final == math.inf


def test_a_loss_that_is_not_a_number_stops_the_run():
    model, batches = line(slope=math.nan)
    history = run(model, batches, 10)
    assert history.stopped == "diverged at step 0: the loss is nan"


def test_interrupting_keeps_what_was_done():
    model, batches = line()

    def interrupt(step):
        if step == 4:
            raise KeyboardInterrupt

    history = run(model, batches, 100, on_gradients=interrupt, validation=next(batches), validate_every=2)
    assert history.stopped == "interrupted at step 4"
    assert history.final < 4.0
    assert model.weight.item() != 0.0


def test_the_number_of_threads_is_restored():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


def test_a_history_without_validation_has_no_final_loss():
    assert math.isnan(History().final)


def test_the_bar_shows_the_name_and_the_loss(capsys):
    model, batches = line()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    train(model, optimizer, batches, 3, loss=squared_error, name="a straight line")
    shown = capsys.readouterr().err
    assert "a straight line: 100%" in shown
    assert "3/3 steps" in shown
