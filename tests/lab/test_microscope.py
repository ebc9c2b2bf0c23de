"""The microscope sees what an optimizer does, and its slider redraws quickly."""

from __future__ import annotations

import math
import re

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.lab.live_figure import LivePicture, moving_artists
from course_lib.lab.microscope import Microscope
from course_lib.lab.microscope_view import HEIGHT, comparison, microscope_view, show_microscope
from tests.bank import adagrad, adam, adamw, momentum, muon, rmsprop, sgd
from tests.bank.programs import edited


def run(make, steps=5, seed=0, bias=True, reference=""):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(torch.nn.Linear(12, 32, bias=bias), torch.nn.Linear(32, 16, bias=bias))
    layers = {"first": list(model[0].parameters()), "second": list(model[1].parameters())}
    optimizer = make(model.parameters())
    scope = Microscope(optimizer, layers, reference)
    with scope:
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.randn(32, 12)).square().mean().backward()
            optimizer.step()
    return scope, optimizer


def class_from(source, name):
    """The class that a program of the bank defines."""
    namespace = {}
    exec(source, namespace)
    return namespace[name]


def right(bank, id):
    """The source of a right program."""
    program = bank.RIGHT[id]
    return program if isinstance(program, str) else program[0]


def wrong(bank, id):
    """The source of a wrong program."""
    program = bank.WRONG[id]
    return program if isinstance(program, str) else edited(bank.BASE, program, id)


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
    picture = LivePicture(microscope_view(scope, "Adam"), HEIGHT)
    first, words = picture.png(step=1)
    second, others = picture.png(step=20)
    assert first != second
    assert words != others
    assert "× lr" in words


def test_without_a_person_the_stills_are_shown(capsys):
    scope, _ = run(lambda params: torch.optim.Adam(params, lr=0.01))
    show_microscope(scope, optimizer="Adam", alt="two steps of Adam")
    assert capsys.readouterr().out.startswith("two steps of Adam")


BANKS = {
    "SGD": (sgd, {"lr": 0.1, "weight_decay": 0.1}),
    "Momentum": (momentum, {"lr": 0.1, "nesterov": True, "weight_decay": 0.1}),
    "Adagrad": (adagrad, {"lr": 0.1, "weight_decay": 0.1}),
    "RMSprop": (rmsprop, {"lr": 0.01, "alpha": 0.9, "weight_decay": 0.1}),
    "Adam": (adam, {"lr": 0.01, "betas": (0.8, 0.9), "weight_decay": 0.1}),
    "AdamW": (adamw, {"lr": 0.01, "weight_decay": 0.1}),
    "Muon": (muon, {"lr": 0.02, "weight_decay": 0.1}),
}


@pytest.mark.parametrize("name", BANKS)
def test_a_right_optimizer_walks_beside_torchs(name):
    bank, settings = BANKS[name]
    scope, _ = run(lambda params: class_from(bank.BASE, name)(params, **settings), bias=name != "Muon")
    assert scope.without == ""
    assert len(scope.beside) == len(scope.looks) == 5
    assert scope.difference().first_step is None


@pytest.mark.parametrize("program", adam.RIGHT)
def test_every_way_of_writing_adam_walks_beside_torchs(program):
    scope, _ = run(lambda params: class_from(right(adam, program), "Adam")(params, lr=0.01, weight_decay=0.1))
    if scope.without:
        assert program == "torch-itself"
    else:
        assert scope.difference().first_step is None


@pytest.mark.parametrize(
    ("name", "mistake", "step"),
    [
        ("SGD", "decay-sign", 1),
        ("Momentum", "nesterov-swapped", 2),
        ("Adagrad", "running-average-0.9", 1),
        ("RMSprop", "no-root", 1),
        ("Adam", "no-bias-correction", 1),
        ("Adam", "decay-decoupled", 1),
        ("Adam", "second-moment-never-forgets", 2),
        ("AdamW", "coupled-l2", 1),
        ("Muon", "original-swapped", 1),
        ("Muon", "only-normalised", 1),
    ],
)
def test_a_mistake_shows_at_the_step_that_makes_it(name, mistake, step):
    bank, settings = BANKS[name]
    scope, _ = run(lambda params: class_from(wrong(bank, mistake), name)(params, **settings), bias=name != "Muon")
    assert scope.difference().first_step == step


def test_only_the_layer_that_is_wrong_is_tinted_and_named():
    def last_layer_ascends(params):
        first, first_bias, second, second_bias = params
        second.wrong = True
        return Ascending([{"params": [first, first_bias, second, second_bias]}], lr=0.01)

    class Ascending(class_from(adam.BASE, "Adam")):
        def step(self, closure=None):
            super().step(closure)
            for p in self.param_groups[0]["params"]:
                if getattr(p, "wrong", False):
                    p.data.add_(0.02)

    Ascending.__name__ = "Adam"
    scope, _ = run(last_layer_ascends)
    assert scope.difference().first_layers == ("second",)
    assert "at step 1, in second" in comparison(scope)
    figure = Figure(figsize=(8, 6))
    words = microscope_view(scope, "Adam")(figure)(3)
    assert "in 1 of 2 layers, most in second" in words
    bands = [artist for artist in moving_artists(figure) if isinstance(artist, Rectangle)]
    assert [band.get_visible() for band in bands] == [False, True]


