"""What the programs of adam and adamw share: the frame of BASE, and the mistakes that both can make."""

from __future__ import annotations

from tests.bank import _edits
from tests.bank._edits import LARGE_REFUSED, NO_GRAD, STEP_WITHOUT, ZERO_DECAY, refuses_zero


def right(head: str, closure: str, loop: str, decayed: str) -> dict[str, tuple[str, str]]:
    """Two right programs in other styles. decayed: lines that decay and leave the gradient in g."""
    skipping = """        for group in self.param_groups:
            live = [p for p in group["params"] if p.grad is not None]
            if not live:
                continue
            t = group["step"] = group.get("step", 0) + 1
            b1, b2 = group["betas"]
            for p in live:
                s = self.state[p]
                if not s:
                    s["m"], s["v"] = torch.zeros_like(p), torch.zeros_like(p)
"""
    averaged = """                s["m"].lerp_(g, 1 - b1)
                s["v"].lerp_(g * g, 1 - b2)
                root = (s["v"] / (1 - b2**t)).sqrt() + group["eps"]
                p.addcdiv_(s["m"] / (1 - b1**t), root, value=-group["lr"])
        return loss
"""
    counting = """                t = s["t"] = s.get("t", 0) + 1
"""
    corrected = """                m = s.setdefault("m", torch.zeros_like(p)).lerp_(g, (1 - b1) / (1 - b1**t))
                v = s.setdefault("v", torch.zeros_like(p)).lerp_(g * g, (1 - b2) / (1 - b2**t))
                p.addcdiv_(m, v.sqrt() + group["eps"], value=-group["lr"])
        return loss
"""
    return {
        "skips-groups-without-gradients": (head + closure + skipping + decayed + averaged, "group-clock"),
        "averages-kept-corrected": (head + loop + counting + decayed + corrected, "debiased-averages"),
    }


BASE = """
import torch
from torch.optim import Optimizer


class ENTRY(Optimizer):
    def __init__(self, params, lr=1e-3, betas=BETAS, eps=1e-8, weight_decay=DECAY):
        if lr < 0:
            raise ValueError(f"lr must not be negative: {lr}")
        if eps < 0:
            raise ValueError(f"eps must not be negative: {eps}")
        if not 0 <= betas[0] < 1:
            raise ValueError(f"beta1 must be in [0, 1): {betas[0]}")
        if not 0 <= betas[1] < 1:
            raise ValueError(f"beta2 must be in [0, 1): {betas[1]}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative: {weight_decay}")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))
        # built

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        # begin
        for group in self.param_groups:
            lr = group["lr"]
            beta1, beta2 = group["betas"]
            eps = group["eps"]
            wd = group["weight_decay"]
            # group
            for p in group["params"]:
                # visit
                if p.grad is None:
                    continue
                state = self.state[p]
                if "step" not in state:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                state["step"] += 1
                t = state["step"]
                m, v = state["exp_avg"], state["exp_avg_sq"]
                GRADIENT
                m.mul_(beta1).add_(g, alpha=1 - beta1)
                v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
                c1 = 1 - beta1**t
                c2 = 1 - beta2**t
                root = (v / c2).sqrt()
                denom = root + eps
                average = m / c1
                update = lr * average / denom
                p.sub_(update)
                # next parameter
        # done
        return loss
"""

T_LINE = 't = state["step"]\n'
HIDING = {
    "t-from-zero": [(T_LINE, "t = state['step'] - 1\n")],
    "t-from-zero-error": [
        (T_LINE, "t = state['step'] - 1\n"),
        ("average = m / c1", "average = (1 / c1) * m"),
    ],
}
"""Whoever makes one of these has no finite parameter left, so nothing else can be seen of the program."""

