"""`sgd2muon ...`: the course's commands, one per file, imported when they are called."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError


@dataclass(frozen=True)
class Command:
    """Where a command is, and what the overview says of it."""

    module: str
    function: str
    help: str


COMMANDS = {
    "check": Command("check", "check", "Judge files as a task's module."),
    "rules": Command("rules", "rules", "List what the judge accepts and which mistakes it knows."),
    "progress": Command("progress", "progress", "Show how far you have come, and what is next."),
    "doctor": Command("doctor", "doctor", "Say what this machine offers, and what is missing."),
    "class new": Command("class_new", "class_new", "Make an nbgrader course directory, configured for this course."),
    "grade": Command("grade", "grade", "Grade everything that was submitted for a chapter."),
    "report": Command("report", "report", "Write a page about how a class did: mistakes, who, what to teach again."),
    "export": Command("export", "export", "Write a chapter's marks for Canvas, Moodle or a spreadsheet."),
    "demo": Command("demo", "demo", "Make up a class, grade it, and show its marks."),
    "build": Command("build", "build", "Build the notebooks from the chapters' sources."),
    "release": Command("release", "release", "Write the students' copy of the course, without any answer."),
    "course": Command("course", "course", "Execute the chapters from start to end."),
    "serve": Command("serve", "serve", "The judge behind a notebook: JSON lines in and out."),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; errors a person can put right end with one line on stderr and status 2."""
    _find_neighbours()
    words = sys.argv[1:] if arguments is None else arguments
    name = next((name for name in _here() if words[: len(name.split())] == name.split()), None)
    if name is None:
        _overview(words)
    else:
        _run(name, words[len(name.split()) :])


def _here() -> dict[str, Command]:
    """The commands of this copy: students get fewer."""
    folder = Path(__file__).parent
    return {name: command for name, command in COMMANDS.items() if (folder / f"{command.module}.py").is_file()}


def _find_neighbours() -> None:
    """nbgrader and jupyter call other commands of their environment by name, which works only with it on the PATH."""
    here = str(Path(sys.executable).parent)
    if here not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [here, os.environ.get("PATH")]))


def _run(name: str, arguments: list[str]) -> None:
    import typer

    command = COMMANDS[name]
    function = getattr(importlib.import_module(f"autograder.cli.{command.module}"), command.function)
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(function)
    try:
        app(args=arguments, prog_name=f"sgd2muon {name}")
    except CourseError as error:
        print(f"sgd2muon: {error}", file=sys.stderr)
        sys.exit(2)


def _overview(words: list[str]) -> None:
    """The list of commands; with a word that is none of them, on stderr and with status 2."""
    asked = not words or words[0] in ("--help", "-h", "help")
    out = sys.stdout if asked else sys.stderr
    if not asked:
        print(f"sgd2muon: there is no command {' '.join(words[:2])!r}.", file=out)
    print("Usage: sgd2muon COMMAND [ARGUMENTS]   (sgd2muon COMMAND --help says more)\n", file=out)
    for name, command in _here().items():
        print(f"  {name:<10} {command.help}", file=out)
    sys.exit(0 if asked else 2)
