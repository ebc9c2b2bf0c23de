"""Plays a scripted run of an optimizer: scripted gradients, learning rates, saves and loads, parameters frozen at first.

After each step but an "unseen" one it writes one frame: every parameter as the model sees it, every parameter as an older view of its
storage sees it, every gradient as the step left it (NaN where None), and `EXTRAS` numbers. With `tiles`, all numbers of a
parameter are repeated so often, and noted once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from autograder.worker.codes import GRAD_MODE_OFF
from autograder.worker.harness import Recorder, reloaded
from autograder.worker.players.tensors import DTYPES, in_a_row, numbers, size_of, tensor

EXTRAS = ("graph", "leaf", "dtype", "closure_calls", "closure_value", "state_numel")
"""Per frame: graph kept in the state (0/1; GRAD_MODE_OFF for gradients left switched off), parameters that are no trainable leaf any more, parameters whose dtype or
shape changed, closure calls, what step(closure) returned, elements of all tensors in the state."""


def play(module: Any, scenario: dict[str, Any], recorder: Recorder) -> None:
    """Run the events of one scenario, leaving one frame for each step."""
    run = _Run(module, scenario)
    for index, event in enumerate([["build"], *scenario["events"]]):
        recorder.event = index
        frame = run.do(event)
        if frame is not None:
            recorder.put(run.frames * run.width, frame)
            run.frames += 1


class _Run:
    def __init__(self, module: Any, scenario: dict[str, Any]):
        self.module, self.scenario = module, scenario
        self.tiles = scenario.get("tiles", 1)
        self.shapes: list[list[int]] = [_tiled(shape, self.tiles) for shape in scenario["shapes"]]
        self.dtype = scenario.get("dtype", "float64")
        self.frames = 0
        self.numel = sum(size_of(shape) for shape in scenario["shapes"])
        self.width = 3 * self.numel + len(EXTRAS)
        self.closure_calls, self.closure_value = 0, float("nan")
        self.layouts = layouts = scenario.get("layouts") or ["contiguous"] * len(self.shapes)
        self.params = [
            torch.nn.Parameter(tensor(values * self.tiles, shape, self._dtype(i), layout))
            for i, (values, shape, layout) in enumerate(zip(scenario["init"], self.shapes, layouts, strict=True))
        ]
        self.frozen = set(scenario.get("frozen", []))
        for i in self.frozen:
            self.params[i].requires_grad_(False)
        self.views = [param.data for param in self.params]
        self.optimizers: list[Any] = []
        self.saved: tuple[Any, list[torch.Tensor]]

    def do(self, event: list[Any]) -> np.ndarray | None:
        """One event; a frame where it was a step."""
        kind, *rest = event
        if kind == "build":
            self.optimizers = [self._build(instance) for instance in self.scenario["instances"]]
        elif kind == "set":
            which, group, name, value = rest
            self.optimizers[which].param_groups[group][name] = value
        elif kind == "reload":
            self._reload(rest[0])
        elif kind == "save":
            self.saved = reloaded(self.optimizers[rest[0]].state_dict()), [p.detach().clone() for p in self.params]
        elif kind == "restore":
            state, values = self.saved
            for param, value in zip(self.params, values, strict=True):
                param.detach().copy_(value)
            self.optimizers[rest[0]].load_state_dict(state)
        elif kind == "assign":
            number, values = rest
            param = self.params[number]
            param.detach().copy_(tensor(values, self.shapes[number], self._dtype(number)))
        elif kind == "unfreeze":
            self.frozen.remove(rest[0])
            self.params[rest[0]].requires_grad_(True)
        elif kind == "step":
            self._step(*rest)
            return self._frame()
        elif kind == "unseen":
            self._step(*rest)
        elif kind == "closure":
            self._closure_step(*rest)
            return self._frame()
        else:
            raise AssertionError(f"unknown event {kind}")
        return None

    def _dtype(self, number: int) -> str:
        """A parameter's own, where they differ; "dtype" is the coarsest then."""
        own: list[str] | None = self.scenario.get("own_dtypes")
        return own[number] if own else self.dtype

    def _build(self, instance: dict[str, Any]) -> Any:
        groups = [
            {"params": [self.params[i] for i in group["params"]], **_hyper(group["hyper"])}
            for group in instance["groups"]
        ]
        form = instance.get("form", "groups")
        plain = [param for group in groups for param in group["params"]]
        if form == "groups of generators":
            groups = [{**group, "params": iter(group["params"])} for group in groups]
        if form == "groups of tensors":
            groups = [{**group, "params": group["params"][0]} for group in groups]
        params: Any = iter(plain) if form == "generator" else plain if form == "list" else groups
        make = getattr(self.module, self.scenario["entry"])
        return make(params, *_values(instance.get("args", [])), **_hyper(instance.get("kwargs", {})))

    def _reload(self, which: int) -> None:
        """A new process: new tensors of the same values, a new optimizer built as the first was, its state loaded."""
        saved = reloaded(self.optimizers[which].state_dict())
        mine = {i for group in self.scenario["instances"][which]["groups"] for i in group["params"]}
        for i in mine:
            self.params[i] = torch.nn.Parameter(self.params[i].detach().clone(memory_format=torch.preserve_format))
            self.views[i] = self.params[i].data
        self.optimizers[which] = self._build(self.scenario["instances"][which])
        self.optimizers[which].load_state_dict(saved)

    def _step(self, which: int, grads: list[Any]) -> None:
        for i, grad in self._mine(which, grads):
            new = (
                None if grad is None else tensor(grad * self.tiles, self.shapes[i], self._dtype(i), self.layouts[i])
            )  # autograd keeps a parameter's layout
            old = self.params[i].grad
            if new is not None and old is not None and self.scenario.get("reuse_grads"):
                old.copy_(new)  # as backward does after zero_grad(set_to_none=False)
            else:
                self.params[i].grad = new
        self.optimizers[which].step()

    def _closure_step(
        self,
        which: int,
        targets: list[Any],
        curvature: float,
        by_name: bool = False,
        number: bool = False,
        left: bool = False,
    ) -> None:
        """step(closure) on ½·curvature·Σ(p − target)². number: the closure returns a number, no tensor. left: gradients of
        an earlier step are there until the closure clears them."""
        mine = [(i, tensor(target, self.shapes[i], self._dtype(i))) for i, target in self._mine(which, targets)]
        for i, _ in mine if not left else []:
            self.params[i].grad = None
        self.closure_calls = 0

        def closure() -> torch.Tensor | float:
            self.closure_calls += 1
            for i, _ in mine:
                self.params[i].grad = None
            loss = sum(
                (0.5 * curvature * (self.params[i] - target).pow(2).sum() for i, target in mine), torch.tensor(0.0)
            )
            loss.backward()
            return loss.item() if number else loss

        step = self.optimizers[which].step
        returned = step(closure=closure) if by_name else step(closure)
        self.closure_value = float(numbers(returned, 1)[0])

    def _mine(self, which: int, values: list[Any]) -> list[tuple[int, Any]]:
        order = [i for group in self.scenario["instances"][which]["groups"] for i in group["params"]]
        return list(zip(order, values, strict=True))

    def _frame(self) -> np.ndarray:
        sizes = 3 * [size_of(shape) for shape in self.shapes]
        seen = in_a_row([*self.params, *self.views, *(param.grad for param in self.params)], sizes)
        if self.tiles > 1:
            parts = np.split(seen, np.cumsum(sizes)[:-1])
            seen = np.concatenate([_one_tile(part, self.tiles) for part in parts])
        changed = sum(
            param.dtype != DTYPES[self._dtype(i)] or list(param.shape) != shape
            for i, (param, shape) in enumerate(zip(self.params, self.shapes, strict=True))
        )
        bad_leaf = sum(
            not param.is_leaf or param.requires_grad == (i in self.frozen) for i, param in enumerate(self.params)
        )
        state = [leaf for optimizer in self.optimizers for leaf in _tensors(getattr(optimizer, "state", None))]
        graph = float(any(leaf.grad_fn is not None for leaf in state))
        if not torch.is_grad_enabled():
            torch.set_grad_enabled(True)
            graph = GRAD_MODE_OFF
        extras = [graph, bad_leaf, changed, self.closure_calls, self.closure_value, sum(leaf.numel() for leaf in state)]
        return np.concatenate([seen, np.asarray(extras, dtype=np.float64)])


def _tiled(shape: list[int], tiles: int) -> list[int]:
    """The shape of so many tensors of `shape`, one behind the other."""
    return [tiles * shape[0], *shape[1:]] if shape else shape


def _one_tile(values: np.ndarray, tiles: int) -> np.ndarray:
    """What all tiles hold, up to the rounding of other instructions at a vector's end; NaN where they differ."""
    if not values.size:
        return values
    rows = values.reshape(tiles, -1)
    return np.where(np.ptp(rows, axis=0) <= 1e-12 * np.abs(rows[0]), rows[0], np.nan)


def _hyper(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no tuples; torch's signatures do (betas)."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _values(values: list[Any]) -> list[Any]:
    return [tuple(value) if isinstance(value, list) else value for value in values]


def _tensors(value: Any, depth: int = 4) -> list[torch.Tensor]:
    """Every tensor inside a state, however nested."""
    if isinstance(value, torch.Tensor):
        return [value]
    if depth == 0:
        return []
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _tensors(inner, depth - 1)]
    if isinstance(value, list | tuple):
        return [leaf for inner in value for leaf in _tensors(inner, depth - 1)]
    return []
