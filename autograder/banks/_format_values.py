"""Numbers that show how a program rounds to a format: its values, their midpoints, the ends of its range."""

from __future__ import annotations

import numpy as np

Bits = tuple[int, int]
E4M3, E5M2, FP16, BF16, TF32 = (4, 3), (5, 2), (5, 10), (8, 7), (8, 10)


def bias(bits: Bits) -> int:
    """The exponent bias of a format."""
    return int(2 ** (bits[0] - 1) - 1)


def largest(bits: Bits) -> float:
    """The largest finite value."""
    return 448.0 if bits == E4M3 else (2 - 2.0 ** -bits[1]) * 2.0 ** bias(bits)


def smallest_normal(bits: Bits) -> float:
    """The smallest value with all its mantissa bits."""
    return float(2.0 ** (1 - bias(bits)))


def smallest(bits: Bits) -> float:
    """The smallest value above zero."""
    return smallest_normal(bits) * 2.0 ** -bits[1]


def code_points(bits: Bits) -> np.ndarray:
    """Every finite value from 0 up; for formats of eight bits."""
    exponents = range(1 - bias(bits), bias(bits) + 1 + (bits == E4M3))
    count = 2 ** bits[1]
    normal = [(count + m) * 2.0 ** (e - bits[1]) for e in exponents for m in range(count)]
    values = np.array([m * smallest(bits) for m in range(count)] + normal)
    return values[values <= largest(bits)]


def midpoints(bits: Bits) -> np.ndarray:
    """Halfway between each two neighbours, from 0 up."""
    values = code_points(bits)
    return (values[1:] + values[:-1]) / 2


def scattered(rng: np.random.Generator, bits: Bits, count: int, low: int, high: int) -> np.ndarray:
    """Numbers of both signs with exponents in [low, high), at most 24 bits long, no closer than a tenth of a spacing to
    the middle between two values of the format."""
    exponent = rng.integers(low, high, size=count)
    below = rng.uniform(0.1, 0.4, count) + rng.choice([0.0, 0.5], size=count)
    steps = rng.integers(2 ** bits[1], 2 ** (bits[1] + 1), size=count) + below
    values = (steps * 2.0 ** (exponent - bits[1])).astype(np.float32).astype(float)
    return np.asarray(values * rng.choice([-1.0, 1.0], size=count))


def ties(rng: np.random.Generator, bits: Bits, count: int, low: int, high: int) -> np.ndarray:
    """Numbers of both signs that lie exactly in the middle, above even and odd values alike."""
    exponent = rng.integers(low, high, size=count)
    whole = rng.integers(2 ** bits[1], 2 ** (bits[1] + 1) - 1, size=count)
    whole[: count // 2] &= ~1
    whole[count // 2 :] |= 1
    return np.asarray((whole + 0.5) * 2.0 ** (exponent - bits[1]) * rng.choice([-1.0, 1.0], size=count))


def both_signs(values: np.ndarray) -> np.ndarray:
    """The values and their negatives."""
    return np.concatenate([values, -values])
