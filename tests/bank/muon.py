"""Programs for the task muon."""

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

_BUFFER = "buf.mul_(mu).add_(g)"
_LOOK = "look = g + mu * buf if nesterov else buf"
_ORTHOGONAL = 'o = orthogonalize(look, group["ns_steps"])'
_DECAY = "p.mul_(1 - lr * wd)"
_STEP = "p.sub_(lr * scale * o)"
_SCALE = 'scale = scale_of(p.shape, group["scale"])'
_ORIGINAL, _RMS, _SPECTRAL = "max(1, rows / cols) ** 0.5", "0.2 * max(rows, cols) ** 0.5", "return (rows / cols) ** 0.5"
_AVERAGE = (_BUFFER, "buf.mul_(mu).add_(g, alpha=1 - mu)")
_REVERSED = (_BUFFER, "buf.mul_(1 - mu).add_(g, alpha=mu)")
_LR, _MU, _WD, _NESTEROV = (
    'lr = group["lr"]',
    'mu = group["momentum"]',
    'wd = group["weight_decay"]',
    'nesterov = group["nesterov"]',
)
_NS, _MODE = 'group["ns_steps"]', 'group["scale"]'
_NONE = "                if p.grad is None:\n                    continue\n"
_BUILT = "        # built\n"
_CLOSURE = "        if closure is not None:\n            with torch.enable_grad():\n                loss = closure()"
_SIGNATURE = 'lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0, ns_steps=5, scale="original"'
_FETCH = '                if "momentum_buffer" not in state:\n                    state["momentum_buffer"] = torch.zeros_like(p)\n'


def _all_from(source: str) -> list[tuple[str, str]]:
    """Every hyperparameter read from `source` in place of the group."""
    return [(old, old.replace("group", source)) for old in (_LR, _MU, _WD, _NESTEROV, _NS, _MODE)]


