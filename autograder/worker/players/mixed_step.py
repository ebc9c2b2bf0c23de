"""Plays mixed_precision_step on a small model whose numbers stay exact, with a loss scaler that keeps a protocol.

Each call leaves one frame: the loss returned, 1 if it is a Python number (2 if neither that nor a tensor of one nor None), how loss_fn was called (1 model and parts of
the batch, 2 model and the batch, 3 the model's output and the target), the dtype of the model's output (bits of its
mantissa; 0 where autocast was entered, but for another device), how often the model ran, the scale afterwards, 1 where parameters kept their dtype (2 where autocast was left on, 3 where modes changed), and every parameter. Where
loss_fn was called with parts of the batch, a step with "weighted" has a batch of three. Once a parameter is infinite, NaN or beyond 1e30, all of them and the losses of later calls are written as NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.worker.codes import AUTOCAST_LEFT_ON, MODE_CHANGED, OTHER_RESULT
from autograder.worker.harness import Recorder
from autograder.worker.players.tensors import numbers, size_of, tensor

HEAD = ("loss", "number", "form", "mantissa", "forwards", "scale", "dtypes")
MANTISSA = {torch.float32: 23, torch.bfloat16: 7, torch.float16: 10, torch.float64: 52}
DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """One frame per call."""
    run = _Run(module, scenario)
    for index, step in enumerate(scenario["steps"]):
        recorder.event = index
        frame = run.step(step)
        recorder.put(index * frame.size, frame)


class TwoLayers(nn.Module):
    """Linear, ReLU, Linear; notes what its output is made of."""

    def __init__(self, first: list[float], second: list[float], sizes: list[int], biases: list[list[float]]):
        super().__init__()
        inputs, hidden, outputs = sizes
        self.first = nn.Linear(inputs, hidden, bias=bool(biases))
        self.second = nn.Linear(hidden, outputs, bias=bool(biases))
        self.unused = nn.Parameter(torch.ones(2))
        self.first.weight.data = tensor(first, [hidden, inputs], "float32")
        self.second.weight.data = tensor(second, [outputs, hidden], "float32")
        for layer, bias in zip((self.first, self.second), biases, strict=False):
            layer.bias.data = tensor(bias, [len(bias)], "float32")
        self.forwards, self.made_of = 0, torch.float32
        self.modes_then: list[bool] = []

    def every(self) -> list[torch.Tensor]:
        """The parameters in the order of the frame."""
        biases = [layer.bias for layer in (self.first, self.second) if layer.bias is not None]
        return [self.first.weight, self.second.weight, self.unused, *biases]

    def modes(self) -> list[bool]:
        """Which parts are in training mode."""
        return [part.training for part in self.modules()]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (batch, inputs). Returns (batch, outputs)."""
        out = self.second(torch.relu(self.first(x)))
        self.modes_then = self.modes()
        self.forwards, self.made_of = self.forwards + 1, out.dtype
        return out


class Scaler:
    """A loss scaler with the methods of LossScaler."""

    def __init__(self, scale: float):
        self.value, self.unscaled, self.found = scale, False, False

    def scale(self, loss: torch.Tensor) -> torch.Tensor:
        """The loss times the scale."""
        return loss * self.value

    @torch.no_grad()
    def unscale_(self, optimizer: torch.optim.Optimizer) -> None:
        """Divide the gradients, once per step."""
        if self.unscaled:
            raise RuntimeError("unscale_() has already been called since the last update()")
        self.unscaled = True
        for group in optimizer.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    param.grad.div_(self.value)
                    self.found = self.found or not bool(torch.isfinite(param.grad).all())

    def step(self, optimizer: torch.optim.Optimizer) -> bool:
        """Step, unless something was not finite."""
        if not self.unscaled:
            self.unscale_(optimizer)
        if not self.found:
            optimizer.step()
        return not self.found

    def update(self) -> None:
        """Half the scale after an overflow; twice the scale otherwise, so that every update shows."""
        self.value *= 0.5 if self.found else 2.0
        self.unscaled, self.found = False, False


class TorchScaler(torch.amp.GradScaler):
    """torch's, growing as often as Scaler does."""

    def __init__(self, scale: float):
        super().__init__("cpu", init_scale=scale, growth_factor=2.0, backoff_factor=0.5, growth_interval=1)
        self.scale(torch.zeros(()))

    @property
    def value(self) -> float:
        """The scale."""
        return float(self.get_scale())


@contextmanager
def _autocast_devices() -> Iterator[list[str]]:
    """The devices for which autocast is entered meanwhile."""
    devices: list[str] = []
    enter = torch.autocast.__enter__

    def noted(context: Any) -> Any:
        devices.append(context.device)
        return enter(context)

    torch.autocast.__enter__ = noted  # type: ignore[method-assign]
    try:
        yield devices
    finally:
        torch.autocast.__enter__ = enter  # type: ignore[method-assign]


