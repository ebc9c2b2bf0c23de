"""What is seen inside networks that add."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from course_lib.lab.fourier import circle, inside, power_by_frequency

P = 11
NUMBERS = torch.arange(P)


def waves(*frequencies):
    """A table whose columns are cosines and sines of some frequencies."""
    angles = [2 * math.pi * k * NUMBERS / P for k in frequencies]
    return torch.stack([wave for angle in angles for wave in (angle.cos(), angle.sin())], dim=1)


def test_a_pure_frequency_has_all_the_power():
    assert power_by_frequency(waves(3) + 5).tolist() == pytest.approx([0, 0, 1, 0, 0], abs=1e-9)


def test_random_tables_have_power_everywhere():
    table = torch.randn(43, 64, generator=torch.Generator().manual_seed(0))
    power = power_by_frequency(table)
    assert power.sum() == pytest.approx(1)
    assert power.max() < 0.07


def test_a_pure_frequency_lies_on_a_circle_in_the_order_of_its_turns():
    turned, _ = torch.linalg.qr(torch.randn(2, 2, generator=torch.Generator().manual_seed(1)))
    points = circle(waves(4) @ turned, 4)
    assert points.norm(dim=1).tolist() == pytest.approx([1] * P, rel=1e-5)
    turns = torch.atan2(points[:, 1], points[:, 0]).diff().remainder(2 * math.pi)
    steps = {round(float(turn) % math.pi, 3) for turn in turns}
    assert len(steps) == 1


class Table(nn.Module):
    """Logits that are written down for every pair."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, pairs):
        return self.logits[pairs[:, 0] * P + pairs[:, 1]]


def data():
    pairs = torch.cartesian_prod(NUMBERS, NUMBERS)
    return pairs[::2], pairs[::2].sum(1) % P, pairs[1::2], pairs[1::2].sum(1) % P


def test_a_network_that_only_knows_the_sum_is_about_the_sum_alone():
    pairs = torch.cartesian_prod(NUMBERS, NUMBERS)
    seen = inside(Table(9.0 * nn.functional.one_hot(pairs.sum(1) % P, P)), data(), P)
    assert seen.share == pytest.approx(1)
    assert seen.restricted < 0.01
    assert seen.excluded == pytest.approx(math.log(P), rel=1e-6)


def test_a_network_that_has_learned_its_pairs_by_heart_is_mostly_not_about_the_sum():
    logits = torch.randn(P * P, P, generator=torch.Generator().manual_seed(0))
    x, y = data()[:2]
    logits[x[:, 0] * P + x[:, 1], y] += 9
    seen = inside(Table(logits), data(), P)
    assert seen.share < 0.6
