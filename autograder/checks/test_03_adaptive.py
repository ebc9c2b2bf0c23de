"""Chapter 03: a learning rate for every number."""

from __future__ import annotations

from autograder.judge import Choice, Number, Ordering, check


@check("adagrad", points=2)
def test_first_step(student):
    """The first step divides every gradient by its own size plus eps: its length is nearly lr."""
    student.follows("first_step")


@check("adagrad", points=2, needs="first_step")
def test_sum_of_squares(student):
    """Each number divides by the root of all its squared gradients so far, with eps added."""
    student.follows("steps")
    student.follows("extremes")
    student.follows("zeros")
    student.follows("defaults")


@check("adagrad", points=1, needs="first_step")
def test_adagrad_weight_decay(student):
    """Weight decay is part of the gradient, so it is squared and divided too."""
    student.follows("weight_decay")


@check("adagrad", points=1, needs="sum_of_squares")
def test_adagrad_frame(student):
    """Groups, schedules and missing gradients are treated as before."""
    student.follows("groups")
    student.follows("schedule")
    student.follows("no_gradient")


@check("adagrad", points=1, needs="first_step")
def test_adagrad_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("adagrad", points=1, needs="first_step")
def test_adagrad_arguments(student):
    """A closure is evaluated once before the update, and a negative hyperparameter raises ValueError."""
    student.follows("closure")
    student.follows("closure", part="closure")
    student.follows("invalid")


@check("adagrad", points=2, needs="adagrad_weight_decay")
def test_adagrad_together(student):
    """The squares survive a reload, two optimizers do not disturb each other, and all parts work together."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("rmsprop", points=2)
def test_rmsprop_first_step(student):
    """The first step divides by the root of the average of squares, with eps added."""
    student.follows("first_step")


@check("rmsprop", points=2, needs="rmsprop_first_step")
def test_average_of_squares(student):
    """The average keeps alpha of the old value and takes 1 − alpha of the new square, number by number."""
    student.follows("steps")
    student.follows("extremes")
    student.follows("zeros")
    student.follows("defaults")


@check("rmsprop", points=1, needs="rmsprop_first_step")
def test_rmsprop_weight_decay(student):
    """Weight decay is part of the gradient, so it is squared and divided too."""
    student.follows("weight_decay")


@check("rmsprop", points=1, needs="average_of_squares")
def test_rmsprop_frame(student):
    """Groups, schedules and missing gradients are treated as before."""
    student.follows("groups")
    student.follows("schedule")
    student.follows("no_gradient")


@check("rmsprop", points=1, needs="rmsprop_first_step")
def test_rmsprop_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("rmsprop", points=1, needs="rmsprop_first_step")
def test_rmsprop_arguments(student):
    """A closure is evaluated once before the update, and a negative hyperparameter raises ValueError."""
    student.follows("closure")
    student.follows("closure", part="closure")
    student.follows("invalid")


@check("rmsprop", points=2, needs="rmsprop_weight_decay")
def test_rmsprop_together(student):
    """The average survives a reload, two optimizers do not disturb each other, and all parts work together."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("order_of_gradients", points=1)
def test_order_of_gradients(student):
    """Three kinds of parameters are ordered by the size of their gradients before training."""
    student.answers(
        Ordering(
            ("query", "mlp", "head"),
            because="Small weights in the head shrink what passes down through it, and not the head's own gradient. "
            "Who comes last on the way down, behind a softmax?",
        )
    )


@check("adagrad_step_100", points=1)
def test_adagrad_step_100(student):
    """Under a steady gradient the hundredth step of AdaGrad is a tenth of the first."""
    student.answers(
        Number(
            0.1,
            tolerance=0.001,
            slips={
                0.01: "That is 1/t. G is 100 × 25 after a hundred steps; what is its root?",
                1: "That is the first step. G goes on growing.",
                0.5: "The 5 cancels: it is in the gradient and in the root.",
                0.02: "The 5 cancels: it is in the gradient and in the root.",
                10: "That is √t. Is the root above or below the fraction?",
                0.002: "That divides by G itself, without the root, and keeps a 5.",
            },
        )
    )


@check("first_step_of_rmsprop", points=1)
def test_first_step_of_rmsprop(student):
    """The predicted length of RMSProp's first step is 1/√(1 − α)."""
    student.answers(
        Number(
            10,
            tolerance=0.1,
            unit="× lr",
            slips={
                1: "That is AdaGrad's first step. What is v after one step with gradient 1 and α = 0.99?",
                100: "v is 0.01 × g² after the first step, and the step divides by its root.",
                0.1: "v is 0.01 × g² after the first step. Dividing by a small number makes the step long, not short.",
                1.005: "That has α on the new square. The new square gets 1 − α = 0.01.",
                0.01: "That is v itself for a gradient of 1. The step divides by its root.",
                3.162: "That is the first step at α = 0.9. Put in 0.99.",
            },
        )
    )


@check("where_eps_counts", points=1)
def test_where_eps_counts(student):
    """The gradient at which ε inside the root counts is √ε."""
    student.answers(
        Number(
            1e-4,
            tolerance=2e-6,
            slips={
                1e-8: "There ε outside the root takes away half. Inside, ε is compared with g², not with |g|.",
                1e-16: "That is ε². Inside the root, ε is compared with g²; which |g| has g² = 1e-8?",
                7.1e-5: "That is √(ε/2). At this |g| the step is 58 %. Put |g| = √ε in.",
            },
        )
    )


@check("turned_valley", points=1)
def test_turned_valley(student):
    """The predicted effect of turning the valley is the measured one."""
    student.answers(
        Choice(
            "c",
            options="abc",
            why={
                "a": "That holds for SGD. At 45° both numbers see the same mixture of steep and flat: what do their denominators become?",
                "b": "Look at the curve above. At 45° both denominators are equal; what is left of a rate for every number?",
            },
        )
    )
