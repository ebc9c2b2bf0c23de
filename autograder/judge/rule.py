"""The update rule of an optimizer as a short pipeline of named steps, one parameter at a time, in float64.

A step's name is the quantity it computes: the step `grad` may replace the gradient by gradient + decay, the step
`exp_avg` computes the new first moment, the step `param` the new parameter. Steps run in the order in which they are
declared, each reading what the earlier ones wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.judge.variants import Step, Variant


class Quantities:
    """What a step can read: param, grad, t (from 1), the state's names, every hyperparameter, earlier steps.

    A pair `betas` is also readable as beta1 and beta2. With `given` it is the gradient as the model left it.
    """

    def __init__(self, values: dict[str, Any]):
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"no quantity {name} at this step of the rule; the steps so far gave {sorted(self.__dict__)}"
        )


@dataclass(frozen=True)
class Rule:
    """An optimizer's rule.

    entry: the class students write. hyper: the defaults of its hyperparameters, by name, None where there is no default.
    state: name → function of the parameter that gives the state before the first step. steps: name → expression.
    mixes: whether every number of an update depends on every number of the gradient, so that rounding spreads over the
    whole parameter. coarse: dtype → error relative to the updates that arithmetic in it may add, where it is not the usual.
    """

    entry: str
    hyper: Mapping[str, Any]
    steps: Mapping[str, Step]
    state: Mapping[str, Callable[[np.ndarray], Any]] = field(default_factory=dict)
    mixes: bool = False
    coarse: Mapping[str, float] = field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """Hyperparameters without a default."""
        return tuple(name for name, default in self.hyper.items() if default is None)

    def fresh_state(self, param: np.ndarray, variant: Variant) -> dict[str, Any]:
        """The state of one parameter before its first step."""
        return {name: make(param) for name, make in {**self.state, **variant.state}.items()}

    def plan(self, variant: Variant) -> list[tuple[str, Step]]:
        """The steps of a variant, in order; a step the rule does not have (such as `t`) runs first."""
        steps = {**self.steps, **{name: step for name, step in variant.steps.items() if name not in CONTRACT}}
        order: Sequence[str] = variant.order or tuple(self.steps)
        first = [name for name in steps if name not in order]
        return [(name, steps[name]) for name in (*first, *order)]

    def read(
        self, param: np.ndarray, grad: np.ndarray, state: Mapping[str, Any], t: int, hyper: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The quantities that a step starts from."""
        known = {"param": param, "grad": grad, "given": grad, "t": t, **state, **hyper}
        if "betas" in hyper:
            known["beta1"], known["beta2"] = hyper["betas"]
        return known

    def update(
        self,
        plan: list[tuple[str, Step]],
        param: np.ndarray,
        grad: np.ndarray,
        state: dict[str, Any],
        t: int,
        hyper: Mapping[str, Any],
    ) -> Quantities:
        """One step of one parameter; returns every quantity, and writes the new state into `state`."""
        quantities = Quantities(self.read(param, grad, state, t, hyper))
        known = quantities.__dict__
        for name, step in plan:
            known[name] = step(quantities)
        for name in state:
            state[name] = known[name]
        return quantities


def zeros(param: np.ndarray) -> np.ndarray:
    """The usual state before the first step."""
    return np.zeros(param.shape)


def sign(values: np.ndarray) -> np.ndarray:
    """As torch's: 0 for NaN."""
    return np.nan_to_num(np.sign(values))


CONTRACT = frozenset(
    {
        "visit",
        "hyper",
        "slot",
        "clock",
        "reload",
        "leftover",
        "storage",
        "inside",
        "closure",
        "construct",
        "graph",
        "class_state",
        "class_clock",
        "defaults",
        "validation",
        "refuses",
    }
)
"""Steps that belong to every optimizer's contract, not to a rule; see contract.py."""

WRITES_AGAIN = frozenset({"visit", "storage", "leftover", "closure"})
"""Those by which a parameter may be written more than once in a step, or not by the update alone."""
