"""Where tensors live."""

from __future__ import annotations

import torch

from course_lib.lab.scale import check_scale


def best_device() -> torch.device:
    """The first that works here: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_for(scale: str) -> torch.device:
    """The best device at scale "gpu", else the CPU: the small experiments are too small to gain from another one."""
    check_scale(scale)
    return best_device() if scale == "gpu" else torch.device("cpu")
