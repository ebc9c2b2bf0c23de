"""How a program that rounds to a format is tried: families of numbers, and what they show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.banks._format_values import (
    BF16,
    E4M3,
    E5M2,
    FP16,
    TF32,
    Bits,
    bias,
    both_signs,
    code_points,
    largest,
    midpoints,
    scattered,
    smallest,
    smallest_normal,
    ties,
)
from autograder.judge.evidence import Scenario
from autograder.judge.rounding_task import rounding, roundings


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Families: nearest, ties, codes, subnormals, overflow, special, tensors."""
    return [
        *_nearest(rng),
        *_ties(rng),
        *_codes(),
        *_subnormals(rng),
        *_overflow(),
        *_special(),
        *_tensors(rng),
        _beside(rng),
        *_small_range(rng),
        *_wider_inputs(rng),
        *_more_special(),
        *_in_company(rng),
        *_far_and_many(rng),
        *_beside_eight_bits(),
        _ends_in_float32(),
    ]


def _nearest(rng: np.random.Generator) -> list[Scenario]:
    other = (int(rng.integers(6, 8)), int(rng.integers(2, 12)))
    found = []
    for bits, low, high in ((FP16, -13, 14), (BF16, -100, 120), (TF32, -100, 120), (E4M3, -5, 7), (E5M2, -13, 14)):
        found.append(rounding("nearest", "ordinary numbers", scattered(rng, bits, 24, low, high), bits))
    found.append(rounding("nearest", "a format of its own", scattered(rng, other, 24, -20, 20), other))
    whole = rng.normal(size=24).astype(np.float32).astype(float)
    return [*found, rounding("nearest", "float32 to itself", whole, (8, 23))]


def _ties(rng: np.random.Generator) -> list[Scenario]:
    found = [
        rounding("ties", "exactly in the middle", ties(rng, bits, 16, -10, 10), bits) for bits in (FP16, BF16, TF32)
    ]
    for bits in (E4M3, E5M2):
        middle = both_signs(midpoints(bits))
        found.append(rounding("ties", "exactly in the middle, every pair of neighbours", middle, bits))
    return found


def _codes() -> list[Scenario]:
    return [
        rounding("codes", "values of the format itself", both_signs(code_points(bits)), bits) for bits in (E4M3, E5M2)
    ]


def _subnormals(rng: np.random.Generator) -> list[Scenario]:
    """Below the smallest normal value; bfloat16's are float64 here, because float32 arithmetic gets into trouble."""
    found = []
    for bits in (FP16, E4M3, E5M2, (6, 6), BF16):
        count = 2 ** bits[1]
        whole = rng.integers(0, count, size=12) + rng.choice([0.25, 0.5, 0.75], size=12)
        edge = [
            0.25,
            0.5,
            0.75,
            1.0,
            1.25,
            1.5,
            1e-4,
            count - 1,
            count - 0.75,
            count - 0.25,
            count + 0.25,
            count + 0.75,
        ]
        values = both_signs(np.array([*whole, *edge]) * smallest(bits))
        dtype = "float64" if bits == BF16 else "float32"
        found.append(rounding("subnormals", "near zero", values, bits, dtype))
    return found


def _overflow() -> list[Scenario]:
    found = _ends((FP16, E4M3, E5M2, (4, 2), (5, 3), (6, 6), BF16))
    near = both_signs(np.array([65504.0, 65505.0, 65519.0, 65520.0, 65536.0, 1e6, 1e30]))
    return [*found, rounding("overflow", "near the largest value and beyond", near, FP16)]


def _ends(formats: Sequence[Bits]) -> list[Scenario]:
    found = []
    for bits in formats:
        top = largest(bits)
        spacing = 2.0 ** (np.frexp(top)[1] - 1 - bits[1])
        steps = np.array([-1, -0.25, 0, 0.25, 0.5 - 2.0**-8, 0.5, 0.5 + 2.0**-8, 0.75, 1.0, 3.0])
        beyond = np.array([1.9, 2.5, 4, 100]) * top if bits != BF16 else np.array([top * (1 + 2.0**-8)])
        values = both_signs(np.concatenate([top + steps[steps < (1 if bits == BF16 else 9)] * spacing, beyond]))
        found.append(rounding("overflow", "near the largest value and beyond", values, bits, "float64"))
    return found


