"""Chapter 03: a learning rate for every number."""

from __future__ import annotations

from autograder.judge import check


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
