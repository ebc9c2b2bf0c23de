"""Right programs for the task `momentum`, in several styles."""

BASE = """
import torch
from torch.optim import Optimizer


class Momentum(Optimizer):
    # class body

    def __init__(self, params, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        if lr < 0:
            raise ValueError(f"lr must not be negative: {lr}")
        if momentum < 0:
            raise ValueError(f"momentum must not be negative: {momentum}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative: {weight_decay}")
        super().__init__(params, dict(lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay))
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
                g = p.grad + wd * p
                state = self.state[p]
                if "buffer" not in state:
                    state["buffer"] = torch.zeros_like(p)
                old = state["buffer"]
                b = mu * old + g
                look = g + mu * b
                d = look if nesterov else b
                state["buffer"] = b
                p.sub_(lr * d)
                # next parameter
        # done
        return loss
"""

HEAD = """
import torch
from torch.optim import Optimizer


class Momentum(Optimizer):
    def __init__(self, params, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        if lr < 0 or momentum < 0 or weight_decay < 0:
            raise ValueError("negative hyperparameter")
        super().__init__(
            params, {"lr": lr, "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
        )
"""

STEP = """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, mu, nesterov, wd = (group[k] for k in ("lr", "momentum", "nesterov", "weight_decay"))
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
"""

END = """
        return loss
"""

