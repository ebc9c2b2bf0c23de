"""What is seen of a table of pairs that was cut at random: properties that do not depend on the draw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.oracles.modular_data import answers as right_answers
from autograder.worker.codes import NO_PAIRS
from autograder.worker.players.modular import HEAD_SIZE

FORM = ("error", "parts", "x_dims", "y_dims", "x_int64", "y_int64", "lengths")
SPLIT = ("size_error", "overlap", "shared", "block", "whole_rows", "whole_columns", "one_side", "even", "mirrored")
TABLE = ("missing", "lost", "twice", "outside", "wrong_answers", "right_in_another_order", "largest")
EXAMPLE = ("wrong_a", "wrong_b", "wrong_y")
"""Of a call that is too large for tables: the first pair with a wrong answer, and that answer."""
WHOLE = ("columns", "out_of_range")
"""Of all pairs together: whether each column has each number as often as it should; whether an answer is no remainder."""
COMPARED = ("same_as_first", "same_size", "repeats")
DRAWS = ("global_untouched", "kept", *COMPARED)
LINES = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Lines of the table: pairs with the same first number, the same second one, sum, difference, answer."""
LEAST = 5
"""For a smaller p chance alone makes cuts along rows and columns, and hides mistakes."""
MANY = 37
"""From this p on chance alone puts no line of a table on one side of a cut in the middle, once in 10^8 or so."""
REMEMBERED = 256
"""Calls whose features are kept, of at most 100 KB each."""
FEATURES = (*FORM, *SPLIT, *TABLE, *DRAWS, *WHOLE, *EXAMPLE)


def width(call: dict[str, Any]) -> int:
    """How many numbers are seen of a call."""
    return len(FEATURES) + 2 * cells(call)


def cells(call: dict[str, Any]) -> int:
    """How many pairs have a place of their own in what is seen: none, where only some rows come back."""
    return 0 if call.get("sampled") else int(call["p"] ** 2)


def blocks(values: np.ndarray, scenario: Scenario) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    """A scenario's raw numbers by call."""
    start = 0
    for call in scenario.program["calls"]:
        stop = start + HEAD_SIZE + 6 * call["rows"]
        yield values[start:stop], call
        start = stop


@dataclass
class Seen:
    """What is seen of one call: features by name, and for every pair its answer and how often it is there."""

    features: dict[str, float]
    answers: np.ndarray
    counts: np.ndarray
    raw: np.ndarray

    def numbers(self) -> np.ndarray:
        """`width` of them: the features, then for each pair its answer, then how often it is there."""
        return np.concatenate([[self.features[name] for name in FEATURES], self.answers, self.counts])


def seen(block: np.ndarray, call: dict[str, Any]) -> Seen:
    """What is seen of one call, from its raw numbers."""
    if call.get("sampled"):
        nothing = np.zeros(0)
        return Seen(_sampled(block, call), nothing, nothing, block)
    features, answers, counts = _looked_at(block.tobytes(), call["p"], call["operation"], call["train_fraction"])
    return Seen(dict(features), answers, counts, block)


def _sampled(block: np.ndarray, call: dict[str, Any]) -> dict[str, float]:
    """The features of a call of which some rows came back. What only a whole table could show is NaN."""
    p, due = call["p"], call["p"] ** 2
    features = _form(block)
    if block[0] != 0:
        return features
    rows = block[HEAD_SIZE:].reshape(-1, 3)
    rows = rows[~np.isnan(rows[:, 0])]
    good = _inside(rows, p)
    a, b, y = rows[good].T
    wrong = np.flatnonzero(right_answers(call["operation"], a.astype(int), b.astype(int), p) != y)
    sizes = block[5], block[11]
    error = sizes[0] - call["train_fraction"] * due
    features["size_error"] = 0.0 if abs(error) < 1 else round(float(error), 6)
    features |= {
        "lost": due - float(sum(sizes)),
        "outside": float(not good.all()),
        "wrong_answers": float(wrong.size > 0),
    }
    features["out_of_range"] = float(not ((y >= 0) & (y < p)).all())
    if wrong.size:
        features |= dict(zip(EXAMPLE, (float(column[wrong[0]]) for column in (a, b, y)), strict=True))
    return features


