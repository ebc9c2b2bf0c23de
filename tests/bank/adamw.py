"""Programs for the task adamw."""

from __future__ import annotations

from tests.bank import _adam_programs as shared
from tests.bank import adam
from tests.bank._adam_programs import AVERAGE, UPDATE, M, V
from tests.bank.programs import edited

SHRINK = "p.mul_(1 - lr * wd)"
GRADIENT = "g = p.grad"
_BOTH = "g = p.grad\n                p.mul_(1 - lr * wd)"
BASE = (
    shared.BASE.replace("ENTRY", "AdamW")
    .replace("BETAS", "(0.9, 0.95)")
    .replace("DECAY", "0.1")
    .replace("GRADIENT", _BOTH)
)
_G = "g = p.grad\n"

HEAD = (
    adam.HEAD.replace("class Adam", "class AdamW")
    .replace("betas=(0.9, 0.999)", "betas=(0.9, 0.95)")
    .replace("weight_decay=0.0", "weight_decay=0.1")
)
LOOP, CLOSURE = adam.LOOP, adam.CLOSURE

RIGHT = {
    "as-torch-writes-it": HEAD
    + LOOP
    + """                p.mul_(1 - group["lr"] * group["weight_decay"])
                if len(s) == 0:
                    s["step"] = torch.tensor(0.0)
                    s["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                    s["exp_avg_sq"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                s["step"] += 1
                s["exp_avg"].lerp_(p.grad, 1 - b1)
                s["exp_avg_sq"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                step = s["step"].item()
                denom = (s["exp_avg_sq"].sqrt() / (1 - b2**step) ** 0.5).add_(group["eps"])
                p.addcdiv_(s["exp_avg"], denom, value=-group["lr"] / (1 - b1**step))
        return loss
""",
    "one-expression": HEAD
    + LOOP
    + """                t = s["t"] = s.get("t", 0) + 1
                m = s["m"] = b1 * s.get("m", 0) + (1 - b1) * p.grad
                v = s["v"] = b2 * s.get("v", 0) + (1 - b2) * p.grad**2
                step = (m / (1 - b1**t)) / ((v / (1 - b2**t)) ** 0.5 + group["eps"])
                p.add_(step + group["weight_decay"] * p, alpha=-group["lr"])
        return loss
""",
    "old-value-kept": HEAD
    + LOOP
    + """                if "m" not in s:
                    s["m"], s["v"], s["t"] = torch.zeros_like(p), torch.zeros_like(p), 0
                s["t"] += 1
                old = p.clone()
                s["m"].copy_(b1 * s["m"] + (1 - b1) * p.grad)
                s["v"].copy_(b2 * s["v"] + (1 - b2) * p.grad.square())
                m_hat, v_hat = s["m"] / (1 - b1 ** s["t"]), s["v"] / (1 - b2 ** s["t"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))
                p.sub_(group["lr"] * group["weight_decay"] * old)
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
                if not self.state[p]:
                    self.state[p].update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                self.state[p]["t"] += 1
            states, grads = [self.state[p] for p in params], [p.grad for p in params]
            ms, vs = [s["m"] for s in states], [s["v"] for s in states]
            torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_mul_(ms, b1)
            torch._foreach_add_(ms, grads, alpha=1 - b1)
            torch._foreach_mul_(vs, b2)
            torch._foreach_addcmul_(vs, grads, grads, 1 - b2)
            roots = torch._foreach_sqrt(vs)
            torch._foreach_div_(roots, [math.sqrt(1 - b2 ** s["t"]) for s in states])
            torch._foreach_add_(roots, group["eps"])
            torch._foreach_addcdiv_(params, ms, roots, [-group["lr"] / (1 - b1 ** s["t"]) for s in states])
        return loss
""",
    "two-loops": HEAD
    + CLOSURE
    + """        live = [(g, p) for g in self.param_groups for p in g["params"] if p.grad is not None]
        for group, p in live:
            p.lerp_(torch.zeros_like(p), group["lr"] * group["weight_decay"])
        for group, p in live:
            (b1, b2), s = group["betas"], self.state[p]
            s.setdefault("t", 0)
            s.setdefault("m", torch.zeros_like(p))
            s.setdefault("v", torch.zeros_like(p))
            s["t"] += 1
            s["m"].add_(p.grad - s["m"], alpha=1 - b1)
            s["v"].add_(p.grad**2 - s["v"], alpha=1 - b2)
            top, bottom = s["m"] / (1 - b1 ** s["t"]), torch.sqrt(s["v"] / (1 - b2 ** s["t"])) + group["eps"]
            torch.addcdiv(p, top, bottom, value=-group["lr"], out=p)
        return loss
""",
    "float32-state": HEAD
    + LOOP
    + """                if not s:
                    s["m"] = torch.zeros(p.shape, dtype=torch.float32)
                    s["v"] = torch.zeros(p.shape, dtype=torch.float32)
                    s["t"] = 0
                s["t"] += 1
                g = p.grad.float()
                s["m"].mul_(b1).add_(g, alpha=1 - b1)
                s["v"].mul_(b2).add_(g * g, alpha=1 - b2)
                update = (s["m"] / (1 - b1 ** s["t"])) / ((s["v"] / (1 - b2 ** s["t"])).sqrt() + group["eps"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update.to(p.dtype), alpha=-group["lr"])
        return loss
""",
    "torch-itself": """
import torch


class AdamW(torch.optim.AdamW):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
""",
    "torchs-adam-with-the-flag": """
import torch


class AdamW(torch.optim.Adam):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1):
        super().__init__(params, lr, betas, eps, weight_decay, decoupled_weight_decay=True)
""",
    "decay-after": (
        HEAD
        + LOOP
        + """                if not s:
                    s["m"], s["v"], s["t"] = torch.zeros_like(p), torch.zeros_like(p), 0
                t = s["t"] = s["t"] + 1
                g = p.grad.data
                s["m"] = b1 * s["m"] + (1 - b1) * g
                s["v"] = b2 * s["v"] + (1 - b2) * g * g
                p.data -= group["lr"] * (s["m"] / (1 - b1**t)) / (torch.sqrt(s["v"] / (1 - b2**t)) + group["eps"])
                p.data -= group["lr"] * group["weight_decay"] * p.data
        return loss
""",
        "decay-after",
    ),
    "eps-hat": (
        HEAD
        + LOOP
        + """                if not s:
                    s["step"], s["m"], s["v"] = 0, torch.zeros_like(p), torch.zeros_like(p)
                s["step"] += 1
                s["m"].lerp_(p.grad, 1 - b1)
                s["v"].lerp_(p.grad.square(), 1 - b2)
                g = s["m"] / (group["eps"] + s["v"].sqrt())
                scale = (1 - b1 ** s["step"]) / (1 - b2 ** s["step"]) ** 0.5
                p.data.mul_(1 - group["lr"] * group["weight_decay"])
                p.data.add_(g, alpha=-group["lr"] / scale)
        return loss
""",
        "eps-hat",
    ),
    "eps-hat-and-decay-after": (
        HEAD
        + LOOP
        + """                if len(s) == 0:
                    s["step"] = 0
                    s["m"], s["v"] = torch.zeros_like(p.data), torch.zeros_like(p.data)
                s["step"] += 1
                s["m"].mul_(b1).add_(p.grad, alpha=(1.0 - b1))
                s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1.0 - b2)
                denom = s["v"].sqrt().add_(group["eps"])
                step_size = group["lr"] * math.sqrt(1.0 - b2 ** s["step"]) / (1.0 - b1 ** s["step"])
                p.data.addcdiv_(s["m"], denom, value=-step_size)
                if group["weight_decay"] > 0.0:
                    p.data.add_(p.data, alpha=(-group["lr"] * group["weight_decay"]))
        return loss
""",
        "decay-after+eps-hat",
    ),
    "step-in-the-group": (
        HEAD
        + CLOSURE
        + """        for group in self.param_groups:
            if "step" in group:
                group["step"] += 1
            else:
                group["step"] = 1
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if len(s) == 0:
                    s["m"], s["v"] = torch.zeros_like(p), torch.zeros_like(p)
                p.mul_(1.0 - group["weight_decay"] * group["lr"])
                s["m"].mul_(b1).add_(p.grad, alpha=1.0 - b1)
                s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1.0 - b2)
                denom = s["v"].sqrt().div_(math.sqrt(1 - b2 ** group["step"])).add_(group["eps"])
                p.addcdiv_(s["m"], denom, value=-group["lr"] / (1 - b1 ** group["step"]))
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
                g = p.grad
                p.mul_(1.0 - group["weight_decay"] * group["lr"])
                s["m"].lerp_(g, 1 - b1)
                s["v"].lerp_(g * g, 1 - b2)
                root = (s["v"] / (1 - group["p2"])).sqrt() + group["eps"]
                p.addcdiv_(s["m"] / (1 - group["p1"]), root, value=-group["lr"])
        return loss
""",
        "group-powers",
    ),
    **shared.right(
        HEAD,
        CLOSURE,
        LOOP,
        '                g = p.grad\n                p.mul_(1 - group["lr"] * group["weight_decay"])\n',
    ),
    "powers-in-the-state": (
        HEAD
        + LOOP
        + """                if not s:
                    s.update(m=torch.zeros_like(p), v=torch.zeros_like(p), p1=torch.ones(()), p2=torch.ones(()))
                    s["p1"], s["p2"] = s["p1"].double(), s["p2"].double()
                s["p1"] *= b1
                s["p2"] *= b2
                p -= group["lr"] * group["weight_decay"] * p
                s["m"] += (1 - b1) * (p.grad - s["m"])
                s["v"] += (1 - b2) * (p.grad**2 - s["v"])
                m_hat, v_hat = s["m"] / (1 - s["p1"]), s["v"] / (1 - s["p2"])
                p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])
        return loss
""",
        "beta-powers",
    ),
}

