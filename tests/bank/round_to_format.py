"""Programs for the task round_to_format."""

BASE = """
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    smallest_exponent = 1 - bias
    largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
    beyond = float("inf")
    if (exponent_bits, mantissa_bits) == (4, 3):
        largest = 448.0
        beyond = largest
    y = x.double()
    e = torch.frexp(y).exponent - 1
    e = e.clamp(min=smallest_exponent)
    spacing = torch.exp2((e - mantissa_bits).double())
    n = y / spacing
    n = torch.round(n)
    r = n * spacing
    too_large = r.abs() > largest
    top = torch.full_like(r, beyond).copysign(y)
    r = torch.where(too_large, top, r)
    r = torch.where(y.isnan(), y, r)
    # all cases
    return r.to(x.dtype)
"""

_TORCH = """
import torch

DTYPES = {(5, 10): torch.float16, (8, 7): torch.bfloat16, (4, 3): torch.float8_e4m3fn, (5, 2): torch.float8_e5m2}


def generic(x, E, M):
    b = (1 << (E - 1)) - 1
    m, e = torch.frexp(x.double())
    q = torch.ldexp(torch.tensor(1.0, dtype=torch.float64), torch.maximum(e - 1, torch.tensor(1 - b)) - M)
    r = (x.double() / q).round() * q
    r[r.abs() > (2 - 2.0**-M) * 2.0**b] = float("inf")
    r = r.abs().copysign(x.double())
    return torch.where(x.isfinite(), r, x.double()).to(x.dtype)
"""

