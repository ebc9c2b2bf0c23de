"""Runs every GPU exercise: `python -m course_lib.lab.gpu_suite --out DIR [--scale gpu|cpu|smoke] [--only NAME ...]`.

Needs torch 2.9 or newer and nothing else; matplotlib, if it is there, draws the pictures. Each exercise runs in a process
of its own and has to end in time; one that fails is reported and the others still run. DIR gets a JSON and a picture for
each, and summary.md. The exit status is 1 if an exercise failed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import pkgutil
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MODULE = "course_lib.lab.gpu_suite"
MINUTES = 9.0
LEAST_SECONDS = 30.0


def names() -> list[str]:
    """The exercises there are."""
    import course_lib.lab.exercises as exercises

    return sorted(module.name for module in pkgutil.iter_modules(exercises.__path__))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description="Run every GPU exercise.")
    parser.add_argument("--out", type=Path, required=True, help="folder for results")
    parser.add_argument("--scale", choices=("gpu", "cpu", "smoke"), default="gpu")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these exercises only")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="time for all of them together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.one:
        return run_one(options.one, options.scale, options.seed, options.out)
    unknown = sorted(set(options.only or ()) - set(names()))
    if unknown:
        parser.error(f"there is no exercise {', '.join(unknown)}; there are {', '.join(names())}")
    return run_all(options.only or names(), options)


def run_all(chosen: Sequence[str], options: argparse.Namespace) -> int:
    """Every chosen exercise, each in its own process, with a fair share of the time that is left."""
    ends = time.monotonic() + 60 * options.minutes
    failures: dict[str, str] = {}
    for position, name in enumerate(chosen):
        left = ends - time.monotonic()
        limit = min(left, max(LEAST_SECONDS, 1.5 * left / (len(chosen) - position)))
        print(f"{name}: at most {max(limit, 0):.0f} s", flush=True)
        failure = _in_a_process(name, options, limit) if limit > 0 else "no time was left for it"
        if failure:
            failures[name] = failure
            print(f"{name} failed: {failure}", flush=True)
    summary = summary_of(options.out, chosen, failures)
    (options.out / "summary.md").write_text(summary, encoding="utf-8")
    print(summary)
    return 1 if failures else 0


def _in_a_process(name: str, options: argparse.Namespace, limit: float) -> str:
    """Why the exercise failed, or nothing."""
    (options.out / f"{name}.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", MODULE, "--out", str(options.out), "--scale", options.scale]
    command += ["--seed", str(options.seed), "--one", name]
    try:
        ended = subprocess.run(command, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return f"it took longer than {limit:.0f} s"
    if ended.returncode:
        return f"its process ended with status {ended.returncode}; see above"
    return "" if (options.out / f"{name}.json").exists() else "it left no result"


def run_one(name: str, scale: str, seed: int, out: Path) -> int:
    """One exercise in this process: NAME.json, and NAME.png where matplotlib is there."""
    import torch

    from course_lib.lab.device import best_device

    try:
        exercise = importlib.import_module(f"course_lib.lab.exercises.{name}")
        device = best_device() if scale == "gpu" else torch.device("cpu")
        started = time.perf_counter()
        result = exercise.run(scale, device, seed)
        record = {
            "exercise": name,
            **about(name, device, scale, seed),
            "seconds": round(time.perf_counter() - started, 1),
        }
        text = json.dumps({**record, "result": result}, indent=1)
    except Exception:
        traceback.print_exc()
        return 1
    (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    _draw(exercise, result, out / f"{name}.png")
    return 0


def _draw(exercise: Any, result: dict[str, Any], path: Path) -> None:
    try:
        import matplotlib  # noqa: F401  (asked for its presence only)
    except ImportError:
        print("No matplotlib here, so no picture.")
        return
    try:
        exercise.draw(result).savefig(path, dpi=144)
    except Exception:
        print(f"The picture {path.name} could not be drawn; the numbers are in the JSON.")
        traceback.print_exc()


def about(name: str, device: Any, scale: str, seed: int) -> dict[str, Any]:
    """Where, when and how a result came about."""
    import torch

    card = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    return {
        "device": device.type,
        "hardware": card,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "scale": scale,
        "seed": seed,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": f"python -m {MODULE} --scale {scale} --seed {seed} --only {name}",
    }


def summary_of(out: Path, chosen: Sequence[str], failures: dict[str, str]) -> str:
    """All results as Markdown."""
    lines = ["# GPU exercises", ""]
    for name in chosen:
        if name in failures:
            lines += [f"## {name}: failed", "", failures[name], ""]
            continue
        record = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
        lines += [f"## {name}: {record['seconds']} s at scale {record['scale']}", ""]
        lines += [f"{record['device']} ({record['hardware']}), torch {record['torch']}, {record['date']}", ""]
        lines += [*_table(record["result"].get("table", [])), ""]
    return "\n".join(lines)


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if not columns:
        return ["(no table; see the JSON)"]
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return head + ["| " + " | ".join(_cell(row.get(name)) for name in columns) + " |" for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace("|", "/").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
