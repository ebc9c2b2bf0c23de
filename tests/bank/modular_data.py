"""Programs for the task modular_data."""

BASE = """
import torch


def modular_data(p, operation, train_fraction, generator):
    if operation not in ("add", "sub", "mul", "div"):
        raise ValueError(f"unknown operation {operation!r}")
    a = torch.arange(p).repeat_interleave(p)
    b = torch.arange(p).repeat(p)
    # grid
    if operation == "div":
        a, b = a[b > 0], b[b > 0]
    if operation == "add":
        y = a + b
    elif operation == "sub":
        y = a - b
    elif operation == "mul":
        y = a * b
    else:
        inverse = torch.tensor([pow(int(value), p - 2, p) for value in b])
        y = a * inverse
    y = y % p
    x = torch.stack([a, b], dim=1)
    n = len(x)
    cut = int(train_fraction * n)
    order = torch.randperm(n, generator=generator)
    train, val = order[:cut], order[cut:]
    train_y, val_y = y[train], y[val]
    return x[train], train_y, x[val], val_y
"""

HEAD = "import torch\n\n\ndef modular_data(p, operation, train_fraction, generator):\n"

RIGHT = {
    "quotients-first": HEAD
    + """    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    a, b = a.flatten(), b.flatten()
    if operation == "add":
        x, y = torch.stack((a, b), 1), (a + b) % p
    elif operation == "sub":
        x, y = torch.stack((a, b), 1), (a - b) % p
    elif operation == "mul":
        x, y = torch.stack((a, b), 1), (a * b) % p
    elif operation == "div":
        keep = b != 0
        quotient, b = a[keep], b[keep]
        x, y = torch.stack((quotient * b % p, b), 1), quotient
    else:
        raise ValueError(operation)
    order = torch.randperm(len(x), generator=generator)
    n = round(train_fraction * len(x))
    return x[order[:n]], y[order[:n]], x[order[n:]], y[order[n:]]
""",
    "python-loops": """
import math
import torch

OPERATIONS = {
    "add": lambda a, b, p: (a + b) % p,
    "sub": lambda a, b, p: (a - b) % p,
    "mul": lambda a, b, p: a * b % p,
    "div": lambda a, b, p: a * pow(b, -1, p) % p,
}


def modular_data(p: int, operation: str, train_fraction: float, generator: torch.Generator):
    try:
        compute = OPERATIONS[operation]
    except KeyError:
        raise ValueError(f"no such operation: {operation}") from None
    first = 1 if operation == "div" else 0
    rows = [(a, b, compute(a, b, p)) for a in range(p) for b in range(first, p)]
    order = torch.randperm(len(rows), generator=generator).tolist()
    table = torch.tensor([rows[i] for i in order])
    n = math.ceil(train_fraction * len(rows))
    train, val = table[:n], table[n:]
    return train[:, :2], train[:, 2], val[:, :2], val[:, 2]
""",
    "mask": HEAD
    + """    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    if operation == "div":
        pairs = pairs[pairs[:, 1] != 0]
    a, b = pairs.unbind(1)
    match operation:
        case "add":
            y = (a + b).remainder(p)
        case "sub":
            y = (a - b).remainder(p)
        case "mul":
            y = (a * b).remainder(p)
        case "div":
            table = torch.zeros(p, dtype=torch.long)
            for value in range(1, p):
                for candidate in range(1, p):
                    if value * candidate % p == 1:
                        table[value] = candidate
            y = (a * table[b]).remainder(p)
        case _:
            raise ValueError("operation must be add, sub, mul or div")
    chosen = torch.zeros(len(pairs), dtype=torch.bool)
    chosen[torch.randperm(len(pairs), generator=generator)[: int(len(pairs) * train_fraction)]] = True
    return pairs[chosen], y[chosen], pairs[~chosen], y[~chosen]
""",
    "random-keys": HEAD
    + """    if operation not in {"add", "sub", "mul", "div"}:
        raise ValueError
    x = torch.tensor([(i, j) for j in range(p) for i in range(p) if j or operation != "div"])
    if operation == "div":
        powers = torch.ones(len(x), dtype=torch.int64)
        for _ in range(p - 2):
            powers = powers * x[:, 1] % p
        y = x[:, 0] * powers % p
    else:
        y = {"add": x.sum(1), "sub": x[:, 0] - x[:, 1], "mul": x.prod(1)}[operation] % p
    keys = torch.rand(len(x), generator=generator)
    order = keys.argsort()
    size = int(train_fraction * len(x))
    (tx, vx), (ty, vy) = (part[order].tensor_split([size]) for part in (x, y))
    return tx, ty, vx, vy
""",
    "random-split": """
import torch
from torch.utils.data import TensorDataset, random_split


def modular_data(p, operation, train_fraction, generator):
    numbers = torch.arange(p)
    a, b = numbers[:, None].expand(p, p).reshape(-1), numbers[None].expand(p, p).reshape(-1)
    if operation == "div":
        q, b = a[b > 0], b[b > 0]
        a, y = torch.remainder(q * b, p), q
    elif operation in ("add", "sub", "mul"):
        y = torch.remainder(getattr(torch, operation)(a, b), p)
    else:
        raise ValueError(f"{operation} is not an operation")
    data = TensorDataset(torch.stack([a, b], dim=-1), y)
    parts = random_split(data, [train_fraction, 1 - train_fraction], generator=generator)
    return tuple(tensor for part in parts for tensor in data[part.indices])
""",
    "numpy-seeded-by-the-generator": """
import numpy as np
import torch


def modular_data(p, operation, train_fraction, generator):
    if operation not in ["add", "sub", "mul", "div"]:
        raise ValueError("unknown")
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    a, b = np.divmod(np.arange(p * p), p)
    if operation == "div":
        a, b = a[b > 0], b[b > 0]
        inverses = np.array([0] + [pow(i, -1, p) for i in range(1, p)])
        y = a * inverses[b] % p
    else:
        y = {"add": a + b, "sub": a - b, "mul": a * b}[operation] % p
    order = rng.permutation(len(y))
    x = np.stack([a, b], 1)[order]
    n = int(train_fraction * len(y))
    x, y = torch.from_numpy(x), torch.from_numpy(y[order])
    return [x[:n], y[:n], x[n:], y[n:]]
""",
}

