"""Master weights (Micikevicius et al., 2018, section 3.1).

A float32 copy of every weight takes the updates; the model's low-precision weights are rounded from it after each step.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np

from autograder.judge.rounding import representable
from autograder.judge.scripted_task import Descent, ScriptedRun


def copied(run: MasterWeightsRun, i: int) -> np.ndarray | None:
    """The gradient that a master weight gets."""
    return run.grads[i]


class MasterWeightsRun(ScriptedRun):
    """The steps: each is something that a program may do otherwise."""

    steps: ClassVar = {
        "made": lambda s: None,
        "chosen": lambda s, indices: indices,
        "before_step": lambda s: None,
        "gradient": copied,
        "pairs": lambda s: [(i, i) for i in s.chosen],
        "kept": lambda s, i, master: master,
        "rounded": lambda s, i, master: representable(master, s.formats[i]),
        "write": lambda s, i, new: s.write(i, new),
        "copies_gradients_first": lambda s: True,
        "writes_last": lambda s: True,
        "steps_taken": lambda s: 1,
        "left": lambda s: None,
        "cleared": lambda s: None,
        "saves_masters": lambda s: True,
        "saved_as": lambda s, i: i,
        "saves_optimizer": lambda s: True,
        "saves_lr": lambda s: True,
        "loaded": lambda s: None,
        "restores_optimizer": lambda s: True,
        "copies_saved": lambda s: True,
    }

    def build(self) -> None:
        """Masters start as the model's weights."""
        make = self.program["make"]["args"]
        self.formats = self.program.get("formats", [self.program["format"]] * len(self.params))
        self.frozen = self.program.get("frozen", [])
        self.does["made"](self)
        self.chosen = list(self.does["chosen"](self, make[0]["params"]))
        self.pairs = self.does["pairs"](self)
        self.masters = {i: self.params[i].copy() for i in self.chosen}
        self.master_grads: dict[int, np.ndarray | None] = dict.fromkeys(self.chosen)
        self.optimizer = Descent(**{name: value for name, value in make[1]["make_sgd"].items() if name != "last_first"})
        self.detached = False
        self.shared: dict[int, np.ndarray] | None = None
        self.grads_before: list[np.ndarray | None] = []

    def call(self, method: str, args: list[Any]) -> float:
        """step() and zero_grad()."""
        if method == "zero_grad":
            self.open_grads = False
            self.zero_grad()
        else:
            self.step()
            self.open_result = True
        return np.nan

    def set_lr(self, lr: float) -> None:
        """The optimizer's new learning rate."""
        self.optimizer.lr, self.open_grads = lr, True

    def zero_grad(self) -> None:
        """The model's gradients are cleared; whether to None or to zero is not looked at."""
        self.grads_before = list(self.grads)
        self.grads = [np.zeros(param.shape) for param in self.params]
        self.does["cleared"](self)

    def step(self) -> None:
        """Copy gradients up, update the masters, round them down."""
        self.does["before_step"](self)
        if not self.does["writes_last"](self):
            self._write()
        if self.does["copies_gradients_first"](self):
            self._copy_gradients()
        for _ in range(self.does["steps_taken"](self)):
            self._descend()
        if not self.does["copies_gradients_first"](self):
            self._copy_gradients()
        if self.does["writes_last"](self):
            self._write()
        self.open_grads = False
        self.does["left"](self)

    def _copy_gradients(self) -> None:
        for i, master in self.pairs:
            self.master_grads[master] = self.does["gradient"](self, i)

    def _descend(self) -> None:
        for i, grad in self.master_grads.items():
            if grad is not None and not self.detached:
                self.masters[i] = self.does["kept"](self, i, self.optimizer.update(i, self.masters[i], grad))
        if self.shared is not None:
            self.shared.update(self.masters)

    def _write(self) -> None:
        for i, master in self.pairs:
            self.does["write"](self, i, self.does["rounded"](self, i, self.masters[master]))

    def reload(self) -> None:
        """A new object over the new parameters; masters and optimizer state as they were saved."""
        masters, optimizer, chosen = self.masters, self.optimizer, self.chosen
        self.build()
        if self.does["saves_masters"](self):
            self.masters = {i: masters[self.does["saved_as"](self, i)].copy() for i in chosen}
        if self.does["saves_optimizer"](self):
            new, self.optimizer = self.optimizer, optimizer
            if not self.does["saves_lr"](self):
                self.optimizer.lr = new.lr
        self.does["loaded"](self)

    def save(self) -> None:
        """Masters and optimizer state as they are now."""
        self.saved = ({i: master.copy() for i, master in self.masters.items()}, copy.deepcopy(self.optimizer))

    def restore(self) -> None:
        """The same object goes back to what was saved."""
        masters, optimizer = self.saved
        self.masters = {i: self.params[i].copy() for i in self.chosen}
        if self.does["saves_masters"](self):
            self.masters = {i: masters[self.does["saved_as"](self, i)].copy() for i in self.chosen}
            self.shared = None if self.does["copies_saved"](self) else masters
        if self.does["saves_optimizer"](self) and self.does["restores_optimizer"](self):
            now, self.optimizer = self.optimizer, copy.deepcopy(optimizer)
            if not self.does["saves_lr"](self):
                self.optimizer.lr = now.lr
        self.does["loaded"](self)
