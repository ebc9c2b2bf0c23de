"""How far a program's parameters may be from a prediction, and where they were seen to be further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.evidence import Expected, near
from autograder.judge.rule import Rule

RTOL = 4e-5
"""Of an update; powers of β₂ = 0.999 that are kept in float32 are off by as much."""
LONG, AMPLIFIED = 100, 60.0
"""In runs of more events, a mistake such as a state that grows may enlarge rounding errors so much."""
SETTLED = 10
"""In long runs, what a right program may be off per update falls until this step: the error of 1 − βᵗ does, which is most
of it, and right programs use a hundredth of the rest."""
ULP = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}
COARSE = {"float64": 0.0, "float32": 2e-4, "bfloat16": 0.06, "float16": 0.01}
"""Per dtype, the error relative to the updates that arithmetic in that dtype may add."""


def is_long(program: dict[str, Any]) -> bool:
    """Whether a run is one in which mistakes are given more room."""
    return len(program["events"]) > LONG


class Slack:
    """How far a program's parameters may be off. inside: the dtype that it computes in, where that is not the parameters'."""

    def __init__(self, rule: Rule, program: dict[str, Any], mistaken: bool = False, inside: str = "float64"):
        dtype = program.get("dtype", "float64")
        self.mixes, self.unit = rule.mixes, max(ULP[dtype], ULP[inside])
        self.coarse = rule.coarse.get(dtype, COARSE[dtype])
        self.close = program.get("rtol", RTOL) + self.coarse
        self.settles = is_long(program) and not mistaken
        if mistaken and is_long(program):
            self.close *= AMPLIFIED

    def move(self, old: np.ndarray, new: np.ndarray) -> Any:
        """How far an update goes, number by number; rounding spreads over the whole parameter where a rule mixes."""
        move = np.abs(new - old)
        return np.sqrt(np.mean(move**2)) if self.mixes else move

    def of(self, params: np.ndarray, moved: np.ndarray, steps: Any) -> np.ndarray:
        """After so many steps: relative to the moves, and by the rounding of the numbers' sizes."""
        slack = self.close * moved + 4 * steps * self.unit * np.maximum(np.abs(params), moved)
        return slack / np.minimum(steps, SETTLED) if self.settles else slack


@dataclass(frozen=True)
class Look:
    """Where values were seen to differ from a program's: which numbers, what they are in it and how far off they may be.
    flag: a number that is NaN in a frame that was never written, where the program might not have written it either; -1
    where it is known to have."""

    here: slice
    mine: np.ndarray
    slack: np.ndarray
    flag: int

    def refutes(self, values: np.ndarray, like: Expected | None = None) -> bool:
        """Whether other values differ from the program's at this place, too."""
        if self.flag >= 0 and np.isnan(values[self.flag]):
            return False
        return apart(values[self.here], self.mine, self.slack if like is None else like.tolerance[self.here])


def apart(one: np.ndarray, other: np.ndarray, tolerance: np.ndarray) -> bool:
    """Whether some numbers are further apart than `tolerance`; most often one comparison tells."""
    return bool((np.abs(one - other) > tolerance).any()) or not near(one, other, tolerance).all()
