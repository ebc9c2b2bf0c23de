"""The microscope: what an optimizer does to each layer, at every step of a run, and what torch's would have done.

    scope = Microscope(optimizer, model.kinds())
    with scope:
        train(model, optimizer, data, steps)
    show_microscope(scope, optimizer="Adam", stills=(1, 100), alt="...")  # microscope_view

It looks at any torch optimizer from outside: gradients before a step, the state and the way that was gone after it.
State of a parameter's shape that is nowhere negative is taken as the second moment, other state as the first, whatever
its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from course_lib.lab.torch_reference import TOLERANCE, MakeReference, NoReference, TorchReference

MISSING = math.nan


@dataclass(frozen=True)
class Look:
    """One layer at one step; roots of means of squares over its numbers, NaN where there is nothing to see.

    gradient, first (moment m), second (√ of the mean of v), update: sizes. per_lr: update in units of the learning rate.
    cosine: of the angle between the update and minus the gradient; 1 is straight downhill.
    """

    gradient: float
    first: float
    second: float
    update: float
    per_lr: float
    cosine: float


NOTHING = Look(*[MISSING] * 6)


@dataclass(frozen=True)
class Beside:
    """One layer at one step under the reference. apart: length of the difference of both updates / the reference's.

    alike: cosine between both updates. grain: `apart` that the rounding of the layer's weights alone explains.
    """

    look: Look
    apart: float
    alike: float
    grain: float


@dataclass(frozen=True)
class Difference:
    """The largest `apart` of a run, and the first step (from 1) and its layers at which rounding does not explain it."""

    largest: float
    layer: str
    step: int
    first_step: int | None
    first_layers: tuple[str, ...]


class Microscope:
    """Watches an optimizer while it is used as a context manager; `looks` has one dict a step, layer → Look.

    layers: name → parameters, such as `model.kinds()`. Parameters the optimizer does not have are left out.
    reference: what to compare with, see TorchReference; None for nothing. `beside` has one dict a step, layer → Beside,
    as long as there is one, and `without` says why there is none.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        layers: Mapping[str, Sequence[nn.Parameter]],
        reference: str | MakeReference | None = "",
    ):
        self.optimizer = optimizer
        self._group_of: dict[nn.Parameter, dict[str, Any]] = {
            p: group for group in optimizer.param_groups for p in group["params"]
        }
        known = {name: [p for p in parameters if p in self._group_of] for name, parameters in layers.items()}
        self.layers = {name: parameters for name, parameters in known.items() if parameters}
        self.looks: list[dict[str, Look]] = []
        self.beside: list[dict[str, Beside]] = []
        self.without = ""
        self.reference: TorchReference | None = None
        if reference is not None:
            self._compare(lambda: TorchReference(optimizer, reference))
        self._before: dict[Tensor, Tensor] = {}
        self._gradients: dict[Tensor, Tensor] = {}
        self._hooks: list[Any] = []
        self._depth = 0
        self._signed: set[str] = set()
        self._signed_there: set[str] = set()

    def __enter__(self) -> Microscope:
        self._hooks = [
            self.optimizer.register_step_pre_hook(self._remember),
            self.optimizer.register_step_post_hook(self._look),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._before, self._gradients, self._depth = {}, {}, 0

    def series(self, layer: str, quantity: str) -> list[float]:
        """One quantity of one layer over all steps, such as series("mlp", "per_lr")."""
        return [getattr(looks[layer], quantity) for looks in self.looks]

    def reference_series(self, layer: str, quantity: str) -> list[float]:
        """The same of the reference, over the steps it has taken."""
        return [getattr(beside[layer].look, quantity) for beside in self.beside]

    def parts(self, beside: Beside) -> bool:
        """Whether an update is another one than the reference's, beyond rounding."""
        tolerance = self.reference.tolerance if self.reference else TOLERANCE
        return beside.apart > max(tolerance, 2 * beside.grain)

    def difference(self) -> Difference | None:
        """How far the run was from its reference; None if nothing could be compared."""
        known = [
            (beside.apart, name, step)
            for step, layers in enumerate(self.beside, start=1)
            for name, beside in layers.items()
            if not math.isnan(beside.apart)
        ]
        if not known:
            return None
        largest, layer, step = max(known)
        parted = [[name for name, beside in layers.items() if self.parts(beside)] for layers in self.beside]
        first = next((step for step, names in enumerate(parted, start=1) if names), None)
        return Difference(largest, layer, step, first, tuple(parted[first - 1]) if first else ())

    @torch.no_grad()
    def _remember(self, *_: object) -> None:
        self._depth += 1
        if self._depth > 1:  # step() that calls its base class's step()
            return
        self._before = {p: p.detach().clone() for p in self._group_of}
        self._gradients = {p: p.grad.clone() for p in self._group_of if p.grad is not None}

    @torch.no_grad()
    def _look(self, _optimizer: Optimizer, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> None:
        self._depth -= 1
        if self._depth:
            return
        if args or kwargs:  # a closure made the gradients inside the step
            self._gradients = {p: p.grad for p in self._group_of if p.grad is not None}
        self._signed |= self._signed_keys(self.optimizer.state)
        self.looks.append(
            {
                name: self._layer(parameters, lambda p: p, self.optimizer.state, self._signed)
                for name, parameters in self.layers.items()
            }
        )
        reference = self.reference
        if reference is not None and self._compare(lambda: reference.step(self._before, self._gradients)):
            states = {p: reference.optimizer.state.get(reference.parameter(p), {}) for p in self._group_of}
            self._signed_there |= self._signed_keys(states)
            self.beside.append(
                {name: self._beside(parameters, reference, states) for name, parameters in self.layers.items()}
            )

    def _compare(self, act: Callable[[], TorchReference | None]) -> bool:
        """Do something with the reference; where it cannot go on, there is none any more."""
        try:
            self.reference = act() or self.reference
        except NoReference as reason:
            self.reference, self.without = None, str(reason)
        return self.reference is not None

    def _signed_keys(self, states: Mapping[Any, Mapping[str, Any]]) -> set[str]:
        return {
            key
            for p in self._group_of
            for key, value in _shaped_like(p, states.get(p, {})).items()
            if bool((value < 0).any())
        }

    def _layer(
        self,
        parameters: Sequence[nn.Parameter],
        after: Callable[[nn.Parameter], Tensor],
        states: Mapping[Any, Mapping[str, Any]],
        signed: AbstractSet[str],
    ) -> Look:
        seen = [p for p in parameters if p in self._gradients]
        if not seen:
            return NOTHING
        gradient = _joined(self._gradients[p] for p in seen)
        update = self._way(seen, after)
        scaled = _joined((after(p) - self._before[p]) / self._group_of[p]["lr"] for p in seen)
        moments = [_shaped_like(p, states.get(p, {})) for p in seen]
        first = [_first(own, signed) for own in moments if own.keys() & signed]
        second = [_first(own, own.keys() - signed) for own in moments if own.keys() - signed]
        return Look(
            gradient=_rms(gradient),
            first=_rms(torch.cat(first).double()) if first else MISSING,
            second=torch.cat(second).double().mean().sqrt().item() if second else MISSING,
            update=_rms(update),
            per_lr=_rms(scaled),
            cosine=-_cosine(gradient, update),
        )

    def _beside(
        self, parameters: Sequence[nn.Parameter], reference: TorchReference, states: Mapping[Any, Mapping[str, Any]]
    ) -> Beside:
        seen = [p for p in parameters if p in self._gradients]
        if not seen:
            return Beside(NOTHING, MISSING, MISSING, MISSING)
        look = self._layer(parameters, reference.parameter, states, self._signed_there)
        yours, theirs = self._way(seen, lambda p: p), self._way(seen, reference.parameter)
        spacing = torch.finfo(seen[0].dtype).eps * _rms(_joined(self._before[p] for p in seen))
        return Beside(
            look,
            apart=_ratio((yours - theirs).norm().item(), theirs.norm().item()),
            alike=_cosine(yours, theirs),
            grain=_ratio(spacing, look.update),
        )

    def _way(self, parameters: Sequence[nn.Parameter], after: Callable[[nn.Parameter], Tensor]) -> Tensor:
        return _joined(after(p) - self._before[p] for p in parameters)


def _joined(tensors: Any) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors]).double()


def _rms(values: Tensor) -> float:
    return values.square().mean().sqrt().item()


def _ratio(part: float, whole: float) -> float:
    if whole:
        return part / whole
    return math.inf if part else 0.0


def _cosine(one: Tensor, other: Tensor) -> float:
    lengths = (one.norm() * other.norm()).item()
    return (one @ other).item() / lengths if lengths else MISSING


def _shaped_like(parameter: Tensor, state: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the state of a parameter holds in its shape; torch's count of steps has the shape of a single number."""
    return {
        key: v for key, v in state.items() if isinstance(v, Tensor) and v.shape == parameter.shape and key != "step"
    }


def _first(own: Mapping[str, Tensor], keys: AbstractSet[str]) -> Tensor:
    return next(value.flatten() for key, value in own.items() if key in keys)


__all__ = ["Beside", "Difference", "Look", "Microscope"]