def _form(block: np.ndarray) -> dict[str, float]:
    """What the head of a block says; NaN for everything else."""
    features = dict.fromkeys(FEATURES, np.nan) | {"error": float(block[0])}
    if block[0] != 0:
        return features
    dims, lengths, whole = block[4 : HEAD_SIZE - 1].reshape(4, 3).T
    features |= {"parts": block[1], "x_dims": _both(dims[::2]), "y_dims": _both(dims[1::2])}
    features |= {"x_int64": whole[::2].min(), "y_int64": whole[1::2].min()}
    features["lengths"] = float(np.array_equal(lengths[::2], lengths[1::2]))
    return features | {"global_untouched": float(block[2] == block[3]), "kept": float(block[HEAD_SIZE - 1])}


@lru_cache(maxsize=REMEMBERED)
def _looked_at(
    raw: bytes, p: int, operation: str, train_fraction: float
) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Features, answers and counts; not to be changed. Most mistakes leave most calls as they are."""
    call = {"p": p, "operation": operation, "train_fraction": train_fraction}
    block = np.frombuffer(raw)
    rows = block[HEAD_SIZE:].reshape(2, -1, 3)
    features = _form(block)
    if block[0] != 0:
        nothing = np.full(p * p, np.nan)
        return features, nothing, nothing
    train, val = (half[~np.isnan(half[:, 0])] for half in rows)
    inside = [half[_inside(half, p)] for half in (train, val)]
    cells = [(half[:, 0] * p + half[:, 1]).astype(int) for half in inside]
    counts = [np.bincount(cell, minlength=p * p).astype(float) for cell in cells]
    answers = _answers(np.concatenate(cells), np.concatenate(inside)[:, 2], p)
    features |= _table(counts, answers, call, sum(map(len, (train, val))) - sum(map(len, inside)))
    features |= _split(counts, block[5], call) | _pattern(counts, call)
    features |= _whole_table(counts[0] + counts[1], np.concatenate([train, val])[:, 2], call)
    return features, answers, counts[0] + counts[1]


def _both(values: np.ndarray) -> float:
    if NO_PAIRS in values:
        return NO_PAIRS
    return float(values[0]) if values[0] == values[1] else -1.0


def _inside(rows: np.ndarray, p: int) -> np.ndarray:
    pairs = rows[:, :2]
    return np.asarray(((pairs >= 0) & (pairs < p) & (pairs == np.floor(pairs))).all(axis=1))


def _answers(cells: np.ndarray, given: np.ndarray, p: int) -> np.ndarray:
    """The answer of each pair where all its lines agree, NaN where it is not there, −1000 where they do not agree."""
    found = np.full(p * p, np.nan)
    found[cells] = given
    found[cells[found[cells] != given]] = -1000.0
    return found


@cache
def _due(operation: str, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every pair of numbers below p: whether it belongs into the data, and its answer."""
    cells = np.arange(p * p)
    return (cells % p > 0) | (operation != "div"), right_answers(operation, cells // p, cells % p, p).astype(float)


def _table(counts: list[np.ndarray], answers: np.ndarray, call: dict[str, Any], outside: int) -> dict[str, float]:
    total = counts[0] + counts[1]
    due, truth = _due(call["operation"], call["p"])
    wrong = (answers[due & (total > 0)] != truth[due & (total > 0)]).mean() if (due & (total > 0)).any() else 0.0
    given = answers[np.isfinite(answers)]
    return {
        "largest": float(given.max(initial=0.0)),
        "missing": float((total[due] == 0).any()),
        "lost": float((total[due] == 0).sum()),
        "twice": float((counts[0] > 1).any() or (counts[1] > 1).any()),
        "outside": float(outside > 0 or (total[~due] > 0).any()),
        "wrong_answers": float(wrong > 0),
        "right_in_another_order": float(wrong > 0 and np.array_equal(np.sort(answers[due]), np.sort(truth[due]))),
    }


def _split(counts: list[np.ndarray], size: float, call: dict[str, Any]) -> dict[str, float]:
    p, many = call["p"], call["p"] >= LEAST
    due = p * (p - 1) if call["operation"] == "div" else p * p
    error = size - call["train_fraction"] * due
    side = (counts[0] > 0).reshape(p, p)
    start = 1 if call["operation"] == "div" else 0
    table = side[:, start:]
    lines = [table.ravel(), table.T.ravel()]
    return {
        "size_error": 0.0 if abs(error) < 1 else round(error, 6),
        "overlap": float(((counts[0] > 0) & (counts[1] > 0)).any()),
        "shared": float(((counts[0] > 0) & (counts[1] > 0)).sum()),
        "block": float(many and any(np.count_nonzero(np.diff(line.astype(int))) <= 1 for line in lines)),
        "whole_rows": float(many and _whole(table) >= len(table) - 1),
        "whole_columns": float(many and _whole(table.T) >= len(table.T) - 1),
    }


def _pattern(counts: list[np.ndarray], call: dict[str, Any]) -> dict[str, float]:
    """What a random choice never looks like in a large table that is cut in the middle: a line on one side only, all lines
    of a kind cut alike, nearly every pair where its mirror image is (1) or is not (2). 0 where there is nothing to see."""
    p = call["p"]
    due, truth = _due(call["operation"], p)
    found = {"one_side": 0.0, "even": 0.0, "mirrored": 0.0}
    if p < MANY or not np.array_equal(counts[0] + counts[1], due):
        return found
    a, b = np.divmod(np.flatnonzero(due), p)
    side = counts[0][due]
    for kind, line in zip(LINES, (a, b, (a + b) % p, (a - b) % p, truth[due].astype(int)), strict=True):
        length, here = (np.bincount(line, weights=weights, minlength=p) for weights in (None, side))
        real = length > 0
        if found["one_side"] == 0 and ((here == 0) | (here == length))[real].any():
            found["one_side"] = kind
        if found["even"] == 0 and (np.abs(here - side.mean() * length) < 1)[real].all():
            found["even"] = kind
    table = counts[0].reshape(p, p)
    upper = np.triu_indices(p, 1)
    both = due.reshape(p, p)[upper] & due.reshape(p, p).T[upper]
    same = (table[upper] == table.T[upper])[both]
    found["mirrored"] = float(same.mean() > 0.95) + 2.0 * float(same.mean() < 0.05)
    return found


def _whole_table(total: np.ndarray, answers: np.ndarray, call: dict[str, Any]) -> dict[str, float]:
    p = call["p"]
    due, _ = _due(call["operation"], p)
    mine, right = (table.reshape(p, p) for table in (total, due.astype(float)))
    return {
        "columns": float(all(np.array_equal(mine.sum(axis=axis), right.sum(axis=axis)) for axis in (0, 1))),
        "out_of_range": float(not ((answers >= 0) & (answers < p)).all()),
    }


def _whole(table: np.ndarray) -> int:
    """How many rows are all on one side."""
    return int((table.all(axis=1) | ~table.any(axis=1)).sum())


def compare_draws(found: list[Seen], scenario: Scenario) -> None:
    """Whether each call brought exactly what the first one did, or another before it, where their arguments are the same."""
    calls = scenario.program["calls"]
    keys = [(call["p"], call["operation"], call["train_fraction"]) for call in calls]
    for item, key in zip(found, keys, strict=True):
        if item.features["error"] != 0 or found[0].features["error"] != 0 or key != keys[0]:
            continue
        same = np.array_equal(item.raw[HEAD_SIZE:], found[0].raw[HEAD_SIZE:], equal_nan=True)
        sizes = {one.raw[5] for one, other in zip(found, keys, strict=True) if other == key}
        item.features |= {"same_as_first": float(same), "same_size": float(len(sizes) == 1)}
        item.features["repeats"] = float(_repeats(item, found, keys))


def _repeats(item: Seen, found: list[Seen], keys: list[Any]) -> bool:
    """Whether a call brought what another one before it did, other than the first."""
    mine = item.raw[HEAD_SIZE:]
    for before, key in zip(found[1:], keys[1:], strict=True):
        if before is item:
            return False
        if key == keys[0] and np.array_equal(before.raw[HEAD_SIZE:], mine, equal_nan=True):
            return True
    return False
