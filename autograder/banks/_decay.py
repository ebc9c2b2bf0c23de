"""Decay: what goes wrong with half a cosine, with a floor, after the end, and with the unit of the result.

For formulas with the steps progress, cosine, decay_lr, final_lr, end_fails, lr and result, written for an array of steps.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.variants import Bank, Step


def cosine_mistakes(bank: Bank) -> None:
    """½(1 + cos πp) written otherwise."""
    _cosine(
        bank,
        "cosine-rising",
        "that rises where it should fall",
        "Is your learning rate higher or lower at the end of the decay than at its beginning?",
        "What is your cosine factor for progress 0, and what for progress 1?",
        lambda s: 0.5 * (1 - np.cos(np.pi * s.progress)),
    )
    _cosine(
        bank,
        "cosine-not-halved",
        "without the factor ½, so that it starts at twice the peak",
        "Is any of your learning rates above peak_lr?",
        "1 + cos(0) is 2.",
        lambda s: 1 + np.cos(np.pi * s.progress),
    )
    _cosine(
        bank,
        "cosine-parentheses",
        "with the parentheses of ½(1 + cos) misplaced",
        "What does your cosine factor give for progress 0? And for progress 1?",
        "In 0.5 * 1 + cos(x), what does 0.5 multiply?",
        lambda s: 0.5 + np.cos(np.pi * s.progress),
    )
    _cosine(
        bank,
        "cosine-not-shifted",
        "with the bare cosine, which is negative in its second half",
        "What does your factor give for progress 1?",
        "A cosine runs from 1 to −1. Which two numbers should the factor run between?",
        lambda s: np.cos(np.pi * s.progress),
    )
    _cosine(
        bank,
        "cosine-quarter",
        "along a quarter of a cosine instead of half of one",
        "Where does your curve fall fastest: in the middle, or at the end?",
        "Which angle belongs to the end of the decay?",
        lambda s: np.cos(np.pi / 2 * s.progress),
    )
    _cosine(
        bank,
        "cosine-whole-period",
        "along a whole period, back up to the peak",
        "What is your learning rate at the end of the decay?",
        "Which angle belongs to the end of the decay: π, or 2π?",
        lambda s: 0.5 * (1 + np.cos(2 * np.pi * s.progress)),
    )
    _cosine(
        bank,
        "cosine-without-pi",
        "without π in the cosine",
        "How far has your curve come down at the end of the decay?",
        "Which angle belongs to the end of the decay?",
        lambda s: 0.5 * (1 + np.cos(s.progress)),
    )
    _cosine(
        bank,
        "cosine-in-degrees",
        "with an angle in degrees",
        "Does your curve jump up and down?",
        "math.cos(180) is not −1. Which unit does it want?",
        lambda s: 0.5 * (1 + np.cos(180 * s.progress)),
    )
    _cosine(
        bank,
        "linear-decay",
        "with a straight line instead of a cosine",
        "Plot your decay. Is it straight?",
        "A cosine is flat at both ends. Is yours?",
        lambda s: 1 - s.progress,
    )


def _cosine(bank: Bank, id: str, title: str, nudge: str, pointer: str, step: Step) -> None:
    bank.misconception(id, title, hints=(nudge, pointer, NEAR_COSINE), cosine=step)


NEAR_COSINE = "The factor is 0.5 * (1 + cos(pi * progress)): 1 at progress 0, 0 at progress 1."


def floor_mistakes(bank: Bank, shape: str = "cosine") -> None:
    """min_lr: where the decay ends. `shape` names the step that falls from 1 to 0."""
    near = "The result is min_lr + (peak_lr - min_lr) * factor, with a factor that falls from 1 to 0."
    add = bank.misconception

    def fall(s: object) -> np.ndarray:
        return np.asarray(getattr(s, shape))

    add(
        "no-floor",
        "without the floor: min_lr is never used",
        hints=("Compare two runs that differ only in min_lr. Are they equal?", "Where does min_lr appear?", near),
        decay_lr=lambda s: s.peak_lr * fall(s),
        final_lr=lambda s: 0.0,
    )
    add(
        "floor-added",
        "with min_lr added on top, so that the decay starts above the peak",
        hints=(
            "Is any of your learning rates above peak_lr?",
            "When the factor is 1, what does your formula give?",
            near,
        ),
        decay_lr=lambda s: s.min_lr + s.peak_lr * fall(s),
    )
    add(
        "floor-without-brackets",
        "in which only min_lr is multiplied by the factor: brackets are missing around peak_lr - min_lr",
        hints=(
            "Take min_lr = 0. Does your learning rate fall at all?",
            "What does Python multiply in a + b - a * c?",
            near,
        ),
        decay_lr=lambda s: s.min_lr + s.peak_lr - s.min_lr * fall(s),
    )
    add(
        "floor-cut-off",
        "that decays towards zero and is cut off at min_lr",
        hints=(
            "From which step on does your learning rate stay the same?",
            "max(min_lr, ...) and a curve that ends at min_lr are different curves.",
            near,
        ),
        decay_lr=lambda s: np.maximum(s.min_lr, s.peak_lr * fall(s)),
    )
    add(
        "floor-as-fraction",
        "with min_lr taken as a fraction of peak_lr",
        hints=(
            "What is your last learning rate: min_lr, or min_lr times peak_lr?",
            "min_lr is a learning rate, not a ratio.",
            near,
        ),
        decay_lr=lambda s: s.peak_lr * (s.min_lr + (1 - s.min_lr) * fall(s)),
        final_lr=lambda s: s.peak_lr * s.min_lr,
    )


def jump_to_the_floor(bank: Bank, shape: str = "cosine") -> None:
    """For schedules that stay at min_lr after their end."""
    bank.misconception(
        "floor-only-at-the-end",
        "that decays towards zero and jumps up to min_lr at the end",
        hints=(
            "Is your learning rate ever below min_lr after the warmup?",
            "Which number does your decay formula give just before total_steps?",
            "The decay is min_lr + (peak_lr - min_lr) * factor, with a factor that falls from 1 to 0.",
        ),
        decay_lr=lambda s: s.peak_lr * getattr(s, shape),
    )


def end_mistakes(bank: Bank) -> None:
    """Steps from total_steps on, where a schedule stays at min_lr."""
    add = bank.misconception
    add(
        "zero-after-the-end",
        "that drops to zero after total_steps",
        hints=(
            "What do you return for a step beyond total_steps?",
            "A run may go on for a while after its budget. At which learning rate?",
            "From total_steps on, return min_lr.",
        ),
        final_lr=lambda s: 0.0,
    )
    add(
        "peak-after-the-end",
        "that goes back to the peak after total_steps",
        hints=(
            "What do you return for a step beyond total_steps?",
            "Which of your branches does a step beyond total_steps fall into?",
            "From total_steps on, return min_lr.",
        ),
        final_lr=lambda s: s.peak_lr,
    )
    add(
        "starts-anew-after-the-end",
        "that starts anew after total_steps",
        source="step % total_steps",
        hints=(
            "What do you return for a step beyond total_steps?",
            "There is one run. Does your function begin a second one?",
            "From total_steps on, return min_lr; no % total_steps.",
        ),
        step=lambda s: np.mod(s.step, s.total_steps),
    )
    add(
        "nothing-after-the-end",
        "that returns no number after total_steps",
        hints=(
            "What do you return for a step beyond total_steps?",
            "A function that reaches its end without a return gives None.",
            "From total_steps on, return min_lr.",
        ),
        final_lr=lambda s: np.nan,
    )
    add(
        "raises-after-the-end",
        "that raises an exception after total_steps",
        hints=(
            "Call your function with step = total_steps + 1.",
            "A run may go on for a while after its budget. At which learning rate?",
            "From total_steps on, return min_lr; no error, no assert.",
        ),
        end_fails=lambda s: ~s.warming & (s.step > s.total_steps),
    )


def returns_a_factor(bank: Bank) -> None:
    """What a torch LambdaLR wants, and this function does not."""
    bank.misconception(
        "returns-a-factor",
        "as a multiple of peak_lr instead of the learning rate itself",
        source="functions written for torch.optim.lr_scheduler.LambdaLR",
        hints=(
            "What is your result at the peak: 1, or peak_lr?",
            "LambdaLR multiplies by the base learning rate. Who does it here?",
            "Multiply by peak_lr before you return.",
        ),
        result=lambda s: (s.lr / s.peak_lr, s.fails),
    )
