"""The parts of what `clip` brings back, and what is said about a wrong clip_grad_norm_ from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.named_parts_task import SAID_OF_SETTINGS, Seen
from autograder.judge.simulate import numel
from autograder.worker.codes import REQUIRING

SAME = 1e-5
"""Relative difference of two numbers that are called the same; torch's 1e-6 in the denominator is less."""


def layout(program: dict[str, Any]) -> dict[str, int]:
    """What the player clipping.py writes."""
    size = numel(program["shapes"])
    return {"returned": 1, "grads": size, "views": size, "params": size, "kind": 1, "changed": 1}


def nonfinite_is_open(program: dict[str, Any]) -> dict[str, Any]:
    """What becomes of gradients that are not finite is left open; the returned norm is not."""
    return {"grads": True, "views": True} if program.get("open") else {}


def say(seen: Seen) -> str:
    """The first difference: what became of the gradients, what was returned, then everything else."""
    program, context = seen.scenario.program, f" ({seen.scenario.about})" if seen.scenario.about else ""
    if seen.wrong("grads"):
        told = f"max_norm is {program['max_norm']:.5g}{context if np.isfinite(program['max_norm']) else ''}."
        return f"{_gradients(seen)} {told}{_without_one(seen) or _nearly(seen)}"
    if seen.wrong("returned"):
        returned, norm = float(seen.mine["returned"][0]), float(seen.right["returned"][0])
        what = {4: "None", 5: "something that is no number"}.get(int(seen.mine["kind"][0]), f"{returned:.5g}")
        return f"It returned {what}{context}; the norm of all gradients together, before clipping, is {norm:.5g}."
    if seen.wrong("views"):
        return (
            "p.grad has the right values, but in a new tensor or new memory: a reference to it, or a view of it, from before "
            "your call keeps the old ones."
        )
    if seen.wrong("params"):
        return f"The gradients are right, but a parameter itself changed{context}."
    if seen.wrong("changed"):
        how = "requires a gradient itself" if seen.mine["changed"][0] >= REQUIRING else "has another dtype or shape"
        return f"After your call a gradient {how}{context}."
    if seen.mine["kind"][0] in SAID_OF_SETTINGS:
        return SAID_OF_SETTINGS[seen.mine["kind"][0]]
    carries = "a tensor that carries an autograd graph" if seen.mine["kind"][0] == 2 else "no tensor"
    return f"The returned number is right, but it is {carries}."


def _gradients(seen: Seen) -> str:
    shapes = seen.scenario.program["shapes"]
    edges = np.cumsum([0, *(numel([shape]) for shape in shapes)])
    before = [None if grad is None else np.array(grad) for grad in seen.scenario.program["grads"]]
    whole = np.sqrt(sum(float(np.sum(grad**2)) for grad in before if grad is not None))
    after = float(np.linalg.norm(np.nan_to_num(seen.mine["grads"])))
    fine = seen.fine["grads"]
    number = next(i for i in range(len(shapes)) if not fine[edges[i] : edges[i + 1]].all())
    mine, start = seen.mine["grads"][edges[number] : edges[number + 1]], before[number]
    who = f"gradient {number + 1} of {len(shapes)}" if len(shapes) > 1 else "the gradient"
    norms = f"The norm of all gradients was {whole:.5g}, and is {after:.5g} after your call."
    if start is None or not np.isfinite(mine).all():
        return f"After your call {who} is {'no longer None' if start is None else 'not finite, or gone'}."
    return f"{norms} {who[0].upper()}{who[1:]} {_became(mine, start)};"


def _without_one(seen: Seen) -> str:
    """The gradient without which the factor would be right."""
    mine, before = np.nan_to_num(seen.mine["grads"]), seen.scenario.program["grads"]
    start = _before(seen)
    there = np.isfinite(start) & (start != 0)
    factors = mine[there] / start[there]
    if not factors.size or not 0 < factors[0] < 1 or not np.allclose(factors, factors[0], rtol=SAME, atol=0):
        return ""
    lengths = [0.0 if grad is None else float(np.linalg.norm(grad)) for grad in before]
    norm = seen.scenario.program["max_norm"] / factors[0]
    whole = np.sqrt(np.sum(np.square(lengths)))
    left = [np.sqrt(max(0.0, whole**2 - length**2)) for length in lengths]
    fits = [i for i, one in enumerate(left) if abs(one - norm) <= SAME * norm and abs(one - whole) > 10 * SAME * whole]
    return f" That would be right if gradient {fits[0] + 1} did not count." if len(fits) == 1 else ""


def _before(seen: Seen) -> np.ndarray:
    """All gradients as they were, NaN where there is none."""
    return np.concatenate([np.ravel(grad) if grad is not None else [np.nan] * size for grad, size in _sized(seen)])


def _sized(seen: Seen) -> list[tuple[list[float] | None, int]]:
    shapes = seen.scenario.program["shapes"]
    return [(grad, numel([shape])) for grad, shape in zip(seen.scenario.program["grads"], shapes, strict=True)]


def _nearly(seen: Seen) -> str:
    """Gradients that are all off by the same small factor, which is no rounding of their own dtype."""
    mine, right = (np.nan_to_num(part["grads"]) for part in (seen.mine, seen.right))
    size = float(np.dot(right, right))
    off = float(np.dot(mine, right)) / size - 1 if size and np.isfinite(mine).all() else 1.0
    if mine.size and np.array_equal(mine, _before(seen)):
        return ""
    if not 0 < abs(off) < 0.02 or not np.allclose(mine, (1 + off) * right, rtol=1e-3 * abs(off), atol=0):
        return ""
    if off > 0:
        asked = "Are parts of the gradients left out of the norm, is it another norm than the root of all squares,"
    else:
        asked = "Is something larger than 1e-6 added to the norm,"
    much = f"{100 * abs(off):.2g} % too {'long' if off > 0 else 'short'}"
    return f" All of them are {much}. {asked} or is it or the factor rounded to a small dtype?"


def _became(mine: np.ndarray, start: np.ndarray) -> str:
    size = float(np.dot(start, start))
    factor = float(np.dot(mine, start)) / size if size else 0.0
    if np.allclose(mine, start, rtol=1e-9):
        return "is as it was"
    if np.allclose(mine, factor * start, rtol=1e-2, atol=0):
        return f"became {factor:.4g} × what it was"
    return "points in another direction than before"
