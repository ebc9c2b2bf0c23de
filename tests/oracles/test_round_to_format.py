"""The rounding oracle against torch's casts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.banks._format_values import code_points
from autograder.judge.variants import CANONICAL
from autograder.oracles.round_to_format import FORMULA

DTYPES = {
    (5, 10): torch.float16,
    (8, 7): torch.bfloat16,
    (4, 3): torch.float8_e4m3fn,
    (5, 2): torch.float8_e5m2,
}
SIXTEEN = [bits for bits in DTYPES if sum(bits) == 15]
EIGHT = [bits for bits in DTYPES if sum(bits) == 7]


def rounded(x: np.ndarray, bits: tuple[int, int]) -> np.ndarray:
    arguments = {"x": x, "exponent_bits": bits[0], "mantissa_bits": bits[1]}
    with np.errstate(all="ignore"):
        return FORMULA.value(FORMULA.plan(CANONICAL), arguments)[0]


def cast(x: np.ndarray, bits: tuple[int, int]) -> np.ndarray:
    return torch.tensor(x, dtype=torch.float32).to(DTYPES[bits]).double().numpy()


def assert_same(x: np.ndarray, bits: tuple[int, int]) -> None:
    mine, theirs = rounded(x, bits), cast(x, bits)
    np.testing.assert_array_equal(mine, theirs)
    numbers = ~np.isnan(mine)
    np.testing.assert_array_equal(np.signbit(mine[numbers]), np.signbit(theirs[numbers]))


@pytest.mark.parametrize("bits", DTYPES)
@pytest.mark.parametrize("seed", range(50))
def test_random_numbers_of_every_size_round_as_torch_casts_them(bits, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=2000) * np.exp2(rng.uniform(-30, 20, size=2000))
    assert_same(x.astype(np.float32).astype(float), bits)


@pytest.mark.parametrize("bits", SIXTEEN)
def test_every_sixteen_bit_value_and_every_midpoint_rounds_as_torch_casts_it(bits):
    patterns = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    values = np.unique(patterns.view(DTYPES[bits]).double().numpy())
    values = values[np.isfinite(values)]
    assert_same(values, bits)
    middle = (values[1:] + values[:-1]) / 2
    assert_same(middle[np.abs(middle) >= 2.0**-125], bits)


@pytest.mark.parametrize("bits", EIGHT)
def test_the_code_points_are_those_of_torch(bits):
    patterns = torch.arange(128, dtype=torch.uint8).view(DTYPES[bits]).double().numpy()
    np.testing.assert_array_equal(code_points(bits), patterns[np.isfinite(patterns)])


@pytest.mark.parametrize("bits", EIGHT)
def test_every_float16_number_becomes_the_eight_bit_value_that_torch_gives(bits):
    patterns = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    assert_same(patterns.view(torch.float16).double().numpy(), bits)


@pytest.mark.parametrize("bits", DTYPES)
def test_zeros_infinities_and_nan_are_what_torch_makes_of_them(bits):
    assert_same(np.array([0.0, -0.0, np.inf, -np.inf, np.nan]), bits)


def test_tf32_keeps_ten_mantissa_bits_and_the_range_of_float32():
    x = np.array([1 + 2.0**-10, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 2.0**127])
    np.testing.assert_array_equal(rounded(x, (8, 10)), [1 + 2.0**-10, 1.0, 1 + 2 * 2.0**-10, 2.0**127])
