"""A sealed question judges as the open one does, and its file does not show the answer."""

from __future__ import annotations

import ast
import base64
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

import autograder.checks
from autograder.bundle.seal_checks import sealed_source
from autograder.judge.questions import Choice, Choices, Number, Ordering
from autograder.judge.sealed import seal

CHECKS = sorted(Path(autograder.checks.__file__).parent.glob("test_*.py"))

NUMBER = Number(0.2, 0.002, unit="nats", slips={0.1: "That is half of it.", 0.0: "Nothing?"})
CHOICE = Choice("b", "abcd", why={"a": "No: a."})
CHOICES = Choices("bd", "abcd", why={"a": "a does not belong."})
ORDERING = Ordering(("mlp", "embedding", "norms"), because="Think of the curvature.")


@pytest.mark.parametrize("answer", [0.2, 0.1985, 0.2015, 0.1, 0.1009, 0.0, True, "0.2", float("nan"), None])
def test_a_number_is_judged_alike_where_there_is_something_to_say(answer: Any) -> None:
    sealed, opened = seal(NUMBER).judge(answer), NUMBER.judge(answer)
    assert sealed[0] == opened[0]
    if isinstance(answer, float) and answer == answer:
        assert sealed[1] == opened[1]


@pytest.mark.parametrize("answer", [0.2021, 0.1979, 5, -0.2, 1e300])
def test_another_number_is_wrong_and_not_told_on_which_side(answer: float) -> None:
    right, message = seal(NUMBER).judge(answer)
    assert not right
    assert message == f"Yours is {answer:g} nats, which is not right."


@pytest.mark.parametrize("answer", ["a", "b", " B ", "c", "e", 2, ""])
def test_a_letter_is_judged_alike(answer: Any) -> None:
    assert seal(CHOICE).judge(answer) == CHOICE.judge(answer)


@pytest.mark.parametrize("answer", [["b", "d"], "db", ["a", "b"], ["b"], ["c"], ["x"], 3])
def test_letters_are_judged_alike(answer: Any) -> None:
    assert seal(CHOICES).judge(answer) == CHOICES.judge(answer)


@pytest.mark.parametrize("answer", [*map(list, permutations(ORDERING.order)), ["mlp"], 3])
def test_an_order_is_judged_alike(answer: Any) -> None:
    assert seal(ORDERING).judge(answer) == ORDERING.judge(answer)


@pytest.mark.parametrize("question", [NUMBER, CHOICE, CHOICES, ORDERING])
def test_nothing_that_is_said_about_an_answer_can_be_read(question: Any) -> None:
    shown = base64.b85decode(seal(question).text).decode()
    for said in ("half of it", "No: a", "does not belong", "curvature", "0.2"):
        assert said not in shown


@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.stem)
def test_a_sealed_check_file_has_the_same_claims_and_no_question(path: Path) -> None:
    source = sealed_source(path)
    for name in ("Number(", "Choice(", "Choices(", "Ordering("):
        assert name not in source

    def claims(text: str) -> list[tuple[str, str | None]]:
        found = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
        return [(node.name, ast.get_docstring(node)) for node in found]

    assert claims(source) == claims(path.read_text(encoding="utf-8"))
