"""What every optimizer owes its user, beside its rule: which parameters it visits, with whose hyperparameters and state.

Each duty is one method of `Contract`; a variant may replace it, which is how mistakes such as "state shared by all
parameters" compose with mistakes in the rule. The catalogue of such mistakes is in contract_mistakes.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.rule import CONTRACT, WRITES_AGAIN
from autograder.judge.variants import Variant
from autograder.worker.codes import ErrorCode

if TYPE_CHECKING:
    from autograder.judge.simulate import Instance, _Run

Entry = tuple[dict[str, Any], int, np.ndarray]
"""A group, a parameter's number, the gradient to use."""


class Raises(Exception):
    """The simulated program raises an exception at this event; of one of these kinds, where they are known."""

    def __init__(self, *codes: ErrorCode):
        super().__init__()
        self.codes = codes


class Contract:
    """The duties, as a variant fulfils them."""

    def __init__(self, variant: Variant):
        self._replaced = {name: step for name, step in variant.steps.items() if name in CONTRACT}
        self.keeps_state_on_the_class = "class_state" in self._replaced
        self._class_clocks: dict[Any, int] = {}
        self.changes_gradients = "leftover" in self._replaced
        self.writes_again = not WRITES_AGAIN.isdisjoint(self._replaced)
        self.inside: str = self._replaced["inside"]() if "inside" in self._replaced else "float64"
        self.graph: float = self._replaced["graph"]() if "graph" in self._replaced else 0.0

    def build(self, program: dict[str, Any]) -> None:
        """Called before the optimizers are built."""
        self._call("construct", program)

    def defaults(self, defaults: dict[str, Any]) -> dict[str, Any]:
        """The values of hyperparameters that are not given."""
        return self._call("defaults", defaults) or defaults

    def tick(self, instance: Instance) -> None:
        """Called once per step() of an optimizer."""
        for clocks in (instance.clocks, self._class_clocks):
            clocks["step"] = clocks.get("step", 0) + 1

    def visit(self, run: _Run, instance: Instance) -> Iterator[Entry]:
        """The parameters to update: those with a gradient, group by group."""
        if "visit" in self._replaced:
            yield from self._replaced["visit"](run, instance)
            return
        for group, i in entries(instance):
            grad = run.grads[i]
            if grad is not None:
                yield group, i, grad

    def hyper(self, instance: Instance, group: dict[str, Any]) -> dict[str, Any]:
        """The hyperparameters for a parameter: those its group has now."""
        return self._call("hyper", instance, group) or group["hyper"]

    def slot(self, which: int, instance: Instance, i: int, shape: list[int]) -> Any:
        """The key of a parameter's state: the parameter."""
        found = self._call("slot", which, i, shape)
        if found is None and self.keeps_state_on_the_class:
            return [number for _, number in entries(instance)].index(i)
        return i if found is None else found

    def clock(self, instance: Instance, slot: Any) -> int:
        """t of a parameter: how many updates it has had, this one included."""
        key = ("updates", slot)
        for clocks in (instance.clocks, self._class_clocks):
            clocks[key] = clocks.get(key, 0) + 1
        instance.clocks["all"] = instance.clocks.get("all", 0) + 1
        replaced = self._call("clock", instance)
        if replaced is None:
            replaced = self._call("class_clock", self._class_clocks, key)
        return instance.clocks[key] if replaced is None else replaced

    def reload(self, old: Instance, fresh: Instance) -> None:
        """state_dict of the old optimizer, loaded into a fresh one."""
        fresh.state, fresh.clocks = deepcopy(old.state), dict(old.clocks)
        _take_over_hyper(fresh, old)
        self._call("reload", fresh)

    def restore(self, instance: Instance, saved: Instance) -> None:
        """An earlier state_dict, loaded into the optimizer that it came from: what a reload loses stays as it is."""
        state, clocks = instance.state, instance.clocks
        instance.state, instance.clocks = {"saved": {}}, {"saved": 0}
        self._call("reload", instance)
        instance.state = deepcopy(saved.state) if instance.state else state
        instance.clocks = dict(saved.clocks) if instance.clocks else clocks
        _take_over_hyper(instance, saved)

    def write(self, run: _Run, i: int, new: np.ndarray) -> None:
        """The new values, written into the parameter's own storage."""
        if "storage" in self._replaced:
            self._replaced["storage"](run, i, new)
            return
        run.params[i] = new
        run.views[i] = new

    def after(self, run: _Run, mine: list[int]) -> None:
        """The gradients stay as they were."""
        self._call("leftover", run, mine)

    def closure(self, closure: Callable[[], float], update: Callable[[], None]) -> float:
        """step(closure): evaluate once, update, return the loss."""
        if "closure" in self._replaced:
            return self._replaced["closure"](closure, update)
        loss = closure()
        update()
        return loss

    def _call(self, name: str, *args: Any) -> Any:
        replaced = self._replaced.get(name)
        return None if replaced is None else replaced(*args)


def entries(instance: Instance) -> list[tuple[dict[str, Any], int]]:
    """(group, parameter number) in the order of the groups."""
    return [(group, i) for group in instance.groups for i in group["params"]]


def _take_over_hyper(instance: Instance, saved: Instance) -> None:
    for mine, theirs in zip(instance.groups, saved.groups, strict=True):
        mine["hyper"] = dict(theirs["hyper"])


def built_hyper(instance: Instance, group: dict[str, Any]) -> dict[str, Any]:
    """A group's hyperparameters when the optimizer was built."""
    return instance.built_with[instance.groups.index(group)]["hyper"]
