"""Mistakes in how a new value gets into a parameter: in place, in its own memory and dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.rounding import representable
from autograder.judge.variants import misconception


def _view_left_behind(run: Any, i: int, new: np.ndarray) -> None:
    run.params[i] = new


def _as_float32(run: Any, i: int, new: np.ndarray) -> None:
    """Read as float32, changed, written as float32."""
    old = run.params[i]
    run.params[i] = run.views[i] = representable(representable(old, "float32") + (new - old), "float32")


def _nothing_moves(run: Any, i: int, new: np.ndarray) -> None:
    """The new value went into a local variable."""


STORAGE = [
    misconception(
        "storage-replaced",
        "that puts a new tensor into p.data instead of changing the parameter in place",
        (
            "A view of the parameter, taken before training, no longer follows it. Why?",
            "p.data = ... gives the parameter new memory; who still points at the old memory?",
            "Change the values in place, with sub_, add_, mul_ or copy_.",
        ),
        storage=_view_left_behind,
    ),
    misconception(
        "float32-inside",
        "that turns parameters into float32 to compute with, whatever their dtype",
        (
            "A float64 parameter of 10000 should end at 9999.9876. What does float32 make of that?",
            "p.float() forgets half of a float64 parameter's digits. Where does your step call it?",
            "Compute in the parameter's own dtype: leave out .float() and dtype=torch.float32.",
        ),
        storage=_as_float32,
        inside=lambda: "float32",
    ),
    misconception(
        "local-variable-only",
        "that never changes a parameter",
        (
            "Print the new value that your step computes. Is it computed at all, and where does it go?",
            "p = p - ... gives the name p to a new tensor. What happens to the model's tensor?",
            "Write into the parameter: p.sub_(...) or p.add_(..., alpha=-lr), under torch.no_grad().",
        ),
        storage=_nothing_moves,
    ),
]
