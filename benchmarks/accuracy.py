"""How often is the judge right? `python -m benchmarks.accuracy [--seeds 20] [--out build/accuracy]`.

Judges every program of tests/bank at every seed and writes a kill table as Markdown and JSON: wrong accepted, right
rejected, mistakes named, by task; for AdamW also what the logic of three public courses' tests makes of the same
programs. Exit status 0 only with nothing wrong accepted, nothing right rejected and every single mistake named.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.public_tests import accepted_by
from tests.bank import programs
from tests.bank.run import Tally, try_task


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", help="tasks to judge (default: all)")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=20, help="pairs of mistakes per task and seed")
    parser.add_argument("--out", type=Path, default=Path("build/accuracy"))
    options = parser.parse_args()
    started = time.time()
    tallies = []
    for task in options.tasks or programs.tasks():
        tallies.append(try_task(task, range(1, options.seeds + 1), most_pairs=options.pairs))
        print(json.dumps(tallies[-1].row()), flush=True)
    report: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.accuracy", *sys.argv[1:]]),
        "seeds": options.seeds,
        "python": platform.python_version(),
        "seconds": round(time.time() - started),
        "tasks": [tally.row() for tally in tallies],
    }
    if "adamw" in (tally.task for tally in tallies):
        report["adamw beside public tests"] = compared()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "kill_table.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (options.out / "kill_table.md").write_text(markdown(report, tallies), encoding="utf-8")
    print(markdown(report, tallies))
    return 0 if all(tally.clean for tally in tallies) else 1


def compared() -> dict[str, dict[str, int]]:
    """Per judge: how many of AdamW's wrong programs it accepts, and how many right ones it rejects."""
    wrong = accepted_by((program.name, program.source) for program in programs.wrong("adamw"))
    right = accepted_by((program.name, program.source) for program in programs.right("adamw"))
    judges = next(iter(wrong.values()))
    return {
        judge: {
            "wrong": len(wrong),
            "wrong accepted": sum(verdict[judge] for verdict in wrong.values()),
            "right": len(right),
            "right rejected": sum(not verdict[judge] for verdict in right.values()),
        }
        for judge in judges
    }


def markdown(report: dict[str, Any], tallies: list[Tally]) -> str:
    """The report for people."""
    lines = [f"Kill table: {report['seeds']} seeds, `{report['command']}`, {report['seconds']} s", ""]
    lines += _table(report["tasks"])
    totals = [
        sum(row[name] for row in report["tasks"]) for name in ("right", "right rejected", "wrong", "wrong accepted")
    ]
    lines += ["", "All tasks: {} right judged, {} rejected; {} wrong judged, {} accepted.".format(*totals)]
    if "adamw beside public tests" in report:
        rows = [{"judge": judge, **row} for judge, row in report["adamw beside public tests"].items()]
        lines += ["", "AdamW's programs under the logic of public tests (one run each):", "", *_table(rows)]
    for tally in tallies:
        for name in ("right_rejected", "wrong_accepted", "pairs_accepted", "misnamed"):
            lines += [
                f"- {tally.task}: {name.replace('_', ' ')}: {case}" for case in dict.fromkeys(getattr(tally, name))
            ]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    names = list(rows[0])
    body = ["| " + " | ".join("" if row[name] is None else str(row[name]) for name in names) + " |" for row in rows]
    return ["| " + " | ".join(names) + " |", "|" + "---|" * len(names), *body]


if __name__ == "__main__":
    sys.exit(main())
