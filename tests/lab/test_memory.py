"""Counting what autograd saves."""

from __future__ import annotations

import torch

from course_lib.lab.memory import watch_saved


def test_a_square_saves_its_input_until_backward_has_used_it() -> None:
    x = torch.ones(1000, requires_grad=True)
    with watch_saved() as saved:
        y = ((2 * x) ** 2).sum()
        held = saved.now
        y.backward()
    assert held == saved.peak == 4000
    assert saved.now == 0


def test_a_tensor_that_two_nodes_save_counts_once() -> None:
    x = torch.ones(1000, requires_grad=True)
    with watch_saved() as saved:
        doubled = 2 * x
        y = (doubled**2).sum() + doubled.exp().sum()
        assert saved.now == 8000  # doubled once, and the result of exp
        del y
    assert saved.now == 0


def test_parameters_do_not_count() -> None:
    layer = torch.nn.Linear(10, 10)
    with watch_saved(layer.parameters()) as saved:
        layer(torch.ones(3, 10, requires_grad=True)).sum()
    assert saved.peak == 3 * 10 * 4


def test_two_graphs_at_once_hold_twice_as_much() -> None:
    w = torch.ones(100, requires_grad=True)
    with watch_saved() as one:
        for _ in range(2):
            ((w * torch.ones(100)) ** 2).sum().backward()
    with watch_saved() as both:
        losses = [((w * torch.ones(100)) ** 2).sum() for _ in range(2)]
        sum(losses).backward()  # type: ignore[union-attr]
    assert both.peak == 2 * one.peak
