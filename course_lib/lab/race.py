"""The race: the tiny language model, the same batches and the same number of steps for every optimizer.

Behind the live runs stand recorded ones (three seeds each, course_lib/recorded/race_*.json), made with
`python -m course_lib.lab.record race`. A recorded curve says with which settings it ran and how many were tried.

    live = race({"SGD": lambda model: SGD(model.parameters(), lr=0.5)}, scale=scale)
    fig, ax = figure(height=4)
    plot_race(ax, live)
    print(race_table(live, target=2.6))
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from torch.optim import Optimizer

from course_lib.lab.device import device_for
from course_lib.lab.plots import label_ends, plot_band
from course_lib.lab.scale import at_scale
from course_lib.lab.style import COLOURS, colour, theme
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import History, train

STEPS = 200
WARM_STEPS = 20
VALIDATE_EVERY = 10
RECORDED = Path(__file__).resolve().parent.parent / "recorded"

MakeOptimizers = Callable[[TinyLM], "Optimizer | Sequence[Optimizer]"]
Schedule = Callable[[int, int], float]


def rise_and_fall(step: int, steps: int) -> float:
    """The race's learning rate, as a factor: a half cosine down to 0, times a ramp over the first 20 steps.

    Schedules are chapter 6. This one is what the recorded runs used, and it is not the `warmup_cosine` of that
    chapter: the cosine here runs from the first step, so the factor never quite reaches 1.
    """
    return min(1.0, (step + 1) / WARM_STEPS) * 0.5 * (1 + math.cos(math.pi * step / steps))


def race(
    contestants: Mapping[str, MakeOptimizers],
    *,
    scale: str = "cpu",
    seeds: Iterable[int] = (0,),
    schedule: Schedule | None = rise_and_fall,
    steps: int | None = None,
    progress: bool = True,
) -> list[History]:
    """Train a fresh TinyLM for each contestant and seed; one History each, `name` being the contestant's.

    contestants: optimizer's name (as in `colour`) → function of the model that builds it, or a list of several. The
    learning rate they are built with is the peak. schedule: (step, steps) → factor on it; None keeps it constant.
    steps: 200, or 10 at scale "smoke". A seed fixes the model's first weights and its batches.
    """
    steps = steps or at_scale(scale, smoke=10, cpu=STEPS)
    device, text = device_for(scale), load_text()
    finished = []
    for name, make in contestants.items():
        for seed in seeds:
            model = TinyLM(len(text.alphabet), seed=seed).to(device)
            finished.append(
                train(
                    model,
                    make(model),
                    batches(text, seed=seed),
                    steps,
                    name=name,
                    schedule=_factors(schedule, steps),
                    validation=validation_batch(text),
                    validate_every=VALIDATE_EVERY,
                    progress=progress,
                )
            )
    return finished


def _factors(schedule: Schedule | None, steps: int) -> Callable[[int], float] | None:
    return None if schedule is None else lambda step: schedule(step, steps)


@dataclass(frozen=True)
class Recorded:
    """Runs of one optimizer that were made beforehand.

    settings: what it was built with, in words. tried: the learning rates that were tried to find them, each with the
    final loss of the first seed. made: the command, device, versions and text behind the runs.
    """

    name: str
    settings: str
    tried: Mapping[float, float]
    histories: tuple[History, ...]
    made: Mapping[str, Any]


def recorded_race(*names: str) -> dict[str, Recorded]:
    """Recorded runs by optimizer, all of them without `names`. Raises KeyError for one that was never recorded."""
    found = {}
    for file in sorted(RECORDED.glob("race_*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        histories = tuple(
            History(
                data["name"],
                validation_steps=data["validation_steps"],
                validation_losses=run["validation_losses"],
                stopped=run["stopped"],
            )
            for run in data["runs"]
        )
        tried = {item["lr"]: math.inf if item["loss"] is None else item["loss"] for item in data["tried"]}
        found[data["name"]] = Recorded(data["name"], data["settings"], tried, histories, data["made"])
    if missing := set(names) - set(found):
        raise KeyError(f"no race was recorded for {', '.join(sorted(missing))}; there is {', '.join(found)}")
    order = names or tuple(name for name in COLOURS if name in found)
    return {name: found[name] for name in order}


def plot_race(ax: Axes, live: Sequence[History], *, recorded: bool | Sequence[str] = True) -> None:
    """Validation loss against step: live runs as solid lines, recorded ones as dashed lines with their range.

    recorded: True for those of the live optimizers, False for none, or names. A live run is labelled "(yours)".
    """
    behind = _behind(live, recorded)
    for name, record in behind.items():
        steps, losses = _stack(record.histories)
        alone = name not in {history.name for history in live}
        plot_band(ax, steps, losses, color=_colour(name), label=name if alone else "_")
        ax.lines[-1].set(linestyle=(0, (4, 2)), linewidth=1.1)
    for name in dict.fromkeys(history.name for history in live):
        runs = [history for history in live if history.name == name and not history.diverged]
        label = f"{name} (yours)" if name in behind else name
        if runs:
            plot_band(ax, *_stack(runs), color=_colour(name), label=label)
    _frame(ax, [*live, *(history for record in behind.values() for history in record.histories)])
    label_ends(ax)


def steps_to_loss(histories: Iterable[History], target: float) -> dict[str, list[float]]:
    """For each name, one number a run: after how many steps its validation loss first was at `target`.

    Between two validations the loss is taken as a straight line. A run that never got there gives infinity.
    """
    found: dict[str, list[float]] = {}
    for history in histories:
        found.setdefault(history.name, []).append(_reached(history, target))
    return found


def race_table(live: Sequence[History], *, target: float, recorded: bool | Sequence[str] = True) -> str:
    """A table in plain text: final loss and steps to `target`, of the live runs and of the recorded ones."""
    rows = [("optimizer", "final loss", f"steps to {target:g}", "settings, runs")]
    for name, runs in _by_name(live).items():
        rows.append(_row(name, runs, "yours" if len(runs) == 1 else f"yours, {len(runs)} seeds", target))
    for name, record in _behind(live, recorded).items():
        how = f"recorded: {record.settings}; {len(record.histories)} seeds"
        rows.append(_row(name, record.histories, how, target))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2]), row[3]]) for row in rows
    )


def _row(name: str, runs: Sequence[History], how: str, target: float) -> tuple[str, str, str, str]:
    reached = [_reached(run, target) for run in runs]
    return name, _spread([run.final for run in runs], "{:.3f}"), _spread(reached, "{:.0f}"), how


def _spread(values: Sequence[float], shown: str) -> str:
    """One number, or "lowest to highest"; "never" for infinity."""
    low, high = min(values), max(values)
    ends = [shown.format(value) if math.isfinite(value) else "never" for value in (low, high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _by_name(histories: Iterable[History]) -> dict[str, list[History]]:
    found: dict[str, list[History]] = {}
    for history in histories:
        found.setdefault(history.name, []).append(history)
    return found


def _behind(live: Sequence[History], recorded: bool | Sequence[str]) -> dict[str, Recorded]:
    if recorded is False:
        return {}
    known = recorded_race()
    wanted = [history.name for history in live] if recorded is True else recorded
    return {name: known[name] for name in dict.fromkeys(wanted) if name in known}


def _stack(histories: Sequence[History]) -> tuple[np.ndarray, np.ndarray]:
    """Steps (points,) and losses (runs, points), as far as all runs went."""
    shortest = min(len(history.validation_steps) for history in histories)
    steps = np.array(histories[0].validation_steps[:shortest])
    return steps, np.array([history.validation_losses[:shortest] for history in histories])


def _reached(history: History, target: float) -> float:
    before: tuple[int, float] | None = None
    for step, loss in zip(history.validation_steps, history.validation_losses, strict=True):
        if loss <= target:
            return float(step) if before is None else before[0] + (step - before[0]) * _part(before[1], loss, target)
        before = step, loss
    return math.inf


def _part(above: float, below: float, target: float) -> float:
    return (above - target) / (above - below)


def _frame(ax: Axes, histories: Sequence[History]) -> None:
    """Heights from the lowest loss to where the runs start: a run that climbs leaves the picture."""
    losses = [loss for history in histories for loss in history.validation_losses if math.isfinite(loss)]
    start = max((history.validation_losses[0] for history in histories if history.validation_losses), default=0.0)
    low = min(losses, default=0.0)
    if start > low:
        ax.set_ylim(low - 0.04 * (start - low), start + 0.04 * (start - low))
    ax.set_xlabel("step")
    ax.set_ylabel("validation loss (nats)")


def _colour(name: str) -> str:
    first = name.split(",")[0].strip()
    return colour(first) if first in COLOURS else theme().neutral


__all__ = ["Recorded", "plot_race", "race", "race_table", "recorded_race", "rise_and_fall", "steps_to_loss"]
