"""Answers to quizzes and predictions: in all forms a student may type, and just beside the right one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from autograder import checks
from autograder.judge.checks import Check
from autograder.judge.questions import Choice, Choices, Number, Ordering, Question


class Asked(Exception):
    """Brings the question out of a claim."""


class Asking:
    """Stands for the student in a claim about an answer."""

    def answers(self, question: Question) -> None:
        raise Asked(question)


def questions() -> Iterator[tuple[str, Question]]:
    """(task, question) of every chapter."""
    for module in pkgutil.iter_modules(checks.__path__, "autograder.checks."):
        if not module.name.startswith("autograder.checks.test_"):
            continue
        for claim in vars(importlib.import_module(module.name)).values():
            check = getattr(claim, "check", None)
            if isinstance(check, Check) and "student.answers(" in inspect.getsource(claim):
                with pytest.raises(Asked) as asked:
                    claim(Asking())
                yield check.task, asked.value.args[0]


QUESTIONS = dict(questions())
NUMBERS = {task: question for task, question in QUESTIONS.items() if isinstance(question, Number)}


def test_there_are_questions_of_every_kind() -> None:
    assert {type(question) for question in QUESTIONS.values()} == {Number, Choice, Choices, Ordering}


@pytest.mark.parametrize("task", NUMBERS)
def test_every_slip_is_wrong_and_told_its_own_reason(task: str) -> None:
    question = NUMBERS[task]
    for slip, reason in question.slips.items():
        for typed in (slip, float(f"{slip:.4g}")):
            right, message = question.judge(typed)
            assert not right
            assert message.endswith(reason), typed


@pytest.mark.parametrize("task", NUMBERS)
def test_the_value_is_right_when_rounded_to_three_digits(task: str) -> None:
    question = NUMBERS[task]
    assert question.judge(float(f"{question.value:.3g}")) == (True, "")


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("largest_stable_lr", 2 / 10),
        ("clipped_too_early", 1.5e-5),
        ("clip_before_unscale", 0.00098),
        ("utilisation", 0.38),
        ("utilisation", 0.37),
        ("cost_of_newton_schulz", 2),
        ("tiny_singular_value", 0.05),
        ("decay_clock", 33000),
        ("replanned_cosine", 2.3),
        ("steps_to_bottom", 1.0),
        ("where_eps_counts", 10**-4),
    ],
)
def test_what_a_student_would_round_to_is_right(task: str, answer: float) -> None:
    assert QUESTIONS[task].judge(answer) == (True, "")


@pytest.mark.parametrize(
    ("task", "answer", "said"),
    [
        ("largest_stable_lr", 2 / 10.1, "the best learning rate"),
        ("steps_at_kappa_1000", 36000, "κ = 10,000"),
        ("where_eps_counts", 1e-6, "too small"),
        ("where_eps_counts", 1e-16, "That is ε²"),
        ("first_step_of_rmsprop", 0.01, "That is v itself"),
        ("first_step_of_rmsprop", 0.15, "too small"),
        ("tiny_singular_value", 0.0001, "It grows"),
        ("grok_step", 100, "too small"),
        ("grok_step", -50, "too small"),
        ("grok_step", 25, "when the training set is known"),
        ("worst_width", 18, "too small"),
        ("worst_width", 3050, "The largest model of all"),
        ("frozen_weight", -0.0, "exact arithmetic"),
        ("spacing_at_300", "2", "without quotes"),
        ("spacing_at_300", True, "one number"),
        ("spacing_at_300", [2], "one number"),
        ("spacing_at_300", float("nan"), "sensible size"),
        ("spacing_at_300", 10**400, "sensible size"),
    ],
)
def test_a_wrong_number_hears_what_is_true_of_it(task: str, answer: Any, said: str) -> None:
    right, message = QUESTIONS[task].judge(answer)
    assert not right
    assert said in message


@pytest.mark.parametrize("answer", ["b", "B", " b ", "b)", "(b)", "b."])
def test_a_letter_may_be_typed_in_any_usual_way(answer: str) -> None:
    assert Choice("b", "abcd").judge(answer) == (True, "")


@pytest.mark.parametrize("answer", ["", " ", "e", "ab", 2, True, ["b"], "."])
def test_what_is_no_letter_is_told_so(answer: Any) -> None:
    right, message = Choice("b", "abcd").judge(answer)
    assert not right
    assert "one letter" in message


@pytest.mark.parametrize(
    "answer", ["ac", "ca", "a c", "A, C", "a,c", ["a", "c"], ("c", "a"), {"a", "c"}, ["a", " C", "a"]]
)
def test_letters_may_come_in_any_order_and_form(answer: Any) -> None:
    assert QUESTIONS["which_decay"].judge(answer) == (True, "")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "This asks for letters"),
        ([], "This asks for letters"),
        ([""], "This asks for letters"),
        (["ac"], "This asks for letters"),
        (["ab"], "This asks for letters"),
        (3, "This asks for letters"),
        ([1, 3], "This asks for letters"),
        ("a", "not complete"),
        ("abc", "A gain has one dimension"),
    ],
)
def test_wrong_letters_hear_what_is_wrong(answer: Any, said: str) -> None:
    right, message = QUESTIONS["which_decay"].judge(answer)
    assert not right
    assert said in message


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("order_of_waits", ["b", "c", "a"]),
        ("order_of_waits", "bca"),
        ("order_of_waits", "B, C, A"),
        ("order_of_waits", ("b", " c", "A")),
        ("order_of_schedules", "wsd, cosine, constant"),
        ("order_of_schedules", ["WSD", "cosine", "constant"]),
    ],
)
def test_an_order_may_be_a_list_or_a_text(task: str, answer: Any) -> None:
    assert QUESTIONS[task].judge(answer) == (True, "")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("cba", "Place 1 is the first"),
        ("bac", "Place 2 is the first"),
        ("bc", "in some order"),
        ({"a", "b", "c"}, "in some order"),
        (7, "in some order"),
        (["b", "c", 1], "in some order"),
        ("a > c > b", "in some order"),
    ],
)
def test_a_wrong_order_hears_where(answer: Any, said: str) -> None:
    right, message = QUESTIONS["order_of_waits"].judge(answer)
    assert not right
    assert said in message
