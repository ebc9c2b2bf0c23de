"""Records the runs of chapter 6: `python -m course_lib.lab.record_schedules [--out FILE]`.

It trains with the `wsd` of your workspace, so chapter 6 has to be done there (`sgd2muon course 06_schedules` makes such a
workspace under build/, which SGD2MUON_WORKSPACE may name). About eight seconds of CPU time a run. Runs that are in the file already are kept; the
file is written after each run, so the command can be interrupted and started again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import torch

from course_lib.lab.schedule_runs import RECORDED, STEPS, Plan, as_record, run_plan
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import History, train

SEEDS = (0, 1, 2)
WARMUP_SEEDS = (0, 1, 2, 3, 4)
DECAY = STEPS // 5
PEAKS = (0.01, 0.02, 0.005)


def plans() -> Iterator[Plan]:
    """Everything that is recorded, most wanted first."""
    for peak in PEAKS:
        yield Plan("constant", peak)
        yield Plan("cosine", peak)
        yield Plan("wsd", peak, decay=DECAY, shape="linear")
    yield Plan("constant", 0.0025)
    yield Plan("wsd", decay=DECAY, shape="sqrt")
    yield Plan("wsd", decay=DECAY, shape="cosine")
    yield Plan("wsd", decay=STEPS - 50, shape="linear")
    yield Plan("cosine", floor=0.1)
    yield from (Plan("cosine", steps=steps) for steps in (STEPS // 4, STEPS // 2))
    yield from (Plan("wsd", decay=int(share * STEPS), shape="linear") for share in (0.05, 0.1, 0.4))
    yield Plan("inverse sqrt")
    yield from (Plan("wsd", warmup=warmup, decay=DECAY, shape="linear") for warmup in (0, 300))
    yield Plan("wsd", decay=DECAY, shape="linear", floor=0.1)


def warmup_run(lr: float, warmup: int, seed: int, steps: int = 60) -> dict[str, Any]:
    """The first steps of Adam on the larger model, at a constant learning rate after the warmup."""
    text = load_text()
    model = TinyLM(len(text.alphabet), seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.999))
    history = train(
        model,
        optimizer,
        batches(text, seed=seed),
        steps,
        schedule=lambda t: min(1.0, (t + 1) / warmup) if warmup else 1.0,
        validation=validation_batch(text),
        progress=False,
    )
    return {
        "experiment": "warmup",
        "plan": {"lr": lr, "warmup": warmup},
        "seed": seed,
        "steps": history.validation_steps,
        "losses": [round(loss, 4) for loss in history.validation_losses],
    }


def record(out: Path) -> None:
    """Make every run that `out` lacks."""
    from course_lib.schedules import wsd

    content = _content(out)
    known = {_key(run) for run in content["runs"]}
    for lr in (0.03, 0.01):
        for seed in WARMUP_SEEDS:
            for warmup in (0, 20):
                if ("warmup", json.dumps({"lr": lr, "warmup": warmup}, sort_keys=True), seed) not in known:
                    _add(content, warmup_run(lr, warmup, seed), out)
    for plan in plans():
        for seed in SEEDS:
            if _key(as_record(plan, seed, History())) not in known:
                _add(content, as_record(plan, seed, run_plan(plan, seed, wsd, progress=False)), out)


def _content(out: Path) -> dict[str, Any]:
    runs = json.loads(out.read_text(encoding="utf-8"))["runs"] if out.is_file() else []
    return {
        "command": "python -m course_lib.lab.record_schedules",
        "device": f"cpu, {os.cpu_count()} cores, one thread a run ({platform.machine()})",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__},
        "seeds": sorted({*SEEDS, *WARMUP_SEEDS}),
        "runs": runs,
    }


def _add(content: dict[str, Any], run: dict[str, Any], out: Path) -> None:
    content["runs"].append(run)
    head = {name: value for name, value in content.items() if name != "runs"}
    lines = ",\n  ".join(json.dumps(run) for run in content["runs"])
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "runs": [\n  {lines}\n ]\n}}\n'
    temporary = out.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(out)
    print(run["experiment"], run["plan"], "seed", run["seed"], "ends at", run["losses"][-1], flush=True)


def _key(run: dict[str, Any]) -> tuple[str, str, int]:
    return run["experiment"], json.dumps(run["plan"], sort_keys=True), run["seed"]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Record the runs of chapter 6.")
    parser.add_argument("--out", type=Path, default=RECORDED)
    record(parser.parse_args().out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
