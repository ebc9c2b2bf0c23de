"""Mistakes in the polynomial of Newton-Schulz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.judge.variants import Bank

A, B, C = 3.4445, -4.7750, 2.0315
POLAR_EXPRESS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
"""Amsel et al. 2025, the first five steps; as printed in their reference code."""

ONE_NUMBER = "Put a 1 by 1 matrix through one step: what should become of the number x, and what does?"
POLYNOMIAL = "With A = X Xᵀ: X becomes a X + (b A + c A A) X."


def add_polynomial_mistakes(bank: Bank) -> None:
    """Wrong coefficients, and wrong products."""
    _coefficients(bank)
    _products(bank)


def _coefficients(bank: Bank) -> None:
    def add(id: str, title: str, values: tuple[float, float, float], pointer: str, source: str = "") -> None:
        nearly = "The coefficients are 3.4445, −4.7750 and 2.0315, for X, for A and for A A."
        bank.misconception(id, title, source=source, hints=(ONE_NUMBER, pointer, nearly), coefficients=lambda s: values)

    add("b-sign", "with plus 4.7750 instead of minus", (A, -B, C), "Which of the three coefficients is negative?")
    add("c-sign", "with minus 2.0315 instead of plus", (A, B, -C), "Which of the three coefficients is negative?")
    add("b-and-c-exchanged", "with b and c exchanged", (A, C, B), "Which coefficient belongs to A, which to A A?")
    add("reversed", "with the coefficients in reverse order", (C, B, A), "Which coefficient belongs to X alone?")
    add("no-linear-term", "without the term a X", (0.0, B, C), "How many terms does your step add up?")
    add("no-cubic-term", "without the term b A X", (A, 0.0, C), "How many terms does your step add up?")
    add("no-quintic-term", "without the term c A A X", (A, B, 0.0), "How many terms does your step add up?")
    slow = "Your singular values do converge to 1, but small ones take longer. Which polynomial does the task give?"
    add("cubic", "with the classic cubic, 1.5 and −0.5", (1.5, -0.5, 0.0), slow, "Higham 2008, chapter 8")
    add("taylor-quintic", "with the classic quintic, 15/8, −10/8, 3/8", (15 / 8, -10 / 8, 3 / 8), slow)
    add(
        "other-quintic",
        "with the coefficients 3, −16/5, 6/5",
        (3.0, -3.2, 1.2),
        "These are another tuned set. Which numbers does the task give?",
        "modula's duality map",
    )
    bank.misconception(
        "polar-express",
        "with the Polar Express coefficients, other ones in every step",
        source="Amsel et al. 2025",
        hints=(
            "Are your coefficients the same in every step?",
            "A newer published set changes them from step to step. Which numbers does the task give?",
            "Use 3.4445, −4.7750 and 2.0315 in every step.",
        ),
        end=lambda s: _polar_express(s.start, s.count),
    )


def _products(bank: Bank) -> None:
    def add(id: str, title: str, one: Callable[..., np.ndarray], nudge: str, pointer: str) -> None:
        bank.misconception(id, title, hints=(nudge, pointer, POLYNOMIAL), one=lambda s: one)

    add(
        "elementwise-square",
        "with the square of each entry of A in place of the product A A",
        lambda x, a, b, c: a * x + (b * (x @ x.T) + c * (x @ x.T) ** 2) @ x,
        "Is your square of a matrix a product of matrices?",
        "In torch, * and ** work entry by entry; @ multiplies matrices.",
    )
    add(
        "elementwise-cube",
        "that applies the polynomial to each entry instead of the singular values",
        lambda x, a, b, c: a * x + b * x**3 + c * x**5,
        "What does your function do to a matrix that is already orthogonal but not diagonal?",
        "In torch, * and ** work entry by entry; @ multiplies matrices.",
    )
    add(
        "gram-on-the-wrong-side",
        "with A = Xᵀ X multiplied from the left",
        lambda x, a, b, c: a * x + _needs_square(b * (x.T @ x) + c * (x.T @ x) @ (x.T @ x), x) @ x,
        "Try a 3 by 3 and a 3 by 5 matrix. Which one fails?",
        "X has shape (rows, cols). Which shape must A have, so that A X exists?",
    )
    add(
        "cube-of-a",
        "with A A A in place of A A",
        lambda x, a, b, c: a * x + (b * (x @ x.T) + c * np.linalg.matrix_power(x @ x.T, 3)) @ x,
        ONE_NUMBER,
        "The highest power of a singular value is the fifth. Which is yours?",
    )
    add(
        "not-multiplied-by-x",
        "with the terms in A not multiplied by X",
        lambda x, a, b, c: a * x + _spread(b * (x @ x.T) + c * (x @ x.T) @ (x @ x.T), x),
        "Which shapes do you add up?",
        "b A + c A A has as many columns as rows. What has to follow?",
    )

    bank.misconception(
        "gram-computed-once",
        "with A computed once, before the loop",
        hints=(
            "The first step is right. And the second?",
            "A = X Xᵀ belongs to the current X. How often do you compute it?",
            "Compute A inside the loop.",
        ),
        end=lambda s: _same_gram(s.start, s.count, *s.coefficients),
    )


def _same_gram(x: np.ndarray, count: int, a: float, b: float, c: float) -> np.ndarray:
    gram = x @ x.T
    for _ in range(count):
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def _spread(product: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A single number is added to a whole row; otherwise the shapes have to fit."""
    return product if product.size == 1 else _needs_square(product, x)


def _needs_square(product: np.ndarray, x: np.ndarray) -> np.ndarray:
    """torch raises RuntimeError where the shapes do not fit."""
    if x.shape[0] != x.shape[1]:
        raise RuntimeError("shapes do not fit")
    return product


def _polar_express(x: np.ndarray, count: int) -> np.ndarray:
    for step in range(count):
        a, b, c = POLAR_EXPRESS[min(step, len(POLAR_EXPRESS) - 1)]
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x
