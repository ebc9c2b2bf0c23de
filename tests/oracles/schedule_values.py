"""Learning rates of a schedule's formula under a named convention, for tests that compare them with published ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from autograder.judge.registry import load_task
from autograder.judge.schedule_task import ScheduleTask
from autograder.judge.variants import CANONICAL


def values(task_id: str, conventions: Sequence[str], steps: Sequence[int], **arguments: Any) -> np.ndarray:
    """One learning rate for each step; `conventions` are ids of the task's bank, none for the rule itself."""
    task = load_task(task_id)
    assert isinstance(task, ScheduleTask)
    variant = CANONICAL
    for id in conventions:
        variant = variant + task.bank[id]
    bound = task.formula.bind([], {**arguments, "step": np.array(steps, dtype=float)})
    with np.errstate(all="ignore"):
        lr, fails = task.formula.value(task.formula.plan(variant), bound)
    assert not np.any(fails)
    return np.broadcast_to(np.asarray(lr, dtype=float), (len(steps),))


def torch_lrs(make: Callable[[torch.optim.Optimizer], Any], lr: float, count: int) -> np.ndarray:
    """The learning rates of the first `count` steps under one of torch's schedulers."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler, found = make(optimizer), []
    for _ in range(count):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(found)
