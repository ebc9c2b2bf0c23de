"""What people get wrong in Adam's bias correction, denominator and step, in Adam and in everything built on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._adam_moments import Entry, Hints
from autograder.judge.contract import Raises
from autograder.judge.rule import Rule, zeros
from autograder.judge.variants import Bank, Variant
from autograder.worker.codes import ErrorCode

EPS_PLACE: Hints = (
    "Your step is off where the gradient is not large against ε. Where does ε stand?",
    "Is ε added to the root, or to what is under it?",
    "First the root of the corrected second average, then plus eps.",
)


def add_step_mistakes(bank: Bank, rule: Rule) -> None:
    """Mistakes between the averages and the parameter of `rule`, which is Adam's or AdamW's."""
    names = list(rule.steps)
    place = names.index("exp_avg_sq") + 1
    catalogue = _CORRECTION + _CLOCK + _DENOMINATOR + _STEP
    bank.include([Variant(id, title, "misconception", steps, hints=hints) for id, title, hints, steps in catalogue])
    bank.misconception(
        "amsgrad",
        "with the largest second average so far in the denominator (that is AMSGrad)",
        hints=(
            "Your steps get shorter than they should after a large gradient has passed. What remembers it?",
            "Is there a maximum in your update?",
            "Use the current second average; keep no maximum.",
        ),
        state={"largest": zeros},
        order=(*names[:place], "largest", *names[place:]),
        largest=lambda s: np.maximum(s.largest, s.exp_avg_sq),
        root=lambda s: np.sqrt(s.largest / s.correction2),
    )


def _raises(_: Any) -> Any:
    raise Raises(ErrorCode.ARITHMETIC)


_CORRECTION_HINTS: Hints = (
    "Look at the very first update: how long is it, in units of lr?",
    "exp_avg starts at zero. What is it after one step with gradient 1 and β₁ = 0.9?",
    "Divide exp_avg by 1 − β₁ᵗ and exp_avg_sq by 1 − β₂ᵗ, where t counts updates from 1.",
)

_CORRECTION: list[Entry] = [
    (
        "no-bias-correction",
        "without bias correction",
        _CORRECTION_HINTS,
        {"correction1": lambda s: 1.0, "correction2": lambda s: 1.0},
    ),
    (
        "no-first-correction",
        "without the correction of the first average",
        _CORRECTION_HINTS,
        {"correction1": lambda s: 1.0},
    ),
    (
        "no-second-correction",
        "without the correction of the second average",
        _CORRECTION_HINTS,
        {"correction2": lambda s: 1.0},
    ),
    (
        "correction-without-power",
        "that corrects by 1 − β at every step, as if t stayed 1",
        (
            "The first step is right, the later ones are not. What should the correction tend to?",
            "After many steps an average no longer remembers its start, and needs no correction. Does yours vanish?",
            "The correction is 1 − β₁ to the power t, and t grows: write state['step'] += 1.",
        ),
        {"correction1": lambda s: 1 - s.beta1, "correction2": lambda s: 1 - s.beta2},
    ),
    (
        "correction-with-product",
        "that corrects by 1 − β·t instead of 1 − βᵗ",
        (
            "The first step is right, the second is not. What is your correction at t = 2?",
            "A product of t betas is not beta times t.",
            "In Python the power is written with two stars: beta1 ** t.",
        ),
        {"correction1": lambda s: 1 - s.beta1 * s.t, "correction2": lambda s: 1 - s.beta2 * s.t},
    ),
    (
        "correction-multiplied",
        "that multiplies by the corrections instead of dividing",
        (
            "Is the young average too small or too large? Does your correction make it larger?",
            "1 − βᵗ is below one.",
            "Divide by it.",
        ),
        {
            "average": lambda s: s.exp_avg * s.correction1,
            "root": lambda s: np.sqrt(s.exp_avg_sq * s.correction2),
        },
    ),
    (
        "corrections-swapped",
        "with each average corrected by the other's factor",
        (
            "Which β belongs to which average, and so to which correction?",
            "Set β₁ = β₂. Is your step right then?",
            "exp_avg is divided by 1 − β₁ᵗ, exp_avg_sq by 1 − β₂ᵗ.",
        ),
        {"correction1": lambda s: 1 - s.beta2**s.t, "correction2": lambda s: 1 - s.beta1**s.t},
    ),
    (
        "corrections-of-the-first",
        "with β₁ in both corrections",
        (
            "Which β belongs to which average, and so to which correction?",
            "Set β₁ = β₂. Is your step right then?",
            "exp_avg_sq is divided by 1 − β₂ᵗ.",
        ),
        {"correction2": lambda s: 1 - s.beta1**s.t},
    ),
    (
        "correction-in-lr-without-root",
        "with (1 − β₂ᵗ) in the step size where its root belongs",
        (
            "The first step is too short by a root of 1 − β₂. Where is that root taken?",
            "√(v / c) equals √v / √c. What multiplies lr when c moves out of the denominator?",
            "The step size is lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ); or correct each average by itself.",
        ),
        {"correction2": lambda s: 1.0, "average": lambda s: s.exp_avg * (1 - s.beta2**s.t) / s.correction1},
    ),
    (
        "correction-not-under-the-root",
        "with the second correction outside the root",
        (
            "The first step is too long or too short by a power of 1 − β₂. Which?",
            "The second average is corrected before its root is taken.",
            "√(v / c) equals √v / √c, not √v / c.",
        ),
        {"root": lambda s: np.sqrt(s.exp_avg_sq) / s.correction2},
    ),
    (
        "correction-root-on-both",
        "with the root of the first correction as well",
        (
            "The first step is too short by a root of 1 − β₁. Where is that root taken?",
            "Only the second average stands under a root.",
            "exp_avg is divided by 1 − β₁ᵗ itself.",
        ),
        {"average": lambda s: s.exp_avg / np.sqrt(s.correction1)},
    ),
]

_CLOCK: list[Entry] = [
    (
        "t-from-zero",
        "that counts t from 0, so the first correction divides by zero",
        (
            "What is 1 − β₁ᵗ at t = 0?",
            "On the first update, t should be 1. Where do you count?",
            "Increase the step count before you use it.",
        ),
        {"t": lambda s: s.t - 1},
    ),
    (
        "t-from-zero-error",
        "that counts t from 0 and divides a number by zero",
        (
            "What is 1 − β₁ᵗ at t = 0?",
            "On the first update, t should be 1. Where do you count?",
            "Increase the step count before you use it.",
        ),
        {"t": _raises},
    ),
    (
        "t-one-behind-after-the-first",
        "that corrects the second step with t = 1 again",
        (
            "The first step is right. Which t does your second step use?",
            "max(t, 1) hides that t starts at 0. When do you count?",
            "Increase the step count before you use it; then it needs no max.",
        ),
        {"t": lambda s: max(s.t - 1, 1)},
    ),
    (
        "t-one-ahead",
        "that corrects with t + 1",
        (
            "On the first update, which t do you use?",
            "Is t increased twice, or both before and inside the correction?",
            "The first update has t = 1.",
        ),
        {"t": lambda s: s.t + 1},
    ),
    (
        "t-stops-at-256",
        "with a step count that never gets beyond 256, as one in bfloat16 does",
        (
            "A short run is right, and a long one is not. What is t on step 300?",
            "bfloat16 has eight bits for the digits: what is 256 + 1 there?",
            "Count steps in a Python int or a float32 tensor, whatever the parameter's dtype is.",
        ),
        {"t": lambda s: min(s.t, 256)},
    ),
]

_DENOMINATOR: list[Entry] = [
    (
        "eps-inside-the-root",
        "with ε under the root",
        EPS_PLACE,
        {"root": lambda s: np.sqrt(s.exp_avg_sq / s.correction2 + s.eps), "denominator": lambda s: s.root},
    ),
    (
        "eps-inside-before-correction",
        "with ε added to the second average before it is corrected, under the root",
        EPS_PLACE,
        {"root": lambda s: np.sqrt((s.exp_avg_sq + s.eps) / s.correction2), "denominator": lambda s: s.root},
    ),
    (
        "eps-squared-inside",
        "with ε² under the root",
        EPS_PLACE,
        {"root": lambda s: np.sqrt(s.exp_avg_sq / s.correction2 + s.eps**2), "denominator": lambda s: s.root},
    ),
    (
        "eps-kept-in-the-average",
        "that adds ε to the second average in its state at every step",
        (
            "Your second average grows even where all gradients are zero. Where from?",
            "Is ε added to a new tensor, or in place to the state?",
            "Add eps to the root, which is a new tensor: v.sqrt().add_(eps).",
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad**2 + s.eps},
    ),
    (
        "no-eps",
        "without ε",
        (
            "What does your step divide by where every gradient so far was zero?",
            "eps is a hyperparameter. Where is it in your update?",
            "The denominator is the root plus eps.",
        ),
        {"denominator": lambda s: s.root},
    ),
    (
        "eps-as-a-floor",
        "with ε as the smallest denominator instead of a summand",
        (
            "Compare your step with and without a small ε where the gradient is large. Any difference?",
            "Is there a clamp or a maximum around your root?",
            "Add eps to the root.",
        ),
        {"denominator": lambda s: np.maximum(s.root, s.eps)},
    ),
    (
        "eps-fixed",
        "with ε fixed at 1e-8, whatever was given",
        (
            "Give a large eps. Does your step change?",
            "Is 1e-8 written somewhere in step?",
            "Use group['eps'].",
        ),
        {"eps": lambda s: 1e-8},
    ),
    (
        "eps-subtracted",
        "with ε subtracted from the root",
        (
            "Should ε make the denominator larger or smaller?",
            "Look at the sign in front of eps.",
            "The denominator is the root plus eps.",
        ),
        {"denominator": lambda s: s.root - s.eps},
    ),
    (
        "no-root",
        "without the root",
        (
            "Double every gradient. Adam's step should not change. Does yours?",
            "The second average has the unit of a squared gradient. What do you divide by?",
            "Divide by the root of the corrected second average, plus eps.",
        ),
        {"root": lambda s: s.exp_avg_sq / s.correction2},
    ),
    (
        "no-denominator",
        "that never divides by the root of the second average",
        (
            "Double every gradient. Adam's step should not change. Does yours?",
            "Is exp_avg_sq used in your step, or only kept?",
            "Divide the corrected first average by the root of the corrected second one, plus eps.",
        ),
        {"denominator": lambda s: 1.0},
    ),
    (
        "multiplies-by-root",
        "that multiplies by the root instead of dividing",
        (
            "Should a coordinate with large gradients take longer or shorter steps?",
            "addcmul_ multiplies its two tensors, addcdiv_ divides them.",
            "Divide by the root plus eps.",
        ),
        {"update": lambda s: s.lr * s.average * s.denominator},
    ),
]

_STEP: list[Entry] = [
    (
        "eps-on-the-weight",
        "that divides by the bare root and adds ε to the weight",
        (
            "How far does a weight move whose averages are tiny?",
            "Where do your brackets close: is ε part of the denominator?",
            "The denominator is (root + eps), in brackets.",
        ),
        {"denominator": lambda s: s.root, "update": lambda s: s.lr * s.average / s.denominator - s.eps},
    ),
    (
        "ascent",
        "that adds the step instead of subtracting it",
        (
            "Does the loss fall or rise along your path?",
            "The average of gradients points uphill. Which way do you go?",
            "Subtract the step: alpha or value is minus lr.",
        ),
        {"update": lambda s: -s.lr * s.average / s.denominator},
    ),
    (
        "no-lr",
        "without the learning rate",
        (
            "Try two learning rates. Does your step change?",
            "Where in your update does lr appear?",
            "The step is lr times the corrected average over the denominator.",
        ),
        {"update": lambda s: s.average / s.denominator},
    ),
    (
        "lr-squared",
        "with the learning rate applied twice",
        (
            "Halve the learning rate. What happens to the length of your step?",
            "Count how often lr multiplies the step.",
            "value=-lr in addcdiv_ already multiplies.",
        ),
        {"update": lambda s: s.lr**2 * s.average / s.denominator},
    ),
    (
        "lr-decays-by-itself",
        "with a learning rate that shrinks as 1/√t",
        (
            "The first step is right. And the second, in units of lr?",
            "Who may change the learning rate: the optimizer, or a schedule?",
            "Use group['lr'] as it is at every step.",
        ),
        {"update": lambda s: s.lr / np.sqrt(s.t) * s.average / s.denominator},
    ),
]
