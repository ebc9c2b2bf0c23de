"""Muon against AdamW on the tiny language model: each contestant's settings, live runs and recorded ones.

The recorded runs (course_lib/recorded/muon.json) are made with `python -m course_lib.lab.record_muon`.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from matplotlib.axes import Axes
from torch import nn
from torch.optim import Optimizer

from course_lib.lab.plots import colour, label_ends, plot_band, theme
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import History, train

RECORDED = Path(__file__).resolve().parent.parent / "recorded" / "muon.json"
WARM_STEPS = 20
DECAY_SHARE = 0.2
BETAS = (0.9, 0.99)
WEIGHT_DECAY = 0.1

MakeMuon = Callable[..., Optimizer]


def trapezoid(step: int, steps: int) -> float:
    """Factor on the learning rate: 20 steps up, a plateau, and down in a line over the last fifth."""
    return min((step + 1) / WARM_STEPS, 1.0, (steps - step) / (DECAY_SHARE * steps))


def half_cosine(step: int, steps: int) -> float:
    """Factor on the learning rate: 20 steps up, on a cosine that falls to 0 from the start."""
    return min(1.0, (step + 1) / WARM_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))


@dataclass(frozen=True)
class Contestant:
    """How one side of the race trains. hidden_lr: for the matrices inside the blocks; rest_lr: for everything else."""

    name: str
    optimizer: str
    hidden_lr: float
    rest_lr: float
    schedule: Callable[[int, int], float] = trapezoid

    @property
    def settings(self) -> str:
        """In words."""
        shape = "plateau, then down over the last fifth" if self.schedule is trapezoid else "cosine to 0"
        lrs = (
            f"lr {self.hidden_lr:g}" if self.rest_lr == self.hidden_lr else f"lr {self.hidden_lr:g} / {self.rest_lr:g}"
        )
        return f"{lrs}, {shape}"


MUON = Contestant("Muon", "Muon", 0.03, 0.04)
ADAMW = Contestant("AdamW", "AdamW", 3e-3, 0.04)
LAZY = Contestant("AdamW, one lr, cosine", "AdamW", 1e-2, 1e-2, half_cosine)


def hidden_matrices(model: TinyLM) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The matrices of attention and MLP; all other parameters."""
    hidden = [
        p for kind, part in model.kinds().items() for p in part if kind not in ("embedding", "head", "norm gains")
    ]
    chosen = {id(p) for p in hidden}
    return hidden, [p for p in model.parameters() if id(p) not in chosen]


def optimizers_for(
    model: TinyLM, who: Contestant, make_muon: MakeMuon | None = None, split: Callable[..., Any] = hidden_matrices
) -> list[Optimizer]:
    """What a contestant trains with. make_muon: (params, lr, weight_decay) → optimizer of the hidden matrices."""
    hidden, rest = split(model)
    settings: dict[str, Any] = {"betas": BETAS, "weight_decay": WEIGHT_DECAY}
    if who.optimizer == "AdamW":
        groups = [{"params": hidden, "lr": who.hidden_lr}, {"params": rest, "lr": who.rest_lr}]
        return [torch.optim.AdamW(groups, **settings)]
    if make_muon is None:
        raise ValueError("Muon needs make_muon, a function (params, lr, weight_decay) that builds one")
    return [
        make_muon(hidden, lr=who.hidden_lr, weight_decay=WEIGHT_DECAY),
        torch.optim.AdamW(rest, lr=who.rest_lr, **settings),
    ]


def run(
    who: Contestant,
    steps: int,
    *,
    seed: int = 0,
    make_muon: MakeMuon | None = None,
    split: Callable[..., Any] = hidden_matrices,
    width: int = 64,
    progress: bool = True,
) -> History:
    """Train a fresh TinyLM for `steps` steps; the seed fixes its weights and its batches."""
    text = load_text()
    model = TinyLM(len(text.alphabet), width=width, seed=seed)
    return train(
        model,
        optimizers_for(model, who, make_muon, split),
        batches(text, seed=seed),
        steps,
        name=who.name,
        schedule=lambda step: who.schedule(step, steps),
        validation=validation_batch(text),
        progress=progress,
    )


@dataclass(frozen=True)
class RecordedRun:
    """One run that was made beforehand: its settings in words, budget, CPU seconds, validation losses."""

    name: str
    settings: str
    seed: int
    budget: int
    cpu_seconds: float
    history: History


def plot_muon_race(ax: Axes, live: Sequence[History]) -> None:
    """Validation loss against step: live runs solid, recorded ones dashed with their range, the lazy baseline grey."""
    for name, budget, color in (
        (MUON.name, 200, colour("Muon")),
        (ADAMW.name, 300, colour("AdamW")),
        (LAZY.name, 400, theme().neutral),
    ):
        runs = [one.history for one in recorded_runs(name, budget)]
        losses = [history.validation_losses for history in runs]
        plot_band(ax, runs[0].validation_steps, losses, color=color, label=f"{name}, recorded")
        ax.lines[-1].set(linestyle=(0, (4, 2)), linewidth=1.1)
    for history in live:
        ax.plot(
            history.validation_steps,
            history.validation_losses,
            color=colour(history.name),
            label=f"{history.name}, yours",
        )
    ax.set(ylim=(1.6, 3.4), xlabel="step", ylabel="validation loss (nats)")
    label_ends(ax)


@functools.cache
def recorded() -> dict[str, Any]:
    """Everything in course_lib/recorded/muon.json."""
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def recorded_runs(name: str, budget: int) -> list[RecordedRun]:
    """The recorded runs of one contestant with one budget, one for each seed."""
    found = []
    for item in recorded()["runs"]:
        if (item["name"], item["budget"]) == (name, budget):
            history = History(name, validation_steps=item["steps"], validation_losses=item["losses"])
            found.append(RecordedRun(name, item["settings"], item["seed"], budget, item["cpu_seconds"], history))
    if not found:
        raise KeyError(f"nothing was recorded for {name} with {budget} steps")
    return sorted(found, key=lambda one: one.seed)


def budget_to_reach(target: float, losses: Mapping[int, float]) -> float:
    """The budget whose final loss is `target`, between the recorded budgets on a straight line; infinity beyond them.

    losses: budget → final loss. Below the smallest budget the smallest is returned, which is on the safe side.
    """
    known = sorted(losses.items())
    before: tuple[int, float] | None = None
    for budget, loss in known:
        if loss <= target:
            if before is None:
                return float(budget)
            low, above = before
            return low + (budget - low) * (above - target) / (above - loss)
        before = budget, loss
    return math.inf


def fewer_steps(seeds: Sequence[int], reference: str = "AdamW", budget: int = 300) -> dict[int, float]:
    """Seed → how many times fewer steps Muon's recorded runs needed for the reference's final loss at `budget`."""
    found = {}
    for seed in seeds:
        target = next(one for one in recorded_runs(reference, budget) if one.seed == seed).history.final
        budgets = {item["budget"] for item in recorded()["runs"] if item["name"] == MUON.name}
        losses = {b: next(r for r in recorded_runs(MUON.name, b) if r.seed == seed).history.final for b in budgets}
        found[seed] = budget / budget_to_reach(target, losses)
    return found
