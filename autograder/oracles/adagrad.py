"""AdaGrad with a diagonal matrix (Duchi, Hazan & Singer, 2011, Figure 1; their δ is eps), float64.

g ← g + λθ; G ← G + g²; θ ← θ − ηg/(√G + ε).
"""

from __future__ import annotations

import numpy as np

from autograder.judge.rule import Rule, zeros

RULE = Rule(
    "Adagrad",
    hyper={"lr": 1e-2, "eps": 1e-10, "weight_decay": 0.0},
    state={"squares": zeros},
    steps={
        "grad": lambda s: s.grad + s.weight_decay * s.param,
        "square": lambda s: s.grad**2,
        "squares": lambda s: s.squares + s.square,
        "root": lambda s: np.sqrt(s.squares) + s.eps,
        "direction": lambda s: s.grad / s.root,
        "update": lambda s: s.lr * s.direction,
        "param": lambda s: s.param - s.update,
    },
)
