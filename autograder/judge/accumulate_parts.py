"""The parts of what `accumulate` brings back, and what is said about wrong accumulated gradients from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.named_parts_task import SAID_OF_SETTINGS, Seen
from autograder.worker.codes import RANDOM_CHANGED, SEEDED

PADDING = -100.0
UNUSED, CHANGED = 2, 6
"""As the player has them: a target that counts for nothing, and parameters that the loss does not depend on; a changed list."""


def layout(program: dict[str, Any]) -> dict[str, int]:
    """What the player accumulation.py writes."""
    numbers, batches = len(program["weight"]) + 1 + UNUSED, len(program["y"])
    sizes = {"returned": 1, "grads": numbers, "params": numbers, "kind": 1}
    return {**sizes, "calls": batches, "alive": batches, "counted": batches}


def open_parts(program: dict[str, Any]) -> dict[str, Any]:
    """How often tokens are counted is open, and whether the loss of an empty micro-batch is asked for."""
    empty = np.array([all(target == PADDING for target in y) for y in program["y"]])
    return {"calls": empty, "alive": empty, "counted": True}


def say(seen: Seen) -> str:
    """The first difference: gradients, result, calls, graphs, then everything else."""
    context = f" ({seen.scenario.about})" if seen.scenario.about else ""
    if seen.wrong("grads"):
        return _gradient(seen, context)
    if seen.wrong("returned"):
        mine, right = seen.mine["returned"][0], seen.right["returned"][0]
        what = {4: "None", 5: "something that is no number"}.get(int(seen.mine["kind"][0]), f"{mine:.5g}")
        return f"The gradients are right, but it returned {what}{context}; the mean loss of all tokens is {right:.5g}."
    if seen.wrong("calls"):
        listed = ", ".join(f"{n:.0f}" for n in seen.mine["calls"])
        return f"loss_sum_fn was called {listed} times for the micro-batches one after another{context}; once each is right."
    if seen.wrong("alive"):
        most = int(seen.mine["alive"].max())
        graphs = (
            "the graph of 1 other micro-batch was" if most == 1 else f"the graphs of {most} other micro-batches were"
        )
        return f"When a loss was computed, {graphs} still in memory{context}; there should be none."
    if seen.wrong("params"):
        return f"A parameter changed{context}; only gradients should."
    kind = seen.mine["kind"][0]
    if kind in SAID_OF_SETTINGS:
        return SAID_OF_SETTINGS[kind]
    if kind == SEEDED:
        return "Random numbers start again for every micro-batch, so dropout would drop the same ones. Is a seed set inside?"
    if kind == RANDOM_CHANGED:
        return (
            "Your function changes torch's random numbers: it draws some, or sets a seed. Dropout, and whatever else is "
            "random, feels that."
        )
    if kind == CHANGED:
        what = "micro_batches, or one of them" if "kinds" in seen.scenario.program else "the list micro_batches"
        return f"Your function changed {what}{context}; that is its caller's. Leave it as it is."
    return "The returned loss is a tensor that still carries its autograd graph; return a plain number."


def _gradient(seen: Seen, context: str) -> str:
    mine, right = seen.mine["grads"], seen.right["grads"]
    start = _entry(seen)
    before = np.nan_to_num(start)
    if np.isnan(mine[:-UNUSED]).any():
        none = np.isnan(mine[:-UNUSED]).all() and np.isnan(start[:-UNUSED]).all()
        return f"After your call the gradients are {'None or ' if none else ''}NaN{context}."
    added, wanted = (np.nan_to_num(grad - before)[:-UNUSED] for grad in (mine, right))
    if not added.any():
        return f"Your call left the gradients as they were{context}."
    factor = float(np.dot(added, wanted) / np.dot(wanted, wanted))
    if np.allclose(added, factor * wanted, rtol=1e-4, atol=1e-4 * float(np.abs(wanted).max())):
        return f"Your gradient is {factor:.4g} × that of the mean loss{context}."
    off = float(np.linalg.norm(added - wanted) / np.linalg.norm(wanted))
    return f"Your gradient is {100 * off:.3g} % off that of the mean loss, and not by one factor{context}."


def _entry(seen: Seen) -> np.ndarray:
    """The gradients on entry, NaN where they are None."""
    sizes = (len(seen.scenario.program["weight"]), 1, UNUSED)
    grads = zip(seen.scenario.program["grads"], sizes, strict=True)
    return np.concatenate([np.full(size, np.nan) if grad is None else np.ravel(grad) for grad, size in grads])
