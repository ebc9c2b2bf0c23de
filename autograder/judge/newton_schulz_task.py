"""A function of a matrix whose rounding errors spread over the whole result, with bfloat16 inside as a convention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.bfloat16 import allowance, on_grid, relative_error
from autograder.judge.evidence import Evidence, Expected, Scenario
from autograder.judge.function_task import FLAGS, FunctionTask, returned_size
from autograder.judge.matrices_in_words import compared
from autograder.judge.rule import Quantities
from autograder.judge.variants import Step, Variant
from autograder.worker.codes import ErrorCode

if TYPE_CHECKING:
    from autograder.judge.expectations import Expectations

RTOL = 1e-4
"""Of the root mean square of a result: ten times what float32 adds."""
LOOSE = 2.0
HUGE = 30.0
"""Beyond this an iteration has run away, and rounding decides its numbers."""


@dataclass(frozen=True)
class NewtonSchulzTask(FunctionTask):
    """A FunctionTask for tensors. A convention that replaces the step `precision` computes in bfloat16.

    Variants may say what they do beside the result: `kept_dtype` (the dtypes that survive; all, without it),
    `untouched` (False where the argument is changed) and `open` (True where rounding alone decides the result).
    """

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """As for any function; tolerances relative to each result's root mean square."""
        expected = super().simulate(variant, scenario)
        in_bfloat16 = "precision" in variant.steps
        ignored = np.zeros(scenario.size, dtype=bool)
        start, loose, huge = 0, [], []
        for call in scenario.program["calls"]:
            stop = start + returned_size(call)
            values = expected.values[start:stop]
            ignored[start:stop] = np.isinf(expected.tolerance[start:stop])
            size = root_mean_square(values)
            given_bfloat16 = call["returns"][0]["dtype"] == "bfloat16"
            coarse = in_bfloat16 or given_bfloat16
            expected.tolerance[start:stop] = (LOOSE if coarse else RTOL) * size + 1e-12
            if expected.values[stop] == 0 and (size > HUGE or not np.isfinite(values).all()):
                huge.append((start, stop))
            elif given_bfloat16 and variant.kind == "misconception":
                ignored[start:stop] = True  # eight bits are not enough to tell mistakes apart
            elif coarse and np.isfinite(values).all():
                loose.append((start, stop, int(call["kwargs"].get("steps", 5))))
            ignored[start:stop] |= bool(huge) and huge[-1] == (start, stop)
            if in_bfloat16:
                ignored[stop + 2] = True  # Keller Jordan's returns bfloat16, others cast back
            start = stop + FLAGS
        holds = Holds(expected.values, tuple(loose), tuple(huge)) if loose or huge else None
        return Expected(expected.values, expected.tolerance, expected.event, ignored, holds)

    def plausible(self, expectations: Expectations, evidence: Sequence[Evidence]) -> list[Variant]:
        """Several may be near enough in bfloat16; there the one whose results are nearest comes first."""
        first = expectations.scenarios[0], evidence[0].values
        size = returned_size(first[0].program["calls"][0])
        if evidence[0].raised or not on_grid(first[1][:size]):
            return expectations.accepted

        def distance(variant: Variant) -> float:
            off = 0.0
            for i, mine in enumerate(evidence):
                right = expectations.of(variant, i)
                if isinstance(right.holds, Holds):
                    off += sum(relative_error(mine.values[a:b], right.values[a:b]) for a, b, _ in right.holds.loose)
            return off if np.isfinite(off) else np.inf

        coarse = [variant for variant in expectations.accepted if "precision" in variant.steps]
        return sorted(coarse, key=distance) + [variant for variant in expectations.accepted if variant not in coarse]

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """As for any function; where no number alone is wrong, the call whose result is further off than bfloat16 allows."""
        said = super().explain(evidence, expected, scenario)
        if said or not isinstance(expected.holds, Holds):
            return said
        start = 0
        for call in scenario.program["calls"]:
            stop = start + returned_size(call)
            if any(at == start for at, _, _ in expected.holds.loose):
                off = relative_error(evidence.values[start:stop], expected.values[start:stop])
                if off > allowance(int(call["kwargs"].get("steps", 5))):
                    return f"{self.shown(call)}: your result is {off:.0%} off, more than rounding to bfloat16 explains."
                if not on_grid(evidence.values[start:stop]):
                    return f"{self.shown(call)}: numbers of your result are no bfloat16, and too far off for float32."
            start = stop + FLAGS
        return ""

    def _explain_call(self, call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
        said = super()._explain_call(call, mine, right, fine)
        if fine[:-FLAGS].all() or mine[-4] != right[-4] or mine[-3] != right[-3]:
            return said
        shape = call["returns"][0]["shape"]
        more = compared(mine[:-FLAGS].reshape(shape), right[:-FLAGS].reshape(shape), "your result")
        return f"{self.shown(call)}: {more}" if more else said

    def _block(self, plan: list[tuple[str, Step]], call: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        size = returned_size(call)
        found = Quantities(self.formula.bind(call["args"], call["kwargs"]))
        try:
            for name, step in plan:
                found.__dict__[name] = step(found)
        except RuntimeError:
            return np.r_[np.full(size, np.nan), float(ErrorCode.RUNTIME), 0, 0, 0], np.zeros(size + FLAGS)
        wanted = call["returns"][0]
        shape_kept = list(found.result.shape) == wanted["shape"]
        dtype_kept = wanted["dtype"] in found.__dict__.get("kept_dtype", (wanted["dtype"],))
        flags = [ErrorCode.NONE, shape_kept, dtype_kept, found.__dict__.get("untouched", True)]
        slack = np.r_[np.full(size, np.inf if found.__dict__.get("open") else 0.0), np.zeros(FLAGS)]
        return np.concatenate([np.ravel(found.result), np.asarray(flags, dtype=float)]), slack


@dataclass(frozen=True)
class Holds:
    """Loose results (start, stop, steps) are near and on the grid of bfloat16, huge ones are huge or not finite."""

    right: np.ndarray
    loose: tuple[tuple[int, int, int], ...]
    huge: tuple[tuple[int, int], ...]

    def __call__(self, values: np.ndarray) -> bool:
        return all(
            on_grid(values[start:stop])
            and relative_error(values[start:stop], self.right[start:stop]) <= allowance(steps)
            for start, stop, steps in self.loose
        ) and all(
            not np.isfinite(values[start:stop]).all() or root_mean_square(values[start:stop]) > HUGE / 2
            for start, stop in self.huge
        )


def root_mean_square(values: np.ndarray) -> float:
    """Of the finite numbers, without overflow on the way."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max(initial=0.0))
    return largest * float(np.sqrt(np.mean((finite / largest) ** 2))) if largest else 0.0