def _small_range(rng: np.random.Generator) -> list[Scenario]:
    """Formats of two and three exponent bits, which have an infinity like any other."""
    formats = ((2, 6), (3, 6))
    found = _ends(formats)
    for bits in formats:
        near_zero = both_signs((rng.integers(0, 64, size=12) + rng.choice([0.25, 0.5, 0.75], size=12)) * smallest(bits))
        found.append(rounding("subnormals", "near zero", near_zero, bits))
    return found


def _wider_inputs(rng: np.random.Generator) -> list[Scenario]:
    """float64 numbers for formats with float32's exponents, and a tensor of three dimensions."""
    beside = ties(rng, TF32, 12, -10, 10) * (1 + rng.choice([-1.0, 1.0], size=12) * 2.0**-40)
    single = ties(rng, (8, 23), 12, -10, 10)
    cube = scattered(rng, E5M2, 12, -3, 3).reshape(2, 3, 2)
    return [
        rounding("tensors", "float64, close to the middle", beside, TF32, "float64"),
        rounding("tensors", "float64 to float32", single, (8, 23), "float64"),
        rounding("tensors", "three dimensions", cube, E5M2),
    ]


def _more_special() -> list[Scenario]:
    """Formats without a dtype of torch; NaN as GPUs write it, all its mantissa bits set: adding to them changes the sign."""
    values = [0.0, -0.0, 1.0, float("nan"), float("inf"), -float("inf")]
    found = [rounding("special", "zeros, infinities and NaN", values, bits) for bits in (TF32, (6, 6), (3, 6))]
    return [*found, rounding("special", "NaN as GPUs write it", [float("nan"), 1.0], FP16, layout="full-nan")]


def _in_company(rng: np.random.Generator) -> list[Scenario]:
    """Numbers beside NaN, small numbers beside a middle, formats after others of the same exponents, NaN with all bits set."""
    nan = float("nan")
    beside_nan = [(np.array([1e5, nan, -1e6, 1.0]), FP16), (np.array([300.0, nan, -1e3, 1.0]), E4M3)]
    small = []
    for bits in (FP16, E5M2, E4M3, (6, 6)):
        count = max(2 ** (bits[1] - 1), 2)
        whole = np.unique([0, 1, *rng.integers(0, count, size=4)])
        signs = np.where(whole % 2 == 0, 1, -1)  # away from the even neighbour
        small.append((both_signs((whole + 0.5) * (1 + signs * 2.0 ** -(bits[1] + 2)) * smallest(bits)), bits))
    full = [(np.array([nan, 1.0]), bits) for bits in (BF16, TF32)]
    formats = ((9, 2), (9, 8), (7, 3), (7, 12), (3, 2), (3, 9))
    tops = [(_top(bits), bits) for bits in formats]
    return [
        roundings("overflow", "beside a NaN", beside_nan),
        roundings("subnormals", "near the middle between two subnormals", small),
        roundings("overflow", "formats of the same exponent bits", tops, "float64"),
        roundings("special", "NaN as GPUs write it", full, layout="full-nan"),
    ]


def _top(bits: Bits) -> np.ndarray:
    """The largest value, the one below, and the first that is too large."""
    top = largest(bits)
    spacing = 2.0 ** (np.frexp(top)[1] - 1 - bits[1])
    return both_signs(np.array([top, top - spacing, top + spacing / 2]))


