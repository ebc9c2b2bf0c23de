"""What can be said about wrong data modulo p from the pairs alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.function_task import _error_name
from autograder.judge.modular_seen import DRAWS, EXAMPLE, FEATURES, LINES, SPLIT
from autograder.judge.modular_task import shown
from autograder.oracles.modular_data import answers as right_answers
from autograder.worker.codes import NO_PAIRS


def explain_call(call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
    """One or two sentences about the first thing that is wrong with a call."""
    named = dict(zip(FEATURES, mine, strict=False))
    wrong = {name for name, good in zip(FEATURES, fine, strict=False) if not good}
    name = shown(call)
    if "error" in wrong:
        return _error(name, named["error"], right[0])
    found = _form(named, wrong)
    if found:
        return f"{name} {found}"
    found = _pairs(call, mine, right, fine) or _answers(call, mine, right, fine) or _split(call, named, wrong)
    if found:
        return f"{name}: {found}"
    return f"{name}{_with_seed(call)}: {_draws(call, named, wrong)}"


def _error(name: str, mine: float, right: float) -> str:
    if right == 0:
        return f"{name} raised {_error_name(mine)}."
    what = "returned something" if mine == 0 else f"raised {_error_name(mine)}"
    return f"{name} {what}; it should raise ValueError."


def _form(named: dict[str, float], wrong: set[str]) -> str:
    if "parts" in wrong:
        return "did not return four things: train_x, train_y, val_x, val_y."
    if named["x_dims"] == NO_PAIRS:
        return "returned an x of other than two columns: a row of x is one pair (a, b)."
    if "x_dims" in wrong:
        return "returned an x that is not a matrix with one pair in each row."
    if "y_dims" in wrong:
        return "returned a y that is not a vector of one number for each pair."
    if "lengths" in wrong:
        return "returned an x and a y of different lengths."
    if "x_int64" in wrong:
        return "returned an x whose dtype is not torch.int64."
    return "returned a y whose dtype is not torch.int64." if "y_int64" in wrong else ""


def _tables(call: dict[str, Any], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    answers, counts = values[len(FEATURES) :].reshape(2, -1)
    return answers, counts


def _pair(call: dict[str, Any], cell: int) -> str:
    return f"({cell // call['p']}, {cell % call['p']})"


def _pairs(call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
    (_, counts), (_, due), (_, good) = (_tables(call, values) for values in (mine, right, fine))
    cells = np.flatnonzero(good == 0)
    if cells.size:
        cell = int(cells[0])
        if due[cell] == 0:
            return f"the pair {_pair(call, cell)} should not be there."
        if counts[cell] == 0:
            missing = int(((counts == 0) & (due > 0)).sum())
            what = f"{missing} pairs are missing, among them" if missing > 1 else "one pair is missing:"
            return f"{what} {_pair(call, cell)}."
        return f"the pair {_pair(call, cell)} is there {counts[cell]:.0f} times."
    if call.get("sampled") and not fine[FEATURES.index("lost")]:
        return f"{call['p'] ** 2 - mine[FEATURES.index('lost')]:.0f} pairs are there, where {call['p'] ** 2} are right."
    outside = FEATURES.index("outside")
    return "" if fine[outside] else f"some pairs are not pairs of numbers from 0 to {call['p'] - 1}."


def _number(value: float) -> str:
    """Whole numbers with all their digits, as far as they are exact."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 2**53 else f"{value:g}"


def _answers(call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
    a, b, given = (mine[FEATURES.index(name)] for name in EXAMPLE)
    if not np.isnan(a):
        wanted = right_answers(call["operation"], np.array(int(a)), np.array(int(b)), call["p"])
        return f"for the pair ({a:.0f}, {b:.0f}) the answer is {_number(given)}, where {wanted:d} is right."
    (answers, _), (due, _), (good, _) = (_tables(call, values) for values in (mine, right, fine))
    cells = np.flatnonzero(good == 0)
    if not cells.size:
        return ""
    cell = int(cells[min(len(cells) - 1, 1)])
    given = "two different numbers" if answers[cell] == -1000 else _number(answers[cell])
    return f"for the pair {_pair(call, cell)} the answer is {given}, where {_number(due[cell])} is right."


def _split(call: dict[str, Any], named: dict[str, float], wrong: set[str]) -> str:
    first = next((name for name in SPLIT if name in wrong), "")
    p = call["p"]
    due = p * (p - 1) if call["operation"] == "div" else p * p
    wanted = call["train_fraction"] * due
    lines = "" if first != "block" else "the training pairs are one block of the table, not a random choice."
    return {
        "size_error": f"{wanted + named['size_error']:.0f} pairs are for training, but {call['train_fraction']} × {due} "
        f"is {wanted:g}.",
        "overlap": "some pairs are in training and in validation.",
        "block": lines,
        "whole_rows": "pairs with the same first number stay together; at most one first number is on both sides of the cut.",
        "whole_columns": "pairs with the same second number stay together; at most one of them is on both sides of the cut.",
        "one_side": f"all pairs with one {_line(named['one_side'])} are on one side of the cut. A random choice never does that.",
        "even": f"the cut divides the pairs of every {_line(named['even'])} alike. A random choice never does that.",
        "mirrored": "(a, b) and (b, a) are "
        + ("on the same side" if named["mirrored"] == 1 else "on different sides")
        + " of the cut nearly always. A random choice does that for half of them.",
    }.get(first, "")


def _line(kind: float) -> str:
    names = ("first number", "second number", "sum a + b modulo p", "difference a − b modulo p", "answer")
    return dict(zip(LINES, names, strict=True)).get(float(kind), "number")


def _with_seed(call: dict[str, Any]) -> str:
    if call.get("advance"):
        return ", called with a generator that somebody else drew from before"
    return ", called again with a generator that was used before" if call["seed"] is None else ""


def _draws(call: dict[str, Any], named: dict[str, float], wrong: set[str]) -> str:
    first = next((name for name in DRAWS if name in wrong), "")
    if first == "same_as_first" and named[first] == 1:
        if call["seed"] is None:
            return "this gives the same split as the first call. The generator should have moved on, and give another."
        return "this gives the same split as the first call, although its generator is in another state."
    if first == "repeats" and named[first] == 0:
        return "a new generator with the same seed does not give the same split."
    return {
        "kept": "a later call changed the tensors that this one had returned. Return new ones in every call.",
        "repeats": "this gives the same split as another call, although their generators are in different states.",
        "global_untouched": "torch's global generator is not as it was before the call.",
        "same_as_first": "a new generator with the same seed draws something else than the first did.",
        "same_size": "the size of the training set changes from call to call.",
    }.get(first, "")
