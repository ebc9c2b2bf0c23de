"""The SGD oracle against torch.optim.SGD."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.judge.variants import CANONICAL
from autograder.oracles.sgd import RULE


@pytest.mark.parametrize("seed", range(200))
def test_the_oracle_walks_like_torch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hyper = {"lr": 10 ** rng.uniform(-4, 0), "weight_decay": rng.choice([0.0, rng.uniform(0, 1)])}
    start = rng.normal(size=(2, 3))
    param = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.SGD([param], **hyper)
    mine, plan = start, RULE.plan(CANONICAL)
    for t in range(1, 8):
        grad = rng.normal(size=(2, 3))
        param.grad = torch.tensor(grad)
        optimizer.step()
        mine = RULE.update(plan, mine, grad, {}, t, hyper).param
        np.testing.assert_allclose(mine, param.detach().numpy(), rtol=1e-12, atol=1e-14)
