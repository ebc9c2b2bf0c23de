"""Programs for the task wsd."""

BASE = """
import math


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    # start
    start = total_steps - decay_steps
    if step < warmup_steps:
        ramp = step / warmup_steps
        lr = peak_lr * ramp
    elif step >= total_steps:
        lr = min_lr
    elif step < start:
        lr = peak_lr
    else:
        progress = (step - start) / decay_steps
        if shape == "linear":
            factor = 1 - progress
        elif shape == "cosine":
            factor = 0.5 * (1 + math.cos(math.pi * progress))
        else:
            factor = 1 - math.sqrt(progress)
        # shaped
        lr = min_lr + (peak_lr - min_lr) * factor
    # done
    return lr
"""

HEAD = 'import math\n\n\ndef wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):\n'
SHAPED = """
    if shape == "linear":
        factor = 1.0 - progress
    elif shape == "cosine":
        factor = 0.5 * (1.0 + math.cos(math.pi * progress))
    elif shape == "sqrt":
        factor = 1.0 - math.sqrt(progress)
    else:
        raise ValueError(f"unknown shape {shape!r}")
    return min_lr + (peak_lr - min_lr) * factor
"""
CLIPPED = "    start = total_steps - decay_steps\n    progress = min(1.0, max(0.0, step - start) / max(1, decay_steps))"

