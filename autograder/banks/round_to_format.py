"""The task `round_to_format`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._format_values import (
    BF16,
    E4M3,
    E5M2,
    FP16,
    TF32,
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
from autograder.judge.rounding_task import RoundingTask, rounding
from autograder.judge.variants import Bank
from autograder.oracles.round_to_format import FORMULA

bank = Bank()
add = bank.misconception

bank.convention(
    "ieee-e4m3",
    "an E4M3 like every other format: largest value 240, then infinity",
    source="IEEE 754's rules; ml_dtypes.float8_e4m3",
    e4m3=lambda s: False,
)
bank.convention(
    "fp8-saturates",
    "saturation for both 8-bit formats: beyond the largest value comes the largest value",
    source="OCP OFP8 1.0, the saturating mode",
    beyond=lambda s: s.largest if s.fp8 else np.inf,
)
bank.convention(
    "e4m3-overflows-to-nan",
    "NaN for what is beyond E4M3's largest value",
    source="OCP OFP8 1.0, the non-saturating mode; ml_dtypes.float8_e4m3fn",
    beyond=lambda s: np.nan if s.e4m3 else np.inf,
)

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
add(
    "no-subnormals",
    "with everything below the smallest normal value set to zero",
    source="flush-to-zero hardware modes",
    hints=(
        "What is the smallest number above zero that your format can hold?",
        "Below the smallest normal value the spacing stays as it is; it does not end in zero.",
        "Clamp the exponent at 1 - bias from below, and leave the rest to rounding.",
    ),
    rounded=lambda s: np.where(np.abs(s.x) < 2.0**s.smallest_exponent, np.copysign(0.0, s.x), s.whole * s.spacing),
)
add(
    "no-smallest-exponent",
    "with full precision for numbers of any smallness",
    hints=(
        "Round 1e-12 to fp16. Is there anything left?",
        "How small can the exponent of your format get?",
        "Clamp the exponent at 1 - bias from below; subnormals share that spacing.",
    ),
    clamped=lambda s: s.exponent,
)
add(
    "smallest-exponent-too-low",
    "with subnormals that begin one binade too late",
    hints=(
        "What is the smallest number above zero in your fp16? It should be 2 ** -24.",
        "The exponent field 0 means the same exponent as the field 1.",
        "The smallest exponent is 1 - bias.",
    ),
    smallest_exponent=lambda s: -s.bias,
)
add(
    "smallest-exponent-too-high",
    "with subnormals that begin one binade too early",
    hints=(
        "What is the smallest number above zero in your fp16? It should be 2 ** -24.",
        "Which exponent does the field 1 stand for?",
        "The smallest exponent is 1 - bias.",
    ),
    smallest_exponent=lambda s: 2 - s.bias,
)
add(
    "bias-without-minus-one",
    "with a bias of 2 ** (exponent_bits - 1)",
    hints=(
        "Check both ends of your range: fp16 ends at 65504 and 2 ** -24.",
        "Five exponent bits have the bias 15, not 16.",
        "The bias is 2 ** (exponent_bits - 1) - 1.",
    ),
    bias=lambda s: 2 ** (s.exponent_bits - 1),
)
add(
    "no-overflow",
    "without a largest value",
    hints=(
        "Round 1e6 to fp16.",
        "What becomes of a number whose exponent does not fit?",
        "After rounding, replace what is larger than the largest value by infinity (E4M3: by 448).",
    ),
    overflows=lambda s: np.zeros(s.x.shape, dtype=bool),
)
add(
    "saturates-everywhere",
    "saturating in every format, where formats with an infinity overflow to it",
    hints=(
        "Round 1e6 to fp16. Which formats have an infinity?",
        "clamp hides an overflow; a loss scaler needs to see it.",
        "Only E4M3 has no infinity. In all others, what is too large becomes infinite.",
    ),
    beyond=lambda s: s.largest,
)
add(
    "finite-numbers-saturate",
    "saturating in every format, except that infinity stays infinity",
    hints=(
        "Round 1e6 to fp16. Which formats have an infinity?",
        "clamp hides an overflow; a loss scaler needs to see it.",
        "Only E4M3 has no infinity. In all others, what is too large becomes infinite.",
    ),
    beyond=lambda s: s.largest,
    infinities=lambda s: np.where(np.isinf(s.x), s.x, s.limited),
)
add(
    "overflow-to-nan",
    "with NaN for what is too large",
    hints=(
        "What does torch give for torch.tensor(1e6).half()?",
        "Too large is not the same as undefined: the sign is still known.",
        "Infinity with the sign of x.",
    ),
    beyond=lambda s: np.nan,
)
add(
    "e4m3-with-infinity",
    "with an infinity beyond 448 in E4M3, which has none",
    hints=(
        "Which bit patterns of E4M3 are not numbers?",
        "E4M3 gives up its infinities to reach 448.",
        "For (4, 3), what is too large becomes 448.",
    ),
    beyond=lambda s: np.inf,
)
add(
    "infinity-without-sign",
    "with plus infinity for large negative numbers too",
    hints=(
        "Round -1e6 to fp16.",
        "What happens to the sign when a number overflows?",
        "torch.copysign gives one tensor's size the signs of another.",
    ),
    limited=lambda s: np.where(s.overflows, s.beyond, s.rounded),
)
add(
    "overflow-before-rounding",
    "with overflow decided before rounding",
    hints=(
        "What does fp16 make of 65510? It is nearer to 65504 than to anything else.",
        "Is a number slightly above the largest value already too large?",
        "Round first; then compare the rounded number with the largest value.",
    ),
    overflows=lambda s: np.abs(s.x) > s.largest,
)
add(
    "largest-is-a-power-of-two",
    "with a largest value that forgets the mantissa",
    hints=(
        "What is the largest fp16 number? It is 65504.",
        "In the largest binade, how many values are there?",
        "The largest value is (2 - 2 ** -mantissa_bits) * 2 ** bias.",
    ),
    largest=lambda s: 256.0 if s.e4m3 else 2.0**s.bias,
)
add(
    "largest-itself-overflows",
    "with an overflow that takes the largest value along",
    hints=(
        "Round 65504 to fp16: it is one of its values.",
        "Look at how you compare with the largest value.",
        "Use >, not >=.",
    ),
    overflows=lambda s: np.abs(s.rounded) >= s.largest,
)
add(
    "top-exponent-not-reserved",
    "with one binade too many at the top",
    hints=(
        "Round 1e5 to fp16: it is larger than 65504.",
        "What do the bit patterns with all exponent bits set stand for?",
        "The largest exponent is bias; the one above belongs to infinity and NaN.",
    ),
    largest=lambda s: 448.0 if s.e4m3 else (2 - 2.0**-s.mantissa_bits) * 2.0 ** (s.bias + 1),
)
add(
    "e4m3-all-ones-is-a-number",
    "with a largest E4M3 value of 480, whose bit pattern is NaN",
    hints=(
        "How many numbers are in E4M3's largest binade?",
        "The pattern of all ones is NaN.",
        "E4M3 ends at 448.",
    ),
    largest=lambda s: 480.0 if s.e4m3 else (2 - 2.0**-s.mantissa_bits) * 2.0**s.bias,
)
add(
    "nan-becomes-zero",
    "with NaN turned into zero",
    hints=(
        "Round float('nan').",
        "Which of your operations gives a number for NaN?",
        "Whatever you do with nan_to_num or where: NaN has to stay NaN.",
    ),
    kept=lambda s: np.where(np.isnan(s.x), 0.0, s.infinities),
)
add(
    "nan-overflows",
    "with NaN treated as too large",
    hints=(
        "Round float('nan').",
        "Every comparison with NaN is false, and not (x <= largest) is true.",
        "Ask for > largest, or restore NaN at the end.",
    ),
    kept=lambda s: np.where(np.isnan(s.x), s.beyond, s.infinities),
)
add(
    "infinity-becomes-nan",
    "with infinity turned into NaN",
    hints=(
        "Round float('inf').",
        "What is the exponent of infinity, and what is inf / inf?",
        "Leave infinities as they are: torch.where(x.isinf(), x, result).",
    ),
    infinities=lambda s: np.where(np.isinf(s.x), np.nan, s.limited),
)
add(
    "zero-loses-its-sign",
    "with -0 turned into 0",
    hints=(
        "What does 1 / x give for your result when x is -0.0?",
        "torch.sign(-0.0) is 0. What happens to the sign bit?",
        "torch.copysign(size, x) keeps the sign of a zero.",
    ),
    zero=lambda s: np.where(s.x == 0, 0.0, s.kept),
)
add(
    "zeros-lose-their-sign",
    "with 0 for negative numbers that are too small, and for -0",
    hints=(
        "What does 1 / x give for your result when x is -1e-12?",
        "Adding 0.0, or writing 0 into a mask, loses the sign bit.",
        "torch.copysign(size, x) keeps the sign of a zero.",
    ),
    zero=lambda s: s.kept + 0.0,
)
add(
    "zero-becomes-nan",
    "with NaN for zero",
    hints=(
        "Round 0.0.",
        "log2(0) is minus infinity. What comes after that?",
        "Clamp the exponent before you use it; then zero needs no special case.",
    ),
    zero=lambda s: np.where(s.x == 0, np.nan, s.kept),
)
add(
    "negative-numbers-as-nan",
    "with NaN for negative numbers",
    hints=(
        "Round -1.5.",
        "What is log2 of a negative number?",
        "Take the exponent of x.abs().",
    ),
    kept=lambda s: np.where((s.x < 0) | np.isnan(s.x), np.nan, s.infinities),
)
add(
    "argument-changed",
    "changing the tensor that it was given",
    hints=(
        "Print x after your function has returned.",
        "Methods that end in _ change their tensor; so does writing into a mask of it.",
        "Work on x.clone(), or use methods without _.",
    ),
    untouched=lambda call: 1.0 if _unchanged_by_rounding(call) else 0.0,
)
add(
    "always-float32",
    "that returns float32 whatever it was given",
    hints=(
        "What is the dtype of your result for a float64 tensor?",
        "Which line converts, and where do you convert back?",
        "End with .to(x.dtype).",
    ),
    dtype=lambda call: float(_wants(call, "float32")),
)
add(
    "always-float64",
    "that returns float64 whatever it was given",
    hints=(
        "What is the dtype of your result for a float32 tensor?",
        "Computing in float64 is a good idea. And then?",
        "End with .to(x.dtype).",
    ),
    dtype=lambda call: float(_wants(call, "float64")),
)


def exponents_of_largest(x: np.ndarray) -> int:
    """The exponent of the largest finite number."""
    finite = np.abs(x[np.isfinite(x)])
    return int(np.frexp(finite.max(initial=0.0))[1]) - 1


def _wants(call: dict[str, Any], dtype: str) -> bool:
    return bool(call["returns"][0]["dtype"] == dtype)


def _unchanged_by_rounding(call: dict[str, Any]) -> bool:
    """Whether an in-place program leaves this argument as it was, because every number is a value of the format."""
    x = np.array(call["args"][0]["tensor"], dtype=float)
    arguments = dict(zip(FORMULA.signature, [x, *call["args"][1:]], strict=True))
    with np.errstate(all="ignore"):
        value = FORMULA.value(list(FORMULA.steps.items()), arguments)[0]
    return bool(np.array_equal(np.nan_to_num(value), np.nan_to_num(x)))


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
    found = []
    for bits in (FP16, E4M3, E5M2, (4, 2), (5, 3), (6, 6), BF16):
        top = largest(bits)
        spacing = 2.0 ** (np.frexp(top)[1] - 1 - bits[1])
        steps = np.array([-1, -0.25, 0, 0.25, 0.5 - 2.0**-8, 0.5, 0.5 + 2.0**-8, 0.75, 1.0, 3.0])
        beyond = np.array([1.9, 2.5, 4, 100]) * top if bits != BF16 else np.array([top * (1 + 2.0**-8)])
        values = both_signs(np.concatenate([top + steps[steps < (1 if bits == BF16 else 9)] * spacing, beyond]))
        found.append(rounding("overflow", "near the largest value and beyond", values, bits, "float64"))
    near = both_signs(np.array([65504.0, 65505.0, 65519.0, 65520.0, 65536.0, 1e6, 1e30]))
    return [*found, rounding("overflow", "near the largest value and beyond", near, FP16)]


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


def _exact(values: np.ndarray, call: dict[str, Any]) -> np.ndarray:
    """Rounded numbers are the ones they are."""
    return np.where(np.isfinite(values), 1e-12 * np.abs(np.nan_to_num(values)), 0.0)


TASK = RoundingTask("round_to_format", "course_lib/precision/rounding.py", FORMULA, bank, scenarios, _exact)