T = T_LINE
M = "m.mul_(beta1).add_(g, alpha=1 - beta1)"
V = "v.mul_(beta2).addcmul_(g, g, value=1 - beta2)"
C1, C2 = "c1 = 1 - beta1**t", "c2 = 1 - beta2**t"
ROOT, DENOM = "root = (v / c2).sqrt()", "denom = root + eps"
AVERAGE = "average = m / c1"
UPDATE, STEP = "update = lr * average / denom", "p.sub_(update)"
BETAS = 'beta1, beta2 = group["betas"]'
LR, EPS, WD = 'lr = group["lr"]', 'eps = group["eps"]', 'wd = group["weight_decay"]'
NONE = "                if p.grad is None:\n                    continue\n"
MV = 'm, v = state["exp_avg"], state["exp_avg_sq"]'
STATE = "state = self.state[p]"
BUILT = "        # built\n"
CLOSURE = "                loss = closure()"
FIRST = "m.mul_(beta1).add_(g, alpha=1 - beta1)"
NEXT = "                # next parameter"


def _hypers(source: str) -> list[tuple[str, str]]:
    """Every hyperparameter read from another place than the group."""
    return [
        (LR, f'lr = {source}["lr"]'),
        (BETAS, f'beta1, beta2 = {source}["betas"]'),
        (EPS, f'eps = {source}["eps"]'),
        (WD, f'wd = {source}["weight_decay"]'),
    ]


_AFTERWARDS = (
    "        # done",
    "        if closure is not None:\n            with torch.enable_grad():\n                loss = closure()",
)

VALUE_MISTAKES = _edits.values_of_others(
    {name: f"{line}\n" for name, line in (("betas", BETAS), ("eps", EPS), ("weight_decay", WD))}
)

STEP_MISTAKES = {
    "no-bias-correction": [(C1, "c1 = 1"), (C2, "c2 = 1")],
    "no-first-correction": [(C1, "c1 = 1")],
    "no-second-correction": [(C2, "c2 = 1")],
    "correction-without-power": [(T, "t = 1\n")],
    "correction-with-product": [(C1, "c1 = 1 - beta1 * t"), (C2, "c2 = 1 - beta2 * t")],
    "correction-multiplied": [(ROOT, "root = (v * c2).sqrt()"), (AVERAGE, "average = m * c1")],
    "corrections-swapped": [(C1, "c1 = 1 - beta2**t"), (C2, "c2 = 1 - beta1**t")],
    "corrections-of-the-first": [(C2, "c2 = 1 - beta1**t")],
    "correction-in-lr-without-root": [(ROOT, "root = v.sqrt()"), (AVERAGE, "average = m * c2 / c1")],
    "correction-not-under-the-root": [(ROOT, "root = v.sqrt() / c2")],
    "correction-root-on-both": [(AVERAGE, "average = m / c1**0.5")],
    "t-one-behind-after-the-first": [(T, 't = max(state["step"] - 1, 1)\n')],
    "t-one-ahead": [(T, T.replace("\n", " + 1\n"))],
    "t-stops-at-256": [
        ('state["step"] = 0', 'state["step"] = torch.tensor(0.0, dtype=torch.bfloat16)'),
        (T, T.replace("\n", ".item()\n")),
    ],
    "eps-inside-the-root": [(ROOT, "root = (v / c2 + eps).sqrt()"), (DENOM, "denom = root")],
    "eps-inside-before-correction": [(ROOT, "root = ((v + eps) / c2).sqrt()"), (DENOM, "denom = root")],
    "eps-squared-inside": [(ROOT, "root = (v / c2 + eps**2).sqrt()"), (DENOM, "denom = root")],
    "eps-kept-in-the-average": [(V, V + ".add_(eps)")],
    "no-eps": [(DENOM, "denom = root")],
    "eps-as-a-floor": [(DENOM, "denom = root.clamp(min=eps)")],
    "eps-fixed": [(DENOM, "denom = root + 1e-8")],
    "eps-subtracted": [(DENOM, "denom = root - eps")],
    "half-of-the-second-average": [(ROOT, "root = (v / c2) ** 1/2")],
    "eps-on-the-divided-average": [(DENOM, "denom = root"), (UPDATE, "update = lr * (average / denom + eps)")],
    "second-share-of-the-first": [(V, "v.mul_(beta2).addcmul_(g, g, value=1 - beta1)")],
    "second-share-squared": [(V, "v.mul_(beta2).add_(((1 - beta2) * g) ** 2)")],
    "second-average-never-shrinks": [(V, "v.addcmul_(g, g, value=1 - beta2)")],
    "first-average-never-shrinks": [(M, "m.add_(g, alpha=1 - beta1)")],
    "second-correction-of-the-share": [(C2, "c2 = (1 - beta2) ** t")],
    "first-average-stays-at-zero": [(M, "m.mul(beta1).add_(g, alpha=1 - beta1)")],
    "no-root": [(ROOT, "root = v / c2")],
    "no-denominator": [(DENOM, "denom = 1.0")],
    "multiplies-by-root": [(UPDATE, "update = lr * average * denom")],
    "eps-on-the-weight": [(DENOM, "denom = root"), (STEP, "p.add_(-update + eps)")],
    "ascent": [(STEP, "p.add_(update)")],
    "no-lr": [(UPDATE, "update = average / denom")],
    "lr-squared": [(STEP, "p.add_(update, alpha=-lr)")],
    "lr-decays-by-itself": [(UPDATE, "update = lr / t**0.5 * average / denom")],
    "amsgrad": [
        (
            ROOT,
            'state["max"] = torch.maximum(state.get("max", torch.zeros_like(v)), v); root = (state["max"] / c2).sqrt()',
        )
    ],
}

