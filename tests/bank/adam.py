"""Programs for the task adam."""

from __future__ import annotations

from tests.bank import _adam_programs as shared
from tests.bank._adam_programs import M, V
from tests.bank.programs import edited

GRADIENT = "g = p.grad + wd * p"
BASE = (
    shared.BASE.replace("ENTRY", "Adam")
    .replace("BETAS", "(0.9, 0.999)")
    .replace("DECAY", "0.0")
    .replace("GRADIENT", GRADIENT)
)

HEAD = """
import math

import torch
from torch.optim import Optimizer


class Adam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        if lr < 0 or eps < 0 or weight_decay < 0 or not all(0 <= b < 1 for b in betas):
            raise ValueError("invalid hyperparameter")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})
"""
CLOSURE = """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
"""
LOOP = (
    CLOSURE
    + """        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
"""
)

RIGHT = {
    "as-torch-writes-it": HEAD
    + LOOP
    + """                if len(s) == 0:
                    s["step"] = torch.tensor(0.0)
                    s["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                    s["exp_avg_sq"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                s["step"] += 1
                grad = p.grad
                if group["weight_decay"] != 0:
                    grad = grad.add(p, alpha=group["weight_decay"])
                s["exp_avg"].lerp_(grad, 1 - b1)
                s["exp_avg_sq"].mul_(b2).addcmul_(grad, grad.conj(), value=1 - b2)
                step = s["step"].item()
                step_size = group["lr"] / (1 - b1**step)
                denom = (s["exp_avg_sq"].sqrt() / math.sqrt(1 - b2**step)).add_(group["eps"])
                p.addcdiv_(s["exp_avg"], denom, value=-step_size)
        return loss
""",
    "formulas-and-new-tensors": HEAD
    + LOOP
    + """                m = s.get("m", torch.zeros_like(p))
                v = s.get("v", torch.zeros_like(p))
                t = s.get("t", 0) + 1
                g = p.grad + group["weight_decay"] * p
                m = b1 * m + (1 - b1) * g
                v = b2 * v + (1 - b2) * g**2
                m_hat, v_hat = m / (1 - b1**t), v / (1 - b2**t)
                p -= group["lr"] * m_hat / (torch.sqrt(v_hat) + group["eps"])
                s.update(m=m, v=v, t=t)
        return loss
""",
    "foreach": HEAD
    + CLOSURE
    + """        for group in self.param_groups:
            b1, b2 = group["betas"]
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            for p in params:
                if p not in self.state:
                    self.state[p] = {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
                self.state[p]["t"] += 1
            states = [self.state[p] for p in params]
            grads = torch._foreach_add([p.grad for p in params], params, alpha=group["weight_decay"])
            ms, vs = [s["m"] for s in states], [s["v"] for s in states]
            torch._foreach_lerp_(ms, grads, 1 - b1)
            torch._foreach_mul_(vs, b2)
            torch._foreach_addcmul_(vs, grads, grads, 1 - b2)
            roots = torch._foreach_sqrt(vs)
            torch._foreach_div_(roots, [math.sqrt(1 - b2 ** s["t"]) for s in states])
            torch._foreach_add_(roots, group["eps"])
            torch._foreach_addcdiv_(params, ms, roots, [-group["lr"] / (1 - b1 ** s["t"]) for s in states])
        return loss
""",
    "eager-state-and-functional": '''
import torch


def adam_update(theta, g, m, v, t, lr, beta1, beta2, eps):
    """New theta, m and v, all as new tensors."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * torch.square(g)
    step = lr * (m / (1.0 - pow(beta1, t))) / (torch.sqrt(v / (1.0 - pow(beta2, t))) + eps)
    return theta - step, m, v


class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr: float = 1e-3, betas=(0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0):
        for name, value in dict(lr=lr, eps=eps, weight_decay=weight_decay).items():
            if not value >= 0:
                raise ValueError(f"{name}={value}")
        if min(betas) < 0 or max(betas) >= 1:
            raise ValueError(f"betas={betas}")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))
        for group in self.param_groups:
            for theta in group["params"]:
                self.state[theta]["t"] = 0
                self.state[theta]["m"] = theta.detach().clone().zero_()
                self.state[theta]["v"] = theta.detach().clone().zero_()

    def step(self, closure=None):
        loss = None if closure is None else torch.enable_grad()(closure)()
        with torch.no_grad():
            for group in self.param_groups:
                beta1, beta2 = group["betas"]
                for theta in group["params"]:
                    if theta.grad is None:
                        continue
                    state = self.state[theta]
                    state["t"] += 1
                    g = theta.grad.add(theta, alpha=group["weight_decay"])
                    new, state["m"], state["v"] = adam_update(
                        theta, g, state["m"], state["v"], state["t"], group["lr"], beta1, beta2, group["eps"]
                    )
                    theta.copy_(new)
        return loss
''',
    "data-and-lists": HEAD
    + """
    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad = p.grad.data
                if group["weight_decay"] > 0:
                    grad = grad + group["weight_decay"] * p.data
                if "moments" not in self.state[p]:
                    self.state[p]["moments"] = [torch.zeros_like(p.data), torch.zeros_like(p.data), 0]
                moments = self.state[p]["moments"]
                moments[2] += 1
                moments[0] = moments[0] + (1 - beta1) * (grad - moments[0])
                moments[1] = moments[1] + (1 - beta2) * (grad * grad - moments[1])
                top = moments[0].div(1 - beta1 ** moments[2])
                bottom = moments[1].div(1 - beta2 ** moments[2]).sqrt().add(group["eps"])
                p.data -= group["lr"] * torch.div(top, bottom)
        return loss
""",
    "stacked-moments": HEAD
    + LOOP
    + """                if "both" not in s:
                    s["both"], s["age"] = torch.zeros(2, *p.shape, dtype=p.dtype, device=p.device), 0
                s["age"] += 1
                g = torch.add(p.grad, p, alpha=group["weight_decay"])
                seen = torch.stack([g, g.square()])
                weight = torch.tensor([b1, b2], dtype=p.dtype).reshape(2, *[1] * p.ndim)
                s["both"] = torch.where(weight == 0, seen, weight * s["both"] + (1 - weight) * seen)
                m, v = s["both"] / (1 - weight ** s["age"])
                p.add_(-group["lr"] * torch.einsum("...,...->...", m, 1 / (v**0.5 + group["eps"])))
        return loss
""",
    "double-precision-inside": HEAD
    + LOOP
    + """                x, g = p.double(), p.grad.double()
                g = g + group["weight_decay"] * x
                if not s:
                    s["m"], s["v"], s["t"] = torch.zeros_like(g), torch.zeros_like(g), 0
                s["t"] = s["t"] + 1
                s["m"] = torch.lerp(s["m"], g, 1 - b1)
                s["v"] = torch.lerp(s["v"], g * g, 1 - b2)
                v_hat = s["v"] / -math.expm1(s["t"] * math.log(b2))
                m_hat = s["m"] / (-math.expm1(s["t"] * math.log(b1)) if b1 else 1)
                p.copy_(x - group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))
        return loss
""",
    "torch-itself": """
import torch


class Adam(torch.optim.Adam):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
""",
    "torchs-fused-kernel": """
import torch


class Adam(torch.optim.Adam):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=True)
""",
    "step-count-in-a-float32-tensor": HEAD
    + LOOP
    + """                if not s:
                    s["step"], s["m"], s["v"] = torch.zeros(()), torch.zeros_like(p), torch.zeros_like(p)
                s["step"] += 1
                g = p.grad + group["weight_decay"] * p
                s["m"].lerp_(g, 1 - b1)
                s["v"].lerp_(g * g, 1 - b2)
                c1, c2 = 1 - b1 ** s["step"], 1 - b2 ** s["step"]
                p -= group["lr"] * (s["m"] / c1) / ((s["v"] / c2).sqrt() + group["eps"])
        return loss
""",
    "torch-functional": """
import torch
from torch.optim.adam import adam


class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        if lr < 0 or eps < 0 or weight_decay < 0 or min(betas) < 0 or max(betas) >= 1:
            raise ValueError("no")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            live = [p for p in group["params"] if p.grad is not None]
            for p in live:
                if not self.state[p]:
                    self.state[p] = {"t": torch.zeros(()), "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
            adam(
                live,
                [p.grad for p in live],
                [self.state[p]["m"] for p in live],
                [self.state[p]["v"] for p in live],
                [],
                [self.state[p]["t"] for p in live],
                amsgrad=False,
                has_complex=False,
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                lr=group["lr"],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                maximize=False,
            )
        return loss
""",
    "eps-hat": (
        HEAD
        + LOOP
        + """                if not s:
                    s.update(step=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["step"] += 1
                g = p.grad + group["weight_decay"] * p
                s["m"].mul_(b1).add_(g, alpha=1.0 - b1)
                s["v"].mul_(b2).addcmul_(g, g, value=1.0 - b2)
                step_size = group["lr"] * math.sqrt(1.0 - b2 ** s["step"]) / (1.0 - b1 ** s["step"])
                p.addcdiv_(s["m"], s["v"].sqrt().add_(group["eps"]), value=-step_size)
        return loss
""",
        "eps-hat",
    ),
    "step-in-the-group": (
        HEAD
        + CLOSURE
        + """        for group in self.param_groups:
            group["step"] = group.get("step", 0) + 1
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if not s:
                    s["m"], s["v"] = torch.zeros_like(p), torch.zeros_like(p)
                g = p.grad.add(p, alpha=group["weight_decay"])
                s["m"].lerp_(g, 1 - b1)
                s["v"].lerp_(g * g, 1 - b2)
                root = (s["v"] / (1 - b2 ** group["step"])).sqrt() + group["eps"]
                p.addcdiv_(s["m"] / (1 - b1 ** group["step"]), root, value=-group["lr"])
        return loss
""",
        "step-clock",
    ),
    "powers-in-the-group": (
        HEAD
        + CLOSURE
        + """        for group in self.param_groups:
            b1, b2 = group["betas"]
            group["p1"] = group.get("p1", 1.0) * b1
            group["p2"] = group.get("p2", 1.0) * b2
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if not s:
                    s["m"], s["v"] = torch.zeros_like(p), torch.zeros_like(p)
                g = p.grad.add(p, alpha=group["weight_decay"])
                s["m"].lerp_(g, 1 - b1)
                s["v"].lerp_(g * g, 1 - b2)
                root = (s["v"] / (1 - group["p2"])).sqrt() + group["eps"]
                p.addcdiv_(s["m"] / (1 - group["p1"]), root, value=-group["lr"])
        return loss
""",
        "group-powers",
    ),
    **shared.right(HEAD, CLOSURE, LOOP, '                g = p.grad + group["weight_decay"] * p\n'),
    "powers-in-the-state": (
        HEAD
        + LOOP
        + """                if not s:
                    s.update(m=torch.zeros_like(p), v=torch.zeros_like(p), beta1_power=1.0, beta2_power=1.0)
                s["beta1_power"] *= b1
                s["beta2_power"] *= b2
                g = p.grad + group["weight_decay"] * p
                s["m"] += (1 - b1) * (g - s["m"])
                s["v"] += (1 - b2) * (g * g - s["v"])
                m_hat = s["m"] / (1 - s["beta1_power"])
                v_hat = s["v"] / (1 - s["beta2_power"])
                p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
        return loss
""",
        "beta-powers",
    ),
}

