"""A workspace of one's own, a small course, and a stand-in for the judge."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import course_lib.workspace
from course_lib.notebook import checking
from course_lib.notebook.judge import JudgeClient

COURSE: dict[str, Any] = {
    "chapters": [
        {
            "id": "01_sgd",
            "number": 1,
            "title": "One step",
            "tasks": [
                {"id": "sgd", "kind": "implement", "module": "course_lib/optim/sgd.py", "names": ["SGD"], "points": 12},
                {"id": "rate", "kind": "predict", "points": 1},
            ],
        },
        {
            "id": "04_adam",
            "number": 4,
            "title": "Adam",
            "tasks": [
                {
                    "id": "adam",
                    "kind": "implement",
                    "module": "course_lib/optim/adam.py",
                    "names": ["Adam"],
                    "points": 10,
                }
            ],
        },
        {
            "id": "06_schedules",
            "number": 6,
            "title": "Schedules",
            "tasks": [
                {
                    "id": "wsd",
                    "kind": "implement",
                    "module": "course_lib/schedules/wsd.py",
                    "names": ["wsd"],
                    "points": 10,
                }
            ],
        },
    ]
}

JUDGE = """
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    source = "".join(request["modules"].values())
    if "die" in source: os._exit(3)
    if "sleep" in source: time.sleep(60)
    if "noise" in source: print("not json", flush=True); continue
    if "refuse" in source: print(json.dumps({"error": "no such task"}), flush=True); continue
    right = "right" in source or request["answers"].get("rate") == 0.2
    check = {"id": "first", "claim": "It <b>works</b>", "verdict": "passed" if right else "failed",
             "points": 2.0 * right, "max_points": 2.0, "message": "" if right else "Differs <script>", "seconds": 0.1}
    if "stub" in source: check.update(verdict="not_done", message="Not written yet.")
    print(json.dumps({"task": request["task"], "score": 2.0 * right, "max_score": 2.0, "convention": None,
      "misconceptions": [] if right else ["ascent"], "hints": [] if right else ["one", "two", "three"], "checks": [check],
      "flags": [], "picture": {"title": "t", "xlabel": "step", "ylabel": "y", "yours": [1.0, None], "expected": [1.0, 2.0]},
      "sandbox": ["rlimits"], "level": "trusted", "seed": "public", "seconds": 0.1}), flush=True)
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty workspace; modules imported from it are forgotten afterwards."""
    monkeypatch.setenv("SGD2MUON_WORKSPACE", str(tmp_path))
    monkeypatch.setattr(course_lib.workspace, "course", lambda: COURSE)
    packages = [f"course_lib.{name}" for name in course_lib.workspace.STUDENT_PACKAGES]

    def forget() -> None:
        for name in [name for name in sys.modules if any(name == p or name.startswith(p + ".") for p in packages)]:
            del sys.modules[name]
            if name in packages:
                course_lib.__dict__.pop(name.rpartition(".")[2], None)

    forget()
    yield tmp_path
    forget()


@pytest.fixture
def judge(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeClient]:
    """A judge that is right about sources with the word right in them."""
    client = JudgeClient([sys.executable, "-c", JUDGE], patience=2)
    monkeypatch.setattr(checking, "client", client)
    yield client
    client.close()
