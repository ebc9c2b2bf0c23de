"""A task without its oracle: the public scenarios, and what each variant predicts for them, worked out beforehand.

For the copy of the course that students get: it judges as the original does on the public seed, and holds no rule. Pairs of
mistakes are not in it; they are named where the original grades.
"""

from __future__ import annotations

import lzma
import pickle
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from types import FunctionType
from typing import Any

import numpy as np

from autograder.errors import CourseError
from autograder.judge.evidence import Expected, Scenario
from autograder.judge.variants import CANONICAL, Bank, Variant

MOST_ACCEPTED = 6
"""Combinations of conventions that are combined with every mistake; beyond it single conventions only."""
PRESET = 2
"""Of lzma: a fifth larger than its usual 6, in a third of the time."""
_NEVER = -987_654
"""An event that no evidence names: what is predicted for a variant that was not recorded."""


def stays_at_home(module: str) -> bool:
    """Whether students do not get a module, which says what is right or what goes wrong: banks, oracles, and all
    catalogues of mistakes, whose names end so."""
    return module.startswith(("autograder.banks", "autograder.oracles")) or module.endswith("_mistakes")


@dataclass
class RecordedTask:
    """Stands in for a task. shell: the task itself, its functions left out: what scenarios' numbers mean."""

    shell: Any
    bank: Bank
    seed: int
    drawn: list[Scenario]
    predicted: dict[str, dict[int, Expected]]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("shell", "_played", "shortcuts"):
            raise AttributeError(name)
        if "_played" not in self.__dict__:
            self.__dict__["_played"] = self._shell_that_looks_up()
        return getattr(self._played, name)

    def _shell_that_looks_up(self) -> Any:
        """The shell, whose own methods simulate by what was recorded too."""
        methods = {
            "simulate": lambda _, variant, scenario: self.simulate(variant, scenario),
        }
        found = copy(self.shell)
        object.__setattr__(found, "__class__", type("Recorded", (type(self.shell),), methods))
        return found

    def scenarios(self, seed: int) -> list[Scenario]:
        """The public scenarios; CourseError for another seed."""
        if seed != self.seed:
            raise CourseError("This copy of the course has the public scenarios only; leave --seed away.")
        return self.drawn

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """What was recorded for a variant; for one that was not, something that never agrees."""
        index = next(i for i, known in enumerate(self.drawn) if known is scenario)
        mine = self.predicted.get(variant.id)
        canonical = self.predicted[CANONICAL.id][index]
        if mine is None:
            return Expected(canonical.values, np.zeros_like(canonical.tolerance), _NEVER)
        return mine.get(index, canonical)


def record(task: Any, seed: int) -> bytes:
    """Work everything out for `seed`. Raises CourseError for a task whose class is written in a bank."""
    home = type(task).__module__
    if stays_at_home(home):
        raise CourseError(
            f"{type(task).__name__} stands in {home}, which students do not get: move it to autograder/judge"
        )
    drawn = task.scenarios(seed)
    canonical = dict(enumerate(_predictions(task, CANONICAL, drawn)))
    predicted = {CANONICAL.id: canonical}
    for variant in _variants(task.bank):
        found = enumerate(_predictions(task, variant, drawn))
        predicted[variant.id] = {i: expected for i, expected in found if not _same(expected, canonical[i])}
    told = RecordedTask(task, _without_steps(task.bank), seed, drawn, predicted)
    out = BytesIO()
    _WithoutFunctions(out, protocol=5).dump(told)
    return lzma.compress(out.getvalue(), preset=PRESET)


def load(data: bytes) -> RecordedTask:
    """What `record` made."""
    task: RecordedTask = pickle.loads(lzma.decompress(data))
    return task


def _predictions(task: Any, variant: Variant, drawn: list[Scenario]) -> list[Expected]:
    return [task.simulate(variant, scenario) for scenario in drawn]


def _variants(bank: Bank) -> list[Variant]:
    accepted = bank.accepted()
    bases = accepted if len(accepted) <= MOST_ACCEPTED else [CANONICAL, *bank.conventions]
    mixed = [base + mistake for base in bases for mistake in bank.misconceptions if base.combines_with(mistake)]
    return [*accepted[1:], *mixed]


def _same(one: Expected, other: Expected) -> bool:
    return (
        one.event == other.event
        and one.errors == other.errors
        and np.array_equal(one.values, other.values, equal_nan=True)
        and np.array_equal(one.tolerance, other.tolerance)
        and np.array_equal(one.ignored, other.ignored)
    )


def _without_steps(bank: Bank) -> Bank:
    """The same names, hints and sources; of the steps only which ones are replaced, so that variants still combine."""
    told = Bank()
    for kind in ("conventions", "misconceptions"):
        setattr(told, kind, [_named(variant) for variant in getattr(bank, kind)])
    return told


def _named(variant: Variant) -> Variant:
    steps = dict.fromkeys(variant.steps, _left_out)
    return Variant(
        variant.id,
        variant.title,
        variant.kind,
        steps,
        variant.order,
        variant.hints,
        variant.source,
        parts=variant.parts,
    )


def _left_out(*_: Any) -> None:
    """In place of every function of an oracle or a bank."""


class _WithoutFunctions(pickle.Pickler):
    """Pickles a task without its functions and without the procedures of its oracle."""

    def reducer_override(self, found: Any) -> Any:
        home = getattr(found, "__module__", None) or ""
        ours = isinstance(found, FunctionType) and home.startswith("autograder.")
        nameless = ours and "<" in found.__qualname__
        answers = isinstance(found, FunctionType | type) and stays_at_home(home)
        return (_nothing, ()) if nameless or answers else NotImplemented


def _nothing() -> Any:
    return _left_out
