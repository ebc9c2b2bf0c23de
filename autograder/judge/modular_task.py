"""A task whose right answers are random: a table of all pairs, cut at random into training and validation.

The worker brings back the pairs themselves. `observe` turns them into numbers that do not depend on the draw: for each
pair its answer and how often it is there, sizes, whether the cut is a block of the table, whether two calls drew the
same. A variant is simulated by drawing from its own program with numpy, and observed in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.function_task import Formula
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.variants import Bank, Step, Variant
from autograder.oracles.modular_data import answers as right_answers
from autograder.worker.codes import ErrorCode
from autograder.worker.players.modular import HEAD_SIZE

FORM = ("error", "parts", "x_dims", "y_dims", "x_int64", "y_int64", "lengths")
SPLIT = ("size_error", "overlap", "shared", "block", "whole_rows", "whole_columns", "one_side", "even", "mirrored")
TABLE = ("missing", "lost", "twice", "outside", "wrong_answers", "right_in_another_order", "largest")
WHOLE = ("columns", "out_of_range")
"""Of all pairs together: whether each column has each number as often as it should; whether an answer is no remainder."""
COMPARED = ("same_as_first", "same_size")
DRAWS = ("global_untouched", *COMPARED)
OWN_STEPS = ("entropy", "touches", "form", "free")
LINES = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Lines of the table: pairs with the same first number, the same second one, sum, difference, answer."""
LEAST = 5
"""For a smaller p chance alone makes cuts along rows and columns, and hides mistakes."""
MANY = 37
"""From this p on chance alone puts no line of a table on one side of a cut in the middle, once in 10^8 or so."""
DRAWN = 4
"""How often a variant's program is drawn, to see what of it is left to chance."""
FEATURES = (*FORM, *SPLIT, *TABLE, *DRAWS, *WHOLE)


