"""Torch's global settings, which a function should leave as they are."""

from __future__ import annotations

from typing import Any

import torch

from autograder.worker.codes import GRADIENTS_OFF, GRADIENTS_ON, SETTINGS_CHANGED


class Settings:
    """As they are when this is made."""

    def __init__(self) -> None:
        self.gradients, self.others = torch.is_grad_enabled(), _others()

    def kind(self, kind: float) -> float:
        """`kind` of what a function returned, or the code of a setting that is another now; all are put back."""
        gradients, others = torch.is_grad_enabled(), _others()
        torch.set_grad_enabled(self.gradients)
        if others != self.others:
            _put_back(*self.others)
        if gradients != self.gradients:
            return GRADIENTS_ON if gradients else GRADIENTS_OFF
        return kind if others == self.others else SETTINGS_CHANGED


def _others() -> tuple[Any, ...]:
    return (
        torch.get_default_dtype(),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )


def _put_back(dtype: torch.dtype, anomaly: bool, deterministic: bool, threads: int) -> None:
    torch.set_default_dtype(dtype)
    torch.autograd.set_detect_anomaly(anomaly)
    torch.use_deterministic_algorithms(deterministic)
    torch.set_num_threads(threads)