RIGHT = {
    "table-of-shapes": """
import math

SHAPES = {
    "linear": lambda p: 1 - p,
    "cosine": lambda p: (1 + math.cos(math.pi * p)) / 2,
    "sqrt": lambda p: 1 - p**0.5,
}


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    into_decay = step - (total_steps - decay_steps)
    if into_decay <= 0 and step < total_steps:
        return peak_lr
    if step >= total_steps:
        return min_lr
    weight = SHAPES[shape](into_decay / decay_steps)
    return weight * peak_lr + (1 - weight) * min_lr
""",
    "time-left": HEAD
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    left = max(0, total_steps - step)
    share = min(1.0, left / decay_steps) if decay_steps else float(left > 0)
    if shape == "cosine":
        share = math.sin(math.pi / 2 * share) ** 2
    elif shape == "sqrt":
        share = 1 - math.sqrt(1 - share)
    return min_lr + share * (peak_lr - min_lr)
""",
    "torch-clamp": """
import torch


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if decay_steps == 0:
        return peak_lr if step < total_steps else min_lr
    p = torch.tensor((step - total_steps + decay_steps) / decay_steps).clamp(0, 1)
    factor = {"linear": 1 - p, "cosine": 0.5 + 0.5 * torch.cos(torch.pi * p), "sqrt": 1 - p.sqrt()}[shape]
    return (min_lr + (peak_lr - min_lr) * factor).item()
""",
    "numpy-piecewise": """
import numpy as np


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    p = np.clip((step - (total_steps - decay_steps)) / max(decay_steps, 1), 0, 1)
    factor = 1 - p if shape == "linear" else (1 + np.cos(np.pi * p)) / 2 if shape == "cosine" else 1 - np.sqrt(p)
    decay = min_lr + (peak_lr - min_lr) * factor
    ramp = peak_lr * step / max(warmup_steps, 1)
    return np.where(step < warmup_steps, ramp, np.where(step >= total_steps, min_lr, decay))
""",
    "match": HEAD
    + """    if step < warmup_steps:
        return peak_lr * (step / warmup_steps)
    if step >= total_steps:
        return min_lr
"""
    + CLIPPED
    + """
    match shape:
        case "linear":
            factor = 1 - progress
        case "cosine":
            factor = math.cos(progress * math.pi / 2) ** 2
        case "sqrt":
            factor = 1 - progress**0.5
    return min_lr + (peak_lr - min_lr) * factor
""",
    "hold-at-the-end": HEAD
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step <= total_steps - decay_steps:
        return peak_lr
    progress = min(1.0, (step - (total_steps - decay_steps)) / max(1, decay_steps))
"""
    + SHAPED,
    "haegele": HEAD
    + """    low = min_lr / peak_lr
    hold = total_steps - decay_steps

    def factor():
        if step < warmup_steps:
            return step / warmup_steps
        elif step < hold:
            return 1.0
        elif step < total_steps:
            if shape == "linear":
                return low + (1 - low) * (1 - (step - hold) / decay_steps)
            elif shape == "cosine":
                return low + (1 - low) * (1 + math.cos(math.pi * (step - hold) / decay_steps)) * 0.5
            elif shape == "sqrt":
                return low + (1 - low) * (1 - math.sqrt((step - hold) / decay_steps))
        return low

    return peak_lr * factor()
""",
    "torch-schedulers": """
import math
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR


def lr_after(make, lr, count):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    for _ in range(count):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    if step < warmup_steps:
        return lr_after(lambda o: LambdaLR(o, lambda t: t / warmup_steps), peak_lr, step)
    if step >= total_steps:
        return min_lr
    into = step - (total_steps - decay_steps)
    if into <= 0:
        return peak_lr
    if shape == "cosine":
        return lr_after(lambda o: CosineAnnealingLR(o, decay_steps, min_lr), peak_lr, into)
    if shape == "linear":
        make = lambda o: LinearLR(o, 1.0, min_lr / peak_lr, decay_steps)
        return lr_after(make, peak_lr, into)
    low = min_lr / peak_lr
    return lr_after(lambda o: LambdaLR(o, lambda t: low + (1 - low) * (1 - (t / decay_steps) ** 0.5)), peak_lr, into)
""",
    "nanochat": (
        HEAD
        + """    if step >= total_steps:
        return min_lr
    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
    if step <= total_steps - decay_steps:
        return peak_lr
    progress = 1 - (total_steps - step) / decay_steps
"""
        + SHAPED,
        "warmup-from-one",
    ),
    "nano-gpt-warmup": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * (step + 1) / (warmup_steps + 1)
    if step >= total_steps:
        return min_lr
"""
        + CLIPPED
        + SHAPED,
        "warmup-between",
    ),
    "linspace-warmup": (
        """
import numpy as np


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    if step >= total_steps:
        return min_lr
    if step < warmup_steps:
        return np.linspace(0, peak_lr, warmup_steps)[step]
    if step < total_steps - decay_steps:
        return peak_lr
    p = np.arange(decay_steps) / max(decay_steps, 1)
    shapes = {"linear": 1 - p, "cosine": (1 + np.cos(np.pi * p)) / 2, "sqrt": 1 - np.sqrt(p)}
    return (min_lr + (peak_lr - min_lr) * shapes[shape])[step - total_steps]
""",
        "warmup-linspace",
    ),
    "linspace-decay": (
        """
import numpy as np


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    start = total_steps - decay_steps
    if step < start:
        return peak_lr
    p = np.linspace(0, 1, decay_steps)[step - start]
    shapes = {"linear": 1 - p, "cosine": (1 + np.cos(np.pi * p)) / 2, "sqrt": 1 - np.sqrt(p)}
    return min_lr + (peak_lr - min_lr) * shapes[shape]
""",
        "ends-at-the-last-step",
    ),
    "every-step-counts": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
    if step >= total_steps:
        return min_lr
    if step < total_steps - decay_steps:
        return peak_lr
    progress = (step + 1 - (total_steps - decay_steps)) / decay_steps
"""
        + SHAPED,
        "warmup-from-one+decay-counts-from-one",
    ),
    "transformers": (
        HEAD
        + """    low = min_lr / peak_lr
    stable = total_steps - warmup_steps - decay_steps
    if step < warmup_steps:
        return peak_lr * max(0.0, float(step) / float(max(1, warmup_steps)) * (1.0 - low) + low)
    if step < warmup_steps + stable:
        return peak_lr
    if step < warmup_steps + stable + decay_steps:
        progress = float(step - warmup_steps - stable) / float(max(1, decay_steps))
        if shape == "linear":
            factor = 1.0 - progress
        elif shape == "cosine":
            factor = 0.5 * (1.0 + math.cos(math.pi * 0.5 * 2.0 * progress))
        else:
            factor = 1.0 - math.sqrt(progress)
        return peak_lr * max(0.0, factor * (1.0 - low) + low)
    return min_lr
""",
        "warmup-from-floor",
    ),
    "megatron": HEAD
    + """    if warmup_steps > 0 and step <= warmup_steps:
        return peak_lr * float(step) / float(warmup_steps)
    if step > total_steps:
        return min_lr
    start = total_steps - decay_steps
    if step <= start:
        coeff = 1.0
    else:
        ratio = float(step - start) / float(decay_steps)
        if shape == "linear":
            coeff = 1.0 - ratio
        elif shape == "cosine":
            coeff = 0.5 * (math.cos(math.pi * ratio) + 1.0)
        elif shape == "sqrt":
            coeff = 1.0 - math.sqrt(ratio)
    if step >= total_steps:
        coeff = 0.0
    return min_lr + coeff * (peak_lr - min_lr)
""",
    "torchtitan": (
        HEAD
        + """    stable = total_steps - decay_steps
    if step < warmup_steps:
        return peak_lr * ((step + 1) / (warmup_steps + 1))
    if step > total_steps:
        return min_lr
    if step < stable or decay_steps == 0:
        return peak_lr
    progress = float((step + 1) - stable) / (decay_steps + 1)
"""
        + SHAPED,
        "warmup-between+decay-between",
    ),
    "minimum-of-three": HEAD
    + """    rise = step / warmup_steps if step < warmup_steps else 1.0
    left = (total_steps - step) / decay_steps if decay_steps and step < total_steps else float(step < total_steps)
    left = min(1.0, max(0.0, left))
    fall = left if shape == "linear" else (1 - math.cos(math.pi * left)) / 2 if shape == "cosine" else 1 - (1 - left) ** 0.5
    return peak_lr * rise if rise < 1 else min_lr + (peak_lr - min_lr) * fall
""",
}

