"""The task `noise_scale`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._noise_draws import scenarios
from autograder.judge.contract import Raises
from autograder.judge.function_task import FunctionTask
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank
from autograder.oracles.noise_scale import FORMULA
from autograder.worker.codes import ErrorCode

FLOAT32 = 5e-7
"""A few roundings in float32, before the subtractions enlarge them."""

bank = Bank()
add = bank.misconception


def _each(s: Quantities) -> tuple[np.ndarray, np.ndarray]:
    """Signal and noise of every pair of draws."""
    pairs = np.array(list(zip(s.smalls, s.bigs, strict=False)))
    small, big = pairs[:, 0], pairs[:, 1]
    return (s.B * big - s.b * small) / (s.B - s.b), (small - big) / (1 / s.b - 1 / s.B)


def _mean_of_ratios(s: Quantities) -> float:
    signal, noise = _each(s)
    return float(np.mean(noise / signal))


def _mean_of_ratios_arrays(s: Quantities) -> float:
    if len(s.smalls) != len(s.bigs) and 1 not in (len(s.smalls), len(s.bigs)):
        raise TypeError
    return float(np.mean((s.smalls - s.bigs) / (s.B * s.bigs - s.b * s.smalls) * (s.b * s.B)))


def _paired(s: Quantities) -> float:
    signal, noise = _each(s)
    return float(np.mean(noise) / np.mean(signal))


def _needs_tensors(s: Quantities) -> np.ndarray:
    if isinstance(s.small_sq_norms, list):
        raise Raises(ErrorCode.TYPE, ErrorCode.ATTRIBUTE)
    return np.array(s.small_sq_norms, dtype=float)


def _needs_fractions(s: Quantities) -> np.ndarray:
    if any(isinstance(given, list) and _whole(given) for given in (s.small_sq_norms, s.big_sq_norms)):
        raise Raises(ErrorCode.RUNTIME)
    return np.array(s.small_sq_norms, dtype=float)


def _whole(values: list[float]) -> bool:
    return all(isinstance(value, int) for value in values)


_RATIO_HINTS = (
    "Print |G|² for each pair of draws. Are some of them close to zero, or negative?",
    "A ratio of two noisy numbers is dominated by the draws whose denominator happens to be small.",
    "Average the squared norms over all draws first; compute one |G|², one S, and divide once.",
)
add(
    "mean-of-ratios",
    "with a ratio for each pair of draws, averaged afterwards",
    hints=_RATIO_HINTS,
    result=_mean_of_ratios,
)
add(
    "mean-of-ratios-of-arrays",
    "with a ratio for each pair of draws, averaged afterwards, which also needs equally many draws of both kinds",
    hints=_RATIO_HINTS,
    result=_mean_of_ratios_arrays,
)
add(
    "draws-paired",
    "leaving out the draws that have no partner in the other sequence",
    hints=(
        "Give it 32 draws of small batches and 6 of large ones. How many of them does it use?",
        "zip stops at the end of the shorter sequence.",
        "Average each sequence by itself, over its own length.",
    ),
    result=_paired,
)
add(
    "batches-swapped",
    "with the two batch sizes swapped",
    hints=(
        "Which of the two squared norms should be larger on average, and why?",
        "Put b = 1 and B = ∞ into your formula for |G|². What is left of it?",
        "|G|² = (B·big − b·small)/(B − b): the large batch multiplies the norm of the large batch.",
    ),
    b=lambda s: s.big_batch,
    B=lambda s: s.small_batch,
)
add(
    "norms-swapped-in-the-signal",
    "with small and big swapped in |G|²",
    hints=(
        "Put B = ∞ into your formula for |G|². Which norm should be left?",
        "Look at which batch size multiplies which norm in |G|².",
        "|G|² = (B·big − b·small)/(B − b).",
    ),
    signal=lambda s: (s.B * s.small - s.b * s.big) / (s.B - s.b),
)
add(
    "noise-negated",
    "with the sign of S reversed",
    hints=(
        "Is your noise scale negative?",
        "Which is larger on average: the squared norm of a small batch, or of a large one?",
        "S = (small − big)/(1/b − 1/B): both differences are positive on average.",
    ),
    noise=lambda s: (s.big - s.small) / (1 / s.b - 1 / s.B),
)
add(
    "inverted",
    "divided the wrong way round, |G|² by S",
    hints=(
        "Should more noise give a larger or a smaller noise scale?",
        "Which of the two is the numerator?",
        "The noise scale is S divided by |G|².",
    ),
    result=lambda s: s.signal / s.noise,
)
add(
    "noise-not-per-example",
    "with the difference of the two squared norms taken for S itself",
    hints=(
        "Double both batch sizes' noise budget: is your S a property of one example?",
        "The difference small − big is S times something that depends on b and B.",
        "Divide the difference by (1/b − 1/B).",
    ),
    noise=lambda s: s.small - s.big,
)
add(
    "noise-times-instead-of-divided",
    "that multiplies by (1/b − 1/B) where it should divide",
    hints=(
        "small − big = S·(1/b − 1/B). Solve that for S.",
        "Is your S larger or smaller than the difference of the norms? (1/b − 1/B) is below one.",
        "Divide by (1/b − 1/B).",
    ),
    noise=lambda s: (s.small - s.big) * (1 / s.b - 1 / s.B),
)
add(
    "noise-over-batch-difference",
    "with S divided by B − b instead of 1/b − 1/B",
    hints=(
        "The noise in a squared norm is S/B. What is the difference between S/b and S/B?",
        "B − b belongs to |G|². Which difference belongs to S?",
        "S = (small − big)/(1/b − 1/B).",
    ),
    noise=lambda s: (s.small - s.big) / (s.B - s.b),
)
add(
    "signal-not-divided",
    "without dividing |G|² by B − b",
    hints=(
        "Without any noise both squared norms are |G|². What does your formula make of that?",
        "B·big − b·small is |G|² times something.",
        "Divide by (B − b).",
    ),
    signal=lambda s: s.B * s.big - s.b * s.small,
)
add(
    "signal-is-big",
    "with the squared norm of the large batch taken for |G|²",
    hints=(
        "Is the gradient of a large batch free of noise?",
        "The squared norm of the large batch is |G|² + S/B. What has to go?",
        "|G|² = (B·big − b·small)/(B − b).",
    ),
    signal=lambda s: s.big,
)
add(
    "signal-is-small",
    "with the squared norm of the small batch taken for |G|²",
    hints=(
        "Is the gradient of a small batch free of noise?",
        "The squared norm of the small batch is |G|² + S/b. What has to go?",
        "|G|² = (B·big − b·small)/(B − b).",
    ),
    signal=lambda s: s.small,
)
add(
    "squared-again",
    "that squares the squared norms once more",
    hints=(
        "Multiply all gradients by 10. Does your noise scale stay what it was?",
        "The arguments are squared norms already. What do you do to them?",
        "Use the numbers as they come; no **2.",
    ),
    small=lambda s: np.mean(s.smalls**2),
    big=lambda s: np.mean(s.bigs**2),
)
add(
    "norms-not-squared",
    "that works with norms instead of squared norms",
    hints=(
        "|G|² and S add up in the squared norm. Do they add up in the norm?",
        "Something takes a root of the arguments.",
        "Use the squared norms as they come; no root.",
    ),
    small=lambda s: np.mean(np.sqrt(s.smalls)),
    big=lambda s: np.mean(np.sqrt(s.bigs)),
)
add(
    "mean-norm-squared",
    "that averages norms and squares the average",
    hints=(
        "Is the square of a mean the mean of the squares?",
        "|G|² + S/B is the mean of the squared norm.",
        "Average the squared norms as they come.",
    ),
    small=lambda s: np.mean(np.sqrt(s.smalls)) ** 2,
    big=lambda s: np.mean(np.sqrt(s.bigs)) ** 2,
)
add(
    "root-of-the-result",
    "with a root over the result",
    hints=(
        "What unit should the noise scale have? It is compared with a batch size.",
        "S and |G|² are both squares already.",
        "S/|G|², without a root.",
    ),
    result=lambda s: np.sqrt(s.noise / s.signal),
)
add(
    "sums",
    "with sums in place of means",
    hints=(
        "Give it three times as many draws of small batches. Should anything change?",
        "A sum grows with the number of draws.",
        "Divide each sum by the length of its own sequence.",
    ),
    small=lambda s: np.sum(s.smalls),
    big=lambda s: np.sum(s.bigs),
)
add(
    "medians",
    "with medians in place of means",
    hints=(
        "E‖G_B‖² = ‖G‖² + S/B. What kind of average is E?",
        "The median of a skewed quantity is not its mean.",
        "Use the mean.",
    ),
    small=lambda s: np.median(s.smalls),
    big=lambda s: np.median(s.bigs),
)
add(
    "first-draw-only",
    "that uses only the first draw of each",
    hints=(
        "Change the last squared norm in the list. Does your result change?",
        "Something looks at index 0 only.",
        "Average over all draws.",
    ),
    small=lambda s: s.smalls[0],
    big=lambda s: s.bigs[0],
)
add(
    "last-draw-only",
    "that uses only the last draw of each",
    hints=(
        "Change the first squared norm in the list. Does your result change?",
        "A variable is overwritten in a loop.",
        "Average over all draws.",
    ),
    small=lambda s: s.smalls[-1],
    big=lambda s: s.bigs[-1],
)
add(
    "negative-cut-off",
    "that gives 0 instead of a negative result",
    hints=(
        "With few draws |G|² can come out negative. What should a reader of your number learn then?",
        "Is there a max(0, ...) or a clamp?",
        "Return what the formula gives.",
    ),
    result=lambda s: max(0.0, s.noise / s.signal),
)
add(
    "absolute-value",
    "that drops the sign of a negative result",
    hints=(
        "With few draws |G|² can come out negative. What should a reader of your number learn then?",
        "Is there an abs?",
        "Return what the formula gives.",
    ),
    result=lambda s: abs(s.noise / s.signal),
)
add(
    "tensors-only",
    "that takes tensors, but no lists",
    hints=(
        "Call it with two lists of numbers.",
        "A list has no .mean().",
        "Turn the arguments into tensors first, or use sum(...) / len(...).",
    ),
    smalls=_needs_tensors,
)
add(
    "whole-numbers-fail",
    "that fails on lists of whole numbers, whose tensors have no mean",
    hints=(
        "Call it with [6], [4], 3 and 6, as in the second hint of the task.",
        "torch.tensor([6]) has an integer dtype. What does its .mean() say?",
        "Give the dtype, as in torch.as_tensor(values, dtype=torch.float64), or use sum(...) / len(...).",
    ),
    smalls=_needs_fractions,
)


def _tolerance(values: np.ndarray, call: dict[str, Any]) -> np.ndarray:
    """float32 may be used inside; how much that matters depends on what is subtracted."""
    a = FORMULA.bind(call.get("args", []), call.get("kwargs", {}))
    small, big = np.mean(a["small_sq_norms"]), np.mean(a["big_sq_norms"])
    b, B = a["small_batch"], a["big_batch"]
    enlarged = (B * big + b * small) / abs(B * big - b * small) + (small + big) / abs(small - big)
    if call.get("exact"):
        enlarged = 1.0
    roundings = max(len(a["small_sq_norms"]) / 40, 1.0)
    return np.asarray(FLOAT32 * roundings * enlarged * np.abs(values) + 1e-12)


TASK = FunctionTask("noise_scale", "course_lib/training/noise_scale.py", FORMULA, bank, scenarios, _tolerance)
