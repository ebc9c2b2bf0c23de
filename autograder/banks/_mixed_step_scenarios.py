"""How `mixed_precision_step` is tried: a few steps of a small model whose numbers stay exact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.step_task import ENTRY, frame_width
from autograder.oracles.mixed_precision_step import Run, joint_norm

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
        """`calls` steps. more: keyword arguments of the student's function under kwargs; factors: call → what its loss is multiplied by; weighted:
        calls whose batch has three parts; offsets: added to every loss; targets: added to every target; stale; frozen
        and groups of parameters; biases; by_place: arguments by position."""
        factors, kinds = more.pop("factors", {}), {"weighted": more.pop("weighted", ())}
        offset, fraction = more.pop("offsets", 0.0), more.pop("targets", 0.0)
        while True:
            program = self.program(calls, factors, kinds) | {"lr": lr, "scale": scale, "kwargs": {}, **more}
            for step in program["steps"] if offset or fraction else ():
                step |= {"offset": offset, "target": [value + fraction for value in step["target"]]}
            if all(decided(program, dtype) for dtype in ("float32", program["kwargs"].get("dtype", "bfloat16"))):
                return Scenario(family, "mixed_step", program, calls * frame_width(program), about)

    def biases(self) -> list[list[float]]:
        """Of both layers."""
        return [self.whole(SIZES[1]), self.whole(SIZES[2])]

    def program(self, calls: int, factors: Mapping[int, float], kinds: Mapping[str, Collection[int]]) -> dict[str, Any]:
        """Weights and batches."""
        inputs, hidden, outputs = SIZES
        steps: list[dict[str, Any]] = []
        for index in range(calls):
            x = [float(v) for v in self.rng.choice([-2.0, -1.0, 1.0, 2.0], size=4 * inputs)]
            step: dict[str, Any] = {"x": x, "target": [7.0 + v for v in self.whole(4 * outputs, 3)]}
            step |= {"factor": factors[index]} if index in factors else {}
            steps.append(step | {kind: True for kind, chosen in kinds.items() if index in chosen})
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
        *_of_all_kinds(d),
        *_of_others(d),
        *_loose_limits(d),
    ]


def _loose_limits(d: Drawing) -> list[Scenario]:
    """With a scaler: a max_norm that is far above the norm of the gradients, and one just above it."""
    wide, near = {"dtype": "float16", "max_norm": 1e6}, {"dtype": "float16", "max_norm": 1e6}
    found = [
        d.run("clip", "a scaler and max_norm=1e6", 2, scale=4.0, kwargs=wide),
        d.run("clip", "a scaler and a max_norm just above the norm", 1, scale=4.0, kwargs=near),
    ]
    run = Run({}, found[1].program)
    run.call(found[1].program["steps"][0])
    near["max_norm"] = 1.125 * joint_norm(run.grads)
    return found


def _of_all_kinds(d: Drawing) -> list[Scenario]:
    """A model with biases, a frozen weight, losses and targets that 16 bits cannot hold, arguments by position."""
    bf16, fp16 = {"dtype": "bfloat16"}, {"dtype": "float16"}
    long, small = {"offsets": 4000.3}, {0: 2.0**-12, 1: 2.0**-12}
    by_place = {"dtype": "float16", "max_norm": 0.5}
    return [
        d.run("clip", "a model with biases, max_norm=0.5", 2, kwargs={"max_norm": 0.5}, lr=2.0**-3, biases=d.biases()),
        d.run("plain", "a frozen weight", 2, frozen=[0]),
        d.run("dtype", "a loss that float16 cannot hold", 1, kwargs=fp16, **long),
        d.run("dtype", "a loss that bfloat16 cannot hold", 1, kwargs=bf16, **long),
        d.run("scaler", "the usual scale, a small loss", 2, scale=2.0**16, kwargs=fp16, factors=small, lr=2.0**-2),
        d.run("plain", "targets that 16 bits cannot hold", 1, targets=0.3),
        d.run("together", "arguments by position", 2, scale=64.0, kwargs=by_place, lr=2.0**-3, by_place=True),
    ]


def _of_others(d: Drawing) -> list[Scenario]:
    """What belongs to the caller: torch's scaler, NaN."""
    fp16, small = {"dtype": "float16"}, {"max_norm": 0.5}
    theirs = {"scale": 64.0, "torch_scaler": True}
    return [
        d.run("scaler", "torch's GradScaler", 3, kwargs=fp16, **theirs),
        d.run(
            "overflow", "torch's GradScaler, an infinite loss in step 2", 3, kwargs=small, factors={1: np.inf}, **theirs
        ),
        d.run("plain", "an old gradient of a frozen weight", 2, frozen=[0], stale=True),
        d.run("plain", "NaN as the second loss, without a scaler", 2, factors={1: np.nan}),
        d.run("clip", "an infinite second loss, max_norm=0.5, without a scaler", 2, kwargs=small, factors={1: np.inf}),
        d.run("clip", "a scaler and max_norm=0", 2, scale=64.0, kwargs={**fp16, "max_norm": 0.0}, lr=2.0**-3),
    ]