def test_a_step_of_another_length_is_told_as_a_ratio():
    source = wrong(adam, "no-bias-correction")
    scope, _ = run(lambda params: class_from(source, "Adam")(params, lr=0.01))
    words = microscope_view(scope, "Adam")(Figure(figsize=(8, 6)))(1)
    assert "3.16 × as long" in words


def test_another_form_of_the_rule_gets_its_reason():
    source = right(momentum, "ema-lerp")
    scope, _ = run(lambda params: class_from(source, "Momentum")(params, lr=0.1))
    assert "(1 − momentum) as long" in comparison(scope)


def test_a_reason_is_not_given_for_a_difference_it_cannot_explain():
    source = wrong(adam, "no-bias-correction")
    scope, _ = run(lambda params: class_from(source, "Adam")(params, lr=0.01))
    assert "another form" not in comparison(scope)


class Lion(torch.optim.Optimizer):
    def __init__(self, params, **defaults):
        super().__init__(params, defaults)

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.sub_(group["lr"] * p.grad.sign())


def test_where_torch_has_no_such_rule_it_says_so_and_shows_the_rest():
    scope, _ = run(lambda params: Lion(params, lr=0.01))
    assert scope.beside == []
    assert comparison(scope) == "There is no reference: torch.optim has no rule called Lion."
    assert "No reference: torch.optim has no rule called Lion." in microscope_view(scope, "Lion")(Figure())(2)


def test_hyperparameters_that_cannot_be_found_are_named():
    scope, _ = run(lambda params: Lion(params, lr=0.01), reference="Adam")
    assert "hold no betas" in scope.without


@pytest.mark.parametrize("reference", ["SGD", lambda groups: torch.optim.SGD(groups, lr=1.0)])
def test_another_reference_can_be_chosen(reference):
    scope, _ = run(lambda params: Lion(params, lr=0.01), reference=reference)
    assert scope.reference.name == "torch.optim.SGD"
    assert scope.reference_series("first", "per_lr") == pytest.approx(scope.series("first", "gradient"), rel=1e-4)


def test_without_a_reference_nothing_is_compared_or_said():
    scope, _ = run(lambda params: torch.optim.SGD(params, lr=0.1), reference=None)
    assert (scope.beside, comparison(scope)) == ([], "")


def test_torchs_own_optimizer_is_not_compared_with_itself():
    scope, _ = run(lambda params: torch.optim.Adam(params, lr=0.1))
    assert scope.beside == []
    assert "torch's own" in comparison(scope)


def test_the_reference_follows_a_learning_rate_that_changes():
    make = class_from(adam.BASE, "Adam")
    model = torch.nn.Linear(3, 2)
    optimizer = make(model.parameters(), lr=0.01)
    with Microscope(optimizer, {"layer": list(model.parameters())}) as scope:
        for step in range(4):
            optimizer.param_groups[0]["lr"] = 0.01 / (step + 1)
            optimizer.zero_grad()
            model(torch.ones(1, 3)).square().sum().backward()
            optimizer.step()
    assert scope.difference().first_step is None


def test_gradients_that_a_closure_makes_are_the_ones_compared():
    make = class_from(adam.BASE, "Adam")
    model = torch.nn.Linear(3, 2)
    optimizer = make(model.parameters(), lr=0.01)

    def closure():
        optimizer.zero_grad()
        loss = model(torch.ones(1, 3)).square().sum()
        loss.backward()
        return loss

    with Microscope(optimizer, {"layer": list(model.parameters())}) as scope:
        for _ in range(3):
            optimizer.step(closure)
    assert len(scope.beside) == 3
    assert scope.difference().first_step is None


def test_watching_changes_nothing():
    make = class_from(adam.BASE, "Adam")
    _, watched = run(lambda params: make(params, lr=0.01))
    _, alone = run(lambda params: make(params, lr=0.01), reference=None)
    pairs = zip(watched.param_groups[0]["params"], alone.param_groups[0]["params"], strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_the_comparison_is_part_of_the_description(capsys):
    scope, _ = run(lambda params: class_from(adam.BASE, "Adam")(params, lr=0.01))
    show_microscope(scope, optimizer="Adam", alt="two steps of Adam.")
    assert re.match(
        r"two steps of Adam\. Every update is that of torch\.optim\.Adam; the largest relative difference is \S+ \(",
        capsys.readouterr().out,
    )
