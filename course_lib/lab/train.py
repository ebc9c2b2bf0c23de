"""The training loop of every chapter, and what it remembers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from course_lib.lab.progress import step_bar
from course_lib.lab.text import Batch
from course_lib.lab.tiny_lm import next_byte_loss

LOSS_LIMIT = 1e4

LossFunction = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass
class History:
    """What happened in one run.

    losses: the batch loss before each step, in nats. lrs: learning rate of the first group. seconds: since the start,
    after each step. validation_steps, validation_losses: how many steps had been made, and the loss then.
    stopped: why the run ended early, empty if it did not.
    """

    name: str = ""
    losses: list[float] = field(default_factory=list)
    lrs: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    validation_steps: list[int] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def diverged(self) -> bool:
        """Whether the run ended because its loss was no longer a number, or enormous."""
        return self.stopped.startswith("diverged")

    @property
    def final(self) -> float:
        """The last validation loss in nats; nan if there is none, infinity if the run diverged."""
        if self.diverged:
            return math.inf
        return self.validation_losses[-1] if self.validation_losses else math.nan


def train(
    model: nn.Module,
    optimizers: Optimizer | Sequence[Optimizer],
    batches: Iterable[Batch],
    steps: int,
    *,
    name: str = "",
    loss: LossFunction = next_byte_loss,
    schedule: Callable[[int], float] | None = None,
    on_gradients: Callable[[int], None] | None = None,
    validation: Batch | None = None,
    validate_every: int = 10,
    progress: bool = True,
) -> History:
    """Train `model` for `steps` steps and return the History.

    schedule: step (from 0) → factor on every group's learning rate. on_gradients: called with the step when the
    gradients are there and the parameters have not moved yet, to look at them or to clip them. validation: (x, y),
    tried before the first step and then every `validate_every` steps.

    Interrupting the kernel ends the run, not the cell: the history so far comes back, and the model is as it was left.
    So does a loss that is not finite or above 10,000; `History.stopped` and the progress line say which.
    """
    optimizers = [optimizers] if isinstance(optimizers, Optimizer) else list(optimizers)
    base_lrs = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    history, device, source = History(name), next(model.parameters()).device, iter(batches)
    validation = validation and (validation[0].to(device), validation[1].to(device))
    start, bar = time.perf_counter(), step_bar(steps, name, progress)
    try:
        with one_thread(), bar:
            for step in range(steps):
                if validation and step == 0:
                    _validate(history, model, loss, validation, step)
                _set_lrs(optimizers, base_lrs, schedule(step) if schedule else 1.0)
                x, y = next(source)
                value = _gradients(model, optimizers, loss, x.to(device), y.to(device))
                history.losses.append(value)
                history.lrs.append(optimizers[0].param_groups[0]["lr"])
                if not value < LOSS_LIMIT:
                    history.stopped = f"diverged at step {step}: the loss is {value:.3g}"
                    break
                if on_gradients:
                    on_gradients(step)
                for optimizer in optimizers:
                    optimizer.step()
                history.seconds.append(time.perf_counter() - start)
                if validation and ((step + 1) % validate_every == 0 or step + 1 == steps):
                    _validate(history, model, loss, validation, step + 1)
                bar.set_postfix_str(_summary(history), refresh=False)
                bar.update()
            bar.set_postfix_str(history.stopped or _summary(history))
    except KeyboardInterrupt:
        history.stopped = f"interrupted at step {len(history.seconds)}"
        bar.set_postfix_str(history.stopped)
    return history


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's CPU kernels on one thread: for matrices this small a second one costs more than it brings."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _gradients(model: nn.Module, optimizers: Sequence[Optimizer], loss: LossFunction, x: Tensor, y: Tensor) -> float:
    for optimizer in optimizers:
        optimizer.zero_grad()
    value = loss(model, x, y)
    value.backward()
    return value.item()


def _set_lrs(optimizers: Sequence[Optimizer], base_lrs: Sequence[Sequence[float]], factor: float) -> None:
    for optimizer, lrs in zip(optimizers, base_lrs, strict=True):
        for group, lr in zip(optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr * factor


@torch.no_grad()
def _validate(history: History, model: nn.Module, loss: LossFunction, batch: Batch, step: int) -> None:
    history.validation_steps.append(step)
    history.validation_losses.append(loss(model, *batch).item())


def _summary(history: History) -> str:
    text = f"loss {history.losses[-1]:.3f}"
    return f"{text}, validation {history.validation_losses[-1]:.3f}" if history.validation_losses else text
