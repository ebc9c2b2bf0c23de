"""The tiny language model."""

from __future__ import annotations

import math

import pytest
import torch

from course_lib.lab.tiny_lm import TinyLM, next_byte_loss, rotary_angles, rotate


def test_it_has_112_320_parameters_on_107_symbols():
    assert sum(p.numel() for p in TinyLM(107).parameters()) == 112_320


def test_it_starts_close_to_guessing_evenly():
    x = torch.randint(107, (8, 64), generator=torch.Generator().manual_seed(0))
    assert next_byte_loss(TinyLM(107), x, x).item() == pytest.approx(math.log(107), abs=0.1)


def test_no_position_sees_what_comes_after_it():
    model = TinyLM(20)
    x = torch.randint(20, (2, 12), generator=torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, 7:] = (changed[:, 7:] + 1) % 20
    before, after = model(x), model(changed)
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


def test_the_seed_fixes_the_weights_whatever_the_global_generator_does():
    torch.manual_seed(1)
    one = TinyLM(20, seed=5)
    torch.manual_seed(2)
    same, other = TinyLM(20, seed=5), TinyLM(20, seed=6)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.head.weight, other.head.weight)


def test_rotary_scores_depend_only_on_the_distance():
    angles = rotary_angles(32, 4)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0)).double()
    turned_q, turned_k = (rotate(v.expand(1, 1, 32, 8), angles.cos(), angles.sin())[0, 0] for v in (q, k))
    scores = turned_q @ turned_k.T
    assert torch.allclose(scores[5, 2], scores[20, 17], atol=1e-5)
    assert not torch.allclose(scores[5, 2], scores[20, 10], atol=1e-3)


def test_every_parameter_has_one_kind():
    model = TinyLM(20)
    counts = {kind: sum(p.numel() for p in parameters) for kind, parameters in model.kinds().items()}
    assert counts == {
        "embedding": 20 * 64,
        "norm gains": 5 * 64,
        "query, key": 4 * 64 * 64,
        "value, output": 4 * 64 * 64,
        "mlp": 4 * 64 * 256,
        "head": 20 * 64,
    }


def test_a_width_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiple"):
        TinyLM(20, width=30, heads=4)
