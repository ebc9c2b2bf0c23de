"""How `accumulate` is tried: micro-batches of equal and unequal length, padded, empty; gradients there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.accumulate_parts import PADDING, UNUSED
from autograder.judge.named_parts_task import Drawn
from autograder.judge.rounding import representable

INPUTS = 3


def scenarios(rng: np.random.Generator) -> list[Drawn]:
    """All of them."""
    draw = _Drawing(rng)
    tokens = int(rng.integers(3, 6))
    unequal = [int(n) for n in rng.permutation([7, 3, 5, 2])]
    existing = [draw.values(INPUTS), float(draw.values(1)[0]), draw.values(UNUSED)]
    same = [tokens, 4, 3, 4, 2]
    found = [
        ("equal", "", draw.program([tokens] * 3)),
        ("equal", "", draw.program([tokens + 2] * 4)),
        ("unequal", f"micro-batches of {_listed(unequal)} tokens", draw.program(unequal)),
        ("unequal", "rows of equal length, partly padding", draw.program([6, 6, 6], real=[6, 2, 4])),
        ("edges", "a single micro-batch", draw.program([tokens])),
        ("edges", "micro-batches of 1, 2 and 1 tokens", draw.program([1, 2, 1])),
        ("edges", "the first micro-batch is empty", draw.program([0, 4, 3])),
        ("edges", "two empty micro-batches in a row", draw.program([3, 0, 0, 5])),
        ("edges", "the last micro-batch is empty", draw.program([4, 6, 0])),
        ("edges", "the second micro-batch is all padding", draw.program([3, 4, 6], real=[3, 0, 5])),
        ("edges", "twelve micro-batches", draw.program([2, 1, 3] * 4)),
        ("existing", "gradients are there already", draw.program([5, 2, 4], grads=existing)),
        ("together", "a tuple of float32", draw.program([5, 1, 4, 3, 6], dtype="float32", form="tuple")),
        ("edges", "the same micro-batch twice", draw.program(same, same=[[1, 3]])),
        ("edges", "losses of about 0.0001", draw.program([3, 5], scale=0.01)),
        ("edges", "more than 256 tokens in all", draw.program([130, 1, 140])),
        *draw.others(),
    ]
    return [(family, "accumulation", program, about) for family, about, program in found]


def _listed(numbers: Sequence[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


class _Drawing:
    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def values(self, count: int, dtype: str = "float64") -> list[float]:
        """Numbers of both signs, away from zero."""
        drawn = self.rng.uniform(0.3, 1.7, size=count) * self.rng.choice([-1.0, 1.0], size=count)
        return [float(v) for v in representable(drawn, dtype)]

    def program(
        self,
        rows: Sequence[int],
        real: Sequence[int] | None = None,
        grads: Sequence[Any] = (None, None, None),
        dtype: str = "float64",
        scale: float = 1.0,
        **more: Any,
    ) -> dict[str, Any]:
        """Micro-batches of `rows` rows, of which the first `real` are no padding (all, if not given). scale: of
        parameters and targets, and so of errors."""
        x = [self.values(INPUTS * n, dtype) for n in rows]
        y = [self.values(n, dtype) for n in rows]
        for targets, n in zip(y, real or rows, strict=True):
            targets[n:] = [PADDING] * (len(targets) - n)
        for first, again in more.get("same", ()):
            x[again], y[again] = x[first], y[first]
        y = [[number * scale if number != PADDING else number for number in targets] for targets in y]
        weight, bias = ([scale * number for number in self.values(count, dtype)] for count in (INPUTS, 1))
        base = {"weight": weight, "bias": bias[0], "x": x, "y": y}
        return {**base, "grads": list(grads), "dtype": dtype, "cancels": 1.0, **more}

    def others(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Micro-batches that are no pairs, many of them, many tokens and a single one, losses that are zero or negative."""
        kinds, many = ["number", "dict", "list", "dict", "number"], [int(n) for n in self.rng.integers(40, 60, size=39)]
        many.append(40 + (41 - sum(many)) % 40)
        huge, negative = [40_000, 1, 30_011], -self.between(3, 5)
        levels = [negative, 0.0, self.between(1, 2), -self.between(1, 2)]
        about = "micro-batches that are numbers, dicts and lists, the first one also the last"
        return [
            ("edges", about, self.program([3, 2, 4, 1, 3], kinds=kinds, same=[[0, 4]])),
            ("edges", "forty micro-batches", self.program([1] * 40, given_counts=many)),
            (
                "edges",
                f"{sum(huge):,} tokens in all",
                self.program([4, 1, 3], given_counts=huge, levels=[9e4, 3.0, 7e4]),
            ),
            ("edges", "a loss of 0, and negative ones", self.program([3, 2, 4, 2], levels=levels)),
            ("edges", "a single token, of loss 1e-8", self.program([1], levels=[1e-8])),
        ]

    def between(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 3)
