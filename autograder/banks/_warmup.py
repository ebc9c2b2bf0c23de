"""Warmup: the indices that published schedules use, and what goes wrong in the first steps of any schedule.

For formulas with the steps warming, ramp, warmup_lr and warmup_fails, written for an array of steps.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank


def only_step_of_the_warmup(s: Quantities) -> np.ndarray:
    """Where step / (warmup_steps - 1) is 0/0: linspace begins at zero, a last step is the peak, and both are this one."""
    return np.asarray((s.step == 0) & (s.warmup_steps == 1))


def warmup_conventions(bank: Bank) -> None:
    """What the learning rate of the very first steps is; the rule itself starts at zero, t/W."""
    bank.convention(
        "warmup-from-one",
        "(step + 1) / warmup_steps in the warmup, so that the first step already counts",
        source="llm.c, nanochat, Lightly",
        ramp=lambda s: (s.step + 1) / s.warmup_steps,
    )
    bank.convention(
        "warmup-between",
        "(step + 1) / (warmup_steps + 1) in the warmup, so that neither zero nor the peak is part of it",
        source="nanoGPT",
        ramp=lambda s: (s.step + 1) / (s.warmup_steps + 1),
    )
    bank.convention(
        "warmup-linspace",
        "step / (warmup_steps - 1) in the warmup, so that its last step is the peak",
        source="DINO (numpy.linspace over the warmup)",
        ramp=lambda s: s.step / max(s.warmup_steps - 1, 1),
        either=only_step_of_the_warmup,
    )


def warmup_mistakes(bank: Bank) -> None:
    """The ramp and its edges."""
    add = bank.misconception
    add(
        "no-warmup",
        "without warmup: it is at the peak from the first step on",
        hints=(
            "What is your learning rate at step 0, and what should a warmup make of it?",
            "During the first warmup_steps steps, what does your result depend on?",
            "For step < warmup_steps, the result is peak_lr times a fraction that grows with step.",
        ),
        ramp=lambda s: np.ones_like(s.step),
    )
    add(
        "warmup-integer-division",
        "with a learning rate of zero all through the warmup",
        source="// instead of /",
        hints=(
            "Print your learning rate at half of the warmup. Is it half of the peak?",
            "What is 3 // 10 in Python?",
            "Use /, which gives a float, for step / warmup_steps.",
        ),
        ramp=lambda s: np.floor(s.step / s.warmup_steps),
    )
    add(
        "warmup-overshoots",
        "whose warmup is one step too long and ends above the peak",
        hints=(
            "Is any of your learning rates above peak_lr?",
            "Which steps belong to the warmup, if it has warmup_steps of them and starts at 0?",
            "With (step + 1) / warmup_steps, the condition is step < warmup_steps, not <=.",
        ),
        warming=lambda s: s.step <= s.warmup_steps,
        ramp=lambda s: (s.step + 1) / s.warmup_steps,
    )
    add(
        "warmup-includes-its-end",
        "that divides by zero at step 0 when warmup_steps is 0",
        hints=(
            "Call your function with warmup_steps=0 and step=0.",
            "Is 0 <= 0 true? Which branch does that lead to?",
            "The warmup is step < warmup_steps; with warmup_steps = 0 that is never true.",
        ),
        warming=lambda s: s.step <= s.warmup_steps,
    )
    add(
        "ramp-before-the-branch",
        "that divides by zero at every step when warmup_steps is 0",
        hints=(
            "Call your function with warmup_steps=0.",
            "Which division happens before you know whether there is a warmup at all?",
            "Compute step / warmup_steps only where step < warmup_steps.",
        ),
        warmup_fails=lambda s: np.full(s.step.shape, s.warmup_steps == 0),
    )
    add(
        "warmup-squared",
        "whose warmup is the square of the ramp",
        hints=(
            "At half of the warmup, is your learning rate half of the peak, or a quarter?",
            "How often does the fraction step / warmup_steps multiply your result?",
            "Multiply peak_lr by the fraction once.",
        ),
        ramp=lambda s: (s.step / s.warmup_steps) ** 2,
    )
    add(
        "warmup-cosine-shaped",
        "whose warmup follows a cosine instead of a straight line",
        hints=(
            "Plot the warmup. Is it straight?",
            "This schedule has its cosine after the warmup, not in it.",
            "The warmup is peak_lr * step / warmup_steps.",
        ),
        ramp=lambda s: 0.5 * (1 - np.cos(np.pi * s.step / s.warmup_steps)),
    )
    add(
        "warmup-downwards",
        "whose warmup falls instead of rising",
        hints=(
            "What is your learning rate at step 0?",
            "Should the fraction of the peak grow or shrink with step?",
            "The fraction is step / warmup_steps, not one minus it.",
        ),
        ramp=lambda s: 1 - s.step / s.warmup_steps,
    )


def warmup_over_total(bank: Bank) -> None:
    """For schedules that know their total length."""
    bank.misconception(
        "warmup-divides-by-total",
        "whose warmup is divided by total_steps and never gets near the peak",
        hints=(
            "What is your learning rate one step before the warmup ends?",
            "After how many steps should the ramp have reached the peak?",
            "The ramp is step / warmup_steps.",
        ),
        ramp=lambda s: s.step / s.total_steps,
    )


def warmup_through_a_fraction(bank: Bank) -> None:
    """For schedules that know their total length."""
    bank.misconception(
        "warmup-through-a-fraction",
        "that turns warmup_steps into a fraction of total_steps and back, and loses a step where int() cuts off",
        hints=(
            "At which step does your warmup end? Try 13 of 23 steps.",
            "What is int(23 * (13 / 23)) in Python?",
            "Use warmup_steps as it is.",
        ),
        warmup_steps=lambda s: int(s.total_steps * (s.warmup_steps / s.total_steps)),
    )


def floor_in_the_warmup(bank: Bank) -> None:
    """For schedules with a min_lr."""
    bank.misconception(
        "floor-during-warmup",
        "whose warmup is cut off below min_lr",
        hints=(
            "Is your learning rate the same for the first few steps?",
            "min_lr is where the decay ends. Does it play a part in the warmup?",
            "Leave max(min_lr, ...) out of the warmup.",
        ),
        warmup_lr=lambda s: np.maximum(s.min_lr, s.peak_lr * s.ramp),
    )
    bank.misconception(
        "floor-taken-off-the-warmup",
        "whose warmup only climbs to peak_lr − min_lr",
        hints=(
            "What is your learning rate one step before the warmup ends, and at its end?",
            "min_lr is where the decay ends. Does it play a part in the warmup?",
            "The warmup is peak_lr * step / warmup_steps, without min_lr.",
        ),
        warmup_lr=lambda s: (s.peak_lr - s.min_lr) * s.ramp,
    )
