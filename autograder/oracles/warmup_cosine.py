"""Linear warmup, then half a cosine (Loshchilov & Hutter, SGDR, 2017, eq. 5 with one period; Goyal et al., 2017, warmup).

η(t) = η_max · t/W for t < W, η_min + (η_max − η_min)·½(1 + cos π(t − W)/(T − W)) for W ≤ t < T, η_min from T on.
Written for an array of steps.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula, failing

FORMULA = Formula(
    "warmup_cosine",
    {"step": REQUIRED, "total_steps": REQUIRED, "warmup_steps": REQUIRED, "peak_lr": REQUIRED, "min_lr": 0.0},
    steps={
        "warming": lambda s: s.step < s.warmup_steps,
        "ramp": lambda s: s.step / s.warmup_steps,
        "warmup_lr": lambda s: s.peak_lr * s.ramp,
        "span": lambda s: s.total_steps - s.warmup_steps,
        "progress": lambda s: (s.step - s.warmup_steps) / s.span,
        "cosine": lambda s: 0.5 * (1 + np.cos(np.pi * s.progress)),
        "decay_lr": lambda s: s.min_lr + (s.peak_lr - s.min_lr) * s.cosine,
        "ended": lambda s: s.step >= s.total_steps,
        "final_lr": lambda s: s.min_lr,
        "lr": lambda s: np.where(s.warming, s.warmup_lr, np.where(s.ended, s.final_lr, s.decay_lr)),
        "warmup_fails": lambda s: s.warming & (s.warmup_steps == 0),
        "decay_fails": lambda s: ~s.warming & ~s.ended & (s.span == 0),
        "end_fails": lambda s: False,
        "fails": lambda s: failing(s.warmup_fails | s.decay_fails, s.end_fails),
        "result": lambda s: (s.lr, s.fails),
    },
)
