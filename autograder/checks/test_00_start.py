"""Chapter 00: how the course works."""

from __future__ import annotations

from autograder.judge import Number, check


@check("first_step", points=1)
def test_first_step_numbers(student):
    """The new parameter is theta minus lr times the gradient."""
    student.follows("numbers")
    student.follows("still")


@check("first_step", points=1, needs="first_step_numbers")
def test_first_step_tensors(student):
    """It works for tensors too, and leaves its arguments as they were."""
    student.follows("tensors")
    student.follows(part="flags")


@check("steps_to_bottom", points=1)
def test_steps_to_bottom(student):
    """The prediction is the number of steps to the bottom."""
    student.answers(
        Number(
            1,
            tolerance=0,
            unit="steps",
            slips={
                2: "Put θ = 3 and the gradient 3 into θ − 1 · g. What is left after the first step?",
                3: "The step is as long as the gradient, not as long as 1. How long is the gradient at θ = 3?",
                0: "At θ = 3 the slope is 3, so there is something to do. How many steps until it is 0?",
            },
        )
    )
