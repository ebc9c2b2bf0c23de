"""Programs for the task mixed_precision_step."""

BASE = """
import torch


def mixed_precision_step(model, loss_fn, batch, optimizer, scaler=None, dtype=torch.bfloat16, max_norm=None):
    optimizer.zero_grad()
    device = next(model.parameters()).device
    with torch.autocast(device.type, dtype=dtype):
        loss = loss_fn(model, *batch)
    # backward
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
    # clip
    if max_norm is not None:
        if scaler is not None:
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    # step
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    # end
    return loss.item()
"""

RIGHT = {
    "one-path-with-a-dummy-scaler": """
import torch
from torch.nn.utils import clip_grad_norm_


class _NoScaler:
    def scale(self, loss):
        return loss

    def unscale_(self, optimizer):
        pass

    def step(self, optimizer):
        optimizer.step()

    def update(self):
        pass


def mixed_precision_step(model, loss_fn, batch, optimizer, scaler=None, dtype=torch.bfloat16, max_norm=None):
    scaler = scaler or _NoScaler()
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    kind = next(model.parameters()).device.type
    with torch.amp.autocast(kind, dtype):
        x, *rest = batch
        loss = loss_fn(model, x, *rest)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    if max_norm is not None:
        clip_grad_norm_(model.parameters(), max_norm)
    scaler.step(optimizer)
    scaler.update()
    return float(loss.detach())
""",
    "own-clipping-and-backward-in-autocast": """
import torch


def _clip(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = torch.sqrt(sum((g.float() ** 2).sum() for g in grads))
    factor = max_norm / total
    if factor < 1:
        for g in grads:
            g *= factor


def mixed_precision_step(model, loss_fn, batch, optimizer, scaler=None, dtype=torch.bfloat16, max_norm=None):
    optimizer.zero_grad(set_to_none=True)
    device = next(iter(model.parameters())).device.type
    with torch.autocast(device_type=device, dtype=dtype, cache_enabled=False):
        loss = loss_fn(model, *batch)
        (loss if scaler is None else scaler.scale(loss)).backward()
    if max_norm is not None:
        if scaler:
            scaler.unscale_(optimizer)
        _clip(list(model.parameters()), max_norm)
    if scaler:
        scaler.step(optimizer)
        scaler.update()
    else:
        optimizer.step()
    return loss.detach().cpu().item()
""",
    "loss-fn-with-the-batch": (
        BASE.replace("loss_fn(model, *batch)", "loss_fn(model, batch)"),
        "loss-fn-gets-the-batch-whole",
    ),
    "loss-fn-with-the-output": (
        BASE.replace("loss = loss_fn(model, *batch)", "x, y = batch\n        loss = loss_fn(model(x), y)"),
        "loss-fn-gets-the-output",
    ),
    "zero-grad-to-zero": BASE.replace("optimizer.zero_grad()", "optimizer.zero_grad(set_to_none=False)").replace(
        "    # end\n", "    optimizer.zero_grad()\n"
    ),
}

_AUTOCAST = "with torch.autocast(device.type, dtype=dtype):"
_ZERO = "    optimizer.zero_grad()\n"
_BACKWARD = "    # backward\n    if scaler is None:\n        loss.backward()\n    else:\n        scaler.scale(loss).backward()\n"
_CLIP = """    # clip
    if max_norm is not None:
        if scaler is not None:
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
"""
_CLIP_LINE = "        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
_LENGTHEN = """        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(grads)
        for g in grads:
            g.mul_(max_norm / (norm + 1e-6))
"""
_UNSCALE = "        if scaler is not None:\n            scaler.unscale_(optimizer)\n"
_STEP = "    # step\n    if scaler is None:\n        optimizer.step()\n    else:\n        scaler.step(optimizer)\n        scaler.update()\n"

