"""The phase diagram's ensemble trains each network as if it were alone."""

from __future__ import annotations

import io
import json

import pytest
import torch
import torch.nn.functional as F

from course_lib.lab.exercises import grokking
from course_lib.lab.exercises.grokking import Ensemble, Grid

GRID = Grid((7,), (0.0, 0.5), (0.4, 0.6), 1, width=16, max_steps=12, log_every=4)
SETTINGS = [
    {"p": 7, "decay": decay, "fraction": fraction, "seed": 3} for decay in (0.0, 0.5) for fraction in (0.4, 0.6)
]


@pytest.mark.parametrize("alone", range(4))
def test_a_network_of_the_ensemble_takes_the_steps_of_torchs_adamw(alone):
    ensemble = Ensemble(SETTINGS, GRID, torch.device("cpu"))
    weights = [torch.nn.Parameter(w[alone].clone()) for w in ensemble.weights]
    known = ensemble.known[alone].bool()
    pairs = torch.cartesian_prod(torch.arange(7), torch.arange(7))[known]
    decay = SETTINGS[alone]["decay"]
    optimizer = torch.optim.AdamW(weights, lr=1e-2, betas=(0.9, 0.98), weight_decay=decay)
    for _ in range(12):
        optimizer.zero_grad()
        logits = (weights[0][pairs[:, 0]] + weights[1][pairs[:, 1]]).square() @ weights[2]
        F.cross_entropy(logits, pairs.sum(1) % 7).backward()
        optimizer.step()
    ensemble.train()
    for mine, theirs in zip(ensemble.weights, weights, strict=True):
        torch.testing.assert_close(mine[alone].detach(), theirs.detach(), rtol=1e-4, atol=1e-5)


def test_the_share_of_training_pairs_is_the_fraction():
    ensemble = Ensemble(SETTINGS, GRID, torch.device("cpu"))
    assert ensemble.known.sum(1).tolist() == [19, 29, 19, 29]


def test_smoke_gives_plain_data_and_a_picture():
    result = json.loads(json.dumps(grokking.run("smoke", torch.device("cpu"))))
    assert len(result["networks"]) == 4
    file = io.BytesIO()
    grokking.draw(result).savefig(file, format="png")
    assert len(file.getvalue()) > 5000


def test_networks_that_never_grok_are_crosses_and_not_numbers():
    result = grokking.run("smoke", torch.device("cpu"))
    for network in result["networks"]:
        network["grokked"] = None
    texts = [text.get_text() for ax in grokking.draw(result).axes for text in ax.texts]
    assert set(texts) == {"×"}
