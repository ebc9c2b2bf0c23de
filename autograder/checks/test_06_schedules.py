"""Chapter 06: learning-rate schedules."""

from __future__ import annotations

from autograder.judge import check


@check("warmup_cosine", points=2)
def test_cosine(student):
    """Without warmup, the learning rate falls from peak_lr to min_lr along half a cosine."""
    student.follows("cosine")


@check("warmup_cosine", points=2, needs="cosine")
def test_cosine_warmup(student):
    """With warmup, it first rises in a straight line and reaches the peak when the warmup ends."""
    student.follows("warmup")


@check("warmup_cosine", points=2, needs="cosine")
def test_cosine_floor(student):
    """The decay ends at min_lr."""
    student.follows("floor")


@check("warmup_cosine", points=1, needs="cosine_floor")
def test_cosine_after_the_end(student):
    """From total_steps on, it stays at min_lr."""
    student.follows("after")


@check("warmup_cosine", points=2, needs="cosine_floor")
def test_cosine_edges(student):
    """A run without warmup, a run that is all warmup and a run of one step work."""
    student.follows("edges")


@check("warmup_cosine", points=1, needs="cosine_warmup")
def test_cosine_together(student):
    """It is a function of its arguments only, in any order of steps, and returns one number."""
    student.follows("together")
    student.follows(part="flags")
