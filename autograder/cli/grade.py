"""`sgd2muon grade DIR CHAPTER`: everything that was submitted, into gradebook, feedback and CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.sandbox.outcome import Level


def grade(
    directory: Annotated[Path, typer.Argument(help="the class, made by `sgd2muon class new`")],
    chapter: Annotated[str, typer.Argument(help="the chapter, such as 01_sgd")],
    jobs: Annotated[int, typer.Option(min=1, help="how many workers at once")] = os.cpu_count() or 1,
    regrade: Annotated[bool, typer.Option("--regrade", help="judge again what is unchanged")] = False,
    student: Annotated[str, typer.Option(help="only students that match, such as 'a*'")] = "*",
    trust_submissions: Annotated[bool, typer.Option("--trust-submissions", help="grade without isolation")] = False,
    feedback: Annotated[bool, typer.Option(help="write the feedback pages")] = True,
    scheduler: Annotated[str, typer.Option(help="a Dask scheduler whose workers judge, such as tcp://host:8786")] = "",
) -> None:
    """Judge what is new, record it, and print the marks with the mistakes that were named."""
    from autograder.errors import CourseError
    from autograder.grading.classroom import Classroom
    from autograder.grading.run import grade as run

    level: Level | None = "trusted" if trust_submissions else None
    one = Classroom(directory).chapter(chapter)
    try:
        with _progress_bar() as progress:
            report = run(
                one,
                jobs=jobs,
                level=level,
                regrade=regrade,
                pattern=student,
                feedback=feedback,
                scheduler=scheduler,
                progress=progress,
            )
    except KeyboardInterrupt:
        raise CourseError("Stopped. What was judged is kept; run the same command to go on.") from None
    show(report, one)


class _progress_bar:
    """A bar with rate and time left, on the terminal only."""

    def __enter__(self) -> Any:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, transient=True)
        self._bar.start()
        self._task = self._bar.add_task("grading", total=None, rate="")
        return self._show

    def _show(self, done: int, total: int) -> None:
        elapsed = self._bar.tasks[0].elapsed or 0
        rate = f"{60 * done / elapsed:.0f} a minute" if elapsed else ""
        self._bar.update(self._task, completed=done, total=total, rate=rate)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def show(report: Any, chapter: Any) -> None:
    """The table of marks, and where everything is."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table("student", "points", "named mistakes", "remarks", box=None, pad_edge=False)
    maximum = sum(task["points"] for task in chapter.judged_tasks)
    for mark in report.marks:
        remarks = "; ".join(
            [*(verdict.replace("_", " ") for verdict in mark.verdicts), *mark.flags, *mark.conventions, *mark.notes]
        )
        named = ", ".join(mark.misconceptions)
        table.add_row(_plain(mark.student), f"{mark.total:g} / {maximum:g}", _plain(named), _plain(remarks))
    console.print(table)
    for change in report.changes:
        console.print(f"changed: {_plain(change)}")
    for problem in report.problems:
        console.print(f"problem: {_plain(problem)}")
    count, total = len(report.judged), len(report.marks)
    if count:
        rate = f" ({60 * count / report.seconds:.0f} a minute)"
        console.print(
            f"\nGraded {count} of {total} submissions in {report.seconds:.1f} s{rate}, isolation level {report.level}."
        )
    else:
        console.print(
            f"\nNothing new: all {total} submissions are graded already ({report.seconds:.1f} s). --regrade judges them again."
        )
    directory = chapter.classroom.directory
    console.print(f"gradebook  {_plain(chapter.classroom.db_url)}")
    console.print(f"feedback   {_plain(_shown(directory / 'feedback'))}")
    console.print(f"marks      {_plain(_shown(report.marks_csv))}")
    console.print(f"report     sgd2muon report {_plain(_shown(directory))} {chapter.name}")


def _plain(text: str) -> str:
    """Text that neither the terminal nor rich takes for more than text."""
    from rich.markup import escape

    from autograder.nbgrader_plugin.safe import safe_text

    return escape(safe_text(text))


def _shown(path: Path) -> str:
    """A path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
