"""The format of a task's programs, and how a wrong program is made from a right one.

A file tests/bank/<task>.py has
  BASE   the source of one right program, in plain student style
  RIGHT  name → source of other right programs, each in another style; a name may be mapped to (source, convention id)
  WRONG  misconception id → edits: pairs (old, new), each `old` occurring exactly once in BASE (or a whole source as str)
  HIDES (where needed) misconceptions that end everything before another one can show
  CANCEL (where needed) sets of two misconceptions that undo each other: together they are right
Every misconception of the task's bank has an entry in WRONG, so that what the judge recognises is a program that ran.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import tests.bank

Edits = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Program:
    """One submission and what the judge should say of it. mistakes: ids, empty for a right program."""

    task: str
    name: str
    source: str
    mistakes: tuple[str, ...] = ()
    convention: str | None = None


def tasks() -> list[str]:
    """The tasks that have programs; modules that several of them share start with an underscore."""
    names = [module.name for module in pkgutil.iter_modules(tests.bank.__path__)]
    return sorted(name for name in names if name not in ("programs", "run", "mutants") and not name.startswith("_"))


def right(task: str) -> Iterator[Program]:
    """All right programs of a task."""
    module = importlib.import_module(f"tests.bank.{task}")
    yield Program(task, "base", module.BASE)
    for name, entry in module.RIGHT.items():
        source, convention = (entry, None) if isinstance(entry, str) else entry
        yield Program(task, name, source, convention=convention)


def wrong(task: str) -> Iterator[Program]:
    """A program for each misconception."""
    module = importlib.import_module(f"tests.bank.{task}")
    for id, edits in module.WRONG.items():
        yield Program(task, id, edits if isinstance(edits, str) else edited(module.BASE, edits, id), (id,))


def pairs(task: str) -> Iterator[Program]:
    """Two misconceptions in one program, where their edits do not touch the same text."""
    module = importlib.import_module(f"tests.bank.{task}")
    edits = {id: edit for id, edit in module.WRONG.items() if not isinstance(edit, str)}
    for one, two in combinations(edits, 2):
        if {one, two} in getattr(module, "CANCEL", ()) or not {one, two}.isdisjoint(getattr(module, "HIDES", ())):
            continue
        try:
            source = edited(module.BASE, [*edits[one], *edits[two]], f"{one}+{two}")
        except ValueError:
            continue
        yield Program(task, f"{one}+{two}", source, (one, two))


def edited(source: str, edits: Edits, name: str) -> str:
    """The source with every edit applied to a stretch of its own; ValueError where two overlap or one does not fit."""
    spans = []
    for old, new in edits:
        if source.count(old) != 1:
            raise ValueError(f"{name}: {old!r} occurs {source.count(old)} times in BASE")
        start = source.index(old)
        spans.append((start, start + len(old), new))
    spans.sort()
    if any(first[1] > second[0] for first, second in pairwise(spans)):
        raise ValueError(f"{name}: two edits touch the same text")
    for start, stop, new in reversed(spans):
        source = source[:start] + new + source[stop:]
    return source
