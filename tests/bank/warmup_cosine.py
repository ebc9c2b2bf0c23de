"""Programs for the task warmup_cosine."""

BASE = """
import math


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    # start
    if step < warmup_steps:
        ramp = step / warmup_steps
        lr = peak_lr * ramp
    elif step >= total_steps:
        lr = min_lr
    else:
        progress = (step - warmup_steps) / (total_steps - warmup_steps)
        factor = 0.5 * (1 + math.cos(math.pi * progress))
        lr = min_lr + (peak_lr - min_lr) * factor
    # done
    return lr
"""

HEAD = "import math\n\n\ndef warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):\n"
TYPED = (
    "import math\n\n\ndef warmup_cosine(step: int, total_steps: int, warmup_steps: int, peak_lr: float, "
    "min_lr: float = 0.0) -> float:\n"
)
AFTER = "    if step >= total_steps:\n        return min_lr\n"

RIGHT = {
    "early-returns": TYPED
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    p = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * (1 + math.cos(math.pi * p)) / 2
""",
    "clamped-progress": HEAD
    + """    if step < warmup_steps:
        return peak_lr * (step / warmup_steps)
    span = max(1, total_steps - warmup_steps)
    p = min(1.0, (step - warmup_steps) / span)
    return min_lr + 0.5 * (peak_lr - min_lr) * (1.0 + math.cos(p * math.pi))
""",
    "clamped-step": HEAD
    + """    if warmup_steps and step < warmup_steps:
        return peak_lr * step / warmup_steps
    step = min(step, total_steps)
    if total_steps == warmup_steps:
        return peak_lr if step < total_steps else min_lr
    weight = math.cos(math.pi / 2 * (step - warmup_steps) / (total_steps - warmup_steps)) ** 2
    return weight * peak_lr + (1 - weight) * min_lr
""",
    "torch-scalars": """
import torch


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    t = torch.tensor(float(step))
    if step < warmup_steps:
        return (peak_lr * t / warmup_steps).item()
    p = ((t - warmup_steps) / max(total_steps - warmup_steps, 1)).clamp(0, 1)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + torch.cos(torch.pi * p))
""",
    "numpy-select": """
import numpy as np


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    ramp = peak_lr * step / max(warmup_steps, 1)
    p = np.clip((step - warmup_steps) / max(total_steps - warmup_steps, 1), 0, 1)
    decay = min_lr + (peak_lr - min_lr) * (1 + np.cos(np.pi * p)) / 2
    return np.where(step < warmup_steps, ramp, decay)
""",
    "numpy-interpolated": """
import numpy as np


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    if step < warmup_steps:
        return float(np.interp(step, [0, warmup_steps], [0.0, peak_lr]))
    angle = np.interp(step, [warmup_steps, total_steps], [0.0, np.pi])
    return min_lr + (peak_lr - min_lr) * float(1 + np.cos(angle)) / 2
""",
    "factor-then-scale": HEAD
    + """    low = min_lr / peak_lr

    def factor():
        if step < warmup_steps:
            return float(step) / float(max(1, warmup_steps))
        progress = float(step - warmup_steps) / float(max(1, total_steps - warmup_steps))
        if progress > 1:
            return low
        return low + (1 - low) * 0.5 * (1.0 + math.cos(math.pi * progress))

    return peak_lr * factor()
""",
    "torch-scheduler": """
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    scheduler = CosineAnnealingLR(optimizer, T_max=total_steps - warmup_steps, eta_min=min_lr)
    for _ in range(step - warmup_steps):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]
""",
    "llm-c": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
"""
        + AFTER
        + """    ratio = (step - warmup_steps) / (total_steps - warmup_steps)
    coeff = 0.5 * (1.0 + math.cos(math.pi * ratio))
    return min_lr + coeff * (peak_lr - min_lr)
""",
        "warmup-from-one",
    ),
    "linear-lr-and-cosine-annealing": (
        """
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR


def lrs_of(make, lr, count):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    for _ in range(count):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    if step < warmup_steps:
        if warmup_steps == 1:
            return peak_lr
        ramp = lambda opt: LinearLR(opt, start_factor=1 / warmup_steps, total_iters=warmup_steps - 1)
        return lrs_of(ramp, peak_lr, step)
    if step >= total_steps:
        return min_lr
    cosine = lambda opt: CosineAnnealingLR(opt, T_max=total_steps - warmup_steps, eta_min=min_lr)
    return lrs_of(cosine, peak_lr, step - warmup_steps)
""",
        "warmup-from-one",
    ),
    "nano-gpt": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * (step + 1) / (warmup_steps + 1)
"""
        + AFTER
        + """    decay_ratio = (step - warmup_steps) / (total_steps - warmup_steps)
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (peak_lr - min_lr)
""",
        "warmup-between",
    ),
    "dino": (
        """
import numpy as np


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    warmup = np.linspace(0, peak_lr, warmup_steps)
    iters = np.arange(total_steps - warmup_steps)
    decay = min_lr + 0.5 * (peak_lr - min_lr) * (1 + np.cos(np.pi * iters / max(len(iters), 1)))
    schedule = np.concatenate((warmup, decay))
    return schedule[step] if step < len(schedule) else min_lr