WRONG = {
    "no-momentum": [(_LOOK, "look = g")],
    "never-nesterov": [(_LOOK, "look = buf")],
    "always-nesterov": [(_LOOK, "look = g + mu * buf")],
    "nesterov-reversed": [(_LOOK, "look = buf if nesterov else g + mu * buf")],
    "nesterov-without-factor": [(_LOOK, "look = g + buf if nesterov else buf")],
    "average-with-full-gradient": [_AVERAGE],
    "sum-with-averaged-nesterov": [(_LOOK, "look = g.lerp(buf, mu) if nesterov else buf")],
    "average-reversed": [_REVERSED, (_LOOK, "look = mu * g + (1 - mu) * buf if nesterov else buf")],
    "average-reversed-once": [_REVERSED, (_LOOK, "look = (1 - mu) * g + mu * buf if nesterov else buf")],
    "no-forgetting": [(_BUFFER, "buf.add_(g)")],
    "buffer-updated-late": [
        (_BUFFER, "pass"),
        (_LOOK, "look = g + mu * buf if nesterov else buf.clone()"),
        (_ORTHOGONAL, "buf.mul_(mu).add_(g); " + _ORTHOGONAL),
    ],
    "buffer-holds-look-ahead": [(_LOOK, "look = buf.mul_(mu).add_(g) if nesterov else buf")],
    "momentum-after-orthogonalisation": [
        (_BUFFER, 'og = orthogonalize(g, group["ns_steps"]); buf.mul_(mu).add_(og)'),
        (_LOOK, "o = og + mu * buf if nesterov else buf"),
        (_ORTHOGONAL, "pass"),
    ],
    "gradient-changed": [(_LOOK, "look = g.add_(mu * buf) if nesterov else buf")],
    "not-orthogonalised": [(_ORTHOGONAL, "o = look")],
    "only-normalised": [(_ORTHOGONAL, "o = look / (look.norm() + 1e-7)")],
    "signs": [(_ORTHOGONAL, "o = torch.sign(look)")],
    "ns-steps-ignored": [(_ORTHOGONAL, "o = orthogonalize(look, 5)")],
    "exact-orthogonalisation": [
        (_ORTHOGONAL, "u, s, v = torch.linalg.svd(look.double(), full_matrices=False); o = (u @ v).to(p.dtype)")
    ],
    "length-restored": [(_ORTHOGONAL, _ORTHOGONAL + " * look.norm()")],
    "ascent": [(_STEP, "p.add_(lr * scale * o)")],
    "no-lr": [(_STEP, "p.sub_(scale * o)")],
    "lr-squared": [(_STEP, "p.add_(lr * scale * o, alpha=-lr)")],
    "filters-orthogonalised": [
        ("p.ndim != 2", "p.ndim < 2"),
        (
            "    x = matrix / (matrix.norm() + 1e-7)",
            "    shape = matrix.shape\n    x = matrix.reshape(len(matrix), -1)\n    x = x / (x.norm() + 1e-7)",
        ),
        ("    return x\n", "    return x.reshape(shape)\n"),
        ("    rows, cols = shape\n", "    rows, cols = shape[0], shape.numel() // shape[0]\n"),
    ],
    "vectors-orthogonalised": [
        ('raise ValueError("Muon is for matrices")', "pass"),
        (
            "    x = matrix / (matrix.norm() + 1e-7)",
            "    shape = matrix.shape\n    x = matrix.reshape(1, -1) if matrix.ndim != 2 else matrix\n    x = x / (x.norm() + 1e-7)",
        ),
        ("    return x\n", "    return x.reshape(shape)\n"),
        ("    rows, cols = shape\n", "    rows, cols = shape if len(shape) == 2 else (1, 1)\n"),
    ],
    "lr-default": [(_SIGNATURE, _SIGNATURE.replace("lr=0.02", "lr=1e-3"))],
    "momentum-default": [(_SIGNATURE, _SIGNATURE.replace("0.95", "0.9"))],
    "nesterov-default": [(_SIGNATURE, _SIGNATURE.replace("True", "False"))],
    "decay-default": [(_SIGNATURE, _SIGNATURE.replace("decay=0.0", "decay=0.1"))],
    "scale-default": [(_SIGNATURE, _SIGNATURE.replace("original", "match_rms"))],
    "ns-steps-default": [(_SIGNATURE, _SIGNATURE.replace("steps=5", "steps=6"))],
    "original-swapped": [(_ORIGINAL, "max(1, cols / rows) ** 0.5")],
    "original-without-max": [(_ORIGINAL, "(rows / cols) ** 0.5 * 1.0")],
    "original-without-root": [(_ORIGINAL, "max(1, rows / cols)")],
    "original-with-min": [(_ORIGINAL, "min(1, rows / cols) ** 0.5")],
    "original-missing": [(_ORIGINAL, "1.0")],
    "original-by-max": [(_ORIGINAL, "max(rows, cols) ** 0.5")],
    "rms-without-0.2": [(_RMS, "max(rows, cols) ** 0.5")],
    "rms-with-min": [(_RMS, "0.2 * min(rows, cols) ** 0.5")],
    "rms-without-root": [(_RMS, "0.2 * max(rows, cols)")],
    "rms-of-all-entries": [(_RMS, "0.2 * (rows * cols) ** 0.5")],
    "rms-under-the-root": [(_RMS, "(0.2 * max(rows, cols)) ** 0.5")],
    "rms-by-rows": [(_RMS, "0.2 * rows**0.5")],
    "rms-by-cols": [(_RMS, "0.2 * cols**0.5")],
    "spectral-swapped": [(_SPECTRAL, "return (cols / rows) ** 0.5")],
    "spectral-without-root": [(_SPECTRAL, "return rows / cols")],
    "spectral-with-max": [(_SPECTRAL, "return max(1.0, rows / cols) ** 0.5")],
    "scale-ignored": [(_SCALE, 'scale = scale_of(p.shape, "original")')],
    "no-scale": [(_SCALE, "scale = 1.0")],
    "rows-and-cols-swapped": [("    rows, cols = shape\n", "    cols, rows = shape\n")],
    "no-decay": [(_DECAY, "pass")],
    "decay-sign": [(_DECAY, "p.mul_(1 + lr * wd)")],
    "decay-without-lr": [(_DECAY, "p.mul_(1 - wd)")],
    "decay-doubled": [(_DECAY, "p.mul_(1 - 2 * lr * wd)")],
    "decay-scaled": [(_DECAY, "p.mul_(1 - lr * scale * wd)")],
    "decay-in-the-gradient": [("g = p.grad\n", "g = p.grad + wd * p\n"), (_DECAY, "pass")],
    "decay-in-the-momentum": [(_ORTHOGONAL, 'o = orthogonalize(look + wd * p, group["ns_steps"])'), (_DECAY, "pass")],
    "decay-of-the-update": [(_DECAY, "o = o * (1 - lr * wd)")],
    "no-validation": [
        ("if lr < 0:", "if False:"),
        ("if momentum < 0:", "if False:"),
        ("if weight_decay < 0:", "if False:"),
        ('if scale not in ("original", "match_rms", "spectral"):', "if False:"),
    ],
    "lr-not-validated": [("if lr < 0:", "if False:")],
    "momentum-not-validated": [("if momentum < 0:", "if False:")],
    "decay-not-validated": [("if weight_decay < 0:", "if False:")],
    "scale-not-validated": [('if scale not in ("original", "match_rms", "spectral"):', "if False:")],
    "first-group-only": [
        (
            "        for group in self.param_groups:\n            lr",
            "        for group in self.param_groups[:1]:\n            lr",
        )
    ],
    "last-group-only": [
        (
            "        for group in self.param_groups:\n            lr",
            "        for group in self.param_groups[-1:]:\n            lr",
        )
    ],
    "first-parameter-only": [("                # next parameter", "                return loss")],
    "first-of-each-group": [("                # next parameter", "                break")],
    "none-raises": [(_NONE, "")],
    "none-as-zero": [(_NONE, ""), ("g = p.grad\n", "g = p.grad if p.grad is not None else torch.zeros_like(p)\n")],
    "none-returns": [(_NONE, _NONE.replace("continue", "return loss"))],
    "none-breaks": [(_NONE, _NONE.replace("continue", "break"))],
    "lr-frozen": [
        (_BUILT, '        self.first = [group["lr"] for group in self.param_groups]\n'),
        (_LR, "lr = self.first[[g is group for g in self.param_groups].index(True)]"),
    ],
    "constructors-lr": [(_BUILT, "        self.lr = lr\n"), (_LR, "lr = self.lr")],
    "hyperparameters-frozen": [
        (_BUILT, "        self.first = [dict(group) for group in self.param_groups]\n"),
        (_LR, 'frozen = self.first[[g is group for g in self.param_groups].index(True)]; lr = frozen["lr"]'),
        *_all_from("frozen")[1:],
    ],
    "first-groups-hyperparameters": _all_from("self.param_groups[0]"),
    "first-groups-lr": [(_LR, 'lr = self.param_groups[0]["lr"]')],
    "last-groups-hyperparameters": _all_from("self.param_groups[-1]"),
    "defaults-for-every-group": _all_from("self.defaults"),
    "state-shared": [("state = self.state[p]", 'state = self.state["all"]')],
    "state-by-shape": [("state = self.state[p]", "state = self.state[tuple(p.shape)]")],
    "state-on-the-class": [
        ("    @torch.no_grad()", "    shared = {}\n\n    @torch.no_grad()"),
        (
            "state = self.state[p]",
            "state = self.shared.setdefault([q is p for h in self.param_groups for q in h['params']].index(True), {})",
        ),
    ],
    "state-lost": [
        (_BUILT, "        self.buffers = {}\n"),
        ("state = self.state[p]", "state = self.buffers.setdefault(p, {})"),
    ],
    "gradients-zeroed": [("        # done", "        self.zero_grad(set_to_none=False)")],
    "gradients-removed": [("        # done", "        self.zero_grad()")],
    "storage-replaced": [(_DECAY, "p.data = p.data * (1 - lr * wd)")],
    "local-variable-only": [(_DECAY, "p = p * (1 - lr * wd)")],
    "closure-ignored": [("                loss = closure()", "                pass")],
    "closure-value-lost": [("        # done\n        return loss", "        # done")],
    "closure-twice": [
        ("                loss = closure()", "                closure()\n                loss = closure()")
    ],
    "closure-after-update": [
        ("                loss = closure()", "                pass"),
        ("        # done", _CLOSURE),
    ],
    "closure-evaluated-again": [("        # done", _CLOSURE)],
    "closure-without-grad": [("with torch.enable_grad():", "if True:")],
}