class _FirstCall(Shortcuts):
    """Draws no further than to the first call that differs."""

    task: ModularTask

    def refutes(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        if like is not None:
            return False
        start = 0
        for number, call in enumerate(self.scenarios[index].program["calls"]):
            first, told = self.task.of_one_call(variant, call, number)
            mine = values[start : start + first.size]
            if (told & (mine != first) & ~(np.isnan(mine) & np.isnan(first))).any():
                return True
            start += first.size
        return False


@dataclass(frozen=True)
class ModularTask:
    """What a maintainer writes beside the formula and the bank: draw, a generator → scenarios made with `draws`.

    Beside the formula's steps a variant may replace `entropy` (call, number of the call → what its draw depends on),
    `touches` (True: torch's global generator is not as it was), `form` (features that differ) and `free`
    (features left to chance so rarely that a few draws do not show it).
    """

    id: str
    module: str
    formula: Formula
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]
    differences_add_up: ClassVar = True

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.formula.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def observe(self, evidence: Evidence, scenario: Scenario) -> Evidence:
        """The same evidence with properties in place of raw numbers."""
        seen = [_seen(block, call) for block, call in _blocks(evidence.values, scenario)]
        _compare_draws(seen, scenario)
        values = np.concatenate([item.numbers() for item in seen])
        return Evidence(values, evidence.status, evidence.event, evidence.error, evidence.text, evidence.ending)

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What `observe` says of a program that follows `variant`; nothing is expected of what differs from draw to draw."""
        first, *others = (self._drawn(variant, scenario, salt) for salt in range(DRAWN))
        ignored = _differing(first, others)
        start = 0
        for call in scenario.program["calls"]:
            stop = start + _width(call)
            self._ignore_more(variant, call, ignored[start:stop])
            start = stop
        return Expected(first, np.zeros(first.size), ignored=ignored)

    def shortcuts(self, scenarios: Sequence[Scenario]) -> Shortcuts:
        """Quick answers, by single calls."""
        return _FirstCall(self, scenarios)

    def of_one_call(self, variant: Variant, call: dict[str, Any], number: int) -> tuple[np.ndarray, np.ndarray]:
        """What is seen of one call, as in `simulate`, and which of it is told: not what compares it with other calls."""
        first, *others = (
            self._with_form(variant, _seen(self._block(variant, call, number, salt), call).numbers())
            for salt in range(DRAWN)
        )
        ignored = _differing(first, others)
        ignored[[FEATURES.index(name) for name in COMPARED]] = True
        self._ignore_more(variant, call, ignored)
        return first, ~ignored

    def _ignore_more(self, variant: Variant, call: dict[str, Any], ignored: np.ndarray) -> None:
        """Beside what differs from draw to draw: what a variant leaves to chance, small calls of one that is wrong, and
        tables of which something differs."""
        for name in variant.steps.get("free", tuple)():
            ignored[FEATURES.index(name)] = True
        if call["p"] < LEAST and variant.kind == "misconception":
            ignored[:] = True
        middle = ignored.size - call["p"] ** 2
        for table in (ignored[len(FEATURES) : middle], ignored[middle:]):
            table |= table.any()
        if ignored[middle:].any():  # which pairs are there is chance, and so is the largest answer
            ignored[FEATURES.index("largest")] = True

    def _with_form(self, variant: Variant, values: np.ndarray) -> np.ndarray:
        if values[0] == 0:
            for name, value in variant.steps.get("form", dict)().items():
                values[FEATURES.index(name)] = value
        return values

    def _drawn(self, variant: Variant, scenario: Scenario, salt: int) -> np.ndarray:
        """The properties after one draw of the variant's own program."""
        raw = [self._block(variant, call, number, salt) for number, call in enumerate(scenario.program["calls"])]
        values = self.observe(Evidence(np.concatenate(raw)), scenario).values
        start = 0
        for call in scenario.program["calls"]:
            self._with_form(variant, values[start : start + _width(call)])
            start += _width(call)
        return values

    def _block(self, variant: Variant, call: dict[str, Any], number: int, salt: int) -> np.ndarray:
        """One call as the player would bring it back."""
        block = np.full(HEAD_SIZE + 6 * call["rows"], np.nan)
        entropy = variant.steps.get("entropy", _own_entropy)(call, number)
        arguments = {name: call[name] for name in ("p", "operation", "train_fraction")}
        arguments["rng"] = np.random.default_rng([salt, *entropy])
        try:
            with np.errstate(all="ignore"):
                parts = self.formula.value(self._plan(variant), arguments)
        except ValueError:
            block[0] = ErrorCode.VALUE
            return block
        block[:4] = 0, 4, 0.5, 0.25 if variant.steps.get("touches", bool)() else 0.5
        for place, part in enumerate(parts):
            block[4 + 3 * place : 7 + 3 * place] = part.ndim, len(part), 1
        for half in (0, 1):
            x, y = parts[2 * half : 2 * half + 2]
            rows = np.column_stack([x, y]).astype(float)[: call["rows"]].ravel()
            start = HEAD_SIZE + half * 3 * call["rows"]
            block[start : start + rows.size] = rows
        return block

    def _plan(self, variant: Variant) -> list[tuple[str, Step]]:
        return [item for item in self.formula.plan(variant) if item[0] not in OWN_STEPS]

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "errors", "form", "split", "draws", "pairs" (each exactly once), "answers", "path" and "all" (everything)."""
        masks = [_mask(name, call) for call in scenario.program["calls"]]
        return np.concatenate(masks)

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """Everything: an exception ends a call, not the scenario."""
        return np.ones(sum(_width(call) for call in scenario.program["calls"]), dtype=bool)

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first call with something wrong, and what is wrong with it."""
        from autograder.judge.explain_modular import explain_call

        calls = scenario.program["calls"]
        if evidence.raised:
            return f"{shown(calls[min(max(evidence.event, 0), len(calls) - 1)])} raised {evidence.text}"
        fine, start = close(evidence.values, expected), 0
        for call in calls:
            stop = start + _width(call)
            if not fine[start:stop].all():
                return explain_call(call, evidence.values[start:stop], expected.values[start:stop], fine[start:stop])
            start = stop
        return ""


def draws(family: str, about: str, wanted: list[dict[str, Any]]) -> Scenario:
    """A scenario: calls with p, operation, train_fraction, seed, and where they matter generator and ambient."""
    calls = [
        {"generator": number, "ambient": 100 + number, "rows": call["p"] ** 2, **call}
        for number, call in enumerate(wanted)
    ]
    size = sum(HEAD_SIZE + 6 * call["rows"] for call in calls)
    return Scenario(family, "modular", {"entry": "modular_data", "calls": calls}, size, about)


