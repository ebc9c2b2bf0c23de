"""Lets pytest run the graded claims on a file: `pytest autograder/checks/test_01_sgd.py --task sgd --file my_sgd.py`.

The same check functions and the same judge as everywhere else; pytest only collects and reports. A claim whose
prerequisite fails is reported as skipped.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.checks import Check, Student, Wrong
from autograder.judge.engine import Judge
from autograder.judge.registry import implementation_tasks, load_task
from autograder.judge.results import Submission, TaskResult


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is judged."""
    group = parser.getgroup("sgd2muon")
    group.addoption("--task", help="the task's id, such as sgd")
    group.addoption("--file", help="the file that is judged as the task's module")
    group.addoption("--answer", help="the literal answer of a quiz or a prediction")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only the claims about the chosen task."""
    task = config.getoption("--task")
    chosen = [item for item in items if task and getattr(_check(item), "task", None) == task]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(scope="session")
def judged(request: pytest.FixtureRequest) -> Iterator[Student]:
    """The submission's evidence, played once for all claims."""
    task, file, answer = (request.config.getoption(name) for name in ("--task", "--file", "--answer"))
    if task not in implementation_tasks():
        yield Student(None, (), ... if answer is None else ast.literal_eval(answer))
        return
    if not file:
        raise pytest.UsageError(
            f"{task} is judged from a file: add --file with the path of your {load_task(task).module}"
        )
    modules = {load_task(task).module: Path(file).read_text(encoding="utf-8")}
    with Judge("trusted") as judge:
        yield judge.student(load_task(task), Submission(modules=modules), TaskResult(task, []))


@pytest.fixture
def student(request: pytest.FixtureRequest, judged: Student) -> Student:
    """The submission, unless a claim that this one builds on has already failed."""
    failed = request.config.stash.setdefault(_FAILED, set())
    needs = getattr(_check(request.node), "needs", None)
    if needs in failed:
        failed.add(request.node.name.removeprefix("test_"))
        pytest.skip(f"can't be checked until {needs} passes")
    return judged


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The diagnosis instead of a traceback through the judge."""
    report = yield
    if call.when == "call" and call.excinfo is not None and isinstance(call.excinfo.value, Wrong):
        report.longrepr = f"{item.name}: {call.excinfo.value}"
        item.config.stash.setdefault(_FAILED, set()).add(item.name.removeprefix("test_"))
    return report


_FAILED = pytest.StashKey[set[str]]()


def _check(item: Any) -> Check | None:
    return getattr(getattr(item, "function", None), "check", None)
