"""Programs for the task master_weights."""

BASE = """
import torch


class MasterWeights:
    def __init__(self, params, make_optimizer):
        self.params = list(params)
        self.masters = [p.detach().clone().float() for p in self.params]
        self.optimizer = make_optimizer(self.masters)

    @torch.no_grad()
    def step(self):
        # begin
        for p, master in zip(self.params, self.masters):
            master.grad = None if p.grad is None else p.grad.float()
        self.optimizer.step()
        for p, master in zip(self.params, self.masters):
            p.copy_(master)
            # next

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def state_dict(self):
        return {"masters": [m.clone() for m in self.masters], "optimizer": self.optimizer.state_dict()}

    @torch.no_grad()
    def load_state_dict(self, state):
        for master, saved in zip(self.masters, state["masters"]):
            master.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
"""

RIGHT = {
    "parameters-and-data": """
import torch
from torch import nn


class MasterWeights:
    def __init__(self, params, make_optimizer):
        self.model_params = [p for p in params]
        self.master_params = [nn.Parameter(p.data.to(torch.float32, copy=True)) for p in self.model_params]
        self.opt = make_optimizer(self.master_params)

    def step(self):
        for model, master in zip(self.model_params, self.master_params):
            if model.grad is None:
                master.grad = None
            else:
                master.grad = model.grad.data.to(torch.float32)
        self.opt.step()
        for model, master in zip(self.model_params, self.master_params):
            model.data.copy_(master.data)

    def zero_grad(self, set_to_none=True):
        for p in self.model_params:
            if p.grad is not None:
                if set_to_none:
                    p.grad = None
                else:
                    p.grad.zero_()

    def state_dict(self):
        return dict(opt=self.opt.state_dict(), weights=[m.data for m in self.master_params])

    def load_state_dict(self, d):
        self.opt.load_state_dict(d["opt"])
        for m, w in zip(self.master_params, d["weights"]):
            m.data.copy_(w)
""",
    "zeros-instead-of-none": """
import torch


class MasterWeights:
    def __init__(self, params, make_optimizer):
        self.pairs = [(p, p.detach().to(torch.float32).clone().requires_grad_()) for p in params]
        self.inner = make_optimizer([m for _, m in self.pairs])

    def step(self):
        self.inner.zero_grad(set_to_none=True)
        for p, m in self.pairs:
            if p.grad is not None:
                m.grad = p.grad.detach().to(m.dtype)
        self.inner.step()
        with torch.no_grad():
            for p, m in self.pairs:
                p.set_(p.copy_(m.to(p.dtype)))

    def zero_grad(self):
        for p, _ in self.pairs:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()

    def state_dict(self):
        return {"inner": self.inner.state_dict(), **{str(i): m.detach() for i, (_, m) in enumerate(self.pairs)}}

    def load_state_dict(self, state):
        with torch.no_grad():
            for i, (_, m) in enumerate(self.pairs):
                m.copy_(state[str(i)])
        self.inner.load_state_dict(state["inner"])
""",
    "foreach-and-flat-state": """
import torch


class MasterWeights:
    def __init__(self, params, make_optimizer):
        self.params = tuple(params)
        with torch.no_grad():
            self.masters = [p.float().clone() for p in self.params]
        self.optimizer = make_optimizer(self.masters)

    @torch.no_grad()
    def step(self):
        for p, m in zip(self.params, self.masters, strict=True):
            m.grad = p.grad.float() if p.grad is not None else None
        self.optimizer.step()
        torch._foreach_copy_(list(self.params), self.masters)

    def zero_grad(self):
        for p in self.params:
            p.grad = None
        for m in self.masters:
            m.grad = None

    def state_dict(self):
        flat = torch.cat([m.reshape(-1) for m in self.masters])
        return {"flat": flat, "optimizer": self.optimizer.state_dict()}

    @torch.no_grad()
    def load_state_dict(self, state):
        start = 0
        for m in self.masters:
            m.copy_(state["flat"][start : start + m.numel()].view_as(m))
            start += m.numel()
        self.optimizer.load_state_dict(state["optimizer"])
""",
    "new-optimizer-on-load": """
import torch


class MasterWeights:
    def __init__(self, params, make_optimizer):
        self.params = list(params)
        self.make_optimizer = make_optimizer
        self._adopt([p.detach().clone().to(torch.float32) for p in self.params])

    def _adopt(self, masters):
        self.masters = masters
        self.optimizer = self.make_optimizer(masters)

    def step(self):
        for p, m in zip(self.params, self.masters):
            m.grad = p.grad.clone().float() if p.grad is not None else None
        self.optimizer.step()
        with torch.no_grad():
            for p, m in zip(self.params, self.masters):
                p.mul_(0).add_(m.to(p.dtype))
        for m in self.masters:
            m.grad = None

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def state_dict(self):
        return {"masters": self.masters, "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state):
        self._adopt([m.clone() for m in state["masters"]])
        self.optimizer.load_state_dict(state["optimizer"])
""",
    "clears-gradients-in-step": (
        BASE.replace("            # next\n", "            p.grad = None\n"),
        "gradients-freed-in-step",
    ),
}

_GRAD = "master.grad = None if p.grad is None else p.grad.float()"
_STEP = "        self.optimizer.step()\n"
_LOOP = "        for p, master in zip(self.params, self.masters):\n            p.copy_(master)\n            # next\n"
_COPY = "            p.copy_(master)\n"

