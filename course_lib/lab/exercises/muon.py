"""GPU exercise of chapter 15: a GPT of 14 million parameters, Muon against AdamW, each at the best of three settings.

At scale "gpu" the model has 8 layers of width 384 and reads 256 bytes at a time. At "smoke" and "cpu" it is tiny, and the
numbers mean nothing beyond "it runs".
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.lab.scale import at_scale
from course_lib.lab.text import Text, load_text, validation_batch, windows
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHAPES: dict[str, dict[str, int]] = {
    "smoke": {"width": 32, "layers": 1, "heads": 2, "context": 32},
    "cpu": {"width": 64, "layers": 2, "heads": 4, "context": 64},
    "gpu": {"width": 384, "layers": 8, "heads": 6, "context": 256},
}
LRS: dict[str, tuple[float, ...]] = {"Muon": (0.01, 0.02, 0.04), "AdamW": (1e-3, 2e-3, 4e-3)}
REST_LR = 4e-3
WEIGHT_DECAY = 0.1
BETAS = (0.9, 0.95)
WARM_SHARE, DECAY_SHARE = 0.05, 0.3


def run(scale: str, device: torch.device, seed: int = 0, path: str | Path | None = None) -> dict[str, Any]:
    """Train with every setting and keep all curves. path: a text of your own instead of Python's help pages."""
    text = load_text(path)
    middle = {name: values[1:2] for name, values in LRS.items()}
    lrs: dict[str, tuple[float, ...]] = at_scale(scale, smoke=middle, cpu=LRS)
    runs = [_train(scale, device, seed, text, optimizer, lr) for optimizer, values in lrs.items() for lr in values]
    best = {name: min((r for r in runs if r["optimizer"] == name), key=lambda r: r["losses"][-1]) for name in lrs}
    return {
        "exercise": "muon",
        "scale": scale,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "text": text.name,
        "seed": seed,
        "parameters": runs[0]["parameters"],
        "runs": runs,
        "best": {
            name: {"lr": r["lr"], "loss": r["losses"][-1], "seconds": r["seconds"][-1]} for name, r in best.items()
        },
        "fewer_steps": _advantage(best, "steps"),
        "less_time": _advantage(best, "seconds"),
    }


def draw(result: dict[str, Any]) -> Figure:
    """Validation loss against steps and against seconds: the best setting of each in bold, the others thin."""
    from course_lib.lab.style import colour, figure

    fig, axes = figure(1, 2, height=3.8, sharey=True)
    for ax, unit in zip(axes, ("steps", "seconds"), strict=True):
        for one in result["runs"]:
            best = result["best"][one["optimizer"]]["lr"] == one["lr"]
            label = f"{one['optimizer']}, lr {one['lr']:g}" if best else "_"
            ax.plot(one[unit], one["losses"], color=colour(one["optimizer"]), linewidth=2 if best else 0.7, label=label)
        ax.set_xlabel("step" if unit == "steps" else f"seconds ({result['device']})")
        ax.legend(frameon=False)
    axes[0].set_ylabel("validation loss (nats)")
    return fig


def _train(scale: str, device: torch.device, seed: int, text: Text, optimizer: str, lr: float) -> dict[str, Any]:
    steps = at_scale(scale, smoke=4, cpu=60, gpu=1500)
    batch_size = at_scale(scale, smoke=4, cpu=16, gpu=64)
    context = SHAPES[scale]["context"]
    model = TinyLM(len(text.alphabet), seed=seed, **SHAPES[scale]).to(device)
    optimizers = _optimizers(model, optimizer, lr)
    base = [[group["lr"] for group in one.param_groups] for one in optimizers]
    validation = tuple(part.to(device) for part in validation_batch(text, context=context))
    every = max(1, steps // 30)
    found: dict[str, Any] = {"optimizer": optimizer, "lr": lr, "steps": [], "seconds": [], "losses": []}
    found["parameters"] = sum(p.numel() for p in model.parameters())
    trained, source = 0.0, _batches(text, batch_size, context, seed, device)
    for step in range(steps + 1):
        if step % every == 0 or step == steps:
            found["steps"].append(step)
            found["seconds"].append(round(trained, 4))
            found["losses"].append(_loss(model, validation))
        if step == steps:
            break
        started = _now(device)
        factor = min((step + 1) / (WARM_SHARE * steps), 1.0, (steps - step) / (DECAY_SHARE * steps))
        for one, lrs in zip(optimizers, base, strict=True):
            one.zero_grad()
            for group, peak in zip(one.param_groups, lrs, strict=True):
                group["lr"] = peak * factor
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            loss = next_byte_loss(model, *next(source))
        loss.backward()
        for one in optimizers:
            one.step()
        trained += _now(device) - started
    return found


def _optimizers(model: TinyLM, optimizer: str, lr: float) -> list[torch.optim.Optimizer]:
    kinds = model.kinds()
    outside = {id(p) for kind in ("embedding", "head", "norm gains") for p in kinds[kind]}
    hidden = [p for p in model.parameters() if id(p) not in outside]
    rest = [p for p in model.parameters() if id(p) in outside]
    adamw: dict[str, Any] = {"betas": BETAS, "weight_decay": WEIGHT_DECAY}
    if optimizer == "AdamW":
        groups = [{"params": hidden, "lr": lr}, {"params": rest, "lr": REST_LR}]
        return [torch.optim.AdamW(groups, **adamw)]
    return [_muon(hidden, lr), torch.optim.AdamW(rest, lr=REST_LR, **adamw)]


def _muon(params: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """The student's Muon where there is one, else torch's."""
    try:
        from course_lib.optim.muon import Muon
    except Exception:
        return torch.optim.Muon(params, lr=lr, weight_decay=WEIGHT_DECAY, adjust_lr_fn="original")
    return Muon(params, lr=lr, weight_decay=WEIGHT_DECAY)


def _batches(text: Text, size: int, context: int, seed: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    while True:
        starts = torch.randint(len(text.train) - context, (size,), generator=generator)
        x, y = windows(text.train, starts, context)
        yield x.to(device), y.to(device)


@torch.no_grad()
def _loss(model: TinyLM, batch: tuple[Tensor, ...]) -> float:
    return next_byte_loss(model, *batch).item()


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _advantage(best: dict[str, dict[str, Any]], unit: str) -> float | None:
    """How many times more steps or seconds AdamW's best run took to its end than Muon's took to the same loss."""
    target, muon = best["AdamW"]["losses"][-1], best["Muon"]
    for place, loss in zip(muon[unit], muon["losses"], strict=True):
        if loss <= target and place:
            return round(best["AdamW"][unit][-1] / place, 3)
    return None
