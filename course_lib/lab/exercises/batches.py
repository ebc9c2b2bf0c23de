"""Chapter 7's exercise: the largest batch that fits, then the same effective batch by accumulation.

On CUDA "fits" means that the card does not run out of memory. Elsewhere a budget for what autograd saves stands in for
the card, and peak memory is what was saved at once.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.lab.memory import watch_saved
from course_lib.lab.scale import at_scale
from course_lib.lab.text import Batch, Text, batches, load_text
from course_lib.lab.tiny_lm import TinyLM

Accumulate = Callable[[Callable[[Batch], Tensor], Callable[[Batch], int], list[Batch]], float]

ROOM = 0.8
"""The share of the largest batch that is used: an optimizer's state and odd sizes need some of the rest."""


@dataclass(frozen=True)
class Settings:
    """What a scale tries. budget: bytes that may be saved at once where no card sets the limit. most: batch size."""

    width: int
    layers: int
    heads: int
    context: int
    budget: int
    most: int
    parts: tuple[int, ...]
    repeats: int
    steps: int


SMOKE = Settings(64, 2, 4, 64, 12 << 20, 32, (1, 2, 4), 1, 2)
CPU = Settings(64, 2, 4, 64, 96 << 20, 256, (1, 2, 4, 8), 2, 8)
GPU = Settings(512, 8, 8, 512, 8 << 30, 4096, (1, 2, 4, 8, 16), 3, 12)


