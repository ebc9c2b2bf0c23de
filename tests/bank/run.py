"""Judges the programs of tests/bank: `python -m tests.bank.run [TASK ...] [--seeds N] [--pairs N] [--level LEVEL]`.

Prints, per task, how many right programs were rejected, wrong ones accepted, and mistakes named; then every case that
went wrong. Exit status 0 only without a wrong program accepted, a right one rejected, or a single mistake misnamed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.results import TaskResult
from tests.bank import programs
from tests.bank.programs import Program


@dataclass
class Tally:
    """What became of one task's programs, over all seeds."""

    task: str
    right: int = 0
    wrong: int = 0
    pairs: int = 0
    right_rejected: list[str] = field(default_factory=list)
    wrong_accepted: list[str] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)
    pairs_unnamed: list[str] = field(default_factory=list)
    pairs_accepted: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing wrong accepted, nothing right rejected, every single mistake named."""
        return not (self.right_rejected or self.wrong_accepted or self.misnamed or self.pairs_accepted)

    def row(self) -> dict[str, Any]:
        """The task's line of the table."""
        named = 100.0 * (1 - len(self.misnamed) / self.wrong) if self.wrong else 100.0
        pairs = 100.0 * (1 - len(self.pairs_unnamed) / self.pairs) if self.pairs else None
        return {
            "task": self.task,
            "right": self.right,
            "right rejected": len(self.right_rejected),
            "wrong": self.wrong + self.pairs,
            "wrong accepted": len(self.wrong_accepted) + len(self.pairs_accepted),
            "singles named %": round(named, 2),
            "pairs": self.pairs,
            "pairs named %": None if pairs is None else round(pairs, 1),
        }


def judged(judge: Judge, program: Program) -> TaskResult:
    """One program through the judge."""
    module = load_task(program.task).module
    return judge.judge(program.task, Submission(modules={module: program.source}))


def try_task(task: str, seeds: Iterable[int], level: Any = "trusted", most_pairs: int = 40) -> Tally:
    """Every program of a task at every seed; at most `most_pairs` pairs a seed, another choice each time."""
    tally = Tally(task)
    for seed in seeds:
        with Judge(level, seed=seed) as judge:
            for program in programs.right(task):
                _right(judge, program, tally)
            for program in programs.wrong(task):
                _wrong(judge, program, tally)
            everything = list(programs.pairs(task))
            for program in random.Random(seed).sample(everything, min(most_pairs, len(everything))):
                _pair(judge, program, tally)
    return tally


def _right(judge: Judge, program: Program, tally: Tally) -> None:
    result = judged(judge, program)
    tally.right += 1
    if not result.passed or result.convention != program.convention:
        failed = [f"{c.id}: {c.verdict}: {c.message}" for c in result.checks if c.verdict != "passed"]
        tally.right_rejected.append(f"{program.name} (convention {result.convention}) {failed[:2]}")


def _wrong(judge: Judge, program: Program, tally: Tally) -> None:
    result = judged(judge, program)
    tally.wrong += 1
    if result.passed:
        tally.wrong_accepted.append(program.name)
    elif tuple(result.misconceptions) != program.mistakes:
        failed = next((c for c in result.checks if c.verdict not in ("passed", "skipped")), None)
        tally.misnamed.append(f"{program.name} → {result.misconceptions} {failed.message if failed else ''}")


def _pair(judge: Judge, program: Program, tally: Tally) -> None:
    result = judged(judge, program)
    tally.pairs += 1
    if result.passed:
        tally.pairs_accepted.append(program.name)
    elif set(result.misconceptions) != set(program.mistakes):
        tally.pairs_unnamed.append(f"{program.name} → {result.misconceptions}")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Judge the programs of tests/bank.")
    parser.add_argument("tasks", nargs="*", help="tasks to try (default: all)")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--level", default="trusted")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tallies = []
    for task in options.tasks or programs.tasks():
        tally = try_task(task, range(1, options.seeds + 1), options.level, options.pairs)
        tallies.append(tally)
        print(json.dumps(tally.row()), flush=True)
        for title in ("right_rejected", "wrong_accepted", "pairs_accepted", "misnamed", "pairs_unnamed"):
            for line in getattr(tally, title)[:60]:
                print(f"  {title}: {line}")
    if options.json:
        options.json.write_text(json.dumps([tally.row() for tally in tallies], indent=1) + "\n", encoding="utf-8")
    return 0 if all(tally.clean for tally in tallies) else 1


if __name__ == "__main__":
    sys.exit(main())
