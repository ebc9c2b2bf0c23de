"""Gradients as vectors."""

from __future__ import annotations

import itertools

import pytest
import torch

from course_lib.lab.gradients import flat_gradient, minibatch_gradients, squared_norms
from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss


def test_the_mean_of_small_gradients_is_the_gradient_of_the_big_batch():
    text, model = load_text(), TinyLM(120, width=16, layers=1, heads=2, context=8)
    parts = list(itertools.islice(batches(text, batch_size=2, context=8), 4))
    small = minibatch_gradients(model, parts, 4)
    x, y = (torch.cat(side) for side in zip(*parts, strict=True))
    next_byte_loss(model, x, y).backward()
    torch.testing.assert_close(small.mean(dim=0), flat_gradient(model), rtol=1e-4, atol=1e-6)


def test_a_missing_gradient_counts_as_zeros():
    model = torch.nn.ModuleList([torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)])
    model[0](torch.ones(1, 2)).sum().backward()
    assert flat_gradient(model).tolist() == [1, 1, 1, 0, 0, 0]


def test_squared_norms_are_those_of_group_means():
    rows = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0], [9.0, 9.0], [0.0, 1.0]])
    assert squared_norms(rows).tolist() == [25, 1, 4, 162, 1]
    assert squared_norms(rows, 2).tolist() == pytest.approx([8, 34.75 / 4 * 4 - 34.75 + 4.5**2 + 5.5**2])