WRONG = {
    "no-autocast": [(_AUTOCAST, "if True:")],
    "autocast-for-another-device": [(_AUTOCAST, "with torch.autocast('cuda', dtype=dtype):")],
    "batch-of-two-only": [("loss_fn(model, *batch)", "loss_fn(model, batch[0], batch[1])")],
    "max-norm-zero-is-none": [("if max_norm is not None:", "if max_norm:")],
    "always-bfloat16": [(_AUTOCAST, "with torch.autocast(device.type):")],
    "old-gradients-kept": [(_ZERO, "")],
    "first-group-cleared-only": [(_ZERO, "    for p in optimizer.param_groups[0]['params']:\n        p.grad = None\n")],
    "gradients-cleared-afterwards": [(_ZERO, ""), ("    # end\n", "    optimizer.zero_grad()\n")],
    "loss-not-scaled": [(_BACKWARD, "    loss.backward()\n")],
    "scaler-ignored": [(_BACKWARD, "    loss.backward()\n"), (_UNSCALE, ""), (_STEP, "    optimizer.step()\n")],
    "optimizer-steps-itself": [("        scaler.step(optimizer)\n", "        optimizer.step()\n")],
    "steps-twice": [("        scaler.step(optimizer)\n", "        scaler.step(optimizer)\n        optimizer.step()\n")],
    "never-updates": [("        scaler.update()\n", "")],
    "updates-twice": [("        scaler.update()\n", "        scaler.update()\n        scaler.update()\n")],
    "updates-before-the-step": [
        (
            "        scaler.step(optimizer)\n        scaler.update()\n",
            "        scaler.update()\n        scaler.step(optimizer)\n",
        )
    ],
    "clips-before-unscaling": [(_UNSCALE, "")],
    "never-clips": [(_CLIP_LINE, "        pass\n")],
    "short-gradients-lengthened": [(_CLIP_LINE, _LENGTHEN)],
    "short-gradients-lengthened-with-a-scaler": [
        (
            _CLIP_LINE,
            "        if scaler is None:\n    "
            + _CLIP_LINE
            + "        else:\n    "
            + _LENGTHEN.replace("\n    ", "\n        "),
        )
    ],
    "clips-each-parameter": [
        (
            _CLIP_LINE,
            "        for p in model.parameters():\n            torch.nn.utils.clip_grad_norm_([p], max_norm)\n",
        )
    ],
    "clips-each-group": [
        (
            _CLIP_LINE,
            "        for group in optimizer.param_groups:\n"
            "            torch.nn.utils.clip_grad_norm_(group['params'], max_norm)\n",
        )
    ],
    "clips-first-group-only": [
        (_CLIP_LINE, "        torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]['params'], max_norm)\n")
    ],
    "clips-matrices-only": [
        ("_(model.parameters(), max_norm)", "_([p for p in model.parameters() if p.ndim > 1], max_norm)")
    ],
    "thaws-frozen-weights": [
        ("    optimizer.zero_grad()\n", "    optimizer.zero_grad()\n    model.requires_grad_(True)\n")
    ],
    "returns-loss-in-16-bits": [("return loss.item()", "return loss.to(dtype).item()")],
    "clips-elements": [(_CLIP_LINE, "        torch.nn.utils.clip_grad_value_(model.parameters(), max_norm)\n")],
    "needs-max-norm": [("    if max_norm is not None:\n", "    if max_norm >= 0:\n")],
    "needs-a-scaler": [(_BACKWARD, "    scaler.scale(loss).backward()\n")],
    "returns-scaled-loss": [
        (_BACKWARD, "    if scaler is not None:\n        loss = scaler.scale(loss)\n    loss.backward()\n")
    ],
    "returns-tensor": [("return loss.item()", "return loss.detach()")],
    "returns-nothing": [("    return loss.item()\n", "")],
    "model-runs-twice": [
        (
            "    # backward\n",
            "    with torch.no_grad(), torch.autocast(device.type, dtype=dtype):\n        loss_fn(model, *batch)\n    # backward\n",
        )
    ],
}
