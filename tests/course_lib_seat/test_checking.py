"""check, predict, quiz, hint, and what they show and record."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from course_lib.errors import CheckFailed, JudgeProblem, NotWritten
from course_lib.notebook import check, hint, predict, quiz
from course_lib.notebook.curves import picture
from course_lib.notebook.display import CheckView
from course_lib.notebook.judge import JudgeClient
from course_lib.notebook.records import answers, recall, remember


def write(workspace: Path, source: str) -> None:
    file = workspace / "course_lib" / "optim" / "sgd.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")


def test_a_missing_module_says_which_cell_to_run(judge: JudgeClient) -> None:
    with pytest.raises(NotWritten, match=r"%%implement course_lib/optim/sgd\.py"):
        check("sgd")


def test_a_stub_is_not_written(judge: JudgeClient, workspace: Path) -> None:
    write(workspace, "# stub")
    with pytest.raises(NotWritten, match="not written yet"):
        check("sgd")


def test_a_failing_check_is_shown_and_not_raised(judge: JudgeClient, workspace: Path) -> None:
    write(workspace, "# wrong")
    view = check("sgd")
    assert not view.passed
    assert "✗ It <b>works</b>" in repr(view)
    assert "Differs <script>" in repr(view)


def test_what_the_judge_says_is_escaped_on_the_page(judge: JudgeClient, workspace: Path) -> None:
    write(workspace, "# wrong")
    page = check("sgd")._repr_html_()
    assert "<script>" not in page
    assert "<b>works" not in page
    assert "&lt;script&gt;" in page
    assert 'scope="row"' in page
    assert 'role="img" aria-label=' in page


def test_a_failing_check_raises_where_the_course_is_executed(
    judge: JudgeClient, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SGD2MUON_STRICT", "1")
    write(workspace, "# wrong")
    with pytest.raises(CheckFailed, match="0 of 2 points"):
        check("sgd")
    write(workspace, "# right")
    assert check("sgd").passed


def test_the_same_result_twice_is_called_unchanged_and_the_second_failure_offers_a_hint(
    judge: JudgeClient, workspace: Path
) -> None:
    write(workspace, "# wrong")
    assert check("sgd").notes == ()
    notes = check("sgd").notes
    assert notes[0] == "Unchanged since your last check."
    assert 'hint("sgd")' in notes[1]


def test_hints_come_one_by_one_and_are_counted(judge: JudgeClient, workspace: Path) -> None:
    assert "no mistake" in hint("sgd")
    write(workspace, "# wrong")
    check("sgd")
    assert [hint("sgd")[-3:] for _ in range(4)] == ["one", "two", "ree", "ree"]
    assert [entry["number"] for entry in recall("hints.jsonl")] == [1, 2, 3, 3]
    write(workspace, "# right")
    check("sgd")
    assert "no mistake" in hint("sgd")


@pytest.mark.parametrize("ask", [predict, quiz])
def test_an_answer_is_noted_and_judged_later(ask: Any, judge: JudgeClient) -> None:
    with pytest.raises(NotWritten, match="not answered"):
        check("rate")
    ask("rate", 0.1)
    assert not check("rate").passed
    ask("rate", 0.2)
    assert check("rate").passed
    assert answers() == {"rate": 0.2}


@pytest.mark.parametrize("value", [np.float64(0.2), np.float32(0.5), np.int64(3), torch.tensor(0.25), torch.tensor(7)])
def test_a_computed_number_is_noted_as_python_writes_it(
    judge: JudgeClient, value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    quiz("rate", value)
    assert type(answers()["rate"]) in (int, float)
    assert capsys.readouterr().out == f"Noted: {value.item()!r}.\n"


def test_three_dots_are_no_answer(judge: JudgeClient) -> None:
    with pytest.raises(NotWritten, match="three dots"):
        predict("rate", ...)


@pytest.mark.parametrize("value", [print, {"a": 1}, object(), [print], b"x"])
def test_an_answer_that_is_no_literal_is_refused(judge: JudgeClient, value: Any) -> None:
    with pytest.raises(TypeError, match="an answer is a number"):
        quiz("rate", value)


def test_an_unknown_task_lists_the_known_ones(judge: JudgeClient) -> None:
    with pytest.raises(NotWritten, match="sgd, rate, adam"):
        check("sdg")


@pytest.mark.parametrize(
    ("source", "words"), [("# die", "without an answer"), ("# noise", "cannot be read"), ("# refuse", "no such task")]
)
def test_a_judge_in_trouble_is_reported_and_the_next_check_works(
    judge: JudgeClient, workspace: Path, source: str, words: str
) -> None:
    write(workspace, source)
    with pytest.raises(JudgeProblem, match=words):
        check("sgd")
    write(workspace, "# right")
    assert check("sgd").passed


def test_a_silent_judge_costs_the_patience_and_not_the_kernel(judge: JudgeClient, workspace: Path) -> None:
    write(workspace, "# sleep")
    started = time.monotonic()
    with pytest.raises(JudgeProblem, match="said nothing"):
        check("sgd")
    assert time.monotonic() - started < 30
    write(workspace, "# right")
    assert check("sgd").passed


def test_a_judge_that_cannot_start_says_what_to_do(workspace: Path) -> None:
    with pytest.raises(JudgeProblem, match="cannot be started"):
        JudgeClient(["/nowhere/python"]).ask({})


def test_a_torn_line_in_a_record_is_skipped_and_overwritten_by_nothing(workspace: Path) -> None:
    remember("answers.jsonl", task="rate", value=1)
    file = workspace / ".sgd2muon" / "answers.jsonl"
    file.write_bytes(file.read_bytes() + b'{"task": "rate", "val')
    remember("answers.jsonl", task="rate", value=2)
    assert answers() == {"rate": 2}
    assert len(recall("answers.jsonl")) == 2


def test_curves_have_a_text_alternative_that_names_both() -> None:
    drawn = picture({"title": "T", "xlabel": "step", "ylabel": "length", "yours": [1.0, None], "expected": [1.0, 2.0]})
    assert "yours 1, not a number; expected 1, 2" in drawn
    assert picture(None) == ""


def test_the_real_judge_names_a_real_mistake(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from course_lib.notebook import checking
    from tests.bank import sgd

    client = JudgeClient([sys.executable, "-m", "autograder", "serve"])
    monkeypatch.setattr(checking, "client", client)
    try:
        write(workspace, sgd.BASE.replace("p.sub_(lr * g)", "p.add_(lr * g)"))
        view = check("sgd")
    finally:
        client.close()
    assert isinstance(view, CheckView)
    assert view.report["misconceptions"] == ["ascent"]
    assert json.loads((workspace / ".sgd2muon" / "progress.jsonl").read_text())["task"] == "sgd"
