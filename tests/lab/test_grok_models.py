"""The networks that grok."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from course_lib.lab.grok_models import PairTransformer, ReluMLP, SquareMLP

MODELS = [SquareMLP, ReluMLP, PairTransformer]
P = 43


def sums(seed):
    """Half of all sums modulo 43, and the other half."""
    pairs = torch.cartesian_prod(torch.arange(P), torch.arange(P))
    order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed))
    known, unknown = pairs[order].chunk(2)
    return known, known.sum(1) % P, unknown, unknown.sum(1) % P


@pytest.mark.parametrize("make", MODELS)
def test_pairs_become_one_row_of_logits_each(make):
    logits = make(7)(torch.tensor([[0, 6], [3, 3], [6, 0]]))
    assert logits.shape == (3, 7)
    assert logits.isfinite().all()


@pytest.mark.parametrize("make", MODELS)
def test_the_seed_decides_the_weights_whatever_torchs_generator_does(make):
    torch.manual_seed(1)
    first = make(5, seed=3)
    torch.manual_seed(2)
    again, other = make(5, seed=3), make(5, seed=4)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True) if a.ndim > 1)


@pytest.mark.parametrize("make", MODELS)
def test_the_order_of_the_two_numbers_can_matter(make):
    model = make(5)
    assert not torch.allclose(model(torch.tensor([[1, 2]])), model(torch.tensor([[2, 1]])))


def test_the_square_mlp_groks_at_the_step_that_its_docstring_says():
    torch.set_num_threads(1)
    known, answers, unknown, truth = sums(seed=0)
    model = SquareMLP(P)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.98), weight_decay=1.0)
    right = {}
    for step in range(321):
        if step in (40, 320):
            with torch.no_grad():
                right[step] = [
                    (model(x).argmax(1) == y).float().mean() for x, y in ((known, answers), (unknown, truth))
                ]
        optimizer.zero_grad()
        F.cross_entropy(model(known), answers).backward()
        optimizer.step()
    assert right[40][0] >= 0.99
    assert right[40][1] < 0.05
    assert right[320][1] >= 0.99


def test_the_transformer_refuses_heads_that_do_not_divide_its_width():
    with pytest.raises(ValueError, match="multiple of heads"):
        PairTransformer(5, width=10, heads=4)
