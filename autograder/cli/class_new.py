"""`sgd2muon class new DIR`: an nbgrader course directory, configured for this course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def class_new(directory: Annotated[Path, typer.Argument(help="a new folder, or a class made earlier")]) -> None:
    """Make a class: configuration, released chapters, an empty gradebook. What is there already is kept."""
    from autograder.grading.new_class import make_class

    made = make_class(directory)
    typer.echo("\n".join(f"wrote {path}" for path in made) or "Everything is there already.")
    typer.echo(
        f"\nNext: put submissions into {directory}/submitted/STUDENT/01_sgd/ and run\n  sgd2muon grade {directory} 01_sgd"
    )
