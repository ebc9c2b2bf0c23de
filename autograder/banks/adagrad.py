"""The task `adagrad`: how it is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks._l2_decay import (
    add_l2_mistakes,
    add_missing_validation,
    add_step_mistakes,
)
from autograder.banks._slips_of_the_pen import add_squared_slips
from autograder.banks._squared_gradients import add_eps_inside, add_root_mistakes, near_zero
from autograder.banks._whose_values import add_default, add_values_of_others
from autograder.judge.contract_mistakes import contract_mistakes
from autograder.judge.optimizer_task import OptimizerTask, between
from autograder.judge.rule import zeros
from autograder.judge.variants import Bank
from autograder.oracles.adagrad import RULE

bank = Bank()
add_eps_inside(bank, source="Zhang et al., Dive into Deep Learning, section 12.7; optax.adagrad")

add_step_mistakes(bank)
add_root_mistakes(bank, collect=RULE.steps["squares"])
add_squared_slips(bank)
add = bank.misconception
for share in (0.9, 0.99):
    add(
        f"running-average-{share}",
        f"with a running average of squares that keeps {share} of the old one: RMSProp",
        hints=(
            "Feed the same gradient for a hundred steps. Do your steps get shorter and shorter?",
            "What multiplies the old squares before the new one is added?",
            "AdaGrad forgets nothing: the new square is added to the sum as it is.",
        ),
        squares=lambda s, share=share: share * s.squares + (1 - share) * s.square,
    )
add(
    "mean-over-steps",
    "with the mean of all squares so far instead of their sum",
    hints=(
        "Feed the same gradient for a hundred steps. Do your steps get shorter and shorter?",
        "Something divides the sum by the number of steps.",
        "The root is taken of the sum itself.",
    ),
    root=lambda s: np.sqrt(s.squares / s.t) + s.eps,
)
add(
    "square-of-the-sum",
    "that adds up gradients and squares the sum",
    hints=(
        "Feed a gradient of 1, then of −1. What is in your state?",
        "Which comes first: the square or the sum?",
        "Square each gradient, then add the squares.",
    ),
    total=lambda s: s.total + s.grad,
    squares=lambda s: s.total**2,
    state={"total": zeros},
    order=("grad", "total", "square", "squares", "root", "direction", "update", "param"),
)
add(
    "starts-above-zero",
    "with squares that start at 0.1, as TensorFlow and optax have it",
    source="tf.keras.optimizers.Adagrad and optax.adagrad, initial_accumulator_value",
    hints=(
        "How long is your first step, in units of lr?",
        "What is in your state before the first gradient?",
        "Start the squares at zero.",
    ),
    squares=lambda s: s.squares + s.square + 0.1 * (s.t == 1),
)
add(
    "sum-of-steps",
    "that adds the squares of the divided gradients, not of the gradients",
    hints=(
        "The first step is right. What is in your state after it?",
        "Which line comes first: the one that divides, or the one that stores?",
        "Store the square of the gradient; the divided one is for the parameter only.",
    ),
    fresh=RULE.steps["squares"],
    root=lambda s: np.sqrt(s.fresh) + s.eps,
    squares=lambda s: s.fresh - s.square + s.direction**2,
    order=("grad", "square", "fresh", "root", "direction", "squares", "update", "param"),
)
add_l2_mistakes(bank)
add_values_of_others(bank, "eps", "weight_decay")
add_default(bank, "lr-default", "lr", 1e-3, "1e-2")
add_missing_validation(bank, "Adagrad", "lr", "eps", "weight_decay")
bank.include(
    [
        mistake
        for mistake in contract_mistakes(stateful=True, clocked=False, zeros=("lr", "eps"))
        if mistake.id != "state-not-kept"
    ]
)  # that is "no-memory" here

TASK = OptimizerTask(
    "adagrad",
    module="course_lib/optim/adagrad.py",
    rule=RULE,
    bank=bank,
    draw={"lr": between(0.05, 0.3), "eps": between(0.02, 0.3), "weight_decay": between(0.1, 0.5)},
    features={"weight_decay": {"weight_decay": 0.0}},
    invalid=({"lr": -0.1}, {"eps": -1e-8}, {"weight_decay": -0.01}),
    extra=near_zero,
)
