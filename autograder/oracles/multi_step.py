"""Linear warmup, then a constant learning rate that is multiplied by γ at each milestone (He et al., 2016, divide by ten
twice; DeepSeek LLM, 2024, section 2.3, ×√0.1 at 80 and at 90 % of the tokens).

η(t) = η_max · t/W for t < W, then η_max · γⁿ with n the number of milestones m ≤ t. Written for an array of steps.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula, failing

FORMULA = Formula(
    "multi_step",
    {"step": REQUIRED, "milestones": REQUIRED, "gamma": REQUIRED, "peak_lr": REQUIRED, "warmup_steps": 0},
    steps={
        "warming": lambda s: s.step < s.warmup_steps,
        "ramp": lambda s: s.step / s.warmup_steps,
        "warmup_lr": lambda s: s.peak_lr * s.ramp,
        "passed": lambda s: np.greater_equal.outer(s.step, np.asarray(s.milestones, dtype=float)),
        "count": lambda s: s.passed.sum(axis=-1),
        "factor": lambda s: s.gamma**s.count,
        "stair_lr": lambda s: s.peak_lr * s.factor,
        "lr": lambda s: np.where(s.warming, s.warmup_lr, s.stair_lr),
        "warmup_fails": lambda s: s.warming & (s.warmup_steps == 0),
        "stair_fails": lambda s: np.zeros(s.step.shape, dtype=bool),
        "fails": lambda s: failing(s.warmup_fails, s.stair_fails),
        "result": lambda s: (s.lr, s.fails),
    },
)
