"""The microscope: what an optimizer does to each layer, at every step of a run.

    scope = Microscope(optimizer, model.kinds())
    with scope:
        train(model, optimizer, data, steps)
    show_microscope(scope, optimizer="Adam", stills=(1, 100), alt="...")

It looks at any torch optimizer from outside: gradients before a step, the state and the way that was gone after it.
State of a parameter's shape that is nowhere negative is taken as the second moment, other state as the first, whatever
its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from course_lib.lab.live_figure import live_figure
from course_lib.lab.plots import label_ends
from course_lib.lab.style import colour, ramp, theme
from course_lib.lab.widgets import Slider

HEIGHT = 5.4
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


class Microscope:
    """Watches an optimizer while it is used as a context manager; `looks` has one dict a step, layer → Look.

    layers: name → parameters, such as `model.kinds()`. Parameters the optimizer does not have are left out.
    """

    def __init__(self, optimizer: Optimizer, layers: Mapping[str, Sequence[nn.Parameter]]):
        self.optimizer = optimizer
        self._group_of = {p: group for group in optimizer.param_groups for p in group["params"]}
        known = {name: [p for p in parameters if p in self._group_of] for name, parameters in layers.items()}
        self.layers = {name: parameters for name, parameters in known.items() if parameters}
        self.looks: list[dict[str, Look]] = []
        self._before: dict[Tensor, Tensor] = {}
        self._hooks: list[Any] = []
        self._depth = 0
        self._signed: set[str] = set()

    def __enter__(self) -> Microscope:
        self._hooks = [
            self.optimizer.register_step_pre_hook(self._remember),
            self.optimizer.register_step_post_hook(self._look),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._before, self._depth = {}, 0

    def series(self, layer: str, quantity: str) -> list[float]:
        """One quantity of one layer over all steps, such as series("mlp", "per_lr")."""
        return [getattr(looks[layer], quantity) for looks in self.looks]

    @torch.no_grad()
    def _remember(self, *_: object) -> None:
        self._depth += 1
        if self._depth > 1:  # step() that calls its base class's step()
            return
        self._before = {p: p.detach().clone() for parameters in self.layers.values() for p in parameters}

    @torch.no_grad()
    def _look(self, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        for p in self._group_of:
            own = _shaped_like(p, self.optimizer.state.get(p, {}))
            self._signed |= {key for key, value in own.items() if bool((value < 0).any())}
        self.looks.append({name: self._layer(parameters) for name, parameters in self.layers.items()})

    def _layer(self, parameters: Sequence[nn.Parameter]) -> Look:
        seen = [p for p in parameters if p.grad is not None]
        if not seen:
            return Look(*[MISSING] * 6)
        gradient = torch.cat([p.grad.flatten() for p in seen if p.grad is not None]).double()
        update = torch.cat([(p - self._before[p]).flatten() for p in seen]).double()
        scaled = torch.cat([((p - self._before[p]) / self._group_of[p]["lr"]).flatten() for p in seen]).double()
        moments = [_shaped_like(p, self.optimizer.state.get(p, {})) for p in seen]
        first = [_first(own, self._signed) for own in moments if own.keys() & self._signed]
        second = [_first(own, own.keys() - self._signed) for own in moments if own.keys() - self._signed]
        lengths = (gradient.norm() * update.norm()).item()
        return Look(
            gradient=_rms(gradient),
            first=_rms(torch.cat(first).double()) if first else MISSING,
            second=torch.cat(second).double().mean().sqrt().item() if second else MISSING,
            update=_rms(update),
            per_lr=_rms(scaled),
            cosine=-(gradient @ update).item() / lengths if lengths else MISSING,
        )


def _rms(values: Tensor) -> float:
    return values.square().mean().sqrt().item()


def _shaped_like(parameter: nn.Parameter, state: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the state of a parameter holds in its shape."""
    return {key: v for key, v in state.items() if isinstance(v, Tensor) and v.shape == parameter.shape}