""",
        "warmup-linspace",
    ),
    "lightly": (
        """
import numpy as np


def decayed(step, steps, start, end):
    if steps <= 1 or step >= steps:
        return end
    return end - (end - start) * (np.cos(np.pi * step / (steps - 1)) + 1) / 2


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
    return decayed(step - warmup_steps, total_steps - warmup_steps, peak_lr, min_lr)
""",
        "warmup-from-one+ends-at-the-last-step",
    ),
    "last-step-is-the-floor": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    last = total_steps - 1
    if step >= last:
        return min_lr
    p = (step - warmup_steps) / (last - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * p))
""",
        "ends-at-the-last-step",
    ),
    "transformers-with-warmup-rate": (
        HEAD
        + """    low = min_lr / peak_lr
    if step < warmup_steps:
        return peak_lr * (step + 1.0) / max(1.0, warmup_steps)
    progress = min(1.0, (step - warmup_steps + 1.0) / max(1.0, total_steps - warmup_steps))
    factor = 0.5 * (1.0 + math.cos(math.pi * 2.0 * 0.5 * progress))
    return peak_lr * max(0, factor * (1 - low) + low)
""",
        "steps-count-from-one",
    ),
    "every-step-shifted": (
        HEAD
        + """    step += 1
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    p = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * p))
""",
        "steps-count-from-one",
    ),
    "transformers-with-warmup-rate-zero": (
        HEAD
        + """    low = min_lr / peak_lr
    if step < warmup_steps:
        return peak_lr * (step / max(1, warmup_steps - 1))
    progress = min(1.0, (step - warmup_steps + 1.0) / max(1.0, total_steps - warmup_steps))
    factor = 0.5 * (1.0 + math.cos(math.pi * 2.0 * 0.5 * progress))
    return peak_lr * max(0, factor * (1 - low) + low)
""",
        "linspace-then-decay-from-one",
    ),
    "transformers-held-at-its-end": HEAD
    + """    low = min_lr / peak_lr
    if step < warmup_steps:
        return peak_lr * (float(step) / float(max(1, warmup_steps)))
    if step > total_steps:
        return peak_lr * low
    progress = float(step - warmup_steps) / float(max(1, total_steps - warmup_steps))
    return peak_lr * (low + (1 - low) * max(0.0, 0.5 * (1.0 + math.cos(math.pi * 0.5 * 2.0 * progress))))
""",
    "megatron": HEAD
    + """    init_lr = 0.0
    if warmup_steps > 0 and step <= warmup_steps:
        return init_lr + (peak_lr - init_lr) * float(step) / float(warmup_steps)
    if step > total_steps:
        return min_lr
    decay_ratio = float(step - warmup_steps) / float(total_steps - warmup_steps)
    assert 0.0 <= decay_ratio <= 1.0
    coeff = 0.5 * (math.cos(math.pi * decay_ratio) + 1.0)
    return min_lr + coeff * (peak_lr - min_lr)
""",
    "timm-with-warmup-prefix": HEAD
    + """    if step < warmup_steps:
        return step * (peak_lr / warmup_steps)
    t_initial = total_steps - warmup_steps
    t = step - warmup_steps
    cycle = t // t_initial if t_initial else 1
    if cycle >= 1:
        return min_lr
    return min_lr + 0.5 * (peak_lr - min_lr) * (1 + math.cos(math.pi * (t - t_initial * cycle) / t_initial))
""",
    "sequential-lr": """
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    if step >= total_steps:
        return min_lr
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    parts = []
    if warmup_steps:
        parts.append(LinearLR(optimizer, start_factor=1e-9, total_iters=warmup_steps))
    if total_steps > warmup_steps:
        parts.append(CosineAnnealingLR(optimizer, T_max=total_steps - warmup_steps, eta_min=min_lr))
    scheduler = parts[0] if len(parts) == 1 else SequentialLR(optimizer, parts, milestones=[warmup_steps])
    for _ in range(step):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]
""",
    "lightning-bolts": (
        HEAD
        + """    if step < warmup_steps:
        return 0.0 if step == 0 else step * peak_lr / (warmup_steps - 1)
    if step >= total_steps:
        return min_lr
    angle = math.pi * (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + 0.5 * (peak_lr - min_lr) * (1 + math.cos(angle))
""",
        "warmup-linspace",
    ),
}

START, DONE = "# start", "# done"
RAMP = "ramp = step / warmup_steps"
WARMING = "if step < warmup_steps:"
WARMUP_LR = "lr = peak_lr * ramp"
ENDED = "elif step >= total_steps:"
FINAL = "        lr = min_lr\n"
PROGRESS = "progress = (step - warmup_steps) / (total_steps - warmup_steps)"
FACTOR = "factor = 0.5 * (1 + math.cos(math.pi * progress))"
DECAY_LR = "lr = min_lr + (peak_lr - min_lr) * factor"

