"""Quick answers about what variants predict, for tasks whose whole predictions are costly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.evidence import Expected, Scenario
from autograder.judge.variants import Variant
from autograder.worker.codes import ErrorCode


class Shortcuts:
    """The answers of a task that has none: everything has to be simulated. Tasks override what they can tell sooner.

    Whatever is remembered belongs to the scenarios that it was made with, which are named by their numbers.
    """

    accepted_may_raise = True
    """Whether a program of the accepted set may end in an exception."""

    def __init__(self, task: Any, scenarios: Sequence[Scenario]):
        self.task, self.scenarios = task, scenarios

    def simulate(self, variant: Variant, index: int) -> Expected:
        """The whole prediction."""
        return self.task.simulate(variant, self.scenarios[index])

    def refutes(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        """Whether `values` are seen not to be those of `variant`. like: what they are, where another variant predicts
        them; then its tolerance counts."""
        return False

    def sees_all(self, variant: Variant, index: int) -> bool:
        """Whether `refutes`, where it finds nothing, has looked at all that could differ."""
        return False

    def surely_alike(self, base: Variant, other: Variant, index: int) -> bool:
        """Whether both are seen to predict the same; False where that cannot be said so easily."""
        return False

    def raised_by_some(self, error: ErrorCode) -> bool:
        """Whether there may be a variant that raises such an exception."""
        return True
