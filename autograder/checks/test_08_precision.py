"""Chapter 08: formats of numbers, loss scaling, master weights."""

from __future__ import annotations

from autograder.judge import Choice, Number, check


@check("round_to_format", points=2)
def test_rounds_to_the_nearest(student):
    """Ordinary numbers go to the nearest value of the format."""
    student.follows("nearest")


@check("round_to_format", points=1, needs="rounds_to_the_nearest")
def test_halves_go_to_even(student):
    """A number in the middle goes to the neighbour with the even last bit, one beside it to the nearer; values stay."""
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


@check("loss_scaler", points=1)
def test_scale(student):
    """scale(loss) multiplies the loss, and with it every gradient."""
    student.follows("scale")


@check("loss_scaler", points=1, needs="scale")
def test_unscale(student):
    """unscale_ divides every gradient of the optimizer by the scale."""
    student.follows("unscale")


@check("loss_scaler", points=1, needs="unscale")
def test_unscale_in_place(student):
    """unscale_ divides in place: whoever holds p.grad sees the change."""
    student.follows("in_place")


@check("loss_scaler", points=1, needs="unscale")
def test_step(student):
    """step unscales what is not unscaled yet, makes the optimizer's step once, and says so."""
    student.follows("step")


@check("loss_scaler", points=2, needs="step")
def test_skip(student):
    """After inf or NaN in any gradient the optimizer is not touched, and the scale shrinks by backoff_factor."""
    student.follows("overflow")


@check("loss_scaler", points=2, needs="step")
def test_growth(student):
    """After growth_interval clean steps in a row the scale grows by growth_factor."""
    student.follows("growth")
    student.follows("defaults")


@check("loss_scaler", points=1, needs="unscale")
def test_unscale_twice(student):
    """Gradients are not divided twice in one step."""
    student.follows("twice")


@check("loss_scaler", points=1, needs="skip")
def test_several_optimizers(student):
    """Two optimizers share one scale, each skipped for its own gradients only; a longer run goes right."""
    student.follows("several")
    student.follows("together")


@check("master_weights", points=2)
def test_master_step(student):
    """A step moves the float32 masters and writes them, rounded, into the model."""
    student.follows("step")


@check("master_weights", points=2, needs="master_step")
def test_small_updates(student):
    """Updates too small for the model's format add up in the masters."""
    student.follows("small")


@check("master_weights", points=1, needs="master_step")
def test_master_gradients(student):
    """Each step uses this step's gradients only; a parameter without one stays; zero_grad clears the model's."""
    student.follows("gradients")


@check("master_weights", points=1, needs="master_step")
def test_master_in_place(student):
    """The model's parameters get new values in their own memory."""
    student.follows(part="views")


@check("master_weights", points=2, needs="small_updates")
def test_master_reload(student):
    """After saving and loading, training goes on as if nothing had happened, low bits included."""
    student.follows("reload")
    student.follows("together")


@check("mixed_precision_step", points=2)
def test_step_under_autocast(student):
    """Forward and loss run under autocast, old gradients do not count, the optimizer steps once."""
    student.follows("plain")


@check("mixed_precision_step", points=1, needs="step_under_autocast")
def test_step_dtype(student):
    """The model computes in the dtype that is asked for."""
    student.follows("dtype")


@check("mixed_precision_step", points=2, needs="step_under_autocast")
def test_step_with_scaler(student):
    """With a scaler the loss is scaled, the scaler makes the step, and the scale is updated once."""
    student.follows("scaler")
    student.follows("overflow")


@check("mixed_precision_step", points=2, needs="step_under_autocast")
def test_step_with_clipping(student):
    """max_norm limits the norm of the true gradient: unscaled first, clipped before the step."""
    student.follows("clip")
    student.follows("together")


@check("mixed_precision_step", points=1, needs="step_under_autocast")
def test_step_returns_the_loss(student):
    """The unscaled loss comes back as a Python float."""
    student.follows("plain", part="returned")
    student.follows(part="returned")


@check("frozen_weight", points=1)
def test_frozen_weight(student):
    """The predicted value of the bfloat16 weight after a thousand steps is the measured one."""
    student.answers(
        Number(
            1.0,
            tolerance=0.0005,
            slips={
                0: "That is what exact arithmetic gives. How far below 1 is the next bfloat16 number?",
                0.996: "That is one bfloat16 step below 1. Is a thousandth at least half of that step?",
                0.999: "0.999 is no bfloat16 number. Which one is nearest to it?",
                0.5: "That is where the spacing halves again. Does the first step get away from 1?",
            },
        )
    )


@check("spacing_at_300", points=1)
def test_spacing_at_300(student):
    """The spacing of bfloat16 near 300 is right."""
    student.answers(
        Number(
            2,
            tolerance=0.01,
            slips={
                1: "300 lies between 256 and 512: 2⁸. How many values divide that stretch?",
                4: "There are 2⁷ steps between 256 and 512. How long is each?",
                0.25: "That is fp16, with ten bits.",
                0.0078125: "That is the spacing near 1. It grows with the exponent.",
                2.34375: "That is 300/128. The spacing is the same between 256 and 512.",
                128: "That is how many steps there are between 256 and 512. How long is each?",
            },
        )
    )


@check("clipped_too_early", points=1)
def test_clipped_too_early(student):
    """The norm of a gradient that was clipped before unscaling is right."""
    student.answers(
        Number(
            1 / 65536,
            tolerance=3e-7,
            slips={
                1: "That is its norm right after clipping. What does unscaling do to it?",
                65536: "That is the norm before clipping. What is left of it, and what does unscaling do then?",
                4 / 65536: "Clipping to norm 1 comes first: the 4 is gone by then.",
                4: "That is the true norm, unclipped.",
            },
        )
    )


@check("collapsing_scale", points=1)
def test_collapsing_scale(student):
    """The remedy for a scale that halves at every step is the one that helps."""
    student.answers(
        Choice(
            "c",
            options="abcd",
            why={
                "a": "A scale of 2⁻¹⁰ makes gradients smaller than they are. Could they still overflow?",
                "b": "growth_interval decides when the scale grows. Who makes it shrink?",
                "d": "With a small scale gradients underflow to zero. Zero is finite, so no step is skipped for it.",
            },
        )
    )


@check("utilisation", points=1)
def test_utilisation(student):
    """The utilisation of the model is worked out right."""
    student.answers(
        Number(
            0.375,
            tolerance=0.0055,
            slips={
                0.125: "That counts 2 N: the forward pass. The backward pass costs twice as much again.",
                0.25: "That counts 4 N: the backward pass alone.",
                37.5: "That is in per cent; this asks for the fraction.",
                2.667: "That is upside down.",
                0.1517: "That divides by the data sheet's 989 TFLOP/s. The question asks for the measured rate.",
            },
        )
    )
