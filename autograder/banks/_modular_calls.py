"""Calls that modular_data is tried on."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.modular_task import draws


def scenarios(rng: np.random.Generator) -> list[Any]:
    """Every operation at several p, several fractions, draws that show where randomness comes from, bad names, a large p."""

    def call(operation: str, p: int, fraction: float = 0.5, **more: Any) -> dict[str, Any]:
        seed = int(rng.integers(1, 10_000))
        return {"p": p, "operation": operation, "train_fraction": fraction, "seed": seed, **more}

    first, second = (int(p) for p in rng.choice([7, 11, 13], size=2, replace=False))
    fractions = [round(float(f), 2) for f in (rng.uniform(0.25, 0.45), rng.uniform(0.55, 0.85))]
    found = [
        draws("add", "", [call("add", first), call("add", second, fractions[0])]),
        draws(
            "others",
            "",
            [call(operation, p) for operation in ("sub", "mul") for p in (first, second)] + [call("mul", 23)],
        ),
        draws("div", "", [call("div", 7), call("div", 11, fractions[1]), call("div", second), call("div", 2)]),
        draws("split", "", [call("add", 11, f) for f in fractions] + [call("mul", 13, 0.3), call("div", 13, 0.75)]),
        _draws(call("sub", 11, fractions[0])),
    ]
    names = [*rng.permutation(["pow", "divide", ""])[:2], str(rng.choice(["ADD", "Div", "Mul"]))]
    calls = [call("add", 7), *(call(str(name), 7) for name in names), call("div", 7)]
    found.append(draws("invalid", "", calls))
    large = int(rng.choice([41, 43]))
    found.append(draws("large", "", [call("div", large), call(str(rng.choice(["add", "mul"])), large)]))
    longer = [call(operation, 12, fractions[1]) for operation in ("add", "sub", "mul")]
    longer += [call("mul", int(rng.choice([219, 221, 223])), sampled=200)]
    longer += [call("add", int(rng.choice([163, 165, 167])), sampled=200)]
    found += [draws("others", "", longer[:3]), draws("others", "", longer[3:])]
    found.append(draws("split", "", [call("add", 23, 0.05), call("sub", 23, 0.95)]))
    found.append(draws("invalid", "", [call(name, 7) for name in ("sub", "", "d", "add,sub", "addition")]))
    return [*found, draws("draws", "", [{**call("mul", 7), "seed": 1000 + number} for number in range(10)])]


def _draws(call: dict[str, Any]) -> Any:
    """Seed s; s again with another global seed; another seed; the first generator once more; s, after other draws."""
    seed = call["seed"]
    plans = [
        {"generator": 0, "seed": seed, "ambient": 1},
        {"generator": 1, "seed": seed, "ambient": 2},
        {"generator": 2, "seed": seed + 1, "ambient": 1},
        {"generator": 0, "seed": None, "first_seed": seed, "ambient": 3},
        {"generator": 3, "seed": seed, "ambient": 4, "advance": 3},
    ]
    return draws("draws", "", [{**call, **plan} for plan in plans])
