"""A whole training step as a task: a small model, scripted batches, one frame per call (players/mixed_step.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.exception_advice import OBJECT_ADVICE, advice
from autograder.judge.variants import Bank, Variant
from autograder.worker.codes import AUTOCAST_LEFT_ON, MODE_CHANGED, OTHER_RESULT

LOSS, NUMBER, FORM, BITS, FORWARDS, SCALE, KEPT = range(7)
HEAD = 7
ENTRY = "mixed_precision_step"
MANTISSA = {"float32": 23, "bfloat16": 7, "float16": 10}


EXACT_LOSS = 1e-5
"""Relative error of a loss before any weight has moved: weights and data are whole numbers then, and only float32 rounds."""
MISTAKEN = 4.0
"""Roundings pile up where gradients do; what is wrong already may be further from its mistake than what is right."""


@dataclass(frozen=True)
class StepTask:
    """The task mixed_precision_step."""

    id: str
    module: str
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]

    @property
    def entries(self) -> tuple[str, ...]:
        """The public name a student writes."""
        return (ENTRY,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """The frames that a program following `variant` leaves; weights agree within the format's error of their moves."""
        from autograder.oracles.mixed_precision_step import Run  # not in the copy that students get

        values, slack = np.full(scenario.size, np.nan), np.zeros(scenario.size)
        run = Run(variant.steps, scenario.program)
        loose = MISTAKEN if variant.kind == "misconception" else 1.0
        raised: int | None = None
        seen_moving = False
        width = frame_width(scenario.program)
        with np.errstate(all="ignore"):
            for index, step in enumerate(scenario.program["steps"]):
                try:
                    head = run.call(step)
                except Raises:
                    raised = index
                    break
                unit = loose * (2.0 ** -MANTISSA[run.does["format"](run)] + 1e-5)
                moved = np.concatenate([np.ravel(m) for m in run.moved])
                block = slice(index * width, (index + 1) * width)
                weights = np.concatenate([np.ravel(p) for p in run.params])
                values[block] = [*head, *(weights if run.usable() else np.full(weights.size, np.nan))]
                relative = 2 * unit if seen_moving else loose * EXACT_LOSS
                loss = abs(head[LOSS]) * relative if np.isfinite(head[LOSS]) else 0.0
                seen_moving = bool(moved.any())
                slack[block] = [loss, *[0.0] * (HEAD - 1), *(unit * moved + 1e-6)]
        return Expected(values, slack, raised)

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "path" (what training depends on), "returned" (the loss and its type), "all"."""
        column = np.arange(scenario.size) % frame_width(scenario.program)
        returned = (column == LOSS) | (column == NUMBER)
        return {"path": ~returned, "returned": returned, "all": np.ones(scenario.size, dtype=bool)}[name]

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """The frames before the call that raised."""
        calls = len(scenario.program["steps"]) if not evidence.raised else max(evidence.event, 0)
        return np.arange(scenario.size) < calls * frame_width(scenario.program)

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first call after which a number differs, and what it is."""
        context = f" ({scenario.about})" if scenario.about else ""
        if evidence.raised:
            call = f"Call {max(evidence.event, 0) + 1}{context}"
            return f"{call} raised {evidence.text}.{advice(evidence.text, OBJECT_ADVICE)}"
        width = frame_width(scenario.program)
        fine = close(evidence.values, expected).reshape(-1, width)
        if fine.all():
            return ""
        row = int(np.argmin(fine.all(axis=1)))
        frames = evidence.values.reshape(-1, width)
        mine, right = frames[row], expected.values.reshape(-1, width)[row]
        before = frames[row - 1][HEAD:] if row else _start(scenario.program)
        return f"Call {row + 1}{context}: {_what(mine, right, fine[row], before)}"


def frame_width(program: Mapping[str, Any]) -> int:
    """Numbers per call."""
    inputs, hidden, outputs = program["sizes"]
    return HEAD + hidden * inputs + outputs * hidden + 2 + sum(len(bias) for bias in program.get("biases", []))


