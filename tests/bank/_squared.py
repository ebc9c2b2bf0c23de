"""Programs with the mistakes of autograder.banks._squared_gradients, for BASE programs of one frame."""

from __future__ import annotations

from tests.bank.programs import Edits

GRAD = "g = p.grad + wd * p\n"
SQUARE = "square = g * g\n"
ROOT = "root = v.sqrt() + eps\n"
DIRECTION = "d = g / root\n"
STEP = "p.sub_(lr * d)\n"
KEEP = 'state["squares"] = v\n'


def root_mistakes() -> dict[str, Edits]:
    """Misconception id → edits."""
    return {
        "no-root": [(ROOT, "root = v + eps\n")],
        "root-twice": [(ROOT, "root = v.sqrt().sqrt() + eps\n")],
        "half-of-the-squares": [(ROOT, "root = v ** 1/2 + eps\n")],
        "eps-on-the-update": [(ROOT, "root = v.sqrt()\n"), (STEP, "p.sub_(lr * d + eps)\n")],
        "squares-stay-at-the-start": [(KEEP, "v = old\n")],
        "multiplied": [(DIRECTION, "d = g * root\n")],
        "not-divided": [(DIRECTION, "d = g\n")],
        "old-squares-used": [(ROOT, "root = old.sqrt() + eps\n")],
        "no-memory": [(KEEP, "state['squares'] = v = square\n")],
        "no-eps": [(ROOT, "root = v.sqrt()\n")],
        "eps-on-the-weight": [(ROOT, "root = v.sqrt()\n"), (STEP, "p.copy_(p - lr * d + eps)\n")],
        "eps-on-the-step": [(ROOT, "root = v.sqrt()\n"), (DIRECTION, "d = g / root + eps\n")],
        "eps-as-a-floor": [(ROOT, "root = v.sqrt().clamp(min=eps)\n")],
        "eps-twice": [(ROOT, "root = (v + eps).sqrt() + eps\n")],
        "eps-squared-inside": [(ROOT, "root = (v + eps ** 2).sqrt()\n")],
        "one-rate-per-tensor": [(SQUARE, "square = (g * g).sum()\n")],
        "mean-over-elements": [(SQUARE, "square = (g * g).mean()\n")],
        "not-squared": [(SQUARE, "square = g.abs()\n")],
        "sizes-instead-of-squares": [(SQUARE, "square = g.abs()\n"), (ROOT, "root = v + eps\n")],
        "decay-not-squared": [(SQUARE, "square = p.grad ** 2\n")],
        "decay-only-squared": [(DIRECTION, "d = p.grad / root\n")],
        "squares-replaced-by-their-root": [
            (KEEP, "state['squares'] = v = v.clone()\n"),
            (ROOT, "root = v.sqrt_() + eps\n"),
        ],
        "root-kept-in-the-state": [
            (KEEP, "state['squares'] = v = v.clone()\n"),
            (ROOT, "root = v.sqrt_().add_(eps)\n"),
        ],
        "eps-kept-in-the-state": [(KEEP, "state['squares'] = v = v.clone()\n"), (ROOT, "root = v.add_(eps).sqrt()\n")],
    }


def base(entry: str, collect: str, **defaults: float) -> str:
    """The plain program of a rule. defaults: hyperparameters beside weight_decay; collect: the new v from old."""
    names = [*defaults, "weight_decay"]
    signature = ", ".join(f"{name}={value!r}" for name, value in defaults.items())
    checks = "".join(
        f"        if {name} < 0:\n            raise ValueError(f'{name} must not be negative: {{{name}}}')\n"
        for name in names
    )
    reads = "".join(f'            {name} = group["{name}"]\n' for name in defaults)
    return f"""
import torch
from torch.optim import Optimizer


class {entry}(Optimizer):
    # class body

    def __init__(self, params, {signature}, weight_decay=0.0):
{checks}        super().__init__(params, dict({", ".join(f"{name}={name}" for name in names)}))
        # built

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
{reads}            wd = group["weight_decay"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                {GRAD}                state = self.state[p]
                if "squares" not in state:
                    state["squares"] = torch.zeros_like(p)
                old = state["squares"]
                {SQUARE}                {collect}                {KEEP}                {ROOT}                {DIRECTION}                {STEP}                # next parameter
        # done
        return loss
"""


def head(entry: str, **defaults: float) -> str:
    """Imports and __init__ of a right program."""
    names = [*defaults, "weight_decay"]
    signature = ", ".join(f"{name}={value!r}" for name, value in defaults.items())
    return f"""
import math
import torch
from torch.optim import Optimizer


class {entry}(Optimizer):
    def __init__(self, params, {signature}, weight_decay=0.0):
        if min({", ".join(names)}) < 0:
            raise ValueError("negative hyperparameter")
        super().__init__(params, dict({", ".join(f"{name}={name}" for name in names)}))
"""


STEP_HEAD = """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
"""
END = """
        return loss
"""
