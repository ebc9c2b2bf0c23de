"""The task `newton_schulz`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._matrix_calls import draw_calls
from autograder.banks._polynomials import add_polynomial_mistakes
from autograder.judge.newton_schulz_task import NewtonSchulzTask
from autograder.judge.variants import Bank
from autograder.oracles.newton_schulz import FORMULA, iterate, quintic

bank = Bank()
add = bank.misconception

bank.convention(
    "norm-at-least-eps",
    "the larger of the norm and eps, instead of their sum",
    source="torch.optim.Muon",
    size=lambda s: max(s.norm, s.eps),
)
bank.convention(
    "bfloat16",
    "an iteration in bfloat16: right within what eight bits of precision allow; the result may stay bfloat16, whatever g is",
    source="Keller Jordan's zeropower_via_newtonschulz5; torch.optim.Muon",
    precision=lambda s: "bfloat16",
)

NORM = "The norm is the root of the sum of all squared entries, one number for the whole matrix."
add(
    "no-normalisation",
    "without dividing by the norm first",
    hints=(
        "Double your input. Does the result change?",
        "The iteration works for singular values up to one. What makes them that small?",
        "Start from X = g / (norm of g + eps).",
    ),
    size=lambda s: 1.0,
)
add(
    "spectral-norm",
    "dividing by the largest singular value instead of the Frobenius norm",
    hints=(
        "Which norm do you divide by?",
        "The largest singular value would need an SVD; the task asks for a cheaper bound.",
        NORM,
    ),
    size=lambda s: np.linalg.norm(s.g, 2) + s.eps,
)
add(
    "largest-entry",
    "dividing by the largest entry",
    hints=("Which norm do you divide by?", "Entries below one do not keep singular values below one.", NORM),
    size=lambda s: np.abs(s.g).max() + s.eps,
)
add(
    "root-mean-square",
    "dividing by the root mean square of the entries",
    hints=("How long is X after your division?", "A mean divides by the number of entries once too often.", NORM),
    size=lambda s: s.norm / np.sqrt(s.g.size) + s.eps,
)
add(
    "norm-squared",
    "dividing by the squared norm",
    hints=("Ten times the input: how does X change?", "Is there a square root in your norm?", NORM),
    size=lambda s: s.norm**2 + s.eps,
)
add(
    "sum-of-sizes",
    "dividing by the sum of absolute entries",
    hints=("Which norm do you divide by?", "torch's norm with p = 1 is a sum of absolute values.", NORM),
    size=lambda s: np.abs(s.g).sum() + s.eps,
)
add(
    "normalised-by-row",
    "dividing each row by its own norm",
    hints=(
        "Do all entries of X come from g by the same factor?",
        "A norm with dim=1 or dim=-1 gives one number for each row.",
        NORM,
    ),
    unit=lambda s: s.g / (np.linalg.norm(s.g, axis=1, keepdims=True) + s.eps),
)
add(
    "normalised-by-column",
    "dividing each column by its own norm",
    hints=(
        "Do all entries of X come from g by the same factor?",
        "A norm with dim=0 or dim=-2 gives one number for each column.",
        NORM,
    ),
    unit=lambda s: s.g / (np.linalg.norm(s.g, axis=0, keepdims=True) + s.eps),
)
add(
    "no-eps",
    "without eps",
    hints=(
        "What does your function return for a matrix of zeros?",
        "Zero divided by zero is not a number.",
        "Add eps to the norm before you divide.",
    ),
    size=lambda s: s.norm,
)
add(
    "eps-under-the-root",
    "with eps under the square root",
    hints=(
        "Try a matrix of length 1e-6. How long is X?",
        "The root of 1e-7 is 3e-4, which is much larger than eps.",
        "Take the root first, then add eps.",
    ),
    size=lambda s: np.sqrt(s.norm**2 + s.eps),
)
add(
    "eps-fixed",
    "with an eps of 1e-7 whatever the argument says",
    hints=(
        "Call it with eps=0.05 and with the default. Do the results differ?",
        "Where does the number that you add come from?",
        "Use the argument eps.",
    ),
    size=lambda s: s.norm + 1e-7,
)
add(
    "normalised-in-every-step",
    "dividing by the norm again in every step",
    hints=(
        "How often do you divide by the norm?",
        "After the first division the steps themselves push the singular values towards one.",
        "Normalise once, before the loop.",
    ),
    one=lambda s: lambda x, *k: quintic(x / (np.linalg.norm(x) + s.eps), *k),
)
add(
    "norm-restored",
    "multiplying the result by the norm of g",
    hints=(
        "Double your input. Does the result change?",
        "The result should forget how long g was.",
        "Do not multiply by the norm at the end.",
    ),
    result=lambda s: s.norm * (s.end.T if s.tall else s.end),
)
add(
    "not-transposed-back",
    "that returns tall matrices transposed",
    hints=(
        "Compare the shape of a tall input with the shape of your result.",
        "You transposed before the loop. And after it?",
        "If you transposed, transpose again at the end.",
    ),
    result=lambda s: s.end,
)
add(
    "always-transposed-back",
    "that transposes the result of every matrix",
    hints=(
        "Compare the shape of a wide input with the shape of your result.",
        "Which matrices did you transpose before the loop?",
        "Transpose at the end only what you transposed at the start.",
    ),
    result=lambda s: s.end.T,
)
add_polynomial_mistakes(bank)
add(
    "steps-ignored",
    "with five steps whatever the argument says",
    hints=(
        "Call it with steps=1 and steps=5. Do the results differ?",
        "Where does your loop get its length from?",
        "for _ in range(steps).",
    ),
    count=lambda s: 5,
)
add(
    "at-most-five-steps",
    "with no more than five steps",
    hints=(
        "Call it with steps=5 and steps=6. Do the results differ?",
        "Does your loop run over a list of five? zip and slices end with the shorter one.",
        "for _ in range(steps), with the same three numbers in every step.",
    ),
    count=lambda s: min(s.steps, 5),
)
add(
    "one-step-too-few",
    "with one step too few",
    hints=(
        "Call it with steps=1. Is anything done?",
        "range(1, steps) has steps - 1 rounds.",
        "for _ in range(steps).",
    ),
    count=lambda s: s.steps - 1,
)
add(
    "one-step-too-many",
    "with one step too many",
    hints=(
        "Call it with steps=1. How often does the loop run?",
        "range(steps + 1) has steps + 1 rounds.",
        "for _ in range(steps).",
    ),
    count=lambda s: s.steps + 1,
)
add(
    "ten-steps-by-default",
    "with a default of ten steps",
    hints=(
        "Call it without steps. How many rounds does the loop make?",
        "What is the default in your signature?",
        "steps=5.",
    ),
    count=lambda s: 10 if s.steps == 5 else s.steps,
)
add(
    "three-squares",
    "that cuts a matrix with three times as many rows as columns into three squares",
    source="early published code for query, key and value in one matrix",
    hints=(
        "Which of your results have too many large singular values? Look at the shapes.",
        "A tall matrix need not be three matrices. Who could know whether it is?",
        "Treat every g as one matrix; whoever wants it cut can call three times.",
    ),
    result=lambda s: _in_squares(s) if s.g.shape[0] == 3 * s.g.shape[1] else s.end.T if s.tall else s.end,
)
add(
    "exact-orthogonalisation",
    "that returns the exact UVᵀ",
    hints=(
        "Which singular values does your result have?",
        "The task asks for the iteration, whose singular values end near one, not at one.",
        "Iterate the polynomial; leave the SVD out.",
    ),
    end=lambda s: _nearest_orthogonal(s.start),
    open=lambda s: np.linalg.matrix_rank(s.g) < min(s.g.shape),
)
add(
    "float32-returned",
    "that returns float32 whatever g was",
    hints=(
        "What dtype goes in, and what comes out?",
        "g.float() makes float32. Which dtype should the caller get back?",
        "Convert the result with .to(g.dtype).",
    ),
    kept_dtype=lambda s: ("float32",),
)
add(
    "argument-changed",
    "that changes g itself",
    hints=(
        "Print g before and after the call.",
        "Methods that end in an underscore write into the tensor; so does X /= on a name for g.",
        "Make a new tensor: X = g / (g.norm() + eps).",
    ),
    untouched=lambda s: not np.any(s.g),
)


def _in_squares(s: Any) -> np.ndarray:
    parts = [part / (np.linalg.norm(part) + s.eps) for part in np.split(s.g, 3)]
    return np.concatenate([iterate(part, s.count, s.one, s.coefficients) for part in parts])


def _nearest_orthogonal(x: np.ndarray) -> np.ndarray:
    if not np.isfinite(x).all():
        return np.full_like(x, np.nan)
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return np.asarray(u @ v)


TASK = NewtonSchulzTask(
    "newton_schulz",
    module="course_lib/optim/newton_schulz.py",
    formula=FORMULA,
    bank=bank,
    draw=draw_calls,
)
