"""Where one person's own modules are, and what the course says of them."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent
STUDENT_PACKAGES = ("optim", "schedules", "training", "precision", "distributed")
VARIABLE = "SGD2MUON_WORKSPACE"


def workspace() -> Path:
    """The folder that holds your `course_lib`: $SGD2MUON_WORKSPACE, else the repository around the current folder, else
    the one that this package was imported from."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().resolve()
    here = Path.cwd().resolve()
    found = next(
        (folder for folder in (here, *here.parents) if (folder / "course_lib" / "workspace.py").is_file()), None
    )
    return found or PACKAGE.parent


def records() -> Path:
    """The folder for answers, progress and hints; made when first written to."""
    return workspace() / ".sgd2muon"


@cache
def course() -> dict[str, Any]:
    """What course.json says: chapters with their tasks; no chapters where the file is missing or damaged."""
    try:
        content = json.loads((PACKAGE / "course.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"chapters": []}
    return content if isinstance(content, dict) else {"chapters": []}


def tasks() -> list[dict[str, Any]]:
    """Every task of the course, each with its chapter's id under "chapter" and number under "number"."""
    return [
        {**task, "chapter": chapter["id"], "number": chapter["number"]}
        for chapter in course()["chapters"]
        for task in chapter["tasks"]
    ]


def find_task(task_id: str) -> dict[str, Any] | None:
    """One task, None where the course has none of this id."""
    return next((task for task in tasks() if task["id"] == task_id), None)


def where(task: dict[str, Any]) -> str:
    """ "chapter 4: notebooks/04_adam"."""
    return f"chapter {task['number']}: notebooks/{task['chapter']}"