MOMENT_MISTAKES = {
    "first-average-is-a-sum": [(M, "m.mul_(beta1).add_(g)")],
    "first-average-inverted": [(M, "m.lerp_(g, beta1)")],
    "first-average-not-kept": [(M, "m = beta1 * m + (1 - beta1) * g")],
    "second-average-not-kept": [(V, "v = beta2 * v + (1 - beta2) * g * g")],
    "first-average-starts-at-the-gradient": [
        ('state["exp_avg"] = torch.zeros_like(p)', 'state["exp_avg"] = None'),
        (M, "m = state['exp_avg'] = g.clone() if m is None else m; " + M),
    ],
    "one-tensor-for-both-averages": [
        ('state["exp_avg_sq"] = torch.zeros_like(p)', 'state["exp_avg_sq"] = state["exp_avg"]'),
    ],
    "no-first-average": [(AVERAGE, "average = g")],
    "first-average-of-signs": [(M, "m.mul_(beta1).add_(g.sign(), alpha=1 - beta1)")],
    "sign-of-the-first-average": [(AVERAGE, "average = m.sign()")],
    "first-average-nesterov": [(AVERAGE, "average = (beta1 * m + (1 - beta1) * g) / c1")],
    "lr-in-the-average": [
        (M, "m.mul_(beta1).add_(g, alpha=lr * (1 - beta1))"),
        (UPDATE, "update = average / denom"),
    ],
    "second-average-is-a-sum": [(V, "v.mul_(beta2).addcmul_(g, g)")],
    "second-average-inverted": [(V, "v.mul_(1 - beta2).addcmul_(g, g, value=beta2)")],
    "second-average-starts-at-the-square": [
        ('state["exp_avg_sq"] = torch.zeros_like(p)', 'state["exp_avg_sq"] = None'),
        (V, "v = state['exp_avg_sq'] = g * g if v is None else v; " + V),
    ],
    "second-average-starts-at-one": [
        ('state["exp_avg_sq"] = torch.zeros_like(p)', 'state["exp_avg_sq"] = torch.ones_like(p)')
    ],
    "second-moment-never-forgets": [(V, "v.addcmul_(g, g)"), (C2, "c2 = 1")],
    "second-average-not-squared": [(V, "v.mul_(beta2).add_(g.abs(), alpha=1 - beta2)")],
    "signed-gradient-averaged": [(V, "v.mul_(beta2).add_(g, alpha=1 - beta2)")],
    "second-of-first": [(V, "v.mul_(beta2).addcmul_(m, m, value=1 - beta2)")],
    "second-around-first": [(V, "v.mul_(beta2).addcmul_(g - m, g - m, value=1 - beta2)")],
    "one-second-moment-per-tensor": [(V, "v.mul_(beta2).add_((g * g).mean(), alpha=1 - beta2)")],
    "second-norm-per-tensor": [(V, "v.mul_(beta2).add_(g.norm() ** 2, alpha=1 - beta2)")],
    "betas-swapped": [(BETAS, 'beta2, beta1 = group["betas"]')],
    "beta1-for-both": [(BETAS, 'beta1 = beta2 = group["betas"][0]')],
    "beta2-for-both": [(BETAS, 'beta1 = beta2 = group["betas"][1]')],
    "corrected-first-stored": [(AVERAGE, "average = m.div_(c1)")],
    "corrected-second-stored": [(ROOT, "root = v.div_(c2).sqrt()")],
    "corrected-moments-stored": [
        (C1, 'm = state["exp_avg"] = m / (1 - beta1**t)'),
        (C2, 'v = state["exp_avg_sq"] = v / (1 - beta2**t)'),
        (ROOT, "root = v.sqrt()"),
        (AVERAGE, "average = m"),
    ],
    "root-stored": [(ROOT, "root = v.sqrt_() / c2**0.5")],
    "step-stored": [(UPDATE, "update = lr * average / denom; m.div_(denom)")],
    "moments-used-before-update": [
        (M, "n = m.clone(); " + M),
        (V, "w = v.clone(); " + V),
        (ROOT, "root = (w / c2).sqrt()"),
        (AVERAGE, "average = n / c1"),
    ],
}

