"""A rounding function as a task: many numbers rounded in one call, each with its sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.function_task import FLAGS, FunctionTask, as_tensor, calls, returned_size
from autograder.judge.variants import Variant
from autograder.worker.codes import DEFAULT_DTYPE_LEFT, RESULT_OVERWRITTEN, RESULT_SHARED

UNTOUCHED, DTYPE = -1, -2
ALSO_SHARED = ((1 + RESULT_SHARED) / 2, (RESULT_SHARED - 1) / 2)
"""Where rounding in place changes nothing: x itself comes back, or another tensor."""
OWN_TENSOR = {
    RESULT_SHARED: "returned x itself, or a view of it: writing into the result changes x. Return a new tensor.",
    RESULT_OVERWRITTEN: "changed the result of an earlier call. Each call returns a new tensor.",
    DEFAULT_DTYPE_LEFT: "leaves torch with another default dtype. Convert x alone, not what torch does from then on.",
}


@dataclass(frozen=True)
class RoundingTask(FunctionTask):
    """A FunctionTask for (x, exponent_bits, mantissa_bits); a variant's steps `untouched` and `dtype` replace flags."""

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """As for any function; the flags of variants that change their argument or its dtype are lowered."""
        arithmetic = {name: step for name, step in variant.steps.items() if name not in ("untouched", "dtype")}
        expected = super().simulate(replace(variant, steps=arithmetic), scenario)
        start = 0
        for call in scenario.program["calls"]:
            start += returned_size(call) + FLAGS
            for name, place in (("untouched", UNTOUCHED), ("dtype", DTYPE)):
                if name in variant.steps:
                    expected.values[start + place] = variant.steps[name](call)
            if "untouched" in variant.steps and expected.values[start + UNTOUCHED] == 1:
                expected.values[start + UNTOUCHED], expected.tolerance[start + UNTOUCHED] = ALSO_SHARED
        return expected

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first number that is rounded wrongly, and its two neighbours in the format."""
        if evidence.raised:
            return super().explain(evidence, expected, scenario)
        start = 0
        for call in scenario.program["calls"]:
            block = slice(start, start + returned_size(call) + FLAGS)
            fine = close(evidence.values, expected)[block]
            x = np.array(call["args"][0]["tensor"], dtype=float)
            if evidence.values[block][-4] == 0 and evidence.values[block][-3] == 1 and not fine[: 2 * x.size].all():
                return self._first_wrong(call, x, evidence.values[block], expected.values[block], fine)
            start = block.stop
        return super().explain(evidence, expected, scenario)

    def _explain_call(self, call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
        """What the last flag says, where nothing else is wrong."""
        said = OWN_TENSOR.get(float(mine[UNTOUCHED])) if fine[:UNTOUCHED].all() else None
        return f"{self.shown(call)} {said}" if said else super()._explain_call(call, mine, right, fine)

    def _first_wrong(
        self, call: dict[str, Any], x: np.ndarray, mine: np.ndarray, right: np.ndarray, fine: np.ndarray
    ) -> str:
        bits = call["args"][1:]
        wrong = ~(fine[: x.size] & fine[x.size : 2 * x.size])
        i = int(np.argmax(wrong))
        got, want = _shown(mine[i], mine[x.size + i]), _shown(right[i], right[x.size + i])
        where = f"With {bits[0]} exponent and {bits[1]} mantissa bits, {_exact(x[i])} becomes {got}"
        many = f" ({wrong.sum()} of {x.size} numbers are wrong here.)" if wrong.sum() > 1 else ""
        return f"{where}; expected {want}.{many}"


def _exact(value: float) -> str:
    """Nine digits tell every float32 from its neighbours; a float64 number may need all it has."""
    if value == 0 and np.copysign(1, value) < 0:
        return "-0"
    short = not np.isfinite(value) or float(np.float32(value)) == value
    return f"{value:.9g}" if short else repr(float(value))


def _shown(value: float, sign: float) -> str:
    return f"{'-' if sign < 0 else ''}0" if value == 0 else f"{value:.9g}"


def rounding(
    family: str, about: str, x: Sequence[float] | np.ndarray, bits: tuple[int, int], dtype: str = "float32", **more: Any
) -> Scenario:
    """A scenario that rounds all of x to one format. more: `layout` of the tensor."""
    return roundings(family, about, [(x, bits)], dtype, **more)


def roundings(
    family: str,
    about: str,
    wanted: Sequence[tuple[Sequence[float] | np.ndarray, tuple[int, int]]],
    dtype: str = "float32",
    **more: Any,
) -> Scenario:
    """The same with several calls, one after another."""
    each = []
    for x, bits in wanted:
        values = np.asarray(x, dtype=float)
        shape = list(values.shape)
        returned = [{"shape": shape, "dtype": dtype}, {"shape": shape, "dtype": ""}]
        each.append({"args": [as_tensor(values, dtype, **more), *bits], "returns": returned})
    return replace(calls("round_to_format", family, about, each), player="rounding")
