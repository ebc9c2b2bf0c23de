"""The gradient noise scale (McCandlish, Kaplan, Amodei et al., 2018, "An empirical model of large-batch training",
appendix A.1).

E‖G_B‖² = ‖G‖² + S/B. From mean squared norms at two batch sizes b and B: ‖G‖² = (B‖G_B‖² − b‖G_b‖²)/(B − b),
S = (‖G_b‖² − ‖G_B‖²)/(1/b − 1/B), and the noise scale is S/‖G‖².
"""

from __future__ import annotations

import numpy as np

from autograder.judge.function_task import REQUIRED, Formula

FORMULA = Formula(
    "noise_scale",
    {"small_sq_norms": REQUIRED, "big_sq_norms": REQUIRED, "small_batch": REQUIRED, "big_batch": REQUIRED},
    steps={
        "smalls": lambda s: np.array(s.small_sq_norms, dtype=float),
        "bigs": lambda s: np.array(s.big_sq_norms, dtype=float),
        "small": lambda s: np.mean(s.smalls),
        "big": lambda s: np.mean(s.bigs),
        "b": lambda s: s.small_batch,
        "B": lambda s: s.big_batch,
        "signal": lambda s: (s.B * s.big - s.b * s.small) / (s.B - s.b),
        "noise": lambda s: (s.small - s.big) / (1 / s.b - 1 / s.B),
        "result": lambda s: s.noise / s.signal,
    },
)