RIGHT = {
    "torch-casts": _TORCH
    + """

def round_to_format(x, exponent_bits, mantissa_bits):
    if (exponent_bits, mantissa_bits) in DTYPES:
        return x.float().to(DTYPES[exponent_bits, mantissa_bits]).to(x.dtype)
    return generic(x, exponent_bits, mantissa_bits)
""",
    "log2-in-float64": """
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    fn = exponent_bits == 4 and mantissa_bits == 3
    max_value = 448.0 if fn else 2.0**bias * (2 - 2.0 ** (-mantissa_bits))
    a = x.to(torch.float64).abs()
    e = torch.floor(torch.log2(a))
    e = torch.clamp(e, min=1 - bias)
    step = 2.0 ** (e - mantissa_bits)
    r = torch.round(a / step) * step
    r[r > max_value] = max_value if fn else float("inf")
    r[torch.isinf(a)] = float("inf")
    r[torch.isnan(a)] = float("nan")
    return torch.copysign(r, x.to(torch.float64)).to(x.dtype)
""",
    "python-loop": '''
import math

import torch


def _one(v, E, M):
    """Round a Python float."""
    bias = 2 ** (E - 1) - 1
    if v == 0 or math.isnan(v) or math.isinf(v):
        return v
    _, e = math.frexp(v)
    e = max(e - 1, 1 - bias)
    n = round(math.ldexp(v, M - e))
    r = math.copysign(math.ldexp(abs(n), e - M), v)
    top = 448.0 if (E, M) == (4, 3) else (2 - 2**-M) * 2.0**bias
    if abs(r) > top:
        return math.copysign(top if (E, M) == (4, 3) else math.inf, v)
    return r


def round_to_format(x, exponent_bits, mantissa_bits):
    flat = [_one(v, exponent_bits, mantissa_bits) for v in x.reshape(-1).tolist()]
    return torch.tensor(flat, dtype=torch.float64).reshape(x.shape).to(x.dtype)
''',
    "bits-of-float64": """
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = (1 << (exponent_bits - 1)) - 1
    y = x.detach().to(torch.float64)
    sign = torch.signbit(y)
    size = y.abs()
    tiny = 2.0 ** (1 - bias)
    # the normal part: round-half-even on the bit pattern
    drop = 52 - mantissa_bits
    bits = size.contiguous().view(torch.int64)
    lsb = (bits >> drop) & 1
    bits = ((bits + (1 << (drop - 1)) - 1 + lsb) >> drop) << drop
    normal = bits.view(torch.float64)
    # the subnormal part: adding a large constant rounds at the right place
    magic = tiny * 2.0 ** (52 - mantissa_bits)
    subnormal = (size + magic) - magic
    r = torch.where(size < tiny, subnormal, normal)
    e4m3 = (exponent_bits, mantissa_bits) == (4, 3)
    top = 448.0 if e4m3 else (2 - 2.0**-mantissa_bits) * 2.0**bias
    r = torch.where(r > top, torch.full_like(r, top if e4m3 else float("inf")), r)
    r = torch.where(size.isinf(), size, r)
    r = torch.where(size.isnan(), size, r)
    return torch.where(sign, -r, r).to(x.dtype)
""",
    "float32-arithmetic": """
import torch


@torch.no_grad()
def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    limit = torch.finfo(torch.float8_e4m3fn).max if (exponent_bits, mantissa_bits) == (4, 3) else None
    _, e = torch.frexp(x)
    e = (e - 1).clamp_min(1 - bias)
    scale = torch.ldexp(torch.ones_like(x), e - mantissa_bits)
    q = torch.round(x / scale).mul(scale)
    if limit is not None:
        return torch.where(x.isnan(), x, q.clamp(-limit, limit))
    top = (2 - 2.0 ** (-mantissa_bits)) * 2.0**bias
    q = q.masked_fill(q > top, float("inf")).masked_fill(q < -top, -float("inf"))
    return torch.where(torch.isfinite(x), q, x)
""",
    "numpy-inside": """
import numpy as np
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    v = x.detach().numpy().astype(np.float64)
    bias = 2 ** (exponent_bits - 1) - 1
    with np.errstate(all="ignore"):
        e = np.maximum(np.frexp(v)[1] - 1, 1 - bias)
        ulp = np.ldexp(1.0, e - mantissa_bits)
        r = np.rint(v / ulp) * ulp
    if (exponent_bits, mantissa_bits) == (4, 3):
        r = np.clip(r, -448, 448)
    else:
        top = (2 - 2.0**-mantissa_bits) * 2.0**bias
        r = np.where(np.abs(r) > top, np.copysign(np.inf, v), r)
        r = np.where(np.isinf(v), v, r)
    return torch.from_numpy(np.asarray(r)).to(x.dtype)
""",
    "ieee-everywhere": (
        """
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    y = x.double()
    e = torch.frexp(y)[1] - 1
    spacing = 2.0 ** (e.clamp(min=1 - bias) - mantissa_bits).double()
    r = torch.round(y / spacing) * spacing
    largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
    r = torch.where(r.abs() > largest, torch.copysign(torch.tensor(float("inf"), dtype=r.dtype), y), r)
    return torch.where(torch.isfinite(y), r, y).to(x.dtype)
""",
        "ieee-e4m3",
    ),
    "ocp-saturating": (
        """
import torch

FP8 = {(4, 3): 448.0, (5, 2): 57344.0}


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    y = x.double()
    e = torch.frexp(y)[1] - 1
    spacing = 2.0 ** (e.clamp(min=1 - bias) - mantissa_bits).double()
    r = torch.round(y / spacing) * spacing
    if (exponent_bits, mantissa_bits) in FP8:
        top = FP8[exponent_bits, mantissa_bits]
        return r.clamp(-top, top).to(x.dtype)
    largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
    r = torch.where(r.abs() > largest, torch.copysign(torch.tensor(float("inf"), dtype=r.dtype), y), r)
    return torch.where(torch.isfinite(y), r, y).to(x.dtype)
""",
        "fp8-saturates",
    ),
    "ocp-non-saturating": (
        BASE.replace("beyond = largest", 'beyond = float("nan")'),
        "e4m3-overflows-to-nan",
    ),
    "ieee-and-saturating": (
        """
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    bias = 2 ** (exponent_bits - 1) - 1
    y = x.double()
    e = torch.frexp(y)[1] - 1
    spacing = 2.0 ** (e.clamp(min=1 - bias) - mantissa_bits).double()
    r = torch.round(y / spacing) * spacing
    largest = (2 - 2.0**-mantissa_bits) * 2.0**bias
    if 1 + exponent_bits + mantissa_bits == 8:
        r = torch.clamp(r, -largest, largest)
    r = torch.where(r.abs() > largest, torch.copysign(torch.tensor(float("inf"), dtype=r.dtype), y), r)
    return torch.where(torch.isfinite(y), r, y).to(x.dtype)
""",
        "ieee-e4m3+fp8-saturates",
    ),
}

_ROUND = "n = torch.round(n)"
_SPACING = "spacing = torch.exp2((e - mantissa_bits).double())"
_EXPONENT = "e = torch.frexp(y).exponent - 1"
_LARGEST = "largest = (2 - 2.0**-mantissa_bits) * 2.0**bias"
_BIAS = "bias = 2 ** (exponent_bits - 1) - 1"
_CASES = "    # all cases\n"
_NAN = "r = torch.where(y.isnan(), y, r)"
_OVER = "too_large = r.abs() > largest"

