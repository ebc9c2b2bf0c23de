"""Writes the students' copy of the course as a folder and as a zip file."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from autograder.bundle.seal_checks import sealed_source
from autograder.errors import CourseError
from autograder.judge.engine import PUBLIC_SEED
from autograder.judge.recorded import record, stays_at_home
from autograder.judge.registry import SUFFIX, implementation_tasks, load_task
from course_lib.workspace import STUDENT_PACKAGES

NAME = "sgd2muon"
FILES = ("AGENTS.md", "LICENSE", "LICENSE-TEXT", "constraints.txt", "environment.yml", "install.mk", "pyproject.toml")
COMMANDS = ("__init__", "check", "doctor", "progress", "rules", "serve")
WHOLE = ("sandbox", "worker")
MAKEFILE = """# make lab opens the course in JupyterLab; the first time it sets up .venv.
EXTRAS :=
include install.mk

.PHONY: lab

lab: $(READY)
\t$(BIN)/jupyter lab notebooks
"""


@dataclass(frozen=True)
class Bundle:
    """What was written. files: how many. tasks: those whose checks are recorded."""

    folder: Path
    archive: Path
    files: int
    tasks: tuple[str, ...]


def write_bundle(root: Path, directory: Path) -> Bundle:
    """Write `directory`/sgd2muon and `directory`/sgd2muon.zip from the repository at `root`.

    The folder is made beside its place and moved there whole. CourseError where something else is in the way.
    """
    folder, archive = directory / NAME, directory / f"{NAME}.zip"
    if folder.exists() and not (folder / "install.mk").is_file():
        raise CourseError(
            f"{folder} is there already and is no earlier release. Choose another folder or move it away."
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory, prefix=f".{NAME}-") as made:
            contents = dict(_contents(root))
            for path, content in contents.items():
                _write(Path(made) / NAME / path, content)
            _zip(Path(made) / NAME, archive, sorted(contents))
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(Path(made) / NAME, folder)
    except OSError as error:
        raise CourseError(f"{error.filename or directory} cannot be written ({error.strerror}).") from None
    return Bundle(folder, archive, len(contents), implementation_tasks())


def _contents(root: Path) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of every file; the same bytes each time."""
    yield "Makefile", MAKEFILE.encode()
    yield "README.md", (root / "docs" / "student.md").read_bytes()
    for name in FILES:
        yield name, (root / name).read_bytes()
    yield from _tree(root, sorted((root / "notebooks").glob("[0-9]*/*.ipynb")))
    yield from _tree(root, _library(root))
    yield from _tree(root, _judge(root))
    for path in sorted((root / "autograder" / "checks").glob("test_*.py")):
        yield f"autograder/checks/{path.name}", sealed_source(path).encode()
    tasks = implementation_tasks()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for task, content in zip(tasks, pool.map(_recorded, tasks), strict=True):
            yield f"autograder/banks/{task}{SUFFIX}", content


def _recorded(task: str) -> bytes:
    return record(load_task(task), PUBLIC_SEED)


def _tree(root: Path, paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        yield path.relative_to(root).as_posix(), path.read_bytes()


def _library(root: Path) -> list[Path]:
    """course_lib without what somebody wrote into it."""
    found = sorted(path for path in (root / "course_lib").rglob("*") if path.is_file() and _is_source(path))
    mine = [root / "course_lib" / package for package in STUDENT_PACKAGES]
    return [path for path in found if path.parent not in mine or path.name == "__init__.py"]


def _judge(root: Path) -> list[Path]:
    home = root / "autograder"
    found = [home / name for name in ("__init__.py", "__main__.py", "errors.py")]
    found += [home / package / "__init__.py" for package in ("banks", "checks")]
    found += [home / "checks" / "conftest.py", *(home / "cli" / f"{name}.py" for name in COMMANDS)]
    found += [path for path in sorted((home / "judge").rglob("*.py")) if _is_source(path) and not _is_of_banks(path)]
    for package in WHOLE:
        found += sorted(path for path in (home / package).rglob("*") if path.is_file() and _is_source(path))
    return found


def _is_of_banks(path: Path) -> bool:
    """Whether a module of autograder/judge is one that only a bank needs."""
    return stays_at_home(f"autograder.judge.{path.stem}")


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.suffix not in (".pyc", ".pyo") and not path.is_symlink()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _zip(folder: Path, archive: Path, paths: list[str]) -> None:
    """Whole or not at all, and the same bytes from the same contents."""
    temporary = archive.with_name(f".{archive.name}.new")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as out:
        for path in paths:
            entry = zipfile.ZipInfo(f"{NAME}/{path}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            out.writestr(entry, (folder / path).read_bytes(), zipfile.ZIP_DEFLATED)
    os.replace(temporary, archive)
