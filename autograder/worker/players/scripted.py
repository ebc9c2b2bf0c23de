"""Plays scripted events on one object of the student's: losses, method calls, saves and loads.

After every event it writes one frame: what the event returned, the code of an exception that was expected there, every
parameter as the model sees it, every parameter as an older view of its storage sees it, every gradient (NaN for None).
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import torch

from autograder.worker.codes import TooWideError, error_code, says_not_written
from autograder.worker.harness import Recorder, reloaded
from autograder.worker.players.tensors import in_a_row, numbers, size_of, tensor


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """Build the object, then run the events; one frame each."""
    run = _Run(module, scenario)
    recorder.event = 0
    run.build()
    for index, event in enumerate(scenario["events"], start=1):
        recorder.event = index
        run.do(event)
        recorder.put((index - 1) * run.width, run.frame(event))


class FadingSGD(torch.optim.SGD):
    """SGD whose step() also multiplies the learning rate by a factor, so that every call leaves a trace."""

    def __init__(self, groups: list[dict[str, Any]], lr_factor: float, **kwargs: Any):
        super().__init__(groups, **kwargs)
        self.lr_factor = lr_factor

    def step(self, closure: Any = None) -> Any:
        """One step; the next has another learning rate."""
        result = super().step(closure)
        for group in self.param_groups:
            group["lr"] *= self.lr_factor
        return result


class CopyingSGD(torch.optim.SGD):
    """SGD that never shares memory with a state it has loaded, as torch's optimizers do."""

    def load_state_dict(self, state_dict: Any) -> None:
        """Load a copy."""
        super().load_state_dict(copy.deepcopy(state_dict))


def _sgd_of_masters(
    params: Any, first_lr: float | None = None, last_first: bool = False, **kwargs: Any
) -> torch.optim.Optimizer:
    """SGD over a list of tensors, which have to be no wider than float32. first_lr: of the first of them alone.
    last_first: the last of them is a group of its own, before the others."""
    groups = [] if first_lr is None else [{"params": params[:1], "lr": first_lr}, {"params": params[1:]}]
    if last_first:
        groups = [{"params": params[-1:]}, {"params": params[:-1]}]
    params = list(params)
    if not all(isinstance(param, torch.Tensor) for param in params):
        raise TypeError("make_optimizer takes a list of tensors, without parameter groups or names")
    optimizer = CopyingSGD(groups or params, **kwargs)
    if any(param.dtype == torch.float64 for group in optimizer.param_groups for param in group["params"]):
        raise TooWideError("make_optimizer got float64 tensors; the masters are float32 copies")
    return optimizer


