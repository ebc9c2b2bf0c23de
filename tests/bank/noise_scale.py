"""Programs for the task noise_scale."""

BASE = """
def noise_scale(small_sq_norms, big_sq_norms, small_batch, big_batch):
    b, B = small_batch, big_batch
    small = sum(small_sq_norms) / len(small_sq_norms)
    big = sum(big_sq_norms) / len(big_sq_norms)
    signal = (B * big - b * small) / (B - b)
    noise = (small - big) / (1 / b - 1 / B)
    return float(noise / signal)
"""

HEAD = "def noise_scale(small_sq_norms, big_sq_norms, small_batch, big_batch):\n"

RIGHT = {
    "torch-float32": "import torch\n\n\n"
    + HEAD
    + """    small = torch.as_tensor(small_sq_norms, dtype=torch.float32).mean()
    big = torch.as_tensor(big_sq_norms, dtype=torch.float32).mean()
    g2 = (big_batch * big - small_batch * small) / (big_batch - small_batch)
    s = (small - big) / (1 / small_batch - 1 / big_batch)
    return (s / g2).item()
""",
    "returns-a-scalar-tensor": "import torch\n\n\n"
    + HEAD
    + """    small, big = (torch.as_tensor(v, dtype=torch.float64).mean() for v in (small_sq_norms, big_sq_norms))
    g2 = (big_batch * big - small_batch * small) / (big_batch - small_batch)
    return (small - big) / (1 / small_batch - 1 / big_batch) / g2
""",
    "numpy": "import numpy as np\n\n\n"
    + HEAD
    + """    small = np.asarray(small_sq_norms, dtype=np.float64).mean()
    big = np.asarray(big_sq_norms, dtype=np.float64).mean()
    return small_batch * big_batch * (small - big) / (big_batch * big - small_batch * small)
""",
    "solved-from-the-big-norm": HEAD
    + """    mean = lambda values: sum(map(float, values)) / len(values)
    small, big = mean(small_sq_norms), mean(big_sq_norms)
    S = (small - big) * small_batch * big_batch / (big_batch - small_batch)
    G2 = big - S / big_batch
    return S / G2
""",
    "least-squares": "import torch\n\n\n"
    + HEAD
    + '''    """E|G_B|^2 is a straight line in 1/B: its slope is S, its intercept |G|^2."""
    y = torch.tensor([torch.tensor([float(v) for v in values], dtype=torch.float64).mean()
                      for values in (small_sq_norms, big_sq_norms)], dtype=torch.float64)
    x = torch.tensor([1 / small_batch, 1 / big_batch], dtype=torch.float64)
    A = torch.stack([torch.ones_like(x), x], dim=1)
    G2, S = torch.linalg.solve(A, y)
    return float(S / G2)
''',
    "statistics": "from statistics import fmean\n\n\n"
    + HEAD
    + """    small, big = fmean(float(v) for v in small_sq_norms), fmean(float(v) for v in big_sq_norms)
    signal = (big_batch * big - small_batch * small) / (big_batch - small_batch)
    noise = (small - big) / (1.0 / small_batch - 1.0 / big_batch)
    return noise / signal
""",
}

_SMALL, _BIG = "sum(small_sq_norms) / len(small_sq_norms)", "sum(big_sq_norms) / len(big_sq_norms)"
_SIGNAL, _NOISE = "(B * big - b * small) / (B - b)", "(small - big) / (1 / b - 1 / B)"
_RETURN = "    return float(noise / signal)"
_EACH = (
    HEAD
    + """    b, B = small_batch, big_batch
    pairs = list(zip(small_sq_norms, big_sq_norms))
    signals = [(B * q - b * p) / (B - b) for p, q in pairs]
    noises = [(p - q) / (1 / b - 1 / B) for p, q in pairs]
"""
)

WRONG = {
    "mean-of-ratios": _EACH + "    return float(sum(n / s for n, s in zip(noises, signals)) / len(pairs))\n",
    "mean-of-ratios-of-arrays": "import torch\n\n\n"
    + HEAD
    + """    b, B = small_batch, big_batch
    small, big = (torch.as_tensor(v, dtype=torch.float64) for v in (small_sq_norms, big_sq_norms))
    signal = (B * big - b * small) / (B - b)
    noise = (small - big) / (1 / b - 1 / B)
    return (noise / signal).mean().item()
""",
    "draws-paired": _EACH + "    return float(sum(noises) / sum(signals))\n",
    "batches-swapped": [("b, B = small_batch, big_batch", "B, b = small_batch, big_batch")],
    "norms-swapped-in-the-signal": [(_SIGNAL, "(B * small - b * big) / (B - b)")],
    "noise-negated": [(_NOISE, "(big - small) / (1 / b - 1 / B)")],
    "inverted": [("noise / signal", "signal / noise")],
    "noise-not-per-example": [(_NOISE, "small - big")],
    "noise-times-instead-of-divided": [(_NOISE, "(small - big) * (1 / b - 1 / B)")],
    "noise-over-batch-difference": [(_NOISE, "(small - big) / (B - b)")],
    "signal-not-divided": [(_SIGNAL, "B * big - b * small")],
    "signal-is-big": [(_SIGNAL, "big")],
    "signal-is-small": [(_SIGNAL, "small")],
    "squared-again": [
        (_SMALL, "sum(v**2 for v in small_sq_norms) / len(small_sq_norms)"),
        (_BIG, "sum(v**2 for v in big_sq_norms) / len(big_sq_norms)"),
    ],
    "norms-not-squared": [
        (_SMALL, "sum(v**0.5 for v in small_sq_norms) / len(small_sq_norms)"),
        (_BIG, "sum(v**0.5 for v in big_sq_norms) / len(big_sq_norms)"),
    ],
    "mean-norm-squared": [
        (_SMALL, "(sum(v**0.5 for v in small_sq_norms) / len(small_sq_norms)) ** 2"),
        (_BIG, "(sum(v**0.5 for v in big_sq_norms) / len(big_sq_norms)) ** 2"),
    ],
    "root-of-the-result": [(_RETURN, "    import numpy\n    return float(numpy.sqrt(numpy.float64(noise / signal)))")],
    "sums": [(_SMALL, "sum(small_sq_norms)"), (_BIG, "sum(big_sq_norms)")],
    "medians": [
        (_SMALL, "__import__('statistics').median(map(float, small_sq_norms))"),
        (_BIG, "__import__('statistics').median(map(float, big_sq_norms))"),
    ],
    "first-draw-only": [(_SMALL, "small_sq_norms[0]"), (_BIG, "big_sq_norms[0]")],
    "last-draw-only": [(_SMALL, "small_sq_norms[-1]"), (_BIG, "big_sq_norms[-1]")],
    "negative-cut-off": [("float(noise / signal)", "max(0.0, float(noise / signal))")],
    "absolute-value": [("float(noise / signal)", "abs(float(noise / signal))")],
    "whole-numbers-fail": [
        (_SMALL, "__import__('torch').as_tensor(small_sq_norms).mean()"),
        (_BIG, "__import__('torch').as_tensor(big_sq_norms).mean()"),
    ],
    "tensors-only": [(_SMALL, "small_sq_norms.mean()"), (_BIG, "big_sq_norms.mean()")],
}
