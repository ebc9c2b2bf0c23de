"""An nbgrader course directory, as this course configures it."""

from __future__ import annotations

import json
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Any

import course_lib
from autograder.errors import CourseError
from autograder.submissions.cells import RawCell, cells_of

REPOSITORY = Path(course_lib.__file__).resolve().parents[1]
PRIVATE = ".sgd2muon"
CONFIG = "nbgrader_config.py"


class Classroom:
    """One class: where its submissions, marks and secrets are."""

    def __init__(self, directory: Path):
        self.directory = directory.resolve()
        if not (self.directory / CONFIG).is_file():
            raise CourseError(
                f"{directory} is no class: it has no {CONFIG}. Make one with `sgd2muon class new {directory}`."
            )

    @cached_property
    def config(self) -> Any:
        """nbgrader's configuration of this class."""
        from traitlets.config.loader import PyFileConfigLoader

        return PyFileConfigLoader(CONFIG, path=str(self.directory)).load_config()

    @property
    def db_url(self) -> str:
        """The gradebook that nbgrader's own configuration names, else gradebook.db in the directory."""
        named = self.config.CourseDirectory.get("db_url") if "CourseDirectory" in self.config else None
        return str(named) if isinstance(named, str) else f"sqlite:///{self.directory / 'gradebook.db'}"

    def chapter(self, name: str) -> ClassChapter:
        """A chapter of the course, as this class has it; CourseError for an unknown one."""
        return ClassChapter(self, name)

    def private(self) -> Path:
        """The folder for seeds and journals; nobody else may read it."""
        folder = self.directory / PRIVATE
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


class ClassChapter:
    """One assignment of a class."""

    def __init__(self, classroom: Classroom, name: str):
        self.classroom, self.name = classroom, name
        known = {chapter["id"]: chapter for chapter in course_chapters()}
        if name not in known:
            raise CourseError(f"There is no chapter {name}. There are: {', '.join(known)}.")
        self.title: str = known[name]["title"]
        self.tasks: list[dict[str, Any]] = known[name]["tasks"]
        self.release_path = classroom.directory / "release" / name / f"{name}.ipynb"
        if not self.release_path.is_file():
            raise CourseError(
                f"{self.release_path} is missing. Run `sgd2muon class new {classroom.directory}` again; it keeps what is there."
            )

    @cached_property
    def release(self) -> Any:
        """The release notebook."""
        import nbformat

        return nbformat.read(self.release_path, as_version=4)

    @cached_property
    def release_cells(self) -> list[RawCell]:
        """The release notebook's cells, to compare submissions with."""
        return cells_of(self.release) or []

    @property
    def judged_tasks(self) -> list[dict[str, Any]]:
        """The tasks the judge marks; free text is marked by hand."""
        return [task for task in self.tasks if task["kind"] != "free_text"]

    def submissions(self, pattern: str = "*") -> list[tuple[str, Path | None, str]]:
        """(student, notebook, note) for every student who has a folder for this chapter; None where it has no notebook."""
        folders = sorted((self.classroom.directory / "submitted").glob(f"{pattern}/{self.name}"))
        return [(folder.parent.name, *self._notebook(folder)) for folder in folders if folder.is_dir()]

    def _notebook(self, folder: Path) -> tuple[Path | None, str]:
        named = folder / f"{self.name}.ipynb"
        if named.exists() or named.is_symlink():
            return named, ""
        others = sorted(folder.glob("*.ipynb"), key=lambda path: (path.stat().st_mtime, path.name))
        if not others:
            return None, "no notebook in the folder"
        note = f"{named.name} is missing; {others[-1].name} was taken" + (
            ", the newest of several" if len(others) > 1 else ""
        )
        return others[-1], note

    def seed(self) -> int:
        """The secret seed of this class and chapter: drawn once, at the first grading."""
        path = self.classroom.private() / f"seed-{self.name}"
        try:
            return int(path.read_text(encoding="ascii"))
        except FileNotFoundError:
            pass
        except ValueError:
            raise CourseError(
                f"{path} is damaged. Delete it to draw a new seed; every submission is then judged again."
            ) from None
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(str(secrets.randbits(62)))
        return self.seed()


def course_chapters() -> list[dict[str, Any]]:
    """The chapters of the installed course."""
    path = Path(course_lib.__file__).with_name("course.json")
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["chapters"])
    except (OSError, ValueError, KeyError):
        raise CourseError(f"{path} is missing or damaged. Run `sgd2muon build` in the course's repository.") from None
