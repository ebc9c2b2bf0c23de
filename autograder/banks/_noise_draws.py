"""Squared norms of gradients at two batch sizes: how `noise_scale` is called."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.function_task import as_tensor, calls
from autograder.oracles.noise_scale import FORMULA


def _sizes(rng: np.random.Generator) -> tuple[int, int]:
    small = int(rng.integers(2, 9))
    return small, small * int(rng.integers(6, 17))


def _norms(rng: np.random.Generator, mean: float, count: int) -> np.ndarray:
    """Positive draws with a spread of about a third."""
    return np.asarray(mean * rng.uniform(0.5, 1.7, size=count))


def _cancels(b: int, B: int, smalls: np.ndarray, bigs: np.ndarray) -> bool:
    """Whether the two terms of |G|² nearly cancel in a pair of draws, or on average after a wrong power: then float32
    decides what a mean of ratios is, or one of norms not squared."""
    count = min(len(smalls), len(bigs))
    terms: list[tuple[Any, Any, float]] = [(b * smalls[:count], B * bigs[:count], 0.01)]
    terms += [(b * np.mean(smalls**power), B * np.mean(bigs**power), 0.03) for power in (0.5, 1, 2)]
    return any(bool(np.any(np.abs(one - other) < least * (one + other))) for one, other, least in terms)


def _call(
    rng: np.random.Generator, smalls: int, bigs: int, dtype: str = "", named: bool = False, **fixed: Any
) -> dict[str, Any]:
    """Draws whose true noise scale is between 5 and 60."""
    b, B = fixed.get("sizes") or _sizes(rng)
    signal = float(rng.uniform(0.5, 2.0))
    noise = signal * float(rng.uniform(5, 60))
    drawn = [_norms(rng, signal + noise / b, smalls), _norms(rng, signal + noise / B, bigs)]
    while _cancels(b, B, *drawn):
        drawn = [_norms(rng, signal + noise / b, smalls), _norms(rng, signal + noise / B, bigs)]
    sequences: list[Any] = [as_tensor(v.astype(dtype), dtype) if dtype else [float(x) for x in v] for v in drawn]
    if named:
        return {"kwargs": dict(zip(reversed(list(FORMULA.signature)), [B, b, *reversed(sequences)], strict=True))}
    return {"args": [*sequences, b, B]}


def _small(call: dict[str, Any]) -> dict[str, Any]:
    """The same draws with gradients a million times shorter: the noise scale stays what it was."""
    small, big, *batches = call["args"]
    return {"args": [*({**x, "tensor": [1e-12 * v for v in x["tensor"]]} for x in (small, big)), *batches]}


def _negative(rng: np.random.Generator, negative: str, dtype: str = "") -> dict[str, Any]:
    """One draw each, so that the estimate of |G|² ("signal") or of S ("noise") comes out negative."""
    b, B = 4, 4 * int(rng.integers(3, 7))
    large = [float(rng.uniform(4, 6))]
    small = [float(rng.uniform(0.2, 0.8) if negative == "signal" else rng.uniform(2, 3))]
    sequences: list[Any] = [large, small] if negative == "signal" else [small, large]
    return {"args": [*(as_tensor(np.array(v), dtype) if dtype else v for v in sequences), b, B]}


def _whole_numbers(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Lists of whole numbers, in one kind of draws and in both, of mixed numbers, and of one draw as in the task's hint."""
    b, B = _sizes(rng)
    larger, smaller = ([mean + int(d) for d in rng.integers(-9, 10, size=5)] for mean in (60, 40))
    halves = [value + 0.5 for value in smaller]
    pairs = [
        (larger, smaller),
        (larger, halves),
        ([value + 0.5 for value in larger], smaller),
        (larger, [*smaller, 0.5]),
    ]
    return [*({"args": [*pair, b, B]} for pair in pairs), {"args": [[6], [4], 3, 6]}]


def _unusual(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Draws that a cautious program may leave out, and that count like any others."""

    def noted(note: str, smalls: list[float], bigs: list[float]) -> dict[str, Any]:
        return {"args": [smalls, bigs, 4, 48], "note": note}

    small, big = (float(f"{mean * rng.uniform(0.9, 1.1):.3g}") for mean in (2.0, 1.1))
    some, others = ([float(x) for x in _norms(rng, mean, count)] for mean, count in ((2.0, 6), (1.1, 6)))
    many, more = ([float(x) for x in _norms(rng, mean, count)] for mean, count in ((2.0, 300), (1.1, 260)))
    return [
        noted("one of the first is 0", [*some[:4], 0.0, *some[4:]], others),
        noted("the first ones all equal, the last one far above them", [small] * 60 + [100 * small], others),
        noted("most of them equal", [*[small] * 5, small / 2], [*[big] * 5, big / 2]),
        noted("hundreds of draws", many, more),
        noted("one of the second is 0", some, [*others[:4], 0.0, *others[4:]]),
        noted("the second ones all equal, the last one far above them", [3 * small] * 60, [big] * 20 + [30 * big]),
    ]


def _scales(rng: np.random.Generator) -> list[dict[str, Any]]:
    """One draw each. The tiny and the huge ones are exact also in float32, so that a rounded or bounded result shows."""
    signal, noise = float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.2, 0.5))
    little, nearly = 2.0**-15, 2.0**-20
    return [
        {"args": [[signal + signal * noise / 4], [signal + signal * noise / 48], 4, 48]},
        {"args": [[1 + little], [1 + little / 2], 1, 2], "note": "hardly any noise", "exact": True},
        {"args": [[1.0], [0.5 + nearly / 2], 1, 2], "note": "hardly anything but noise", "exact": True},
    ]


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Lists, tensors, draws of unequal number, extreme sizes, negative estimates."""

    def made(family: str, about: str, *wanted: dict[str, Any]) -> Scenario:
        return calls(FORMULA.entry, family, about, wanted)

    many, few = int(rng.integers(20, 40)), int(rng.integers(4, 8))
    one_to_two, big_sizes = (1, 2), (1, 4096)
    found = [
        made("lists", "lists of equal length", *(_call(rng, 8, 8) for _ in range(3))),
        made("lengths", "more draws of one kind than of the other", _call(rng, many, few), _call(rng, few, many)),
        made("tensors", "tensors", _call(rng, many, few, "float64"), _call(rng, few, few, "float32", named=True)),
        made(
            "sizes", "batch sizes 1, 2 and 4096", _call(rng, 6, 5, sizes=one_to_two), _call(rng, 6, 5, sizes=big_sizes)
        ),
        made("sizes", "squared norms of 1e-12", _small(_call(rng, 6, 5, "float64"))),
        made(
            "negative",
            "one draw each, and a negative estimate",
            _negative(rng, "signal"),
            _negative(rng, "noise"),
            _negative(rng, "signal", "float64"),
            _negative(rng, "noise", "float64"),
        ),
    ]
    found.append(made("sizes", "whole numbers", *_whole_numbers(rng)))
    return [
        *found,
        made("lists", "draws that are 0, equal, far away or many", *_unusual(rng)),
        made("sizes", "small, tiny and huge noise scales", *_scales(rng), _call(rng, 6, 5, sizes=(8, 1_000_000))),
    ]