def _first(own: Mapping[str, Tensor], keys: AbstractSet[str]) -> Tensor:
    return next(value.flatten() for key, value in own.items() if key in keys)


def show_microscope(scope: Microscope, *, optimizer: str, stills: Sequence[int] = (), alt: str) -> None:
    """A slider over the steps: sizes of gradient, m and √v by layer, length and direction of the update.

    optimizer: whose colour to use. stills: steps (from 1) to draw where no slider can work, by default the first and the
    last. alt: what those show, in words.
    """
    last = len(scope.looks)
    slider = Slider(low=1, high=max(last, 2), start=min(10, last), step=1)
    shown = [{"step": step} for step in (stills or (1, last)) if step <= last]
    live_figure(_view(scope, optimizer), {"step": slider}, shown, height=HEIGHT, alt=alt)


def _view(scope: Microscope, optimizer: str) -> Any:
    """`make` for live_figure."""

    def make(figure: Any) -> Any:
        names = list(scope.layers)
        above, below = figure.subplots(2, 1, height_ratios=(1, 1.15))
        steps = np.arange(1, len(scope.looks) + 1)
        for name, color in zip(names, ramp(len(names)), strict=True):
            above.plot(steps, scope.series(name, "per_lr"), color=color, linewidth=1.2, label=name)
        above.set(yscale="log", ylabel="RMS of the update / lr", xlabel="step", xlim=(1, max(len(steps), 2)))
        label_ends(above)
        mark = above.axvline(1, color=theme().ink, linewidth=1.4, animated=True, zorder=5)
        points = {
            quantity: below.plot([], [], marker, color=color, markersize=8, animated=True, label=label)[0]
            for quantity, marker, color, label in (
                ("gradient", "o", theme().neutral, "gradient"),
                ("first", "^", colour("Momentum"), "m"),
                ("second", "s", colour("RMSprop"), "√v"),
                ("update", "D", colour(optimizer), "update"),
            )
        }
        values = [v for q in points for name in names for v in scope.series(name, q) if v > 0]
        low, high = (min(values) / 2, max(values) * 2) if values else (1e-3, 1.0)
        below.set(xscale="log", xlim=(low, high), ylim=(-0.6, len(names) - 0.4))
        below.set(yticks=range(len(names)), yticklabels=names, xlabel="RMS over the numbers of a layer")
        below.invert_yaxis()
        below.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, frameon=False, borderaxespad=0.1)
        below.text(1.01, -0.75, "cosine to\n−gradient", transform=below.get_yaxis_transform(), size=9, va="bottom")
        angles = [_angle_text(below, row) for row in range(len(names))]

        def update(step: float) -> str:
            looks = scope.looks[min(max(round(step), 1), len(scope.looks)) - 1]
            mark.set_xdata([step, step])
            for quantity, line in points.items():
                line.set_data([getattr(looks[name], quantity) for name in names], np.arange(len(names)))
            for text, name in zip(angles, names, strict=True):
                text.set_text(_cosine(looks[name]))
            return _in_words(looks)

        return update

    return make


def _angle_text(ax: Any, row: int) -> Any:
    return ax.text(1.02, row, "", transform=ax.get_yaxis_transform(), va="center", animated=True)


def _cosine(look: Look) -> str:
    return "" if math.isnan(look.cosine) else f"{look.cosine:.2f}"


def _in_words(looks: Mapping[str, Look]) -> str:
    """Where the update is longest and shortest in units of lr, and how it points."""
    known = {name: look for name, look in looks.items() if not math.isnan(look.per_lr)}
    if not known:
        return "no layer had a gradient"
    lengths = [look.per_lr for look in known.values()]
    angles = [look.cosine for look in known.values() if not math.isnan(look.cosine)]
    text = f"updates of {min(lengths):.2g} to {max(lengths):.2g} × lr"
    return f"{text}, cosine to −gradient {min(angles):.2f} to {max(angles):.2f}" if angles else text


__all__ = ["Look", "Microscope", "show_microscope"]
