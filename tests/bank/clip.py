"""Programs for the task clip."""

BASE = """
import torch


def clip_grad_norm_(params, max_norm):
    if isinstance(params, torch.Tensor):
        params = [params]
    params = list(params)
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    lengths = torch.stack([g.norm() for g in grads])
    norm = lengths.norm()
    factor = (max_norm / norm).clamp(max=1.0)
    for g in grads:
        g.mul_(factor)
        # next gradient
    return norm
"""

HEAD = "import torch\n\n\ndef clip_grad_norm_(params, max_norm):\n"
LISTED = (
    HEAD
    + """    params = [params] if torch.is_tensor(params) else [*params]
    grads = [p.grad for p in params if p.grad is not None]
"""
)

RIGHT = {
    "torch-itself": (
        "import torch\n\n\ndef clip_grad_norm_(params, max_norm):\n"
        "    return torch.nn.utils.clip_grad_norm_(params, max_norm)\n",
        "torch-epsilon",
    ),
    "torchs-two-halves": (
        LISTED
        + """    norm = torch.nn.utils.get_total_norm(grads)
    torch.nn.utils.clip_grads_with_norm_(params, max_norm, norm)
    return norm
""",
        "torch-epsilon",
    ),
    "foreach": (
        LISTED
        + """    if not grads:
        return torch.zeros(())
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    torch._foreach_mul_(grads, factor)
    return norm
""",
        "torch-epsilon",
    ),
    "tiny-constant": (
        LISTED
        + """    if len(grads) == 0:
        return torch.zeros(1)[0]
    norm = torch.sqrt(sum((g.double() ** 2).sum() for g in grads))
    for g in grads:
        g *= min(1.0, float(max_norm / (norm + 1e-12)))
    return norm
""",
        None,
    ),
    "epsilon-of-1e-7": (
        LISTED
        + """    norm = torch.tensor([g.float().norm().item() if g.dtype != torch.float64 else g.norm().item() for g in grads],
                        dtype=torch.float64).norm()
    factor = max_norm / (norm.item() + 1e-7)
    if factor < 1:
        for g in grads:
            g.mul_(factor)
    return norm
""",
        "small-epsilon",
    ),
    "branch": LISTED
    + """    total = torch.zeros((), dtype=torch.float64)
    for g in grads:
        total += g.detach().double().pow(2).sum()
    norm = total.sqrt()
    if norm > max_norm:
        for g in grads:
            g.mul_(max_norm / norm)
    return norm
""",
    "flattened": LISTED
    + """    if not grads:
        return torch.tensor(0.0)
    norm = torch.cat([g.reshape(-1) for g in grads]).norm(p=2)
    if norm >= max_norm and norm > 0:
        for p in params:
            if p.grad is not None:
                p.grad.div_(norm / max_norm)
    return norm
""",
    "tensorflow-style": LISTED
    + '''    """scale = clip_norm * min(1/norm, 1/clip_norm)"""
    norm = torch.sqrt(torch.stack([torch.zeros(()), *(g.square().sum() for g in grads)]).sum())
    with torch.no_grad():
        scale = max_norm * min(1 / norm.item() if norm > 0 else float("inf"), 1 / max_norm if max_norm > 0 else float("inf")) if norm > max_norm else 1.0
        for g in grads:
            g.copy_(g * scale)
    return norm
''',
    "data-and-math": "import math\n"
    + HEAD
    + """    if isinstance(params, torch.nn.Parameter):
        params = [params]
    params = [p for p in params if p.grad is not None]
    total = 0.0
    for p in params:
        total += p.grad.data.norm(2).item() ** 2
    total = math.sqrt(total)
    if total > max_norm:
        for p in params:
            p.grad.data.mul_(max_norm / total)
    return torch.tensor(total, dtype=torch.float64)
""",
    "upcast-to-float32": LISTED
    + """    norm = torch.sqrt(sum([g.float().square().sum() for g in grads], torch.zeros(1)))
    factor = max_norm / norm.item() if norm > max_norm else 1.0
    for p in params:
        if p.grad is not None:
            p.grad.detach().mul_(factor)
    return norm
""",
    "einsum": LISTED
    + """    parts = [torch.einsum("i,i->", g.reshape(-1).double(), g.reshape(-1).double()) for g in grads]
    norm = torch.as_tensor(sum(parts) if parts else 0.0).sqrt()
    factor = torch.where(norm > max_norm, max_norm / norm, torch.ones_like(norm))
    for g in grads:
        torch.mul(g, factor, out=g)
    return norm
""",
}

_NORM = "norm = lengths.norm()"
_LENGTHS = "lengths = torch.stack([g.norm() for g in grads])"
_FACTOR = "factor = (max_norm / norm).clamp(max=1.0)"
_MUL = "g.mul_(factor)"
_RETURN = "    return norm\n"
_GRADS = "grads = [p.grad for p in params if p.grad is not None]"
_LIST = "    params = list(params)\n"
_LOOP = "    for g in grads:\n        g.mul_(factor)\n        # next gradient\n"