WRONG = {
    "no-warmup": [(RAMP, "ramp = 1.0")],
    "warmup-integer-division": [(RAMP, "ramp = step // warmup_steps")],
    "warmup-overshoots": [(WARMING, "if step <= warmup_steps:"), (RAMP, "ramp = (step + 1) / warmup_steps")],
    "warmup-includes-its-end": [(WARMING, "if step <= warmup_steps:")],
    "ramp-before-the-branch": [(START, "warmed = min(1.0, step / warmup_steps)")],
    "warmup-squared": [(RAMP, "ramp = (step / warmup_steps) ** 2")],
    "warmup-cosine-shaped": [(RAMP, "ramp = 0.5 * (1 - math.cos(math.pi * step / warmup_steps))")],
    "warmup-downwards": [(RAMP, "ramp = (warmup_steps - step) / warmup_steps")],
    "warmup-divides-by-total": [(RAMP, "ramp = step / total_steps")],
    "warmup-through-a-fraction": [(START, "warmup_steps = int(total_steps * (warmup_steps / total_steps))")],
    "floor-during-warmup": [(WARMUP_LR, "lr = max(min_lr, peak_lr * ramp)")],
    "floor-taken-off-the-warmup": [(WARMUP_LR, "lr = (peak_lr - min_lr) * ramp")],
    "warmup-from-floor": [(WARMUP_LR, "lr = min_lr + (peak_lr - min_lr) * ramp")],
    "decay-during-warmup": HEAD
    + """    if step >= total_steps and step >= warmup_steps:
        return min_lr
    cosine = 0.5 * (1 + math.cos(math.pi * step / total_steps))
    lr = min_lr + (peak_lr - min_lr) * cosine
    if step < warmup_steps:
        lr *= step / warmup_steps
    return lr
""",
    "jump-at-the-peak": [(PROGRESS, "progress = step / total_steps")],
    "jump-at-the-end": [(PROGRESS, "progress = (step - warmup_steps) / total_steps")],
    "ends-too-late": [
        (PROGRESS, "progress = (step - warmup_steps) / total_steps"),
        (ENDED, "elif step - warmup_steps >= total_steps:"),
    ],
    "one-step-short": [(PROGRESS, "progress = (step - warmup_steps) / (total_steps - warmup_steps + 1)")],
    "peak-skipped": [(PROGRESS, "progress = (step - warmup_steps + 1) / (total_steps - warmup_steps)")],
    "progress-integer-division": [(PROGRESS, "progress = (step - warmup_steps) // (total_steps - warmup_steps)")],
    "rises-after-the-end": [(ENDED, "elif False:")],
    "zero-after-the-end": [(FINAL, "        lr = 0.0\n")],
    "peak-after-the-end": [(FINAL, "        lr = peak_lr\n")],
    "starts-anew-after-the-end": [(START, "step = step % total_steps")],
    "nothing-after-the-end": [(FINAL, "        lr = None\n")],
    "raises-after-the-end": [
        (FINAL, "        assert step == total_steps\n        lr = min_lr\n"),
    ],
    "peak-held-when-all-is-warmup": [(FINAL, "        lr = min_lr if warmup_steps < total_steps else peak_lr\n")],
    "end-not-included": [(ENDED, "elif step > total_steps:")],
    "progress-before-the-branches": [
        (START, "done = (step - warmup_steps) / (total_steps - warmup_steps)"),
    ],
    "cosine-rising": [(FACTOR, "factor = 0.5 * (1 - math.cos(math.pi * progress))")],
    "cosine-not-halved": [(FACTOR, "factor = 1 + math.cos(math.pi * progress)")],
    "cosine-parentheses": [(FACTOR, "factor = 0.5 * 1 + math.cos(math.pi * progress)")],
    "cosine-not-shifted": [(FACTOR, "factor = math.cos(math.pi * progress)")],
    "cosine-quarter": [(FACTOR, "factor = math.cos(math.pi / 2 * progress)")],
    "cosine-whole-period": [(FACTOR, "factor = 0.5 * (1 + math.cos(2 * math.pi * progress))")],
    "cosine-without-pi": [(FACTOR, "factor = 0.5 * (1 + math.cos(progress))")],
    "cosine-in-degrees": [(FACTOR, "factor = 0.5 * (1 + math.cos(180 * progress))")],
    "linear-decay": [(FACTOR, "factor = 1 - progress")],
    "no-floor": [(FINAL, "        lr = 0.0\n"), (DECAY_LR, "lr = peak_lr * factor")],
    "floor-added": [(DECAY_LR, "lr = min_lr + peak_lr * factor")],
    "floor-without-brackets": [(DECAY_LR, "lr = min_lr + peak_lr - min_lr * factor")],
    "floor-cut-off": [(DECAY_LR, "lr = max(min_lr, peak_lr * factor)")],
    "floor-as-fraction": [
        (FINAL, "        lr = peak_lr * min_lr\n"),
        (DECAY_LR, "lr = peak_lr * (min_lr + (1 - min_lr) * factor)"),
    ],
    "floor-only-at-the-end": [(DECAY_LR, "lr = peak_lr * factor")],
    "returns-a-factor": [(DONE, "lr = lr / peak_lr")],
}
