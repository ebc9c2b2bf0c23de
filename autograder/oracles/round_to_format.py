"""Rounding to a binary floating-point format (IEEE 754-2019, sections 3.3, 4.3.1 and 7.4; OCP OFP8 1.0 for E4M3).

A format with E exponent and M mantissa bits has bias b = 2^(E−1) − 1. In the binade of exponent e its values are 2^(e−M)
apart, for e from 1 − b (subnormals share its spacing) up. The largest exponent is kept for infinities and NaN, except in
E4M3, where only the pattern of all ones is NaN: it ends at 448 and has no infinity. Written for an array x.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula


def exponents(x: np.ndarray) -> np.ndarray:
    """⌊log₂|x|⌋, exactly; for 0 and what is not finite some integer."""
    return np.frexp(x)[1] - 1


def nearest_even(x: np.ndarray) -> np.ndarray:
    """The nearest integer, halves to the even one."""
    return np.rint(x)


FORMULA = Formula(
    "round_to_format",
    {"x": REQUIRED, "exponent_bits": REQUIRED, "mantissa_bits": REQUIRED},
    steps={
        "e4m3": lambda s: (s.exponent_bits, s.mantissa_bits) == (4, 3),
        "fp8": lambda s: (s.exponent_bits, s.mantissa_bits) in ((4, 3), (5, 2)),
        "bias": lambda s: 2 ** (s.exponent_bits - 1) - 1,
        "smallest_exponent": lambda s: 1 - s.bias,
        "largest": lambda s: 448.0 if s.e4m3 else (2 - 2.0**-s.mantissa_bits) * 2.0**s.bias,
        "exponent": lambda s: exponents(s.x),
        "clamped": lambda s: np.maximum(s.exponent, s.smallest_exponent),
        "spacing": lambda s: np.exp2((s.clamped - s.mantissa_bits).astype(float)),
        "whole": lambda s: nearest_even(s.x / s.spacing),
        "rounded": lambda s: s.whole * s.spacing,
        "overflows": lambda s: np.abs(s.rounded) > s.largest,
        "beyond": lambda s: s.largest if s.e4m3 else np.inf,
        "limited": lambda s: np.where(s.overflows, np.copysign(s.beyond, s.x), s.rounded),
        "infinities": lambda s: s.limited,
        "kept": lambda s: np.where(np.isnan(s.x), np.nan, s.infinities),
        "zero": lambda s: s.kept,
        "signs": lambda s: np.where(np.isnan(s.zero), 0.0, np.copysign(1.0, s.zero)),
        "result": lambda s: (s.zero, s.signs),
    },
)
