"""A question whose answer cannot be read from its file: each answer opens only what is said about that answer.

For the copy of the course that students get. It keeps answers out of sight, not out of reach: who tries every letter finds
the right one, as somebody does who asks the check. Marks that count are given where the questions stand in the open.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, permutations
from typing import Any

from autograder.judge.questions import Choice, Choices, Number, Ordering, shown

ROUNDS = 2_000
MOST_ORDERED = 6
BUCKETS = 4
"""Parts that the span of a right number is cut into; more make a fuzzier edge of what the file gives away."""


@dataclass(frozen=True)
class Sealed:
    """What `seal` made of a question: its kind, how to ask, and the sealed messages by the digest of an answer."""

    text: str

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Judge as the question itself does; a number that is neither right nor a known slip is only called wrong."""
        content = json.loads(base64.b85decode(self.text))
        key = _key(content, answer)
        if key is None:
            return False, f"{content['asks']}; yours is {shown(answer)}."
        found = _opened(content, key)
        if content["kind"] == "number":
            return _number(content, found, float(answer))
        return (bool(found["right"]), str(found["message"])) if found else (False, "Look again.")


def seal(question: Any) -> Sealed:
    """Seal a question. Raises TypeError for a kind that cannot be, ValueError for an ordering of too many."""
    content: dict[str, Any] = {"kind": type(question).__name__.lower(), "asks": _asks(question)}
    if isinstance(question, Number):
        content |= {"unit": question.unit, "width": _width(question)}
        entries = list(_number_entries(question, content["width"]))
    elif isinstance(question, Choice | Choices | Ordering):
        content["words"] = sorted(question.order if isinstance(question, Ordering) else question.options)
        entries = [(_text(content["kind"], given), _said(question, given)) for given in _every_answer(question)]
    else:
        raise TypeError(f"{type(question).__name__} cannot be sealed")
    content["sealed"] = dict(_sealed(key, said) for key, said in entries)
    return Sealed(base64.b85encode(json.dumps(content, ensure_ascii=False).encode()).decode())


def _asks(question: Any) -> str:
    return str(question.judge(object())[1]).partition("; yours is")[0]


def _said(question: Any, given: Any) -> dict[str, Any]:
    right, message = question.judge(given)
    return {"right": right, "message": message}


def _every_answer(question: Choice | Choices | Ordering) -> Iterator[Any]:
    if isinstance(question, Choice):
        return iter(question.options)
    if isinstance(question, Choices):
        letters = question.options
        return chain.from_iterable(combinations(letters, count) for count in range(len(letters) + 1))
    if len(question.order) > MOST_ORDERED:
        raise ValueError(f"an ordering of more than {MOST_ORDERED} cannot be sealed")
    return permutations(question.order)


def _width(question: Number) -> float:
    return max(2 * question.tolerance / BUCKETS, 1e-9 * abs(question.value), 1e-12)


def _number_entries(question: Number, width: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each part of the number line that is near a known value: those values, the right one first."""
    told: dict[int, list[dict[str, Any]]] = {}
    for value, right, reason in [(question.value, True, ""), *((v, False, r) for v, r in question.slips.items())]:
        said = {"value": value, "tolerance": question.tolerance, "right": right, "message": reason}
        first, last = (_bucket(value + side * question.tolerance, width) for side in (-1, 1))
        for bucket in range(first - 1, last + 2):
            told.setdefault(bucket, []).append(said)
    for bucket, spans in told.items():
        yield str(bucket), {"spans": spans}


def _bucket(value: float, width: float) -> int:
    return math.floor(value / width)


def _number(content: dict[str, Any], found: dict[str, Any] | None, answer: float) -> tuple[bool, str]:
    unit = f" {content['unit']}" if content["unit"] else ""
    for span in (found or {"spans": []})["spans"]:
        if abs(answer - span["value"]) <= span["tolerance"]:
            return span["right"], "" if span["right"] else f"Yours is {answer:g}{unit}. {span['message']}"
    return False, f"Yours is {answer:g}{unit}, which is not right."


def _key(content: dict[str, Any], answer: Any) -> str | None:
    """What an answer is looked up by; None where it does not have the form that is asked for."""
    if content["kind"] == "number":
        usable = isinstance(answer, int | float) and not isinstance(answer, bool) and math.isfinite(answer)
        return str(_bucket(float(answer), content["width"])) if usable else None
    if content["kind"] == "choice":
        given = [answer.strip().lower()] if isinstance(answer, str) else []
    else:
        given = [str(item).strip().lower() for item in answer] if isinstance(answer, str | list | tuple) else []
    if content["kind"] == "ordering" and sorted(given) != content["words"]:
        return None
    if not given or not all(item in content["words"] for item in given):
        return None
    return _text(content["kind"], given)


def _text(kind: str, given: Any) -> str:
    words = [given] if isinstance(given, str) else list(given)
    return "\n".join(sorted(set(words)) if kind == "choices" else words)


def _sealed(key: str, said: dict[str, Any]) -> tuple[str, str]:
    plain = json.dumps(said, ensure_ascii=False).encode()
    return _digest(key), base64.b85encode(_mixed(plain, key)).decode()


def _opened(content: dict[str, Any], key: str) -> dict[str, Any] | None:
    hidden = content["sealed"].get(_digest(key))
    return None if hidden is None else dict(json.loads(_mixed(base64.b85decode(hidden), key)))


def _digest(key: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", key.encode(), b"which", ROUNDS, 9).hex()


def _mixed(data: bytes, key: str) -> bytes:
    stream = hashlib.shake_256(hashlib.pbkdf2_hmac("sha256", key.encode(), b"what", ROUNDS)).digest(len(data))
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))