def _kind(result: Any) -> float:
    """1 for a Python number, 0 for None and for one number in a tensor or an array."""
    if isinstance(result, int | float):
        return 1.0
    one = isinstance(result, torch.Tensor | np.ndarray | np.generic) and math.prod(result.shape) == 1
    return 0.0 if one or result is None else OTHER_RESULT


class _Run:
    def __init__(self, module: Any, scenario: dict[str, Any]):
        self.function, self.scenario = getattr(module, scenario["entry"]), scenario
        self.sizes = scenario["sizes"]
        self.model = TwoLayers(scenario["first"], scenario["second"], self.sizes, scenario.get("biases", []))
        params = self.model.every()
        if scenario.get("stale"):
            for param in params:
                param.grad = torch.full_like(param, 3.0)
        self.modes = self.model.modes()
        self.frozen = scenario.get("frozen", [])
        for i in self.frozen:
            params[i].requires_grad_(False)
        groups = [{"params": [params[i] for i in group]} for group in scenario.get("groups", [range(len(params))])]
        self.optimizer = torch.optim.SGD(groups, lr=scenario["lr"], momentum=0.5)
        make = TorchScaler if scenario.get("torch_scaler") else Scaler
        self.scaler = make(scenario["scale"]) if scenario["scale"] else None
        self.form, self.parts = 0, 2

    def loss_fn(self, *args: Any) -> torch.Tensor:
        """Half the squared error, in float32; times inf where the script wants an overflow."""
        if args and args[0] is self.model:
            self.form = 2 if len(args) == 2 else 1
            batch = args[1] if len(args) == 2 else args[1:]
            if len(batch) != self.parts:
                raise TypeError(f"loss_fn takes the model and {self.parts} parts of a batch; it got {len(batch)}")
            x, target = batch[:2]
            output = self.model(x)
        elif len(args) != 2:
            given = f"{len(args)} arguments, and the first is not the model"
            raise TypeError(f"loss_fn takes the model and {self.parts} parts of a batch; it got {given}")
        else:
            self.form = 3
            output, target = args
        return 0.5 * (output.float() - target).square().sum() * self.factor + self.offset

    def step(self, step: dict[str, Any]) -> np.ndarray:
        count = len(step["x"]) // self.sizes[0]
        x = tensor(step["x"], [count, self.sizes[0]], "float32")
        target = tensor(step["target"], [count, self.sizes[2]], "float32")
        batch: list[Any] = [x, target]
        if step.get("weighted") and self.form == 1:
            batch.append(torch.ones(count))
        self.factor, self.offset = step.get("factor", 1.0), step.get("offset", 0.0)
        self.form, self.parts, self.model.forwards = 0, len(batch), 0
        kwargs: dict[str, Any] = {} if self.scaler is None else {"scaler": self.scaler}
        kwargs |= self.scenario["kwargs"]
        if "dtype" in kwargs:
            kwargs["dtype"] = DTYPES[kwargs["dtype"]]
        usable = self.usable()
        with _autocast_devices() as devices:
            if self.scenario.get("by_place"):
                result = self.function(self.model, self.loss_fn, tuple(batch), self.optimizer, *kwargs.values())
            else:
                result = self.function(self.model, self.loss_fn, tuple(batch), self.optimizer, **kwargs)
        left_on = torch.is_autocast_enabled("cpu")
        torch.set_autocast_enabled("cpu", False)
        elsewhere = self.model.made_of == torch.float32 and bool(devices) and "cpu" not in devices
        weights = self.model.every()
        moded = self.modes == self.model.modes() and self.model.modes_then in ([], self.modes)
        kept = all(weight.dtype == torch.float32 for weight in weights)
        head = [
            numbers(result, 1)[0] if usable else np.nan,
            _kind(result),
            self.form,
            0 if elsewhere else MANTISSA.get(self.model.made_of, -1),
            self.model.forwards,
            self.scaler.value if self.scaler is not None else np.nan,
            AUTOCAST_LEFT_ON if left_on else float(kept) if moded else MODE_CHANGED,
        ]
        sizes = [size_of(list(weight.shape)) for weight in weights]
        values = np.concatenate([numbers(w, n) for w, n in zip(weights, sizes, strict=True)])
        return np.concatenate([head, values if self.usable() else np.full(values.size, np.nan)])

    def usable(self) -> bool:
        """Whether all weights are numbers that one can go on with."""
        return all(bool((param.detach().abs() < 1e30).all()) for param in self.model.parameters())
