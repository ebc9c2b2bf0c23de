"""The task `first_step` of the start page: small, so that the first check is about the course and not about the task."""

from __future__ import annotations

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.function_task import FunctionTask, as_tensor, calls
from autograder.judge.variants import Bank
from autograder.oracles.first_step import FORMULA

bank = Bank()
add = bank.misconception

add(
    "uphill",
    "that adds the update instead of subtracting it",
    hints=(
        "Take θ = 1 and a gradient of 2. Does θ grow or shrink in your function?",
        "The gradient points uphill. Which way do you want to go?",
        "theta - lr * gradient",
    ),
    point=lambda s: s.theta + s.update,
)
add(
    "no-lr",
    "without the learning rate",
    hints=(
        "Call your function with lr = 0. Does θ stay where it is?",
        "Where in your formula does lr appear?",
        "theta - lr * gradient",
    ),
    update=lambda s: s.gradient,
)
add(
    "divides-by-lr",
    "dividing by the learning rate",
    hints=(
        "Should a larger lr give a longer or a shorter step?",
        "Look at how lr enters your formula.",
        "theta - lr * gradient",
    ),
    update=lambda s: s.gradient / s.lr,
)
add(
    "lr-times-theta",
    "that multiplies the parameter by the learning rate instead of the gradient",
    hints=(
        "Call your function with a gradient of 0. Does θ stay where it is?",
        "Which of the two does lr multiply?",
        "theta - lr * gradient",
    ),
    point=lambda s: s.lr * s.theta - s.gradient,
)
add(
    "bracket",
    "that multiplies the whole difference by the learning rate",
    hints=(
        "Call your function with a gradient of 0. Does θ stay where it is?",
        "Is there a bracket in your formula that should not be there?",
        "theta - lr * gradient, without brackets",
    ),
    point=lambda s: s.lr * (s.theta - s.gradient),
)
add(
    "only-the-update",
    "that returns the update instead of the new parameter",
    hints=(
        "Call your function with a gradient of 0. Does θ stay where it is?",
        "What does your function return: where to go, or how far?",
        "theta - lr * gradient",
    ),
    point=lambda s: s.update,
)
add(
    "minus-the-update",
    "that returns the update with a minus instead of the new parameter",
    hints=(
        "Call your function with a gradient of 0. Does θ stay where it is?",
        "What does your function return: where to go, or how far?",
        "theta - lr * gradient",
    ),
    point=lambda s: -s.update,
)
add(
    "backwards",
    "with the subtraction the wrong way round",
    hints=(
        "Call your function with a gradient of 0. Does θ stay where it is?",
        "a - b is not b - a.",
        "theta - lr * gradient",
    ),
    point=lambda s: s.update - s.theta,
)
add(
    "returns-nothing",
    "that returns None",
    hints=(
        "What does your function give back? Try print(first_step(1.0, 2.0, 0.1)).",
        "A function without a return statement gives None.",
        "return theta - lr * gradient",
    ),
    point=lambda s: None,
)


def _draw(rng: np.random.Generator) -> list[Scenario]:
    def numbers(count: int) -> list[float]:
        return [round(float(v), 3) for v in rng.choice([-1, 1], count) * rng.uniform(0.3, 2.0, count)]

    plain = [
        {"args": [theta, gradient, round(float(rng.uniform(0.05, 0.6)), 3)]}
        for theta, gradient in zip(numbers(4), numbers(4), strict=True)
    ]
    still = [{"args": [numbers(1)[0], 0.0, 0.1]}]
    named = [{"kwargs": {"lr": 0.2, "gradient": numbers(1)[0], "theta": numbers(1)[0]}}]
    tensors = [
        {
            "args": [as_tensor(rng.uniform(0.3, 2.0, shape)), as_tensor(rng.uniform(0.3, 2.0, shape)), 0.25],
            "returns": [{"shape": list(shape), "dtype": "float64"}],
        }
        for shape in ((3,), (2, 3))
    ]
    entry = FORMULA.entry
    return [
        calls(entry, "numbers", "numbers", [*plain, *named]),
        calls(entry, "still", "a gradient of 0", still),
        calls(entry, "tensors", "tensors", tensors),
    ]


TASK = FunctionTask("first_step", module="course_lib/optim/first_step.py", formula=FORMULA, bank=bank, draw=_draw)