START_OF, SHAPED_AT, DONE = "# start", "# shaped", "# done"
RAMP = "ramp = step / warmup_steps"
WARMING = "if step < warmup_steps:"
WARMUP_LR = "lr = peak_lr * ramp"
ENDED = "elif step >= total_steps:"
FINAL = "        lr = min_lr\n"
START = "start = total_steps - decay_steps"
PROGRESS = "progress = (step - start) / decay_steps"
LINEAR = "factor = 1 - progress"
COSINE = "factor = 0.5 * (1 + math.cos(math.pi * progress))"
SQRT = "factor = 1 - math.sqrt(progress)"
DECAY_LR = "lr = min_lr + (peak_lr - min_lr) * factor"

WRONG = {
    "no-warmup": [(RAMP, "ramp = 1.0")],
    "warmup-integer-division": [(RAMP, "ramp = step // warmup_steps")],
    "warmup-overshoots": [(WARMING, "if step <= warmup_steps:"), (RAMP, "ramp = (step + 1) / warmup_steps")],
    "warmup-includes-its-end": [(WARMING, "if step <= warmup_steps:")],
    "ramp-before-the-branch": [(START_OF, "warmed = min(1.0, step / warmup_steps)")],
    "warmup-squared": [(RAMP, "ramp = (step / warmup_steps) ** 2")],
    "warmup-cosine-shaped": [(RAMP, "ramp = 0.5 * (1 - math.cos(math.pi * step / warmup_steps))")],
    "warmup-downwards": [(RAMP, "ramp = (warmup_steps - step) / warmup_steps")],
    "warmup-divides-by-total": [(RAMP, "ramp = step / total_steps")],
    "warmup-through-a-fraction": [(START_OF, "warmup_steps = int(total_steps * (warmup_steps / total_steps))")],
    "start-through-a-fraction": [
        (START, "start = int(total_steps * (1 - decay_steps / total_steps))"),
        (PROGRESS, "progress = (step - start) / (total_steps - start)"),
    ],
    "floor-during-warmup": [(WARMUP_LR, "lr = max(min_lr, peak_lr * ramp)")],
    "no-plateau": [
        (START, "start = warmup_steps"),
        (PROGRESS, "progress = (step - start) / (total_steps - warmup_steps)"),
    ],
    "progress-counted-from-the-warmup": [(PROGRESS, "progress = (step - warmup_steps) / (total_steps - warmup_steps)")],
    "warmup-counted-twice": [
        (START, "start = total_steps - decay_steps + warmup_steps"),
        ("elif step >= total_steps:", "elif step >= total_steps + warmup_steps:"),
    ],
    "cosine-not-known": [('shape == "cosine"', 'shape == "cos"')],
    "floor-taken-off-the-warmup": [(WARMUP_LR, "lr = (peak_lr - min_lr) * ramp")],
    "starts-anew-after-the-end": [(START_OF, "step %= total_steps")],
    "progress-counted-from-zero": [(PROGRESS, "progress = step / total_steps")],
    "decay-steps-as-plateau": [
        (START, "start = warmup_steps + decay_steps"),
        (PROGRESS, "progress = (step - start) / (total_steps - start)"),
    ],
    "decay-steps-as-start": [
        (START, "start = decay_steps"),
        (PROGRESS, "progress = (step - start) / (total_steps - start)"),
    ],
    "plateau-counted-from-zero": [(START, "start = total_steps - warmup_steps - decay_steps")],
    "ends-too-early": [
        (START, "start = total_steps - warmup_steps - decay_steps"),
        (ENDED, "elif step >= start + decay_steps:"),
    ],
    "one-step-short": [(PROGRESS, "progress = (step - start) / (decay_steps + 1)")],
    "never-decays": [(PROGRESS, "progress = (step - start) // decay_steps")],
    "progress-backwards": [(PROGRESS, "progress = (total_steps - step) / decay_steps")],
    "always-linear": [(SHAPED_AT, "factor = 1 - progress  # every shape")],
    "always-cosine": [(SHAPED_AT, "factor = (1 + math.cos(math.pi * progress)) / 2")],
    "always-sqrt": [(SHAPED_AT, "factor = 1 - progress**0.5")],
    "shapes-swapped": [
        ('if shape == "linear":', 'if shape == "cosine":'),
        ('elif shape == "cosine":', 'elif shape == "linear":'),
    ],
    "sqrt-of-the-rest": [(SQRT, "factor = math.sqrt(1 - progress)")],
    "square-for-root": [(SQRT, "factor = 1 - progress**2")],
    "root-rising": [(SQRT, "factor = math.sqrt(progress)")],
    "linear-rising": [("            factor = 1 - progress\n", "            factor = progress\n")],
    "falls-on-after-the-end": [(ENDED, "elif False:")],
    "peak-held-without-a-decay": [(FINAL, "        lr = min_lr if decay_steps else float(peak_lr)\n")],
    "end-not-included": [(ENDED, "elif step > total_steps:")],
    "progress-before-the-branches": [(START_OF, "done = (step - total_steps + decay_steps) / decay_steps")],
    "zero-after-the-end": [(FINAL, "        lr = 0.0\n")],
    "peak-after-the-end": [(FINAL, "        lr = float(peak_lr)\n")],
    "nothing-after-the-end": [(FINAL, "        lr = None\n")],
    "raises-after-the-end": [(FINAL, "        assert step == total_steps\n        lr = min_lr\n")],
    "cosine-rising": [(COSINE, "factor = 0.5 * (1 - math.cos(math.pi * progress))")],
    "cosine-not-halved": [(COSINE, "factor = 1 + math.cos(math.pi * progress)")],
    "cosine-parentheses": [(COSINE, "factor = 0.5 * 1 + math.cos(math.pi * progress)")],
    "cosine-not-shifted": [(COSINE, "factor = math.cos(math.pi * progress)")],
    "cosine-quarter": [(COSINE, "factor = math.cos(math.pi / 2 * progress)")],
    "cosine-whole-period": [(COSINE, "factor = 0.5 * (1 + math.cos(2 * math.pi * progress))")],
    "cosine-without-pi": [(COSINE, "factor = 0.5 * (1 + math.cos(progress))")],
    "cosine-in-degrees": [(COSINE, "factor = 0.5 * (1 + math.cos(180 * progress))")],
    "linear-decay": [(COSINE, "factor = 1 - progress  # cosine")],
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
