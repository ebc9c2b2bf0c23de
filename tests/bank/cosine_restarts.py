"""Programs for the task cosine_restarts."""

BASE = """
import math


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    start = 0
    length = period
    number = 0
    while step >= start + length:
        start += length
        length *= period_mult
        number += 1
    current = step - start
    # placed
    span = length
    progress = current / span
    factor = 0.5 * (1 + math.cos(math.pi * progress))
    top = peak_lr
    lr = min_lr + (top - min_lr) * factor
    # done
    return lr
"""

HEAD = "import math\n\n\ndef cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):\n"
CURVE = "    return min_lr + (peak_lr - min_lr) * (1 + math.cos(math.pi * t / length)) / 2\n"

RIGHT = {
    "subtract-until-it-fits": HEAD
    + """    t, length = step, period
    while t >= length:
        t -= length
        length *= period_mult
"""
    + CURVE,
    "modulo-when-equal": HEAD
    + """    if period_mult == 1:
        t, length = step % period, period
    else:
        n = 0
        while period * (period_mult ** (n + 1) - 1) // (period_mult - 1) <= step:
            n += 1
        t = step - period * (period_mult**n - 1) // (period_mult - 1)
        length = period * period_mult**n
"""
    + CURVE,
    "logarithm": (
        HEAD
        + """    if step < period:
        t, length = step, period
    elif period_mult == 1:
        t, length = step % period, period
    else:
        n = int(math.log(step / period * (period_mult - 1) + 1, period_mult))
        t = step - period * (period_mult**n - 1) / (period_mult - 1)
        length = period * period_mult**n
"""
        + CURVE,
        "logarithm-rounded-down",
    ),
    "shorter-steps": HEAD
    + """    if period_mult == 1:
        step %= period
    while step >= period:
        step, period = step - period, period * period_mult
    return min_lr + 0.5 * (peak_lr - min_lr) * (1 + math.cos(math.pi * step / period))
""",
    "recursive": HEAD
    + """    if step >= period:
        return cosine_restarts(step - period, period * period_mult, peak_lr, min_lr, period_mult)
    return min_lr + 0.5 * (peak_lr - min_lr) * (1 + math.cos(math.pi * step / period))
""",
    "timm": (
        HEAD
        + """    if period_mult != 1:
        cycle = math.floor(math.log(1 - step / period * (1 - period_mult), period_mult))
        length = period_mult**cycle * period
        t = step - (1 - period_mult**cycle) / (1 - period_mult) * period
    else:
        t, length = step - step // period * period, period
"""
        + CURVE,
        "logarithm-rounded-down",
    ),
    "cosine-squared": HEAD
    + """    length = period
    while step >= length:
        step -= length
        length *= period_mult
    weight = math.cos(math.pi / 2 * step / length) ** 2
    return weight * peak_lr + (1 - weight) * min_lr
""",
    "itertools": """
import itertools
import math


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    begin = 0
    for i in itertools.count():
        end = begin + period * period_mult**i
        if begin <= step < end:
            break
        begin = end
    p = (step - begin) / (end - begin)
    return min_lr + (peak_lr - min_lr) * (0.5 + 0.5 * math.cos(p * math.pi))
""",
    "numpy": """
import numpy as np


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    if period_mult == 1:
        begin, length = step // period * period, period
    else:
        lengths = period * period_mult ** np.arange(18)
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        i = np.flatnonzero(begins <= step)[-1]
        begin, length = begins[i], lengths[i]
    return min_lr + (peak_lr - min_lr) * (1 + np.cos(np.pi * (step - begin) / length)) / 2
""",
    "torch-scheduler": (
        """
import torch
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=period, T_mult=period_mult, eta_min=min_lr)
    scheduler.step(step)
    return optimizer.param_groups[0]["lr"]
""",
        "logarithm-rounded-down",
    ),
    "torch-scheduler-step-by-step": """
import torch
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    scheduler = CosineAnnealingWarmRestarts(optimizer, period, period_mult, min_lr)
    for _ in range(step):
        optimizer.step()
        scheduler.step()
    return scheduler.get_last_lr()[0]
""",
    "transformers-hard-restarts": HEAD
    + """    length, t = period, step
    while t >= length:
        t, length = t - length, length * period_mult
    low = min_lr / peak_lr
    factor = max(0.0, 0.5 * (1.0 + math.cos(math.pi * ((float(t) / length) % 1.0))))
    return peak_lr * (low + (1 - low) * factor)
""",
}

