"""A schedule as a task: a pure function of the step, tried at every integer step of many budgets.

A schedule's formula is evaluated for all steps of a budget at once, so its steps are written for arrays. Its last step
gives the pair (lr, fails): two arrays over the steps; `fails` has the code of an error where the program raises one, ANY_ERROR
where that may be any, and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.function_task import ANY_ERROR, ANY_ERROR_TOLERANCE, FLAGS, FunctionTask, calls
from autograder.judge.rule import Quantities
from autograder.judge.variants import Variant
from autograder.worker.codes import ErrorCode

RTOL = 2e-6
"""Of the peak, or of what is larger still: what arithmetic in float32 may add."""
RELATIVE = 1e-4
"""Of each value by itself, in walks that ask for that."""
EXACT = 1e-5
"""How near two numbers are, relative to themselves, that are said to be the same call's result."""
MENTIONED = 1e-3
"""A ratio nearer to one than this is not mentioned."""
WIDTH = 1 + FLAGS
Played = tuple[Evidence, Expected, Scenario]


@dataclass(frozen=True)
class ScheduleTask(FunctionTask):
    """A FunctionTask whose scenarios are walks: one budget, many steps."""

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """One row for each call: lr, error, shape, dtype, untouched."""
        program = scenario.program
        runs = program.get("runs") or [[program["steps"], program["arguments"]]]
        rows, slack = zip(*(self._rows(variant, program, *run) for run in runs), strict=True)
        return Expected(np.concatenate(rows).ravel(), np.concatenate(slack).ravel())

    def _rows(
        self, variant: Variant, program: dict[str, Any], walked: Sequence[int], given: Mapping[str, Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of some steps under the same arguments. A convention's step `either` says where it leaves a value open."""
        steps = np.array(walked, dtype=float)
        arguments = self.formula.bind([], {**given, "step": steps})
        with np.errstate(all="ignore"):
            lr, fails = self.formula.value(self.formula.plan(variant), arguments)
        rows = np.empty((steps.size, WIDTH))
        rows[:, 0], rows[:, 1:] = lr, [0.0, 1.0, 1.0, 1.0]
        slack = np.zeros((steps.size, WIDTH))
        peak = abs(arguments["peak_lr"])
        left_open = np.isin(steps, program["open"])
        if "either" in variant.steps:
            left_open = left_open | variant.steps["either"](Quantities(dict(arguments)))
        small = RELATIVE * np.abs(rows[:, 0]) if program["relative"] else RTOL * np.fmax(peak, np.abs(rows[:, 0]))
        slack[:, 0] = np.where(left_open, peak, small)
        codes = np.broadcast_to(np.asarray(fails, dtype=float), steps.shape)
        raising = codes != 0
        rows[raising], slack[raising] = [np.nan, *[0.0] * FLAGS], 0.0
        rows[raising, 1] = codes[raising]
        slack[codes == ANY_ERROR, 1] = ANY_ERROR_TOLERANCE
        return rows, slack

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first wrong step, and how the wrong values relate to the right ones where they all do alike."""
        if evidence.raised and evidence.error == ErrorCode.MEMORY:
            text = super().explain(evidence, expected, scenario)
            return f"{text}. A run may be this long: does your function need a number for every step of it?"
        if evidence.raised:
            return super().explain(evidence, expected, scenario)
        fine = np.asarray(close(evidence.values, expected).reshape(-1, WIDTH).all(axis=1))
        first = super().explain(evidence, expected, scenario)
        if fine.all() or not first:
            return first
        if "runs" in scenario.program:
            return f"{first}{_same_as_before(evidence, fine, scenario)}"
        return f"{first}{self._before(fine, scenario)}{_relation(evidence, expected, fine)}"

    def remembered(self, played: Sequence[Played], index: int) -> str:
        """Of all scenarios, the one at `index` being wrong: whether it gives what an earlier one rightly gave for its steps, or
        the same call gave two things."""
        *earlier, last = played[: index + 1]
        wrong = {step: lr for step, (lr, _, fine) in _by_step(*last).items() if not fine}
        told = any(np.isfinite(lr) and not _at_hand(lr, last[1], last[2]) for lr in wrong.values())
        for item in earlier:
            before = {
                step: lr for step, (lr, right, _) in _by_step(*item).items() if abs(lr - right) <= EXACT * abs(right)
            }
            if told and all(np.isfinite(lr) and before.get(step) == lr for step, lr in wrong.items()):
                return (
                    "An earlier call, with the same step and other arguments, had that result. "
                    "What does your function remember between calls?"
                )
        return self._twice(played)

    def _twice(self, played: Sequence[Played]) -> str:
        """A call that was made twice and gave different numbers."""
        known: dict[str, float] = {}
        for evidence, _, scenario in played:
            if evidence.raised:
                continue
            lrs = evidence.values.reshape(-1, WIDTH)[:, 0]
            for call, lr in zip(scenario.program["calls"], map(float, lrs), strict=True):
                first = known.setdefault(repr(call), lr)
                if abs(first - lr) > EXACT * max(abs(first), abs(lr)):
                    return (
                        f"Called twice, {self.shown(call)} gave {first:.6g} and then {lr:.6g}. "
                        "What does your function remember between calls?"
                    )
        return ""

    def _explain_call(self, call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
        if mine[-FLAGS] == right[-FLAGS] == 0 and np.isnan(mine[0]):
            return f"{self.shown(call)} returned no number (NaN, None or a list); expected {right[0]:.6g}."
        if mine[-FLAGS] == right[-FLAGS] == 0 and mine[1 - FLAGS] != right[1 - FLAGS]:
            return f"{self.shown(call)} returned a tensor or array of one dimension or more; a learning rate is one number."
        return super()._explain_call(call, mine, right, fine)

    def _before(self, fine: np.ndarray, scenario: Scenario) -> str:
        steps = scenario.program["steps"]
        first = int(np.argmin(fine))
        while first and steps[first - 1] in scenario.program["open"]:  # there, nothing was asked
            first -= 1
        if first == 0 or sorted(steps) != list(steps):
            return ""
        until = f"steps {steps[0]} to {steps[first - 1]} are" if first > 1 else f"step {steps[0]} is"
        return f" With these arguments, {until} right."


def _by_step(evidence: Evidence, expected: Expected, scenario: Scenario) -> dict[int, tuple[float, float, bool]]:
    """Step → what was returned, what is right, and whether the call is right in all."""
    mine, right = (values.reshape(-1, WIDTH)[:, 0].tolist() for values in (evidence.values, expected.values))
    fine = np.asarray(close(evidence.values, expected).reshape(-1, WIDTH).all(axis=1))
    return dict(zip(scenario.program["steps"], zip(mine, right, map(bool, fine), strict=True), strict=True))


def _at_hand(lr: float, expected: Expected, scenario: Scenario) -> bool:
    """Whether a value comes from these very arguments: zero, one of their numbers, or right at another step."""
    right = expected.values.reshape(-1, WIDTH)[:, 0]
    given = [value for value in scenario.program["arguments"].values() if isinstance(value, int | float)]
    return bool(np.isclose([0.0, *given, *right], lr, rtol=1e-9, atol=0.0).any())


def _same_as_before(evidence: Evidence, fine: np.ndarray, scenario: Scenario) -> str:
    """Of calls that differ in one argument: which earlier one rightly gave what the first wrong one gives."""
    lrs, runs = evidence.values.reshape(-1, WIDTH)[:, 0], scenario.program["runs"]
    wrong = int(np.argmin(fine))
    for index in range(wrong):
        if lrs[index] == lrs[wrong] and runs[index] != runs[wrong]:
            other = [name for name, value in runs[wrong][1].items() if runs[index][1][name] != value]
            return (
                f" The same call with {' and '.join(f'{name}={runs[index][1][name]!r}' for name in other)} gave that before. "
                "What does your function remember between calls?"
            )
    return ""


def _relation(evidence: Evidence, expected: Expected, fine: np.ndarray) -> str:
    """ "Every wrong value is 2 × the right one.", where that is so for three or more."""
    mine, right = (values.reshape(-1, WIDTH)[~fine, 0] for values in (evidence.values, expected.values))
    if mine.size < 3 or not (np.isfinite(mine).all() and np.isfinite(right).all()):
        return ""
    if np.allclose(mine, right, rtol=MENTIONED):
        return ""
    if np.all(mine == mine[0]):
        return f" It stays {mine[0]:.6g} wherever it is wrong."
    if np.all(right != 0) and np.ptp(mine / right) <= 1e-5 * abs(mine[0] / right[0]):
        return f" Every wrong value is {mine[0] / right[0]:.4g} × the right one."
    return ""


def walk(
    entry: str,
    family: str,
    about: str,
    steps: Sequence[int],
    arguments: Mapping[str, Any],
    *,
    by_position: bool = False,
    open_steps: Sequence[int] = (),
    relative: bool = False,
) -> Scenario:
    """A scenario that asks for the learning rate at each of `steps`, the other arguments being fixed.

    by_position: pass the arguments in their order instead of by name. open_steps: steps at which a schedule may have
    either of its values, because published ones differ there; the call still has to return a number. relative: each value
    is compared by its own size, however small, instead of the peak's.
    """
    wanted = [
        {"args": [step, *arguments.values()]} if by_position else {"kwargs": {"step": step, **arguments}}
        for step in steps
    ]
    in_a_row = list(steps) == list(range(steps[0], steps[0] + len(steps)))
    plain = {"arguments": dict(arguments), "steps": list(steps), "open": list(open_steps), "relative": relative}
    return calls(entry, family, about, wanted, curve="step" if in_a_row and len(steps) > 2 else "", **plain)


def one_changed(
    entry: str, family: str, step: int, arguments: Mapping[str, Any], others: Mapping[str, Any]
) -> Scenario:
    """Calls in a row for one step: first with `arguments`, then with each of `others` in the place of one of them, then the
    first one again. Whatever a function remembers between calls shows here."""
    sets = [dict(arguments), *({**arguments, name: value} for name, value in others.items()), dict(arguments)]
    plain = {"arguments": dict(arguments), "steps": [step] * len(sets), "open": [], "relative": False}
    runs = [[[step], given] for given in sets]
    about = "calls in a row that differ in one argument"
    return calls(entry, family, about, [{"kwargs": {"step": step, **given}} for given in sets], **plain, runs=runs)
