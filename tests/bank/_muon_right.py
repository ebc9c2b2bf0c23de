"""Right programs for the task `muon`, in several styles."""

BASE = """
import torch
from torch.optim import Optimizer


def orthogonalize(matrix, steps):
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


def scale_of(shape, mode):
    rows, cols = shape
    if mode == "original":
        return max(1, rows / cols) ** 0.5
    if mode == "match_rms":
        return 0.2 * max(rows, cols) ** 0.5
    return (rows / cols) ** 0.5


class Muon(Optimizer):
    def __init__(self, params, lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0, ns_steps=5, scale="original"):
        if lr < 0:
            raise ValueError(f"lr {lr}")
        if momentum < 0:
            raise ValueError(f"momentum {momentum}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay {weight_decay}")
        if scale not in ("original", "match_rms", "spectral"):
            raise ValueError(f"scale {scale}")
        defaults = dict(lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, ns_steps=ns_steps, scale=scale)
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError("Muon is for matrices")
        # built

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr = group["lr"]
            mu = group["momentum"]
            wd = group["weight_decay"]
            nesterov = group["nesterov"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad
                state = self.state[p]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(p)
                buf = state["momentum_buffer"]
                buf.mul_(mu).add_(g)
                look = g + mu * buf if nesterov else buf
                o = orthogonalize(look, group["ns_steps"])
                scale = scale_of(p.shape, group["scale"])
                p.mul_(1 - lr * wd)
                p.sub_(lr * scale * o)
                # next parameter
        # done
        return loss
"""

HEAD = """
import math

import torch
from torch.optim import Optimizer

MODES = ("original", "match_rms", "spectral")


def factor(shape, mode):
    rows, cols = shape
    return {"original": math.sqrt(max(1, rows / cols)), "match_rms": 0.2 * math.sqrt(max(rows, cols)), "spectral": math.sqrt(rows / cols)}[mode]


class Base(Optimizer):
    def __init__(self, params, lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0, ns_steps=5, scale="original"):
        if min(lr, momentum, weight_decay) < 0 or scale not in MODES:
            raise ValueError("invalid hyperparameter")
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay, "ns_steps": ns_steps, "scale": scale})
        if any(p.ndim != 2 for group in self.param_groups for p in group["params"]):
            raise ValueError("matrices only")

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update_group(group)
        return loss
"""

ZEROPOWER = """
def zeropower_via_newtonschulz5(G, steps):
    a, b, c = (3.4445, -4.7750, 2.0315)
    X = G.bfloat16()
    if G.size(-2) > G.size(-1):
        X = X.mT
    X = X / (X.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        A = X @ X.mT
        B = b * A + c * A @ A
        X = a * X + B @ X
    if G.size(-2) > G.size(-1):
        X = X.mT
    return X
"""

