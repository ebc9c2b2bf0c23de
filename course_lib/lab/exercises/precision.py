"""One language model in five precisions: tokens per second, peak memory, loss, and what the hardware could do.

The same weights and the same batches in float32, TF32, float16 with a gradient scaler, bfloat16, and bfloat16 compiled.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from course_lib.lab.scale import at_scale
from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss

DTYPES = {"fp32": torch.float32, "tf32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
LR = 1e-3


@dataclass(frozen=True)
class Size:
    """A model, its batches and how long it trains; matmul: the side of the square matrices whose product is timed."""

    width: int
    layers: int
    heads: int
    context: int
    batch_size: int
    steps: int
    matmul: int


SIZES = {
    "smoke": Size(width=32, layers=1, heads=2, context=32, batch_size=4, steps=4, matmul=64),
    "cpu": Size(width=64, layers=2, heads=4, context=64, batch_size=8, steps=20, matmul=256),
    "gpu": Size(width=1024, layers=8, heads=16, context=512, batch_size=32, steps=60, matmul=8192),
}


def run(scale: str, device: torch.device, seed: int = 0) -> dict[str, Any]:
    """Train in every precision that `device` has. See `table` in the result for the figures."""
    size = at_scale(scale, **SIZES)
    names = ["fp32", "fp16", "bf16"]
    if device.type == "cuda":
        names = ["fp32", "tf32", "fp16", "bf16", "bf16 compiled"]
    runs = {name: _attempt(name, size, device, seed) for name in names}
    rows = [{"precision": name, **_row(found)} for name, found in runs.items()]
    return {
        "scale": scale,
        "device": device.type,
        "seed": seed,
        "size": vars(size),
        "parameters": sum(p.numel() for p in _model(size, torch.device("cpu"), seed).parameters()),
        "table": rows,
        "losses": {name: found.get("losses", []) for name, found in runs.items()},
    }


def flops_per_token(parameters: int, size: Size) -> float:
    """Forward and backward: 6 per parameter and token, and 12 · layers · width · context for attention's two products
    (Chowdhery et al. 2022, PaLM, appendix B)."""
    return 6.0 * parameters + 12.0 * size.layers * size.width * size.context


def _attempt(name: str, size: Size, device: torch.device, seed: int) -> dict[str, Any]:
    """A precision that fails here, such as compilation without a compiler, is reported and does not stop the others."""
    try:
        return _train(name, size, device, seed)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:300]}


def _train(name: str, size: Size, device: torch.device, seed: int) -> dict[str, Any]:
    kind, dtype = name.split()[0], DTYPES[name.split()[0]]
    with _tf32(kind == "tf32"):
        model = _model(size, device, seed)
        parameters = sum(p.numel() for p in model.parameters())
        forward: Any = torch.compile(model) if name.endswith("compiled") else model
        optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
        grad_scaler = torch.amp.GradScaler(device.type, enabled=kind == "fp16")
        source = batches(load_text(), batch_size=size.batch_size, context=size.context, seed=seed)
        warm, losses, started = max(1, size.steps // 6), [], 0.0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        for number in range(size.steps):
            if number == warm:
                _wait(device)
                started = time.perf_counter()
            x, y = (part.to(device) for part in next(source))
            with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
                loss = next_byte_loss(forward, x, y)
            optimizer.zero_grad()
            grad_scaler.scale(loss).backward()
            grad_scaler.step(optimizer)
            grad_scaler.update()
            losses.append(loss.detach())
        _wait(device)
        seconds = time.perf_counter() - started
        rate = _matmul_rate(dtype, size.matmul, device)
    tokens = (size.steps - warm) * size.batch_size * size.context / seconds
    return {
        "losses": [float(loss) for loss in losses],
        "tokens_per_second": tokens,
        "peak_memory_bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None,
        "matmul_flops": rate,
        "utilisation": tokens * flops_per_token(parameters, size) / rate,
        "loss_scale": grad_scaler.get_scale() if kind == "fp16" else None,
    }


def _row(found: dict[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in found.items() if name != "losses"}
    if "losses" in found:
        row["final_loss"] = sum(found["losses"][-5:]) / len(found["losses"][-5:])
    return row


def _model(size: Size, device: torch.device, seed: int) -> nn.Module:
    vocabulary = len(load_text().alphabet)
    shape = {"width": size.width, "layers": size.layers, "heads": size.heads, "context": size.context}
    return TinyLM(vocabulary, seed=seed, **shape).to(device)


@contextlib.contextmanager
def _tf32(on: bool) -> Any:
    """Products of float32 matrices through TF32, or not at all; as it was afterwards."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if on else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _matmul_rate(dtype: torch.dtype, side: int, device: torch.device) -> float:
    """Floating-point operations per second of one square matrix product, the best of three measurements."""
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    a @ b
    times = 10 if device.type == "cuda" else 1
    best = float("inf")
    for _ in range(3):
        _wait(device)
        started = time.perf_counter()
        for _ in range(times):
            a @ b
        _wait(device)
        best = min(best, (time.perf_counter() - started) / times)
    return 2.0 * side**3 / best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def draw(result: dict[str, Any]) -> Any:
    """Tokens per second as bars, and the losses of all precisions."""
    from course_lib.lab.number_formats import format_colour
    from course_lib.lab.style import figure, label_ends

    rows = [row for row in result["table"] if "tokens_per_second" in row]
    fig, (left, right) = figure(1, 2, height=3.6)
    for row in rows:
        name = row["precision"]
        color, dashes = format_colour(name), "--" if name.endswith("compiled") else "-"
        left.barh(name, row["tokens_per_second"], color=color, alpha=0.6 if name.endswith("compiled") else 1.0)
        right.plot(result["losses"][name], color=color, linestyle=dashes, label=name)
    left.invert_yaxis()
    left.set(xlabel="tokens per second", title=f"speed on {result['device']}")
    left.grid(axis="y", visible=False)
    right.set(xlabel="step", ylabel="loss (nats)", title="the same loss")
    label_ends(right)
    return fig
