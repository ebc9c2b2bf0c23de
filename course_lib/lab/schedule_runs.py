"""Runs in which only the learning-rate schedule differs, on a model so small that noise decides.

One layer of width 32 and batches of four: the gradient is mostly noise, a learning rate that moves fast hovers high
above the floor, and 1,500 steps take about eight seconds on one core. (On a larger model and so few steps every run is
still on its way down at the end, and then whichever schedule keeps the learning rate high for longest wins.)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from course_lib.lab.text import Batch, Text, batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import History, train

RECORDED = Path(__file__).resolve().parent.parent / "recorded" / "schedules.json"
STEPS = 1500
CONTEXT = 64
BATCH = 4
BETAS = (0.9, 0.99)
WEIGHT_DECAY = 0.1
VALIDATE_EVERY = 50

Schedule = Callable[[int, int, int, int, float, float, str], float]
"""The signature of `wsd`: step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr, shape."""


@dataclass(frozen=True)
class Plan:
    """A schedule in numbers.

    kind: "constant", "wsd", "cosine" or "inverse sqrt". peak: largest learning rate. warmup, decay, steps: in steps.
    shape: of WSD's decay. floor: the last learning rate, as a fraction of the peak.
    """

    kind: str
    peak: float = 0.01
    warmup: int = 50
    decay: int = 0
    shape: str = ""
    floor: float = 0.0
    steps: int = STEPS

    def lrs(self, wsd: Schedule) -> list[float]:
        """The learning rate of every step, by your own `wsd`: a cosine is one without plateau."""
        if self.kind == "inverse sqrt":
            return [inverse_sqrt(t, self.warmup, self.peak) for t in range(self.steps)]
        decay, shape = self.decay, self.shape or "linear"
        if self.kind == "cosine":
            decay, shape = self.steps - self.warmup, "cosine"
        low = self.floor * self.peak
        return [wsd(t, self.steps, self.warmup, decay, self.peak, low, shape) for t in range(self.steps)]


@dataclass(frozen=True)
class Run:
    """One recorded run: its plan, its seed, and the validation loss in nats after some numbers of steps."""

    plan: Plan
    seed: int
    steps: tuple[int, ...]
    losses: tuple[float, ...]

    @property
    def final(self) -> float:
        """The validation loss after the last step."""
        return self.losses[-1]


def inverse_sqrt(step: int, warmup_steps: int, peak_lr: float) -> float:
    """Up in a straight line over the warmup, then down with the root of the step (Vaswani et al. 2017, section 5.3)."""
    w, t = max(warmup_steps, 1), step if warmup_steps else max(step, 1)
    return peak_lr * min(t / w, (w / max(t, 1)) ** 0.5)


def small_model(text: Text, seed: int, device: torch.device | str = "cpu") -> TinyLM:
    """The model of these runs, with fresh weights."""
    return TinyLM(len(text.alphabet), width=32, layers=1, heads=2, context=CONTEXT, seed=seed).to(device)


def small_batches(text: Text, seed: int) -> Iterator[Batch]:
    """Its batches: four pieces of text each."""
    return batches(text, batch_size=BATCH, context=CONTEXT, seed=seed)


@cache
def small_validation() -> Batch:
    """Where its loss is measured: 128 pieces of the help pages' validation text, always the same."""
    return validation_batch(load_text(), count=128, context=CONTEXT)


def run_plan(plan: Plan, seed: int, wsd: Schedule, *, progress: bool = True) -> History:
    """Train the small model with torch's AdamW under a plan."""
    text = load_text()
    model = small_model(text, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0, betas=BETAS, weight_decay=WEIGHT_DECAY)
    return train(
        model,
        optimizer,
        small_batches(text, seed),
        plan.steps,
        name=plan.kind,
        schedule=plan.lrs(wsd).__getitem__,
        validation=small_validation(),
        validate_every=VALIDATE_EVERY,
        progress=progress,
    )


@cache
def recorded(path: Path = RECORDED) -> tuple[Run, ...]:
    """The runs that come with the course; how they were made stands in the same file, see `recording`."""
    return tuple(
        Run(Plan(**run["plan"]), run["seed"], tuple(run["steps"]), tuple(run["losses"]))
        for run in recording(path)["runs"]
        if run["experiment"] == "schedule"
    )


@cache
def recording(path: Path = RECORDED) -> dict[str, Any]:
    """The whole file: command, device, versions, seeds, runs. Without it, no runs."""
    if not path.is_file():
        return {"runs": []}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def finals(runs: Sequence[Run], plan: Plan) -> dict[int, float]:
    """Seed → final loss of the runs under `plan`."""
    return {run.seed: run.final for run in runs if run.plan == plan}


def as_record(plan: Plan, seed: int, history: History) -> dict[str, Any]:
    """A run as it stands in the file."""
    return {
        "experiment": "schedule",
        "plan": asdict(plan),
        "seed": seed,
        "steps": history.validation_steps,
        "losses": [round(loss, 4) for loss in history.validation_losses],
    }