RIGHT = {
    "students-newton-schulz": HEAD
    + """

from course_lib.optim.newton_schulz import newton_schulz


class Muon(Base):
    def update_group(self, group):
        for p in group["params"]:
            if p.grad is not None:
                buf = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
                buf.mul_(group["momentum"]).add_(p.grad)
                u = p.grad.add(buf, alpha=group["momentum"]) if group["nesterov"] else buf
                update = newton_schulz(u, steps=group["ns_steps"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update, alpha=-group["lr"] * factor(p.shape, group["scale"]))
""",
    "stacked": (
        HEAD
        + """

from course_lib.optim import newton_schulz


class Muon(Base):
    def update_group(self, group):
        stacks = {}
        for p in group["params"]:
            if p.grad is None:
                continue
            m = self.state[p].setdefault("m", torch.zeros_like(p)).lerp_(p.grad, 1 - group["momentum"])
            u = torch.lerp(p.grad, m, group["momentum"]) if group["nesterov"] else m.clone()
            stacks.setdefault((p.shape, p.dtype), []).append((p, u))
        for (shape, _), members in stacks.items():
            updates = newton_schulz(torch.stack([u for _, u in members]), group["ns_steps"])
            for (p, _), update in zip(members, updates):
                p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * factor(shape, group["scale"]) * update)
""",
        "ema",
    ),
    "keller-jordan": (
        HEAD
        + ZEROPOWER
        + """

def muon_update(grad, momentum, beta=0.95, ns_steps=5, nesterov=True):
    momentum.lerp_(grad, 1 - beta)
    update = grad.lerp_(momentum, beta) if nesterov else momentum
    return zeropower_via_newtonschulz5(update, steps=ns_steps)


class Muon(Base):
    def update_group(self, group):
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self.state[p]
            if len(state) == 0:
                state["momentum_buffer"] = torch.zeros_like(p)
            update = muon_update(p.grad.clone(), state["momentum_buffer"], group["momentum"], group["ns_steps"], group["nesterov"])
            update *= factor(p.shape, group["scale"])
            p.mul_(1 - group["lr"] * group["weight_decay"])
            p.add_(update.reshape(p.shape), alpha=-group["lr"])
""",
        "ema+bfloat16",
    ),
    "moonlight": (
        HEAD
        + ZEROPOWER
        + """

class Muon(Base):
    def update_group(self, group):
        for p in group["params"]:
            g = p.grad
            if g is None:
                continue
            state = self.state[p]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(g)
            buf = state["momentum_buffer"]
            buf.mul_(group["momentum"]).add_(g)
            g = g.add(buf, alpha=group["momentum"]) if group["nesterov"] else buf
            u = zeropower_via_newtonschulz5(g, steps=group["ns_steps"])
            adjusted_lr = group["lr"] * factor(p.shape, group["scale"])
            p.data.mul_(1 - group["lr"] * group["weight_decay"])
            p.data.add_(u, alpha=-adjusted_lr)
""",
        "bfloat16",
    ),
    "torchs-own": (
        """
import math

import torch


class Muon(torch.optim.Muon):
    def __init__(self, params, lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0, ns_steps=5, scale="original"):
        if scale not in ("original", "match_rms", "spectral"):
            raise ValueError(scale)
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, ns_steps=ns_steps)
        self.defaults["scale"] = scale
        for group in self.param_groups:
            group.setdefault("scale", scale)

    def step(self, closure=None):
        before = [dict(group) for group in self.param_groups]
        for group in self.param_groups:
            group["adjust_lr_fn"] = {"match_rms": "match_rms_adamw", "original": "original", "spectral": "original"}[group["scale"]]
        plain, spectral = [], []
        loss = None
        if any(group["scale"] == "spectral" for group in self.param_groups):
            return self._one_by_one(closure)
        return super().step(closure)

    def _one_by_one(self, closure):
        # "spectral" is not one of torch's modes: one matrix at a time, with lr and decay adjusted
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        groups = self.param_groups
        for group in groups:
            for p in group["params"]:
                rows, cols = p.shape
                f = math.sqrt(rows / cols) / math.sqrt(max(1, rows / cols)) if group["scale"] == "spectral" else 1.0
                self.param_groups = [{**group, "params": [p], "lr": group["lr"] * f, "weight_decay": group["weight_decay"] / f}]
                super().step()
        self.param_groups = groups
        return loss
""",
        "ema+bfloat16",
    ),
    "optax": (
        HEAD
        + """

def orthogonalize_via_newton_schulz(x, steps, eps=1e-8):
    transposed = x.shape[0] > x.shape[1]
    x = x.T if transposed else x
    x = x / (torch.linalg.norm(x) + eps)
    for _ in range(steps):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.T if transposed else x


class Muon(Base):
    def update_group(self, group):
        beta = group["momentum"]
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self.state[p]
            if not state:
                state["mu"], state["count"] = torch.zeros_like(p), 0
            state["mu"] = beta * state["mu"] + (1 - beta) * p.grad
            state["count"] += 1
            count = state["count"]
            if group["nesterov"]:
                mu_hat = beta * (state["mu"] / (1 - beta ** (count + 1))) + (1 - beta) * (p.grad / (1 - beta**count))
            else:
                mu_hat = state["mu"] / (1 - beta**count)
            update = factor(p.shape, group["scale"]) * orthogonalize_via_newton_schulz(mu_hat, group["ns_steps"])
            p -= group["lr"] * (update + group["weight_decay"] * p)
""",
        "bias-corrected",
    ),
    "decay-after-the-step": (
        HEAD
        + """

from course_lib.optim.newton_schulz import newton_schulz


class Muon(Base):
    def update_group(self, group):
        for p in group["params"]:
            if p.grad is None:
                continue
            state = self.state[p]
            previous = state.get("velocity")
            state["velocity"] = p.grad.clone() if previous is None else previous * group["momentum"] + p.grad
            ahead = p.grad + group["momentum"] * state["velocity"]
            chosen = torch.where(torch.tensor(group["nesterov"]), ahead, state["velocity"])
            p.data.add_(newton_schulz(chosen, group["ns_steps"]), alpha=-group["lr"] * factor(p.shape, group["scale"]))
            p.data.mul_(1.0 - group["lr"] * group["weight_decay"])
""",
        "decay-after",
    ),
    "functional-float32": (
        '''
import torch


def muon_direction(g, buffer, momentum, nesterov, steps):
    """g, buffer: (rows, cols). Returns the new buffer and the orthogonalised direction, in float32."""
    buffer = momentum * buffer + (1 - momentum) * g
    x = (momentum * buffer + (1 - momentum) * g) if nesterov else buffer
    x = x.to(torch.float32)
    x = x / (x.pow(2).sum() ** 0.5).clamp_min(1e-7)
    for _ in range(steps):
        a = torch.einsum("ij,kj->ik", x, x)
        x = torch.addmm(x, torch.addmm(a, a, a, beta=-4.775, alpha=2.0315), x, beta=3.4445)
    return buffer, x


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr=2e-2, momentum=0.95, nesterov=True, weight_decay=0, ns_steps=5, scale="original"):
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not value >= 0.0:
                raise ValueError(f"{name}={value}")
        self.scales = {
            "original": lambda r, c: max(1.0, r / c) ** 0.5,
            "match_rms": lambda r, c: 0.2 * max(r, c) ** 0.5,
            "spectral": lambda r, c: (r / c) ** 0.5,
        }
        if scale not in self.scales:
            raise ValueError(scale)
        super().__init__(params, dict(lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay, ns_steps=ns_steps, scale=scale))

    def add_param_group(self, group):
        super().add_param_group(group)
        for p in self.param_groups[-1]["params"]:
            if p.dim() != 2:
                raise ValueError(f"not a matrix: {tuple(p.shape)}")

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        with torch.no_grad():
            for group in self.param_groups:
                for p in [p for p in group["params"] if p.grad is not None]:
                    state = self.state[p]
                    old = state["buffer"] if "buffer" in state else torch.zeros_like(p.grad)
                    state["buffer"], o = muon_direction(p.grad, old, group["momentum"], group["nesterov"], group["ns_steps"])
                    p.copy_(p - group["lr"] * (self.scales[group["scale"]](*p.shape) * o + group["weight_decay"] * p))
        return loss
''',
        "ema",
    ),
}