def _start(program: Mapping[str, Any]) -> np.ndarray:
    """All parameters before the first call."""
    biases = [value for bias in program.get("biases", []) for value in bias]
    return np.array([*program["first"], *program["second"], 1.0, 1.0, *biases])


def _what(mine: np.ndarray, right: np.ndarray, fine: np.ndarray, before: np.ndarray) -> str:
    if not fine[FORWARDS]:
        return f"the model ran {mine[FORWARDS]:g} times; it should run once."
    if mine[BITS] == 0:
        return "the model computed in float32: your autocast is for another device than the one the model is on."
    if not fine[BITS]:
        return f"the model computed in {_format(mine[BITS])}; {_format(right[BITS])} was asked for."
    if not fine[FORM]:
        return "loss_fn was not called as loss_fn(model, *batch)."
    if mine[KEPT] == AUTOCAST_LEFT_ON:
        return "autocast is still on after your function; a with block ends by itself, before backward()."
    if mine[KEPT] == MODE_CHANGED:
        return "your function changes the mode (train or eval) of a part of the model; that is the caller's choice."
    if not fine[KEPT]:
        return "the model's parameters changed their dtype; autocast casts copies and leaves them in float32."
    if not fine[HEAD:].all():
        return _weights(mine[HEAD:], right[HEAD:], ~fine[HEAD:], before)
    if not fine[SCALE]:
        return f"the scale afterwards is {mine[SCALE]:g}; expected {right[SCALE]:g}."
    if mine[NUMBER] == OTHER_RESULT:
        return "it returned neither a number nor a tensor of one; the task asks for the loss alone, as a Python float."
    if not fine[LOSS]:
        got, loss = _apart(mine[LOSS], right[LOSS])
        nothing = "None or NaN" if np.isnan(mine[LOSS]) and mine[NUMBER] == 0 else got
        return f"it returned {nothing}; the loss is {loss}."
    return "it returned a tensor or nothing; the task asks for a Python float."


def _format(mantissa: float) -> str:
    return next((name for name, bits in MANTISSA.items() if bits == mantissa), "another format")


def _weights(mine: np.ndarray, right: np.ndarray, wrong: np.ndarray, before: np.ndarray) -> str:
    if not np.isfinite(mine[wrong]).all():
        return "weights are inf or NaN; this step should have been skipped."
    if not np.isfinite(right).all():
        return (
            "weights are finite after a loss that is not: an ordinary step makes them inf or NaN, as its gradient is."
        )
    moves, due = mine - before, right - before
    if not moves.any():
        return "no weight has moved. Has optimizer.step() run, and what was in p.grad then?"
    if not due.any():
        return "weights have moved in a call in which all of them should stay."
    if np.isfinite(moves).all() and (ratio := _common_ratio(moves, due)):
        return f"weights have moved {ratio:.4g} times as far as they should. How long was the gradient when they did?"
    i = int(np.argmax(wrong))
    got, expected = _apart(mine[i], right[i])
    return f"{wrong.sum()} of {wrong.size} weights are not right: the first is {got}; expected {expected}."


def _apart(mine: float, right: float) -> tuple[str, str]:
    """Both numbers, with digits enough to tell them apart."""
    digits = next((n for n in range(6, 17) if f"{mine:.{n}g}" != f"{right:.{n}g}"), 17)
    return f"{mine:.{digits}g}", f"{right:.{digits}g}"


def _common_ratio(moves: np.ndarray, due: np.ndarray) -> float:
    """How many times too far all weights have moved; 0 where they have not done so together,
    or hardly at all."""
    due_to_move = np.abs(due) > 1e-3 * np.abs(due).max()
    ratios = moves[due_to_move] / due[due_to_move]
    middle = float(np.median(ratios))
    together = np.ptp(ratios) <= 0.02 * abs(middle) and not moves[~due_to_move & (due == 0)].any()
    return middle if together and abs(middle - 1) > 0.02 else 0.0
