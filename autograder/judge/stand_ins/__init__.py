"""Right modules that stand in for an earlier task's, in the worker only. They are read as text, never imported."""

from __future__ import annotations

from pathlib import Path


def stand_in(task_id: str) -> str:
    """The source of a right module for a task that others build on."""
    return (Path(__file__).parent / f"{task_id}.py").read_text(encoding="utf-8")