def run(scale: str, device: torch.device, seed: int = 0) -> dict[str, Any]:
    """Measure at "smoke", "cpu" or "gpu". The result is plain data; `draw` shows it."""
    started = time.perf_counter()
    settings = at_scale(scale, smoke=SMOKE, cpu=CPU, gpu=GPU)
    bench = _Bench(settings, device, seed)
    tried, largest = _largest_batch(bench)
    multiple = max(settings.parts)
    effective = max(multiple, int(ROOM * largest) // multiple * multiple)
    accumulate, whose = _accumulation()
    rows = [_measured(bench, accumulate, effective, parts) for parts in settings.parts]
    for row in rows:
        row["loss_difference"] = abs(row["loss"] - rows[0]["loss"])
    beyond = _measured(bench, accumulate, 4 * effective, 4 * min(4, multiple))
    few, many = settings.parts[0], settings.parts[-1]
    curves = {str(parts): _losses(bench, accumulate, effective, parts) for parts in (few, many)}
    return {
        "exercise": "batches",
        "scale": scale,
        "seed": seed,
        "device": _name(device),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "settings": {**asdict(settings), "parts": list(settings.parts)},
        "parameters": sum(p.numel() for p in bench.new_model().parameters()),
        "memory": "allocated on the card" if device.type == "cuda" else "saved by autograd",
        "accumulation": whose,
        "tried": tried,
        "largest_batch": largest,
        "effective_batch": effective,
        "rows": rows,
        "beyond": beyond,
        "curves": curves,
        "seconds": time.perf_counter() - started,
    }


class _Bench:
    """Models, data and meters of one run."""

    def __init__(self, settings: Settings, device: torch.device, seed: int):
        self.settings, self.device, self.seed = settings, device, seed
        self.text: Text = load_text()
        self.cuda = device.type == "cuda"

    def new_model(self) -> TinyLM:
        s = self.settings
        shape = {"width": s.width, "layers": s.layers, "heads": s.heads, "context": s.context}
        return TinyLM(len(self.text.alphabet), seed=self.seed, **shape).to(self.device)

    def data(self, batch_size: int) -> Iterator[Batch]:
        source = batches(self.text, batch_size=batch_size, context=self.settings.context, seed=self.seed)
        return ((x.to(self.device), y.to(self.device)) for x, y in source)

    def wait(self) -> float:
        """The time, when the device has done what it was asked for."""
        if self.cuda:
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()
        return time.perf_counter()

    def peak_of(self, model: TinyLM, work: Callable[[], None]) -> int:
        """Peak bytes while `work` runs."""
        if not self.cuda:
            with watch_saved(model.parameters()) as saved:
                work()
            return saved.peak
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(self.device)
        work()
        self.wait()
        return int(torch.cuda.max_memory_allocated(self.device))


def loss_sum(model: TinyLM, batch: Batch) -> Tensor:
    """Summed cross-entropy of a batch, in nats."""
    x, y = batch
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum")


def token_count(batch: Batch) -> int:
    """How many bytes are predicted."""
    return batch[1].numel()


def _accumulation() -> tuple[Accumulate, str]:
    """The reader's own function, if it is written; else what suffices for parts of equal length."""
    try:
        from course_lib.training.accumulation import accumulate_gradients
    except ImportError:
        return _equal_parts, "a loop for parts of equal length"
    return accumulate_gradients, "accumulate_gradients from course_lib"


def _equal_parts(loss: Callable[[Batch], Tensor], count: Callable[[Batch], int], parts: list[Batch]) -> float:
    """Mean loss and its gradient where all parts have the same length."""
    values = []
    for part in parts:
        share = loss(part) / (count(part) * len(parts))
        share.backward()
        values.append(share.item())
    return sum(values)


def _cut(batch: Batch, parts: int) -> list[Batch]:
    return list(zip(batch[0].chunk(parts), batch[1].chunk(parts), strict=True))


def _largest_batch(bench: _Bench) -> tuple[list[dict[str, Any]], int]:
    """Double until it does not fit, then halve the interval until it is known to an eighth."""
    tried: list[dict[str, Any]] = []
    low, high = 0, bench.settings.most + 1
    size = 4
    while high - low > max(1, low // 8):
        peak = _one_batch(bench, size)
        tried.append({"batch": size, "fits": peak is not None, "peak_bytes": peak})
        low, high = (size, high) if peak is not None else (low, size)
        doubling = all(item["fits"] for item in tried)
        size = min(2 * size, high - 1) if doubling else (low + high) // 2
        if size in (low, high):
            break
    return tried, max(low, 1)


def _one_batch(bench: _Bench, size: int) -> int | None:
    """Peak bytes of one forward and backward pass; None if they do not fit."""
    try:
        peak = _forward_and_backward(bench, size)
    except torch.OutOfMemoryError:
        return None
    return peak if bench.cuda or peak <= bench.settings.budget else None


def _forward_and_backward(bench: _Bench, size: int) -> int:
    model, batch = bench.new_model(), next(bench.data(size))
    return bench.peak_of(model, lambda: (loss_sum(model, batch) / token_count(batch)).backward())


def _measured(bench: _Bench, accumulate: Accumulate, size: int, parts: int) -> dict[str, Any]:
    """One effective batch in `parts` pieces: loss, peak bytes, tokens per second."""
    model, batch = bench.new_model(), next(bench.data(size))
    pieces, loss = _cut(batch, parts), 0.0

    def step() -> None:
        nonlocal loss
        model.zero_grad()
        loss = accumulate(lambda piece: loss_sum(model, piece), token_count, pieces)

    peak = bench.peak_of(model, step)
    started = bench.wait()
    for _ in range(bench.settings.repeats):
        step()
    seconds = (bench.wait() - started) / bench.settings.repeats
    return {
        "effective_batch": size,
        "parts": parts,
        "micro_batch": size // parts,
        "loss": loss,
        "peak_bytes": peak,
        "tokens_per_second": token_count(batch) / seconds,
    }


def _losses(bench: _Bench, accumulate: Accumulate, size: int, parts: int) -> list[float]:
    """The loss of every step of a short training."""
    model, source = bench.new_model(), bench.data(size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(bench.settings.steps):
        optimizer.zero_grad()
        pieces = _cut(next(source), parts)
        losses.append(accumulate(lambda piece: loss_sum(model, piece), token_count, pieces))
        optimizer.step()
    return losses


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def draw(result: dict[str, Any]) -> Any:
    """Peak memory and speed against the number of parts, and both loss curves. Needs matplotlib."""
    from course_lib.lab.style import figure, ramp, theme

    rows = result["rows"]
    parts = [str(row["parts"]) for row in rows]
    fig, axes = figure(1, 3, height=3.3)
    color = ramp(2)
    axes[0].bar(parts, [row["peak_bytes"] / 2**20 for row in rows], color=color[0])
    axes[0].set(title="peak memory", xlabel="micro-batches", ylabel=f"MiB {result['memory']}")
    axes[1].bar(parts, [row["tokens_per_second"] / 1000 for row in rows], color=color[0])
    axes[1].set(title="speed", xlabel="micro-batches", ylabel="thousand tokens a second")
    for (name, losses), shade, width in zip(
        result["curves"].items(), (theme().neutral, color[1]), (5.0, 1.6), strict=True
    ):
        pieces = "1 batch" if name == "1" else f"{name} micro-batches"
        axes[2].plot(range(1, len(losses) + 1), losses, color=shade, linewidth=width, label=pieces)
    axes[2].set(title="the loss is the same", xlabel="step", ylabel="nats")
    axes[2].legend(frameon=False)
    return fig