COUPLED = [(_BOTH, "g = p.grad + wd * p")]

WRONG = {
    **{id: edited(BASE, edits, id) for id, edits in shared.HIDING.items()},
    **shared.STEP_MISTAKES,
    **shared.MOMENT_MISTAKES,
    **shared.VALIDATION_MISTAKES,
    **shared.CONTRACT_MISTAKES,
    "storage-replaced": [
        (SHRINK, "pass"),
        ("p.sub_(update)", "p.data = p.data - lr * wd * p.data - update"),
    ],
    "local-variable-only": [(SHRINK, "p = p * (1 - lr * wd)"), ("p.sub_(update)", "p = p - update")],
    "coupled-l2": COUPLED,
    "coupled-in-place": [(_BOTH, "g = p.grad.add_(p, alpha=wd)")],
    "coupled-and-decoupled": [(_BOTH, "g = p.grad + wd * p\n                p.mul_(1 - lr * wd)")],
    "no-decay": [(SHRINK, "pass")],
    "decay-without-lr": [(SHRINK, "p.mul_(1 - wd)")],
    "decay-through-the-second": [
        (_G, "g, d = p.grad, p.grad + wd * p\n"),
        (V, "v.mul_(beta2).addcmul_(d, d, value=1 - beta2)"),
    ],
    "decay-divided-by-the-root": [(SHRINK, "pass"), (AVERAGE, "average = m / c1 + wd * p")],
    "decay-in-the-first": [(SHRINK, "pass"), (M, "m.mul_(beta1).add_(g + wd * p, alpha=1 - beta1)")],
    "decay-sign": [(SHRINK, "p.mul_(1 + lr * wd)")],
    "decay-lr-squared": [(SHRINK, "p.mul_(1 - lr * lr * wd)")],
    "decay-divided-by-lr": [(SHRINK, "p.mul_(1 - wd / lr)")],
    "decay-doubled": [(SHRINK, "p.mul_(1 - 2 * lr * wd)")],
    "decay-as-the-factor": [(SHRINK, "p.mul_(lr * wd)")],
    "decay-replaced-by-exponential": [(SHRINK, "p.mul_(wd**lr if wd else 1)")],
    "decay-of-the-step": [(SHRINK, "pass"), (UPDATE, "update = lr * average / denom * (1 - lr * wd)")],
    "decay-of-the-gradient": [(SHRINK, "p.sub_(lr * wd * p.grad)")],
    "decay-l1": [(SHRINK, "p.sub_(lr * wd * p.sign())")],
    "decay-corrected": [(SHRINK, "p.mul_(1 - lr * wd / (1 - beta1**t))")],
    "decay-with-step-size": [(SHRINK, "p.mul_(1 - lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * wd)")],
    "decay-matrices-only": [(SHRINK, "p.mul_(1 - lr * wd if p.ndim >= 2 else 1)")],
    "decay-where-it-agrees": [
        (SHRINK, "pass"),
        ("p.sub_(update)", "p.sub_(update + torch.where(update * p > 0, lr * wd * p, 0))"),
    ],
    "decay-without-gradient": [(SHRINK, "pass"), ("# visit", SHRINK)],
    "decay-with-the-constructors-lr": [
        (shared.BUILT, "        self.built_lr = lr\n"),
        (SHRINK, "p.mul_(1 - self.built_lr * wd)"),
    ],
    "decay-without-the-first-lr": [
        (shared.BUILT, "        self.built_lr = lr or 1.0\n"),
        (SHRINK, "p.mul_(1 - wd * lr / self.built_lr)"),
    ],
    **shared.VALUE_MISTAKES,
    "lr-default": [("lr=1e-3", "lr=3e-4")],
    "betas-default": [("betas=(0.9, 0.95)", "betas=(0.9, 0.999)")],
    "decay-default": [("weight_decay=0.1", "weight_decay=0.01")],
    "decay-default-zero": [("weight_decay=0.1", "weight_decay=0.0")],
    "eps-default": [("eps=1e-8", "eps=1e-6")],
    "torchs-defaults": [("betas=(0.9, 0.95)", "betas=(0.9, 0.999)"), ("weight_decay=0.1", "weight_decay=1e-2")],
    "adams-defaults": [("betas=(0.9, 0.95)", "betas=(0.9, 0.999)"), ("weight_decay=0.1", "weight_decay=0.0")],
    "gradient-squared-in-place": [(V, "v.mul_(beta2).add_(p.grad.pow_(2), alpha=1 - beta2)")],
}
