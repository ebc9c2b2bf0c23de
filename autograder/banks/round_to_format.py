"""The task `round_to_format`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._format_scenarios import exact, scenarios
from autograder.banks._rounding_mistakes import add_rounding_mistakes
from autograder.judge.rounding_task import RoundingTask
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

add_rounding_mistakes(bank)
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
    "e4m3-saturates-at-240",
    "with an E4M3 that ends at 240, as by IEEE 754's rules, and saturates there, as by OCP's",
    source="two standards mixed",
    hints=(
        "Round 300 to E4M3. What are its two neighbours?",
        "An E4M3 that saturates has numbers above 240. Which bit pattern does it keep for NaN?",
        "For (4, 3) the largest value is 448, not (2 - 2 ** -3) * 2 ** 7.",
    ),
    largest=lambda s: (2 - 2.0**-s.mantissa_bits) * 2.0**s.bias,
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
    "nan-hides-overflow",
    "that looks for an overflow only if the largest number of the tensor is too large, which a NaN beside it hides",
    hints=(
        "Round 1e5 to fp16, alone and beside a NaN. Is the result the same?",
        "max() of numbers with a NaN is NaN, and NaN > 65504 is false.",
        "Compare each number with the largest value, without an if over the whole tensor.",
    ),
    overflows=lambda s: (np.abs(s.rounded) > s.largest) & ~np.isnan(s.rounded).any(),
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
    result=lambda s: (np.asarray(s.zero, dtype=np.float32).astype(float), s.signs),
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


def _wants(call: dict[str, Any], dtype: str) -> bool:
    return bool(call["returns"][0]["dtype"] == dtype)


def _unchanged_by_rounding(call: dict[str, Any]) -> bool:
    """Whether an in-place program leaves this argument as it was, because every number is a value of the format."""
    x = np.array(call["args"][0]["tensor"], dtype=float)
    arguments = dict(zip(FORMULA.signature, [x, *call["args"][1:]], strict=True))
    with np.errstate(all="ignore"):
        value = FORMULA.value(list(FORMULA.steps.items()), arguments)[0]
    return bool(np.array_equal(np.nan_to_num(value), np.nan_to_num(x)))


TASK = RoundingTask("round_to_format", "course_lib/precision/rounding.py", FORMULA, bank, scenarios, exact)
