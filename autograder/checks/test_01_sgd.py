"""Chapter 01: gradient descent."""

from __future__ import annotations

from autograder.judge import check


@check("sgd", points=2)
def test_first_step(student):
    """The first step goes downhill by lr times the gradient."""
    student.follows("first_step")


@check("sgd", points=1, needs="first_step")
def test_every_step(student):
    """Every later step does the same, for parameters of any shape and gradients of any size."""
    student.follows("steps")
    student.follows("extremes")
    student.follows("defaults")


@check("sgd", points=2, needs="first_step")
def test_weight_decay(student):
    """Weight decay adds weight_decay times the parameter to the gradient."""
    student.follows("weight_decay")


@check("sgd", points=1, needs="first_step")
def test_groups_and_schedules(student):
    """Each parameter group has its own hyperparameters, and a changed learning rate counts at once."""
    student.follows("groups")
    student.follows("schedule")


@check("sgd", points=1, needs="first_step")
def test_missing_gradients(student):
    """A parameter without a gradient stays as it is, and the others go on."""
    student.follows("no_gradient")


@check("sgd", points=1, needs="first_step")
def test_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("sgd", points=1, needs="first_step")
def test_closure(student):
    """step(closure) evaluates the closure once, before the update, and returns its loss."""
    student.follows("closure")
    student.follows("closure", part="closure")


@check("sgd", points=1, needs="first_step")
def test_invalid_hyperparameters(student):
    """A negative lr or weight_decay raises ValueError."""
    student.follows("invalid")


@check("sgd", points=2, needs="weight_decay")
def test_together(student):
    """Groups, decay, missing gradients, a reload and a second optimizer work together."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")
