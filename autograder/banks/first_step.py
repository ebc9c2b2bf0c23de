"""The task `first_step` of the start page: small, so that the first check is about the course and not about the task."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.function_task import FunctionTask, as_tensor, calls
from autograder.judge.rule import sign
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
    "lr-squared",
    "with the learning rate applied twice",
    hints=(
        "Halve lr. By how much does the step get shorter?",
        "How often does lr appear in what your function computes?",
        "theta - lr * gradient",
    ),
    update=lambda s: s.lr * s.lr * s.gradient,
)
add(
    "two-steps",
    "that takes two steps instead of one",
    hints=(
        "How far from θ is your result, measured in lr times the gradient?",
        "Is the subtraction done twice, or is there a factor that should not be there?",
        "theta - lr * gradient, once",
    ),
    point=lambda s: s.theta - 2 * s.update,
)
add(
    "sign-of-the-gradient",
    "with only the sign of the gradient",
    hints=(
        "Make the gradient ten times larger. Does your step grow?",
        "What happens to the size of the gradient in your function?",
        "theta - lr * gradient",
    ),
    update=lambda s: s.lr * sign(s.gradient),
)
add(
    "size-of-the-gradient",
    "with the absolute value of the gradient",
    hints=(
        "Take a negative gradient. Does θ grow or shrink in your function?",
        "Downhill depends on the sign of the gradient. Where does it go in your function?",
        "theta - lr * gradient",
    ),
    update=lambda s: s.lr * np.abs(s.gradient),
)
add(
    "theta-and-gradient-swapped",
    "with the parameter and the gradient in each other's place",
    hints=(
        "Call your function with a gradient of 0. Does θ stay where it is?",
        "Which comes first in the signature: theta, or the gradient?",
        "theta - lr * gradient",
    ),
    point=lambda s: s.gradient - s.lr * s.theta,
)
add(
    "multiplies-instead",
    "that multiplies the parameter by 1 − lr × gradient",
    hints=(
        "Take θ = 0. Does your function ever leave it?",
        "Is the update subtracted from θ, or from a factor of θ?",
        "theta - lr * gradient",
    ),
    point=lambda s: s.theta * (1 - s.update),
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
    "that returns None, or something else that is no number and no tensor",
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
        calls(entry, "numbers", "whole, large and small numbers, and a step across the lowest point", _more_numbers()),
        calls(entry, "tensors", "tensors of other shapes", _shapes(rng)),
        calls(entry, "tensors", "the same tensors, changed between the calls", _training(rng), late=True),
    ]


def _more_numbers() -> list[dict[str, Any]]:
    """Three and one are whole numbers, half of one is not; the start page takes a step of 1.9 from 3."""
    given: list[tuple[float, float, float]] = [(3, 1, 0.5), (2, 3, 1), (3.0, 3.0, 1.9)]
    return [{"args": list(call)} for call in [*given, (1.0, 1e4, 0.5), (-1e6, -1e7, 0.25), (1e-6, 2e-7, 0.5)]]


def _shapes(rng: np.random.Generator) -> list[dict[str, Any]]:
    """No dimension, one number, three dimensions, numbers that do not lie in a row."""
    shapes = [(), (1,), (2, 3, 2), (3, 4)]
    return [_step(rng, shape, 0.5, layout="transposed" if shape == (3, 4) else "contiguous") for shape in shapes]


def _training(rng: np.random.Generator) -> list[dict[str, Any]]:
    """As in training: one tensor for theta and one for the gradient, whose numbers change between the calls."""
    return [_step(rng, (3,), lr, named=True) for lr in (0.125, 0.125, 0.5)]


def _step(
    rng: np.random.Generator, shape: tuple[int, ...], lr: float, layout: str = "contiguous", named: bool = False
) -> dict[str, Any]:
    sequences = [as_tensor(rng.uniform(0.3, 2.0, shape), layout=layout) for _ in range(2)]
    if named:
        sequences = [{**made, "object": name} for made, name in zip(sequences, ("theta", "gradient"), strict=True)]
    return {"args": [*sequences, lr], "returns": [{"shape": list(shape), "dtype": "float64" if shape else ""}]}


TASK = FunctionTask("first_step", module="course_lib/optim/first_step.py", formula=FORMULA, bank=bank, draw=_draw)
