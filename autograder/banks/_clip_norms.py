"""Mistakes in the norm that `clip` compares with max_norm: of what, and which."""

from __future__ import annotations

import numpy as np

from autograder.judge.rounding import representable
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank, Step


def seen_where(keep: Step) -> Step:
    """A program that sees only some of the gradients: keep(s, number, array)."""
    return lambda s: [grad is not None and keep(s, i, grad) for i, grad in enumerate(s.all)]


def _own_factor(s: Quantities) -> Step:
    return lambda grad: grad * min(1.0, s.max_norm / max(float(np.linalg.norm(grad)), 1e-300))


def _lengths_in_the_first_dtype(s: Quantities) -> np.ndarray:
    dtype = next((dtype for dtype, seen in zip(s.dtypes, s.seen, strict=True) if seen), "float64")
    return np.array([representable(np.array(np.linalg.norm(representable(grad, dtype))), dtype) for grad in s.counted])


def norm_mistakes(bank: Bank) -> None:
    """Add them to a bank."""
    add = bank.misconception
    add(
        "per-tensor",
        "that clips each gradient by its own norm",
        hints=(
            "Two gradients of different length: is their ratio the same after your call?",
            "How many norms do you compare with max_norm?",
            "One norm over all gradients, then one factor for all of them.",
        ),
        scale=_own_factor,
    )
    add(
        "per-element",
        "that clamps every number to between −max_norm and max_norm",
        source="torch.nn.utils.clip_grad_value_",
        hints=(
            "Does your gradient still point the same way?",
            "Clamping changes large elements and leaves small ones: that turns the vector.",
            "Multiply every element by the same factor.",
        ),
        scale=lambda s: lambda grad: np.clip(grad, -s.max_norm, s.max_norm),
    )
    add(
        "norms-added",
        "that adds up the norms of the gradients",
        hints=(
            "Two gradients of norm 3 and 4. What is the norm of both together?",
            "Lengths do not add up; their squares do.",
            "Take the root of the sum of the squared norms.",
        ),
        norm=lambda s: s.lengths.sum(),
    )
    add(
        "norms-averaged",
        "with the mean of the gradients' norms",
        hints=(
            "Two gradients of norm 3 and 4. What is the norm of both together?",
            "The norm of all elements is no mean.",
            "Take the root of the sum of the squared norms.",
        ),
        norm=lambda s: s.lengths.mean() if s.lengths.size else 0.0,
    )
    add(
        "largest-norm",
        "with the largest of the gradients' norms",
        hints=(
            "Two gradients of norm 3 and 4. What is the norm of both together?",
            "The norm of all elements is no maximum.",
            "Take the root of the sum of the squared norms.",
        ),
        norm=lambda s: s.lengths.max(initial=0.0),
    )
    add(
        "root-mean-square",
        "with the root of the mean square in place of the norm",
        hints=(
            "Does your norm grow when a model has more parameters of the same size?",
            "Something divides by the number of elements.",
            "Sum the squares; no mean.",
        ),
        norm=lambda s: np.sqrt(np.sum(s.lengths**2) / max(1, sum(grad.size for grad in s.counted))),
    )
    add(
        "no-root",
        "with the squared norm in place of the norm",
        hints=(
            "A single gradient (3, 4): what do you return?",
            "After the sum of squares something is missing.",
            "Take the square root of the sum.",
        ),
        norm=lambda s: np.sum(s.lengths**2),
    )
    add(
        "no-root-in-the-factor",
        "that divides by the squared norm",
        hints=(
            "What is the norm of the gradients after your call?",
            "What do you return, and what do you divide by? Are they the same?",
            "The factor is max_norm / norm, with the root taken.",
        ),
        divisor=lambda s: s.norm**2,
    )
    add(
        "absolute-values",
        "with the sum of absolute values (the 1-norm) in place of the norm",
        hints=(
            "A single gradient (3, 4): what do you return?",
            "There are several norms. Which one is the length of an arrow?",
            "Square, sum, take the root.",
        ),
        norm=lambda s: sum(float(np.abs(grad).sum()) for grad in s.counted),
    )
    add(
        "largest-element",
        "with the largest absolute value (the maximum norm) in place of the norm",
        hints=(
            "A single gradient (3, 4): what do you return?",
            "There are several norms. Which one is the length of an arrow?",
            "Square, sum, take the root.",
        ),
        norm=lambda s: np.max([np.abs(grad).max() for grad in s.counted], initial=0.0),
    )
    add(
        "last-gradient-only",
        "with the norm of the last gradient alone",
        hints=(
            "Change the first parameter's gradient. Does what you return change?",
            "A variable is overwritten in a loop.",
            "Add to the sum in the loop: total += ...",
        ),
        norm=lambda s: s.lengths[-1] if s.lengths.size else 0.0,
    )
    add(
        "first-gradient-only",
        "with the norm of the first gradient alone",
        hints=(
            "Change the last parameter's gradient. Does what you return change?",
            "Which gradients enter the norm?",
            "Sum over all of them.",
        ),
        norm=lambda s: s.lengths[0] if s.lengths.size else 0.0,
    )
    add(
        "norm-of-the-parameters",
        "with the norm of the parameters in place of the gradients'",
        hints=(
            "Make all gradients ten times larger. Does what you return change?",
            "Is it p or p.grad whose norm you take?",
            "Use p.grad.",
        ),
        norm=lambda s: np.sqrt(
            sum(float(np.sum(np.square(s.init[i]))) for i, seen in enumerate(s.seen) if seen and s.given)
        ),
    )
    add(
        "norm-in-the-first-dtype",
        "that computes the norm in the dtype of the first gradient",
        hints=(
            "The first gradient is float16, another one float32. What is the largest number that float16 holds?",
            "Something takes its dtype from grads[0].",
            "Take each norm in the gradient's own dtype; torch.stack makes the larger dtype of them.",
        ),
        lengths=_lengths_in_the_first_dtype,
    )
    add(
        "matrices-only",
        "that sees only parameters with two dimensions",
        hints=(
            "Which gradients change and which do not? Look at their shapes.",
            "Biases and norm gains have gradients too.",
            "Every parameter with a gradient counts.",
        ),
        seen=seen_where(lambda s, i, grad: grad.ndim >= 2),
    )
    add(
        "scalars-skipped",
        "that leaves out parameters without dimensions",
        hints=(
            "Try it on a parameter of shape (), a single number.",
            "Something asks for the number of dimensions.",
            "Every parameter with a gradient counts.",
        ),
        seen=seen_where(lambda s, i, grad: grad.ndim >= 1),
    )
