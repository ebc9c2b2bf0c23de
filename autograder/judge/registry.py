"""Finds tasks and checks by name. A task is a module of autograder.banks, its checks are in autograder.checks."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

import autograder.banks
import autograder.checks
from autograder.errors import UnknownTask
from autograder.judge.checks import Check
from autograder.judge.expectations import Task

RECORDED = Path(autograder.banks.__file__).parent
SUFFIX = ".recorded"


@cache
def load_task(task_id: str) -> Task:
    """The task a student implements; UnknownTask for others (a quiz has no bank)."""
    if task_id not in implementation_tasks():
        raise UnknownTask(
            f"There is no implementation task {task_id!r}. There are: {', '.join(implementation_tasks())}."
        )
    if (RECORDED / f"{task_id}{SUFFIX}").is_file():
        from autograder.judge.recorded import load

        return load((RECORDED / f"{task_id}{SUFFIX}").read_bytes())
    module: Any = importlib.import_module(f"autograder.banks.{task_id}")
    return module.TASK


@cache
def implementation_tasks() -> tuple[str, ...]:
    """The ids of all tasks with a bank or, in a student's copy, a recording; sorted."""
    names = {module.name for module in pkgutil.iter_modules(autograder.banks.__path__)}
    recorded = {path.name.removesuffix(SUFFIX) for path in RECORDED.glob(f"*{SUFFIX}")}
    return tuple(sorted(name for name in names | recorded if not name.startswith("_")))


@cache
def check_chapters() -> tuple[str, ...]:
    """The chapters that have a check file ("01_sgd"), in order."""
    names = (module.name for module in pkgutil.iter_modules(autograder.checks.__path__))
    return tuple(sorted(name.removeprefix("test_") for name in names if name.startswith("test_")))


@cache
def load_checks(chapter: str) -> tuple[Check, ...]:
    """The checks of a chapter, in the order in which its file writes them; empty for a chapter without a file."""
    if chapter not in check_chapters():
        return ()
    module = importlib.import_module(f"autograder.checks.test_{chapter}")
    found = [value.check for value in vars(module).values() if isinstance(getattr(value, "check", None), Check)]
    return tuple(sorted(found, key=lambda check: check.line))


@cache
def checks_of(task_id: str) -> tuple[Check, ...]:
    """The checks of one task, whichever chapter it is in; UnknownTask where there are none."""
    found = tuple(check for chapter in check_chapters() for check in load_checks(chapter) if check.task == task_id)
    if not found:
        known = sorted({check.task for chapter in check_chapters() for check in load_checks(chapter)})
        raise UnknownTask(f"There is no task {task_id!r}. There are: {', '.join(known)}.")
    return found
