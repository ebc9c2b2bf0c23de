"""What a missing bracket, a missing underscore or one wrong letter makes of a divided step: Adam, RMSProp, AdaGrad."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.judge.variants import Bank, Step, Variant

Entry = tuple[str, str, tuple[str, str, str], Mapping[str, Step]]

_HALF = (
    "What does your denominator give for a 16? And the root?",
    "Which does Python work out first in x ** 1 / 2, the power or the fraction?",
    "Write .sqrt(), or brackets: x ** (1 / 2).",
)
_OUTSIDE = (
    "Does a weight with a gradient of zero move?",
    "Look at the brackets: what exactly is divided by what?",
    "ε belongs under the fraction, together with the root: a / (root + eps).",
)
_LOST = (
    "Print your state after two steps. Does it change?",
    "x.mul(a).add(b) makes a new tensor. Who keeps it?",
    "Write mul_ and add_ with the underscore, or put the result into self.state[p].",
)
_NEW_SHARE = (
    "Feed a gradient of 1 for ever. Where should an average of ones end, and where does yours?",
    "What is squared in your line: the gradient, or its share?",
    "The average takes (1 − β) times the square, not the square of (1 − β) times the gradient.",
)


def add_squared_slips(bank: Bank) -> None:
    """In rules with the state `squares` and the steps squares, root, direction, update."""
    _include(
        bank,
        (
            "half-of-the-squares",
            "with half the squares where their root belongs, as ** 1/2 without brackets gives it",
            _HALF,
            {"root": lambda s: s.squares / 2 + s.eps},
        ),
        (
            "eps-on-the-update",
            "that adds eps to the update, behind the fraction",
            _OUTSIDE,
            {"root": lambda s: np.sqrt(s.squares), "update": lambda s: s.lr * s.direction + s.eps},
        ),
        (
            "squares-stay-at-the-start",
            "whose squares stay as they were at the start",
            _LOST,
            {"squares": lambda s: s.squares},
        ),
    )


def add_average_slips(bank: Bank) -> None:
    """RMSProp's average of squares."""
    _include(
        bank,
        (
            "new-share-squared",
            "that squares (1 − α) together with the gradient",
            _NEW_SHARE,
            {"squares": lambda s: s.alpha * s.squares + (1 - s.alpha) ** 2 * s.square},
        ),
        (
            "average-never-shrinks",
            "that adds (1 − α) times the square to the whole old average",
            (
                "After a large gradient come many small ones. Does your average ever fall?",
                "Two numbers multiply: one the old average, one the new square. Where is the first?",
                "squares becomes α times itself plus (1 − α) times the new square.",
            ),
            {"squares": lambda s: s.squares + (1 - s.alpha) * s.square},
        ),
    )


def add_adam_slips(bank: Bank) -> None:
    """Adam and AdamW."""
    shrink = (
        "After a large gradient come many small ones. Does your average ever fall?",
        "Two numbers multiply: one the old average, one what is new. Where is the first?",
        "An average becomes β times itself plus (1 − β) times what is new.",
    )
    power = (
        "Print the second correction at steps 1, 2 and 3. Does it grow towards 1?",
        "(1 − β)ᵗ and 1 − βᵗ agree at t = 1. And at t = 2?",
        "Divide by 1 − β**t: the power belongs to β alone.",
    )
    _include(
        bank,
        (
            "half-of-the-second-average",
            "with half the second average where its root belongs, as ** 1/2 without brackets gives it",
            _HALF,
            {"root": lambda s: s.exp_avg_sq / s.correction2 / 2},
        ),
        (
            "eps-on-the-divided-average",
            "that adds ε to the divided average, behind the fraction",
            _OUTSIDE,
            {"denominator": lambda s: s.root, "update": lambda s: s.lr * (s.average / s.denominator + s.eps)},
        ),
        (
            "second-share-of-the-first",
            "with (1 − β₁) on the squared gradient",
            (
                "Which β stands in each of the four places of your two averages?",
                "A copied line keeps its letters. Which one should have changed?",
                "exp_avg_sq becomes β₂ times itself plus (1 − β₂) times the squared gradient.",
            ),
            {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta1) * s.grad**2},
        ),
        (
            "second-share-squared",
            "that squares (1 − β₂) together with the gradient",
            _NEW_SHARE,
            {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + ((1 - s.beta2) * s.grad) ** 2},
        ),
        (
            "second-average-never-shrinks",
            "that adds (1 − β₂) times the square to the whole second average",
            shrink,
            {"exp_avg_sq": lambda s: s.exp_avg_sq + (1 - s.beta2) * s.grad**2},
        ),
        (
            "first-average-never-shrinks",
            "that adds (1 − β₁) times the gradient to the whole first average",
            shrink,
            {"exp_avg": lambda s: s.exp_avg + (1 - s.beta1) * s.grad},
        ),
        (
            "second-correction-of-the-share",
            "that corrects the second average by (1 − β₂)ᵗ instead of 1 − β₂ᵗ",
            power,
            {"correction2": lambda s: (1 - s.beta2) ** s.t},
        ),
        ("first-average-stays-at-zero", "whose first average stays at zero", _LOST, {"exp_avg": lambda s: s.exp_avg}),
    )


def add_lost_second_average(bank: Bank) -> None:
    """Adam's; what AdamW's decay makes of the infinite numbers that come of it depends on how it is written."""
    _include(
        bank,
        (
            "second-average-stays-at-zero",
            "whose second average stays at zero",
            _LOST,
            {"exp_avg_sq": lambda s: s.exp_avg_sq},
        ),
    )


def _include(bank: Bank, *entries: Entry) -> None:
    for id, title, hints, steps in entries:
        bank.include([Variant(id, title, "misconception", steps, hints=hints)])
