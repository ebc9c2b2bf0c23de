"""`sgd2muon demo`: a made-up class, graded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer


def demo(
    directory: Annotated[Path, typer.Option(help="where the class goes")] = Path("build/demo"),
    jobs: Annotated[int, typer.Option(min=1, help="how many workers at once")] = min(os.cpu_count() or 1, 4),
) -> None:
    """Make up a class of submissions for chapter 01, grade it, and show marks and named mistakes."""
    from autograder.cli.grade import grade
    from autograder.errors import IsolationMissing
    from autograder.grading.classroom import Classroom
    from autograder.grading.demo_class import CHAPTER, write_class
    from autograder.grading.new_class import make_class

    make_class(directory)
    chapter = Classroom(directory).chapter(CHAPTER)
    count = write_class(directory / "submitted", chapter.release_path)
    typer.echo(f"A made-up class of {count} submissions for {CHAPTER} is in {directory}/submitted.\n")
    try:
        grade(directory, CHAPTER, jobs=jobs, trust_submissions=False)
    except IsolationMissing as missing:
        typer.echo(f"{missing}\nThis class is made up by the course itself, so it is graded without isolation.\n")
        grade(directory, CHAPTER, jobs=jobs, trust_submissions=True)
