"""Chapter 15: Muon."""

from __future__ import annotations

from autograder.judge import check


@check("newton_schulz", points=3)
def test_one_step(student):
    """One step divides by the norm and applies the quintic to every singular value."""
    student.follows("one_step")
    student.follows("two_steps")


@check("newton_schulz", points=2, needs="one_step")
def test_any_number_of_steps(student):
    """Any number of steps, five without the argument, on wide matrices."""
    student.follows("wide")
    student.follows("steps")
    student.follows("by_position")


@check("newton_schulz", points=2, needs="one_step")
def test_tall_matrices(student):
    """A tall matrix comes back in its own shape."""
    student.follows("tall")
    student.follows("tall", part="flags")


@check("newton_schulz", points=2, needs="one_step")
def test_any_length(student):
    """Long, short and zero matrices are normalised with eps in the right place."""
    student.follows("size")
    student.follows("tiny")
    student.follows("eps")
    student.follows("zero")


@check("newton_schulz", points=1, needs="any_number_of_steps")
def test_any_spectrum(student):
    """Small and missing singular values are treated as the polynomial treats them."""
    student.follows("spectrum")
    student.follows("rank_one")


@check("newton_schulz", points=2, needs="one_step")
def test_tensors(student):
    """The result has the shape and dtype of g, views work, and g is left alone."""
    student.follows("dtypes")
    student.follows("layout")
    student.follows(part="flags")
