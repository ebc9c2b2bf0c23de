"""torch's own optimizer beside a student's: given the same parameters and gradients at every step, what would it have done?

The rule is known by the name of the student's class, the hyperparameters are read from its groups at every step. The
reference starts each step from the student's parameters, so a difference belongs to that step and its moments, not to
where earlier steps have led.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

MakeReference = Callable[[list[dict[str, Any]]], Optimizer]
SPELLINGS = {"momentum": ("momentum", "mu", "beta"), "alpha": ("alpha", "rho"), "adjust_lr_fn": ("scale",)}
"""torch's name of a hyperparameter → names that students give it. Others have one name."""
TOLERANCE = 0.01
MUON_SCALES = {"original": "original", "match_rms": "match_rms_adamw"}


class NoReference(Exception):
    """torch has nothing to compare with; the text says why."""


@dataclass(frozen=True)
class Rule:
    """A class of torch.optim and how to feed it.

    needs: hyperparameters that must be found, beside lr. takes: those that are used where they are found. fixed: the
    others. differs: where published forms of the rule part from torch's without being wrong, which explains relative
    differences up to explains. tolerance: relative difference of two updates that rounding explains.
    """

    torch_class: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("weight_decay",)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    differs: str = ""
    explains: float = 0.05
    tolerance: float = TOLERANCE


RULES = {
    "SGD": Rule("SGD", takes=("weight_decay", "momentum", "nesterov")),
    "Momentum": Rule(
        "SGD",
        needs=("momentum",),
        takes=("weight_decay", "nesterov"),
        differs="torch adds the gradient to the buffer whole; with an average of gradients steps are (1 − momentum) as long",
        explains=1.0,
    ),
    "Nesterov": Rule("SGD", needs=("momentum",), fixed={"nesterov": True}),
    "Adagrad": Rule("Adagrad", takes=("weight_decay", "eps"), differs="torch adds eps after the root"),
    "RMSprop": Rule(
        "RMSprop", needs=("alpha",), takes=("weight_decay", "eps"), differs="torch adds eps after the root"
    ),
    "Adam": Rule("Adam", needs=("betas",), takes=("weight_decay", "eps"), differs="torch adds eps to the corrected √v"),
    "AdamW": Rule(
        "AdamW",
        needs=("betas", "weight_decay"),
        takes=("eps",),
        differs="torch decays before the step; after it, the step is shorter by lr × weight_decay of it",
    ),
    "Muon": Rule(
        "Muon",
        needs=("momentum",),
        takes=("weight_decay", "nesterov", "ns_steps", "adjust_lr_fn"),
        fixed={"weight_decay": 0.0},
        differs="torch orthogonalises in bfloat16, whose rounding grows where singular values are small",
        explains=0.3,
        tolerance=0.3,
    ),
}
"""Name of a student's class → torch's."""


class TorchReference:
    """The reference of one optimizer.

    which: "" for the rule that its class is named after, another name in RULES, or a function from a list of parameter
    groups to an optimizer, which gets the student's lr and keeps its other hyperparameters. Raises NoReference.
    """

    def __init__(self, optimizer: Optimizer, which: str | MakeReference = ""):
        self._copies = {p: _copy(p) for group in optimizer.param_groups for p in group["params"]}
        self._watched = optimizer
        self._rule = None if callable(which) else _rule_of(optimizer, which)
        groups = [
            {"params": [self._copies[p] for p in group["params"]], **self._settings(group)}
            for group in optimizer.param_groups
        ]
        make = which if callable(which) else getattr(torch.optim, self._rule.torch_class) if self._rule else None
        assert make is not None
        try:
            self.optimizer: Optimizer = make(groups)
        except ValueError as error:
            raise NoReference(f"torch refuses: {error}") from None
        self.name = f"torch.optim.{type(self.optimizer).__name__}"
        self.tolerance = self._rule.tolerance if self._rule else TOLERANCE

    def step(self, before: Mapping[Tensor, Tensor], gradients: Mapping[Tensor, Tensor]) -> None:
        """Take torch's step from the student's parameters `before`, with the student's gradients; NoReference if it cannot."""
        for group, theirs in zip(self._watched.param_groups, self.optimizer.param_groups, strict=True):
            theirs.update(self._settings(group))
        for p, copy in self._copies.items():
            copy.copy_(before[p])
            copy.grad = gradients[p].clone() if p in gradients else None
        try:
            self.optimizer.step()
        except (RuntimeError, TypeError, ValueError) as error:
            raise NoReference(f"{self.name} stops: {error}") from None

    def parameter(self, p: nn.Parameter) -> nn.Parameter:
        """Where the reference has moved the copy of `p`."""
        return self._copies[p]

    def reason(self, apart: float) -> str:
        """A legitimate reason for a relative difference of this size, if there is one."""
        return self._rule.differs if self._rule and apart <= self._rule.explains else ""

    def _settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """torch's hyperparameters from a student's group, or from the optimizer's attributes."""
        return _translated(self._rule, group, self._watched) if self._rule else {"lr": group["lr"]}


def _copy(p: nn.Parameter) -> nn.Parameter:
    return nn.Parameter(p.detach().clone(), requires_grad=p.requires_grad)


def _rule_of(optimizer: Optimizer, which: str) -> Rule:
    if not which and type(optimizer).__module__.startswith("torch.optim"):
        raise NoReference("this is torch's own optimizer")
    name = which or type(optimizer).__name__
    if name not in RULES:
        raise NoReference(f"torch.optim has no {name}" if which else f"torch.optim has no rule called {name}")
    return RULES[name]


def _translated(rule: Rule, group: Mapping[str, Any], optimizer: Optimizer) -> dict[str, Any]:
    found = dict(rule.fixed)
    for name in ("lr", *rule.needs, *rule.takes):
        value = _value(name, group, optimizer)
        if value is not None:
            found[name] = value
        elif name in ("lr", *rule.needs):
            raise NoReference(f"param_groups of this optimizer hold no {name}, so torch's cannot be given it")
    if "adjust_lr_fn" in found:
        scale = found["adjust_lr_fn"]
        if scale not in MUON_SCALES:
            raise NoReference(f"torch.optim.Muon has no scale {scale!r}")
        found["adjust_lr_fn"] = MUON_SCALES[scale]
    return found


def _value(name: str, group: Mapping[str, Any], optimizer: Optimizer) -> Any:
    if name == "betas" and "betas" not in group and {"beta1", "beta2"} <= group.keys():
        return group["beta1"], group["beta2"]
    for spelling in SPELLINGS.get(name, (name,)):
        if spelling in group:
            return group[spelling]
        if hasattr(optimizer, spelling):
            return getattr(optimizer, spelling)
    return None


__all__ = ["NoReference", "TorchReference"]
