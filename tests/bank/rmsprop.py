"""Programs for the task rmsprop."""

from tests.bank import _edits, _squared
from tests.bank._squared import DIRECTION, END, GRAD, ROOT, STEP, STEP_HEAD

COLLECT = "v = alpha * old + (1 - alpha) * square\n"
BASE = _squared.base("RMSprop", COLLECT, lr=1e-2, alpha=0.99, eps=1e-8)
HEAD = _squared.head("RMSprop", lr=1e-2, alpha=0.99, eps=1e-8)

RIGHT = {
    "as-torch-writes-it": HEAD
    + STEP_HEAD
    + """
                grad = p.grad
                if group["weight_decay"] != 0:
                    grad = grad.add(p, alpha=group["weight_decay"])
                if len(state) == 0:
                    state["step"] = torch.zeros(())
                    state["square_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                state["step"] += 1
                state["square_avg"].mul_(group["alpha"]).addcmul_(grad, grad, value=1 - group["alpha"])
                avg = state["square_avg"].sqrt().add_(group["eps"])
                p.addcdiv_(grad, avg, value=-group["lr"])
"""
    + END,
    "lerp": HEAD
    + STEP_HEAD
    + """
                g = p.grad + group["weight_decay"] * p
                v = state.setdefault("v", torch.zeros_like(p))
                v.lerp_(g.square(), 1 - group["alpha"])
                p.sub_(group["lr"] * g / (v.sqrt() + group["eps"]))
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
            averages = [self.state[p].setdefault("avg", torch.zeros_like(p)) for p in params]
            grads = torch._foreach_add([p.grad for p in params], params, alpha=group["weight_decay"])
            torch._foreach_mul_(averages, group["alpha"])
            torch._foreach_addcmul_(averages, grads, grads, value=1 - group["alpha"])
            roots = torch._foreach_sqrt(averages)
            torch._foreach_add_(roots, group["eps"])
            torch._foreach_addcdiv_(params, grads, roots, value=-group["lr"])
        return loss
""",
    "root-of-a-norm": HEAD
    + STEP_HEAD
    + """
                g = torch.add(p.grad, p, alpha=group["weight_decay"])
                rms = state.get("rms", torch.zeros_like(p))
                rms = torch.hypot(rms * math.sqrt(group["alpha"]), g * math.sqrt(1 - group["alpha"]))
                state["rms"] = rms
                p.add_(g.div(rms.add(group["eps"])), alpha=-group["lr"])
"""
    + END,
    "functional-inside": '''
import torch


def rmsprop(theta, g, v, lr, alpha, eps):
    """New parameter, new average of squares."""
    v = alpha * v + (1 - alpha) * g**2
    return theta - lr * g / (v**0.5 + eps), v


class RMSprop(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0):
        for name, value in (("lr", lr), ("alpha", alpha), ("eps", eps), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}={value}")
        if alpha >= 1:
            raise ValueError(f"alpha={alpha}")
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay))

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
                    g = theta.grad + h["weight_decay"] * theta
                    v = self.state[theta].get("v", torch.zeros_like(theta))
                    new, v = rmsprop(theta, g, v, h["lr"], h["alpha"], h["eps"])
                    self.state[theta]["v"] = v
                    theta.data = theta.data.copy_(new)
        return loss
''',
    "float32-state": HEAD
    + STEP_HEAD
    + """
                wide = torch.promote_types(p.dtype, torch.float32)
                g = p.grad.to(wide) + group["weight_decay"] * p.to(wide)
                v = state["v"] if "v" in state else torch.zeros(p.shape, dtype=wide)
                state["v"] = torch.addcmul(group["alpha"] * v, g, g, value=1 - group["alpha"])
                p.copy_(p.to(wide) - group["lr"] * g / state["v"].sqrt().add(group["eps"]))
"""
    + END,
    "torch-itself": """
import torch


class RMSprop(torch.optim.RMSprop):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay)
""",
    "d2l": (
        HEAD
        + STEP_HEAD
        + """
                g = p.grad + group["weight_decay"] * p
                s = state.setdefault("s", torch.zeros_like(p))
                s.copy_(group["alpha"] * s + (1 - group["alpha"]) * torch.square(g))
                p.sub_(group["lr"] * g / torch.sqrt(s + group["eps"]))
"""
        + END,
        "eps-inside-root",
    ),
    "tensorflow": (
        HEAD
        + STEP_HEAD
        + """
                g = p.grad + group["weight_decay"] * p
                ms = state["ms"] if "ms" in state else torch.zeros_like(p)
                ms = ms + (g * g - ms) * (1 - group["alpha"])
                state["ms"] = ms
                p.add_(g * torch.rsqrt(ms + group["eps"]), alpha=-group["lr"])
"""
        + END,
        "eps-inside-root",
    ),
    "starts-at-first-square": (
        HEAD
        + STEP_HEAD
        + """
                g = p.grad + group["weight_decay"] * p
                if "v" not in state:
                    state["v"] = g.square()
                else:
                    state["v"].mul_(group["alpha"]).add_((1 - group["alpha"]) * g.square())
                p.sub_(group["lr"] * g / (state["v"].sqrt() + group["eps"]))
"""
        + END,
        "starts-at-first-square",
    ),
    "starts-at-first-square-eps-inside": (
        HEAD
        + STEP_HEAD
        + """
                g = p.grad + group["weight_decay"] * p
                v = state.setdefault("v", g.square())
                v.mul_(group["alpha"]).addcmul_(g, g, value=1 - group["alpha"])
                p.sub_(group["lr"] * g * torch.rsqrt(v + group["eps"]))
"""
        + END,
        "eps-inside-root+starts-at-first-square",
    ),
}

