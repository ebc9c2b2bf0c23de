"""Adam (Kingma & Ba, 2015, Algorithm 1), with an L2 penalty: m and v are averages of g + λθ and of its square."""

from __future__ import annotations

import numpy as np

from autograder.judge.rule import Rule, zeros

MOMENTS = {"exp_avg": zeros, "exp_avg_sq": zeros}

RULE = Rule(
    "Adam",
    hyper={"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0},
    state=MOMENTS,
    steps={
        "grad": lambda s: s.grad + s.weight_decay * s.param,
        "exp_avg": lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * s.grad,
        "exp_avg_sq": lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.grad**2,
        "correction1": lambda s: 1 - s.beta1**s.t,
        "correction2": lambda s: 1 - s.beta2**s.t,
        "average": lambda s: s.exp_avg / s.correction1,
        "root": lambda s: np.sqrt(s.exp_avg_sq / s.correction2),
        "denominator": lambda s: s.root + s.eps,
        "update": lambda s: s.lr * s.average / s.denominator,
        "param": lambda s: s.param - s.update,
    },
)
