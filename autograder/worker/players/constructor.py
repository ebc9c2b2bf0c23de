"""Builds an object many times and notes how each attempt ended: 0 built, else the code of the exception.

Every attempt gets one parameter, of the shape that the scenario names for it; where "beside" says so, behind a matrix in
the same list, or in a group behind that of a matrix.
"""

from __future__ import annotations

from typing import Any

import torch

from autograder.worker.codes import error_code
from autograder.worker.harness import Recorder
from autograder.worker.players.optimizer import _hyper


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One number per attempt."""
    beside = scenario.get("beside") or [""] * len(scenario["attempts"])
    for index, (kwargs, shape) in enumerate(zip(scenario["attempts"], scenario["shapes"], strict=True)):
        recorder.event = index
        try:
            param, matrix = torch.nn.Parameter(torch.ones(shape)), torch.nn.Parameter(torch.ones(2, 3))
            params: dict[str, Any] = {
                "": [param],
                "front": [param, matrix],
                "list": [matrix, param],
                "group": [{"params": [matrix]}, {"params": [param]}],
            }
            getattr(module, scenario["entry"])(params[beside[index]], **_hyper(kwargs))
        except Exception as error:
            recorder.put(index, [error_code(error)])
        else:
            recorder.put(index, [0])
