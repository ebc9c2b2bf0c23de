"""Calls a rounding function; beside its values, the sign of each, which also tells -0 from 0 (0 where it is NaN).

The last flag of a call may also say that the result is no tensor of its own, now or after a later call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.worker.codes import DEFAULT_DTYPE_LEFT, RESULT_OVERWRITTEN, RESULT_SHARED
from autograder.worker.harness import Recorder
from autograder.worker.players import function
from autograder.worker.players.tensors import in_one_memory


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """The function player, on results that carry their signs."""
    watched = _WithSigns(module)
    function.play(watched, scenario, recorder, watched.seen)


class _WithSigns:
    """The student's module, its functions returning (result, signs)."""

    def __init__(self, module: Any):
        self._module = module
        self._earlier: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._seen = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        original = getattr(self._module, name)

        def with_signs(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            self._seen = self._look(args, result)
            return result, _signs(result)

        return with_signs

    def seen(self) -> float:
        """What there is to say of the last call; 0 where nothing is."""
        return self._seen

    def _look(self, args: Any, result: Any) -> float:
        if torch.get_default_dtype() != torch.float32:
            torch.set_default_dtype(torch.float32)
            return DEFAULT_DTYPE_LEFT
        if any(not torch.equal(one.nan_to_num(), then.nan_to_num()) for one, then in self._earlier):
            return RESULT_OVERWRITTEN
        if not isinstance(result, torch.Tensor) or result.layout is not torch.strided or not result.numel():
            return 0.0
        self._earlier.append((result.detach(), result.detach().clone()))
        return RESULT_SHARED if any(in_one_memory(result, value) for value in args) else 0.0


def _signs(result: Any) -> Any:
    if not isinstance(result, torch.Tensor) or result.is_complex():
        return result
    ones = torch.ones(result.shape, dtype=torch.float64)
    return torch.where(result.isnan(), 0.0, ones.copysign(result.detach().double()))
