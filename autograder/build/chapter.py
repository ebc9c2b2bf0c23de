"""Builds all chapters into a folder tree, or compares with what is committed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.build.glossary import link_terms, read_glossary
from autograder.build.notebooks import release, solved, text
from autograder.build.rules import Catalogue, leaks, verify
from autograder.build.source import Chapter, read_chapter
from autograder.errors import CourseError
from autograder.files import write_whole


@dataclass
class Build:
    """Everything a build writes: path below the repository → text."""

    chapters: list[Chapter]
    committed: dict[str, str]
    uncommitted: dict[str, str]

    def write(self, root: Path) -> list[str]:
        """Write what is not on disk already; returns the paths that changed."""
        changed = [path for path, content in self._all().items() if _read(root / path) != content]
        for path in changed:
            write_whole(root / path, self._all()[path])
        for path in self.stale(root):
            (root / path).unlink()
            changed.append(path)
        return changed

    def differences(self, root: Path) -> list[str]:
        """Committed files that are not what the sources give, and notebooks no source gives."""
        different = [path for path, content in self.committed.items() if _read(root / path) != content]
        return different + self.stale(root)

    def stale(self, root: Path) -> list[str]:
        """Notebooks on disk whose chapter is gone."""
        found = (root / "notebooks").glob("*/*.ipynb")
        return sorted(
            path.relative_to(root).as_posix()
            for path in found
            if path.relative_to(root).as_posix() not in self.committed
        )

    def _all(self) -> dict[str, str]:
        return {**self.committed, **self.uncommitted}


class Judges:
    """The judge's own catalogue."""

    def load_task(self, task_id: str) -> Any:
        """See registry.load_task."""
        from autograder.judge.registry import load_task

        return load_task(task_id)

    def load_checks(self, chapter: str) -> Any:
        """See registry.load_checks."""
        from autograder.judge.registry import load_checks

        return load_checks(chapter)


def build_course(root: Path, catalogue: Catalogue | None = None) -> Build:
    """Read and verify every chapter under `root`/solutions and build it in memory.

    Raises SourceError (file, line, what to change) for the first fault, CourseError without any source.
    """
    catalogue = catalogue or Judges()
    sources = sorted((root / "solutions").glob("[0-9]*.py"))
    if not sources:
        raise CourseError(f"There are no chapters in {root / 'solutions'}. Run this in the course's repository.")
    chapters = [read_chapter(path) for path in sources]
    verify(chapters, catalogue)
    link_terms(chapters, read_glossary(root / "solutions"))
    made = Build(chapters, {}, {})

    def module_of(task_id: str) -> str:
        return str(catalogue.load_task(task_id).module)

    for chapter in chapters:
        released = text(release(chapter, module_of))
        found = leaks(chapter, _sources(released))
        if found:
            raise found[0]
        made.committed[f"notebooks/{chapter.name}/{chapter.name}.ipynb"] = released
        made.uncommitted[f"build/solved/{chapter.name}/{chapter.name}.ipynb"] = text(solved(chapter, module_of))
    made.committed["course_lib/course.json"] = course_json(chapters, catalogue)
    return made


def course_json(chapters: list[Chapter], catalogue: Catalogue) -> str:
    """Chapters and tasks as lazy imports, progress and grading read them."""
    described = [
        {
            "id": chapter.name,
            "number": chapter.number,
            "title": chapter.title,
            "summary": chapter.summary,
            "tasks": [_task(cell, catalogue) for cell in chapter.tasks()],
        }
        for chapter in chapters
    ]
    return json.dumps({"chapters": described}, ensure_ascii=False, indent=1) + "\n"


def _task(cell: Any, catalogue: Catalogue) -> dict[str, Any]:
    described: dict[str, Any] = {"id": cell.id, "kind": cell.role, "points": cell.points}
    if cell.title:
        described["title"] = cell.title
    if cell.minutes is not None:
        described["minutes"] = cell.minutes
    if cell.role == "implement":
        task = catalogue.load_task(cell.id)
        described |= {"module": task.module, "names": list(task.entries)}
    return described


def _sources(notebook: str) -> str:
    """The text of all cells."""
    cells = json.loads(notebook)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
