"""Programs for the task loss_scaler."""

BASE = """
import torch


class LossScaler:
    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000):
        self.loss_scale = float(init_scale)
        self.init_scale = self.loss_scale
        self.growth_factor = growth_factor
        self.backoff_factor = backoff_factor
        self.growth_interval = growth_interval
        self.clean = 0
        self.found = {}
        self.done = set()

    def scale(self, loss):
        return loss * self.loss_scale

    def unscale_(self, optimizer):
        if id(optimizer) in self.done:
            raise RuntimeError("unscale_ has already been called in this step")
        self.divide(optimizer)

    @torch.no_grad()
    def divide(self, optimizer):
        found = False
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.grad.div_(self.loss_scale)
                found = found or not torch.isfinite(p.grad).all().item()
                # next parameter
            # next group
        self.found[id(optimizer)] = found
        self.done.add(id(optimizer))

    def step(self, optimizer):
        if id(optimizer) not in self.done:
            self.divide(optimizer)
        if self.found.get(id(optimizer), False):
            # overflow
            return False
        optimizer.step()
        # stepped
        return True

    def update(self):
        if any(self.found.values()):
            self.loss_scale *= self.backoff_factor
            self.clean = 0  # overflow
        else:
            self.clean += 1
            if self.clean >= self.growth_interval:
                self.loss_scale *= self.growth_factor
                self.clean = 0  # growth
        self.found = {}  # forget
        self.done = set()  # forget
"""

