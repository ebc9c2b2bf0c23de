"""Make the curves that stand behind a student's own: `python -m course_lib.lab.record race [OPTIMIZER ...]`.

Runs torch's own optimizers, so that a recorded curve is independent of what anybody writes in this course. Each one gets
the best of three or four learning rates, tried on the first seed. Every file says which, with what result, and with
which seeds, device, versions and command it was made.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from course_lib.lab.race import RECORDED, MakeOptimizers, race
from course_lib.lab.text import load_text
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import History

SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Entrant:
    """An optimizer to record. settings: in words, with {lr} for the peak learning rate. lrs: those to try on seed 0."""

    settings: str
    lrs: tuple[float, ...]
    make: Callable[[float], MakeOptimizers]


def _muon(lr: float) -> MakeOptimizers:
    def make(model: TinyLM) -> Sequence[torch.optim.Optimizer]:
        hidden = [p for p in model.blocks.parameters() if p.ndim == 2]
        chosen = {id(p) for p in hidden}
        rest = [p for p in model.parameters() if id(p) not in chosen]
        return [
            torch.optim.Muon(hidden, lr=lr, weight_decay=0.1, adjust_lr_fn="original"),
            torch.optim.AdamW(rest, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.1),
        ]

    return make


ENTRANTS = {
    "SGD": Entrant("lr {lr}", (0.2, 0.5, 1.0), lambda lr: lambda m: torch.optim.SGD(m.parameters(), lr)),
    "Momentum": Entrant(
        "lr {lr}, momentum 0.9",
        (0.1, 0.2, 0.3, 0.5),
        lambda lr: lambda m: torch.optim.SGD(m.parameters(), lr, momentum=0.9),
    ),
    "Nesterov": Entrant(
        "lr {lr}, momentum 0.9, nesterov",
        (0.1, 0.2, 0.3, 0.5),
        lambda lr: lambda m: torch.optim.SGD(m.parameters(), lr, momentum=0.9, nesterov=True),
    ),
    "Adagrad": Entrant("lr {lr}", (0.01, 0.03, 0.1, 0.2), lambda lr: lambda m: torch.optim.Adagrad(m.parameters(), lr)),
    "RMSprop": Entrant(
        "lr {lr}, alpha 0.99",
        (0.003, 0.005, 0.01, 0.02),
        lambda lr: lambda m: torch.optim.RMSprop(m.parameters(), lr, alpha=0.99),
    ),
    "Adam": Entrant(
        "lr {lr}, betas (0.9, 0.99)",
        (0.003, 0.005, 0.01, 0.02),
        lambda lr: lambda m: torch.optim.Adam(m.parameters(), lr, betas=(0.9, 0.99)),
    ),
    "AdamW": Entrant(
        "lr {lr}, betas (0.9, 0.99), weight decay 0.1",
        (0.003, 0.005, 0.01, 0.02),
        lambda lr: lambda m: torch.optim.AdamW(m.parameters(), lr, betas=(0.9, 0.99), weight_decay=0.1),
    ),
    "Muon": Entrant(
        "lr {lr} on the matrices of the blocks, AdamW lr 0.01 on the rest, weight decay 0.1", (0.04, 0.08, 0.12), _muon
    ),
}


def record(name: str, entrant: Entrant, command: str) -> dict[str, Any]:
    """Try every learning rate on seed 0, run the best on all seeds, and return what the file holds."""
    tried = {lr: race({name: entrant.make(lr)})[0].final for lr in entrant.lrs}
    best = min(tried, key=lambda lr: tried[lr])
    started = time.process_time()
    histories = race({name: entrant.make(best)}, seeds=SEEDS)
    seconds = (time.process_time() - started) / len(SEEDS)
    return {
        "name": name,
        "settings": entrant.settings.format(lr=best),
        "tried": [{"lr": lr, "loss": round(loss, 4) if math.isfinite(loss) else None} for lr, loss in tried.items()],
        "validation_steps": histories[0].validation_steps,
        "runs": [_run(seed, history) for seed, history in zip(SEEDS, histories, strict=True)],
        "made": {
            "command": command,
            "device": f"cpu ({platform.machine()}), one thread",
            "cpu_seconds_per_run": round(seconds, 1),
            "torch": torch.__version__,
            "python": platform.python_version(),
            "text": load_text().name,
        },
    }


def _run(seed: int, history: History) -> dict[str, Any]:
    return {
        "seed": seed,
        "validation_losses": [round(loss, 4) for loss in history.validation_losses],
        "stopped": history.stopped,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Record the curves that stand behind a student's own.")
    parser.add_argument("experiment", choices=["race"])
    parser.add_argument("optimizers", nargs="*", metavar="OPTIMIZER", help=f"of {', '.join(ENTRANTS)} (default: all)")
    options = parser.parse_args(arguments)
    names = options.optimizers or list(ENTRANTS)
    if unknown := [name for name in names if name not in ENTRANTS]:
        parser.error(f"no entrant is called {', '.join(unknown)}; there is {', '.join(ENTRANTS)}")
    RECORDED.mkdir(exist_ok=True)
    for name in names:
        data = record(name, ENTRANTS[name], f"python -m course_lib.lab.record race {name}")
        file = RECORDED / f"race_{name}.json"
        file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        print(f"{file.name}: final losses {[run['validation_losses'][-1] for run in data['runs']]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
