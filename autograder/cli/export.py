"""`sgd2muon export DIR CHAPTER`: the marks, for a learning management system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    directory: Annotated[Path, typer.Argument(help="the class, made by `sgd2muon class new`")],
    chapter: Annotated[str, typer.Argument(help="the chapter, such as 01_sgd")],
    to: Annotated[str, typer.Option(help="csv, canvas or moodle")] = "csv",
    out: Annotated[Path | None, typer.Option(help="where to; marks/CHAPTER-FORMAT.csv without it")] = None,
    roster: Annotated[Path | None, typer.Option(help="Canvas's own export, whose ids to keep")] = None,
) -> None:
    """Write the gradebook's marks, those given by hand included, as a file to import."""
    from autograder.grading.classroom import Classroom
    from autograder.grading.export import export as write

    path, remarks = write(Classroom(directory).chapter(chapter), to, out, roster)
    for remark in remarks:
        typer.echo(remark)
    typer.echo(f"marks      {path}")
