"""What people get wrong in the buffer of momentum and in Nesterov's form of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.judge.variants import Bank, Step

Entry = tuple[str, str, tuple[str, str, str], Mapping[str, Any]]


def add_buffer_mistakes(bank: Bank) -> None:
    """Mistakes in b ← μb + g and in how the step uses b."""
    _add(bank, _BUFFER)


def add_nesterov_mistakes(bank: Bank) -> None:
    """Mistakes in g + μb."""
    _add(bank, _NESTEROV)


def _add(bank: Bank, entries: list[Entry]) -> None:
    for id, title, hints, steps in entries:
        bank.misconception(id, title, hints=hints, **steps)


def _nesterov(look: Step) -> Step:
    """A direction that differs from the right one only where nesterov is on."""
    return lambda s: look(s) if s.nesterov else s.buffer


_BUFFER: list[Entry] = [
    (
        "no-memory",
        "that steps with the gradient itself: plain gradient descent",
        (
            "Set the gradient to zero for one step. Does your parameter still move?",
            "You may keep a buffer, but does the last line use it?",
            "Step with the buffer, not with p.grad.",
        ),
        {"direction": lambda s: s.fresh},
    ),
    (
        "weights-swapped",
        "with μ on the gradient and (1 − μ) on the old buffer",
        (
            "With μ = 0.9, how many steps does your buffer remember?",
            "Which of the two should get the large weight: the past, or the new gradient?",
            "μ multiplies the old buffer.",
        ),
        {"buffer": lambda s: (1 - s.momentum) * s.buffer + s.momentum * s.fresh},
    ),
    (
        "one-minus-momentum",
        "with (1 − μ) on the old buffer instead of μ",
        (
            "With μ = 0.9, how much of the first gradient is left in your third step?",
            "A larger momentum should mean a longer memory. Does it?",
            "The old buffer is multiplied by momentum itself.",
        ),
        {"buffer": lambda s: (1 - s.momentum) * s.buffer + s.fresh},
    ),
    (
        "momentum-on-the-gradient-too",
        "that multiplies the sum of buffer and gradient by μ",
        (
            "On the first step, is your update lr times the gradient?",
            "What does momentum multiply in your line: the old buffer, or everything?",
            "First multiply the old buffer by momentum, then add the gradient.",
        ),
        {"buffer": lambda s: s.momentum * (s.buffer + s.fresh)},
    ),
    (
        "buffer-is-a-sum",
        "with a buffer that forgets nothing",
        (
            "Feed a gradient once and zeros after it. Does your parameter ever stop?",
            "What multiplies the old buffer before the gradient is added?",
            "The old buffer is multiplied by momentum at every step.",
        ),
        {"buffer": lambda s: s.buffer + s.fresh},
    ),
    (
        "momentum-only-in-the-step",
        "with a buffer that forgets nothing, multiplied by μ when it is used",
        (
            "On the first step, is your update lr times the gradient?",
            "Is momentum applied once to the sum, or again at every step to what is old?",
            "Multiply the old buffer by momentum before adding the gradient; the step then uses it as it is.",
        ),
        {"buffer": lambda s: s.buffer + s.fresh, "direction": lambda s: s.momentum * s.buffer},
    ),
    (
        "buffer-stays-at-zero",
        "whose buffer stays at zero",
        (
            "Print your buffer after two steps. Does it change?",
            "x.mul(a).add(b) makes a new tensor. Who keeps it?",
            "Write mul_ and add_ with the underscore, or put the result into self.state[p].",
        ),
        {"buffer": lambda s: s.buffer},
    ),
    (
        "old-buffer-used",
        "that steps with the buffer of the step before",
        (
            "Does your very first step move anything?",
            "Which comes first in your loop: updating the buffer, or using it?",
            "Update the buffer with this gradient, then step with it.",
        ),
        {
            "used": lambda s: s.buffer,
            "direction": lambda s: s.fresh + s.momentum * s.used if s.nesterov else s.used,
            "order": ("used", "grad", "fresh", "buffer", "direction", "update", "param"),
        },
    ),
    (
        "buffer-without-momentum-added",
        "that adds the whole old buffer to the gradient for its step",
        (
            "The first step is right. How large is the second, if the gradient stays the same?",
            "The step uses gradient plus old buffer. What is missing in front of the old buffer?",
            "What is stored and what is used are the same: momentum times old buffer, plus gradient.",
        ),
        {
            "used": lambda s: s.buffer,
            "direction": lambda s: s.fresh + (s.momentum * s.buffer if s.nesterov else s.used),
            "order": ("used", "grad", "fresh", "buffer", "direction", "update", "param"),
        },
    ),
    (
        "momentum-brakes",
        "that subtracts the old buffer",
        (
            "With a gradient that never changes, do your steps grow or shrink?",
            "Look at the sign in front of the old buffer.",
            "Momentum times the old buffer is added.",
        ),
        {"buffer": lambda s: s.fresh - s.momentum * s.buffer},
    ),
    (
        "momentum-on-the-step",
        "that multiplies the step by μ once more",
        (
            "On the first step, is your update lr times the gradient?",
            "Count how often momentum multiplies between the buffer and the parameter.",
            "The step is lr times the buffer.",
        ),
        {"direction": lambda s: s.momentum * (s.fresh + s.momentum * s.buffer if s.nesterov else s.buffer)},
    ),
    (
        "step-scaled",
        "that multiplies the step by (1 − μ) instead of the gradient that enters the buffer",
        (
            "A momentum that never changes hides this. What happens when param_groups gets a new one?",
            "A running average gives each gradient its weight when it comes in. When does yours?",
            "Put (1 − momentum) in front of the gradient, or leave it out altogether.",
        ),
        {"update": lambda s: s.lr * (1 - s.momentum) * s.direction},
    ),
    (
        "first-gradient-twice",
        "that counts the first gradient twice",
        (
            "How long is your first step, compared with lr times the gradient?",
            "The buffer starts as the gradient. What happens to it later in the same step?",
            "Start the buffer with zeros, or skip the update of the buffer on the first step.",
        ),
        {"buffer": lambda s: (1 + s.momentum) * s.fresh if s.t == 1 else s.momentum * s.buffer + s.fresh},
    ),
    (
        "first-gradient-lost",
        "that does not move on a parameter's first step",
        (
            "Does anything move on the first step?",
            "On the first step you make a buffer. Does the gradient get into it?",
            "After making the zeros, go on: the update of the buffer is for every step, the first one too.",
        ),
        {
            "buffer": lambda s: (s.t > 1) * (s.momentum * s.buffer + s.fresh),
            "direction": lambda s: (s.t > 1) * (s.fresh + s.momentum * s.buffer if s.nesterov else s.buffer),
        },
    ),
    (
        "first-gradient-not-kept",
        "that uses the first gradient but does not put it into the buffer",
        (
            "The first step is right. Does the second remember the first gradient?",
            "What is in the buffer after the first step?",
            "The first gradient goes into the buffer like every other.",
        ),
        {
            "sum": lambda s: s.momentum * s.buffer + s.fresh,
            "direction": lambda s: s.fresh + s.momentum * s.sum if s.nesterov else s.sum,
            "buffer": lambda s: (s.t > 1) * s.sum,
            "order": ("grad", "fresh", "sum", "direction", "buffer", "update", "param"),
        },
    ),
    (
        "bias-corrected",
        "with Adam's bias correction on top",
        (
            "How do your first steps compare with lr times the buffer?",
            "Something divides by 1 − μ to the power of t.",
            "The heavy ball needs no correction; leave that division out.",
        ),
        {"update": lambda s: s.lr * s.direction / (1 - s.momentum**s.t)},
    ),
    (
        "buffer-clipped",
        "with a buffer that is never longer than one",
        (
            "Which of your steps are too short: those with large gradients, or all?",
            "Something limits the length of the buffer.",
            "Clipping is a tool of its own (chapter 7); leave it out here.",
        ),
        {
            "sum": lambda s: s.momentum * s.buffer + s.fresh,
            "buffer": lambda s: s.sum / max(1.0, float(np.linalg.norm(s.sum))),
            "order": ("grad", "fresh", "sum", "buffer", "direction", "update", "param"),
        },
    ),
    (
        "buffer-of-updates",
        "that stores the step with its learning rate and multiplies by lr again",
        (
            "Halve the learning rate. What happens to the length of your step?",
            "lr is in the buffer already. Where is it once more?",
            "lr goes into the buffer or into the last line, not into both.",
        ),
        {"fresh": lambda s: s.lr * s.grad},
    ),
    (
        "restarts-at-new-lr",
        "that empties its buffer whenever the learning rate changes",
        (
            "The learning rate changed. What does your next step remember?",
            "Who clears the buffer, and when?",
            "The buffer lives on, whatever happens to the learning rate.",
        ),
        {
            "buffer": lambda s: (s.rate == s.lr) * s.momentum * s.buffer + s.fresh,
            "rate": lambda s: s.lr,
            "state": {"rate": lambda param: 0.0},
            "order": ("grad", "fresh", "buffer", "rate", "direction", "update", "param"),
        },
    ),
]

_NESTEROV: list[Entry] = [
    (
        "nesterov-ignored",
        "with nesterov=True doing the same as nesterov=False, as g + μ × the old buffer does too",
        (
            "Compare two runs that differ only in nesterov. Are they equal?",
            "Gradient plus momentum times the old buffer: which buffer is that, and who uses it already?",
            "Update the buffer first. Then look ahead once more: gradient plus momentum times the new buffer.",
        ),
        {"direction": lambda s: s.buffer},
    ),
    (
        "nesterov-always",
        "that always uses Nesterov's form",
        (
            "Compare two runs that differ only in nesterov. Are they equal?",
            "Where does your step read group['nesterov']?",
            "Without nesterov the step is lr times the buffer.",
        ),
        {"direction": lambda s: s.fresh + s.momentum * s.buffer},
    ),
    (
        "nesterov-inverted",
        "that uses Nesterov's form exactly when nesterov is False",
        (
            "Which of your two branches runs with nesterov=False?",
            "Look at the condition around the two forms.",
            "if group['nesterov']: gradient plus momentum times buffer. Otherwise: the buffer.",
        ),
        {"direction": lambda s: s.buffer if s.nesterov else s.fresh + s.momentum * s.buffer},
    ),
    (
        "nesterov-without-momentum",
        "with g + b for Nesterov: the buffer is not multiplied by μ",
        (
            "With nesterov, how long is your first step in units of lr times the gradient?",
            "It should be 1 + μ. What is missing in front of the buffer?",
            "Nesterov's direction is gradient plus momentum times buffer.",
        ),
        {"direction": _nesterov(lambda s: s.fresh + s.buffer)},
    ),
    (
        "nesterov-without-gradient",
        "with only μb for Nesterov: the gradient is left out",
        (
            "With nesterov, how long is your first step in units of lr times the gradient?",
            "It should be 1 + μ. What should be added to momentum times buffer?",
            "Nesterov's direction is gradient plus momentum times buffer.",
        ),
        {"direction": _nesterov(lambda s: s.momentum * s.buffer)},
    ),
    (
        "nesterov-from-buffer",
        "with b + μb for Nesterov: the buffer where the gradient should be",
        (
            "The first step with nesterov is right. And the second?",
            "Which tensor do you add momentum times buffer to?",
            "Add it to the gradient (with decay), not to the buffer.",
        ),
        {"direction": _nesterov(lambda s: s.buffer + s.momentum * s.buffer)},
    ),
    (
        "nesterov-swapped",
        "with b + μg for Nesterov: μ on the wrong one of the two",
        (
            "The first step with nesterov is right. And the second?",
            "Which of the two gets the factor momentum: the gradient, or the buffer?",
            "Nesterov's direction is gradient plus momentum times buffer.",
        ),
        {"direction": _nesterov(lambda s: s.buffer + s.momentum * s.fresh)},
    ),
    (
        "nesterov-average",
        "with (1 − μ)g + μb for Nesterov, although the buffer is a sum",
        (
            "With nesterov, how long is your first step in units of lr times the gradient?",
            "A lerp averages two things of one scale. Is the buffer an average here, or a sum?",
            "The gradient enters whole: gradient plus momentum times buffer.",
        ),
        {"direction": _nesterov(lambda s: (1 - s.momentum) * s.fresh + s.momentum * s.buffer)},
    ),
    (
        "nesterov-unscaled-gradient",
        "with g + μb for Nesterov, although only a part of g enters the buffer",
        (
            "What enters your buffer at each step: the whole gradient?",
            "Nesterov's direction adds the newest contribution once more. How large is a contribution in your form?",
            "Scale the gradient in the Nesterov line by the same factor as in the line of the buffer.",
        ),
        {"direction": _nesterov(lambda s: s.grad + s.momentum * s.buffer)},
    ),
    (
        "nesterov-stored",
        "that stores Nesterov's look-ahead in the buffer",
        (
            "The first step with nesterov is right. What does the second one remember?",
            "Look-ahead is for the step only. Does an in-place operation write it into the buffer?",
            "Compute gradient plus momentum times buffer as a new tensor, and leave the buffer alone.",
        ),
        {
            "sum": lambda s: s.momentum * s.buffer + s.fresh,
            "buffer": lambda s: s.fresh + s.momentum * s.sum if s.nesterov else s.sum,
            "direction": lambda s: s.buffer,
            "order": ("grad", "fresh", "sum", "buffer", "direction", "update", "param"),
        },
    ),
    (
        "nesterov-from-the-second-step",
        "that looks ahead with nesterov from the second step on only",
        (
            "With nesterov, how long is your first step in units of lr times the gradient?",
            "It should be 1 + μ. Which branch does the first step take?",
            "Make the buffer where it is missing, then go on as at every other step.",
        ),
        {"direction": lambda s: s.fresh + s.momentum * s.buffer if s.nesterov and s.t > 1 else s.buffer},
    ),
    (
        "nesterov-twice",
        "that looks ahead twice with nesterov",
        (
            "With nesterov, how long is your first step in units of lr times the gradient?",
            "It should be 1 + μ. How often does your code apply gradient plus momentum times something?",
            "Once for the buffer, once for the step, and no more.",
        ),
        {"direction": _nesterov(lambda s: s.fresh + s.momentum * (s.fresh + s.momentum * s.buffer))},
    ),
    (
        "nesterov-undecayed",
        "whose Nesterov step adds the gradient without its decay",
        (
            "With nesterov and weight decay together: which gradient do you add to momentum times buffer?",
            "p.grad does not know about weight decay; the gradient you put into the buffer does.",
            "Use the same gradient with decay in both places.",
        ),
        {"direction": _nesterov(lambda s: s.fresh - s.weight_decay * s.param + s.momentum * s.buffer)},
    ),
]
