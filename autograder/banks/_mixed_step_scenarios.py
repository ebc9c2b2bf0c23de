"""How `mixed_precision_step` is tried: a few steps of a small model whose numbers stay exact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.step_task import ENTRY, frame_width
from autograder.oracles.mixed_precision_step import Run

SIZES = [3, 4, 2]
GROUPS = [[1, 2], [0]]


class Drawing:
    """Draws scripts from one generator: weights and data are small whole numbers, so that sums stay exact."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def whole(self, count: int, most: int = 2) -> list[float]:
        """Whole numbers between -most and most."""
        return [float(v) for v in self.rng.integers(-most, most + 1, size=count)]

    def run(
        self, family: str, about: str, calls: int, *, scale: float = 0.0, lr: float = 2.0**-8, **more: Any
    ) -> Scenario:
        """`calls` steps. more: keyword arguments of the student's function under kwargs; factors: call → inf; weighted:
        calls whose batch has three parts; stale; groups of the optimizer."""
        factors, weighted = more.pop("factors", {}), more.pop("weighted", ())
        while True:
            program = self.program(calls, factors, weighted) | {"lr": lr, "scale": scale, "kwargs": {}, **more}
            if all(decided(program, dtype) for dtype in ("float32", program["kwargs"].get("dtype", "bfloat16"))):
                return Scenario(family, "mixed_step", program, calls * frame_width(SIZES), about)

    def program(self, calls: int, factors: Mapping[int, float], weighted: Collection[int]) -> dict[str, Any]:
        """Weights and batches."""
        inputs, hidden, outputs = SIZES
        steps: list[dict[str, Any]] = []
        for index in range(calls):
            x = [float(v) for v in self.rng.choice([-2.0, -1.0, 1.0, 2.0], size=4 * inputs)]
            step: dict[str, Any] = {"x": x, "target": [7.0 + v for v in self.whole(4 * outputs, 3)]}
            step |= {"factor": factors[index]} if index in factors else {}
            steps.append(step | ({"weighted": True} if index in weighted else {}))
        return {
            "entry": ENTRY,
            "sizes": SIZES,
            "first": [float(v) for v in self.rng.choice([-2.0, -1.0, 1.0, 2.0], size=hidden * inputs)],
            "second": [float(v) for v in self.rng.choice([-2.0, -1.0, 1.0, 2.0], size=outputs * hidden)],
            "steps": steps,
        }


def decided(program: Mapping[str, Any], dtype: str) -> bool:
    """Whether no rounding decides which side of 0 a ReLU's input is on, when the model computes in `dtype`."""
    run = Run({"format": lambda s: dtype}, program)
    with np.errstate(all="ignore"):
        for step in program["steps"]:
            run.call(step)
    return run.nearest > 1e-4


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Families: plain, dtype, scaler, clip, overflow, together."""
    d = Drawing(rng)
    bf16, fp16 = {"dtype": "bfloat16"}, {"dtype": "float16"}
    small = {"max_norm": 0.5}
    return [
        d.run("plain", "", 1),
        d.run("plain", "three steps", 3),
        d.run("plain", "old gradients in p.grad", 2, stale=True),
        d.run("plain", "three parts in the second batch", 2, weighted=[1]),
        d.run("dtype", "dtype=torch.float16", 2, kwargs=fp16),
        d.run("dtype", "dtype=torch.bfloat16", 2, kwargs=bf16),
        d.run("scaler", "with a scaler", 3, scale=64.0, kwargs=fp16),
        d.run("scaler", "with a scaler, bfloat16", 2, scale=512.0, kwargs=bf16),
        d.run("clip", "max_norm=0.5", 2, kwargs=small, lr=2.0**-3),
        d.run("clip", "max_norm=0", 2, kwargs={"max_norm": 0.0}, lr=2.0**-3),
        d.run("clip", "max_norm=1e6", 2, kwargs={"max_norm": 1e6}),
        d.run("clip", "a scaler and max_norm=0.5", 3, scale=64.0, kwargs={**fp16, **small}, lr=2.0**-3),
        d.run("overflow", "an infinite loss in step 2", 3, scale=64.0, kwargs=fp16, factors={1: np.inf}),
        d.run("overflow", "an infinite loss in step 2, max_norm=0.5", 3, scale=64.0, kwargs=small, factors={1: np.inf}),
        d.run("overflow", "a scale too large for float16", 4, scale=2.0**16, kwargs=fp16),
        d.run(
            "together",
            "old gradients, a scaler, max_norm=2",
            3,
            scale=32.0,
            kwargs={**fp16, "max_norm": 2.0},
            stale=True,
        ),
        d.run("plain", "an optimizer of two groups, old gradients", 2, stale=True, groups=GROUPS),
        d.run("clip", "an optimizer of two groups, max_norm=0.5", 2, kwargs=small, lr=2.0**-3, groups=GROUPS),
        d.run(
            "together",
            "an optimizer of two groups, a scaler, max_norm=0.5",
            3,
            scale=64.0,
            kwargs={**fp16, **small},
            lr=2.0**-3,
            groups=GROUPS,
        ),
    ]
