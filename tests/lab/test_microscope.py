"""The microscope sees what an optimizer does, and its slider redraws quickly."""

from __future__ import annotations

import math

import pytest
import torch

from course_lib.lab.live_figure import LivePicture
from course_lib.lab.microscope import HEIGHT, Microscope, _view, show_microscope


def run(make, steps=5, seed=0):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    layers = {"first": list(model[0].parameters()), "second": list(model[1].parameters())}
    optimizer = make(model.parameters())
    scope = Microscope(optimizer, layers)
    with scope:
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.randn(8, 3)).square().mean().backward()
            optimizer.step()
    return scope, optimizer


def test_sgd_goes_straight_downhill_by_lr_times_the_gradient():
    scope, _ = run(lambda params: torch.optim.SGD(params, lr=0.1))
    look = scope.looks[2]["first"]
    assert look.cosine == pytest.approx(1.0, abs=1e-6)
    assert look.update == pytest.approx(0.1 * look.gradient, rel=1e-5)
    assert look.per_lr == pytest.approx(look.gradient, rel=1e-5)
    assert math.isnan(look.first)


def test_adams_first_update_is_lr_for_every_number():
    scope, _ = run(lambda params: torch.optim.Adam(params, lr=0.01))
    assert scope.series("first", "per_lr")[0] == pytest.approx(1.0, rel=1e-3)
    look = scope.looks[0]["second"]
    assert look.first == pytest.approx(0.1 * look.gradient, rel=1e-4)
    assert look.second == pytest.approx(math.sqrt(0.001) * look.gradient, rel=1e-4)


def test_state_under_other_names_is_recognised_by_its_values():
    class Renamed(torch.optim.Adam):
        def step(self, closure=None):
            for state in self.state.values():
                if "a" in state:
                    state["exp_avg"], state["exp_avg_sq"] = state.pop("a"), state.pop("b")
            super().step(closure)
            for state in self.state.values():
                state["a"], state["b"] = state.pop("exp_avg"), state.pop("exp_avg_sq")

    scope, _ = run(lambda params: Renamed(params, lr=0.01))
    plain, _ = run(lambda params: torch.optim.Adam(params, lr=0.01))
    assert scope.looks[3]["first"] == plain.looks[3]["first"]


def test_it_stops_looking_when_the_block_ends():
    scope, optimizer = run(lambda params: torch.optim.SGD(params, lr=0.1))
    optimizer.step()
    assert len(scope.looks) == 5


def test_a_layer_without_gradients_shows_nothing():
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Microscope(optimizer, {"layer": list(model.parameters())}) as scope:
        optimizer.step()
    assert math.isnan(scope.looks[0]["layer"].update)


def test_moving_the_slider_changes_the_picture():
    scope, _ = run(lambda params: torch.optim.Adam(params, lr=0.01), steps=40)
    picture = LivePicture(_view(scope, "Adam"), HEIGHT)
    first, words = picture.png(step=1)
    second, others = picture.png(step=20)
    assert first != second
    assert words != others
    assert "× lr" in words


def test_without_a_person_the_stills_are_shown(capsys):
    scope, _ = run(lambda params: torch.optim.Adam(params, lr=0.01))
    show_microscope(scope, optimizer="Adam", alt="two steps of Adam")
    assert capsys.readouterr().out == "two steps of Adam\n"
