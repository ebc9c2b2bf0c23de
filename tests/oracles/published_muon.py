"""Published Muons behind thin adapters to the task's signature. The worker has torch only, so tests play them here."""

from __future__ import annotations

import math
from typing import Any

import pytorch_optimizer
import torch

MODES = ("original", "match_rms", "spectral")
WHOLE = {"lr": 0.02, "momentum": 0.95, "nesterov": True, "weight_decay": 0.0, "ns_steps": 5, "scale": "original"}


def wanted_over_original(shape: torch.Size, mode: str) -> float:
    """What a package that knows only the original scale has to be multiplied by."""
    rows, cols = shape
    wanted = {
        "original": math.sqrt(max(1, rows / cols)),
        "match_rms": 0.2 * math.sqrt(max(rows, cols)),
        "spectral": math.sqrt(rows / cols),
    }
    return wanted[mode] / math.sqrt(max(1, rows / cols))


class Muon(pytorch_optimizer.Muon):
    """pytorch_optimizer's Muon: groups marked use_muon, other scales through lr and decay, one matrix at a time."""

    def __init__(self, params: Any, *args: Any, **kwargs: Any):
        given = {**WHOLE, **dict(zip(WHOLE, args, strict=False)), **kwargs}
        if given["scale"] not in MODES or min(given["lr"], given["momentum"], given["weight_decay"]) < 0:
            raise ValueError("invalid hyperparameter")
        groups = list(params)
        groups = groups if isinstance(groups[0], dict) else [{"params": groups}]
        groups = [{**given, **group, "params": list(group["params"]), "use_muon": True} for group in groups]
        if any(p.ndim != 2 for group in groups for p in group["params"]):
            raise ValueError("matrices only")
        super().__init__(groups, foreach=False)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        groups = self.param_groups
        for group in groups:
            for p in group["params"]:
                factor = wanted_over_original(p.shape, group["scale"])
                scaled = {"lr": group["lr"] * factor, "weight_decay": group["weight_decay"] / factor}
                self.param_groups = [{**group, "params": [p], **scaled}]
                gradient, p.grad = p.grad, None if p.grad is None else p.grad.clone()
                super().step()
                p.grad = gradient  # the package writes its Nesterov step into p.grad
        self.param_groups = groups
        return loss
