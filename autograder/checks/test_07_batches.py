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


@check("clip", points=2)
def test_clip_long_gradients(student):
    """Gradients that are too long together are shortened to max_norm, all by the same factor."""
    student.follows("long")


@check("clip", points=1, needs="clip_long_gradients")
def test_clip_short_gradients(student):
    """Gradients whose norm is at most max_norm stay as they are."""
    student.follows("short")


@check("clip", points=2, needs="clip_long_gradients")
def test_clip_norm(student):
    """The norm before clipping is returned as a tensor, even if it is not finite."""
    student.follows(part="returned")
    student.follows(part="kind")


@check("clip", points=1, needs="clip_long_gradients")
def test_clip_missing_gradients(student):
    """Parameters without a gradient are left out; without any gradient the norm is 0."""
    student.follows("none")


@check("clip", points=1, needs="clip_long_gradients")
def test_clip_forms(student):
    """Parameters may come as a list, as a generator, or as a single one."""
    student.follows("forms")


@check("clip", points=1, needs="clip_long_gradients")
def test_clip_extremes(student):
    """Zero, tiny and huge gradients work, and so do several dtypes."""
    student.follows("extremes")
    student.follows("dtypes")
    student.follows("nonfinite")


@check("clip", points=2, needs="clip_long_gradients")
def test_clip_in_place(student):
    """Gradients change in place and keep their dtype, and parameters do not change."""
    student.follows(part="views")
    student.follows(part="params")
    student.follows(part="changed")


@check("accumulate", points=2)
def test_accumulate_equal_counts(student):
    """With micro-batches of equal length, the gradients are those of the mean loss over all tokens."""
    student.follows("equal")


@check("accumulate", points=3, needs="accumulate_equal_counts")
def test_accumulate_unequal_counts(student):
    """With micro-batches of unequal length, every token weighs the same."""
    student.follows("unequal")


@check("accumulate", points=1, needs="accumulate_unequal_counts")
def test_accumulate_edges(student):
    """A single micro-batch works, and so does one without tokens."""
    student.follows("edges")


@check("accumulate", points=1, needs="accumulate_unequal_counts")
def test_accumulate_existing_gradients(student):
    """Gradients that are there already are added to, and nothing else changes."""
    student.follows("existing")
    student.follows("together")
    student.follows(part="params")


@check("accumulate", points=1, needs="accumulate_equal_counts")
def test_accumulate_mean_loss(student):
    """The mean loss over all tokens is returned, as a number without a graph."""
    student.follows(part="returned")
    student.follows(part="kind")


@check("accumulate", points=2, needs="accumulate_equal_counts")
def test_accumulate_one_graph(student):
    """Each loss is computed once, and no graph of another micro-batch is in memory then."""
    student.follows(part="alive")
    student.follows(part="calls")
