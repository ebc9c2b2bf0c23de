"""Warmup, plateau, decay (MiniCPM, Hu et al., 2024; the shapes: Hägele et al., 2024, "Scaling laws and compute-optimal
training beyond fixed training durations").

η(t) = η_max · t/W for t < W, η_max until T − D, η_min + (η_max − η_min)·f(p) with p = (t − (T − D))/D until T, η_min from
T on; f is 1 − p (linear), ½(1 + cos πp) (cosine) or 1 − √p (sqrt). Written for an array of steps.
"""

from __future__ import annotations

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula, failing

FORMULA = Formula(
    "wsd",
    {
        "step": REQUIRED,
        "total_steps": REQUIRED,
        "warmup_steps": REQUIRED,
        "decay_steps": REQUIRED,
        "peak_lr": REQUIRED,
        "min_lr": 0.0,
        "shape": "linear",
    },
    steps={
        "warming": lambda s: s.step < s.warmup_steps,
        "ramp": lambda s: s.step / s.warmup_steps,
        "warmup_lr": lambda s: s.peak_lr * s.ramp,
        "start": lambda s: s.total_steps - s.decay_steps,
        "holding": lambda s: s.step < s.start,
        "span": lambda s: s.decay_steps,
        "progress": lambda s: (s.step - s.start) / s.span,
        "linear": lambda s: 1 - s.progress,
        "cosine": lambda s: 0.5 * (1 + np.cos(np.pi * s.progress)),
        "sqrt": lambda s: 1 - np.sqrt(s.progress),
        "fall": lambda s: {"linear": s.linear, "cosine": s.cosine, "sqrt": s.sqrt}[s.shape],
        "decay_lr": lambda s: s.min_lr + (s.peak_lr - s.min_lr) * s.fall,
        "ended": lambda s: s.step >= s.total_steps,
        "final_lr": lambda s: s.min_lr,
        "after_plateau": lambda s: np.where(s.holding, s.peak_lr, s.decay_lr),
        "lr": lambda s: np.where(s.warming, s.warmup_lr, np.where(s.ended, s.final_lr, s.after_plateau)),
        "warmup_fails": lambda s: s.warming & (s.warmup_steps == 0),
        "decay_fails": lambda s: ~s.warming & ~s.ended & ~s.holding & (s.span == 0),
        "end_fails": lambda s: False,
        "fails": lambda s: failing(s.warmup_fails | s.decay_fails, s.end_fails),
        "result": lambda s: (s.lr, s.fails),
    },
)