RIGHT = {
    "torch-grad-scaler": """
import torch


class LossScaler:
    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000):
        self.inner = torch.amp.GradScaler(
            "cpu",
            init_scale=init_scale,
            growth_factor=growth_factor,
            backoff_factor=backoff_factor,
            growth_interval=growth_interval,
        )

    def scale(self, loss):
        return self.inner.scale(loss)

    def unscale_(self, optimizer):
        self.inner.unscale_(optimizer)

    def step(self, optimizer):
        self.inner.step(optimizer)
        found = self.inner._found_inf_per_device(optimizer)
        return not any(value.item() for value in found.values())

    def update(self):
        self.inner.update()
""",
    "subclass-of-torch": """
import torch
from torch.amp import GradScaler


class LossScaler(GradScaler):
    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000):
        super().__init__("cpu", init_scale, growth_factor, backoff_factor, growth_interval)

    def step(self, optimizer):
        super().step(optimizer)
        return sum(v.item() for v in self._found_inf_per_device(optimizer).values()) == 0
""",
    "tensors-and-inverse": """
import torch


class LossScaler:
    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000):
        self._scale = torch.tensor(float(init_scale))
        self._growth, self._backoff, self._interval = growth_factor, backoff_factor, growth_interval
        self._since = torch.zeros((), dtype=torch.int64)
        self._states = {}

    def scale(self, loss):
        return loss * self._scale.to(loss.dtype)

    @torch.no_grad()
    def unscale_(self, optimizer):
        if optimizer in self._states:
            raise RuntimeError("already unscaled")
        inverse = self._scale.double().reciprocal().float()
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        torch._foreach_mul_(grads, inverse)
        bad = torch.stack([torch.isnan(g).any() | torch.isinf(g).any() for g in grads]).any()
        self._states[optimizer] = bool(bad)

    def step(self, optimizer):
        if optimizer not in self._states:
            self.unscale_(optimizer)
        if not self._states[optimizer]:
            optimizer.step()
            return True
        return False

    def update(self):
        if True in self._states.values():
            self._scale = self._scale * self._backoff
            self._since.zero_()
        else:
            self._since += 1
            if self._since == self._interval:
                self._scale = self._scale * self._growth
                self._since.zero_()
        self._states.clear()
""",
    "dataclass-and-norm": """
import math
from dataclasses import dataclass, field

import torch


@dataclass
class LossScaler:
    init_scale: float = 65536.0
    growth_factor: float = 2.0
    backoff_factor: float = 0.5
    growth_interval: int = 2000
    _good: int = 0
    _overflow: dict = field(default_factory=dict)

    def __post_init__(self):
        self.value = self.init_scale

    def scale(self, loss):
        return self.value * loss

    def unscale_(self, optimizer):
        key = id(optimizer)
        if key in self._overflow:
            raise RuntimeError("unscale_() twice")
        total = 0.0
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad /= self.value
                    total += float(p.grad.double().pow(2).sum())
        self._overflow[key] = not math.isfinite(total)

    def step(self, optimizer):
        if id(optimizer) not in self._overflow:
            self.unscale_(optimizer)
        overflow = self._overflow[id(optimizer)]
        if overflow:
            optimizer.zero_grad()
        else:
            optimizer.step()
        return not overflow

    def update(self):
        if any(self._overflow.values()):
            self.value, self._good = self.value * self.backoff_factor, 0
        else:
            self._good += 1
            if self._good % self.growth_interval == 0:
                self.value *= self.growth_factor
        self._overflow = {}
""",
    "last-overflow-step": """
import torch


class LossScaler:
    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000):
        self.s, self.gf, self.bf, self.window = init_scale, growth_factor, backoff_factor, growth_interval
        self.iteration, self.last = 0, 0
        self.ready, self.bad = [], []

    def scale(self, loss):
        return torch.mul(loss, self.s)

    def unscale_(self, opt):
        if any(o is opt for o in self.ready):
            raise RuntimeError("call update() first")
        self.ready.append(opt)
        grads = [p.grad for g in opt.param_groups for p in g["params"] if p.grad is not None]
        for g in grads:
            g.data.mul_(1.0 / self.s)
        if not all(torch.isfinite(g).all() for g in grads):
            self.bad.append(opt)

    def step(self, opt):
        if not any(o is opt for o in self.ready):
            self.unscale_(opt)
        if any(o is opt for o in self.bad):
            return False
        opt.step()
        return True

    def update(self):
        self.iteration += 1
        if self.bad:
            self.s *= self.bf
            self.last = self.iteration
        elif (self.iteration - self.last) % self.window == 0:
            self.s *= self.gf
        self.ready, self.bad = [], []
""",
    "checks-before-dividing": """
import torch


class LossScaler:
    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000):
        self.current = init_scale
        self.growth_factor, self.backoff_factor = growth_factor, backoff_factor
        self.growth_interval, self.streak = growth_interval, 0
        self.status = {}

    def scale(self, loss):
        return loss * self.current

    def unscale_(self, optimizer):
        if id(optimizer) in self.status:
            raise RuntimeError("twice")
        params = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if any((p.grad != p.grad).any() or (p.grad.abs() == float("inf")).any() for p in params):
            self.status[id(optimizer)] = "overflow"
            return
        for p in params:
            p.grad.data.copy_(p.grad.data / self.current)
        self.status[id(optimizer)] = "fine"

    def step(self, optimizer):
        if id(optimizer) not in self.status:
            self.unscale_(optimizer)
        if self.status[id(optimizer)] == "overflow":
            return False
        optimizer.step()
        return True

    def update(self):
        overflow = "overflow" in self.status.values()
        self.status = {}
        if overflow:
            self.current, self.streak = self.current * self.backoff_factor, 0
            return
        self.streak += 1
        if self.streak == self.growth_interval:
            self.current, self.streak = self.current * self.growth_factor, 0
""",
    "floor-of-one": (
        BASE.replace(
            "self.loss_scale *= self.backoff_factor",
            "self.loss_scale = max(1.0, self.loss_scale * self.backoff_factor)",
        ),
        "scale-at-least-one",
    ),
    "ceiling": (
        BASE.replace(
            "self.loss_scale *= self.growth_factor",
            "self.loss_scale = min(2.0**24, self.loss_scale * self.growth_factor)",
        ),
        "scale-at-most-2-to-the-24",
    ),
    "silent-guard": (
        BASE.replace('raise RuntimeError("unscale_ has already been called in this step")', "return"),
        "second-unscale-does-nothing",
    ),
    "floor-and-guard": (
        BASE.replace('raise RuntimeError("unscale_ has already been called in this step")', "return").replace(
            "self.loss_scale *= self.backoff_factor",
            "self.loss_scale = max(1.0, self.loss_scale * self.backoff_factor)",
        ),
        "scale-at-least-one+second-unscale-does-nothing",
    ),
}

