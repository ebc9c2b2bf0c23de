"""Make the recorded runs of chapter 10: `python -m course_lib.lab.record_grokking [EXPERIMENT ...]`.

Data and training loop are those of the chapter's two tasks, so run it in a workspace where they are written (after
`sgd2muon course 10_grokking` that is build/workspace/smoke-solved, named in SGD2MUON_WORKSPACE). Optimizers are torch's.
Everything goes into course_lib/recorded/grokking.json; experiments that are not named keep what is there.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from course_lib.lab.double_descent import noisy_mlp
from course_lib.lab.grok_models import PairTransformer, ReluMLP, SquareMLP
from course_lib.lab.train import one_thread

RECORDED = Path(__file__).resolve().parent.parent / "recorded" / "grokking.json"
SEEDS = (0, 1, 2)
P = 43
DECAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0)
FRACTIONS = (0.3, 0.4, 0.5, 0.6, 0.7)
LR_DECAY = ((0.005, 2.0), (0.01, 1.0), (0.02, 0.5), (0.005, 1.0), (0.02, 1.0))
WIDTHS = (1, 2, 4, 8, 12, 16, 24, 40, 100, 400)

Plan = dict[str, Any]


class Together:
    """Several optimizers that step as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer):
        self.optimizers = optimizers

    def zero_grad(self) -> None:
        """Of all of them."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self) -> None:
        """One step of each."""
        for optimizer in self.optimizers:
            optimizer.step()


def adamw(parameters: Any, plan: Plan) -> torch.optim.Optimizer:
    """With the settings of every run of the chapter."""
    return torch.optim.AdamW(parameters, lr=plan["lr"], betas=(0.9, 0.98), weight_decay=plan["decay"])


def muon(parameters: Any, plan: Plan) -> torch.optim.Optimizer:
    """In the mode whose steps are as long as AdamW's."""
    decay = float(plan["decay"])
    return torch.optim.Muon(parameters, lr=plan["muon_lr"], weight_decay=decay, adjust_lr_fn="match_rms_adamw")


def muon_inside(model: nn.Module, plan: Plan) -> Together:
    """Muon on the matrices inside the layer, AdamW on the rest."""
    assert isinstance(model, PairTransformer)
    chosen = {id(p) for p in model.matrices()}
    return Together(muon(model.matrices(), plan), adamw([p for p in model.parameters() if id(p) not in chosen], plan))


def experiments() -> dict[str, list[Plan]]:
    """What is run: name → plans, each for every seed."""
    base = {"model": "SquareMLP", "operation": "add", "fraction": 0.5, "lr": 0.01, "decay": 1.0, "max_steps": 1000}
    transformer = {**base, "model": "PairTransformer", "fraction": 0.4, "max_steps": 800}
    division = {**base, "model": "ReluMLP", "operation": "div", "fraction": 0.4, "max_steps": 2500}
    return {
        "play": [{**base, "decay": decay, "fraction": fraction} for decay in DECAYS for fraction in FRACTIONS],
        "lr_decay": [{**base, "lr": lr, "decay": decay} for lr, decay in LR_DECAY],
        "division": [{**division, "decay": decay} for decay in (2.0, 0.0)],
        "transformer": [
            {**transformer, "optimizer": "AdamW"},
            {**transformer, "optimizer": "AdamW", "decay": 2.0},
            {**transformer, "optimizer": "Muon", "muon_lr": 0.05},
        ],
        "mlp_optimizers": [
            {**base, "optimizer": "AdamW", "lr": 0.03},
            {**base, "optimizer": "AdamW", "lr": 0.03, "decay": 3.0},
            {**base, "optimizer": "Muon", "muon_lr": 0.1, "decay": 1.2},
        ],
    }


MODELS: dict[str, Callable[..., nn.Module]] = {
    "SquareMLP": SquareMLP,
    "ReluMLP": ReluMLP,
    "PairTransformer": PairTransformer,
}


def one_run(plan: Plan, seed: int, whole_log: bool) -> dict[str, Any]:
    """One run; its log only where it is asked for, to keep the file small."""
    from course_lib.training.grok import train_until_grok
    from course_lib.training.modular_data import modular_data

    generator = torch.Generator().manual_seed(seed)
    data = modular_data(P, plan["operation"], plan["fraction"], generator)
    model = MODELS[plan["model"]](P, seed=seed)
    if plan.get("optimizer") != "Muon":
        optimizer: Any = adamw(model.parameters(), plan)
    else:
        optimizer = muon_inside(model, plan) if plan["model"] == "PairTransformer" else muon(model.parameters(), plan)
    log = train_until_grok(model, data, optimizer, max_steps=plan["max_steps"], log_every=5)
    found = {"plan": plan, "seed": seed, "memorised": log["memorised"], "grokked": log["grokked"]}
    found["val_acc_at_end"] = round(log["val_acc"][-1], 4)
    if whole_log:
        every = 1 if len(log["steps"]) <= 120 else 4
        found["steps"] = log["steps"][::every]
        for name in ("train_acc", "val_acc"):
            found[name] = [round(value, 4) for value in log[name][::every]]
    return found


def runs(name: str, plans: Sequence[Plan]) -> Iterator[dict[str, Any]]:
    """Every plan with every seed; the whole log of the first seed, and of all seeds of the transformer."""
    for plan in plans:
        for seed in SEEDS:
            found = one_run(plan, seed, whole_log=seed == 0 or name == "transformer")
            print(name, {k: plan[k] for k in ("fraction", "lr", "decay")}, seed, found["memorised"], found["grokked"])
            yield found


def mlp_widths() -> list[dict[str, Any]]:
    """Double descent over the width of a small network."""
    return [
        {"width": width, "seed": seed, **{k: round(v, 4) for k, v in noisy_mlp(width, seed=seed).items()}}
        for seed in SEEDS
        for width in WIDTHS
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    planned = experiments()
    names = [*planned, "mlp_widths"]
    parser = argparse.ArgumentParser(description="Record the runs of chapter 10.")
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(names)} (default: all)")
    options = parser.parse_args(arguments)
    if unknown := set(options.experiments) - set(names):
        parser.error(f"no experiment is called {', '.join(sorted(unknown))}; there is {', '.join(names)}")
    known = json.loads(RECORDED.read_text(encoding="utf-8"))["experiments"] if RECORDED.is_file() else {}
    with one_thread():
        for name in options.experiments or names:
            known[name] = mlp_widths() if name == "mlp_widths" else list(runs(name, planned[name]))
            write(known)
    return 0


def write(known: dict[str, Any]) -> None:
    """The file: how it was made, then one run on each line."""
    made = {
        "command": "python -m course_lib.lab.record_grokking",
        "device": f"cpu ({platform.machine()}), one thread",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "seeds": list(SEEDS),
        "p": P,
    }
    lines = [
        f"  {json.dumps(name)}: [\n" + ",\n".join(f"   {json.dumps(run)}" for run in found) + "\n  ]"
        for name, found in known.items()
    ]
    head = json.dumps(made, indent=1)[1:-2]
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text("{" + head + ',\n "experiments": {\n' + ",\n".join(lines) + "\n }\n}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
