"""Executes chapters from start to end: solved ones with papermill, releases with only "not written yet" allowed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

ALLOWED = {"NotWritten", "NotImplementedError"}
"""What a release notebook may raise before its tasks are done."""
CELL_TIMEOUT = 600
QUIET = ["--log-level=ERROR"]
"""For the kernel, which else warns at every start that it talks over TCP; it does so on this machine only."""


@dataclass
class Execution:
    """How one chapter went. error: "" or the cell and what it said. output: the executed notebook."""

    chapter: str
    seconds: float
    error: str
    output: Path


def execute_solved(root: Path, chapter: str, scale: str) -> Execution:
    """Run a solved chapter with papermill in the course's shared workspace; its checks have to pass."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    output = _output(root, f"{scale}-solved", chapter)
    started, error = time.perf_counter(), ""
    with _environment(root / "build" / "workspace" / f"{scale}-solved", strict=True):
        try:
            papermill.execute_notebook(
                root / "build" / "solved" / chapter / f"{chapter}.ipynb",
                output,
                parameters={"scale": scale},
                cwd=str(output.parent),
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT,
                extra_arguments=QUIET,
            )
        except PapermillExecutionError as failed:
            error = f"cell {failed.cell_index + 1}: {failed.ename}: {failed.evalue}"
    return Execution(chapter, time.perf_counter() - started, error, output)


def execute_release(root: Path, chapter: str, scale: str) -> Execution:
    """Run a release notebook as a student who wrote nothing; the first error that is not allowed is reported."""
    from nbclient import NotebookClient

    notebook = nbformat.read(root / "notebooks" / chapter / f"{chapter}.ipynb", as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += f"\nscale = {scale!r}"
    output = _output(root, f"{scale}-release", chapter)
    workspace = root / "build" / "workspace" / f"{scale}-release" / chapter
    started = time.perf_counter()
    with _environment(workspace, strict=False):
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            allow_errors=True,
            extra_arguments=QUIET,
            resources={"metadata": {"path": str(output.parent)}},
        )
        client.execute()
    nbformat.write(notebook, output)
    return Execution(chapter, time.perf_counter() - started, next(_forbidden(notebook), ""), output)


def _forbidden(notebook: Any) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, start=1):
        for item in cell.get("outputs", []):
            if item.output_type == "error" and item.ename not in ALLOWED:
                yield f"cell {number}: {item.ename}: {item.evalue}"


def _output(root: Path, kind: str, chapter: str) -> Path:
    folder = root / "build" / "executed" / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve() / f"{chapter}.ipynb"


def fresh_workspace(root: Path, kind: str) -> None:
    """Forget what earlier executions of this kind, such as smoke-solved, wrote."""
    shutil.rmtree(root / "build" / "workspace" / kind, ignore_errors=True)


@contextmanager
def _environment(workspace: Path, strict: bool) -> Iterator[None]:
    """The variables that a kernel started meanwhile inherits."""
    workspace.mkdir(parents=True, exist_ok=True)
    ours = {
        "SGD2MUON_WORKSPACE": str(workspace.resolve()),
        "SGD2MUON_STRICT": "1" if strict else "",
        "OMP_NUM_THREADS": "1",
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
