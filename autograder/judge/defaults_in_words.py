"""Which other default explains a run in which nothing is given: "as if weight_decay were 0.01"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isclose
from typing import TYPE_CHECKING, Any

from autograder.judge.evidence import Evidence, Expected, Scenario, agrees
from autograder.judge.expectations import alike
from autograder.judge.simulate import differs
from autograder.judge.variants import CANONICAL, Variant

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import OptimizerTask

TINY = [10.0**-power for power in range(12, 5, -1)]
SMALL = [0.0, *(digit * 10.0**-power for power in range(5, 0, -1) for digit in (1, 2, 3, 5))]
LARGE = [1.0, 0.8, 0.9, 0.92, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999]


def other_default(task: OptimizerTask, runs: Sequence[tuple[Scenario, Evidence, Expected]]) -> str:
    """A sentence naming the default; "" where no single one explains every run. runs: all that are wrong, with what is
    right. A recorded task has no rule to try values with, and says nothing."""
    if any(scenario.player != "optimizer" or evidence.raised for scenario, evidence, _ in runs):
        return ""
    (shortest, found, right), *_ = sorted(runs, key=lambda run: run[0].size)
    convention = (base for base in task.bank.accepted() if alike(task.simulate(base, shortest), right))
    base = next(convention, CANONICAL)
    given = shortest.program["instances"][0].get("kwargs", {})
    others = list(_others({key: old for key, old in task.rule.hyper.items() if key not in given}))
    for name, value, shown in others:
        program = base + Variant(f"default {name} {value}", "", "misconception", {"defaults": _with(name, value)})
        if differs(task.rule, program, shortest, found.values):
            continue
        if all(agrees(item, task.simulate(program, run)) for run, item, _ in runs):
            return f"Your numbers are right for a default of {shown}."
    return ""


def _with(name: str, value: Any) -> Any:
    return lambda hyper: {**hyper, name: value}


def _others(defaults: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Name and value of every default that somebody might write, and both in words with the right one."""
    for name, right in defaults.items():
        if isinstance(right, list):
            for place in range(len(right)):
                for number in (number for number in LARGE if not isclose(number, right[place])):
                    value = [*right[:place], number, *right[place + 1 :]]
                    yield name, value, f"{name}={tuple(value)}; the task says {tuple(right)}"
        elif isinstance(right, bool):
            yield name, not right, f"{name}={not right}; the task says {right}"
        elif isinstance(right, float):
            tiny = TINY if 0 < right < SMALL[1] else []
            for number in (number for number in [*tiny, *SMALL, *LARGE] if not isclose(number, right)):
                yield name, number, f"{name}={number:.4g}; the task says {right:.4g}"
