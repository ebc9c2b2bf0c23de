"""A pure function as a task: a formula made of named steps, called with many arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank, Step, Variant
from autograder.worker.codes import RESULT_OVERWRITTEN, RESULT_SHARED, ErrorCode

FLAGS = 4
REQUIRED: Any = ...
LATE = " This is the result as it is after the next call, with new numbers in the same tensors."
ANY_ERROR, ANY_ERROR_TOLERANCE = 50.0, 49.5
"""An expectation that matches the code of every error raised inside the function, and not 0."""


def failing(divides: Any, otherwise: Any) -> np.ndarray:
    """Where a program divides by zero, where it raises an exception of any kind, and 0 elsewhere: codes of errors."""
    return np.where(divides, float(ErrorCode.ARITHMETIC), np.where(otherwise, ANY_ERROR, 0.0))


@dataclass(frozen=True)
class Formula:
    """A function as a pipeline of named steps; the last step's value is the result (a number, an array, or a tuple).

    entry: the function students write. signature: parameter → default, REQUIRED where there is none. steps: name →
    expression of the arguments and the earlier steps. A step that raises ValueError expects one of the student, Raises one
    of its codes.
    """

    entry: str
    signature: Mapping[str, Any]
    steps: Mapping[str, Step]

    def plan(self, variant: Variant) -> list[tuple[str, Step]]:
        """The steps of a variant, in order; a step the formula does not have runs first."""
        steps = {**self.steps, **variant.steps}
        order: Sequence[str] = variant.order or tuple(self.steps)
        return [(name, steps[name]) for name in (*(name for name in steps if name not in order), *order)]

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name, tensors as float64 arrays."""
        given = {**dict(zip(self.signature, args, strict=False)), **kwargs}
        return {name: _plain(given.get(name, default)) for name, default in self.signature.items()}

    def value(self, plan: list[tuple[str, Step]], arguments: dict[str, Any]) -> Any:
        """The result for bound arguments."""
        quantities = Quantities(dict(arguments))
        result: Any = None
        for name, step in plan:
            result = quantities.__dict__[name] = step(quantities)
        return result


