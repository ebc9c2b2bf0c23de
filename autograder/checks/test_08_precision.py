"""Chapter 08: formats of numbers, loss scaling, master weights."""

from __future__ import annotations

from autograder.judge import check


@check("round_to_format", points=2)
def test_rounds_to_the_nearest(student):
    """Ordinary numbers go to the nearest value of the format."""
    student.follows("nearest")


@check("round_to_format", points=1, needs="rounds_to_the_nearest")
def test_halves_go_to_even(student):
    """A number exactly in the middle goes to the neighbour with the even last bit; values of the format stay."""
    student.follows("ties")
    student.follows("codes")


@check("round_to_format", points=1, needs="rounds_to_the_nearest")
def test_subnormals(student):
    """Below the smallest normal value the spacing stays constant down to zero."""
    student.follows("subnormals")


@check("round_to_format", points=1, needs="rounds_to_the_nearest")
def test_overflow(student):
    """What is too large after rounding becomes infinite, or 448 in E4M3."""
    student.follows("overflow")


@check("round_to_format", points=1, needs="rounds_to_the_nearest")
def test_zeros_infinities_and_nan(student):
    """Zeros keep their sign, infinities and NaN stay what they are, and the tensor keeps its shape and dtype."""
    student.follows("special")
    student.follows("tensors")
    student.follows(part="flags")
