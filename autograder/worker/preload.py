"""What a fork server imports and warms before it forks its first worker."""

from __future__ import annotations

import torch

from autograder.worker import harness


def preload() -> None:
    """Import and touch everything a worker needs, so that a fork answers in milliseconds.

    The first optimizer of a process imports lazily for seconds, and a parallel torch operation before a fork
    leaves its children hanging; so one thread, and one optimizer built, stepped, saved and thrown away.
    """
    torch.set_num_threads(1)
    weight = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    (weight * weight).sum().backward()
    optimizer.step()
    harness.reloaded(optimizer.state_dict())
    optimizer.zero_grad()
    repr(weight)
    torch.linalg.svdvals(torch.eye(2))