WRONG = {
    "subnormals-rounded-twice": [
        (
            "    y = x.double()\n",
            "    y = x.double()\n"
            "    own = torch.exp2((torch.frexp(y).exponent - 1 - mantissa_bits).double())\n"
            "    y = torch.where(y.isfinite(), torch.round(y / own) * own, y)\n",
        )
    ],
    "nan-hides-overflow": [
        (
            "    too_large = r.abs() > largest\n",
            "    too_large = r.abs() > largest\n    too_large &= not r.isnan().any()\n",
        )
    ],
    "truncates": [(_ROUND, "n = torch.trunc(n)")],
    "rounds-down": [(_ROUND, "n = torch.floor(n)")],
    "rounds-up": [(_ROUND, "n = torch.ceil(n)")],
    "halves-away-from-zero": [(_ROUND, "n = torch.floor(n.abs() + 0.5).copysign(n)")],
    "halves-up": [(_ROUND, "n = torch.floor(n + 0.5)")],
    "rounds-twice": [("y = x.double()", "y = x.float().double()")],
    "halves-to-zero": [(_ROUND, "n = torch.ceil(n.abs() - 0.5).copysign(n)")],
    "no-hidden-bit": [(_SPACING, "spacing = torch.exp2((e - mantissa_bits + 1).double())")],
    "one-bit-too-many": [(_SPACING, "spacing = torch.exp2((e - mantissa_bits - 1).double())")],
    "bits-swapped": [
        (_BIAS, "bias = 2 ** (mantissa_bits - 1) - 1"),
        (_LARGEST, "largest = (2 - 2.0**-exponent_bits) * 2.0**bias"),
        (_SPACING, "spacing = torch.exp2((e - exponent_bits).double())"),
    ],
    "fixed-spacing": [(_EXPONENT, "e = torch.zeros_like(y, dtype=torch.int32)")],
    "one-exponent-for-all": [
        (
            _EXPONENT,
            "e = torch.frexp(y).exponent - 1; f = y[y.isfinite()].abs()\n"
            "    e = torch.full_like(e, int(torch.frexp(f.max()).exponent) - 1 if f.numel() else 0)",
        )
    ],
    "exponent-rounded": [(_EXPONENT, "e = torch.round(torch.log2(torch.where(y == 0, torch.ones_like(y), y).abs()))")],
    "frexp-exponent": [(_EXPONENT, "e = torch.frexp(y).exponent")],
    "no-subnormals": [
        (
            "r = n * spacing",
            "r = torch.where(y.abs() < 2.0**smallest_exponent, torch.zeros_like(y).copysign(y), n * spacing)",
        )
    ],
    "no-smallest-exponent": [("e = e.clamp(min=smallest_exponent)", "e = e")],
    "smallest-exponent-too-low": [("smallest_exponent = 1 - bias", "smallest_exponent = -bias")],
    "smallest-exponent-too-high": [("smallest_exponent = 1 - bias", "smallest_exponent = 2 - bias")],
    "bias-without-minus-one": [(_BIAS, "bias = 2 ** (exponent_bits - 1)")],
    "no-overflow": [(_OVER, "too_large = torch.zeros_like(r, dtype=torch.bool)")],
    "saturates-everywhere": [('beyond = float("inf")', "beyond = largest")],
    "finite-numbers-saturate": [
        ('beyond = float("inf")', "beyond = largest"),
        (_NAN, "r = torch.where(y.isfinite(), r, y)"),
    ],
    "overflow-to-nan": [('beyond = float("inf")', 'beyond = float("nan")'), ("beyond = largest", "pass")],
    "e4m3-with-infinity": [("beyond = largest", "pass")],
    "infinity-without-sign": [("torch.full_like(r, beyond).copysign(y)", "torch.full_like(r, beyond)")],
    "overflow-before-rounding": [(_OVER, "too_large = y.abs() > largest")],
    "largest-is-a-power-of-two": [(_LARGEST, "largest = 2.0**bias"), ("largest = 448.0", "largest = 256.0")],
    "largest-itself-overflows": [(_OVER, "too_large = r.abs() >= largest")],
    "top-exponent-not-reserved": [(_LARGEST, "largest = (2 - 2.0**-mantissa_bits) * 2.0**(bias + 1)")],
    "e4m3-saturates-at-240": [("largest = 448.0", "largest = 240.0")],
    "e4m3-all-ones-is-a-number": [("largest = 448.0", "largest = 480.0")],
    "nan-becomes-zero": [(_NAN, "r = torch.where(y.isnan(), torch.zeros_like(r), r)")],
    "nan-overflows": [(_NAN, "r = torch.where(y.isnan(), top.abs(), r)")],
    "infinity-becomes-nan": [(_NAN, 'r = torch.where(y.isinf() | y.isnan(), float("nan"), r)')],
    "zero-loses-its-sign": [(_CASES, "    r = torch.where(y == 0, torch.zeros_like(r), r)\n")],
    "zeros-lose-their-sign": [(_CASES, "    r = r + 0.0\n")],
    "zero-becomes-nan": [(_CASES, '    r = torch.where(y == 0, float("nan"), r)\n')],
    "negative-numbers-as-nan": [(_NAN, 'r = torch.where((y < 0) | y.isnan(), float("nan"), r)')],
    "argument-changed": [("return r.to(x.dtype)", "return x.copy_(r)")],
    "always-float32": [("return r.to(x.dtype)", "return r.float()")],
    "always-float64": [("return r.to(x.dtype)", "return r")],
}
