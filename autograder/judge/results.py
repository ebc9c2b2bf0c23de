"""What a judged task looks like from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["passed", "failed", "skipped", "crashed", "timed_out", "not_done"]


@dataclass(frozen=True)
class Submission:
    """What one person handed in: modules (path below the workspace → source text), answers (task → literal)."""

    modules: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)


@dataclass
class CheckResult:
    """One graded claim and what became of it."""

    id: str
    claim: str
    verdict: Verdict
    points: float
    max_points: float
    message: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "id": self.id,
            "claim": self.claim,
            "verdict": self.verdict,
            "points": self.points,
            "max_points": self.max_points,
            "message": self.message,
            "seconds": round(self.seconds, 4),
        }


@dataclass(frozen=True)
class Flag:
    """Something an instructor may want to look at; it never changes a mark."""

    id: str
    message: str


@dataclass(frozen=True)
class Picture:
    """Two curves, the student's and the expected one, over steps; first: the number of the first step."""

    title: str
    xlabel: str
    ylabel: str
    yours: tuple[float | None, ...]
    expected: tuple[float, ...]
    first: int = 1


@dataclass
class TaskResult:
    """A judged task. convention and misconceptions are ids from the task's bank.

    seconds: from the question to the answer. cpu_seconds: what the student's code computed.
    """

    task: str
    checks: list[CheckResult]
    convention: str | None = None
    misconceptions: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    picture: Picture | None = None
    sandbox: tuple[str, ...] = ()
    level: str = ""
    seed: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def score(self) -> float:
        """Points earned."""
        return float(sum(check.points for check in self.checks))

    @property
    def max_score(self) -> float:
        """Points that could be earned."""
        return float(sum(check.max_points for check in self.checks))

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.verdict == "passed" for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as docs/architecture.md describes it."""
        picture = self.picture
        return {
            "task": self.task,
            "score": self.score,
            "max_score": self.max_score,
            "convention": self.convention,
            "misconceptions": self.misconceptions,
            "checks": [check.to_json() for check in self.checks],
            "flags": [{"id": flag.id, "message": flag.message} for flag in self.flags],
            "hints": self.hints,
            "picture": None
            if picture is None
            else {
                "title": picture.title,
                "xlabel": picture.xlabel,
                "ylabel": picture.ylabel,
                "yours": list(picture.yours),
                "expected": list(picture.expected),
            },
            "sandbox": list(self.sandbox),
            "level": self.level,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
        }