WRONG = {
    "per-tensor": [(_MUL, "g.mul_((max_norm / g.norm()).clamp(max=1.0))")],
    "per-element": [(_MUL, "g.clamp_(-max_norm, max_norm)")],
    "norms-added": [(_NORM, "norm = lengths.sum()")],
    "norms-averaged": [(_NORM, "norm = lengths.mean()")],
    "largest-norm": [(_NORM, "norm = lengths.max()")],
    "root-mean-square": [(_NORM, "norm = (lengths.pow(2).sum() / sum(g.numel() for g in grads)).sqrt()")],
    "no-root": [(_NORM, "norm = lengths.pow(2).sum()")],
    "no-root-in-the-factor": [(_FACTOR, "factor = (max_norm / norm**2).clamp(max=1.0)")],
    "absolute-values": [
        (_LENGTHS, "lengths = torch.stack([g.abs().sum() for g in grads])"),
        (_NORM, "norm = lengths.sum()"),
    ],
    "largest-element": [
        (_LENGTHS, "lengths = torch.stack([g.abs().max() for g in grads])"),
        (_NORM, "norm = lengths.max()"),
    ],
    "last-gradient-only": [(_NORM, "norm = lengths[-1]")],
    "first-gradient-only": [(_NORM, "norm = lengths[0]")],
    "norm-of-the-parameters": [
        (_LENGTHS, "lengths = torch.stack([p.detach().norm() for p in params if p.grad is not None])")
    ],
    "norm-in-the-first-dtype": [("[g.norm() for g in grads]", "[g.to(grads[0].dtype).norm() for g in grads]")],
    "matrices-only": [(_GRADS, "grads = [p.grad for p in params if p.grad is not None and p.ndim >= 2]")],
    "scalars-skipped": [(_GRADS, "grads = [p.grad for p in params if p.grad is not None and p.ndim >= 1]")],
    "always-rescales": [(_FACTOR, "factor = max_norm / norm")],
    "max-for-min": [(_FACTOR, "factor = (max_norm / norm).clamp(min=1.0)")],
    "ratio-inverted": [(_FACTOR, "factor = (norm / max_norm).clamp(max=1.0)")],
    "not-clipped": [(_MUL, "g = g * factor")],
    "scaled-to-one": [(_MUL, "g.div_(norm) if norm > max_norm else g")],
    "set-to-zero": [(_MUL, "g.mul_((max_norm / norm >= 1).to(g.dtype))")],
    "factor-twice": [(_MUL, "g.mul_(factor).mul_(factor)")],
    "factor-root": [(_FACTOR, "factor = (max_norm / norm).sqrt().clamp(max=1.0)")],
    "sign-flipped": [(_MUL, "g.mul_(-factor)")],
    "max-norm-ignored": [(_FACTOR, "factor = (1.0 / norm).clamp(max=1.0)")],
    "first-clipped-only": [("        # next gradient\n", "        break\n")],
    "only-the-long-ones": [(_MUL, "g.mul_(factor) if g.norm() > max_norm else g")],
    "own-factors-together": [(_MUL, "g.mul_(max_norm / g.norm()) if norm > max_norm else g")],
    "parameters-clipped": [
        (_LOOP, "    for p in params:\n        if p.grad is not None:\n            p.data.mul_(factor)\n")
    ],
    "gradient-replaced": [
        (
            _LOOP,
            "    for p in params:\n        if p.grad is not None:\n            p.grad = (p.grad * factor).to(p.dtype)\n",
        )
    ],
    "returns-norm-afterwards": [(_RETURN, "    return norm * factor\n")],
    "returns-factor": [(_RETURN, "    return factor\n")],
    "returns-none": [(_RETURN, ""), ("        return torch.tensor(0.0)\n", "        return\n")],
    "returns-none-at-the-end": [(_RETURN, "")],
    "returns-a-float": [(_RETURN, "    return norm.item()\n"), ("return torch.tensor(0.0)", "return 0.0")],
    "gradients-left-off": [("    if isinstance(", "    torch.set_grad_enabled(False)\n    if isinstance(")],
    "returns-the-square": [(_RETURN, "    return norm**2\n")],
    "hides-what-is-not-finite": [(_RETURN, "    return norm.nan_to_num(0.0, 0.0, 0.0)\n")],
    "none-raises": [(_GRADS, "grads = [p.grad.detach() for p in params]")],
    "no-gradients-raise": [("    if not grads:\n        return torch.tensor(0.0)\n", "")],
    "stops-at-none": [
        (
            _GRADS,
            "grads = []\n    for p in params:\n        if p.grad is None:\n            break\n        grads.append(p.grad)",
        )
    ],
    "generator-used-up": [
        (_LIST, ""),
        (_LOOP, "    for p in params:\n        if p.grad is not None:\n            p.grad.mul_(factor)\n"),
    ],
    "generator-refused": [(_LIST, "    params = [params[i] for i in range(len(params))]\n")],
    "tensor-taken-apart": [("    if isinstance(params, torch.Tensor):\n        params = [params]\n", "")],
    "tensor-refused": [("        params = [params]\n", "        raise TypeError('a list, please')\n")],
    "nan-at-zero": [(_FACTOR, "factor = norm.clamp(max=max_norm) / norm")],
}

CANCEL = [{"factor-twice", "factor-root"}]  # the root of a square
