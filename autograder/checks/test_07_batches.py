"""Chapter 07: batches, accumulation, clipping."""

from __future__ import annotations

from autograder.judge import check


@check("noise_scale", points=2)
def test_noise_scale_of_lists(student):
    """From lists of squared norms, it gives S divided by |G|², each estimated from the averages over all draws."""
    student.follows("lists")


@check("noise_scale", points=1, needs="noise_scale_of_lists")
def test_noise_scale_unequal_draws(student):
    """There may be more draws of one batch size than of the other."""
    student.follows("lengths")


@check("noise_scale", points=1, needs="noise_scale_of_lists")
def test_noise_scale_of_tensors(student):
    """It also takes tensors and any batch sizes, by position or by name, and leaves them as they are."""
    student.follows("tensors")
    student.follows("sizes")
    student.follows(part="flags")


@check("noise_scale", points=1, needs="noise_scale_of_lists")
def test_noise_scale_negative(student):
    """A negative estimate is returned as it is."""
    student.follows("negative")
