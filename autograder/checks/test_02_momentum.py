"""Chapter 02: momentum."""

from __future__ import annotations

from autograder.judge import check


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