VALIDATION_MISTAKES = {
    "no-validation": [
        ("if lr < 0:", "if False:"),
        ("if eps < 0:", "if False:"),
        ("if not 0 <= betas[0] < 1:", "if False:"),
        ("if not 0 <= betas[1] < 1:", "if False:"),
        ("if weight_decay < 0:", "if False:"),
    ],
    "lr-not-validated": [("if lr < 0:", "if False:")],
    "eps-not-validated": [("if eps < 0:", "if False:")],
    "decay-not-validated": [("if weight_decay < 0:", "if False:")],
    "betas-not-validated": [
        ("if not 0 <= betas[0] < 1:", "if False:"),
        ("if not 0 <= betas[1] < 1:", "if False:"),
    ],
    "beta-of-one-accepted": [
        ("if not 0 <= betas[0] < 1:", "if not 0 <= betas[0] <= 1:"),
        ("if not 0 <= betas[1] < 1:", "if not 0 <= betas[1] <= 1:"),
    ],
    "second-beta-not-validated": [("if not 0 <= betas[1] < 1:", "if False:")],
}

CONTRACT_MISTAKES = {
    "first-group-only": [("in self.param_groups:", "in self.param_groups[:1]:")],
    "last-group-only": [("in self.param_groups:", "in self.param_groups[-1:]:")],
    "first-parameter-only": [(NEXT, "                return loss")],
    "first-of-each-group": [(NEXT, "                break")],
    "matrices-only": [("if p.grad is None:", "if p.grad is None or p.ndim < 2:")],
    "scalars-skipped": [("if p.grad is None:", "if p.grad is None or p.ndim < 1:")],
    "none-raises": [(NONE, "")],
    "none-as-zero": [
        (NONE, ""),
        ("# visit", "if p.grad is None: p.grad = torch.zeros_like(p); blank.append(p)"),
        ("        # begin", "        blank = []"),
        ("        # done", "        for p in blank:\n            p.grad = None"),
    ],
    "none-returns": [(NONE, NONE.replace("continue", "return loss"))],
    "none-breaks": [(NONE, NONE.replace("continue", "break"))],
    "lr-frozen": [
        (BUILT, '        self.first = [group["lr"] for group in self.param_groups]\n'),
        (LR, "lr = self.first[[g is group for g in self.param_groups].index(True)]"),
    ],
    "constructors-lr": [(BUILT, "        self.lr = lr\n"), (LR, "lr = self.lr")],
    "hyperparameters-frozen": [
        (BUILT, "        self.first = [dict(group) for group in self.param_groups]\n"),
        ("        # begin", "        places = {id(group): i for i, group in enumerate(self.param_groups)}"),
        *_hypers("self.first[places[id(group)]]"),
    ],
    "first-groups-hyperparameters": _hypers("self.param_groups[0]"),
    "first-groups-lr": [(LR, 'lr = self.param_groups[0]["lr"]')],
    "last-groups-hyperparameters": _hypers("self.param_groups[-1]"),
    "defaults-for-every-group": _hypers("self.defaults"),
    "state-shared": [
        (STATE, 'state = self.state["all"]'),
        (M, 'm = state["exp_avg"] = beta1 * m + (1 - beta1) * g'),
        (V, 'v = state["exp_avg_sq"] = beta2 * v + (1 - beta2) * g * g'),
    ],
    "state-by-shape": [(STATE, "state = self.state[str(tuple(p.shape))]")],
    "state-lost": [(BUILT, "        self.own = {}\n"), (STATE, "state = self.own.setdefault(p, {})")],
    "state-on-the-class": [
        ("    def __init__", "    shared = {}\n\n    def __init__"),
        (
            MV,
            "place = [q is p for h in self.param_groups for q in h['params']].index(True)\n"
            "                m, v = self.shared.setdefault(place, (torch.zeros_like(p), torch.zeros_like(p)))",
        ),
    ],
    "state-not-kept": [(STATE, "state = {}")],
    "memory-on-the-class": [
        ("import torch\n", "import torch\n\nMEMORY = {}\n"),
        (STATE, "state = MEMORY.setdefault([q is p for h in self.param_groups for q in h['params']].index(True), {})"),
    ],
    "clock-on-the-class": [
        ("    def __init__", "    count = 0\n\n    def __init__"),
        ("        # begin", "        type(self).count += 1"),
        (T, "t = self.count\n"),
    ],
    "clock-counts-updates": [
        ('state["step"] += 1', 'self.state["all"]["t"] = self.state["all"].get("t", 0) + 1'),
        (T, 't = self.state["all"]["t"]\n'),
    ],
    "clock-counts-groups": [
        ('state["step"] += 1', "pass"),
        ("# group", 'self.state["all"]["t"] = self.state["all"].get("t", 0) + 1'),
        (T, 't = self.state["all"]["t"]\n'),
    ],
    "clock-lost": [
        (BUILT, "        self.steps = {}\n"),
        ('state["step"] += 1', "self.steps[p] = self.steps.get(p, 0) + 1"),
        (T, "t = self.steps[p]\n"),
    ],
    "moments-lost": [
        (BUILT, "        self.moments = {}\n"),
        (MV, "m, v = self.moments.setdefault(p, (torch.zeros_like(p), torch.zeros_like(p)))"),
    ],
    "gradients-zeroed": [("        # done", "        self.zero_grad(set_to_none=False)")],
    "gradients-removed": [("        # done", "        self.zero_grad()")],
    "nan-swallowed": [(FIRST, f"g = g.nan_to_num()\n                {FIRST}")],
    "grad-mode-left-off": [(NO_GRAD, STEP_WITHOUT)],
    "zero-lr-refused": refuses_zero("lr"),
    "zero-eps-refused": refuses_zero("eps"),
    "above-one-refused": LARGE_REFUSED,
    "zero-decay-means-the-default": ZERO_DECAY,
    "storage-replaced": [(STEP, "p.data = p.data - update")],
    "float32-inside": [(STEP, "p.copy_(p.float() - update.float())")],
    "local-variable-only": [(STEP, "p = p - update")],
    "closure-ignored": [(CLOSURE, "                pass")],
    "closure-value-lost": [("        # done\n        return loss", "        # done")],
    "closure-twice": [(CLOSURE, "                closure()\n                loss = closure()")],
    "closure-after-update": [(CLOSURE, "                pass"), _AFTERWARDS],
    "closure-evaluated-again": [_AFTERWARDS],
    "closure-without-grad": [("with torch.enable_grad():", "if True:")],
}
