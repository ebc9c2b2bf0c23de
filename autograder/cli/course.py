"""`sgd2muon course`: execute the chapters from start to end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def course(
    chapter: Annotated[list[str] | None, typer.Argument(help="chapters such as 01_sgd (default: all)")] = None,
    scale: Annotated[str, typer.Option(help="smoke (seconds), cpu (a laptop) or gpu")] = "smoke",
    release: Annotated[bool, typer.Option("--release", help="run what students get, with nothing written")] = False,
    root: Annotated[Path, typer.Option(help="the course's repository")] = Path(),
) -> None:
    """Execute chapters; the executed notebooks are left in build/executed. Exit status 1 when one fails."""
    from autograder.build import build_course
    from autograder.build.execute import execute_release, execute_solved, fresh_workspace
    from autograder.errors import CourseError

    if scale not in ("smoke", "cpu", "gpu"):
        raise CourseError(f"There is no scale {scale!r}; choose smoke, cpu or gpu.")
    made = build_course(root)
    made.write(root)
    known = [item.name for item in made.chapters]
    unknown = [name for name in chapter or [] if name not in known]
    if unknown:
        raise CourseError(f"There is no chapter {unknown[0]}. There are: {', '.join(known)}.")
    fresh_workspace(root, f"{scale}-{'release' if release else 'solved'}")
    failed = 0
    for name in chapter or known:
        done = (execute_release if release else execute_solved)(root, name, scale)
        failed += bool(done.error)
        typer.echo(
            f"{name:<20} {done.seconds:6.1f} s  {done.error or 'ok'}  ({done.output.relative_to(root.resolve())})"
        )
    raise typer.Exit(1 if failed else 0)
