"""What people get wrong in Adam's two averages, in Adam and in everything built on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograder.judge.rule import Rule, sign
from autograder.judge.variants import Bank, Step, Variant

Hints = tuple[str, str, str]

SQUARE_HINT = "The second average is over the squared gradient: β₂·v + (1 − β₂)·g²."


def add_moment_mistakes(bank: Bank, rule: Rule) -> None:
    """Mistakes in exp_avg and exp_avg_sq of `rule`, which is Adam's or AdamW's."""
    bank.include([Variant(id, title, "misconception", steps, hints=hints) for id, title, hints, steps in _ALL])
    _add_stored(bank, rule)
    bank.misconception(
        "moments-used-before-update",
        "that takes its step with the averages of the step before",
        hints=(
            "Your first step: what were the averages when it was taken?",
            "Which comes first in your loop: updating the averages, or using them?",
            "Update both averages with this gradient, then correct them, then step.",
        ),
        used=lambda s: s.exp_avg,
        used_sq=lambda s: s.exp_avg_sq,
        average=lambda s: s.used / s.correction1,
        root=lambda s: np.sqrt(s.used_sq / s.correction2),
    )


Entry = tuple[str, str, Hints, Mapping[str, Step]]

_FIRST: list[Entry] = [
    (
        "first-average-is-a-sum",
        "with a first average that lacks the factor (1 − β₁)",
        (
            "Feed a constant gradient of 1. Where should an average of ones end, and where does yours?",
            "Compare the weights of old and new: β₁ for the old average. And for the gradient?",
            "exp_avg becomes β₁ times itself plus (1 − β₁) times the gradient.",
        ),
        {"exp_avg": lambda s: s.beta1 * s.exp_avg + s.grad},
    ),
    (
        "first-average-inverted",
        "with β₁ on the gradient and (1 − β₁) on the old average",
        (
            "How many steps does your first average remember, with β₁ = 0.9?",
            "Which of the two weights should be the large one: that of the past, or of the new gradient?",
            "β₁ multiplies the old average, (1 − β₁) the gradient. In lerp_, the weight is that of the new value.",
        ),
        {"exp_avg": lambda s: (1 - s.beta1) * s.exp_avg + s.beta1 * s.grad},
    ),
    (
        "first-average-starts-at-the-gradient",
        "with a first average that starts at the first gradient, and is corrected all the same",
        (
            "What is your exp_avg after the first step, and what is it divided by?",
            "The correction makes up for a start at zero. Where does yours start?",
            "exp_avg starts as zeros, and the correction stays.",
        ),
        {"exp_avg": lambda s: s.beta1 * (s.grad if s.t == 1 else s.exp_avg) + (1 - s.beta1) * s.grad},
    ),
    (
        "first-average-not-kept",
        "that never stores its first average: at every step it starts again from zero",
        (
            "Print exp_avg before the second step. What is in it?",
            "m = beta1 * m + ... makes a new tensor. Who still holds the old one?",
            "Change the tensor in the state in place, or store the new one there.",
        ),
        {"exp_avg": lambda s: (1 - s.beta1) * s.grad},
    ),
    (
        "second-average-not-kept",
        "that never stores its second average: at every step it starts again from zero",
        (
            "Print exp_avg_sq before the second step. What is in it?",
            "v = beta2 * v + ... makes a new tensor. Who still holds the old one?",
            "Change the tensor in the state in place, or store the new one there.",
        ),
        {"exp_avg_sq": lambda s: (1 - s.beta2) * s.grad**2},
    ),
    (
        "one-tensor-for-both-averages",
        "with one tensor in the place of both averages",
        (
            "Are your two averages two tensors? Compare them after a step.",
            "What does Python do in a = b = torch.zeros(3), if a is changed in place?",
            "Call torch.zeros_like(p) once for each of the two averages.",
        ),
        {
            "exp_avg": lambda s: s.beta1 * s.exp_avg_sq + (1 - s.beta1) * s.grad,
            "exp_avg_sq": lambda s: s.beta2 * s.exp_avg + (1 - s.beta2) * s.grad**2,
            "average": lambda s: s.exp_avg_sq / s.correction1,
        },
    ),
    (
        "no-first-average",
        "with the gradient itself where its average should be",
        (
            "After two opposite gradients, what should the numerator be?",
            "Is exp_avg used in your step, or only kept?",
            "The numerator is the corrected average of gradients, not the newest gradient.",
        ),
        {"average": lambda s: s.grad},
    ),
    (
        "first-average-of-signs",
        "with an average of the signs of the gradients",
        (
            "Make one element's gradient ten times larger for one step only. Does your average notice?",
            "Something drops the size of the gradient before it is averaged.",
            "Average the gradient itself.",
        ),
        {"exp_avg": lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * sign(s.grad)},
    ),
    (
        "sign-of-the-first-average",
        "with only the sign of the first average",
        (
            "Do all numbers of a parameter move by amounts that depend on the size of the average?",
            "What has become of the size of exp_avg in your update?",
            "Divide the corrected average itself by the root; take no sign.",
        ),
        {"average": lambda s: sign(s.exp_avg)},
    ),
    (
        "first-average-nesterov",
        "with Nesterov's look-ahead in the numerator (that is NAdam)",
        (
            "Which gradients does your numerator contain, and how often the newest?",
            "Adam's numerator is the average. Something mixes the newest gradient in once more.",
            "Use the corrected average alone.",
        ),
        {"update": lambda s: s.lr * (s.beta1 * s.exp_avg + (1 - s.beta1) * s.grad) / s.correction1 / s.denominator},
    ),
    (
        "lr-in-the-average",
        "with the learning rate inside the first average",
        (
            "Right until the learning rate changes. What does your average remember of the old one?",
            "Is lr multiplied into exp_avg, or into the step?",
            "Average gradients only; multiply by lr when you take the step.",
        ),
        {
            "exp_avg": lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * s.lr * s.grad,
            "update": lambda s: s.average / s.denominator,
        },
    ),
]

_SECOND: list[Entry] = [
    (
        "second-average-is-a-sum",
        "with a second average that lacks the factor (1 − β₂)",
        (
            "Feed a constant gradient of 1. Where should an average of ones end, and where does yours?",
            "Look at the weight of the new squared gradient.",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + s.grad**2},
    ),
    (
        "second-average-inverted",
        "with β₂ on the squared gradient and (1 − β₂) on the old average",
        (
            "How many steps does your second average remember, with β₂ = 0.999?",
            "Which of the two weights should be the large one: that of the past, or of the new gradient?",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: (1 - s.beta2) * s.exp_avg_sq + s.beta2 * s.grad**2},
    ),
    (
        "second-average-starts-at-the-square",
        "with a second average that starts at the first squared gradient, and is corrected all the same",
        (
            "What is your exp_avg_sq after the first step, and what is it divided by?",
            "The correction makes up for a start at zero. Where does yours start?",
            "exp_avg_sq starts as zeros, and the correction stays.",
        ),
        {"exp_avg_sq": lambda s: s.beta2 * (s.grad**2 if s.t == 1 else s.exp_avg_sq) + (1 - s.beta2) * s.grad**2},
    ),
    (
        "second-average-starts-at-one",
        "with a second average that starts at one",
        (
            "What is your exp_avg_sq before the first step?",
            "torch.ones_like and torch.zeros_like are easily confused.",
            "Both averages start as zeros.",
        ),
        {"exp_avg_sq": lambda s: s.beta2 * (1.0 if s.t == 1 else s.exp_avg_sq) + (1 - s.beta2) * s.grad**2},
    ),
    (
        "second-moment-never-forgets",
        "with a sum of all squared gradients, as in AdaGrad",
        (
            "After many steps, does your second moment stay near g², or grow?",
            "AdaGrad adds, RMSProp and Adam average. Which does yours?",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: s.exp_avg_sq + s.grad**2, "correction2": lambda s: 1.0},
    ),
    (
        "second-average-not-squared",
        "that averages the size of the gradient instead of its square",
        (
            "Double every gradient. Adam's step should not change. Does yours?",
            "A root of an average of sizes does not have the unit of a gradient.",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * np.abs(s.grad)},
    ),
    (
        "signed-gradient-averaged",
        "that averages the gradient instead of its square in the second average",
        (
            "What is the root of your second average when a gradient is negative?",
            "The second average should know how large gradients are, not which way they point.",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad},
    ),
    (
        "second-of-first",
        "that squares the first average instead of the gradient",
        (
            "Two opposite gradients cancel in the first average. Should they cancel in the second?",
            "What exactly do you square?",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.exp_avg**2},
    ),
    (
        "second-around-first",
        "that averages the squared distance from the first average (that is AdaBelief)",
        (
            "Feed a constant gradient. What does your second average tend to?",
            "Adam's v is not a variance: nothing is subtracted before squaring.",
            SQUARE_HINT,
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * (s.grad - s.exp_avg) ** 2},
    ),
    (
        "one-second-moment-per-tensor",
        "with one second moment for the whole tensor",
        (
            "Do all numbers of a parameter get the same denominator?",
            "Something takes a mean, a sum or a norm over the elements.",
            "Adam works element by element; exp_avg_sq has the parameter's shape.",
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * np.mean(s.grad**2)},
    ),
    (
        "second-norm-per-tensor",
        "with the squared norm of the whole gradient in the second moment",
        (
            "Do all numbers of a parameter get the same denominator?",
            "Something takes a mean, a sum or a norm over the elements.",
            "Adam works element by element; exp_avg_sq has the parameter's shape.",
        ),
        {"exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * np.sum(s.grad**2)},
    ),
]

_BETAS: list[Entry] = [
    (
        "betas-swapped",
        "with β₁ and β₂ swapped",
        (
            "Which of your two averages remembers longer?",
            "betas is a pair. Which is for the gradient, which for its square?",
            "beta1, beta2 = group['betas'], in this order.",
        ),
        {"beta1": lambda s: s.betas[1], "beta2": lambda s: s.betas[0]},
    ),
    (
        "beta1-for-both",
        "with β₁ in both averages",
        (
            "Which of your two averages remembers longer?",
            "Change β₂ only. Does your run change?",
            "exp_avg_sq and its correction use β₂.",
        ),
        {"beta2": lambda s: s.betas[0]},
    ),
    (
        "beta2-for-both",
        "with β₂ in both averages",
        (
            "Which of your two averages remembers longer?",
            "Change β₁ only. Does your run change?",
            "exp_avg and its correction use β₁.",
        ),
        {"beta1": lambda s: s.betas[1]},
    ),
]


_ALL = _FIRST + _SECOND + _BETAS


def _add_stored(bank: Bank, rule: Rule) -> None:
    """In-place operations that change the state on the way to the step."""
    look = "Print exp_avg and exp_avg_sq before and after the line that computes the step."
    bank.misconception(
        "corrected-first-stored",
        "that writes the corrected first average back into its state",
        hints=(
            "The first step is right, the second is not. What did the first leave behind?",
            look,
            "Correct a copy: exp_avg / (1 − β₁ᵗ) makes a new tensor, div_ does not.",
        ),
        exp_avg=lambda s: (s.beta1 * s.exp_avg + (1 - s.beta1) * s.grad) / (1 - s.beta1**s.t),
        correction1=lambda s: 1.0,
    )
    bank.misconception(
        "corrected-second-stored",
        "that writes the corrected second average back into its state",
        hints=(
            "The first step is right, the second is not. What did the first leave behind?",
            look,
            "Correct a copy: exp_avg_sq / (1 − β₂ᵗ) makes a new tensor, div_ does not.",
        ),
        exp_avg_sq=lambda s: (s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad**2) / (1 - s.beta2**s.t),
        correction2=lambda s: 1.0,
    )
    bank.misconception(
        "corrected-moments-stored",
        "that writes both corrected averages back into their state",
        hints=(
            "The first step is right, the second is not. What did the first leave behind?",
            look,
            "Keep the uncorrected averages in the state; correct copies of them for the step.",
        ),
        exp_avg=lambda s: (s.beta1 * s.exp_avg + (1 - s.beta1) * s.grad) / (1 - s.beta1**s.t),
        exp_avg_sq=lambda s: (s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad**2) / (1 - s.beta2**s.t),
        correction1=lambda s: 1.0,
        correction2=lambda s: 1.0,
    )
    bank.misconception(
        "root-stored",
        "that leaves the root of the second average in its state",
        hints=(
            "The first step is right, the second is not. What did the first leave behind?",
            look,
            "exp_avg_sq.sqrt() makes a new tensor; sqrt_() changes the state.",
        ),
        exp_avg_sq=lambda s: np.sqrt(s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad**2),
        root=lambda s: s.exp_avg_sq / np.sqrt(s.correction2),
    )
    bank.misconception(
        "step-stored",
        "that leaves the divided average, the step, in the state of the first average",
        hints=(
            "The first step is right, the second is not. What did the first leave behind?",
            look,
            "exp_avg / denominator makes a new tensor; exp_avg.div_(denominator) changes the state.",
        ),
        order=_stored_last(rule),
        numerator=lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * s.grad,
        average=lambda s: s.numerator / s.correction1,
        exp_avg=lambda s: s.numerator / s.denominator,
    )


def _stored_last(rule: Rule) -> tuple[str, ...]:
    """The rule's steps with the first average worked out as `numerator`, and exp_avg only after the update."""
    names = ["numerator" if name == "exp_avg" else name for name in rule.steps]
    place = names.index("update") + 1
    return (*names[:place], "exp_avg", *names[place:])
