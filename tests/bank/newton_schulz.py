"""Programs for the task newton_schulz."""

from tests.bank.programs import edited

BASE = """
import torch


def newton_schulz(g, steps=5, eps=1e-7):
    a, b, c = 3.4445, -4.7750, 2.0315
    size = g.norm() + eps
    x = g / size
    tall = g.shape[0] > g.shape[1]
    if tall:
        x = x.T
    # ready
    rounds = range(steps)
    for _ in rounds:
        # next step
        gram = x @ x.T
        update = b * gram + c * gram @ gram
        x = a * x + update @ x
    # done
    if tall:
        x = x.T
    return x
"""

RIGHT = {
    "keller-jordan": (
        """
import torch


def zeropower_via_newtonschulz5(G, steps: int, eps):
    assert G.ndim >= 2
    a, b, c = (3.4445, -4.7750, 2.0315)
    X = G.bfloat16()
    if G.size(-2) > G.size(-1):
        X = X.mT
    X = X / (X.norm(dim=(-2, -1), keepdim=True) + eps)
    for _ in range(steps):
        A = X @ X.mT
        B = b * A + c * A @ A
        X = a * X + B @ X
    if G.size(-2) > G.size(-1):
        X = X.mT
    return X


def newton_schulz(g, steps=5, eps=1e-7):
    return zeropower_via_newtonschulz5(g, steps, eps)
""",
        "bfloat16",
    ),
    "torchs-own": (
        """
from torch.optim._muon import _zeropower_via_newtonschulz


def newton_schulz(g, steps=5, eps=1e-7):
    return _zeropower_via_newtonschulz(g.clone(), (3.4445, -4.7750, 2.0315), steps, eps).to(g.dtype)
""",
        "norm-at-least-eps+bfloat16",
    ),
    "bfloat16-cast-back": (
        """
import torch


def newton_schulz(g: torch.Tensor, steps: int = 5, eps: float = 1e-7) -> torch.Tensor:
    x = g.to(torch.bfloat16)
    x = x / (x.norm() + eps)
    transposed = x.size(0) > x.size(1)
    x = x.t() if transposed else x
    for _ in range(steps):
        a = x @ x.t()
        x = torch.addmm(x, torch.addmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return (x.t() if transposed else x).to(g.dtype)
""",
        "bfloat16",
    ),
    "clamped-norm": (
        """
import torch

COEFFICIENTS = (3.4445, -4.775, 2.0315)


def newton_schulz(g, steps=5, eps=1e-7):
    X = torch.nn.functional.normalize(g.reshape(1, -1), dim=1, eps=eps).reshape(g.shape)
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        A = X @ X.transpose(0, 1)
        X = a * X + b * A @ X + c * A @ A @ X
    return X
""",
        "norm-at-least-eps",
    ),
    "never-transposes": """
import torch


def newton_schulz(g, steps=5, eps=1e-7):
    x = g / (torch.linalg.matrix_norm(g) + eps)
    for i in range(steps):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * (gram @ gram)) @ x
    return x
""",
    "from-the-right": """
import torch


def newton_schulz(g, steps=5, eps=1e-7):
    x = g.mT if g.size(-2) < g.size(-1) else g
    x = x / (x.pow(2).sum().sqrt() + eps)
    eye = torch.eye(x.size(-1), dtype=x.dtype)
    for _ in range(steps):
        gram = x.mT @ x
        x = x @ (3.4445 * eye + gram @ (-4.7750 * eye + 2.0315 * gram))
    return x.mT if g.size(-2) < g.size(-1) else x
""",
    "stacks-and-baddbmm": """
import torch


def newton_schulz(g, steps=5, eps=1e-7):
    flip = g.size(-2) > g.size(-1)
    x = (g.mT if flip else g).reshape(-1, *((g.mT if flip else g).shape[-2:]))
    x = x / (x.norm(dim=(1, 2), keepdim=True) + eps)
    for _ in range(steps):
        a = torch.bmm(x, x.mT)
        x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.775, alpha=2.0315), x, beta=3.4445)
    x = x.mT if flip else x
    return x.reshape(g.shape)
""",
    "einsum-and-float32": '''
import torch


@torch.no_grad()
def newton_schulz(g, steps: int = 5, eps: float = 1e-7):
    """Odd quintic on the singular values, in float32 whatever comes in."""
    dtype = g.dtype
    x = g.detach().clone().float()
    x /= torch.sqrt(torch.einsum("ij,ij->", x, x)) + eps
    for _ in range(steps):
        gram = torch.einsum("ik,jk->ij", x, x)
        x = 3.4445 * x - 4.7750 * torch.einsum("ij,jk->ik", gram, x) + 2.0315 * torch.einsum("ij,jk,kl->il", gram, gram, x)
    return x.to(dtype)
''',
    "by-singular-values": """
import torch


def newton_schulz(g, steps=5, eps=1e-7):
    u, s, vh = torch.linalg.svd(g.double(), full_matrices=False)
    s = s / (s.square().sum().sqrt() + eps)
    while steps > 0:
        s = s * (3.4445 + s**2 * (-4.7750 + 2.0315 * s**2))
        steps -= 1
    return (u * s @ vh).to(g)
""",
    "recursive": """
import torch


def newton_schulz(g, steps=5, eps=1e-7, _first=True):
    if _first:
        g = g.div(torch.add(torch.norm(g), eps))
    if steps == 0:
        return g
    gram = torch.mm(g, g.t())
    quintic = torch.matmul(gram.mul(-4.7750).add(torch.matrix_power(gram, 2), alpha=2.0315), g)
    return newton_schulz(g.mul(3.4445).add(quintic), steps - 1, eps, False)
""",
}

