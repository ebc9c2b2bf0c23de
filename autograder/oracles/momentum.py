"""Momentum: the heavy ball (Polyak, 1964) and Nesterov's form for a gradient at θ (Sutskever et al., 2013), float64.

g ← g + λθ; b ← μb + g; θ ← θ − ηb, or θ ← θ − η(g + μb) with nesterov. The step `fresh` is what of the new gradient
enters the buffer; with Nesterov it enters the step once more.
"""

from __future__ import annotations

from autograder.judge.rule import Rule, zeros

RULE = Rule(
    "Momentum",
    hyper={"lr": None, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0},
    state={"buffer": zeros},
    steps={
        "grad": lambda s: s.grad + s.weight_decay * s.param,
        "fresh": lambda s: s.grad,
        "buffer": lambda s: s.momentum * s.buffer + s.fresh,
        "direction": lambda s: s.fresh + s.momentum * s.buffer if s.nesterov else s.buffer,
        "update": lambda s: s.lr * s.direction,
        "param": lambda s: s.param - s.update,
    },
)
