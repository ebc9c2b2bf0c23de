"""`sgd2muon rules TASK`: what the judge accepts and which mistakes it knows."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer


def rules(
    task: Annotated[str, typer.Argument(help="the task's id, such as sgd")],
    json: Annotated[bool, typer.Option("--json", help="print one JSON object instead of text")] = False,
) -> None:
    """List a task's conventions and misconceptions, with ids and one line each."""
    from autograder.judge.registry import load_task

    bank = load_task(task).bank
    if json:
        conventions = [{"id": v.id, "title": v.title, "source": v.source} for v in bank.conventions]
        misconceptions = [{"id": v.id, "title": v.title, "source": v.source} for v in bank.misconceptions]
        typer.echo(
            json_module.dumps({"task": task, "conventions": conventions, "misconceptions": misconceptions}, indent=1)
        )
        return
    width = max((len(v.id) for v in (*bank.conventions, *bank.misconceptions)), default=0)
    typer.echo(f"{task}: {_counted(len(bank.conventions), 'convention')} accepted beside the rule as stated")
    for variant in bank.conventions:
        typer.echo(f"  {variant.id:<{width}}  {variant.title} ({variant.source})")
    typer.echo(f"{task}: {_counted(len(bank.misconceptions), 'misconception')} named")
    for variant in bank.misconceptions:
        typer.echo(f"  {variant.id:<{width}}  {variant.title}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