PLACED, DONE = "# placed", "# done"
LOOP = "while step >= start + length:"
GROW = "length *= period_mult"
FIRST = "    length = period\n"
CURRENT = "current = step - start"
SPAN = "    span = length\n"
PROGRESS = "progress = current / span"
FACTOR = "factor = 0.5 * (1 + math.cos(math.pi * progress))"
TOP = "top = peak_lr"
LR = "lr = min_lr + (top - min_lr) * factor"

WRONG = {
    "never-restarts": HEAD
    + """    if step >= period:
        return min_lr
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * step / period))
""",
    "climbs-back": HEAD
    + """    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * step / period))
""",
    "restarts-one-step-late": [(LOOP, "while step > start + length:"), ("start += length", "start += length + 1")],
    "restart-step-in-the-old-period": [(LOOP, "while step > start + length:")],
    "grows-before-it-ends": HEAD
    + """    t, length = step, period
    while t >= length:
        length *= period_mult
        t -= length
"""
    + CURVE,
    "equal-periods": [(GROW, "length *= 1")],
    "grows-once": [(GROW, "length = period * period_mult")],
    "grows-from-the-start": [(FIRST, "    length = period * period_mult\n")],
    "grows-linearly": [(GROW, "length += period * (period_mult - 1)")],
    "mult-is-added": [(GROW, "length += period_mult")],
    "modulo-of-the-new-length": [(CURRENT, "current = step % length")],
    "counted-from-the-beginning": [(PROGRESS, "progress = step / (start + length)")],
    "divides-by-the-first-period": [(SPAN, "    span = period\n")],
    "floor-at-the-last-step": [(SPAN, "    span = max(length - 1, 1)\n")],
    "never-falls": [(PROGRESS, "progress = current // span")],
    "peak-shrinks": [(TOP, "top = peak_lr / period_mult**number")],
    "cosine-rising": [(FACTOR, "factor = 0.5 * (1 - math.cos(math.pi * progress))")],
    "cosine-not-halved": [(FACTOR, "factor = 1 + math.cos(math.pi * progress)")],
    "cosine-parentheses": [(FACTOR, "factor = 0.5 * 1 + math.cos(math.pi * progress)")],
    "cosine-not-shifted": [(FACTOR, "factor = math.cos(math.pi * progress)")],
    "cosine-quarter": [(FACTOR, "factor = math.cos(math.pi / 2 * progress)")],
    "cosine-whole-period": [(FACTOR, "factor = 0.5 * (1 + math.cos(2 * math.pi * progress))")],
    "cosine-without-pi": [(FACTOR, "factor = 0.5 * (1 + math.cos(progress))")],
    "cosine-in-degrees": [(FACTOR, "factor = 0.5 * (1 + math.cos(180 * progress))")],
    "linear-decay": [(FACTOR, "factor = 1 - progress")],
    "no-floor": [(LR, "lr = top * factor")],
    "floor-added": [(LR, "lr = min_lr + top * factor")],
    "floor-without-brackets": [(LR, "lr = min_lr + top - min_lr * factor")],
    "floor-cut-off": [(LR, "lr = max(min_lr, top * factor)")],
    "floor-as-fraction": [(LR, "lr = top * (min_lr + (1 - min_lr) * factor)")],
    "returns-a-factor": [(DONE, "lr = lr / peak_lr")],
}
