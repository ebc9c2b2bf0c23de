"""What people get wrong in the pairs of modular_data and their answers."""

from __future__ import annotations

import numpy as np

from autograder.judge.variants import Bank
from autograder.oracles.modular_data import grid, inverse

bank = Bank()
add = bank.misconception


add(
    "no-modulo",
    "without the remainder: sums, differences and products are not brought back to 0 … p − 1",
    hints=(
        "What is the largest answer in your data?",
        "With p = 7, what is 5 + 4?",
        "Every answer is taken % p, whatever the operation.",
    ),
    answers=lambda s: s.whole,
)
add(
    "sub-reversed",
    "that subtracts the first number from the second",
    hints=(
        "What is your answer for the pair (3, 1)?",
        "Which number is taken from which?",
        "sub is (a − b) % p, with a in column 0.",
    ),
    difference=lambda s: s.b - s.a,
)
add(
    "sub-absolute",
    "that takes the size of the difference",
    hints=(
        "Is your answer for (1, 3) the same as for (3, 1)?",
        "What does −2 become modulo p?",
        "Leave the sign, and let % p do the rest: (a − b) % p.",
    ),
    difference=lambda s: np.abs(s.a - s.b),
)
add(
    "sub-negative",
    "whose differences stay negative where b is larger",
    source="torch.fmod keeps the sign",
    hints=(
        "What is your smallest answer?",
        "Two remainders of −2 modulo 7 are in use: −2 and 5. Which one is a class?",
        "Take the remainder of the whole difference, (a − b) % p: % binds before −, and torch.fmod keeps the sign.",
    ),
    answers=lambda s: np.fmod(s.whole, s.p),
)
add(
    "div-floor",
    "that divides as whole numbers and drops the rest",
    hints=(
        "Multiply your answer by b again, modulo p. Do you get a?",
        "Division modulo p undoes multiplication modulo p. Does // do that?",
        "Find the number that times b is 1 modulo p, and multiply a by it.",
    ),
    quotient=lambda s: s.a // np.maximum(s.b, 1),
)
add(
    "div-reversed",
    "that divides the second number by the first",
    hints=(
        "Multiply your answer by b again, modulo p. Do you get a?",
        "Which of the two numbers did you invert?",
        "The answer is a times the inverse of b.",
    ),
    quotient=lambda s: s.b * inverse(s.a, s.p),
)
add(
    "div-multiplies",
    "whose division multiplies",
    hints=(
        "Multiply your answer by b again, modulo p. Do you get a?",
        "a and the quotient have changed places.",
        "If c is the answer, then c times b is a, modulo p.",
    ),
    quotient=lambda s: s.a * s.b,
)
add(
    "div-by-negation",
    "that multiplies by p − b instead of by the inverse of b",
    hints=(
        "Multiply b by what you take for its inverse. Do you get 1?",
        "p − b is what you add to b to get 0.",
        "pow(b, -1, p), or pow(b, p - 2, p), gives the inverse for multiplication.",
    ),
    inverse=lambda s: s.p - s.b,
)
add(
    "div-fermat-exponent",
    "that multiplies by b to the power p − 1, which is always 1",
    hints=(
        "Does your answer depend on b at all?",
        "Fermat: b to the power p − 1 is 1 modulo p. Which power is then the inverse?",
        "The inverse of b is b to the power p − 2.",
    ),
    inverse=lambda s: np.ones_like(s.b),
)
add(
    "div-power-overflows",
    "whose power b ** (p − 2) is too large for int64",
    hints=(
        "Your division is right for small p. What is wrong with 42 ** 41?",
        "int64 ends at about 9.2 · 10^18, and what is larger wraps around. From which p on is b ** (p − 2) larger?",
        "pow(int(b), p - 2, p) takes the remainder after every multiplication; so can a loop of yours.",
    ),
    inverse=lambda s: np.asarray(s.b, dtype=np.int64) ** (s.p - 2) % s.p,
)
add(
    "div-product-overflows",
    "whose product a * b ** (p − 2) is too large for int64",
    hints=(
        "Your division is right for small p. What is wrong with 42 ** 41?",
        "int64 ends at about 9.2 · 10^18, and what is larger wraps around. From which p on is b ** (p − 2) larger?",
        "pow(int(b), p - 2, p) takes the remainder after every multiplication; so can a loop of yours.",
    ),
    quotient=lambda s: np.asarray(s.a, dtype=np.int64) * np.asarray(s.b, dtype=np.int64) ** (s.p - 2),
)
add(
    "division-by-zero",
    "that keeps the pairs with b = 0 in division",
    hints=(
        "How many pairs does your division have, and how many should it?",
        "What is 3 / 0?",
        "For div leave out every pair with b = 0: p (p − 1) are left.",
    ),
    pairs=lambda s: s.grid,
)
add(
    "zero-left-out-always",
    "that leaves out b = 0 for every operation",
    hints=(
        "How many pairs does your addition have?",
        "Is there anything wrong with 3 + 0?",
        "Only division has to do without b = 0.",
    ),
    pairs=lambda s: s.grid[s.grid[:, 1] > 0],
)
add(
    "no-zeros-in-division",
    "whose division also leaves out a = 0",
    hints=(
        "How many pairs does your division have?",
        "What is 0 / 3?",
        "Only b must not be 0; there are p (p − 1) pairs.",
    ),
    pairs=lambda s: s.grid[(s.grid > 0).all(axis=1)] if s.operation == "div" else s.grid,
)
add(
    "starts-at-one",
    "whose numbers start at 1",
    hints=(
        "Which numbers occur in column 0?",
        "There are p classes modulo p. Is 0 one of them?",
        "The numbers run from 0 to p − 1: torch.arange(p).",
    ),
    grid=lambda s: grid(s.p, first=1),
)
add(
    "unordered-pairs",
    "with only one of (a, b) and (b, a)",
    hints=(
        "Is (1, 2) in your data? And (2, 1)?",
        "How many pairs should there be altogether?",
        "All p² pairs count: torch.cartesian_prod, not torch.combinations.",
    ),
    grid=lambda s: grid(s.p)[grid(s.p)[:, 0] <= grid(s.p)[:, 1]],
)