class _Run:
    def __init__(self, module: Any, scenario: dict[str, Any]):
        self.module, self.scenario = module, scenario
        self.shapes: list[list[int]] = scenario["shapes"]
        self.formats = scenario.get("formats", [scenario["format"]] * len(self.shapes))
        layout, frozen = scenario.get("layout", "contiguous"), scenario.get("frozen", ())
        self.params = [
            torch.nn.Parameter(tensor(values, shape, dtype, layout), requires_grad=i not in frozen)
            for i, (values, shape, dtype) in enumerate(zip(scenario["init"], self.shapes, self.formats, strict=True))
        ]
        self.views = [param.data for param in self.params]
        self.width = 2 + 3 * sum(size_of(shape) for shape in self.shapes)
        self.optimizers = [self._optimizer(spec) for spec in scenario.get("optimizers", [])]
        self.made: list[torch.optim.Optimizer] = []
        self.object: Any = None
        self.result: Any = None
        self.error = 0.0
        self.held: list[torch.Tensor | None] = []

    def build(self) -> None:
        self.object = self._new_object()

    def _new_object(self) -> Any:
        make, how = getattr(self.module, self.scenario["entry"]), self.scenario["make"]
        args = [self._argument(value) for value in how.get("args", [])]
        return make(*args, **{name: self._argument(value) for name, value in how.get("kwargs", {}).items()})

    def do(self, event: list[Any]) -> None:
        """One event; what it returned is in self.result."""
        kind, *rest = event
        self.result, self.error = None, 0.0
        getattr(self, f"_{kind}")(*rest)

    def _backward(self, coefficients: list[Any], scaled: bool, fresh: bool) -> None:
        """The loss Σ coefficient · parameter, through the object's scale() or not; a parameter without coefficients has no
        gradient afterwards. fresh: gradients of before are forgotten. A scaled loss is float32."""
        wide = (lambda value: value.float()) if scaled else (lambda value: value)
        loss = wide(torch.zeros((), dtype=self.params[0].dtype))
        for param, values, shape, dtype in zip(self.params, coefficients, self.shapes, self.formats, strict=True):
            if values is None or fresh:
                param.grad = None
            if values is not None:
                loss = loss + (wide(tensor(values, shape, dtype)) * wide(param)).sum()
        value = self.object.scale(loss) if scaled else loss
        self.result = value
        if value.requires_grad or scaled or any(values is not None for values in coefficients):
            value.backward()
        self.held = [param.grad for param in self.params]

    def _call(self, method: str, args: list[Any], expect_error: bool = False) -> None:
        try:
            self.result = getattr(self.object, method)(*[self._argument(value) for value in args])
        except Exception as error:
            if not expect_error or says_not_written(error):
                raise
            self.error = float(error_code(error))

    def _shrink(self, factor: float) -> None:
        """Something the training loop does to gradients between unscaling and the step, such as clipping."""
        for param in self.params:
            if param.grad is not None:
                param.grad.mul_(factor)

    def _shrink_held(self, factor: float) -> None:
        """The same, by somebody who holds the tensors that backward() made."""
        for grad in self.held:
            if grad is not None:
                grad.mul_(factor)

    def _clamp(self, most: float) -> None:
        """What torch.nn.utils.clip_grad_value_ does."""
        for param in self.params:
            if param.grad is not None:
                param.grad.clamp_(-most, most)

    def _add_group(self, which: int, group: list[int]) -> None:
        """One more group for an optimizer, with its current learning rate."""
        optimizer = self.optimizers[which]
        params = [self.params[i] for i in group]
        optimizer.add_param_group({"params": params, "lr": optimizer.param_groups[0]["lr"]})

    def _freeze(self, chosen: list[int]) -> None:
        """Parameters that are frozen when their gradients are there already."""
        for i in chosen:
            self.params[i].requires_grad_(False)

    def _entries(self, which: int) -> None:
        """How many entries an optimizer's groups and state have that it had not when it was new."""
        used, new = self.optimizers[which], self._optimizer(self.scenario["optimizers"][which])
        self.result = sum(map(len, used.param_groups)) - sum(map(len, new.param_groups)) + len(used.state)

    def _repeat(self, times: int, events: list[list[Any]]) -> None:
        for _ in range(times):
            for event in events:
                self.do(event)

    def _reload(self) -> None:
        """A new process: new parameters of the same values, a new object, its state loaded."""
        saved = reloaded(self.object.state_dict())
        self.params = [torch.nn.Parameter(p.detach().clone(), requires_grad=p.requires_grad) for p in self.params]
        self.views = [param.data for param in self.params]
        self.optimizers = [self._optimizer(spec) for spec in self.scenario.get("optimizers", [])]
        self.build()
        self.object.load_state_dict(saved)

    def _beside(self, updates: bool) -> None:
        """A second scaler, which finds an overflow in an optimizer of its own; updates: and ends that step."""
        own = torch.nn.Parameter(torch.ones(2))
        own.grad = torch.full_like(own, math.inf)
        self.beside = other, optimizer = self._new_object(), torch.optim.SGD([own], lr=0.1)
        other.scale(torch.ones((), requires_grad=True))
        other.unscale_(optimizer)
        if updates:
            other.step(optimizer)
            other.update()

    def _save(self) -> None:
        """A checkpoint of the model and the object, from a file and kept in memory."""
        self.saved = (reloaded(self.object.state_dict()), [param.detach().clone() for param in self.params])

    def _restore(self) -> None:
        """The same model and the same object go back to that checkpoint."""
        state, values = self.saved
        with torch.no_grad():
            for param, value in zip(self.params, values, strict=True):
                param.copy_(value)
                param.grad = None
        self.object.load_state_dict(state)

    def _optimizer(self, spec: dict[str, Any]) -> torch.optim.Optimizer:
        groups = [{"params": [self.params[i] for i in group]} for group in spec["groups"]]
        return FadingSGD(groups, spec.get("lr_factor", 1.0), **spec["kwargs"])

    def _made(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        self.made.append(optimizer)
        return optimizer

    def _set_lr(self, lr: float) -> None:
        """What a schedule does to the optimizers that the object has asked for."""
        for optimizer in self.made:
            for group in optimizer.param_groups:
                group["lr"] = lr

    def _argument(self, value: Any) -> Any:
        """Plain data as what it stands for: an optimizer, the parameters, a factory of optimizers, a loss."""
        if not isinstance(value, dict):
            return value
        if "optimizer" in value:
            return self.optimizers[value["optimizer"]]
        if "params" in value:
            chosen = [self.params[i] for i in value["params"]]
            return iter(chosen) if value["form"] == "generator" else chosen
        if "make_sgd" in value:
            return lambda params: self._made(_sgd_of_masters(params, **value["make_sgd"]))
        return torch.tensor(value["loss"], dtype=torch.float32, requires_grad=True)

    def frame(self, event: list[Any]) -> np.ndarray:
        sizes = [size_of(shape) for shape in self.shapes]
        result = float(self.result) if isinstance(self.result, np.bool_) else self.result
        parts = [numbers(result, 1), np.array([self.error])]
        grads = [param.grad for param in self.params]
        if event[:2] == ["call", "zero_grad"]:
            grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.params]
        return np.concatenate([*parts, in_a_row([*self.params, *self.views, *grads], 3 * sizes)])
