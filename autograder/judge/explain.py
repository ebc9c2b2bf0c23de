"""What can be said about a wrong optimizer run from its numbers alone, when no known mistake fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.exception_advice import advice
from autograder.worker.codes import GRAD_MODE_OFF, ErrorCode

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import OptimizerTask


def explain_run(task: OptimizerTask, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
    """One or two sentences about the first difference: where it is, and what it equals."""
    if scenario.player == "constructor":
        return _explain_constructor(evidence, scenario)
    if evidence.raised:
        said = f"{_when(scenario, evidence.event)}{context_of(scenario)} raised {evidence.text}.{advice(evidence.text)}"
        return said + _valid_values(evidence, scenario)
    path = task.part("path", scenario)
    if not close(evidence.values, expected)[path].all():
        from autograder.judge.explain_path import DifferentPath

        return DifferentPath(task, evidence, expected, scenario).explain()
    return _explain_rest(task, evidence, expected, scenario)


def _valid_values(evidence: Evidence, scenario: Scenario) -> str:
    """What a constructor was given that refuses it; every scenario but those of the family "invalid" gives valid values."""
    if evidence.event > 0 or evidence.error != ErrorCode.VALUE or advice(evidence.text):
        return ""
    given = scenario.program["instances"][0].get("kwargs", {})
    shown = _shown(given)
    return f" It was given {shown}, and all of that is valid." if shown else ""


def _shown(arguments: dict[str, Any]) -> str:
    """As in a call, lists as tuples."""
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    return ", ".join(f"{name}={value!r}" for name, value in plain.items())


def _when(scenario: Scenario, event: int) -> str:
    """The event in words: "Building SGD", "step 3", "load_state_dict"."""
    entry = scenario.program["entry"]
    if event <= 0:
        return f"Building {entry}"
    events = scenario.program["events"]
    kind = events[event - 1][0] if event <= len(events) else "step"
    if kind == "reload":
        return f"Saving and loading {entry}"
    if kind == "set":
        return "Setting a hyperparameter in param_groups"
    number = sum(item[0] in ("step", "unseen", "closure") for item in events[:event])
    return f"{'step(closure)' if kind == 'closure' else 'step()'} number {number}"


def context_of(scenario: Scenario) -> str:
    """What is special about a scenario, in parentheses."""
    return f" ({scenario.about})" if scenario.about else ""


def _explain_constructor(evidence: Evidence, scenario: Scenario) -> str:
    entry = scenario.program["entry"]
    for number, kwargs, invalid in zip(
        evidence.values, scenario.program["attempts"], scenario.program["invalid"], strict=True
    ):
        shown = _shown(kwargs)
        if invalid and number != 1:
            what = "raised no error" if number == 0 else "raised another error than ValueError"
            return f"{entry}(params, {shown}) {what}; it should raise ValueError."
        if not invalid and number != 0:
            return f"{entry}(params, {shown}) raised an error, although every value is valid."
    return ""


def _explain_rest(task: OptimizerTask, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
    """The path is right; something beside it is not."""
    fine = close(evidence.values, expected)
    if not fine[task.part("views", scenario)].all():
        return (
            "The parameter has new values, but in new memory: a view of it taken before training keeps the old ones. "
            "Change the values in place."
        )
    if not fine[task.part("gradients", scenario)].all():
        return "The values are right, but p.grad is not what it was before the step; leave gradients as they are."
    if not fine[task.part("flags", scenario)].all():
        return _explain_flags(evidence, scenario)
    calls, value = evidence.values[-3], evidence.values[-2]
    if calls != 1:
        return f"step(closure) called the closure {_times(calls)}; it should call it once, before the update."
    return (
        "step(closure) did not return the closure's loss."
        if np.isnan(value)
        else "step(closure) returned another number than the closure's loss."
    )


def _explain_flags(evidence: Evidence, scenario: Scenario) -> str:
    graph, leaf, changed = evidence.values[-6:-3]
    if changed:
        return "A parameter changed its dtype or shape; keep those of the parameter."
    if leaf:
        return "A parameter is no longer a leaf that requires gradients; update it under torch.no_grad()."
    if graph == GRAD_MODE_OFF:
        return "After your step gradients are still switched off: the next loss.backward() fails."
    return (
        "The optimizer's state keeps an autograd graph, which grows with every step; compute it under torch.no_grad()."
        if graph
        else ""
    )


def _times(calls: float) -> str:
    return "never" if not calls > 0 else f"{int(calls)} times"
