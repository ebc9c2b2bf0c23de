"""`sgd2muon report DIR CHAPTER`: what the class got right and wrong, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    directory: Annotated[Path, typer.Argument(help="the class, made by `sgd2muon class new`")],
    chapter: Annotated[str, typer.Argument(help="the chapter, such as 01_sgd")],
) -> None:
    """Write reports/CHAPTER.html: marks, checks, mistakes and who made them, near-duplicates, what to teach again."""
    from autograder.grading.classroom import Classroom
    from autograder.grading.report_page import write_report

    typer.echo(f"report     {write_report(Classroom(directory).chapter(chapter))}")
