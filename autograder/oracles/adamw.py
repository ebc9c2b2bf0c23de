"""AdamW (Loshchilov & Hutter, 2019, Algorithm 2): Adam, with weights that shrink by ηλ beside its step.

The paper writes the learning rate as a schedule η times a constant α and decays by ηλ; here, as in torch, lr is both.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.rule import Rule
from autograder.oracles.adam import MOMENTS

RULE = Rule(
    "AdamW",
    hyper={"lr": 1e-3, "betas": [0.9, 0.95], "eps": 1e-8, "weight_decay": 0.1},
    state=MOMENTS,
    steps={
        "decayed": lambda s: s.param - s.lr * s.weight_decay * s.param,
        "exp_avg": lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * s.grad,
        "exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad**2,
        "correction1": lambda s: 1 - s.beta1**s.t,
        "correction2": lambda s: 1 - s.beta2**s.t,
        "average": lambda s: s.exp_avg / s.correction1,
        "root": lambda s: np.sqrt(s.exp_avg_sq / s.correction2),
        "denominator": lambda s: s.root + s.eps,
        "update": lambda s: s.lr * s.average / s.denominator,
        "param": lambda s: s.decayed - s.update,
    },
)
