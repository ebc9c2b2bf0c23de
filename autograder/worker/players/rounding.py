"""Calls a rounding function; beside its values, the sign of each, which also tells -0 from 0 (0 where it is NaN)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.worker.harness import Recorder
from autograder.worker.players import function


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """The function player, on results that carry their signs."""
    function.play(_WithSigns(module), scenario, recorder)


class _WithSigns:
    """The student's module, its functions returning (result, signs)."""

    def __init__(self, module: Any):
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., Any]:
        original = getattr(self._module, name)

        def with_signs(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            return result, _signs(result)

        return with_signs


def _signs(result: Any) -> Any:
    if not isinstance(result, torch.Tensor) or result.is_complex():
        return result
    ones = torch.ones(result.shape, dtype=torch.float64)
    return torch.where(result.isnan(), 0.0, ones.copysign(result.detach().double()))