_SCALE = "return loss * self.loss_scale"
_DIVIDE = "p.grad.div_(self.loss_scale)"
_FOUND = "found = found or not torch.isfinite(p.grad).all().item()"
_NONE = "                if p.grad is None:\n                    continue\n"
_AGAIN = """            raise RuntimeError("unscale_ has already been called in this step")\n"""
_OVERFLOW = "            # overflow\n            return False\n"
_LOOK = "if self.found.get(id(optimizer), False):"
_BACK = "self.loss_scale *= self.backoff_factor"
_GROW = "self.loss_scale *= self.growth_factor"
_DUE = "if self.clean >= self.growth_interval:"

WRONG = {
    "loss-not-scaled": [(_SCALE, "return loss")],
    "loss-divided": [(_SCALE, "return loss / self.loss_scale")],
    "loss-leaves-the-graph": [(_SCALE, "return float(loss) * self.loss_scale")],
    "gradients-multiplied": [(_DIVIDE, "p.grad.mul_(self.loss_scale)")],
    "gradients-not-divided": [(_DIVIDE, "p.grad / self.loss_scale")],
    "gradients-replaced": [(_DIVIDE, "p.grad = p.grad / self.loss_scale")],
    "one-gradient-of-each-shape": [('in group["params"]:', 'in {q.shape: q for q in group["params"]}.values():')],
    "clears-gradients": [("        # stepped\n", "        optimizer.zero_grad()\n")],
    "state-on-the-class": [
        ("    def __init__(self, init_scale", "    found = {}\n\n    def __init__(self, init_scale"),
        ("        self.found = {}\n        self.done", "        self.done"),
        ("        self.found = {}  # forget\n", "        self.found.clear()  # forget\n"),
    ],
    "notes-in-step": [
        (
            "        self.found[id(optimizer)] = found\n",
            "        self.bad = getattr(self, 'bad', {})\n        self.bad[id(optimizer)] = found\n",
        ),
        (
            "        if self.found.get(id(optimizer), False):\n",
            "        self.found[id(optimizer)] = self.bad.get(id(optimizer), False)\n        if self.found[id(optimizer)]:\n",
        ),
    ],
    "divided-by-first-scale": [(_DIVIDE, "p.grad.div_(self.init_scale)")],
    "non-finite-replaced": [(_DIVIDE, "p.grad.div_(self.loss_scale).nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0)")],
    "first-group-only": [("in optimizer.param_groups:", "in optimizer.param_groups[:1]:")],
    "first-of-each-group": [("                # next parameter", "                break")],
    "no-gradient-raises": [(_NONE, "")],
    "second-unscale-divides-again": [(_AGAIN, "            pass\n")],
    "looks-in-half-precision": [("torch.isfinite(p.grad)", "torch.isfinite(p.grad.half())")],
    "step-unscales-again": [("if id(optimizer) not in self.done:", "if True:")],
    "step-never-unscales": [("if id(optimizer) not in self.done:", "if False:")],
    "nan-not-seen": [(_FOUND, "found = found or torch.isinf(p.grad).any().item()")],
    "infinity-not-seen": [(_FOUND, "found = found or torch.isnan(p.grad).any().item()")],
    "minus-infinity-not-seen": [
        (_FOUND, 'found = found or bool(p.grad.isnan().any()) or p.grad.max().item() == float("inf")')
    ],
    "all-instead-of-any": [(_FOUND, "found = found or not torch.isfinite(p.grad).any().item()")],
    "last-gradient-decides": [(_FOUND, "found = not torch.isfinite(p.grad).all().item()")],
    "first-gradient-decides": [
        ("        found = False\n", "        found, first = False, True\n"),
        (_FOUND, "found, first = (not torch.isfinite(p.grad).all().item()) if first else found, False"),
    ],
    "sum-instead-of-each-number": [(_FOUND, "found = found or not torch.isfinite(p.grad.sum()).item()")],
    "looks-again-in-step": [
        (
            _LOOK,
            "if not all(torch.isfinite(p.grad).all() for g in optimizer.param_groups for p in g['params'] if p.grad is not None):",
        )
    ],
    "never-looks": [(_FOUND, "pass")],
    "steps-in-spite-of-overflow": [(_OVERFLOW, "            optimizer.step()\n            return False\n")],
    "steps-with-zero-gradients": [
        (
            _OVERFLOW,
            "            optimizer.zero_grad(set_to_none=False)\n            optimizer.step()\n            return False\n",
        )
    ],
    "steps-without-gradients": [
        (_OVERFLOW, "            optimizer.zero_grad()\n            optimizer.step()\n            return False\n")
    ],
    "skips-when-clean": [(_LOOK, "if not self.found.get(id(optimizer), False):")],
    "one-flag-for-all-optimizers": [(_LOOK, "if any(self.found.values()):")],
    "returns-nothing": [
        (_OVERFLOW, "            return\n"),
        ("        # stepped\n        return True\n", ""),
    ],
    "returns-whether-skipped": [
        (_OVERFLOW, "            return True\n"),
        ("        # stepped\n        return True\n", "        return False\n"),
    ],
    "returns-always-true": [(_OVERFLOW, "            return True\n")],
    "never-backs-off": [(_BACK, "pass")],
    "backs-off-by-growth-factor": [(_BACK, "self.loss_scale /= self.growth_factor")],
    "backoff-divides": [(_BACK, "self.loss_scale /= self.backoff_factor")],
    "backs-off-by-half": [(_BACK, "self.loss_scale *= 0.5")],
    "never-grows": [(_GROW, "pass")],
    "grows-every-step": [(_DUE, "if True:")],
    "grows-one-step-late": [(_DUE, "if self.clean > self.growth_interval:")],
    "grows-one-step-early": [(_DUE, "if self.clean >= self.growth_interval - 1:")],
    "grows-by-two": [(_GROW, "self.loss_scale *= 2")],
    "growth-added": [(_GROW, "self.loss_scale += self.growth_factor")],
    "overflow-keeps-the-count": [("            self.clean = 0  # overflow\n", "")],
    "overflow-counts-as-clean": [
        ("            self.clean = 0  # overflow\n", "            self.clean += 1 if True else 0\n")
    ],
    "count-survives-growth": [("                self.clean = 0  # growth\n", "")],
    "grows-only-once": [
        (_DUE, "if self.clean == self.growth_interval:"),
        ("                self.clean = 0  # growth\n", ""),
    ],
    "grows-after-overflow": [
        (_BACK, "self.loss_scale *= self.growth_factor"),
        (_GROW, "self.loss_scale *= self.backoff_factor"),
    ],
    "overflow-never-forgotten": [
        ("        self.found = {}  # forget\n", ""),
        (
            "self.found[id(optimizer)] = found",
            "self.found[id(optimizer)] = found or self.found.get(id(optimizer), False)",
        ),
    ],
    "unscaling-never-forgotten": [("        self.done = set()  # forget\n", "")],
    "step-updates-too": [
        (_OVERFLOW, "            self.update()\n            return False\n"),
        ("        # stepped\n", "        self.update()\n"),
    ],
    "clean-step-updates-too": [("        # stepped\n", "        self.update()\n")],
    "only-the-last-optimizer-counts": [
        (
            "if any(self.found.values()):\n            self.loss",
            "if self.found and list(self.found.values())[-1]:\n            self.loss",
        )
    ],
    "another-default-scale": [("init_scale=2.0**16", "init_scale=1.0")],
    "another-default-interval": [("growth_interval=2000", "growth_interval=1000")],
}
