"""What has been judged: one JSON line per result, appended and synced, so that no crash loses more than the last one."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import autograder
from autograder.errors import CourseError


@dataclass(frozen=True)
class Entry:
    """One submission's results. key: what they depend on. results: task → TaskResult.to_json()."""

    student: str
    key: str
    results: dict[str, dict[str, Any]]
    notes: list[str]


class Journal:
    """The journal of one class and chapter."""

    def __init__(self, path: Path):
        self.path = path
        self.damaged = 0
        self.latest: dict[str, Entry] = {}
        for line in self._lines():
            entry = _entry(line)
            if entry is None:
                self.damaged += 1
            else:
                self.latest[entry.student] = entry

    def _lines(self) -> list[bytes]:
        try:
            return [line for line in self.path.read_bytes().split(b"\n") if line.strip()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CourseError(f"{self.path} cannot be read ({error.strerror}).") from None

    def append(self, entry: Entry) -> None:
        """Add an entry; it is on the disk when this returns. CourseError when the disk refuses."""
        record = {"student": entry.student, "key": entry.key, "results": entry.results, "notes": entry.notes}
        line = json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n"
        try:
            with open(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as out:
                size = out.seek(0, os.SEEK_END)
                if size and (out.seek(size - 1), out.read(1))[1] != b"\n":
                    line = b"\n" + line
                out.write(line)
                os.fsync(out.fileno())
        except OSError as error:
            raise CourseError(
                f"{self.path} cannot be written ({error.strerror}). Nothing is lost: free some space and run the same command again."
            ) from None
        self.latest[entry.student] = entry


def _entry(line: bytes) -> Entry | None:
    try:
        content = json.loads(line)
        return Entry(str(content["student"]), str(content["key"]), dict(content["results"]), list(content["notes"]))
    except (ValueError, KeyError, TypeError):
        return None


def key_of(submission: dict[str, Any], seed: int, tasks: list[str]) -> str:
    """A digest of everything a result depends on: the submission, the tasks, the judge, the environment, the seed."""
    content = {
        "submission": submission,
        "tasks": tasks,
        "seed": seed,
        "judge": judge_digest(),
        "environment": environment(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=repr).encode("utf-8", "replace")).hexdigest()


@cache
def judge_digest() -> str:
    """A digest of the code that decides."""
    digest = hashlib.sha256()
    root = Path(autograder.__file__).parent
    for folder in ("banks", "checks", "judge", "oracles", "worker"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@cache
def environment() -> dict[str, str]:
    """What the numbers of a run depend on beside the code."""
    return {"python": platform.python_version(), "torch": metadata.version("torch"), "numpy": metadata.version("numpy")}
