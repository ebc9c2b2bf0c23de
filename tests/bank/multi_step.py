"""Programs for the task multi_step."""

BASE = """
def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    # start
    if step < warmup_steps:
        ramp = step / warmup_steps
        lr = peak_lr * ramp
    else:
        passed = 0
        for milestone in milestones:
            if step >= milestone:
                passed += 1
        # counted
        factor = gamma**passed
        lr = peak_lr * factor
    # done
    return lr
"""

HEAD = "def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):\n"

RIGHT = {
    "sum": HEAD
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * gamma ** sum(m <= step for m in milestones)
""",
    "bisect": "from bisect import bisect_right\n\n\n"
    + HEAD
    + """    if warmup_steps > 0 and step < warmup_steps:
        return peak_lr * (step / warmup_steps)
    return peak_lr * gamma ** bisect_right(milestones, step)
""",
    "repeated-product": HEAD
    + """    warm = min(1.0, step / warmup_steps) if warmup_steps else 1.0
    lr = peak_lr * warm
    for milestone in sorted(milestones):
        if step < milestone:
            break
        lr *= gamma
    return lr
""",
    "recursive": HEAD
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if not milestones or step < milestones[0]:
        return peak_lr
    return multi_step(step, milestones[1:], gamma, peak_lr * gamma, 0)
""",
    "numpy": "import numpy as np\n\n\n"
    + HEAD
    + """    if step < warmup_steps:
        return np.float64(peak_lr) * step / warmup_steps
    return peak_lr * np.power(gamma, np.searchsorted(milestones, step, side="right"))
""",
    "torch": "import torch\n\n\n"
    + HEAD
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    passed = (torch.tensor(milestones, dtype=torch.int64) <= step).sum()
    return peak_lr * torch.tensor(gamma, dtype=torch.float64) ** passed
""",
    "torch-multi-step-lr": """
import torch
from torch.optim.lr_scheduler import MultiStepLR


def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    scheduler = MultiStepLR(optimizer, milestones, gamma)
    for _ in range(step):
        optimizer.step()
        scheduler.step()
    return scheduler.get_last_lr()[0]
""",
    "torch-chained": (
        """
import torch
from torch.optim.lr_scheduler import ChainedScheduler, LambdaLR, MultiStepLR


def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak_lr)
    if step < warmup_steps:
        scheduler = LambdaLR(optimizer, lambda t: (t + 1) / warmup_steps)
    else:
        scheduler = MultiStepLR(optimizer, milestones=milestones, gamma=gamma)
    for _ in range(step):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]
""",
        "warmup-from-one",
    ),
    "intervals": HEAD
    + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    edges = [0, *milestones, float("inf")]
    for i in range(len(edges) - 1):
        if edges[i] <= step < edges[i + 1]:
            return peak_lr * gamma**i
    raise AssertionError(step)
""",
    "exp-of-logs": "import math\n\n\n"
    + HEAD
    + """    if step < warmup_steps:
        return step * peak_lr / warmup_steps
    passed = len([m for m in milestones if m <= step])
    return math.exp(math.log(peak_lr) + passed * math.log(gamma))
""",
    "warmup-between": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * (step + 1) / (warmup_steps + 1)
    return peak_lr * gamma ** sum(step >= m for m in milestones)
""",
        "warmup-between",
    ),
    "linspace-warmup": (
        "import numpy as np\n\n\n"
        + HEAD
        + """    if step < warmup_steps:
        return float(np.linspace(0, peak_lr, warmup_steps)[step])
    return peak_lr * gamma ** int(np.sum(np.array(milestones) <= step))
""",
        "warmup-linspace",
    ),
    "keras": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    values = [peak_lr * gamma**i for i in range(len(milestones) + 1)]
    for boundary, value in zip(milestones, values):
        if step <= boundary:
            return value
    return values[-1]
""",
        "after-the-milestone",
    ),
    "keras-with-warmup-from-one": (
        HEAD
        + """    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
    return peak_lr * gamma ** len([m for m in milestones if step > m])
""",
        "warmup-from-one+after-the-milestone",
    ),
}

START, COUNTED, DONE = "# start", "# counted", "# done"
RAMP = "ramp = step / warmup_steps"
WARMING = "if step < warmup_steps:"
PASSED = "if step >= milestone:"
LOOP = "for milestone in milestones:"
FACTOR = "factor = gamma**passed"
LR = "lr = peak_lr * factor"

WRONG = {
    "no-warmup": [(RAMP, "ramp = 1.0")],
    "warmup-integer-division": [(RAMP, "ramp = step // warmup_steps")],
    "warmup-overshoots": [(WARMING, "if step <= warmup_steps:"), (RAMP, "ramp = (step + 1) / warmup_steps")],
    "warmup-includes-its-end": [(WARMING, "if step <= warmup_steps:")],
    "ramp-before-the-branch": [(START, "warmed = min(1.0, step / warmup_steps)")],
    "warmup-squared": [(RAMP, "ramp = (step / warmup_steps) ** 2")],
    "warmup-cosine-shaped": [(RAMP, "import math; ramp = 0.5 * (1 - math.cos(math.pi * step / warmup_steps))")],
    "warmup-downwards": [(RAMP, "ramp = (warmup_steps - step) / warmup_steps")],
    "warmup-one-step-long": [(WARMING, "if warmup_steps and step <= warmup_steps:")],
    "one-step-early": [(PASSED, "if step + 1 >= milestone:")],
    "counted-from-the-warmup": [(PASSED, "if step - warmup_steps >= milestone:")],
    "only-at-the-milestone": [(PASSED, "if step == milestone:")],
    "only-once": [(COUNTED, "passed = 1 if passed else 0")],
    "last-milestone-forgotten": [(LOOP, "for milestone in milestones[:-1]:")],
    "first-milestone-forgotten": [(COUNTED, "passed = max(passed - 1, 0)")],
    "never-decays": [(FACTOR, "factor = 1.0")],
    "decays-every-step": [(FACTOR, "factor = gamma ** (step - milestones[0] + 1) if passed else 1.0")],
    "gamma-times-count": [(FACTOR, "factor = gamma * passed if passed else 1.0")],
    "divided-by-gamma": [(FACTOR, "factor = 1 / gamma**passed")],
    "gamma-taken-off": [(FACTOR, "factor = (1 - gamma) ** passed")],
    "gamma-is-the-lr": [(LR, "lr = factor if passed else peak_lr")],
    "empty-milestones-fail": [(COUNTED, "first = milestones[0]")],
    "returns-a-factor": [(DONE, "lr = lr / peak_lr")],
}
