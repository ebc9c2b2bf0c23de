"""Makes course_lib/recorded/muon.json: `python -m course_lib.lab.record_muon`, some five minutes on one core.

Muon and newton_schulz are those of the workspace (SGD2MUON_WORKSPACE, else the repository), so write them first.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

import torch

from course_lib.lab.muon_race import ADAMW, LAZY, MUON, RECORDED, Contestant, MakeMuon, run, trapezoid
from course_lib.lab.text import load_text

SEEDS = (0, 1, 2)
BUDGETS = {MUON: (160, 180, 200, 220), ADAMW: (200, 300), LAZY: (200, 300, 400)}
WIDTHS = (32, 64, 128)
SWEEP_STEPS = 100
SWEEPS = {"Muon": (0.005, 0.01, 0.02, 0.04, 0.08, 0.16), "AdamW": (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Record the runs that chapter 15 shows.")
    parser.add_argument("--out", type=Path, default=RECORDED)
    options = parser.parse_args()
    from course_lib.optim.muon import Muon

    torch.set_num_threads(1)
    found = {"made": _made(), "runs": _races(Muon), "widths": _widths(Muon)}
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {options.out}")


def _made() -> dict[str, Any]:
    return {
        "command": "python -m course_lib.lab.record_muon",
        "device": f"CPU ({platform.machine()}), one thread",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "text": load_text().name,
        "seeds": list(SEEDS),
    }


def _races(make_muon: MakeMuon) -> list[dict[str, Any]]:
    return [
        _race(who, budget, seed, make_muon) for who, budgets in BUDGETS.items() for budget in budgets for seed in SEEDS
    ]


def _race(who: Contestant, budget: int, seed: int, make_muon: MakeMuon) -> dict[str, Any]:
    started = time.process_time()
    history = run(who, budget, seed=seed, make_muon=make_muon, progress=False)
    seconds = time.process_time() - started
    print(f"{who.name}, {budget} steps, seed {seed}: {history.final:.3f} nats, {seconds:.1f} s", flush=True)
    return {
        "name": who.name,
        "settings": who.settings,
        "budget": budget,
        "seed": seed,
        "cpu_seconds": round(seconds, 2),
        "steps": history.validation_steps,
        "losses": [round(loss, 4) for loss in history.validation_losses],
    }


def _widths(make_muon: MakeMuon) -> list[dict[str, Any]]:
    """Learning rate sweeps at several widths: Muon in its spectral scale, and AdamW, on the hidden matrices alone."""
    found = []
    for optimizer, lrs in SWEEPS.items():
        for width in WIDTHS:
            for lr in lrs:
                who = Contestant(optimizer, optimizer, lr, 0.02, trapezoid)
                history = run(
                    who,
                    SWEEP_STEPS,
                    width=width,
                    make_muon=lambda params, **settings: make_muon(params, scale="spectral", **settings),
                    progress=False,
                )
                print(f"{optimizer}, width {width}, lr {lr}: {history.final:.3f}", flush=True)
                loss = round(history.final, 4) if not history.diverged else None
                found.append({"optimizer": optimizer, "width": width, "lr": lr, "loss": loss})
    return found


if __name__ == "__main__":
    main()
