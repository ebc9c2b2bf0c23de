"""Quizzes and predictions: what the right answer is, and what typical wrong ones mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Question(Protocol):
    """Judges a literal answer: (right, message)."""

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Whether the answer is right, and what to say if it is not."""


@dataclass(frozen=True)
class Number:
    """A number, right within `tolerance` (absolute). slips: wrong values that have a known reason → the reason."""

    value: float
    tolerance: float
    unit: str = ""
    slips: Mapping[float, str] = field(default_factory=dict)

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Compare; a slip is recognised within the same tolerance."""
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            return False, f"This asks for one number{self._in_unit()}; yours is {shown(answer)}."
        if not math.isfinite(answer):
            return False, f"This asks for a finite number{self._in_unit()}."
        if abs(answer - self.value) <= self.tolerance:
            return True, ""
        for wrong, reason in self.slips.items():
            if abs(answer - wrong) <= self.tolerance:
                return False, f"Yours is {answer:g}{self._in_unit()}. {reason}"
        side = "too large" if answer > self.value else "too small"
        return False, f"Yours is {answer:g}{self._in_unit()}, which is {side}."

    def _in_unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True)
class Choice:
    """One letter. why: wrong letter → what speaks against it."""

    answer: str
    options: str
    why: Mapping[str, str] = field(default_factory=dict)

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Compare, whatever the case of the letter."""
        given = answer.strip().lower() if isinstance(answer, str) else answer
        if not isinstance(given, str) or given not in self.options or len(given) != 1:
            return False, f'This asks for one letter of "{self.options}" in quotes; yours is {shown(answer)}.'
        return given == self.answer, "" if given == self.answer else self.why.get(
            given, "Look again at the cell above."
        )


@dataclass(frozen=True)
class Choices:
    """Several letters, in any order: all the right ones and no other."""

    answers: str
    options: str
    why: Mapping[str, str] = field(default_factory=dict)

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Compare the sets; the message speaks of a letter too many before one that is missing."""
        given = list(answer) if isinstance(answer, str | list | tuple | set) else None
        if given is None or not all(isinstance(item, str) and item.strip().lower() in self.options for item in given):
            return False, f'This asks for letters of "{self.options}", such as ["a", "b"]; yours is {shown(answer)}.'
        chosen = {item.strip().lower() for item in given}
        extra, lacking = sorted(chosen - set(self.answers)), set(self.answers) - chosen
        if extra:
            return False, self.why.get(extra[0], f"{extra[0]} does not belong to it.")
        return not lacking, "Right as far as it goes, but not complete." if lacking else ""


@dataclass(frozen=True)
class Ordering:
    """Letters or words in the right order."""

    order: Sequence[str]
    because: str = ""

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Compare; the message names the first place that differs."""
        wanted = list(self.order)
        given = [str(item).strip().lower() for item in answer] if isinstance(answer, str | list | tuple) else None
        if given is None or sorted(given) != sorted(wanted):
            return (
                False,
                f"This asks for {', '.join(sorted(wanted))} in some order, as a list; yours is {shown(answer)}.",
            )
        if given == wanted:
            return True, ""
        place = next(i for i, (mine, right) in enumerate(zip(given, wanted, strict=True)) if mine != right)
        return False, f"The first {place} are right; place {place + 1} is not. {self.because}".strip()


def shown(answer: Any) -> str:
    """An answer as it is quoted in a message: not too long."""
    text = repr(answer)
    return text if len(text) <= 60 else text[:57] + "..."
