"""The two curves under a check's result: the student's and the expected one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence
from autograder.judge.expectations import Expectations, Task
from autograder.judge.recognise import Recognition
from autograder.judge.results import Picture


def picture_of(
    task: Task, expectations: Expectations, evidence: Sequence[Evidence], recognition: Recognition
) -> Picture | None:
    """The first wrong scenario that has curves, else the first right one; None for tasks without curves."""
    curves: Any = getattr(task, "curves", None)
    if curves is None:
        return None
    order = [*recognition.wrong, *range(len(evidence))]
    for index in order:
        scenario = expectations.scenarios[index]
        if evidence[index].ending != "played" or not curves(evidence[index].values, scenario).size:
            continue
        mine = curves(evidence[index].values, scenario)
        right = curves(expectations.of(recognition.accepted, index).values, scenario)
        if mine.size >= 2 and np.isfinite(right).all():
            title, xlabel, ylabel = task.curve_labels(scenario)  # type: ignore[attr-defined]
            shown = tuple(float(v) if np.isfinite(v) else None for v in mine)
            first = scenario.program.get("steps", [1])[0]  # schedules count from 0
            return Picture(title, xlabel, ylabel, shown, tuple(float(v) for v in right), first)
    return None
