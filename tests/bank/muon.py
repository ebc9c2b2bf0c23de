"""Programs for the task `muon`: what goes wrong in them; the right ones stand in _muon_right.py."""

from tests.bank import _edits
from tests.bank._edits import LARGE_REFUSED, NO_GRAD, STEP_WITHOUT, ZERO_DECAY, refuses_zero
from tests.bank._muon_right import BASE, RIGHT

__all__ = ["BASE", "RIGHT", "WRONG"]

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
_LOOKED_AT = """        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim"""
_BUILT = "        # built\n"
_CLOSURE = "        if closure is not None:\n            with torch.enable_grad():\n                loss = closure()"
_SIGNATURE = 'lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0, ns_steps=5, scale="original"'
_FETCH = '                if "momentum_buffer" not in state:\n                    state["momentum_buffer"] = torch.zeros_like(p)\n'


def _all_from(source: str) -> list[tuple[str, str]]:
    """Every hyperparameter read from `source` in place of the group."""
    return [(old, old.replace("group", source)) for old in (_LR, _MU, _WD, _NESTEROV, _NS, _MODE)]


_VALUES = _edits.values_of_others({"momentum": f"{_MU}\n", "weight_decay": f"{_WD}\n"})
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
    "original-whole-ratio": [(_ORIGINAL, "max(1, rows // cols) ** 0.5")],
    "original-half": [(_ORIGINAL, "max(1, rows / cols) ** 1 / 2")],
    "rms-half": [(_RMS, "0.2 * max(rows, cols) ** 1 / 2")],
    "spectral-whole-ratio": [(_SPECTRAL, "return (rows // cols) ** 0.5")],
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
    **_VALUES,
    "first-groups-ns-steps": [(_NS, 'self.param_groups[0]["ns_steps"]')],
    "first-groups-scale": [(_MODE, 'self.param_groups[0]["scale"]')],
    "decay-default-small": [("weight_decay=0.0", "weight_decay=0.01")],
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
    "grad-mode-left-off": [(NO_GRAD, STEP_WITHOUT)],
    "zero-lr-refused": refuses_zero("lr"),
    "above-one-refused": LARGE_REFUSED,
    "zero-decay-means-the-default": ZERO_DECAY,
    "float32-inside": [
        (_DECAY, "mine, p = p, p.float(); p.mul_(1 - lr * wd)"),
        ("                # next parameter", "                mine.copy_(p)"),
    ],
    "first-parameter-looked-at": [(_LOOKED_AT, _LOOKED_AT.replace("groups:", "groups[:1]:").replace('"]:', '"][:1]:'))],
    "first-group-looked-at": [(_LOOKED_AT, _LOOKED_AT.replace("groups:", "groups[:1]:"))],
    "last-parameter-looked-at": [(_LOOKED_AT, _LOOKED_AT.replace('"]:', '"][-1:]:'))],
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
