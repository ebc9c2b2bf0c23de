"""How `clip` is tried: gradients of many sizes, shapes and dtypes, in every form parameters may come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.judge.named_parts_task import Drawn
from autograder.judge.rounding import representable

SHAPES: list[list[int]] = [[3], [2, 3], [3], []]


def scenarios(rng: np.random.Generator) -> list[Drawn]:
    """All of them."""
    draw = _Drawing(rng)
    return [
        *draw.plain(),
        *draw.missing(),
        *draw.forms(),
        *draw.extremes(),
        *draw.dtypes(),
        *draw.nonfinite(),
        *draw.odd_company(),
        *draw.many_and_again(),
    ]


class _Drawing:
    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def program(
        self,
        norm: float,
        max_norm: float,
        shapes: Sequence[list[int]] = SHAPES,
        none: Sequence[int] = (),
        dtypes: Sequence[str] = (),
        **more: Any,
    ) -> dict[str, Any]:
        """Gradients with a norm of about `norm` together; those with a number in `none` are None."""
        chosen = list(dtypes) or ["float64"] * len(shapes)
        arrays = [self._values(shape) for shape in shapes]
        length = np.sqrt(sum(float(np.sum(a**2)) for i, a in enumerate(arrays) if i not in none)) or 1.0
        grads: list[Any] = [
            [float(v) for v in np.ravel(representable(a * (norm / length), dtype))]
            for a, dtype in zip(arrays, chosen, strict=True)
        ]
        for number in none:
            grads[number] = None
        init = [
            [float(v) for v in np.ravel(representable(self._values(shape), dtype))]
            for shape, dtype in zip(shapes, chosen, strict=True)
        ]
        coarsest = next((d for d in ("bfloat16", "float16", "float32") if d in chosen), "float64")
        base = {"shapes": list(shapes), "dtypes": chosen, "dtype": coarsest, "init": init, "grads": grads}
        return {**base, "max_norm": max_norm, **more}

    def _values(self, shape: Sequence[int]) -> np.ndarray:
        sizes = self.rng.uniform(0.3, 1.7, size=tuple(shape))
        return np.asarray(sizes * self.rng.choice([-1.0, 1.0], size=tuple(shape)))

    def between(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 3)

    def plain(self) -> Iterator[Drawn]:
        """Longer than max_norm, shorter, and just as long."""
        for max_norm in (self.between(0.3, 0.7), self.between(1.5, 2.5)):
            yield "long", "clipping", self.program(self.between(5, 9), max_norm), ""
        program = self.program(self.between(5, 9), self.between(1.5, 2.5))
        program["grads"][2] = [number / 1000 for number in program["grads"][2]]
        yield "long", "clipping", program, "one gradient is tiny"
        for norm in (self.between(0.3, 0.6), self.between(1.1, 1.4)):
            program = self.program(norm, self.between(2, 3))
            yield "short", "clipping", program, "the norm is below max_norm"
        max_norm = self.between(2, 3)
        yield "short", "clipping", self.program(0.995 * max_norm, max_norm), "the norm is just below max_norm"
        program = self.program(self.between(2, 3), float("inf"))
        yield "short", "clipping", program, "max_norm is infinite"
        program = self.program(5.0, 5.0, [[2], [1]])
        program["grads"] = [[3.0, 0.0], [-4.0]] if self.rng.random() < 0.5 else [[0.0, -4.0], [3.0]]
        yield "short", "clipping", {**program, "rtol": 1e-5}, "the norm is exactly max_norm"

    def missing(self) -> Iterator[Drawn]:
        """Parameters without a gradient."""
        number = int(self.rng.integers(0, 3))
        program = self.program(self.between(5, 9), self.between(0.5, 2), none=[number])
        yield "none", "clipping", program, f"parameter {number + 1} has no gradient"
        program = self.program(self.between(0.3, 0.9), self.between(2, 3), none=[0, 2])
        yield "none", "clipping", program, "two parameters have no gradient"
        program = self.program(1.0, self.between(0.5, 2), none=range(4))
        yield "none", "clipping", program, "no parameter has a gradient"

    def forms(self) -> Iterator[Drawn]:
        """A generator, one parameter by itself, max_norm by name."""
        yield (
            "forms",
            "clipping",
            self.program(self.between(5, 9), self.between(0.5, 2), form="generator"),
            "a generator",
        )
        single = self.program(self.between(5, 9), self.between(0.5, 2), [[2, 3]], form="single")
        many = [[2, 1, 2], [1, 2, 1, 2], [120], *[[2]] * 6]
        yield "forms", "clipping", self.program(self.between(5, 9), self.between(0.5, 2), many), "nine parameters"
        yield "forms", "clipping", single, "one parameter in place of a list"
        named = self.program(self.between(5, 9), self.between(0.5, 2), named=True)
        yield "forms", "clipping", named, "max_norm given by name"

    def extremes(self) -> Iterator[Drawn]:
        """All zero, tiny (where a constant in the denominator shows), huge; and nothing that may be left."""
        yield "extremes", "clipping", self.program(0.0, self.between(0.5, 2)), "all gradients are zero"
        yield "extremes", "clipping", self.program(1e-3, 2.5e-4), "gradients of norm 0.001"
        yield "extremes", "clipping", self.program(1e12, self.between(0.5, 2)), "gradients of norm 1e12"
        yield "extremes", "clipping", self.program(self.between(5, 9), 0.0), "max_norm is zero"

    def dtypes(self) -> Iterator[Drawn]:
        """Lower precision, two precisions in one model, matrices whose rows are not next to each other."""
        for dtype in ("float32", "bfloat16", "float16"):
            program = self.program(self.between(5, 9), self.between(0.5, 2), dtypes=[dtype] * 4)
            yield "dtypes", "clipping", program, f"{dtype} gradients"
        mixed = self.program(
            self.between(5, 9), self.between(0.5, 2), dtypes=["float32", "bfloat16", "float32", "float32"]
        )
        yield "dtypes", "clipping", mixed, "float32 and bfloat16 gradients"
        shapes, layouts = [[2, 3], [4, 2]], ["transposed", "transposed"]
        turned = self.program(self.between(5, 9), self.between(0.5, 2), shapes, layouts=layouts)
        yield "dtypes", "clipping", turned, "transposed matrices"

    def nonfinite(self) -> Iterator[Drawn]:
        """An inf or a NaN in one gradient."""
        for bad in (float("inf"), float("nan")):
            program = self.program(self.between(5, 9), self.between(0.5, 2), open=True)
            program["grads"][1][int(self.rng.integers(6))] = bad
            yield "nonfinite", "clipping", program, f"one gradient has {'an inf' if bad == bad else 'a NaN'} in it"

    def odd_company(self) -> Iterator[Drawn]:
        """float32 gradients beyond what float16 holds among float16 ones, two gradients that are equal, a norm that is
        hardly too large, a single gradient that is missing."""
        dtypes = ["float16", "float32", "float32", "float16"]
        program = self.program(self.between(5, 9), self.between(3000, 5000), dtypes=dtypes)
        for number in (1, 2):
            large = 3e4 * np.array(program["grads"][number])
            program["grads"][number] = [float(v) for v in representable(large, "float32")]
        program["cancels"] = 1e-3  # a mistake may leave float16 numbers near the smallest there are
        yield "dtypes", "clipping", program, "small float16 and large float32 gradients"
        program = self.program(self.between(5, 9), self.between(0.5, 2))
        program["grads"][2] = list(program["grads"][0])
        yield "long", "clipping", program, "two gradients are equal"
        max_norm = self.between(2, 3)
        yield "long", "clipping", self.program(1.05 * max_norm, max_norm), "the norm is just above max_norm"
        program = self.program(self.between(5, 9), self.between(0.5, 2), [[2, 3]], none=[0], form="single")
        yield "none", "clipping", program, "one parameter in place of a list, without a gradient"

    def many_and_again(self) -> Iterator[Drawn]:
        """More tensors than anybody takes at once, three dimensions, the same parameters a second time, a caller without
        gradients, a norm just above max_norm."""
        program = self.program(self.between(5, 9), self.between(0.5, 2), [[2], [], [2, 2], [3], [2]] * 14)
        yield "forms", "clipping", program, "70 parameters"
        cube = self.program(self.between(5, 9), self.between(0.5, 2), [[2, 2, 3]], form="single")
        yield "forms", "clipping", cube, "one parameter of three dimensions"
        for in_place, how in ((False, "with new gradients"), (True, "with new numbers in the same gradients")):
            program = self.program(self.between(5, 9), self.between(0.5, 2), in_place=in_place)
            program["earlier"] = self.program(self.between(12, 15), 1.0)["grads"]
            yield "long", "clipping", program, f"the second call for the same parameters, {how}"
        program = self.program(self.between(5, 9), self.between(0.5, 2), no_grad=True)
        yield "long", "clipping", program, "called under torch.no_grad()"
        max_norm = self.between(2, 3)
        yield "long", "clipping", self.program(1.001 * max_norm, max_norm), "the norm is 0.1 % above max_norm"
