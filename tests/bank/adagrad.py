"""Programs for the task adagrad."""

from tests.bank import _edits, _squared
from tests.bank._squared import END, GRAD, ROOT, STEP, STEP_HEAD

COLLECT = "v = old + square\n"
BASE = _squared.base("Adagrad", COLLECT, lr=1e-2, eps=1e-10)
HEAD = _squared.head("Adagrad", lr=1e-2, eps=1e-10)

FOREACH = """
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
            for p in params:
                self.state[p].setdefault("sum", torch.zeros_like(p))
            sums = [self.state[p]["sum"] for p in params]
            grads = torch._foreach_add([p.grad for p in params], params, alpha=group["weight_decay"])
            torch._foreach_addcmul_(sums, grads, grads, value=1.0)
            roots = torch._foreach_sqrt(sums)
            torch._foreach_add_(roots, group["eps"])
            torch._foreach_addcdiv_(params, grads, roots, value=-group["lr"])
        return loss
"""

RIGHT = {
    "as-torch-writes-it": HEAD
    + STEP_HEAD
    + """
                grad = p.grad
                if group["weight_decay"] != 0:
                    grad = grad.add(p, alpha=group["weight_decay"])
                if "sum" not in state:
                    state["step"] = torch.tensor(0.0)
                    state["sum"] = torch.full_like(p, 0.0, memory_format=torch.preserve_format)
                state["step"] += 1
                state["sum"].addcmul_(grad, grad, value=1)
                std = state["sum"].sqrt().add_(group["eps"])
                p.addcdiv_(grad, std, value=-group["lr"])
"""
    + END,
    "foreach": HEAD + FOREACH,
    "eager-state": HEAD.rstrip()
    + """
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["G"] = torch.zeros_like(p.detach())
"""
    + STEP_HEAD
    + """
                g = p.grad + group["weight_decay"] * p
                state["G"] += g.pow(2)
                p -= group["lr"] / (torch.sqrt(state["G"]) + group["eps"]) * g
"""
    + END,
    "reciprocal": HEAD
    + STEP_HEAD
    + """
                g = torch.add(p.grad, p, alpha=group["weight_decay"])
                total = state["total"] = state.get("total", 0) + torch.square(g)
                rate = torch.reciprocal(total**0.5 + group["eps"]).mul_(group["lr"])
                p.data.addcmul_(rate, g, value=-1)
"""
    + END,
    "functional-inside": '''
import torch


def adagrad(theta, g, total, lr, eps):
    """New parameter, new sum of squares."""
    total = total + g * g
    return theta - lr * g / (total.sqrt() + eps), total


class Adagrad(torch.optim.Optimizer):
    def __init__(self, params, lr: float = 1e-2, eps: float = 1e-10, weight_decay: float = 0.0):
        for name, value in (("lr", lr), ("eps", eps), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}={value}")
        super().__init__(params, dict(lr=lr, eps=eps, weight_decay=weight_decay))

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
                    total = self.state[theta].get("total", torch.zeros_like(theta))
                    new, self.state[theta]["total"] = adagrad(theta, g, total, h["lr"], h["eps"])
                    theta.copy_(new)
        return loss
''',
    "float32-state": HEAD
    + STEP_HEAD
    + """
                wide = torch.promote_types(p.dtype, torch.float32)
                g = p.grad.to(wide) + group["weight_decay"] * p.to(wide)
                if "sum" not in state:
                    state["sum"] = torch.zeros(p.shape, dtype=wide)
                state["sum"].add_(g * g)
                p.copy_(p.to(wide) - group["lr"] * g / state["sum"].sqrt().add(group["eps"]))
"""
    + END,
    "torch-itself": """
import torch


class Adagrad(torch.optim.Adagrad):
    def __init__(self, params, lr=1e-2, eps=1e-10, weight_decay=0.0):
        super().__init__(params, lr=lr, eps=eps, weight_decay=weight_decay)
""",
    "d2l": (
        HEAD
        + STEP_HEAD
        + """
                g = p.grad + group["weight_decay"] * p
                s = state.setdefault("s", torch.zeros_like(p))
                s += torch.square(g)
                p -= group["lr"] * g / torch.sqrt(s + group["eps"])
"""
        + END,
        "eps-inside-root",
    ),
    "optax": (
        HEAD
        + STEP_HEAD
        + """
                g = p.grad + group["weight_decay"] * p
                if not state:
                    state["sum_of_squares"] = torch.zeros_like(p)
                total = state["sum_of_squares"].addcmul_(g, g)
                scale = torch.where(total > 0, torch.rsqrt(total + group["eps"]), 0.0)
                p.add_(-group["lr"] * scale * g)
"""
        + END,
        "eps-inside-root",
    ),
}

WRONG = {
    "running-average-0.9": [(COLLECT, "v = 0.9 * old + 0.1 * square\n")],
    "running-average-0.99": [(COLLECT, "v = 0.99 * old + 0.01 * square\n")],
    "mean-over-steps": [
        (ROOT, "state['t'] = state.get('t', 0) + 1; root = (v / state['t']).sqrt() + eps\n"),
    ],
    "square-of-the-sum": [
        (COLLECT, "state['total'] = state.get('total', 0) + g; v = state['total'] ** 2\n"),
    ],
    "starts-above-zero": [("torch.zeros_like(p)", "torch.full_like(p, 0.1)")],
    "sum-of-steps": [(STEP, STEP[:-1] + "; state['squares'] = old + d * d\n")],
    "eps-default": [("eps=1e-10", "eps=1e-8")],
    **_squared.root_mistakes(),
    **_edits.step_mistakes(STEP, "d"),
    **_edits.decay_mistakes(GRAD),
    **_edits.values_of_others({"eps": 'eps = group["eps"]\n', "weight_decay": 'wd = group["weight_decay"]\n'}),
    "lr-default": [("lr=0.01", "lr=1e-3")],
    **_edits.missing_validation("lr", "eps", "weight_decay"),
    **_edits.contract_mistakes(step="p.sub_(lr * d)", hyper={"eps": "eps", "weight_decay": "wd"}),
}
del WRONG["state-not-kept"]  # equals no-memory
