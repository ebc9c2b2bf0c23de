"""The grok oracle against torch: what the scripted model gives, its loss, its gradient."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from autograder.banks.grok import TASK
from autograder.oracles.grok import Script, cross_entropy, cross_entropy_slope, watch
from autograder.worker.players.grok import ScriptedModel


@pytest.mark.parametrize("seed", range(10))
def test_the_scripted_model_is_the_same_in_torch(seed: int) -> None:
    program = TASK.scenarios(seed)[0].program
    script, (x, y) = Script(program), program["data"][:2]
    for k in range(4):
        model = ScriptedModel(program["tables"][k], program["bump"], program["gain"])
        for training in (True, False):
            logits = model.train(training)(torch.tensor(x))
            mine = script.logits(k, np.array(x), training)
            np.testing.assert_allclose(mine, logits.detach().numpy(), rtol=1e-12)
            loss = F.cross_entropy(logits, torch.tensor(y))
            assert cross_entropy(mine, np.array(y)) == pytest.approx(loss.item(), rel=1e-12)
            slope = torch.cat(torch.autograd.grad(loss, list(model.rows)))
            wanted = script.gradient(np.array(x), cross_entropy_slope(mine, np.array(y)), training)
            np.testing.assert_allclose(wanted, slope.numpy().ravel(), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("seed", range(10))
def test_the_scenarios_have_the_firsts_that_they_are_meant_to_have(seed: int) -> None:
    firsts = [watch(scenario.program, {}).firsts for scenario in TASK.scenarios(seed)]
    kept, seen = [(None, None), (4, None), (0, None)], [(3, 9), (2, 4), (2, 20), (None, 3)]
    wanted = [*kept, *seen, (3, 7), (3, None), (None, None), (None, None), (2, 59), (0, 0)]
    wanted += [(2, None), (None, None), (None, 2), (None, None), (None, None), (None, None), (None, None)]
    assert [tuple(None if np.isnan(v) else v for v in pair) for pair in firsts] == wanted


def test_accuracies_are_the_threshold_itself_or_far_from_it() -> None:
    distances = []
    for scenario in TASK.scenarios(3):
        accuracies = np.array(watch(scenario.program, {}).rows)[:, 3:]
        distances += [*np.abs(accuracies - 0.99).ravel()]
    assert all(distance == 0 or distance > 0.004 for distance in distances)
    assert distances.count(0) == 2


def test_every_pair_of_mistakes_can_be_played() -> None:
    scenario = min(TASK.scenarios(1), key=lambda item: item.size)
    script = Script(scenario.program)
    for one, two in combinations(TASK.bank.misconceptions, 2):
        if one.combines_with(two):
            assert TASK.simulate(one + two, scenario, script).values.size == scenario.size