WRONG = {
    "sum-of-squares": [(COLLECT, "v = old + square\n")],
    "weights-swapped": [(COLLECT, "v = (1 - alpha) * old + alpha * square\n")],
    "new-share-squared": [(COLLECT, "v = alpha * old + ((1 - alpha) * g) ** 2\n")],
    "average-never-shrinks": [(COLLECT, "v = old + (1 - alpha) * square\n")],
    "new-square-whole": [(COLLECT, "v = alpha * old + square\n")],
    "alpha-on-both": [(COLLECT, "v = alpha * old + alpha * square\n")],
    "alpha-not-used": [(COLLECT, "v = 0.9 * old + 0.1 * square\n")],
    "bias-corrected": [
        (ROOT, "state['t'] = state.get('t', 0) + 1; root = (v / (1 - alpha ** state['t'])).sqrt() + eps\n"),
    ],
    "centered": [
        (
            ROOT,
            "state['mean'] = alpha * state.get('mean', 0) + (1 - alpha) * g; "
            "root = (v - state['mean'] ** 2).sqrt() + eps\n",
        ),
    ],
    "square-of-the-average": [
        (COLLECT, "state['mean'] = alpha * state.get('mean', 0) + (1 - alpha) * g; v = state['mean'] ** 2\n"),
    ],
    "starts-at-one": [("torch.zeros_like(p)", "torch.ones_like(p)")],
    "momentum-added": [(DIRECTION, "d = state['memory'] = 0.9 * state.get('memory', 0) + g / root\n")],
    "alpha-default": [("alpha=0.99", "alpha=0.9")],
    "eps-default": [("eps=1e-08", "eps=1e-10")],
    **_squared.root_mistakes(),
    **_edits.step_mistakes(STEP, "d"),
    **_edits.decay_mistakes(GRAD),
    **_edits.values_of_others(
        {
            "alpha": 'alpha = group["alpha"]\n',
            "eps": 'eps = group["eps"]\n',
            "weight_decay": 'wd = group["weight_decay"]\n',
        }
    ),
    "lr-default": [("lr=0.01", "lr=1e-3")],
    **_edits.missing_validation("lr", "alpha", "eps", "weight_decay"),
    **_edits.contract_mistakes(step="p.sub_(lr * d)", hyper={"alpha": "alpha", "eps": "eps", "weight_decay": "wd"}),
}
