"""check, predict, quiz and hint: what a chapter's cells call."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from course_lib.errors import CheckFailed, NotWritten
from course_lib.notebook.display import CheckView
from course_lib.notebook.judge import JudgeClient
from course_lib.notebook.records import answers, failures_in_a_row, recall, remember, tries
from course_lib.workspace import STUDENT_PACKAGES, find_task, tasks, workspace

client = JudgeClient()


def check(task: str) -> CheckView:
    """Judge one task: your module, or your answer to a quiz or prediction.

    Returns the result for the notebook to show. Raises NotWritten before there is anything to judge.
    """
    known = _known(task)
    module, given = known.get("module"), answers()
    if module and not (workspace() / module).is_file():
        raise NotWritten(f"{task} is not written yet: run the cell that starts with %%implement {module}")
    if not module and task not in given:
        raise NotWritten(f'{task} is not answered yet: run the cell with {known["kind"]}("{task}", ...)')
    report = client.ask({"task": task, "modules": _modules(), "answers": given})
    if all(item["verdict"] == "not_done" for item in report["checks"]):
        raise NotWritten(f"{task} is not written yet: {report['checks'][0]['message']}")
    view = CheckView(report, _notes(task, report))
    if not view.passed and os.environ.get("SGD2MUON_STRICT"):
        raise CheckFailed(repr(view))
    return view


def predict(task: str, value: Any) -> None:
    """Note what you expect, before you run the experiment: a number, a letter, or a list."""
    print(f"Noted: {_note(task, value)!r}. Now run on and see.")


def quiz(task: str, value: Any) -> None:
    """Note your answer: a number, a letter such as "b", or a list of letters."""
    print(f"Noted: {_note(task, value)!r}.")


def hint(task: str) -> str:
    """The next hint for the last mistake that was recognised in a task: a nudge, a pointer, then nearly the answer."""
    _known(task)
    last = next((entry for entry in reversed(tries(task)) if "hints" in entry), None)
    if last is None or last.get("score") == last.get("max_score"):
        return f'There is no mistake to hint at. Run check("{task}") first.'
    ladder = last["hints"]
    if not ladder:
        return (
            "The last check recognised no known mistake, so there is no hint for it. Its message says where you differ."
        )
    mistake = last.get("misconceptions", [])
    given = [entry for entry in recall("hints.jsonl") if entry.get("task") == task and entry.get("mistake") == mistake]
    number = min(len(given) + 1, len(ladder))
    remember("hints.jsonl", task=task, mistake=mistake, number=number)
    return f"Hint {number} of {len(ladder)}: {ladder[number - 1]}"


def _known(task: str) -> dict[str, Any]:
    known = find_task(task)
    if known is None:
        raise NotWritten(f"There is no task {task!r} in this course. There are: {', '.join(t['id'] for t in tasks())}")
    return known


def _note(task: str, value: Any) -> Any:
    """Remember an answer, and give it back; a number of numpy or torch becomes Python's."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if value is ...:
        raise NotWritten(f"{task}: type your answer in place of the three dots.")
    if not _is_literal(value):
        raise TypeError(
            f"{task}: an answer is a number, a text in quotes or a list of them, not {type(value).__name__}."
        )
    _known(task)
    remember("answers.jsonl", task=task, value=value)
    return value


def _is_literal(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 20 and all(_is_literal(item) for item in value)
    return type(value) in (bool, int, float, str)


def _modules() -> dict[str, str]:
    """Every module in the workspace's student packages: path below the workspace → text."""
    found = {}
    for package in STUDENT_PACKAGES:
        for file in sorted((workspace() / "course_lib" / package).glob("*.py")):
            if file.name != "__init__.py" and not file.is_symlink():
                found[f"course_lib/{package}/{file.name}"] = file.read_text(encoding="utf-8", errors="replace")
    return found


def _notes(task: str, report: dict[str, Any]) -> tuple[str, ...]:
    """Record the try, and say what is worth saying about it: nothing changed, a hint is there."""
    judged = [[item["id"], item["verdict"], item["message"]] for item in report["checks"]]
    digest = hashlib.sha256(json.dumps(judged).encode()).hexdigest()[:16]
    before = tries(task)
    remember(
        "progress.jsonl",
        task=task,
        score=report["score"],
        max_score=report["max_score"],
        misconceptions=report["misconceptions"],
        hints=report["hints"],
        digest=digest,
    )
    notes = []
    if before and before[-1].get("digest") == digest:
        notes.append("Unchanged since your last check.")
    if report["hints"] and failures_in_a_row(task) >= 2:
        notes.append(f'A hint, if you want one: hint("{task}")')
    return tuple(notes)
