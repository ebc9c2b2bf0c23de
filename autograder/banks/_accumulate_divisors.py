"""Mistakes in what `accumulate` divides the loss sums by."""

from __future__ import annotations

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank, Step
from autograder.oracles.accumulate import FORMULA

MEANS = (
    "Take one micro-batch of 100 tokens and one of 2. How much does each token weigh in your gradient?",
    "A mean of means gives every micro-batch the same weight, however few tokens it has.",
    "Divide every loss sum by the number of tokens in all micro-batches together.",
)
BUG = "transformers, trl and torchtune until October 2024"

SUM_OF_MEANS = (
    "Cut the same tokens into more micro-batches. Does your gradient stay what it was?",
    "The means of the micro-batches are added up. What should they be weighted with?",
    "Divide every loss sum by the number of tokens in all micro-batches together.",
)


def _each(value: Step) -> Step:
    """The same factor for every micro-batch."""
    return lambda s: np.full(s.size, np.float64(value(s)))


def _add(
    bank: Bank,
    id: str,
    title: str,
    hints: tuple[str, str, str],
    weights: Step,
    source: str = "",
    taken_apart: Step = FORMULA.steps["taken_apart"],
) -> None:
    """A mistake in what a loss sum is multiplied with: in gradient and result alike, or only in the gradient."""
    bank.misconception(id, title, hints=hints, source=source, weights=weights, taken_apart=taken_apart)
    bank.misconception(
        f"{id}-in-the-gradient",
        title,
        hints=hints,
        source=source,
        weights=weights,
        reported_weights=FORMULA.steps["weights"],
        taken_apart=taken_apart,
    )


def _raises_unless_pairs(s: Quantities) -> None:
    if s.kinds:
        raise Raises


def _counted_once(s: Quantities) -> float:
    """All tokens, those of a micro-batch that is there twice only once."""
    again = {second for _, second in s.same}
    return float(sum(count for number, count in enumerate(s.counts) if number not in again))