WRONG = {
    "rounded-every-step": [
        ("        # begin\n", "        for p, master in zip(self.params, self.masters):\n            master.copy_(p)\n")
    ],
    "model-never-written": BASE.replace(_COPY, "            p = master.to(p.dtype)\n"),
    "model-written-before-the-step": [("        # begin\n", _LOOP.replace("            # next\n", "")), (_LOOP, "")],
    "gradients-copied-after-the-step": [
        (
            "        for p, master in zip(self.params, self.masters):\n            " + _GRAD + "\n" + _STEP,
            _STEP + "        for p, master in zip(self.params, self.masters):\n            " + _GRAD + "\n",
        )
    ],
    "masters-in-float64": [
        ("p.detach().clone().float()", "p.detach().clone().double()"),
    ],
    "gradients-through-bfloat16": [(_GRAD, "master.grad = None if p.grad is None else p.grad.bfloat16().float()")],
    "gradients-pile-up": [
        (
            _GRAD,
            "new = None if p.grad is None else p.grad.float()\n"
            "            master.grad = new if master.grad is None or new is None and master.grad is None else (master.grad if new is None else master.grad + new)",
        )
    ],
    "old-gradient-kept": [(_GRAD, "master.grad = master.grad if p.grad is None else p.grad.float()")],
    "no-gradient-raises": [(_GRAD, "master.grad = p.grad.float()")],
    "no-gradient-as-zero": [(_GRAD, "master.grad = torch.zeros_like(master) if p.grad is None else p.grad.float()")],
    "gradient-of-zeros-dropped": [
        (_GRAD, "master.grad = None if p.grad is None or not p.grad.any() else p.grad.float()")
    ],
    "non-finite-gradients-replaced": [(_GRAD, "master.grad = None if p.grad is None else p.grad.float().nan_to_num()")],
    "gradients-not-cleared": [
        ("        for p in self.params:\n            p.grad = None\n", "        self.optimizer.zero_grad()\n")
    ],
    "masters-keyed-by-shape": [
        (
            "        self.optimizer = make_optimizer(self.masters)\n",
            "        by_shape = {m.shape: m for m in self.masters}\n"
            "        self.masters = [by_shape[p.shape] for p in self.params]\n"
            "        self.optimizer = make_optimizer(list(by_shape.values()))\n",
        )
    ],
    "masters-in-the-order-of-groups": [
        (
            "        self.optimizer = make_optimizer(self.masters)\n",
            "        self.optimizer = make_optimizer(self.masters)\n"
            "        self.masters = [m for group in self.optimizer.param_groups for m in group['params']]\n",
        )
    ],
    "saved-by-shape": [
        (
            '"masters": [m.clone() for m in self.masters]',
            '"masters": {tuple(m.shape): m.clone() for m in self.masters}',
        ),
        (
            '        for master, saved in zip(self.masters, state["masters"]):\n            master.copy_(saved)\n',
            '        for master in self.masters:\n            master.copy_(state["masters"][tuple(master.shape)])\n',
        ),
    ],
    "frozen-shift-the-masters": [
        (
            "[p.detach().clone().float() for p in self.params]",
            "[p.detach().clone().float() for p in self.params if p.requires_grad]",
        )
    ],
    "first-dtype-for-all": [(_COPY, "            p.copy_(master.to(self.params[0].dtype))\n")],
    "first-parameter-only": [("            # next\n", "            return\n")],
    "generator-used-up": [
        ("        self.params = list(params)\n", ""),
        (
            "[p.detach().clone().float() for p in self.params]",
            "[p.detach().clone().float() for p in params]; self.params = list(params)",
        ),
    ],
    "storage-replaced": [(_COPY, "            p.data = master.to(p.dtype, copy=True)\n")],
    "model-becomes-float32": [(_COPY, "            p.data = master.clone()\n")],
    "steps-twice": [(_STEP, "        self.optimizer.step()\n        self.optimizer.step()\n")],
    "masters-not-saved": [
        ('"masters": [m.clone() for m in self.masters], ', ""),
        ('zip(self.masters, state["masters"])', "zip(self.masters, self.params)"),
    ],
    "optimizer-state-not-saved": [
        (', "optimizer": self.optimizer.state_dict()', ""),
        ('        self.optimizer.load_state_dict(state["optimizer"])\n', ""),
    ],
    "learning-rate-not-restored": [
        (
            'self.optimizer.load_state_dict(state["optimizer"])',
            'self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state["optimizer"]["state"]})',
        )
    ],
    "momentum-survives-loading": [
        (
            '        self.optimizer.load_state_dict(state["optimizer"])\n',
            '        if not self.optimizer.state:\n            self.optimizer.load_state_dict(state["optimizer"])\n',
        )
    ],
    "loaded-state-is-trained-on": [("            master.copy_(saved)\n", "            master.data = saved\n")],
    "loaded-masters-unknown-to-the-optimizer": [
        (
            '        for master, saved in zip(self.masters, state["masters"]):\n            master.copy_(saved)\n',
            '        self.masters = [saved.clone() for saved in state["masters"]]\n',
        )
    ],
}

HIDES = {"masters-in-float64"}  # torch refuses a gradient of another dtype than its parameter's, at once
