"""What people get wrong once a loss scaler knows whether there was an overflow: its step, and the next scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.variants import Bank
from autograder.oracles.loss_scaler import any_not_finite

_UPDATE_IN_STEP = (
    "How fast does your scale grow: once per interval, or twice?",
    "The training loop calls update() itself, once for all optimizers.",
    "Leave update() out of step().",
)


def _step_with_zeros(s: Any, which: int) -> None:
    for group in s.groups[which]:
        for i in group:
            if s.grads[i] is not None:
                s.grads[i] = np.zeros_like(s.grads[i])
    s.descend(which)


def _forget(s: Any, which: int) -> None:
    for group in s.groups[which]:
        for i in group:
            s.grads[i] = None


def _step_without(s: Any, which: int) -> None:
    for group in s.groups[which]:
        for i in group:
            s.grads[i] = None
    s.descend(which)


def add_update_mistakes(bank: Bank) -> None:
    """step() and update(), in this order."""
    add = bank.misconception
    # -- stepping or skipping --------------------------------------------------------------------------------------------
    add(
        "steps-in-spite-of-overflow",
        "that steps although it has seen the overflow, or looks only after the step",
        hints=(
            "What are your parameters after a step with an infinite gradient?",
            "In which order do you look and step?",
            "Call optimizer.step() only if nothing was found.",
        ),
        on_overflow=lambda s, which: s.descend(which),
    )
    add(
        "steps-with-zero-gradients",
        "that sets the gradients to zero and steps, instead of skipping",
        hints=(
            "After the overflow your parameters still move a little. What moves them?",
            "An optimizer with momentum moves even with a gradient of zero, and counts the step.",
            "Do not call optimizer.step() at all.",
        ),
        on_overflow=lambda s, which: _step_with_zeros(s, which),
    )
    add(
        "steps-without-gradients",
        "that takes the gradients away and steps, instead of skipping",
        hints=(
            "How often is optimizer.step() called when one of two steps overflows?",
            "An optimizer may count its steps, or change its learning rate in them, even where no gradient is left.",
            "Do not call optimizer.step() at all.",
        ),
        on_overflow=lambda s, which: _step_without(s, which),
    )
    add(
        "looks-again-in-step",
        "whose step() looks at the gradients itself, where clipping may have hidden the inf that unscale_ found",
        hints=(
            "Call unscale_, then clip_grad_value_, then step. What has become of an inf?",
            "Who has seen the gradients before anybody could change them?",
            "unscale_ notes what it finds; step asks the note, not the gradients.",
        ),
        looks_at=lambda s, which: any_not_finite(s.grads_of(which)),
    )
    add(
        "skips-when-clean",
        "that skips clean steps and makes the others",
        hints=(
            "Do your parameters move when every gradient is finite?",
            "Read your condition aloud.",
            "Step if nothing was found.",
        ),
        looks_at=lambda s, which: not s.found.get(which, False),
    )
    add(
        "one-flag-for-all-optimizers",
        "in which an overflow of one optimizer also skips the other",
        hints=(
            "With two optimizers, put an inf into the gradients of one. Does the other step?",
            "For whom did you remember the overflow?",
            "Keep what was found per optimizer, for example in a dict with id(optimizer) as key.",
        ),
        looks_at=lambda s, which: any(s.found.values()),
    )
    add(
        "clears-gradients",
        "whose step() also clears the gradients",
        hints=(
            "Look at p.grad after your step(). Is it still there?",
            "Somebody may want to plot the gradient that the step has used.",
            "The training loop calls zero_grad() itself: leave it out.",
        ),
        after_clean_step=lambda s, which: _forget(s, which),
    )
    add(
        "state-on-the-class",
        "in which all scalers share what one of them has found",
        hints=(
            "Build two scalers and let one see an overflow. Does the other's scale shrink?",
            "A dict or list that is written in the class body, or as a default, exists once for all objects.",
            "Create it in __init__: self.found = {}.",
        ),
        other_scaler=lambda s, updates: s.found.clear() if updates else s.found.update({-1: True}),
    )
    add(
        "notes-in-step",
        "that notes an overflow in step() only, so that update() misses it where step() is not called",
        hints=(
            "After unscale_ has found an overflow, leave step() out and call update(). Does the scale shrink?",
            "Who finds the overflow: unscale_ or step?",
            "Note it in unscale_, where it is found.",
        ),
        overflowed=lambda s: any(s.found.get(which, False) for which in s.asked),
    )
    add(
        "returns-nothing",
        "whose step() returns nothing",
        hints=(
            "What does your step() return?",
            "Whoever counts skipped steps, or moves a schedule, needs to know.",
            "Return True if the optimizer stepped, else False.",
        ),
        returned=lambda stepped: np.nan,
    )
    add(
        "returns-whether-skipped",
        "whose step() returns True when it skipped",
        hints=(
            "What does your step() return for a clean step?",
            "The task asks whether it stepped.",
            "Return True if the optimizer stepped, else False.",
        ),
        returned=lambda stepped: float(not stepped),
    )
    add(
        "returns-always-true",
        "whose step() returns True whatever happened",
        hints=(
            "What does your step() return when it skips?",
            "Whoever counts skipped steps needs to know.",
            "Return False where you skip.",
        ),
        returned=lambda stepped: 1.0,
    )

    # -- the next scale --------------------------------------------------------------------------------------------------
    add(
        "never-backs-off",
        "whose scale does not shrink after an overflow",
        hints=(
            "What is your scale after an overflow?",
            "With the same scale, the next step overflows too.",
            "In update: after an overflow, multiply the scale by backoff_factor.",
        ),
        backed_off=lambda s: s.loss_scale,
    )
    add(
        "backs-off-by-growth-factor",
        "that divides by growth_factor after an overflow, instead of multiplying by backoff_factor",
        hints=(
            "Try a backoff_factor that is not 1 / growth_factor.",
            "Which of your two factors belongs to an overflow?",
            "After an overflow: scale *= backoff_factor.",
        ),
        backed_off=lambda s: s.loss_scale / s.growth_factor,
    )
    add(
        "backoff-divides",
        "that divides by backoff_factor, so that the scale grows after an overflow",
        hints=(
            "Is your scale larger or smaller after an overflow?",
            "backoff_factor is below one.",
            "Multiply by it.",
        ),
        backed_off=lambda s: s.loss_scale / s.backoff_factor,
    )
    add(
        "backs-off-by-half",
        "with 0.5 written in place of backoff_factor",
        hints=(
            "Try another backoff_factor. Does anything change?",
            "Where do you use the argument?",
            "Keep it in __init__, and multiply by it in update.",
        ),
        backed_off=lambda s: s.loss_scale * 0.5,
    )
    add(
        "never-grows",
        "whose scale never grows",
        hints=(
            "What is your scale after many clean steps?",
            "Without growth, one early overflow costs precision for ever.",
            "Count clean updates; after growth_interval of them, multiply by growth_factor.",
        ),
        due=lambda s: False,
    )
    add(
        "grows-every-step",
        "whose scale grows after every clean step",
        hints=(
            "After how many clean steps does your scale grow?",
            "What is growth_interval for?",
            "Count clean updates, and grow only when the count reaches growth_interval.",
        ),
        due=lambda s: True,
    )
    add(
        "grows-one-step-late",
        "that grows after growth_interval + 1 clean steps",
        hints=(
            "Count the clean steps until your scale grows.",
            "Do you count before or after you compare? With > or with >=?",
            "Count this step first; grow when the count equals growth_interval.",
        ),
        due=lambda s: s.clean > s.growth_interval,
    )
    add(
        "grows-one-step-early",
        "that grows after growth_interval - 1 clean steps",
        hints=(
            "Count the clean steps until your scale grows.",
            "Where does your counter start?",
            "Start at 0, count this step, grow when the count equals growth_interval.",
        ),
        due=lambda s: s.clean >= s.growth_interval - 1,
    )
    add(
        "grows-by-two",
        "with 2 written in place of growth_factor",
        hints=(
            "Try another growth_factor. Does anything change?",
            "Where do you use the argument?",
            "Keep it in __init__, and multiply by it in update.",
        ),
        grown=lambda s: s.loss_scale * 2,
    )
    add(
        "growth-added",
        "that adds growth_factor instead of multiplying",
        hints=(
            "By how much does your scale grow?",
            "From 65536, a sum of two would take for ever to matter.",
            "scale *= growth_factor.",
        ),
        grown=lambda s: s.loss_scale + s.growth_factor,
    )
    add(
        "overflow-keeps-the-count",
        "whose count of clean steps survives an overflow",
        hints=(
            "After an overflow, how many clean steps until your scale grows?",
            "growth_interval counts clean steps in a row.",
            "Set the count to 0 after an overflow.",
        ),
        clean_after_overflow=lambda s: s.clean,
    )
    add(
        "overflow-counts-as-clean",
        "that counts overflows among the clean steps",
        hints=(
            "After an overflow, how many clean steps until your scale grows?",
            "What does an overflow do to the count of clean steps in a row?",
            "Set the count to 0 after an overflow.",
        ),
        clean_after_overflow=lambda s: s.clean + 1,
    )
    add(
        "count-survives-growth",
        "that grows at every step once the interval has passed",
        hints=(
            "What is your scale one step after it has grown?",
            "What happens to the count when the scale grows?",
            "Set the count to 0 when the scale grows.",
        ),
        clean_after_growth=lambda s: s.clean,
    )
    add(
        "grows-only-once",
        "that grows once and never again",
        hints=(
            "Go on for two intervals. How often does your scale grow?",
            "== is true once. What happens to the count when the scale grows?",
            "Set the count to 0 when the scale grows.",
        ),
        due=lambda s: s.clean == s.growth_interval,
        clean_after_growth=lambda s: s.clean,
    )
    add(
        "grows-after-overflow",
        "that exchanges growth and backoff",
        hints=(
            "Is your scale larger or smaller after an overflow?",
            "An overflow means that the scale was too large.",
            "Overflow: times backoff_factor. Long without one: times growth_factor.",
        ),
        backed_off=lambda s: s.loss_scale * s.growth_factor,
        grown=lambda s: s.loss_scale * s.backoff_factor,
    )
    add(
        "overflow-never-forgotten",
        "that never forgets an overflow, and skips every step after it",
        hints=(
            "Make a clean step after an overflow. Is it skipped too?",
            "Who resets what unscale_ has found?",
            "update() ends the step: forget there what was found.",
        ),
        forget_found=lambda s: None,
        noted=lambda s, which, found: found or s.found.get(which, False),
    )
    add(
        "unscaling-never-forgotten",
        "that remembers for ever that an optimizer has been unscaled",
        hints=(
            "Your first step is right. Are the gradients unscaled in the second?",
            "When does the mark 'already unscaled' end?",
            "update() ends the step: clear the marks there.",
        ),
        forget_unscaled=lambda s: None,
    )
    add(
        "step-updates-too",
        "whose step() also calls update()",
        hints=_UPDATE_IN_STEP,
        after_step=lambda s: s.update(),
    )
    add(
        "clean-step-updates-too",
        "whose step() also calls update() when it has not skipped",
        hints=_UPDATE_IN_STEP,
        after_step=lambda s: s.update() if s.stepped else None,
    )
    add(
        "only-the-last-optimizer-counts",
        "in which only the last optimizer decides whether the scale shrinks",
        hints=(
            "With two optimizers, let the first one overflow. What does update() do?",
            "One attribute holds one answer; the second optimizer overwrites it.",
            "The scale shrinks if any optimizer since the last update overflowed.",
        ),
        overflowed=lambda s: bool(s.found) and list(s.found.values())[-1],
    )
    add(
        "another-default-scale",
        "with an init_scale of 1 where none is given",
        hints=(
            "What is LossScaler().scale(1)?",
            "Look at the defaults in your signature.",
            "init_scale=2.0**16.",
        ),
        defaults=lambda hyper: {**hyper, "init_scale": 1.0},
    )
    add(
        "another-default-interval",
        "with a growth_interval of 1000 where none is given",
        hints=(
            "After how many clean steps does LossScaler() grow?",
            "Look at the defaults in your signature.",
            "growth_interval=2000.",
        ),
        defaults=lambda hyper: {**hyper, "growth_interval": 1000},
    )
