"""Chapter 02: momentum."""

from __future__ import annotations

from autograder.judge import Choice, Number, check


@check("momentum", points=2)
def test_first_step(student):
    """The first step is lr times the gradient, downhill."""
    student.follows("first_step")


@check("momentum", points=3, needs="first_step")
def test_buffer(student):
    """Every step adds the gradient to momentum times the old buffer, and steps with the new one."""
    student.follows("steps")
    student.follows("extremes")
    student.follows("defaults")


@check("momentum", points=2, needs="buffer")
def test_nesterov(student):
    """With nesterov=True the step is the gradient plus momentum times the new buffer."""
    student.follows("nesterov")


@check("momentum", points=1, needs="first_step")
def test_weight_decay(student):
    """Weight decay adds weight_decay times the parameter to the gradient, before the buffer."""
    student.follows("weight_decay")


@check("momentum", points=1, needs="buffer")
def test_groups_and_schedules(student):
    """Each parameter group has its own hyperparameters, and a changed learning rate counts at once."""
    student.follows("groups")
    student.follows("schedule")


@check("momentum", points=1, needs="buffer")
def test_missing_gradients(student):
    """A parameter without a gradient stays as it is, and so does its buffer."""
    student.follows("no_gradient")


@check("momentum", points=1, needs="first_step")
def test_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows("memory")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("momentum", points=1, needs="first_step")
def test_closure(student):
    """step(closure) evaluates the closure once, before the update, and returns its loss."""
    student.follows("closure")
    student.follows("closure", part="closure")


@check("momentum", points=1, needs="first_step")
def test_invalid_hyperparameters(student):
    """A negative lr, momentum or weight_decay raises ValueError."""
    student.follows("invalid")


@check("momentum", points=2, needs="weight_decay")
def test_together(student):
    """Buffers survive a reload, two optimizers do not disturb each other, and all parts work together."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("momentum_limit", points=1)
def test_momentum_limit(student):
    """The predicted learning rate is the largest stable one with momentum, for L = 10."""
    student.answers(
        Number(
            0.38,
            tolerance=0.004,
            slips={
                0.02: "That is 0.2 × (1 − μ), as if all steps were ten times as long. Are they, when gradients change sign at every step?",
                0.2: "That is 2/L, the limit without momentum. What does the memory of the last crossing do to the next one?",
                2: "That is 0.2/(1 − μ). Memory slows a crossing, but not by that much: a swing forgets too.",
                0.4: "That is 4/L, the limit as μ goes to 1. With μ = 0.9 it is a little less.",
                0.19: "That is near the limit without momentum. The swing at 0.19 shrinks; how much further can you go?",
                0.1: "That is 1/L. Without momentum it is the best for the steep direction, and far from any limit.",
            },
        )
    )


@check("heavy_ball_at_kappa_10000", points=1)
def test_heavy_ball_at_kappa_10000(student):
    """The estimated number of steps at κ = 10,000 is within 12 % of the measured one."""
    student.answers(
        Number(
            708,
            tolerance=85,
            unit="steps",
            slips={
                2040: "That is ten times the number for κ = 1000. From 100 to 1000, by what factor did the steps grow?",
                34540: "That is gradient descent's number. By what factor do the heavy ball's steps grow when κ grows tenfold?",
                408: "That doubles the number for κ = 1000. From 100 to 1000, by what factor did it grow?",
            },
        )
    )


@check("lr_of_the_average", points=1)
def test_lr_of_the_average(student):
    """The learning rate that gives the heavy ball the same steps is smaller by 1 − μ."""
    student.answers(
        Number(
            0.03,
            tolerance=0.0005,
            slips={
                3: "That makes the steps longer still. Under a steady gradient of 1, what do the two buffers grow to?",
                0.3: "With the same lr the steps are ten times as long. Under a steady gradient of 1, what do the two buffers grow to?",
                0.27: "That is 0.3 × μ. Compare what the two buffers grow to under a steady gradient of 1.",
                0.033: "That is nearly it. The factor is 1 − μ, which is 0.1.",
            },
        )
    )


@check("which_form_is_late", points=1)
def test_which_form_is_late(student):
    """The form in which a drop of the learning rate arrives late is recognised."""
    student.answers(
        Choice(
            "c",
            options="abcd",
            why={
                "a": "The heavy ball multiplies its buffer by the new lr at once. Which form has lr inside its memory?",
                "b": "The average is multiplied by the new lr at once. Which form has lr inside its memory?",
                "d": "The buffer's memory is of gradients in two of the forms, and the new lr multiplies all of it. What is in the third?",
            },
        )
    )


@check("first_nesterov_step", points=1)
def test_first_nesterov_step(student):
    """The first Nesterov step is 1 + μ times as long as gradient descent's."""
    student.answers(
        Number(
            1.9,
            tolerance=0.01,
            slips={
                1: "That is the heavy ball's first step. Put b = g into g + μb.",
                0.9: "That is μb alone. The gradient is added to it.",
                0.1: "That is an average's first step. Put b = g into g + μb.",
                10: "That is the step after a long time. What is b after the first step?",
                19: "That is the step after a long time. What is b after the first step?",
                2: "Nearly: the buffer is multiplied by μ once more before it is added.",
                2.71: "That looks ahead twice. Put b = g into g + μb, once.",
            },
        )
    )


@check("same_step_length", points=1)
def test_same_step_length(student):
    """The predicted effect of momentum at equal step length is the measured one."""
    student.answers(
        Choice(
            "b",
            options="abc",
            why={
                "a": "Compare the two numbers printed above. Does memory help by itself, or only by allowing larger steps?",
                "c": "Compare the two numbers printed above. In the long run both walk equally far along a steady slope.",
            },
        )
    )