def shown(call: dict[str, Any]) -> str:
    """The call as one would type it."""
    return f'modular_data({call["p"]}, "{call["operation"]}", {call["train_fraction"]}, generator)'


def _own_entropy(call: dict[str, Any], number: int) -> tuple[int, ...]:
    """The generator's seed; for a generator that was used before, by another call or by somebody else, also that."""
    if call.get("advance"):
        return call["seed"], 2
    return (call["seed"],) if call["seed"] is not None else (call["first_seed"], 1)


def _width(call: dict[str, Any]) -> int:
    return len(FEATURES) + 2 * call["p"] ** 2


def _mask(name: str, call: dict[str, Any]) -> np.ndarray:
    cells = call["p"] ** 2
    wanted = {
        "errors": FORM[:1],
        "form": FORM,
        "split": SPLIT,
        "draws": DRAWS,
        "pairs": TABLE[:4],
        "answers": TABLE[4:],
    }
    chosen = wanted.get(name, FEATURES)
    everything = name in ("path", "all")
    return np.array(
        [feature in chosen for feature in FEATURES]
        + [everything or name == "answers"] * cells
        + [everything or name == "pairs"] * cells
    )


def _blocks(values: np.ndarray, scenario: Scenario) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    start = 0
    for call in scenario.program["calls"]:
        stop = start + HEAD_SIZE + 6 * call["rows"]
        yield values[start:stop], call
        start = stop


@dataclass
class _Seen:
    """What is seen of one call: features by name, and for every pair its answer and how often it is there."""

    features: dict[str, float]
    answers: np.ndarray
    counts: np.ndarray
    raw: np.ndarray

    def numbers(self) -> np.ndarray:
        return np.concatenate([[self.features[name] for name in FEATURES], self.answers, self.counts])


def _seen(block: np.ndarray, call: dict[str, Any]) -> _Seen:
    p, rows = call["p"], block[HEAD_SIZE:].reshape(2, -1, 3)
    features = dict.fromkeys(FEATURES, np.nan) | {"error": block[0]}
    empty = np.full(p * p, np.nan)
    if block[0] != 0:
        return _Seen(features, empty, empty.copy(), block)
    dims, lengths, whole = block[4:HEAD_SIZE].reshape(4, 3).T
    features |= {"parts": block[1], "x_dims": _both(dims[::2]), "y_dims": _both(dims[1::2])}
    features |= {"x_int64": whole[::2].min(), "y_int64": whole[1::2].min()}
    features["lengths"] = float(np.array_equal(lengths[::2], lengths[1::2]))
    features["global_untouched"] = float(block[2] == block[3])
    train, val = (half[~np.isnan(half[:, 0])] for half in rows)
    inside = [half[_inside(half, p)] for half in (train, val)]
    cells = [(half[:, 0] * p + half[:, 1]).astype(int) for half in inside]
    counts = [np.bincount(cell, minlength=p * p).astype(float) for cell in cells]
    answers = _answers(np.concatenate(cells), np.concatenate(inside)[:, 2], p)
    features |= _table(counts, answers, call, sum(map(len, (train, val))) - sum(map(len, inside)))
    features |= _split(counts, lengths[0], call) | _pattern(counts, call)
    features |= _whole_table(counts[0] + counts[1], np.concatenate([train, val])[:, 2], call)
    return _Seen(features, answers, counts[0] + counts[1], block)


def _differing(first: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """Per number, whether it is not the same in all draws."""
    differs = np.zeros(first.size, dtype=bool)
    for other in others:
        differs |= (first != other) & ~(np.isnan(first) & np.isnan(other))
    return differs


def _both(values: np.ndarray) -> float:
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


def _compare_draws(seen: list[_Seen], scenario: Scenario) -> None:
    """Whether each call brought exactly what the first one did, where their arguments are the same."""
    calls = scenario.program["calls"]
    keys = [(call["p"], call["operation"], call["train_fraction"]) for call in calls]
    for item, key in zip(seen, keys, strict=True):
        if item.features["error"] != 0 or seen[0].features["error"] != 0 or key != keys[0]:
            continue
        same = np.array_equal(item.raw[HEAD_SIZE:], seen[0].raw[HEAD_SIZE:], equal_nan=True)
        sizes = {one.raw[5] for one, other in zip(seen, keys, strict=True) if other == key}
        item.features |= {"same_as_first": float(same), "same_size": float(len(sizes) == 1)}