RIGHT = {
    "as-torch-writes-it": HEAD
    + STEP
    + """
                d_p = p.grad
                if wd != 0:
                    d_p = d_p.add(p, alpha=wd)
                buf = state.get("momentum_buffer")
                if buf is None:
                    buf = torch.clone(d_p).detach()
                    state["momentum_buffer"] = buf
                else:
                    buf.mul_(mu).add_(d_p)
                d_p = d_p.add(buf, alpha=mu) if nesterov else buf
                p.add_(d_p, alpha=-lr)
"""
    + END,
    "in-place-buffer": HEAD
    + STEP
    + """
                g = p.grad.add(p, alpha=wd)
                if not state:
                    state["step"] = 0
                    state["m"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                state["step"] += 1
                m = state["m"]
                m.mul_(mu).add_(g)
                if nesterov:
                    g.add_(m, alpha=mu)
                else:
                    g.copy_(m)
                p.sub_(g.mul_(lr))
"""
    + END,
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
            for p in params:
                if "buf" not in self.state[p]:
                    self.state[p]["buf"] = torch.zeros_like(p)
            bufs = [self.state[p]["buf"] for p in params]
            torch._foreach_mul_(bufs, group["momentum"])
            torch._foreach_add_(bufs, grads)
            if group["nesterov"]:
                grads = torch._foreach_add(grads, bufs, alpha=group["momentum"])
            else:
                grads = bufs
            torch._foreach_add_(params, grads, alpha=-group["lr"])
        return loss
""",
    "functional-inside": '''
import torch


def heavy_ball(theta, g, b, lr, mu, nesterov):
    """New parameter and new buffer."""
    b = mu * b + g
    return theta - lr * (g + mu * b if nesterov else b), b


class Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr: float, momentum: float = 0.9, nesterov: bool = False, weight_decay: float = 0.0):
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}={value}")
        super().__init__(params, dict(lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay))

    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for h in self.param_groups:
                for theta in h["params"]:
                    if theta.grad is None:
                        continue
                    b = self.state[theta].get("b", 0.0)
                    g = theta.grad + h["weight_decay"] * theta
                    new, b = heavy_ball(theta, g, b, h["lr"], h["momentum"], h["nesterov"])
                    self.state[theta]["b"] = b
                    theta.copy_(new)
        return loss
''',
    "eager-state": HEAD.rstrip()
    + """
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["velocity"] = torch.zeros_like(p.data)
"""
    + STEP
    + """
                g = torch.add(p.grad, p, alpha=wd)
                v = state["velocity"]
                v.copy_(torch.addcmul(g, v, torch.full_like(v, mu)))
                p.data.add_(torch.add(g, v, alpha=mu) if nesterov else v, alpha=-lr)
"""
    + END,
    "negative-velocity": HEAD
    + STEP
    + """
                v = state.setdefault("v", torch.zeros_like(p))
                g = p.grad + wd * p
                v.mul_(mu).sub_(g)
                p += lr * (mu * v - g if nesterov else v)
"""
    + END,
    "double-buffer": HEAD
    + STEP
    + """
                g = (p.grad + wd * p).to(torch.float64)
                b = state.get("b64")
                b = g.clone() if b is None else torch.lerp(b, g / (1 - mu), 1 - mu) if mu < 1 else b + g
                state["b64"] = b
                p.copy_((p.to(torch.float64) - lr * (g + mu * b if nesterov else b)).to(p.dtype))
"""
    + END,
    "torch-itself": """
import torch


class Momentum(torch.optim.SGD):
    def __init__(self, params, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)
""",
    "torch-functional": HEAD
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            bufs = [self.state[p].get("momentum_buffer") for p in params]
            torch.optim._functional.sgd(
                params, [p.grad for p in params], bufs,
                weight_decay=group["weight_decay"], momentum=group["momentum"], lr=group["lr"],
                dampening=0.0, nesterov=group["nesterov"], maximize=False, has_sparse_grad=False, foreach=False,
            )
            if group["momentum"] != 0:
                for p, buf in zip(params, bufs):
                    self.state[p]["momentum_buffer"] = buf
        return loss
""",
    "keras": (
        HEAD
        + STEP
        + """
                g = p.grad + wd * p
                velocity = state.get("velocity", torch.zeros_like(p))
                velocity = mu * velocity - lr * g
                state["velocity"] = velocity
                p.add_(mu * velocity - lr * g if nesterov else velocity)
"""
        + END,
        "lr-in-velocity",
    ),
    "cs231n-nesterov": (
        HEAD
        + STEP
        + """
                g = p.grad + wd * p
                if "v" not in state:
                    state["v"] = torch.zeros_like(p)
                before = state["v"].clone()
                state["v"].mul_(mu).add_(g, alpha=-lr)
                p.add_((1 + mu) * state["v"] - mu * before if nesterov else state["v"])
"""
        + END,
        "lr-in-velocity",
    ),
    "polyaks-difference": (
        HEAD
        + STEP
        + """
                now = p.clone()
                g = p.grad + wd * p
                if "before" not in state:
                    state["before"] = now.clone()
                    state["v"] = torch.zeros_like(p)
                step = mu * state["v"] + lr * g if nesterov else mu * (state["before"] - now) + lr * g
                state["v"] = step
                p.sub_(mu * step + lr * g if nesterov else step)
                state["before"] = now
"""
        + END,
        "lr-in-velocity",
    ),
    "lr-inside-as-a-tensor": (
        HEAD
        + STEP
        + """
                g = p.grad.add(p, alpha=wd).mul_(lr)
                v = state["v"].mul_(mu).add_(g) if "v" in state else state.setdefault("v", g.clone())
                p.sub_(torch.where(torch.tensor(nesterov), g + mu * v, v))
"""
        + END,
        "lr-in-velocity",
    ),
    "ema-lerp": (
        HEAD
        + STEP
        + """
                g = p.grad + wd * p
                if len(state) == 0:
                    state["exp_avg"] = torch.zeros_like(p)
                m = state["exp_avg"]
                m.lerp_(g, 1 - mu)
                p.add_(g.lerp(m, mu) if nesterov else m, alpha=-lr)
"""
        + END,
        "ema",
    ),
    "ema-mul-add": (
        HEAD
        + STEP
        + """
                g = p.grad + wd * p
                m = mu * state.get("m", 0) + (1 - mu) * g
                state["m"] = m
                p -= lr * ((1 - mu) * g + mu * m if nesterov else m)
"""
        + END,
        "ema",
    ),
    "torch-with-dampening": (
        HEAD
        + STEP
        + """
                g = p.grad + wd * p
                if "m" not in state:
                    state["m"] = g.clone()
                    fresh = g
                else:
                    fresh = (1 - mu) * g
                    state["m"].mul_(mu).add_(fresh)
                p.sub_(lr * (fresh + mu * state["m"] if nesterov else state["m"]))
"""
        + END,
        "ema-from-first-gradient",
    ),
    "average-from-the-first-gradient": (
        HEAD
        + STEP
        + """
                g = p.grad + wd * p
                if "m" not in state:
                    state["m"] = g.clone()
                state["m"].lerp_(g, 1 - mu)
                p.sub_(lr * (torch.lerp(g, state["m"], mu) if nesterov else state["m"]))
"""
        + END,
        "ema-from-first-gradient-nesterov",
    ),
}
