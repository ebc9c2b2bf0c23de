"""The largest curvature."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from course_lib.lab.curvature import largest_curvature
from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss

NOTHING = (torch.zeros(1), torch.zeros(1))


class Quadratic(nn.Module):
    """½ Σ c θ² for two parameters with given curvatures."""

    def __init__(self, first, second):
        super().__init__()
        self.curvatures = torch.tensor(first), torch.tensor(second)
        self.first, self.second = (nn.Parameter(torch.ones(len(c))) for c in (first, second))

    def forward(self, _):
        pairs = zip(self.curvatures, (self.first, self.second), strict=True)
        return sum((0.5 * c * p**2).sum() for c, p in pairs)


def value(model, x, _):
    return model(x)


@pytest.mark.parametrize(("first", "second", "largest"), [([1.0, 7.0], [3.0], 7.0), ([1.0], [-9.0, 2.0], -9.0)])
def test_it_finds_the_eigenvalue_of_largest_size_with_its_sign(first, second, largest):
    model = Quadratic(first, second)
    found = largest_curvature(model, list(model.parameters()), NOTHING, loss=value, iterations=40)
    assert found == pytest.approx(largest, rel=1e-4)


def test_other_parameters_are_held_still():
    model = Quadratic([1.0, 7.0], [3.0])
    assert largest_curvature(model, [model.second], NOTHING, loss=value) == pytest.approx(3.0)


def test_it_agrees_with_finite_differences_on_the_language_model():
    text = load_text()
    model = TinyLM(len(text.alphabet), width=16, layers=1, heads=2, context=8)
    batch = next(batches(text, batch_size=4, context=8))
    gain = model.final_norm.weight
    whole = torch.autograd.functional.hessian(
        lambda weight: next_byte_loss(_with_gain(model, weight), *batch), gain.detach()
    )
    largest = max(torch.linalg.eigvalsh(whole).tolist(), key=abs)
    assert largest_curvature(model, [gain], batch, iterations=60) == pytest.approx(largest, rel=1e-2)


def _with_gain(model, weight):
    return lambda x: torch.func.functional_call(model, {"final_norm.weight": weight}, (x,))


def test_gradients_are_left_alone():
    model = Quadratic([1.0], [3.0])
    largest_curvature(model, list(model.parameters()), NOTHING, loss=value)
    assert all(p.grad is None for p in model.parameters())
