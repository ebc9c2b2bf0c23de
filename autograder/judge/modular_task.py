"""A task whose right answers are random: a table of all pairs, cut at random into training and validation.

The worker brings back the pairs themselves. `observe` turns them into numbers that do not depend on the draw: for each
pair its answer and how often it is there, sizes, whether the cut is a block of the table, whether two calls drew the
same. A variant is simulated by drawing from its own program with numpy, and observed in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.function_task import Formula
from autograder.judge.modular_seen import (
    COMPARED,
    DRAWS,
    EXAMPLE,
    FEATURES,
    FORM,
    LEAST,
    SPLIT,
    TABLE,
    Seen,
    blocks,
    cells,
    compare_draws,
    seen,
    width,
)
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.variants import Bank, Step, Variant
from autograder.worker.codes import ErrorCode
from autograder.worker.players.modular import HEAD_SIZE, all_over

OWN_STEPS = ("entropy", "touches", "form", "free")
PLACES_COMPARED = [FEATURES.index(name) for name in COMPARED]
PLACES_OF_EXAMPLE = [FEATURES.index(name) for name in EXAMPLE]
DRAWN = 4
"""How often a variant's program is drawn, to see what of it is left to chance."""


class _CallByCall(Shortcuts):
    """Draws no further than to the first call that differs, and no more often than it takes to see that."""

    task: ModularTask

    def __init__(self, task: ModularTask, scenarios: Sequence[Scenario]):
        super().__init__(task, scenarios)
        self._known: dict[tuple[str, int, int], tuple[np.ndarray, np.ndarray]] = {}

    def refutes(self, variant: Variant, index: int, values: np.ndarray, like: Expected | None = None) -> bool:
        if like is not None:
            return self._differs(variant, index, like)
        start = 0
        for number, call in enumerate(self.scenarios[index].program["calls"]):
            key = variant.id, index, number
            if key not in self._known:
                self._known[key] = self.task.of_one_call(variant, call, number)
            first, told = self._known[key]
            if not close(values[start : start + first.size], _exactly(first, ~told)).all():
                return True
            start += first.size
        return False

    def sees_all(self, variant: Variant, index: int) -> bool:
        """What tells two variants apart is in one draw; that others draw something else only makes numbers ignored."""
        return True

    def _differs(self, variant: Variant, index: int, right: Expected) -> bool:
        scenario, start = self.scenarios[index], 0
        found: list[Seen] = []
        for number, call in enumerate(scenario.program["calls"]):
            found.append(self.task.once(variant, call, number, salt=0))
            values = self.task.numbers(variant, found[-1])
            ignored = right.ignored[start : start + values.size].copy()
            ignored[PLACES_COMPARED] = True
            if not close(values, _exactly(right.values[start : start + values.size], ignored)).all():
                return True
            start += values.size
        return not close(self.task.together(variant, found, scenario), right).all()


