"""What people get wrong about rounding itself: which neighbour, how many bits, how far apart the values are."""

from __future__ import annotations

import numpy as np

from autograder.judge.variants import Bank


def exponents_of_largest(x: np.ndarray) -> int:
    """The exponent of the largest finite number."""
    finite = np.abs(x[np.isfinite(x)])
    return int(np.frexp(finite.max(initial=0.0))[1]) - 1


def _to_mantissa(x: np.ndarray, bits: int) -> np.ndarray:
    """Rounded to so many bits in each number's own binade, however small it is."""
    spacing = np.exp2(np.frexp(x)[1] - 1.0 - bits)
    return np.asarray(np.where(np.isfinite(x), np.rint(x / spacing) * spacing, x))


def add_rounding_mistakes(bank: Bank) -> None:
    """Everything that goes wrong between two neighbours; what happens at the ends of the range stands with the task."""
    add = bank.misconception
    add(
        "truncates",
        "cutting off instead of rounding to nearest",
        hints=(
            "Does your result ever get larger than the number it came from?",
            "Between two neighbours, which one is nearer?",
            "torch.round rounds to the nearest integer, ties to even; trunc and int() cut off.",
        ),
        whole=lambda s: np.trunc(s.x / s.spacing),
    )
    add(
        "rounds-down",
        "always rounding down",
        hints=(
            "What happens to negative numbers in your function?",
            "floor goes down. Which neighbour is nearer?",
            "torch.round rounds to the nearest integer, ties to even.",
        ),
        whole=lambda s: np.floor(s.x / s.spacing),
    )
    add(
        "rounds-up",
        "always rounding up",
        hints=(
            "Is your result ever smaller than the number it came from?",
            "ceil goes up. Which neighbour is nearer?",
            "torch.round rounds to the nearest integer, ties to even.",
        ),
        whole=lambda s: np.ceil(s.x / s.spacing),
    )
    add(
        "halves-away-from-zero",
        "rounding halves away from zero instead of to even",
        hints=(
            "Look at the numbers that lie exactly in the middle of two neighbours.",
            "Of two neighbours, which one has an even last bit?",
            "torch.round takes halves to the even integer; adding 0.5 and flooring does not.",
        ),
        whole=lambda s: np.copysign(np.floor(np.abs(s.x / s.spacing) + 0.5), s.x),
    )
    add(
        "halves-up",
        "rounding halves up instead of to even",
        hints=(
            "Look at the numbers that lie exactly in the middle of two neighbours.",
            "floor(x + 0.5) sends every half upwards. Which half of them should go down?",
            "torch.round takes halves to the even integer.",
        ),
        whole=lambda s: np.floor(s.x / s.spacing + 0.5),
    )
    add(
        "halves-to-zero",
        "rounding halves towards zero instead of to even",
        hints=(
            "Look at the numbers that lie exactly in the middle of two neighbours.",
            "ceil(|x| - 0.5) sends every half towards zero. Which half of them should go away from it?",
            "torch.round takes halves to the even integer.",
        ),
        whole=lambda s: np.copysign(np.ceil(np.abs(s.x / s.spacing) - 0.5), s.x),
    )
    add(
        "rounds-twice",
        "rounding float64 numbers to float32 first, and then once more",
        hints=(
            "Is a float64 number still what it was when you compute its spacing?",
            "Rounding to float32 can put a number exactly in the middle, and the next rounding then goes the wrong way.",
            "Compute in float64: x.double(), not x.float().",
        ),
        x=lambda s: np.asarray(s.x, dtype=np.float32).astype(float),
    )
    add(
        "subnormals-rounded-twice",
        "rounding small numbers to mantissa_bits first, and then once more to the spacing of the subnormals",
        hints=(
            "Round 2 ** -25 * (1 + 2 ** -12) to fp16. It lies above the middle between 0 and 2 ** -24.",
            "The first rounding can put a number exactly in the middle, and the second then goes the wrong way.",
            "Clamp the exponent first; then divide by the spacing, round and multiply, once.",
        ),
        x=lambda s: _to_mantissa(s.x, s.mantissa_bits),
    )
    add(
        "no-hidden-bit",
        "with one mantissa bit too few",
        hints=(
            "How many values does your format have between 1 and 2?",
            "The leading 1 is not stored. How many bits follow it?",
            "Between 1 and 2 there are 2 ** mantissa_bits values; the spacing is 2 ** -mantissa_bits.",
        ),
        spacing=lambda s: np.exp2((s.clamped - s.mantissa_bits + 1).astype(float)),
    )
    add(
        "one-bit-too-many",
        "with one mantissa bit too many",
        hints=(
            "How many values does your format have between 1 and 2?",
            "The binade from 2**e to 2**(e+1) has 2**mantissa_bits values. How far apart are they?",
            "The spacing is 2 ** (e - mantissa_bits).",
        ),
        spacing=lambda s: np.exp2((s.clamped - s.mantissa_bits - 1).astype(float)),
    )
    add(
        "bits-swapped",
        "with exponent_bits and mantissa_bits exchanged",
        hints=(
            "How many values does your bfloat16 have between 1 and 2?",
            "Which number of bits sets the spacing, and which the range?",
            "exponent_bits sets the bias; mantissa_bits sets the spacing.",
        ),
        bias=lambda s: 2 ** (s.mantissa_bits - 1) - 1,
        largest=lambda s: 448.0 if s.e4m3 else (2 - 2.0**-s.exponent_bits) * 2.0**s.bias,
        spacing=lambda s: np.exp2((s.clamped - s.exponent_bits).astype(float)),
    )
    add(
        "fixed-spacing",
        "with one spacing for all numbers, as fixed point has it",
        hints=(
            "Are your neighbours of 100 as close together as those of 1?",
            "The spacing of a floating-point format depends on the size of the number.",
            "Take the exponent e of each number (torch.frexp gives e + 1); its spacing is 2 ** (e - mantissa_bits).",
        ),
        exponent=lambda s: np.zeros(s.x.shape, dtype=int),
    )
    add(
        "one-exponent-for-all",
        "with the exponent of the largest number of the tensor for all of them",
        source="block floating point",
        hints=(
            "Round a small number alone, then beside a large one. Is the result the same?",
            "Which numbers of the tensor does your exponent come from?",
            "The exponent belongs to each number: no max over the tensor.",
        ),
        exponent=lambda s: np.full(s.x.shape, exponents_of_largest(s.x)),
    )
    add(
        "exponent-rounded",
        "with the exponent rounded to the nearest instead of down",
        hints=(
            "Compare 1.3 and 1.6. Does your function think that they have different exponents?",
            "log2 of 1.6 is 0.68. Which power of two lies below 1.6?",
            "The exponent is floor(log2 |x|); torch.frexp gives it plus one.",
        ),
        exponent=lambda s: np.rint(np.log2(np.abs(s.x))),
    )
    add(
        "frexp-exponent",
        "with the exponent of torch.frexp, which is one larger",
        hints=(
            "How far apart are the neighbours of 1 in your format?",
            "torch.frexp(1.0) says 0.5 and 1. Where is its mantissa, and where is yours?",
            "frexp's mantissa lies in [0.5, 1): subtract one from its exponent.",
        ),
        exponent=lambda s: np.frexp(s.x)[1],
    )