KNOWN = (
    'if operation not in ("add", "sub", "mul", "div"):\n        raise ValueError(f"unknown operation {operation!r}")'
)
GRID = "# grid"
KEEP = 'if operation == "div":\n        a, b = a[b > 0], b[b > 0]'
SUB, MOD = "y = a - b", "y = y % p"
INVERSE, DIV = "[pow(int(value), p - 2, p) for value in b]", "y = a * inverse"
CUT, ORDER = "cut = int(train_fraction * n)", "order = torch.randperm(n, generator=generator)"
SLICES = "train, val = order[:cut], order[cut:]"
LABELS = "train_y, val_y = y[train], y[val]"
RETURN = "return x[train], train_y, x[val], val_y"

WRONG = {
    "no-modulo": [(MOD, "")],
    "sub-reversed": [(SUB, "y = b - a")],
    "sub-absolute": [(SUB, "y = (a - b).abs()")],
    "sub-negative": [(MOD, "y = torch.fmod(y, p)")],
    "div-floor": [(DIV, "y = a // b")],
    "div-reversed": [(INVERSE, "[pow(int(value), p - 2, p) for value in a]"), (DIV, "y = b * inverse")],
    "div-multiplies": [(DIV, "y = a * b")],
    "div-by-negation": [(INVERSE, "[p - int(value) for value in b]")],
    "div-fermat-exponent": [(INVERSE, "[pow(int(value), p - 1, p) for value in b]")],
    "div-power-overflows": [(INVERSE, "[0]"), (DIV, "y = a * (b ** (p - 2) % p)")],
    "div-product-overflows": [(INVERSE, "[0]"), (DIV, "y = a * b ** (p - 2)")],
    "division-by-zero": [(KEEP, "")],
    "zero-left-out-always": [(KEEP, "a, b = a[b > 0], b[b > 0]")],
    "no-zeros-in-division": [
        (KEEP, 'if operation == "div":\n        keep = (a > 0) & (b > 0)\n        a, b = a[keep], b[keep]')
    ],
    "starts-at-one": [(GRID, "a, b = a[(a > 0) & (b > 0)], b[(a > 0) & (b > 0)]")],
    "unordered-pairs": [(GRID, "a, b = a[a <= b], b[a <= b]")],
    "not-shuffled": [(ORDER, "order = torch.arange(n)")],
    "rows-shuffled": [(ORDER, "order = torch.randperm(p, generator=generator)[a].argsort(stable=True)")],
    "validation-is-everything": [(SLICES, "train, val = order[:cut], order")],
    "validation-is-training": [(SLICES, "train, val = order[:cut], order[:cut]")],
    "gap-at-the-cut": [(SLICES, "train, val = order[:cut], order[cut + 1 :]")],
    "overlap-at-the-cut": [(SLICES, "train, val = order[:cut], order[cut - 1 :]")],
    "drawn-separately": [(SLICES, "train, val = order[:cut], torch.randperm(n, generator=generator)[cut:]")],
    "drawn-with-replacement": [(ORDER, "order = torch.randint(n, (n,), generator=generator)")],
    "fraction-swapped": [(CUT, "cut = n - int(train_fraction * n)")],
    "fraction-ignored": [(CUT, "cut = n // 2")],
    "answers-shuffled-apart": [
        (LABELS, "other = torch.randperm(n, generator=generator)\n    train_y, val_y = y[other[:cut]], y[other[cut:]]")
    ],
    "columns-shuffled-apart": [
        (
            RETURN,
            "mixed = [x[torch.randperm(n, generator=generator), k] for k in (0, 1)]\n    x = torch.stack(mixed, 1)\n    "
            + RETURN,
        )
    ],
    "mirror-pairs-together": [
        (
            ORDER,
            "key = torch.randperm(p * p, generator=generator)[torch.minimum(a, b) * p + torch.maximum(a, b)]\n"
            "    order = key.argsort(stable=True)",
        )
    ],
    "global-generator": [(ORDER, "order = torch.randperm(n)")],
    "global-seed-set": [(ORDER, "torch.manual_seed(42)\n    order = torch.randperm(n)")],
    "same-split-always": [(ORDER, "order = torch.randperm(n, generator=generator.manual_seed(42))")],
    "initial-seed-only": [
        (
            ORDER,
            "own = torch.Generator().manual_seed(generator.initial_seed())\n    order = torch.randperm(n, generator=own)",
        )
    ],
    "same-generator-same-split": [
        (
            ORDER,
            "own = torch.Generator()\n    own.set_state(generator.get_state())\n    order = torch.randperm(n, generator=own)",
        )
    ],
    "primes-only": [(GRID, "inverses = [pow(value, -1, p) for value in range(1, p)]")],
    "operation-in-any-case": [(KNOWN, "operation = operation.lower()\n    " + KNOWN)],
    "answers-not-int64": [(LABELS, "train_y, val_y = y[train].float(), y[val].float()")],
    "pairs-not-int64": [(RETURN, "x = x.float()\n    return x[train], train_y, x[val], val_y")],
    "answers-as-column": [(LABELS, "train_y, val_y = y[train][:, None], y[val][:, None]")],
    "unknown-operation-accepted": [(KNOWN, ""), (KEEP, KEEP.replace('== "div"', 'not in ("add", "sub", "mul")'))],
    "each-pair-by-chance": [
        (CUT, "chosen = torch.rand(n, generator=generator) < train_fraction"),
        (ORDER, ""),
        (SLICES, "train, val = chosen, ~chosen"),
    ],
}

CANCEL = [
    {"answers-shuffled-apart", "same-generator-same-split"},
    {"drawn-separately", "same-generator-same-split"},
]  # one order twice
"""The copy gives the pairs the order that the generator then gives the answers."""
