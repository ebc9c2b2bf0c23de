"""`sgd2muon progress`: how far one has come."""

from __future__ import annotations


def progress() -> None:
    """Show chapters, tasks, points, minutes left and the next step, from the records in your workspace."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    from course_lib.notebook.progress import progress as read
    from course_lib.workspace import records

    found = read()
    table = Table(box=None, pad_edge=False)
    for title in ("chapter", "", "points", "tasks", "minutes left"):
        table.add_column(title, justify="left" if title in ("chapter", "") else "right")
    for chapter in found.chapters:
        done = sum(task.done for task in chapter.tasks)
        table.add_row(
            escape(f"{chapter.id}  {chapter.title}"),
            ProgressBar(total=chapter.max_points or 1, completed=chapter.points, width=16),
            f"{chapter.points:g} / {chapter.max_points:g}",
            f"{done} / {len(chapter.tasks)}",
            str(chapter.minutes_left) if chapter.minutes_left else "done",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\nNext: {escape(found.next_step)}")
    if found.calibration:
        console.print(found.calibration)
    console.print(f"[dim]The records are in {escape(str(records()))}.[/dim]")
