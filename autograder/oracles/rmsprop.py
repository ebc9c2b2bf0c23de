"""RMSProp (Tieleman & Hinton, 2012, lecture 6e), float64.

g ← g + λθ; v ← αv + (1 − α)g², from v = 0; θ ← θ − ηg/(√v + ε).
"""

from __future__ import annotations

import numpy as np

from autograder.judge.rule import Rule, zeros

RULE = Rule(
    "RMSprop",
    hyper={"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0},
    state={"squares": zeros},
    steps={
        "grad": lambda s: s.grad + s.weight_decay * s.param,
        "square": lambda s: s.grad**2,
        "squares": lambda s: s.alpha * s.squares + (1 - s.alpha) * s.square,
        "root": lambda s: np.sqrt(s.squares) + s.eps,
        "direction": lambda s: s.grad / s.root,
        "update": lambda s: s.lr * s.direction,
        "param": lambda s: s.param - s.update,
    },
)
