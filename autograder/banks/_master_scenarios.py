"""How `master_weights` is tried.

All numbers are short binary fractions, so that float32 arithmetic is exact and a rounded weight is right or wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.rounding import representable
from autograder.judge.scripted_task import script

SHAPES = [[3], [2, 2], []]
TWINS = [[3], [2, 2], [3], [4], []]
"""Two of one shape, and two more of one size."""
ALIKE = [[3], [3], [3], [3]]
Events = list[list[Any]]
STEP: Events = [["call", "step", []], ["call", "zero_grad", []]]


class Drawing:
    """Draws scripts from one generator."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def grads(self, none: Sequence[int] = (), size: float = 1.0, shapes: Sequence[Sequence[int]] = SHAPES) -> list[Any]:
        """Quarters between 0.5 and 2, of both signs, times size."""
        sizes = [int(np.prod(shape, dtype=int)) for shape in shapes]
        drawn = [size * self.rng.integers(2, 9, n) / 4 * self.rng.choice([-1, 1], n) for n in sizes]
        return [None if i in none else [float(v) for v in values] for i, values in enumerate(drawn)]

    def run(
        self,
        family: str,
        about: str,
        events: Events,
        lr: float,
        *,
        dtype: str = "bfloat16",
        form: str = "list",
        shapes: Sequence[Sequence[int]] = SHAPES,
        init: Sequence[np.ndarray] | None = None,
        first_lr: float | None = None,
        last_first: bool = False,
        **more: Any,
    ) -> Scenario:
        """A script; the optimizer is SGD with momentum ½. init: of the parameters, else drawn. first_lr: of the first master
        alone. last_first: the optimizer's first group has the last master. more: formats, frozen and layout of the parameters."""
        short = "float16" if dtype == "float16" else "bfloat16"
        init = init or [
            representable(self.rng.uniform(0.6, 1.4, s) * self.rng.choice([-1, 1], s), short) for s in shapes
        ]
        others: dict[str, Any] = {} if first_lr is None else {"first_lr": first_lr}
        others |= {"last_first": True} if last_first else {}
        params = {"params": list(range(len(shapes))), "form": form}
        make = {"args": [params, {"make_sgd": {"lr": lr, "momentum": 0.5} | others}]}
        options: dict[str, Any] = {"dtype": dtype, "exact": True, **more}
        return script("MasterWeights", family, about, events, shapes=shapes, init=init, make=make, **options)

    def iteration(
        self,
        none: Sequence[int] = (),
        micro_batches: int = 1,
        size: float = 1.0,
        shapes: Sequence[Sequence[int]] = SHAPES,
        filled: dict[int, float] | None = None,
    ) -> Events:
        """Gradients, step, gradients cleared. filled: parameter → the one value of its whole gradient."""
        grads = self.grads(none, size, shapes)
        for i, value in (filled or {}).items():
            grads[i] = [value] * len(grads[i])
        first = [["backward", grads, False, False]]
        more = [["backward", self.grads(none), False, False] for _ in range(micro_batches - 1)]
        return [*first, *more, *STEP]


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Families: step, small, gradients, reload, together."""
    d = Drawing(rng)
    few = [event for _ in range(3) for event in d.iteration()]
    others = [event for _ in range(3) for event in d.iteration()]
    small = [*d.iteration()] * 6
    same = [*d.iteration()] * 6
    missing = [event for i in range(3) for event in d.iteration(none=[i])] + d.iteration()
    summed = [event for _ in range(2) for event in d.iteration(micro_batches=3)]
    saved = [*d.iteration(), *d.iteration(), ["reload"], *d.iteration(), *d.iteration()]
    small_saved = [*d.iteration(), *d.iteration(), ["reload"], *d.iteration(none=[0]), *d.iteration()]
    whole = [*d.iteration(none=[1]), *d.iteration(micro_batches=2), ["reload"], *d.iteration(), *d.iteration(none=[2])]
    fading = [event for _ in range(3) for event in d.iteration(size=2.0**-30)]
    precise = [event for _ in range(2) for event in d.iteration(size=1 + 2.0**-10)]
    long = [event for _ in range(8) for event in d.iteration()]
    tiny, large = 2.0**-10, 2.0**-5
    lowered = [*d.iteration(), *d.iteration(), ["set_lr", large / 4], *d.iteration(), ["reload"], *d.iteration()]
    return [
        d.run("step", "", few, large),
        d.run("step", "parameters from a generator", others, large, form="generator"),
        d.run("small", "steps smaller than the spacing of bfloat16", small, tiny),
        d.run("small", "steps smaller than the spacing of float16", same, 2.0**-13, dtype="float16"),
        d.run("gradients", "one parameter in turn has no gradient", missing, large),
        d.run("gradients", "gradients of three micro-batches added up", summed, large),
        d.run("reload", "saved and loaded after two steps", saved, large),
        d.run("reload", "saved and loaded, small steps", small_saved, tiny),
        d.run("gradients", "gradients that float16 cannot hold", fading, large * 2.0**30),
        d.run("reload", "saved and loaded after a schedule has lowered the learning rate", lowered, large),
        d.run(
            "reload",
            "float32, saved and loaded after eight steps",
            [*long, ["reload"], *long[:4]],
            large,
            dtype="float32",
        ),
        d.run("together", "float32 parameters", d.iteration() + d.iteration(), large, dtype="float32"),
        d.run("gradients", "float32 gradients that bfloat16 cannot hold", precise, large, dtype="float32"),
        d.run("together", "missing gradients, micro-batches and a reload", whole, tiny, form="generator"),
        *_of_all_kinds(d, tiny, large),
        *_of_rare_kinds(d, tiny, large),
    ]


def _of_all_kinds(d: Drawing, tiny: float, large: float) -> list[Scenario]:
    """Parameters as models have them: alike, of two dtypes, frozen, transposed; gradients of zeros and NaN; going back."""
    twins = [event for _ in range(2) for event in d.iteration(shapes=TWINS)]
    saved_twins = [*twins, ["reload"], *d.iteration(shapes=TWINS), *d.iteration(none=[0], shapes=TWINS)]
    mixed = [event for _ in range(3) for event in d.iteration()]
    frozen = [event for _ in range(2) for event in d.iteration(none=[1], shapes=ALIKE)]
    idle = [*d.iteration(), *d.iteration(filled={0: 0.0, 2: 0.0}), *d.iteration(filled={1: 0.0}), *d.iteration()]
    broken = [*d.iteration(), *d.iteration(filled={1: float("nan")}), *d.iteration()]
    back = [*d.iteration(), *d.iteration(), ["save"]]
    back += [*d.iteration(), *d.iteration(), ["restore"], *d.iteration(), *d.iteration(), ["restore"], *d.iteration()]
    formats = ["bfloat16", "float32", "float16"]
    return [
        d.run("step", "two parameters of one shape", twins, large, shapes=TWINS),
        d.run("step", "bfloat16, float32 and float16 parameters", mixed, tiny, formats=formats),
        d.run("step", "one parameter is frozen", frozen, large, shapes=ALIKE, frozen=[1]),
        d.run("step", "a transposed parameter", [*d.iteration()] * 2, large, layout="transposed"),
        d.run("gradients", "gradients of zeros", idle, large),
        d.run("gradients", "NaN in a gradient", broken, large),
        d.run("reload", "two parameters of one shape, saved and loaded", saved_twins, tiny, shapes=TWINS),
        d.run("reload", "back to a saved state, twice", back, tiny),
    ]


def _of_rare_kinds(d: Drawing, tiny: float, large: float) -> list[Scenario]:
    """Masters that are not alike to their optimizer, a step without any gradient, a state from before the first step,
    gradients beyond float16, weights just past the middle between two neighbours."""
    ordered = [event for _ in range(4) for event in d.iteration()]
    nothing: Events = [*d.iteration(), ["backward", [None] * 3, False, False], ["call", "step", []], *d.iteration()]
    early: Events = [["save"], *d.iteration(), *d.iteration(), ["restore"], *d.iteration()]
    huge = [event for _ in range(2) for event in d.iteration(size=2.0**40)]
    formats = ["float32", "bfloat16", "bfloat16"]
    even = [1 + d.rng.integers(0, 32, s) * 2.0**-6 for s in SHAPES]  # above each the next neighbour is 2**-7 away
    signs = [d.rng.choice([-1, 1], s) for s in SHAPES]
    up = [[[float(g) for g in np.ravel(-sign * size)] for sign in signs] for size in (2.0**-12, 2.0**-3)]
    moves = [event for g in up for event in (["backward", g, False, False], *STEP)]
    init = [sign * value for sign, value in zip(signs, even, strict=True)]
    regrouped = [event for _ in range(3) for event in d.iteration(shapes=ALIKE)]
    return [
        d.run(
            "step",
            "float32 and bfloat16, the first master has another lr",
            ordered,
            tiny,
            formats=formats,
            first_lr=large,
        ),
        d.run("gradients", "a step in which no parameter has a gradient", nothing, large),
        d.run("gradients", "gradients of 2**40", huge, large * 2.0**-40),
        d.run("small", "just past the middle between two bfloat16 numbers", moves, large, init=init),
        d.run("reload", "back to a state from before the first step", early, large),
        d.run(
            "step", "the optimizer's first group has the last master", regrouped, large, shapes=ALIKE, last_first=True
        ),
    ]