def _far_and_many(rng: np.random.Generator) -> list[Scenario]:
    """float64 numbers beyond float32's range, float32 numbers just below powers of two, more numbers than 4096."""
    wide, far = (10, 9), [1e-100, 1.1e-152, 3e100, 1.0]
    beyond = [(both_signs(np.array([1e300, 1e200])), bits) for bits in (FP16, BF16, TF32, (8, 23))]
    powers = np.ldexp(1.0, rng.integers(-100, 120, size=24)).astype(np.float32)
    below = both_signs(np.nextafter(np.concatenate([powers, [np.float32(1024)]]), np.float32(0)).astype(float))
    many = np.arange(2049.0, 2049.0 + 4500)
    return [
        rounding("nearest", "a format with a wide range", both_signs(np.array(far)), wide, "float64"),
        roundings("overflow", "float64, beyond float32", beyond, "float64"),
        rounding("nearest", "just below powers of two", below, (8, 23)),
        rounding("ties", "4500 numbers", many, FP16),
    ]


def _beside_eight_bits() -> list[Scenario]:
    """float32 numbers so close to a middle of an 8-bit format that 16 bits would put them on it.

    Below the top binade, where no convention about E4M3's end is asked; subnormals in their own family.
    """
    normal, small = [], []
    for bits in (E4M3, E5M2):
        middle = midpoints(bits)
        middle = middle[middle < 2.0 ** bias(bits)]
        close = both_signs(np.concatenate([middle * (1 + 2.0**-13), middle * (1 - 2.0**-13)]))
        normal.append((close[np.abs(close) > smallest_normal(bits)], bits))
        small.append((close[np.abs(close) < smallest_normal(bits)], bits))
    return [
        roundings("ties", "close to the middle", normal),
        roundings("subnormals", "close to the middle between two subnormals", small),
    ]


def _ends_in_float32() -> Scenario:
    """The ends of formats that share a field's width with a well-known one: each has its own largest value.

    With float32's exponents a number above bfloat16's largest, and none that any rounding would take beyond float32: what
    float32 cannot hold becomes infinite by itself.
    """
    far = both_signs(np.array([3.395e38], dtype=np.float32).astype(float))
    wide = [(far, TF32), (far, (8, 23)), (_top((5, 12)), (5, 12))]
    return roundings("overflow", "formats beside the well-known ones", wide)


def _beside(rng: np.random.Generator) -> Scenario:
    """float64 numbers so close to a middle that float32 would put them on it.

    In a format without a torch dtype: torch's own casts from float64 go through float32.
    """
    bits = (int(rng.integers(6, 8)), int(rng.integers(4, 9)))
    middle = ties(rng, bits, 16, -10, 10)
    values = middle * (1 + rng.choice([-1.0, 1.0], size=16) * 2.0**-40)
    return rounding("tensors", "float64, close to the middle", values, bits, "float64")


def _special() -> list[Scenario]:
    found = []
    for bits in (FP16, E4M3, E5M2, BF16):
        values = [0.0, -0.0, 1.0, -1.0, float("nan"), smallest_normal(bits)]
        if bits in (FP16, BF16):
            values += [float("inf"), -float("inf")]
        found.append(rounding("special", "zeros, infinities and NaN", values, bits))
    return found


def _tensors(rng: np.random.Generator) -> list[Scenario]:
    cases = [
        ("a tensor without dimensions", np.array(scattered(rng, FP16, 1, -3, 3)[0]), FP16, {}),
        ("a matrix", scattered(rng, E4M3, 6, -3, 3).reshape(2, 3), E4M3, {}),
        ("a transposed matrix", scattered(rng, BF16, 6, -3, 3).reshape(3, 2), BF16, {"layout": "transposed"}),
        ("an empty tensor", np.zeros((0, 3)), FP16, {}),
        ("a float64 tensor", scattered(rng, FP16, 5, -3, 3), FP16, {"dtype": "float64"}),
    ]
    return [rounding("tensors", about, x, bits, **more) for about, x, bits, more in cases]


def exact(values: np.ndarray, call: dict[str, Any]) -> np.ndarray:
    """Rounded numbers are the ones they are."""
    return np.where(np.isfinite(values), 1e-12 * np.abs(np.nan_to_num(values)), 0.0)
