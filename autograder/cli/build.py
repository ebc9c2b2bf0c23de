"""`sgd2muon build`: from solutions/ to notebooks/ and course_lib/course.json."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer


def build(
    check: Annotated[
        bool, typer.Option("--check", help="write nothing; fail where sources and notebooks differ")
    ] = False,
    root: Annotated[Path, typer.Option(help="the course's repository")] = Path(),
) -> None:
    """Build every chapter's notebooks from its source."""
    from autograder.build import build_course

    made = build_course(root)
    if not check:
        changed = made.write(root)
        typer.echo("\n".join(f"wrote {path}" for path in changed) or "Everything is up to date.")
        return
    different = made.differences(root)
    for path in different:
        old = (root / path).read_text(encoding="utf-8", errors="replace") if (root / path).exists() else ""
        lines = difflib.unified_diff(
            old.splitlines(), made.committed.get(path, "").splitlines(), path, "from the sources", n=1, lineterm=""
        )
        typer.echo("\n".join(list(lines)[:40]))
    if different:
        typer.echo(
            f"{len(different)} file(s) differ from the sources. Run `make notebooks` and commit the result.", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{len(made.committed)} files agree with the sources.")