def divisor_mistakes(bank: Bank) -> None:
    """Add them to a bank, each twice: wrong everywhere, and wrong in the gradient alone."""
    _add(
        bank,
        "no-division",
        "that divides by nothing",
        (
            "Cut the same tokens into more micro-batches. Does your gradient stay what it was?",
            "loss_sum_fn gives a sum. Where does it become a mean?",
            "Divide every loss sum by the number of tokens in all micro-batches together, before backward().",
        ),
        _each(lambda s: 1.0),
    )
    _add(
        bank,
        "mean-of-means",
        "that averages the means of the micro-batches",
        MEANS,
        lambda s: 1 / (s.counts * s.size),
        BUG,
    )
    _add(
        bank,
        "mean-of-means-empty-kept",
        "that averages the means of the micro-batches, an empty one counting as zero",
        MEANS,
        lambda s: 1 / (np.maximum(s.counts, 1) * s.size),
        BUG,
    )
    _add(
        bank,
        "mean-of-means-empty-skipped",
        "that averages the means of the micro-batches which are not empty",
        MEANS,
        lambda s: np.where(s.counts > 0, 1 / (np.maximum(s.counts, 1) * np.sum(s.counts > 0)), 0.0),
        BUG,
    )
    _add(bank, "sum-of-means", "that adds up the means of the micro-batches", SUM_OF_MEANS, lambda s: 1 / s.counts)
    _add(
        bank,
        "sum-of-means-empty-kept",
        "that adds up the means of the micro-batches, an empty one counting as zero",
        SUM_OF_MEANS,
        lambda s: 1 / np.maximum(s.counts, 1),
    )
    _add(
        bank,
        "divided-by-micro-batches",
        "that divides by the number of micro-batches instead of tokens",
        (
            "Is the loss you return the loss of one token, or of one micro-batch?",
            "loss_sum_fn gives a sum over tokens.",
            "Divide by the sum of count_fn over all micro-batches.",
        ),
        _each(lambda s: 1 / s.size),
    )
    _add(
        bank,
        "first-count-for-all",
        "that takes every micro-batch to be as long as the first",
        (
            "Give it micro-batches of different length. Which count do you use?",
            "The last one is often shorter.",
            "Sum count_fn over all micro-batches.",
        ),
        _each(lambda s: 1 / (s.counts[0] * s.size)),
    )
    _add(
        bank,
        "largest-count-for-all",
        "that takes every micro-batch to be as long as the longest",
        (
            "Give it micro-batches of different length. Which count do you use?",
            "The last one is often shorter.",
            "Sum count_fn over all micro-batches.",
        ),
        _each(lambda s: 1 / (s.counts.max() * s.size)),
    )
    _add(
        bank,
        "same-one-counted-once",
        "that counts a micro-batch only once which is in the sequence twice",
        (
            "The same micro-batch is in the sequence twice. How many tokens do you count?",
            "A dict or a set of micro-batches holds each of them once.",
            "Sum count_fn over the sequence: sum(count_fn(mb) for mb in micro_batches).",
        ),
        _each(lambda s: 1 / _counted_once(s)),
    )
    _add(
        bank,
        "last-count-only",
        "that divides by the count of the last micro-batch",
        (
            "What is your total after the loop that counts?",
            "A variable is overwritten in a loop.",
            "Add to it: total += count_fn(mb).",
        ),
        _each(lambda s: 1 / s.counts[-1]),
    )
    _add(
        bank,
        "running-count",
        "that divides by the tokens counted so far",
        (
            "Swap two micro-batches. Does your gradient stay what it was?",
            "While the first loss is divided, the later tokens are not counted yet.",
            "Count all micro-batches before the first backward().",
        ),
        lambda s: 1 / np.cumsum(s.counts),
    )
    _add(
        bank,
        "last-not-counted",
        "that leaves the last micro-batch out of the count",
        (
            "Which micro-batches does your token count see?",
            "A range or a slice ends too early.",
            "Sum count_fn over all micro-batches.",
        ),
        _each(lambda s: 1 / s.counts[:-1].sum()),
    )
    _add(
        bank,
        "sum-taken-for-a-mean",
        "that weights every loss sum with its token count",
        (
            "What does loss_sum_fn give: a sum, or a mean?",
            "count/total is the weight for a mean. A sum has the count in it already.",
            "Divide every loss sum by the total, and multiply it by nothing.",
        ),
        lambda s: s.counts / s.total,
    )
    _add(
        bank,
        "average-count",
        "that divides by the average count",
        (
            "Cut the same tokens into more micro-batches. Does your gradient stay what it was?",
            "The total is divided by the number of micro-batches once too often.",
            "Divide every loss sum by the total count itself.",
        ),
        _each(lambda s: s.size / s.total),
    )
    _add(
        bank,
        "divided-by-both",
        "that divides by the tokens and by the number of micro-batches",
        (
            "Cut the same tokens into more micro-batches. Does your gradient stay what it was?",
            "Dividing by the number of micro-batches belongs to means, not to sums.",
            "Divide every loss sum by the total count, and by nothing else.",
        ),
        _each(lambda s: 1 / (s.total * s.size)),
    )
    _add(
        bank,
        "padding-counted",
        "that counts padding as tokens",
        (
            "What does count_fn say of a micro-batch that is half padding?",
            "The size of a tensor is not the number of tokens that have a loss.",
            "Use count_fn, not the shape.",
        ),
        _each(lambda s: 1 / s.rows.sum()),
        taken_apart=_raises_unless_pairs,
    )
    _add(
        bank,
        "len-for-count",
        "with len(micro_batch) in place of count_fn",
        (
            "What is len of a pair (x, y)?",
            "Only count_fn knows how many tokens a micro-batch has.",
            "Use count_fn(mb).",
        ),
        _each(lambda s: 1 / (2 * s.size)),
        taken_apart=_raises_unless_pairs,
    )
