"""What the variants of Muon promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.lab.muon_variants.cautious import cautious_decay
from course_lib.lab.muon_variants.dion import dion
from course_lib.lab.muon_variants.normuon import normuon, row_spread
from course_lib.lab.muon_variants.polar_express import COEFFICIENTS, safer
from course_lib.lab.muon_variants.qk_clip import largest_logits, qk_clip_
from course_lib.lab.spectrum import singular_values, through_steps


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_polar_express_brings_a_thousandth_within_an_eighth_of_one_in_five_steps() -> None:
    for smallest, coefficients in ((0.001, COEFFICIENTS), (0.002, safer())):
        ends = through_steps(np.geomspace(smallest, 1, 3000), coefficients)[-1]
        assert np.abs(ends - 1).max() < 0.125


def test_normuon_evens_out_rows_and_has_root_mean_square_a_fifth() -> None:
    orthogonal = torch.linalg.qr(torch.randn(12, 4, generator=generator()))[0]
    moment = torch.zeros(12, 1)
    even = normuon(orthogonal, moment, beta2=0.0)
    assert row_spread(orthogonal) > 1.5
    assert row_spread(even) == pytest.approx(1.0, abs=1e-4)
    assert even.square().mean().sqrt().item() == pytest.approx(0.2, rel=1e-4)
    assert moment.min() > 0


def test_cautious_decay_keeps_what_the_update_pushes_away_from_zero() -> None:
    weight, update = torch.tensor([1.0, 1.0, -2.0, -2.0]), torch.tensor([0.1, -0.1, 0.1, -0.1])
    assert cautious_decay(weight, update).tolist() == [1.0, 0.0, 0.0, -2.0]


def test_qk_clip_brings_the_largest_logit_of_a_head_to_tau_and_leaves_small_heads() -> None:
    query, key, inputs = (torch.randn(*shape, generator=generator()) for shape in ((8, 8), (8, 8), (16, 8)))
    before = largest_logits(query, key, inputs, heads=2)
    tau = before.min().item() + 0.5 * (before.max() - before.min()).item()
    untouched = query[4 * int(before.argmin()) : 4 * int(before.argmin()) + 4].clone()
    qk_clip_(query, key, before, tau=tau)
    after = largest_logits(query, key, inputs, heads=2)
    assert after.max().item() == pytest.approx(tau, rel=1e-5)
    assert torch.equal(query[4 * int(before.argmin()) : 4 * int(before.argmin()) + 4], untouched)


def test_dion_finds_the_leading_directions_and_keeps_the_rest() -> None:
    left = torch.linalg.qr(torch.randn(10, 10, generator=generator()))[0]
    right = torch.linalg.qr(torch.randn(6, 6, generator=generator()))[0]
    values = torch.tensor([5.0, 5.0, 0.1, 0.1, 0.1, 0.1])
    whole = left[:, :6] * values @ right.T
    guess = torch.linalg.qr(torch.randn(6, 2, generator=generator()))[0]
    for _ in range(12):
        momentum = whole.clone()
        update, guess = dion(momentum, guess)
    assert torch.linalg.matrix_rank(update) == 2
    assert np.allclose(singular_values(update)[:2], (10 / 6) ** 0.5, atol=0.05)
    assert torch.linalg.matrix_norm(momentum - whole) < torch.linalg.matrix_norm(whole)
