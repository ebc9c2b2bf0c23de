"""The worked example of docs/maintainer.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from autograder.judge import Judge, Submission
from autograder.judge.checks import Student
from autograder.judge.expectations import Expectations
from autograder.judge.recognise import recognise
from autograder.judge.registry import load_task
from tests.bank import sgd

PAGE = Path(__file__).parents[2] / "docs" / "maintainer.md"


def example() -> Any:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    namespace: dict[str, Any] = {}
    exec(found.group(1), namespace)
    return namespace["TASK"]


def test_the_example_accepts_the_right_program_and_names_the_wrong_one(judge: Judge) -> None:
    task = example()
    right = sgd.BASE.replace("class SGD", "class SignSGD").replace("g = p.grad + wd * p", "p.mul_(1 - lr * wd)")
    right = right.replace("p.sub_(lr * g)", "p.sub_(lr * p.grad.sign())")
    wrong = right.replace("p.grad.sign()", "p.grad")
    expectations = Expectations(task, 1)
    for source, mistakes in ((right, []), (wrong, ["no-sign"])):
        evidence = judge.collect(task, Submission({task.module: source}), expectations.scenarios)
        assert [mistake.id for mistake in recognise(expectations, evidence).mistakes] == mistakes
        student = Student(expectations, evidence)
        if not mistakes:
            student.follows("steps")
            student.follows("weight_decay")


def test_every_task_of_the_registry_has_a_module_below_course_lib() -> None:
    from autograder.judge.registry import implementation_tasks

    assert all(load_task(task).module.startswith("course_lib/") for task in implementation_tasks())
