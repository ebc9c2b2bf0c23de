"""What can be said about a wrong script from its numbers alone, when no known mistake fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.exception_advice import LOSS_ADVICE, OBJECT_ADVICE, advice

HEAD = 2


def explain_script(entry: str, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
    """One or two sentences: after which event, which number, and what it is."""
    events = scenario.program["events"]
    context = f" ({scenario.about})" if scenario.about else ""
    if evidence.raised:
        event = events[evidence.event - 1] if evidence.event >= 1 else []
        where = in_words(events, evidence.event - 1) if event else f"Building {entry}"
        known = LOSS_ADVICE if event[:2] == ["call", "scale"] else OBJECT_ADVICE
        return f"{where}{context} raised {evidence.text}.{advice(evidence.text, known)}"
    width = scenario.size // len(events)
    fine = close(evidence.values, expected).reshape(-1, width)
    wrong = np.flatnonzero(~fine.all(axis=1))
    if not wrong.size:
        return ""
    row = int(wrong[0])
    mine, right = (values.reshape(-1, width)[row] for values in (evidence.values, expected.values))
    return f"{in_words(events, row)}{context}: {_what(mine, right, fine[row], events[row])}"


def in_words(events: list[list[Any]], index: int) -> str:
    """An event in words: "Call 2 of step()", "backward() of the scaled loss"."""
    kind, *rest = events[index]
    if kind == "call":
        number = sum(event[:2] == events[index][:2] for event in events[: index + 1])
        return f"Call {number} of {rest[0]}()"
    number = sum(event[0] == kind for event in events[: index + 1])
    names = {
        "backward": f"Loss {number}",
        "shrink": "After the gradients were made smaller",
        "shrink_held": f"After g.mul_({rest[0] if rest else 0.5}), where g = p.grad was taken before unscale_()",
        "reload": "After saving and loading",
        "save": "After saving",
        "beside": "After a second object found an overflow",
        "restore": f"After going back for the {'first' if number == 1 else 'second'} time to what was saved",
        "clamp": "After clip_grad_value_",
        "add_group": "After a parameter group was added",
        "freeze": "After parameters were frozen",
        "entries": "After a step that was skipped",
        "set_lr": "After a schedule set another learning rate",
        "repeat": f"After {rest[0] if rest else 0} iterations",
    }
    return names[kind]


def _what(mine: np.ndarray, right: np.ndarray, fine: np.ndarray, event: list[Any]) -> str:
    count = (mine.size - HEAD) // 3
    parts = {
        "the parameters": slice(HEAD, HEAD + count),
        "the gradients": slice(HEAD + 2 * count, HEAD + 3 * count),
    }
    if not fine[1]:
        return "it raised an error where none belongs." if right[1] == 0 else _error(mine[1])
    if event[0] == "entries" and not fine[0]:
        return f"entries in the optimizer's param_groups and state that were not there before: {mine[0]:g}; expected 0."
    if not fine[0]:
        what = "the scaled loss" if event[0] == "backward" else "what it returned"
        if np.isnan(mine[0]):
            return f"{what} is no number (it is None or something else); expected {_shown(right[0], event)}."
        return f"{what} is {_shown(mine[0], event)}; expected {_shown(right[0], event)}.{_ratio(mine[:1], right[:1])}"
    for name, part in parts.items():
        if not fine[part].all():
            return _difference(name, mine[part], right[part], fine[part])
    return "the parameters have new values, but in new memory; change them in place, with copy_()."


def _error(code: float) -> str:
    return (
        "it raised no error; a RuntimeError belongs here."
        if code == 0
        else "it raised another error than RuntimeError."
    )


def _difference(name: str, mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
    bad = ~fine
    if np.isnan(right[bad]).all() and not np.isnan(mine[bad]).any():
        return f"{name} should be {'None' if name == 'the gradients' else 'NaN'} there, and are not."
    if np.isnan(mine[bad]).all() and name == "the gradients" and not np.isnan(right[bad]).any():
        return f"{name} are None or NaN, and should not be."
    i = int(np.argmax(bad))
    which = "" if bad.all() else f" ({bad.sum()} of {bad.size} numbers)"
    return f"{name}{which} are not right: the first is {mine[i]:.6g}; expected {right[i]:.6g}.{_ratio(mine[bad], right[bad])}"


def _ratio(mine: np.ndarray, right: np.ndarray) -> str:
    """ " That is 2 × the expected value.", where that holds for all."""
    if not (np.isfinite(mine).all() and np.isfinite(right).all() and np.all(right != 0)):
        return ""
    ratios = mine / right
    if np.ptp(ratios) > 1e-4 * abs(ratios[0]) or ratios[0] == 0:
        return ""
    return f" That is {ratios[0]:.6g} × the expected value."


def _shown(value: float, event: list[Any]) -> str:
    if event[:2] == ["call", "step"]:
        return {1.0: "True", 0.0: "False"}.get(value, "None or no number" if np.isnan(value) else f"{value:g}")
    return "None or no number" if np.isnan(value) else f"{value:.6g}"
