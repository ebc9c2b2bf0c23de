"""The task `wsd` (warmup, stable, decay): how it is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks._decay import cosine_mistakes, end_mistakes, floor_mistakes, jump_to_the_floor, returns_a_factor
from autograder.banks._warmup import (
    floor_in_the_warmup,
    warmup_conventions,
    warmup_mistakes,
    warmup_over_total,
    warmup_through_a_fraction,
)
from autograder.banks._wsd_budgets import scenarios
from autograder.judge.schedule_task import ScheduleTask
from autograder.judge.variants import Bank
from autograder.oracles.wsd import FORMULA

bank = Bank()
add = bank.misconception

warmup_conventions(bank)
bank.convention(
    "warmup-from-floor",
    "a warmup from min_lr to peak_lr instead of from zero",
    source="transformers' get_wsd_schedule",
    warmup_lr=lambda s: s.min_lr + (s.peak_lr - s.min_lr) * s.ramp,
)
bank.convention(
    "ends-at-the-last-step",
    "a decay that begins at the peak and reaches min_lr at step total_steps - 1, the last step that is taken",
    source="the same index as in Lightly's cosine_schedule",
    span=lambda s: max(s.decay_steps - 1, 1),
    progress=lambda s: (s.step - s.start) / s.span,
)
bank.convention(
    "decay-counts-from-one",
    "a decay whose first step is already below the peak and whose last is min_lr",
    source="the same index as in transformers' get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    span=lambda s: s.decay_steps,
    progress=lambda s: (s.step + 1 - s.start) / s.span,
)
bank.convention(
    "decay-between",
    "a decay in decay_steps + 1 parts, so that neither the peak nor min_lr is part of it",
    source="torchtitan's linear_warmup_stable_decay",
    span=lambda s: s.decay_steps + 1,
    progress=lambda s: (s.step + 1 - s.start) / s.span,
)

warmup_mistakes(bank)
warmup_over_total(bank)
warmup_through_a_fraction(bank)
floor_in_the_warmup(bank)
add(
    "no-plateau",
    "without a plateau: its decay begins when the warmup ends",
    hints=(
        "For how many steps is your learning rate at the peak?",
        "The decay takes the last decay_steps steps. At which step does it begin?",
        "The decay begins at total_steps - decay_steps.",
    ),
    start=lambda s: s.warmup_steps,
    span=lambda s: s.total_steps - s.warmup_steps,
)
add(
    "progress-counted-from-zero",
    "whose decay is counted from step 0 and so jumps when it begins",
    hints=(
        "By how much does your learning rate fall in the first step of the decay?",
        "How far has the decay come at its first step?",
        "Progress is (step - (total_steps - decay_steps)) / decay_steps.",
    ),
    span=lambda s: s.total_steps,
    progress=lambda s: s.step / s.span,
)
add(
    "progress-counted-from-the-warmup",
    "whose decay is counted from the end of the warmup and so jumps when it begins",
    source="warmup_cosine's progress",
    hints=(
        "By how much does your learning rate fall in the first step of the decay?",
        "How far has the decay come at its first step? When does it begin?",
        "Progress is (step - (total_steps - decay_steps)) / decay_steps.",
    ),
    span=lambda s: s.total_steps - s.warmup_steps,
    progress=lambda s: (s.step - s.warmup_steps) / s.span,
)
add(
    "warmup-counted-twice",
    "that begins and ends its decay warmup_steps too late",
    hints=(
        "At which step does your learning rate reach min_lr?",
        "Does total_steps count the warmup, or come after it?",
        "The decay begins at total_steps - decay_steps and ends at total_steps.",
    ),
    start=lambda s: s.total_steps - s.decay_steps + s.warmup_steps,
    ended=lambda s: s.step >= s.total_steps + s.warmup_steps,
)
add(
    "decay-steps-as-plateau",
    "that takes decay_steps for the length of the plateau",
    hints=(
        "For how many steps is your learning rate at the peak, and for how many does it fall?",
        "decay_steps is the length of the last part.",
        "The decay begins at total_steps - decay_steps and takes decay_steps.",
    ),
    start=lambda s: s.warmup_steps + s.decay_steps,
    span=lambda s: s.total_steps - s.warmup_steps - s.decay_steps,
)
add(
    "decay-steps-as-start",
    "that takes decay_steps for the step at which the decay begins",
    hints=(
        "At which step does your decay begin?",
        "decay_steps is a length, counted back from total_steps.",
        "The decay begins at total_steps - decay_steps.",
    ),
    start=lambda s: s.decay_steps,
    span=lambda s: s.total_steps - s.decay_steps,
)
add(
    "start-through-a-fraction",
    "that turns decay_steps into a fraction of total_steps and back, and so begins a step early where int() cuts off",
    hints=(
        "At which step does your decay begin? Try the last 8 of 10 steps.",
        "What is int(10 * (1 - 8 / 10)) in Python?",
        "The decay begins at total_steps - decay_steps, without any division.",
    ),
    start=lambda s: int(s.total_steps * (1 - s.decay_steps / s.total_steps)),
    span=lambda s: s.total_steps - s.start,
)
add(
    "plateau-counted-from-zero",
    "whose decay begins warmup_steps too early and falls on below min_lr",
    hints=(
        "At which step does your decay begin, and at which should it?",
        "The plateau has total_steps - warmup_steps - decay_steps steps. After which step does it begin?",
        "The decay begins at total_steps - decay_steps.",
    ),
    start=lambda s: s.total_steps - s.warmup_steps - s.decay_steps,
)
add(
    "ends-too-early",
    "that begins and ends its decay warmup_steps too early",
    hints=(
        "At which step does your learning rate reach min_lr?",
        "The plateau has total_steps - warmup_steps - decay_steps steps. After which step does it begin?",
        "The decay begins at total_steps - decay_steps and ends at total_steps.",
    ),
    start=lambda s: s.total_steps - s.warmup_steps - s.decay_steps,
    ended=lambda s: s.step >= s.total_steps - s.warmup_steps,
)
add(
    "one-step-short",
    "whose decay is one step too long and jumps to the floor at the end",
    hints=(
        "What is your learning rate one step before total_steps, and what does it jump by?",
        "What is your progress at step total_steps: exactly 1?",
        "Divide by decay_steps, without adding one.",
    ),
    span=lambda s: s.decay_steps + 1,
)
add(
    "never-decays",
    "that stays at the peak until total_steps",
    source="// instead of /, or no decay at all",
    hints=(
        "What is your learning rate one step before total_steps?",
        "Print your progress at half of the decay. Is it 0.5? What is 3 // 10 in Python?",
        "Progress is (step - (total_steps - decay_steps)) / decay_steps, with /, and the result falls with it.",
    ),
    progress=lambda s: np.zeros_like(s.step),
)
add(
    "progress-backwards",
    "whose progress runs from 1 to 0",
    hints=(
        "What is your learning rate at the first step of the decay?",
        "The shapes fall from 1 to 0 while progress runs from 0 to 1.",
        "Progress is (step - (total_steps - decay_steps)) / decay_steps.",
    ),
    progress=lambda s: (s.total_steps - s.step) / s.span,
)
add(
    "always-linear",
    "that decays linearly whatever shape says",
    hints=(
        "Compare shape='linear' and shape='cosine'. Are your results equal?",
        "Where in your function do you look at shape?",
        "The factor is 1 - p, 0.5 * (1 + cos(pi * p)) or 1 - sqrt(p), depending on shape.",
    ),
    fall=lambda s: s.linear,
)
add(
    "always-cosine",
    "that decays along a cosine whatever shape says",
    hints=(
        "Compare shape='linear' and shape='cosine'. Are your results equal?",
        "Where in your function do you look at shape?",
        "The factor is 1 - p, 0.5 * (1 + cos(pi * p)) or 1 - sqrt(p), depending on shape.",
    ),
    fall=lambda s: s.cosine,
)
add(
    "always-sqrt",
    "that decays as 1 − √p whatever shape says",
    hints=(
        "Compare shape='linear' and shape='sqrt'. Are your results equal?",
        "Where in your function do you look at shape?",
        "The factor is 1 - p, 0.5 * (1 + cos(pi * p)) or 1 - sqrt(p), depending on shape.",
    ),
    fall=lambda s: s.sqrt,
)
add(
    "cosine-not-known",
    "that takes shape='cosine' for 1 − √p",
    source='a comparison with another word, such as "cos", and else: sqrt',
    hints=(
        "Compare shape='cosine' and shape='sqrt'. Are your results equal?",
        "Which of your branches does 'cosine' take? Compare the spelling.",
        "The shapes are 'linear', 'cosine' and 'sqrt'; for 'cosine' the factor is 0.5 * (1 + cos(pi * p)).",
    ),
    cosine=lambda s: 1 - np.sqrt(s.progress),
)
add(
    "shapes-swapped",
    "that decays along a cosine for shape='linear', and in a straight line for shape='cosine'",
    hints=(
        "Plot your two shapes 'linear' and 'cosine'. Which of them is straight?",
        "Which formula stands in which of your branches?",
        "linear is 1 - p, cosine is 0.5 * (1 + cos(pi * p)).",
    ),
    fall=lambda s: {"linear": s.cosine, "cosine": s.linear, "sqrt": s.sqrt}[s.shape],
)
add(
    "sqrt-of-the-rest",
    "with √(1 − p) where 1 − √p belongs",
    hints=(
        "Does your sqrt shape fall fastest at its beginning, or at its end?",
        "Of what is the root taken: of the progress, or of what is left?",
        "The factor is 1 - sqrt(progress).",
    ),
    sqrt=lambda s: np.sqrt(1 - s.progress),
)
add(
    "square-for-root",
    "with 1 − p² where 1 − √p belongs",
    hints=(
        "Does your sqrt shape fall fastest at its beginning, or at its end?",
        "Which power of the progress is a square root?",
        "The factor is 1 - sqrt(progress).",
    ),
    sqrt=lambda s: 1 - s.progress**2,
)
add(
    "root-rising",
    "with √p where 1 − √p belongs",
    hints=(
        "What is your sqrt factor at progress 0, and what at progress 1?",
        "Every shape falls from 1 to 0.",
        "The factor is 1 - sqrt(progress).",
    ),
    sqrt=lambda s: np.sqrt(s.progress),
)
add(
    "linear-rising",
    "whose linear decay rises from the floor to the peak",
    hints=(
        "What is your linear factor at progress 0, and what at progress 1?",
        "Every shape falls from 1 to 0.",
        "The factor is 1 - progress.",
    ),
    linear=lambda s: s.progress,
)
add(
    "falls-on-after-the-end",
    "that goes on after total_steps: the decay leaves min_lr again, even below zero",
    hints=(
        "Plot your schedule to twice total_steps.",
        "What is 1 - progress once progress is larger than 1?",
        "From total_steps on, return min_lr.",
    ),
    ended=lambda s: np.zeros(s.step.shape, dtype=bool),
)
add(
    "peak-held-without-a-decay",
    "that stays at the peak for ever when there is no decay",
    source="torchtitan's linear_warmup_stable_decay, which is not called beyond its end",
    hints=(
        "Call your function with decay_steps=0, at a step far beyond total_steps.",
        "Which of your branches does that step take? Does it know that the run is over?",
        "From total_steps on, return min_lr, whether there was a decay or not.",
    ),
    final_lr=lambda s: np.where(s.decay_steps == 0, s.peak_lr, s.min_lr),
)
add(
    "end-not-included",
    "that divides by zero at step total_steps when there is no decay",
    source="the comparison with > total_steps of many cosine schedules",
    hints=(
        "Call your function with decay_steps=0, at step total_steps.",
        "Which branch takes step == total_steps, and what does it divide by?",
        "Return min_lr for step >= total_steps, before the division.",
    ),
    ended=lambda s: s.step > s.total_steps,
)
add(
    "progress-before-the-branches",
    "that divides by zero at every step when there is no decay",
    hints=(
        "Call your function with decay_steps=0.",
        "Which division happens before you know in which part of the schedule you are?",
        "Compute the progress only for total_steps - decay_steps <= step < total_steps.",
    ),
    decay_fails=lambda s: np.full(s.step.shape, s.decay_steps == 0),
)
end_mistakes(bank)
cosine_mistakes(bank)
floor_mistakes(bank, "fall")
jump_to_the_floor(bank, "fall")
returns_a_factor(bank)


TASK = ScheduleTask("wsd", "course_lib/schedules/wsd.py", FORMULA, bank, scenarios)
