"""What the AdamW tests of three public courses look at, re-created in our own words, as columns to compare with.

Each judge takes a class `AdamW(params, lr, betas, eps, weight_decay)` and says whether it would have accepted it. They
follow the published logic (model, comparison, tolerance), not the published code:
- one-weight (after ARENA 3.0, chapter 0.3): train a small two-layer net for a few epochs with several settings, compare
  the first weight matrix with torch's.
- small-linear (after Stanford CS336, assignment 1): a 3×2 linear layer without bias for 1000 steps, atol 1e-4, against
  torch's AdamW or a reference that decays after the step.
- shapes (in the style of nanochat's optimizer tests): parameters of several shapes, ten steps of random gradients,
  against torch's AdamW.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

Make = Callable[..., Any]


def one_weight(make: Make) -> bool:
    """One weight matrix after training, for four settings."""
    import torch

    settings = [
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.0},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.05},
        {"lr": 0.2, "betas": (0.9, 0.95), "eps": 1e-2, "weight_decay": 0.08},
        {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1},
    ]
    return all(
        torch.allclose(_trained(make, setting), _trained(torch.optim.AdamW, setting), rtol=1e-4, atol=1e-5)
        for setting in settings
    )


def _trained(make: Make, setting: dict[str, Any]) -> Any:
    import torch

    torch.manual_seed(0)
    inputs = torch.randn(64, 2)
    labels = (inputs[:, 0] * inputs[:, 1] > 0).long()
    net = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))
    optimizer = make(net.parameters(), **setting)
    for batch in inputs.split(16):
        picked = labels[: len(batch)]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(batch), picked).backward()
        optimizer.step()
    return net[0].weight.detach()


def small_linear(make: Make) -> bool:
    """A 3×2 matrix after 1000 steps, to 1e-4, in either order of decay and step."""
    import torch

    mine = _linear_run(make)
    return any(torch.allclose(mine, known, atol=1e-4) for known in _linear_references())


@cache
def _linear_references() -> list[Any]:
    import torch

    return [_linear_run(known) for known in (torch.optim.AdamW, _decay_after())]


def _linear_run(make: Make) -> Any:
    import torch

    torch.manual_seed(42)
    model = torch.nn.Linear(3, 2, bias=False)
    optimizer = make(model.parameters(), lr=1e-3, weight_decay=0.01, betas=(0.9, 0.999), eps=1e-8)
    for _ in range(1000):
        optimizer.zero_grad()
        x = torch.rand(3)
        y = torch.tensor([x[0] + x[1], -x[2]])
        ((y - model(x)) ** 2).sum().backward()
        optimizer.step()
    return model.weight.detach()


def _decay_after() -> Make:
    """AdamW that decays after the step, built from torch's Adam."""
    import torch

    class DecayAfter(torch.optim.Adam):
        def __init__(self, params: Any, lr: float, betas: Any, eps: float, weight_decay: float):
            self.shrink = 1 - lr * weight_decay
            super().__init__(params, lr=lr, betas=betas, eps=eps)

        def step(self, closure: Any = None) -> None:  # type: ignore[override]
            super().step()
            with torch.no_grad():
                for param in self.param_groups[0]["params"]:
                    param.mul_(self.shrink)

    return DecayAfter


def shapes(make: Make) -> bool:
    """Parameters of five shapes, ten steps of random gradients, float32."""
    import torch

    def run(optimizer_class: Make) -> list[Any]:
        generator = torch.Generator().manual_seed(1)
        params = [
            torch.nn.Parameter(torch.randn(s, generator=generator)) for s in ((8,), (4, 8), (8, 4), (16,), (2, 3))
        ]
        optimizer = optimizer_class(params, lr=0.01, betas=(0.8, 0.95), eps=1e-10, weight_decay=0.01)
        for _ in range(10):
            for param in params:
                param.grad = torch.randn(param.shape, generator=generator)
            optimizer.step()
        return [param.detach() for param in params]

    return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(run(make), run(torch.optim.AdamW), strict=True))


JUDGES: dict[str, Callable[[Make], bool]] = {"one-weight": one_weight, "small-linear": small_linear, "shapes": shapes}


def accepted_by(sources: Iterable[tuple[str, str]], entry: str = "AdamW") -> dict[str, dict[str, bool]]:
    """Name → judge → accepted, for (name, source) pairs; each program runs in a fork of its own."""
    import torch

    torch.set_num_threads(1)
    for run in JUDGES.values():
        run(torch.optim.AdamW)  # warm, and with every reference at hand, before the forks
    return {name: {judge: _in_a_fork(run, source, entry) for judge, run in JUDGES.items()} for name, source in sources}


def _in_a_fork(run: Callable[[Make], bool], source: str, entry: str) -> bool:
    """Whether a judge accepts a program; one that raises is not accepted."""
    child = os.fork()
    if child == 0:
        try:
            namespace: dict[str, Any] = {"__name__": "submission"}
            exec(compile(source, "submission.py", "exec"), namespace)
            os._exit(0 if run(namespace[entry]) else 1)
        except BaseException:
            os._exit(2)
    sys.stdout.flush()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0
