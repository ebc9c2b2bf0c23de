"""`sgd2muon check TASK --file FILE ...`: judge files on their own."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def check(
    task: Annotated[str, typer.Argument(help="the task's id, such as sgd")],
    file: Annotated[list[Path], typer.Option("--file", help="a Python file to judge; may be given several times")],
    json: Annotated[bool, typer.Option("--json", help="print one JSON object instead of text")] = False,
    level: Annotated[str, typer.Option(help="isolation: trusted, user or full")] = "trusted",
    seed: Annotated[str, typer.Option(help="public, or a number for other scenarios")] = "public",
) -> None:
    """Judge one or several files as a task's module. Exit status 0 only when every file passes every check."""
    from autograder.judge import Judge, Submission
    from autograder.judge.registry import load_task

    module = load_task(task).module
    sources = [_source(path) for path in file]
    reports: list[dict[str, Any]] = []
    all_passed = True
    with Judge(known_level(level), seed=_seed(seed)) as judge:
        for path, source in zip(file, sources, strict=True):
            result = judge.judge(task, Submission(modules={module: source}))
            all_passed = all_passed and result.passed
            reports.append({"file": str(path), **result.to_json()})
            if not json:
                _print(reports[-1])
    if json:
        json_module.dump({"files": reports}, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    raise typer.Exit(0 if all_passed else 1)


def _source(path: Path) -> str:
    from autograder.errors import CourseError

    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CourseError(f"There is no file {path}. Give the path of the file you want judged after --file.") from None
    except IsADirectoryError:
        raise CourseError(f"{path} is a folder. Give the path of a Python file after --file.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{path} is not UTF-8 text. Save it as UTF-8 and try again.") from None
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None


def known_level(level: str) -> Any:
    """An isolation level by its name; CourseError for another word."""
    from autograder.errors import CourseError
    from autograder.sandbox.outcome import LEVELS

    if level not in LEVELS:
        raise CourseError(f"There is no level {level!r}; choose one of {', '.join(LEVELS)}.")
    return level


def _seed(seed: str) -> int | str:
    from autograder.errors import CourseError

    if seed == "public":
        return seed
    if not seed.isdecimal():
        raise CourseError(f"--seed takes the word public or a number from 0; yours is {seed!r}.")
    return int(seed)


def _print(report: dict[str, Any]) -> None:
    """A report as text: the marks, a line for each check, the diagnosis under those that fail."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    points = f"{report['score']:g} of {report['max_score']:g} points"
    console.print(f"[bold]{escape(report['task'])}[/bold] {points}   {escape(report['file'])}")
    if report["convention"]:
        console.print(f"  convention: {escape(report['convention'])}")
    marks = {"passed": "[green]✓[/green]", "skipped": "–", "not_done": "–"}
    table = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    for item in report["checks"]:
        claim = escape(item["claim"])
        message = f"\n[dim]{escape(item['message'])}[/dim]" if item["verdict"] == "skipped" else ""
        if item["message"] and not message:
            message = f"\n{escape(item['message'])}"
        table.add_row("", marks.get(item["verdict"], "[red]✗[/red]"), claim + message)
    console.print(table)
    for flag in report["flags"]:
        console.print(f"  note: {escape(flag['message'])}")
