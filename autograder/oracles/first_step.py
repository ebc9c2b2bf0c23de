"""One step of gradient descent (Cauchy, 1847): θ − ηg."""

from __future__ import annotations

from autograder.judge.function_task import REQUIRED, Formula

FORMULA = Formula(
    "first_step",
    {"theta": REQUIRED, "gradient": REQUIRED, "lr": REQUIRED},
    steps={
        "update": lambda s: s.lr * s.gradient,
        "point": lambda s: s.theta - s.update,
    },
)
