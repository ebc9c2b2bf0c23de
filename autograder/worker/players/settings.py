"""Torch's global settings, which a function should leave as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.worker.codes import GRADIENTS_OFF, GRADIENTS_ON, SETTINGS_CHANGED

_CUDNN = ("benchmark", "deterministic", "allow_tf32", "enabled")
_TINY = 1e-310


class Settings:
    """As they are when this is made."""

    def __init__(self) -> None:
        self.gradients, self.others = torch.is_grad_enabled(), _others()

    def kind(self, kind: float) -> float:
        """`kind` of what a function returned, or the code of a setting that is another now; all are put back."""
        gradients, others = torch.is_grad_enabled(), _others()
        torch.set_grad_enabled(self.gradients)
        for (_, put_back), now, before in zip(_OTHERS, others, self.others, strict=True):
            if now != before:
                put_back(before)
        if gradients != self.gradients:
            return GRADIENTS_ON if gradients else GRADIENTS_OFF
        return kind if others == self.others else SETTINGS_CHANGED


def _others() -> list[Any]:
    return [_read(get) for get, _ in _OTHERS]


def _read(get: Callable[[], Any]) -> Any:
    """None where torch refuses an answer, as some versions do of precisions that were set in two ways."""
    try:
        return get()
    except RuntimeError:
        return None


def _cudnn(name: str) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """One of cuDNN's flags; they can be read and set without a GPU."""
    cudnn = torch.backends.cudnn
    return lambda: getattr(cudnn, name), lambda value: setattr(cudnn, name, value)


_OTHERS: list[tuple[Callable[[], Any], Callable[[Any], Any]]] = [
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_float32_matmul_precision, lambda value: torch.set_float32_matmul_precision(value or "highest")),
    *map(_cudnn, _CUDNN),
    (lambda: _TINY / 2 == 0, torch.set_flush_denormal),
]
"""Each with how it is read and how it is put back. Torch's product in TF32 goes with the precision of float32 products."""
