"""Answers are read from the calls as they are written, and nothing is run."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.submissions.answers import UNCLEAR, answers_in
from autograder.submissions.cells import RawCell


def said(text: str) -> list[dict[str, str]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('predict("rate", -1e-2)', -0.01),
        ('quiz("rate", ["a", "b"])', ["a", "b"]),
        ('predict(task="rate", value=2/10)', 0.2),
        ('%time\npredict("rate", 3)', 3),
        ('x = (\npredict("rate", (1, 2))', [1, 2]),
        ('predict("rate", ...)', ...),
        ('predict("rate", 2**-1)', 0.5),
        ('L = 10\npredict("rate", 2 / L)', 0.2),
        ('predict("rate", -0.0)', 0.0),
        ('predict("rate", 1_000 + 2e1)', 1020.0),
        ('quiz("rate", {"a", "b"})', ["a", "b"]),
        ('quiz("rate", " B ")', " B "),
        ('quiz("rate", True)', True),
    ],
)
def test_literal_answers_are_read(source: str, value: Any) -> None:
    assert list(answers_in(RawCell("code", source))) == [("rate", value)]


@pytest.mark.parametrize(
    "source",
    [
        'predict("rate", open("x"))',
        'predict("rate", x)',
        'predict("rate", 9**9**9**9)',
        'predict("rate", 1e999)',
        'predict("rate", "a"*9)',
        'predict("rate", b"a")',
        'predict("rate", 1/0)',
        'x = 1\nx = 2\npredict("rate", x)',
        'x = 1\nx += 1\npredict("rate", x)',
        'predict("rate", [' + "1," * 500 + "])",
        'predict("rate", ' + "-" * 90 + "True)",
    ],
)
def test_anything_else_is_unclear(source: str) -> None:
    assert list(answers_in(RawCell("code", source))) == [("rate", UNCLEAR)]


@pytest.mark.parametrize("source", ['print("rate", 1)', 'predict("rate")', "predict(rate, 1)", "predict(", "\0"])
def test_other_calls_are_no_answers(source: str) -> None:
    assert list(answers_in(RawCell("code", source))) == []


def test_an_answer_computed_from_another_cell_is_read_from_what_the_call_printed() -> None:
    printed = RawCell("code", 'predict("rate", 2 / L)', outputs=said("Noted: 0.2. Now run on and see.\n"))
    assert list(answers_in(printed)) == [("rate", 0.2)]
    quiz = RawCell("code", 'quiz("rate", letters)', outputs=said("Noted: ['a', 'b'].\n"))
    assert list(answers_in(quiz)) == [("rate", ["a", "b"])]


def test_what_was_printed_is_not_taken_for_code() -> None:
    printed = RawCell("code", 'predict("rate", 2 / L)', outputs=said("Noted: open('x'). Now run on and see.\n"))
    assert list(answers_in(printed)) == [("rate", UNCLEAR)]


def test_what_two_calls_printed_is_not_guessed_apart() -> None:
    printed = RawCell("code", 'predict("a", 2 / L); predict("b", 3 / L)', outputs=said("Noted: 0.2.\nNoted: 0.3.\n"))
    assert list(answers_in(printed)) == [("a", UNCLEAR), ("b", UNCLEAR)]


def test_a_long_text_of_broken_calls_takes_no_time() -> None:
    assert list(answers_in(RawCell("code", "predict(" * 20_000 + ")" * 20_000))) == []