WRONG = {
    **{id: edited(BASE, edits, id) for id, edits in shared.HIDING.items()},
    **shared.STEP_MISTAKES,
    "second-average-stays-at-zero": [(V, "v.mul(beta2).addcmul_(g, g, value=1 - beta2)")],
    **shared.MOMENT_MISTAKES,
    **shared.VALIDATION_MISTAKES,
    **shared.CONTRACT_MISTAKES,
    **shared.VALUE_MISTAKES,
    "lr-default": [("lr=1e-3", "lr=1e-2")],
    "betas-default": [("betas=(0.9, 0.999)", "betas=(0.9, 0.99)")],
    "betas-default-shorter": [("betas=(0.9, 0.999)", "betas=(0.9, 0.95)")],
    "eps-default": [("eps=1e-8", "eps=1e-6")],
    "no-decay": [(GRADIENT, "g = p.grad")],
    "decay-sign": [(GRADIENT, "g = p.grad - wd * p")],
    "decay-decoupled": [(GRADIENT, "g = p.grad; p.mul_(1 - lr * wd)")],
    "decay-decoupled-after": [(GRADIENT, "g = p.grad"), (shared.NEXT, "                p.mul_(1 - lr * wd)")],
    "decay-without-lr": [
        (GRADIENT, "g = p.grad; shrink = wd * p.clone()"),
        (shared.NEXT, "                p.sub_(shrink)"),
    ],
    "decay-not-in-the-second": [(V, "v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)")],
    "decay-not-in-the-first": [(M, "m.mul_(beta1).add_(p.grad, alpha=1 - beta1)")],
    "decay-beside-the-average": [
        (GRADIENT, "g = p.grad"),
        (shared.AVERAGE, "average = m / c1 + wd * p"),
    ],
    "decay-with-lr-inside": [(GRADIENT, "g = p.grad + lr * wd * p")],
    "decay-doubled": [(GRADIENT, "g = p.grad + 2 * wd * p")],
    "decay-l1": [(GRADIENT, "g = p.grad + wd * p.sign()")],
    "decay-matrices-only": [(GRADIENT, "g = p.grad + wd * p if p.ndim >= 2 else p.grad")],
    "adamws-defaults": [("betas=(0.9, 0.999)", "betas=(0.9, 0.95)"), ("weight_decay=0.0", "weight_decay=0.1")],
    "decay-default": [("weight_decay=0.0", "weight_decay=0.01")],
    "gradient-changed": [(GRADIENT, "g = p.grad.add_(wd * p)")],
}
