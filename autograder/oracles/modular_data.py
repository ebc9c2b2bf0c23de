"""Arithmetic modulo p as data (Power et al., 2022, appendix A.1.1): all pairs (a, b), the answer of each, and a random cut.

A pipeline of named steps on numpy's generator. What is drawn differs from any torch program; what can be said about it
without knowing the draw does not.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula

OPERATIONS = ("add", "sub", "mul", "div")


@cache
def grid(p: int, first: int = 0) -> np.ndarray:
    """All pairs of numbers from `first` to p − 1, shape (n, 2), in the order in which one counts; not to be written to."""
    a, b = np.meshgrid(np.arange(first, p), np.arange(first, p), indexing="ij")
    pairs = np.stack([a.ravel(), b.ravel()], axis=1)
    pairs.flags.writeable = False
    return pairs


def inverse(b: np.ndarray, p: int) -> np.ndarray:
    """The number that times b gives 1 modulo the prime p: b^(p − 2), by Fermat; 0 for 0."""
    return _inverses(p)[np.asarray(b) % p]


@cache
def _inverses(p: int) -> np.ndarray:
    return np.array([pow(value, p - 2, p) for value in range(p)], dtype=int)


def answers(operation: str, a: np.ndarray, b: np.ndarray, p: int) -> np.ndarray:
    """What `operation` gives, from 0 to p − 1; for a name that is none, what division gives."""
    whole = {"add": a + b, "sub": a - b, "mul": a * b, "div": a * inverse(b, p)}
    return whole.get(operation, whole["div"]) % p


def refuse(s: Any) -> None:
    """Raise ValueError for a name that is none."""
    if s.operation not in OPERATIONS:
        raise ValueError(f"no operation {s.operation}")


FORMULA = Formula(
    "modular_data",
    signature={"p": REQUIRED, "operation": REQUIRED, "train_fraction": REQUIRED, "rng": REQUIRED},
    steps={
        "known": refuse,
        "grid": lambda s: grid(s.p),
        "pairs": lambda s: s.grid[s.grid[:, 1] > 0] if s.operation == "div" else s.grid,
        "a": lambda s: s.pairs[:, 0],
        "b": lambda s: s.pairs[:, 1],
        "difference": lambda s: s.a - s.b,
        "inverse": lambda s: inverse(s.b, s.p),
        "quotient": lambda s: s.a * s.inverse,
        "whole": lambda s: {"add": s.a + s.b, "sub": s.difference, "mul": s.a * s.b}.get(s.operation, s.quotient),
        "answers": lambda s: s.whole % s.p,
        "shuffled": lambda s: s.rng.permutation(len(s.pairs)),
        "cut": lambda s: int(s.train_fraction * len(s.pairs)),
        "train": lambda s: s.shuffled[: s.cut],
        "val": lambda s: s.shuffled[s.cut :],
        "labels": lambda s: (s.answers[s.train], s.answers[s.val]),
        "parts": lambda s: (s.pairs[s.train], s.labels[0], s.pairs[s.val], s.labels[1]),
    },
)
