"""Stochastic gradient descent (Robbins & Monro, 1951) with an L2 penalty: θ ← θ − η(g + λθ)."""

from __future__ import annotations

from autograder.judge.rule import Rule

RULE = Rule(
    "SGD",
    hyper={"lr": None, "weight_decay": 0.0},
    steps={
        "grad": lambda s: s.grad + s.weight_decay * s.param,
        "update": lambda s: s.lr * s.grad,
        "param": lambda s: s.param - s.update,
    },
)
