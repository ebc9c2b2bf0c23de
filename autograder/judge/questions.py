"""Quizzes and predictions: what the right answer is, and what typical wrong ones mean."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

LARGEST = 1e300
MOST_OF_A_SLIP = 0.2


class Question(Protocol):
    """Judges a literal answer: (right, message)."""

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Whether the answer is right, and what to say if it is not."""


@dataclass(frozen=True)
class Number:
    """A number, right within `tolerance` (absolute). slips: wrong values that have a known reason → the reason.

    A slip is recognised within the same share of its own size, and 20 % of it at most: what 290 ± 90 leaves open
    would be far too much around 30. Of two slips the nearer one counts.
    """

    value: float
    tolerance: float
    unit: str = ""
    slips: Mapping[float, str] = field(default_factory=dict)

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Compare with the right value, then with the slips."""
        if isinstance(answer, str):
            return False, f"This asks for one number{self._in_unit()}, without quotes; yours is {shown(answer)}."
        if isinstance(answer, bool) or not isinstance(answer, int | float):
            return False, f"This asks for one number{self._in_unit()}; yours is {shown(answer)}."
        if not abs(answer) <= LARGEST:
            return False, f"This asks for a number{self._in_unit()} of a sensible size."
        if abs(answer - self.value) <= self.tolerance:
            return True, ""
        if self.slips:
            wrong = min(self.slips, key=lambda slip: self._distance(answer, slip))
            if self._distance(answer, wrong) <= 1:
                return False, f"Yours is {answer:g}{self._in_unit()}. {self.slips[wrong]}"
        side = "too large" if answer > self.value else "too small"
        return False, f"Yours is {answer:g}{self._in_unit()}, which is {side}."

    def _distance(self, answer: float, slip: float) -> float:
        """How far an answer is from a slip, in units of what is still taken for it."""
        share = min(self.tolerance / abs(self.value), MOST_OF_A_SLIP)
        room = share * abs(slip) if slip else self.tolerance
        off = abs(answer - slip)
        return off / room if room else (math.inf if off else 0.0)

    def _in_unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True)
class Choice:
    """One letter. why: wrong letter → what speaks against it."""

    answer: str
    options: str
    why: Mapping[str, str] = field(default_factory=dict)

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Compare, whatever the case of the letter, and with or without a bracket or a full stop."""
        given = answer.strip(" \n\t().").lower() if isinstance(answer, str) else answer
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
        given = items(answer)
        if not given or not set(given) <= set(self.options):
            return False, f'This asks for letters of "{self.options}", such as ["a", "b"]; yours is {shown(answer)}.'
        chosen = set(given)
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
        given = None if isinstance(answer, set) else items(answer)
        if given is None or sorted(given) != sorted(wanted):
            return (
                False,
                f"This asks for {', '.join(sorted(wanted))} in some order, as a list; yours is {shown(answer)}.",
            )
        if given == wanted:
            return True, ""
        place = next(i for i, (mine, right) in enumerate(zip(given, wanted, strict=True)) if mine != right)
        return False, f"Place {place + 1} is the first that is wrong. {self.because}".strip()


def items(answer: Any) -> list[str] | None:
    """The letters or words of a list, or of a text such as "a, c", "a c" or "ac"; None for anything else."""
    if isinstance(answer, str):
        words = re.findall(r"[^\s,;]+", answer.lower())
        return list(words[0]) if len(words) == 1 else words
    if isinstance(answer, list | tuple | set) and all(isinstance(item, str) for item in answer):
        return [item.strip().lower() for item in answer]
    return None


def shown(answer: Any) -> str:
    """An answer as it is quoted in a message: not too long."""
    text = repr(answer)
    return text if len(text) <= 60 else text[:57] + "..."
