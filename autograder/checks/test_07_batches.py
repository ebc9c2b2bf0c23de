"""Chapter 07: batches, accumulation, clipping."""

from __future__ import annotations

from autograder.judge import Choice, Number, Ordering, check


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
    """It also takes whole numbers, tensors and any batch sizes, by position or by name, and leaves them as they are."""
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
    """Zero, tiny and huge gradients work, a max_norm of zero, and several dtypes."""
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


@check("lm_noise_scale", points=1)
def test_lm_noise_scale(student):
    """After 50 steps, the noise scale of the small language model is some tens of examples."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "Then a batch of one would be as good as any. Look where the curve for 50 steps becomes flat.",
                "c": "Look where the curve for 50 steps becomes flat: where S/B is as large as |G|².",
                "d": "That is true of some very large models late in training, counted in tokens. Look at the figure.",
            },
        )
    )


@check("examples_at_the_noise_scale", points=1)
def test_examples_at_the_noise_scale(student):
    """At the noise scale, a run reads twice the fewest possible examples."""
    student.answers(
        Number(
            2,
            tolerance=0.01,
            slips={
                1: "That is the limit of very small batches. What is B/B_noise at B = B_noise?",
                1.5: "What is B/B_noise at B = B_noise, exactly?",
                0.5: "It cannot read fewer than the fewest. Put B = B_noise into 1 + B/B_noise.",
                4: "That would be steps times examples. The question asks for the examples alone.",
            },
        )
    )


@check("weight_of_a_token", points=1)
def test_weight_of_a_token(student):
    """In a mean of means of 60 and 4 tokens, a token of the short one weighs 15 times as much."""
    student.answers(
        Number(
            15,
            tolerance=0.1,
            slips={
                1: "That would be right, and is what accumulation over tokens gives. But the means get equal weight.",
                8: "That is its weight against the average token: 32/4. Compare it with a token of the long one.",
                0.0667: "That is the other way round. Which one weighs more, a token of the short one or of the long?",
                7.5: "Each micro-batch has weight ½, so a token has ½/60 or ½/4. What is their ratio?",
                16: "That is 64/4, against all tokens. Compare a token of one micro-batch with one of the other.",
                56: "That is a difference of lengths. What is the weight of one token in a mean of n?",
            },
        )
    )


@check("clip_before_unscale", points=1)
def test_clip_before_unscale(student):
    """Clipped to 1 and then divided by 1,024, the gradient has norm 1/1024."""
    student.answers(
        Number(
            1 / 1024,
            tolerance=2e-5,
            slips={
                1: "That is what clipping after unscaling gives. Here it is divided by 1,024 afterwards.",
                3: "That is the true norm, without clipping. The scaled one is 3,072, and that is what is clipped.",
                3 / 1024: "That is the true norm divided by 1,024. What is the norm after clipping, before dividing?",
                1 / 3072: "That is the clipping factor. Multiply it with the scaled norm, then divide by the scale.",
            },
        )
    )


@check("order_of_a_step", points=1)
def test_order_of_a_step(student):
    """Clear, accumulate, unscale, clip, step."""
    student.answers(
        Ordering(
            ("e", "b", "c", "a", "d"),
            because="Which norm should be compared with max_norm: that of one piece, of scaled gradients, or the true one?",
        )
    )
