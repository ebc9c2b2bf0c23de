"""`sgd2muon release`: the course as students get it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def release(
    directory: Annotated[Path, typer.Argument(help="where the folder and the zip file go")],
    root: Annotated[Path, typer.Option(help="the course's repository")] = Path(),
) -> None:
    """Write the students' copy: notebooks, library and checks, without solutions, oracles or answers."""
    from autograder.bundle import write_bundle

    made = write_bundle(root.resolve(), directory.resolve())
    size = made.archive.stat().st_size / 1e6
    typer.echo(f"{made.files} files, checks of {len(made.tasks)} tasks.")
    typer.echo(f"folder   {made.folder}\narchive  {made.archive} ({size:.1f} MB)")