def _exactly(values: np.ndarray, ignored: np.ndarray) -> Expected:
    return Expected(values, np.zeros(values.size), ignored=ignored)


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
        found = [seen(block, call) for block, call in blocks(evidence.values, scenario)]
        compare_draws(found, scenario)
        values = np.concatenate([item.numbers() for item in found])
        return Evidence(values, evidence.status, evidence.event, evidence.error, evidence.text, evidence.ending)

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What `observe` says of a program that follows `variant`; nothing is expected of what differs from draw to draw."""
        often = max(map(_how_often, scenario.program["calls"]))
        first, *others = (self._drawn(variant, scenario, salt) for salt in range(often))
        ignored = _differing(first, others)
        start = 0
        for call in scenario.program["calls"]:
            stop = start + width(call)
            self._ignore_more(variant, call, first[start:stop], ignored[start:stop])
            start = stop
        return Expected(first, np.zeros(first.size), ignored=ignored)

    def shortcuts(self, scenarios: Sequence[Scenario]) -> Shortcuts:
        """Quick answers, by single calls."""
        return _CallByCall(self, scenarios)

    def of_one_call(self, variant: Variant, call: dict[str, Any], number: int) -> tuple[np.ndarray, np.ndarray]:
        """What is seen of one call, as in `simulate`, and which of it is told: not what compares it with other calls."""
        salts = range(_how_often(call))
        first, *others = (self.numbers(variant, self.once(variant, call, number, salt)) for salt in salts)
        ignored = _differing(first, others)
        ignored[PLACES_COMPARED] = True
        self._ignore_more(variant, call, first, ignored)
        return first, ~ignored

    def once(self, variant: Variant, call: dict[str, Any], number: int, salt: int) -> Seen:
        """What is seen of one call in one draw."""
        return seen(self._block(variant, call, number, salt), call)

    def numbers(self, variant: Variant, found: Seen) -> np.ndarray:
        """As `Seen` has them, but for what a variant says of the form."""
        values = found.numbers()
        if values[0] == 0:
            for name, value in variant.steps.get("form", dict)().items():
                values[FEATURES.index(name)] = value
        return values

    def together(self, variant: Variant, found: list[Seen], scenario: Scenario) -> np.ndarray:
        """The numbers of all calls, also those that compare one with another."""
        compare_draws(found, scenario)
        return np.concatenate([self.numbers(variant, item) for item in found])

    def _ignore_more(self, variant: Variant, call: dict[str, Any], first: np.ndarray, ignored: np.ndarray) -> None:
        """Beside what differs from draw to draw: what a variant leaves to chance, small calls of one that is wrong, tables of
        which something differs, and which pair is an example."""
        ignored[PLACES_OF_EXAMPLE] |= ~np.isnan(first[PLACES_OF_EXAMPLE])
        for name in variant.steps.get("free", tuple)():
            ignored[FEATURES.index(name)] = True
        if call["p"] < LEAST and variant.kind == "misconception":
            ignored[:] = True
        middle = ignored.size - cells(call)
        for table in (ignored[len(FEATURES) : middle], ignored[middle:]):
            table |= table.any()
        if ignored[middle:].any():  # which pairs are there is chance, and so is the largest answer
            ignored[FEATURES.index("largest")] = True

    def _drawn(self, variant: Variant, scenario: Scenario, salt: int) -> np.ndarray:
        """The properties after one draw of the variant's own program."""
        calls = enumerate(scenario.program["calls"])
        return self.together(variant, [self.once(variant, call, number, salt) for number, call in calls], scenario)

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
        block[HEAD_SIZE - 1] = 1
        for half in (0, 1):
            x, y = parts[2 * half : 2 * half + 2]
            rows = all_over(np.column_stack([x, y]).astype(float), call["rows"]).ravel()
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
        return np.ones(sum(width(call) for call in scenario.program["calls"]), dtype=bool)

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first call with something wrong, and what is wrong with it."""
        from autograder.judge.explain_modular import explain_call

        calls = scenario.program["calls"]
        if evidence.raised:
            return f"{shown(calls[min(max(evidence.event, 0), len(calls) - 1)])} raised {evidence.text}"
        fine, start = close(evidence.values, expected), 0
        for call in calls:
            stop = start + width(call)
            if not fine[start:stop].all():
                return explain_call(call, evidence.values[start:stop], expected.values[start:stop], fine[start:stop])
            start = stop
        return ""


def draws(family: str, about: str, wanted: list[dict[str, Any]]) -> Scenario:
    """A scenario: calls with p, operation, train_fraction, seed, and where they matter generator, ambient, and sampled: how
    many rows of each set are looked at, in place of all."""
    calls = [
        {"generator": number, "ambient": 100 + number, "rows": call.get("sampled") or call["p"] ** 2, **call}
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


def _mask(name: str, call: dict[str, Any]) -> np.ndarray:
    places = cells(call)
    wanted = {
        "errors": FORM[:1],
        "form": FORM,
        "split": SPLIT,
        "draws": DRAWS,
        "pairs": TABLE[:4],
        "answers": (*TABLE[4:], *EXAMPLE),
    }
    chosen = wanted.get(name, FEATURES)
    everything = name in ("path", "all")
    return np.array(
        [feature in chosen for feature in FEATURES]
        + [everything or name == "answers"] * places
        + [everything or name == "pairs"] * places
    )


def _how_often(call: dict[str, Any]) -> int:
    """A call of which only some rows are seen shows nothing that differs from draw to draw but its example."""
    return 1 if call.get("sampled") else DRAWN


def _differing(first: np.ndarray, others: Sequence[np.ndarray]) -> np.ndarray:
    """Per number, whether it is not the same in all draws."""
    differs = np.zeros(first.size, dtype=bool)
    for other in others:
        differs |= (first != other) & ~(np.isnan(first) & np.isnan(other))
    return differs