@dataclass(frozen=True)
class FunctionTask:
    """What a maintainer writes for a new function, beside its formula and its bank.

    draw: a generator → scenarios, made with `calls`. tolerance: (expected values, call) → absolute tolerance, default
    1e-6 of the largest value of the call. own_error: a variant's exceptions other than ValueError count as "raises".
    """

    id: str
    module: str
    formula: Formula
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]
    tolerance: Callable[[np.ndarray, dict[str, Any]], Any] | None = None

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.formula.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """The block of numbers and flags that each call of a program following `variant` leaves."""
        plan = self.formula.plan(variant)
        blocks = []
        with np.errstate(all="ignore"):
            for call in scenario.program["calls"]:
                blocks.append(self._block(plan, call))
        values, tolerance = (np.concatenate(column) for column in zip(*blocks, strict=True))
        return Expected(values, tolerance)

    def _block(self, plan: list[tuple[str, Step]], call: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        size = returned_size(call)
        try:
            result = self.formula.value(plan, self.formula.bind(call.get("args", []), call.get("kwargs", {})))
        except ValueError:
            return _failed(size, float(ErrorCode.VALUE), 0.0)
        except Raises as error:
            return _failed(size, *_any_of(error.codes))
        except (ArithmeticError, TypeError, LookupError):
            return _failed(size, ANY_ERROR, ANY_ERROR_TOLERANCE)
        if result is None:
            return _nothing(call, size)
        parts = result if isinstance(result, tuple) else (result,)
        values = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in parts])
        if values.size != size:
            return np.concatenate([np.full(size, np.nan), [0.0, 0.0, 1.0, 1.0]]), np.zeros(size + FLAGS)
        largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
        slack = 1e-6 * largest + 1e-12 if self.tolerance is None else self.tolerance(values, call)
        tolerance = np.concatenate([np.broadcast_to(np.asarray(slack, dtype=float), values.shape), np.zeros(FLAGS)])
        return np.concatenate([values, [0.0, 1.0, 1.0, 1.0]]), tolerance

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "path" (values and errors), "flags" (shape, dtype, arguments untouched), "all"."""
        flags = np.concatenate([_flag_mask(call) for call in scenario.program["calls"]])
        return {"path": ~flags, "flags": flags, "all": np.ones(scenario.size, dtype=bool)}[name]

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """The calls before the one whose exception ended the scenario."""
        sizes = np.cumsum([returned_size(call) + FLAGS for call in scenario.program["calls"]])
        end = scenario.size if not evidence.raised else int(np.r_[0, sizes][max(evidence.event, 0)])
        return np.arange(scenario.size) < end

    def curves(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """The results of a scenario that draws a curve (program["curve"] names its x axis), else nothing."""
        if not scenario.program.get("curve"):
            return np.zeros(0)
        return values.reshape(-1, 1 + FLAGS)[:, 0]

    def curve_labels(self, scenario: Scenario) -> tuple[str, str, str]:
        """Title, x label, y label."""
        return f"{self.formula.entry}: {scenario.about}", str(scenario.program["curve"]), self.formula.entry

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first wrong call: its arguments, what came back, and what was expected."""
        if evidence.raised:
            calls = scenario.program["calls"]
            call = calls[min(max(evidence.event, 0), len(calls) - 1)]
            return f"{self.shown(call)} raised {evidence.text}"
        start = 0
        fine = close(evidence.values, expected)
        for index, call in enumerate(scenario.program["calls"]):
            when = LATE if scenario.program.get("late") and index + 1 < len(scenario.program["calls"]) else ""
            stop = start + returned_size(call) + FLAGS
            if not fine[start:stop].all():
                code, wanted = evidence.values[stop - FLAGS], expected.values[stop - FLAGS]
                if evidence.text and index == evidence.event and wanted == 0 and code not in (0, ErrorCode.SIGNATURE):
                    return f"{self.shown(call)} raised {evidence.text}."
                if when and wanted == code == 0 and evidence.values[stop - 1] != expected.values[stop - 1]:
                    return f"{self.shown(call)} {_not_alone(evidence.values[stop - 1])}."
                told = (evidence.values[start:stop], expected.values[start:stop], fine[start:stop])
                return self._explain_call(call, *told) + (when if not fine[start : stop - FLAGS].all() else "")
            start = stop
        return ""

    def _explain_call(self, call: dict[str, Any], mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> str:
        shown = self.shown(call)
        error, wanted_error = mine[-4], right[-4]
        if error == ErrorCode.SIGNATURE:
            return (
                f"Calling {shown} raised TypeError before your first line ran: "
                "compare the names, the order and the defaults of your parameters with the task's."
            )
        if error != wanted_error:
            if wanted_error == 0:
                return f"{shown} raised {_error_name(error)}."
            what = "returned a value" if error == 0 else f"raised {_error_name(error)}"
            return f"{shown} {what}; it should raise ValueError."
        if mine[-3] != right[-3]:
            return f"{shown} returned something of another shape or type; expected {_form(call)}."
        if not fine[:-FLAGS].all():
            got, wanted = _apart(mine[:-FLAGS], right[:-FLAGS], fine[:-FLAGS])
            return f"{shown} gives {got}; expected {wanted}."
        if not fine[-2]:
            return f"{shown} returned another dtype or type; expected {_form(call)}."
        return f"{shown} {_not_alone(mine[-1])}."

    def shown(self, call: dict[str, Any]) -> str:
        """The call as one would type it, tensors by their shape; behind it what cannot be seen in it."""
        by_place = [_short(value) for value in call.get("args", [])]
        by_name = [f"{name}={_short(value)}" for name, value in call.get("kwargs", {}).items()]
        note = f" ({call['note']})" if call.get("note") else ""
        return f"{self.formula.entry}({', '.join([*by_place, *by_name])}){note}"


def _form(call: dict[str, Any]) -> str:
    """What a call should return: "a float64 tensor of shape (3, 4)"."""
    return " and ".join(_form_of(item) for item in call["returns"])


def _form_of(item: dict[str, Any]) -> str:
    shape, dtype = tuple(item["shape"]), item.get("dtype", "")
    if dtype == "float":
        return "a Python number"
    if not shape and not dtype:
        return "a single number"
    return f"a {dtype} tensor of shape {shape}" if dtype else f"a tensor of shape {shape}"


_NOT_ALONE = {
    RESULT_SHARED: "returned a tensor that shares its memory with the argument; return a new one",
    RESULT_OVERWRITTEN: "returned a tensor whose numbers a later call changed; return a new one in every call",
}


def _not_alone(flag: float) -> str:
    return _NOT_ALONE.get(float(flag), "changed one of its arguments; leave them as they are")


def calls(entry: str, family: str, about: str, wanted: Sequence[dict[str, Any]], **program: Any) -> Scenario:
    """A scenario of the function player.

    wanted: per call {"args": [...], "kwargs": {...}, "returns": [{"shape": [], "dtype": "float"}]}; without "returns" a
    call gives one float. Tensors are written {"tensor": flat list, "shape": [...], "dtype": "float64"}. A call's "note" is
    for messages.
    """
    whole = [{"returns": [{"shape": [], "dtype": ""}], **call} for call in wanted]
    size = sum(returned_size(call) + FLAGS for call in whole)
    return Scenario(family, "function", {"entry": entry, "calls": whole, **program}, size, about)


def as_tensor(values: np.ndarray, dtype: str = "float64", layout: str = "contiguous") -> dict[str, Any]:
    """An array as an argument that becomes a tensor in the worker."""
    return {
        "tensor": [float(v) for v in np.ravel(values)],
        "shape": list(values.shape),
        "dtype": dtype,
        "layout": layout,
    }


def returned_size(call: dict[str, Any]) -> int:
    """How many numbers a call returns, without flags."""
    return int(sum(np.prod(item["shape"], dtype=int) for item in call["returns"]))


def _flag_mask(call: dict[str, Any]) -> np.ndarray:
    return np.array([False] * (returned_size(call) + 1) + [True] * (FLAGS - 1))


def _any_of(codes: Sequence[ErrorCode]) -> tuple[float, float]:
    """The expectation that matches these codes, which have to be neighbours, and how far they are from it."""
    lowest, highest = min(codes), max(codes)
    if set(codes) != set(range(lowest, highest + 1)):
        raise ValueError(f"a variant may raise one of {sorted(codes)}, and others lie between")
    return (lowest + highest) / 2, (highest - lowest) / 2


def _failed(size: int, code: float, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([np.full(size, np.nan), [code, 0, 0, 0]]), np.concatenate(
        [np.zeros(size), [tolerance, 0, 0, 0]]
    )


def _nothing(call: dict[str, Any], size: int) -> tuple[np.ndarray, np.ndarray]:
    """What a call leaves that returns None where something was wanted."""
    shapeless = float(all(item["shape"] == [] for item in call["returns"]))
    untyped = float(not any(item.get("dtype") for item in call["returns"]))
    return np.concatenate([np.full(size, np.nan), [0.0, shapeless, untyped, 1.0]]), np.zeros(size + FLAGS)


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and "tensor" in value:
        return np.array(value["tensor"], dtype=float).reshape(value["shape"])
    return value


def _short(value: Any) -> str:
    if isinstance(value, dict) and "tensor" in value:
        kind = "" if value.get("dtype", "float64") != "bfloat16" else "bfloat16 "
        kind += "transposed " if value.get("layout") == "transposed" else ""
        return f"{kind}tensor of shape {tuple(value['shape'])}{_size(value['tensor'])}"
    if isinstance(value, list) and len(value) > 3:
        return f"[{', '.join(map(_short, value[:2]))}, ... {len(value)} in all]"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _size(values: list[float]) -> str:
    """How large the numbers of a tensor are, where that is unusual."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0 and len(values):
        return " full of zeros"
    usual = 1e-3 <= largest <= 1e4 or not len(values) or not np.isfinite(largest)
    return "" if usual else f" with numbers up to {largest:.2g}"


def _apart(mine: np.ndarray, right: np.ndarray, fine: np.ndarray) -> tuple[str, str]:
    """Numbers that differ, with as many digits as it takes to see it."""
    shown = (_numbers(mine, fine, 6), _numbers(right, fine, 6))
    return shown if shown[0] != shown[1] else (_numbers(mine, fine, 12), _numbers(right, fine, 12))


def _numbers(values: np.ndarray, fine: np.ndarray, digits: int) -> str:
    """One number, or the first wrong ones of many."""
    if np.isnan(values).all():
        return "no number (NaN, None or something else)"
    chosen = values if values.size == 1 else values[~fine]
    return ", ".join(f"{v:.{digits}g}" for v in chosen[:3]) + (", ..." if chosen.size > 3 else "")


def _error_name(code: float) -> str:
    names = {ErrorCode.VALUE: "ValueError", ErrorCode.TYPE: "TypeError", ErrorCode.ATTRIBUTE: "AttributeError"}
    names |= {
        ErrorCode.RUNTIME: "RuntimeError",
        ErrorCode.NO_GRAPH: "RuntimeError",
        ErrorCode.KEY: "a lookup error",
        ErrorCode.NOT_WRITTEN: "NotImplementedError",
        ErrorCode.MEMORY: "MemoryError",
    }
    names |= {ErrorCode.ARITHMETIC: "an arithmetic error, such as a division by zero"}
    return names.get(ErrorCode(int(code)), "an error") if int(code) in set(ErrorCode) else "an error"
