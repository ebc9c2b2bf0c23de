"""Matrices that Newton-Schulz is tried on."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.function_task import as_tensor, calls
from autograder.judge.rounding import representable

ENTRY = "newton_schulz"
SHORT: tuple[tuple[float, dict[str, Any]], ...] = ((0.5, {}), (0.02, {"steps": 1}))
"""Lengths beside an eps of 0.05; after more steps than one, what is far below eps is as long as everything else."""


def draw_calls(rng: np.random.Generator) -> list[Scenario]:
    """All scenarios, small ones first."""
    return [
        _scenario("one_step", "one step", [_call(_random(rng, shape), steps=1) for shape in ((2, 3), (3, 3), (3, 7))]),
        _scenario("two_steps", "two steps", [_call(_random(rng, shape), steps=2) for shape in ((2, 3), (3, 3))]),
        _scenario("wide", "wide matrices", [_call(_random(rng, shape)) for shape in ((2, 5), (4, 8), (3, 3))]),
        _scenario("tall", "tall matrices", [_call(_random(rng, shape)) for shape in ((5, 2), (8, 4))]),
        _scenario("steps", "other numbers of steps", [_call(_random(rng, (3, 4)), steps=n) for n in (2, 3, 4)]),
        _scenario("size", "matrices of length 30 and 0.05", _sizes(rng)),
        _scenario(
            "spectrum", "one number in each row", [_call(_few(rng, shape)) for shape in ((4, 6), (6, 4), (5, 5))]
        ),
        _scenario(
            "rank_one", "matrices of rank one", [_call(_signs(rng, shape)) for shape in ((2, 8), (8, 2), (4, 4))]
        ),
        _scenario("zero", "a matrix of zeros", [_call(np.zeros(shape)) for shape in ((3, 4), (4, 3))]),
        _scenario("tiny", "matrices of length 1e-6 and 1e-8", [_call(_random(rng, (3, 4), n)) for n in (1e-6, 1e-8)]),
        _scenario("eps", "eps = 0.05", [_call(_random(rng, (3, 4), n), eps=0.05, **few) for n, few in SHORT]),
        _scenario("dtypes", "float32 and bfloat16", _dtypes(rng)),
        _scenario("layout", "a transposed view", [_call(_random(rng, (4, 5)), layout="transposed")]),
        _scenario("steps", "no step at all", [_call(_random(rng, (4, 3)), steps=0)]),
        _scenario("by_position", "arguments by position", [_by_position(rng)]),
        _scenario("wide", "a single row", [_call(_random(rng, shape)) for shape in ((1, 4), (1, 1))]),
        _scenario("tall", "a single column", [_call(_random(rng, (5, 1)))]),
        _scenario("steps", "six steps", [_call(_signs(rng, (2, 8)), steps=6)]),
        _scenario("eps", "eps = 0", [_call(_random(rng, (3, 4), 1e-6), eps=0.0)]),
        _scenario("tall", "three squares below each other", [_call(_even(rng, shape)) for shape in ((9, 3), (72, 24))]),
        _scenario("wide", "larger matrices", [_call(_even(rng, shape)) for shape in ((2, 20), (65, 67))]),
        _scenario("tiny", "a matrix of length 2e-7, no step", [_call(_random(rng, (3, 4), 2e-7), steps=0)]),
    ]


def _scenario(family: str, about: str, wanted: list[dict[str, Any]]) -> Scenario:
    return calls(ENTRY, family, about, wanted)


def _call(matrix: np.ndarray, dtype: str = "float64", layout: str = "contiguous", **kwargs: Any) -> dict[str, Any]:
    return {
        "args": [as_tensor(representable(matrix, dtype), dtype, layout)],
        "kwargs": kwargs,
        "returns": [{"shape": list(matrix.shape), "dtype": dtype, "new": True}],
    }


def _by_position(rng: np.random.Generator) -> dict[str, Any]:
    call = _call(_random(rng, (2, 4)))
    return {**call, "args": [*call["args"], 3, 0.01]}


def _random(rng: np.random.Generator, shape: tuple[int, int], length: float | None = None) -> np.ndarray:
    """Numbers of both signs, no singular value close to zero; `length` is the Frobenius norm, about 1 without one.

    The length is close to one so that a program which forgets to normalise still gives finite numbers to talk about.
    """
    while True:
        matrix = rng.uniform(0.3, 1.7, size=shape) * rng.choice([-1.0, 1.0], size=shape)
        matrix *= (length or rng.uniform(0.8, 1.2)) / np.linalg.norm(matrix)
        singular = np.linalg.svd(matrix, compute_uv=False)
        if singular[-1] > 0.12 * np.linalg.norm(matrix):
            return matrix


def _even(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Length one, no singular value more than three times as large as another."""
    count = min(shape)
    left, right = (np.linalg.qr(rng.normal(size=(side, count)))[0] for side in shape)
    matrix = left * rng.uniform(0.5, 1.5, size=count) @ right.T
    return np.asarray((matrix / np.linalg.norm(matrix)).round(5))


def _few(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """One number in each row and column: these are the singular values, from 1 down to 0.002 and 0."""
    count = min(shape)
    sizes = np.array([1.0, 0.5, 0.1, 0.02, 0.002])[:count]
    if count == 5:
        sizes[-2:] = (0.05, 0.0)
    matrix = np.zeros(shape)
    rows, columns = rng.permutation(shape[0])[:count], rng.permutation(shape[1])[:count]
    matrix[rows, columns] = sizes * rng.uniform(0.9, 1.1, count) * rng.choice([-1.0, 1.0], count)
    return matrix


def _signs(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Rank one, every number ±1/2: exact in every format, so rounding cannot raise the rank."""
    return 0.5 * np.outer(rng.choice([-1.0, 1.0], shape[0]), rng.choice([-1.0, 1.0], shape[1]))


def _sizes(rng: np.random.Generator) -> list[dict[str, Any]]:
    return [_call(_random(rng, shape, n), steps=2) for shape, n in (((2, 3), 30.0), ((4, 3), 30.0), ((3, 4), 0.05))]


def _dtypes(rng: np.random.Generator) -> list[dict[str, Any]]:
    return [
        _call(_random(rng, (3, 5)), "float32"),
        _call(_random(rng, (12, 16)), "float32", steps=3),
        _call(_random(rng, (4, 2), 1.6), "bfloat16"),  # far from length 1, which divided by is no change at all
    ]
