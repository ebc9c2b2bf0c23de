"""Answers, progress and hints, in small files in the workspace that no crash can lose."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from course_lib.workspace import records


def remember(file: str, **entry: Any) -> None:
    """Append one line to a record; a line that was cut off by a crash is skipped when reading."""
    path = records() / file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a+b") as out:
            text = json.dumps({"time": round(time.time(), 3), **entry}, ensure_ascii=False)
            out.write((b"" if _ends_a_line(path) else b"\n") + text.encode("utf-8") + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        print(f"(not recorded: {path} cannot be written: {error.strerror})")


def _ends_a_line(path: Path) -> bool:
    size = path.stat().st_size
    if size == 0:
        return True
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def recall(file: str) -> list[dict[str, Any]]:
    """All entries of a record, oldest first; none where there is no file."""
    try:
        lines = (records() / file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def answers() -> dict[str, Any]:
    """The last answer to each quiz and prediction."""
    return {entry["task"]: entry["value"] for entry in recall("answers.jsonl") if "task" in entry and "value" in entry}


def tries(task: str) -> list[dict[str, Any]]:
    """Every check of a task so far."""
    return [entry for entry in recall("progress.jsonl") if entry.get("task") == task]


def failures_in_a_row(task: str) -> int:
    """How many checks of a task have failed since the last one that passed."""
    count = 0
    for entry in reversed(tries(task)):
        if entry.get("score") == entry.get("max_score"):
            break
        count += 1
    return count
