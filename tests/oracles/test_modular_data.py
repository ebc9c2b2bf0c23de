"""The modular_data oracle against counting, and what the judge sees of a draw."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks.modular_data import TASK
from autograder.judge.evidence import Evidence, agrees
from autograder.judge.modular_task import draws
from autograder.judge.variants import CANONICAL
from autograder.oracles.modular_data import answers, grid, inverse

PRIMES = [p for p in range(2, 120) if all(p % q for q in range(2, p))]


@pytest.mark.parametrize("p", PRIMES)
def test_a_number_times_its_inverse_is_one(p: int) -> None:
    numbers = np.arange(1, p)
    assert np.all(numbers * inverse(numbers, p) % p == 1)


@pytest.mark.parametrize("p", PRIMES[:12])
def test_operations_are_what_counting_gives(p: int) -> None:
    for a, b in grid(p):
        one = {name: int(answers(name, np.array([a]), np.array([b]), p)[0]) for name in ("add", "sub", "mul", "div")}
        assert [one["add"], one["mul"]] == [sum([int(a), int(b)]) % p, int(a) * int(b) % p]
        assert (one["sub"] + b) % p == a
        assert b == 0 or one["div"] * b % p == a


def test_the_quotient_agrees_with_torch_where_the_divisor_divides() -> None:
    p = 31
    for quotient, divisor in grid(p, first=1):
        product = int(torch.remainder(torch.tensor(quotient * divisor), p))
        assert answers("div", np.array([product]), np.array([divisor]), p)[0] == quotient


@pytest.mark.parametrize("seed", range(100))
def test_what_is_seen_of_the_right_program_does_not_depend_on_the_draw(seed: int) -> None:
    for scenario in TASK.scenarios(seed):
        expected = TASK.simulate(CANONICAL, scenario)
        assert not expected.ignored.any()
        drawn = TASK._drawn(CANONICAL, scenario, salt=1000 + seed)
        assert agrees(Evidence(drawn), expected)


def test_numbers_that_are_none_break_nothing() -> None:
    scenario = draws("add", "", [{"p": 5, "operation": "add", "train_fraction": 0.5, "seed": 1}])
    rng = np.random.default_rng(0)
    for fill in (np.nan, np.inf, -1e300, 0.5, 1e9):
        values = np.full(scenario.size, fill)
        values[0] = 0.0
        TASK.observe(Evidence(values), scenario)
    values = rng.normal(size=scenario.size)
    assert not agrees(TASK.observe(Evidence(values), scenario), TASK.simulate(CANONICAL, scenario))
