"""Programs for the task sgd."""

from tests.bank import _edits
from tests.bank._edits import LARGE_REFUSED, NO_GRAD, STEP_WITHOUT, ZERO_DECAY, refuses_zero

BASE = """
import torch
from torch.optim import Optimizer


class SGD(Optimizer):
    def __init__(self, params, lr, weight_decay=0.0):
        if lr < 0:
            raise ValueError(f"lr must not be negative: {lr}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative: {weight_decay}")
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))
        # built

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr = group["lr"]
            wd = group["weight_decay"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad + wd * p
                p.sub_(lr * g)
                # next parameter
        # done
        return loss
"""

HEAD = """
import torch
from torch.optim import Optimizer


class SGD(Optimizer):
    def __init__(self, params, lr, weight_decay=0.0):
        if lr < 0 or weight_decay < 0:
            raise ValueError("negative hyperparameter")
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
"""

RIGHT = {
    "data": HEAD
    + """
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.data -= group["lr"] * (p.grad.data + group["weight_decay"] * p.data)
        return loss
""",
    "add-alpha": HEAD
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in filter(lambda q: q.grad is not None, group["params"]):
                d_p = p.grad
                if group["weight_decay"] != 0:
                    d_p = d_p.add(p, alpha=group["weight_decay"])
                p.add_(d_p, alpha=-group["lr"])
        return loss
""",
    "foreach": HEAD
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            grads = torch._foreach_add([p.grad for p in params], params, alpha=group["weight_decay"])
            torch._foreach_add_(params, grads, alpha=-group["lr"])
        return loss
""",
    "decay-as-a-factor": HEAD
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, shrink = group["lr"], 1 - group["lr"] * group["weight_decay"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.mul_(shrink)
                p.sub_(p.grad * lr)
        return loss
""",
    "functional-inside": '''
import torch


def sgd_update(theta, g, lr, weight_decay):
    """theta - lr * (g + weight_decay * theta), as a new tensor."""
    return theta - lr * (g + weight_decay * theta)


class SGD(torch.optim.Optimizer):
    def __init__(self, params, lr: float, weight_decay: float = 0.0) -> None:
        for name, value in (("lr", lr), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}={value}")
        defaults = dict(lr=lr, weight_decay=weight_decay)
        super().__init__(params, defaults)

    def step(self, closure=None):
        if closure is None:
            loss = None
        else:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for theta in group["params"]:
                    if theta.grad is None:
                        continue
                    new = sgd_update(theta, theta.grad, group["lr"], group["weight_decay"])
                    theta.copy_(new)
        return loss
''',
    "lerp-and-addcmul": HEAD
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is None:
                    continue
                p.lerp_(torch.zeros_like(p), g["lr"] * g["weight_decay"])
                p.addcmul_(p.grad, torch.full_like(p, g["lr"]), value=-1)
        return loss
""",
    "torch-itself": """
import torch


class SGD(torch.optim.SGD):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, lr=lr, weight_decay=weight_decay)
""",
}

_STEP = "                p.sub_(lr * g)\n"
_DECAY = "g = p.grad + wd * p"
_LR = 'lr = group["lr"]'
_NONE = "                if p.grad is None:\n                    continue\n"
_BUILT = "        # built\n"

WRONG = {
    "ascent": [("p.sub_(lr * g)", "p.add_(lr * g)")],
    "no-lr": [("p.sub_(lr * g)", "p.sub_(g)")],
    "lr-squared": [("p.sub_(lr * g)", "p.add_(lr * g, alpha=-lr)")],
    "divides-by-lr": [("p.sub_(lr * g)", "p.sub_(g / lr)")],
    "sign-only": [("p.sub_(lr * g)", "p.sub_(lr * torch.sign(g))")],
    "normalized": [("p.sub_(lr * g)", "p.sub_(lr * g / (g.norm() + (g.norm() == 0)))")],
    "mean-over-elements": [("p.sub_(lr * g)", "p.sub_(lr * g / p.numel())")],
    "gradient-clipped": [("p.sub_(lr * g)", "p.sub_(lr * g / max(1.0, g.norm().item()))")],
    "gradient-clamped": [("p.sub_(lr * g)", "p.sub_(lr * g.clamp(-1, 1))")],
    "lr-decays-by-itself": [
        ("p.sub_(lr * g)", "s = self.state[p]; s['t'] = s.get('t', 0) + 1; p.sub_(lr / s['t'] * g)")
    ],
    "momentum-added": [
        (
            _STEP,
            "                s = self.state[p]\n"
            "                s['m'] = 0.9 * s.get('m', torch.zeros_like(p)) + p.grad\n"
            "                p.sub_(lr * (s['m'] + g - p.grad))\n",
        )
    ],
    "gradients-pile-up": [
        (
            _STEP,
            "                s = self.state[p]\n"
            "                s['m'] = s.get('m', torch.zeros_like(p)) + p.grad\n"
            "                p.sub_(lr * (s['m'] + g - p.grad))\n",
        )
    ],
    "no-decay": [(_DECAY, "g = p.grad")],
    "decay-sign": [(_DECAY, "g = p.grad - wd * p")],
    "decay-without-lr": [
        (_DECAY, "g = p.grad; shrink = wd * p.clone()"),
        (_STEP, _STEP + "                p.sub_(shrink)\n"),
    ],
    "decay-after-step": [(_DECAY, "g = p.grad"), (_STEP, _STEP + "                p.mul_(1 - lr * wd)\n")],
    "decay-before-gradient-step-squared": [(_DECAY, "g = p.grad + lr * wd * p")],
    "decay-doubled": [(_DECAY, "g = p.grad + 2 * wd * p")],
    "decay-halved": [(_DECAY, "g = p.grad + 0.5 * wd * p")],
    "decay-l1": [(_DECAY, "g = p.grad + wd * p.sign()")],
    "decay-squared-weights": [(_DECAY, "g = p.grad + wd * p**2")],
    "decay-scales-gradient": [(_DECAY, "g = p.grad + wd * p.grad")],
    "decay-matrices-only": [(_DECAY, "g = p.grad + wd * p if p.ndim >= 2 else p.grad")],
    "decay-default": [("weight_decay=0.0", "weight_decay=0.01")],
    "no-validation": [("if lr < 0:", "if False:"), ("if weight_decay < 0:", "if False:")],
    "lr-not-validated": [("if lr < 0:", "if False:")],
    "decay-not-validated": [("if weight_decay < 0:", "if False:")],
    "first-group-only": [("in self.param_groups:", "in self.param_groups[:1]:")],
    "last-group-only": [("in self.param_groups:", "in self.param_groups[-1:]:")],
    "first-parameter-only": [("                # next parameter", "                return loss")],
    "first-of-each-group": [("                # next parameter", "                break")],
    "matrices-only": [("if p.grad is None:", "if p.grad is None or p.ndim < 2:")],
    "scalars-skipped": [("if p.grad is None:", "if p.grad is None or p.ndim < 1:")],
    "none-raises": [(_NONE, "")],
    "none-as-zero": [(_NONE, ""), (_DECAY, "g = (p.grad if p.grad is not None else torch.zeros_like(p)) + wd * p")],
    "none-returns": [(_NONE, _NONE.replace("continue", "return loss"))],
    "none-breaks": [(_NONE, _NONE.replace("continue", "break"))],
    "lr-frozen": [
        (
            _BUILT,
            '        for group in self.param_groups:\n            group["lr0"] = group["lr"]\n        self.first = [g["lr0"] for g in self.param_groups]\n',
        ),
        (_LR, "lr = self.first[[g is group for g in self.param_groups].index(True)]"),
    ],
    "constructors-lr": [(_BUILT, "        self.lr = lr\n"), (_LR, "lr = self.lr")],
    "hyperparameters-frozen": [
        (_BUILT, "        self.first = [dict(group) for group in self.param_groups]\n"),
        (_LR, 'frozen = self.first[[g is group for g in self.param_groups].index(True)]; lr = frozen["lr"]'),
        ('wd = group["weight_decay"]', 'wd = frozen["weight_decay"]'),
    ],
    "first-groups-hyperparameters": [
        (_LR, 'lr = self.param_groups[0]["lr"]'),
        ('wd = group["weight_decay"]', 'wd = self.param_groups[0]["weight_decay"]'),
    ],
    "first-groups-lr": [(_LR, 'lr = self.param_groups[0]["lr"]')],
    "last-groups-hyperparameters": [
        (_LR, 'lr = self.param_groups[-1]["lr"]'),
        ('wd = group["weight_decay"]', 'wd = self.param_groups[-1]["weight_decay"]'),
    ],
    "defaults-for-every-group": [
        (_LR, 'lr = self.defaults["lr"]'),
        ('wd = group["weight_decay"]', 'wd = self.defaults["weight_decay"]'),
    ],
    **_edits.values_of_others({"weight_decay": 'wd = group["weight_decay"]\n'}),
    "gradients-zeroed": [("        # done", "        self.zero_grad(set_to_none=False)")],
    "gradients-removed": [("        # done", "        self.zero_grad()")],
    "gradient-changed": [(_DECAY, "g = p.grad.add_(wd * p)")],
    "nan-swallowed": [(_DECAY, "g = p.grad.nan_to_num() + wd * p")],
    "grad-mode-left-off": [(NO_GRAD, STEP_WITHOUT)],
    "zero-lr-refused": refuses_zero("lr"),
    "above-one-refused": LARGE_REFUSED,
    "zero-decay-means-the-default": ZERO_DECAY,
    "storage-replaced": [("p.sub_(lr * g)", "p.data = p.data - lr * g")],
    "float32-inside": [("p.sub_(lr * g)", "p.copy_(p.float() - lr * g.float())")],
    "local-variable-only": [("p.sub_(lr * g)", "p = p - lr * g")],
    "closure-ignored": [("                loss = closure()", "                pass")],
    "closure-value-lost": [("        # done\n        return loss", "        # done")],
    "closure-twice": [
        ("                loss = closure()", "                closure()\n                loss = closure()")
    ],
    "closure-after-update": [
        ("                loss = closure()", "                pass"),
        (
            "        # done",
            "        if closure is not None:\n            with torch.enable_grad():\n                loss = closure()",
        ),
    ],
    "closure-evaluated-again": [
        (
            "        # done",
            "        if closure is not None:\n            with torch.enable_grad():\n                loss = closure()",
        )
    ],
    "closure-without-grad": [("with torch.enable_grad():", "if True:")],
}
