"""Evidence: what a worker sent for one scenario, and what a variant predicts for it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.worker.codes import HEAD, TEXT, ErrorCode, Status

RECORD_OVERHEAD = 8 * HEAD + TEXT


@dataclass(frozen=True)
class Scenario:
    """One experiment on one task.

    family: what checks ask for. player: the worker's module that plays it. program: plain data for that player and for
    the oracle. size: how many float64 come back. about: a few words for messages ("the learning rate changes at step 3").
    """

    family: str
    player: str
    program: dict[str, Any]
    size: int
    about: str = ""

    def request(self) -> dict[str, Any]:
        """What the worker is told."""
        return {"player": self.player, "size": self.size, **self.program}

    @property
    def has_closures(self) -> bool:
        """Whether gradients depend on where the parameters are."""
        return any(event[0] == "closure" for event in self.program.get("events", ()))

    @property
    def record_bytes(self) -> int:
        """Length of the record that comes back."""
        return RECORD_OVERHEAD + 8 * self.size


@dataclass
class Evidence:
    """What one scenario brought back.

    ending: "played" (the worker finished it, perhaps with the student's exception), "crashed", "timed_out" or
    "not_reached" (the worker had already died). text: what the exception or the sandbox said; untrusted.
    """

    values: np.ndarray
    status: Status = Status.OK
    event: int = -1
    error: ErrorCode = ErrorCode.NONE
    text: str = ""
    ending: str = "played"

    @property
    def raised(self) -> bool:
        """Whether the student's code ended the scenario with an exception."""
        return self.status != Status.OK


@dataclass
class Expected:
    """What a variant predicts for a scenario.

    values: float64 of the scenario's size, NaN where nothing is written. tolerance: of the same size, relative to the
    updates. event: where the variant raises, else None. errors: which kinds, any where none is named. holds: what else has to
    be true of the values, where numbers one by one cannot say it.
    """

    values: np.ndarray
    tolerance: np.ndarray
    event: int | None = None
    ignored: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    holds: Callable[[np.ndarray], bool] | None = None
    errors: tuple[ErrorCode, ...] = ()


def parse(data: bytes, scenarios: Sequence[Scenario]) -> list[Evidence]:
    """Cut a worker's stream into records, as far as it goes; never reads past what the judge computed beforehand."""
    found: list[Evidence] = []
    offset = 0
    for scenario in scenarios:
        record = data[offset : offset + scenario.record_bytes]
        if len(record) < scenario.record_bytes:
            break
        found.append(_parse_record(record))
        offset += scenario.record_bytes
    return found


def _parse_record(record: bytes) -> Evidence:
    _, status, event, code = struct.unpack_from(f"<{HEAD}d", record)
    text = record[8 * HEAD : 8 * HEAD + TEXT].rstrip(b"\0").decode("utf-8", "replace")
    values = np.frombuffer(record, dtype="<f8", offset=RECORD_OVERHEAD).copy()
    return Evidence(
        values,
        _member(Status, status, Status.RAISED),
        _whole(event),
        _member(ErrorCode, code, ErrorCode.OTHER),
        plain(text),
    )


def _member(kind: Any, value: float, default: Any) -> Any:
    try:
        return kind(int(value))
    except (ValueError, OverflowError):
        return default


def _whole(value: float) -> int:
    return int(value) if np.isfinite(value) and abs(value) < 1e6 else -1


def plain(text: str) -> str:
    """Untrusted text without control characters."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def missing(scenario: Scenario, ending: str, text: str) -> Evidence:
    """The evidence of a scenario that never came back."""
    return Evidence(np.full(scenario.size, np.nan), Status.RAISED, -1, ErrorCode.OTHER, text, ending)


def agrees(evidence: Evidence, expected: Expected, part: np.ndarray | None = None) -> bool:
    """Whether evidence is what a variant predicts, on the part of the numbers that a check looks at."""
    if evidence.ending != "played" or evidence.status == Status.IMPORT_FAILED:
        return False
    if evidence.raised != (expected.event is not None):
        return False
    if expected.event is not None and evidence.event != expected.event:
        return False
    kinds = {evidence.error, ErrorCode.RUNTIME} if evidence.error == ErrorCode.NO_GRAPH else {evidence.error}
    if expected.errors and kinds.isdisjoint(expected.errors):
        return False
    if not np.all(close(evidence.values, expected)[slice(None) if part is None else part]):
        return False
    return expected.holds is None or expected.holds(evidence.values)


def close(values: np.ndarray, expected: Expected) -> np.ndarray:
    """Per number: equal within tolerance; NaN equals NaN, an infinity only itself; ignored numbers always agree."""
    with np.errstate(invalid="ignore", over="ignore"):
        same = near(values, expected.values, expected.tolerance)
    return same | expected.ignored if expected.ignored.size else same


def near(one: np.ndarray, other: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Per number: no further apart than `tolerance`, or both NaN, or the same infinity."""
    return (np.abs(one - other) <= tolerance) | (one == other) | (np.isnan(one) & np.isnan(other))
