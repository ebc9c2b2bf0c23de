"""What is said of a function that changed the model it should only sort."""

from __future__ import annotations

from autograder.worker.codes import ATTRIBUTES, GRADIENTS, MEMORY, MODES

CHANGES = {
    MODES: "a module is in training mode that was not, or the other way round",
    GRADIENTS: "its gradients",
    ATTRIBUTES: "something has a new attribute or hook",
    MEMORY: "a dtype, or where its numbers are in memory",
}


def said_of_change(code: float) -> str:
    """A sentence for a worker's code."""
    what = CHANGES.get(code)
    return f"Your function changed the model{f' ({what})' if what else ''}; it should only sort its parameters."