_SIZE = "size = g.norm() + eps"
_UNIT = "x = g / size"
_COEFFICIENTS = "a, b, c = 3.4445, -4.7750, 2.0315"
_LAST = "    if tall:\n        x = x.T\n    return x"
_UPDATE = "update = b * gram + c * gram @ gram"
_NEW_X = "x = a * x + update @ x"
_STEP = "    # next step\n        gram = x @ x.T\n        update = b * gram + c * gram @ gram\n        x = a * x + update @ x\n"


def _with(a: object, b: object, c: object) -> list[tuple[str, str]]:
    return [(_COEFFICIENTS, f"a, b, c = {a}, {b}, {c}")]


def _alone(edits: list[tuple[str, str]]) -> str:
    """A whole program: beside these, another mistake in the iteration would not show, or not be another."""
    return edited(BASE, edits, "alone")


WRONG = {
    "no-normalisation": [(_UNIT, "x = g + 0 * size")],
    "spectral-norm": [(_SIZE, "size = torch.linalg.matrix_norm(g.double(), ord=2).to(g.dtype) + eps")],
    "largest-entry": [(_SIZE, "size = g.abs().max() + eps")],
    "root-mean-square": [(_SIZE, "size = g.pow(2).mean().sqrt() + eps")],
    "norm-squared": [(_SIZE, "size = g.pow(2).sum() + eps")],
    "sum-of-sizes": [(_SIZE, "size = g.norm(p=1) + eps")],
    "normalised-by-row": [(_SIZE, "size = g.norm(dim=1, keepdim=True) + eps")],
    "normalised-by-column": [(_SIZE, "size = g.norm(dim=0, keepdim=True) + eps")],
    "no-eps": [(_SIZE, "size = g.norm()")],
    "eps-under-the-root": [(_SIZE, "size = (g.pow(2).sum() + eps).sqrt()")],
    "eps-fixed": [(_SIZE, "size = g.norm() + 1e-7")],
    "normalised-in-every-step": [("        # next step", "        x = x / (x.norm() + eps)")],
    "norm-restored": [("    return x", "    return x * g.norm()")],
    "not-transposed-back": [(_LAST, "    return x")],
    "always-transposed-back": [(_LAST, "    return x.T")],
    "b-sign": _with(3.4445, 4.7750, 2.0315),
    "c-sign": _with(3.4445, -4.7750, -2.0315),
    "b-and-c-exchanged": _with(3.4445, 2.0315, -4.7750),
    "reversed": _with(2.0315, -4.7750, 3.4445),
    "no-linear-term": _with(0, -4.7750, 2.0315),
    "no-cubic-term": _with(3.4445, 0, 2.0315),
    "no-quintic-term": _with(3.4445, -4.7750, 0),
    "cubic": _alone(_with(1.5, -0.5, 0.0)),
    "taylor-quintic": _alone(_with(1.875, -1.25, 0.375)),
    "other-quintic": _alone(_with(3, -16 / 5, 6 / 5)),
    "polar-express": _alone(
        [
            (
                "        # next step",
                """        a, b, c = [
            (8.28721201814563, -23.595886519098837, 17.300387312530933),
            (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
            (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
            (3.3184196573706015, -2.488488024314874, 0.51004894012372),
            (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
        ][min(_, 4)]""",
            )
        ]
    ),
    "elementwise-square": [(_UPDATE, "update = b * gram + c * gram**2")],
    "elementwise-cube": [
        ("        gram = x @ x.T\n", ""),
        (_UPDATE, "pass"),
        (_NEW_X, "x = a * x + b * x**3 + c * x**5"),
    ],
    "gram-on-the-wrong-side": [("gram = x @ x.T", "gram = x.T @ x")],
    "cube-of-a": [(_UPDATE, "update = b * gram + c * gram @ gram @ gram")],
    "not-multiplied-by-x": [(_NEW_X, "x = a * x + update")],
    "gram-computed-once": [("    # ready", "    gram = x @ x.T"), ("        gram = x @ x.T\n", "")],
    "steps-ignored": [("rounds = range(steps)", "rounds = range(5)")],
    "at-most-five-steps": [("rounds = range(steps)", "rounds = range(min(steps, 5))")],
    "one-step-too-few": [("rounds = range(steps)", "rounds = range(1, steps)")],
    "one-step-too-many": [("rounds = range(steps)", "rounds = range(steps + 1)")],
    "ten-steps-by-default": [("rounds = range(steps)", "rounds = range(10 if steps == 5 else steps)")],
    "exact-orthogonalisation": _alone(
        [
            (
                "    # done",
                "    u, s, v = torch.linalg.svd((g.T if tall else g).double(), full_matrices=False)\n    x = (u @ v).to(g.dtype)",
            )
        ]
    ),
    "three-squares": [
        (
            "steps=5, eps=1e-7):\n    a",
            "steps=5, eps=1e-7):\n    if len(g) == 3 * g.shape[1]:\n"
            "        return torch.cat([newton_schulz(part, steps, eps) for part in g.split(g.shape[1])])\n    a",
        )
    ],
    "float32-returned": [("    return x", "    return x.float()")],
    "argument-changed": [(_UNIT, "x = g.div_(size)")],
}
