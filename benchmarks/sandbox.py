"""What the sandbox costs: start, latency of a job, private memory of a worker, jobs a second, at every level here.

python -m benchmarks.sandbox [--jobs 100] [--parallel 2]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import threading
import time
from contextlib import suppress

import psutil
from rich.console import Console
from rich.table import Table

from autograder.sandbox import LEVELS, Level, Limits, Sandbox, probe

LIMITS = Limits(cpu_seconds=10, wall_seconds=30)
TRAIN = """
import torch
model = torch.nn.Linear(20, 20, dtype=torch.float64)
optimizer = torch.optim.AdamW(model.parameters())
for _ in range(20):
    optimizer.zero_grad()
    model(torch.ones(4, 20, dtype=torch.float64)).square().sum().backward()
    optimizer.step()
"""
WAIT = "import time; time.sleep(1.5)\n"


def job(source: str) -> tuple[bytes, int]:
    """A job whose submitted module does its work as it is imported; it returns no evidence."""
    modules = {"course_lib/optim/sgd.py": source}
    return json.dumps({"modules": modules, "module": "course_lib.optim.sgd", "scenarios": []}).encode(), 0


def measure(level: Level, jobs: int, parallel: int) -> dict[str, str]:
    """One row of the table: seconds, milliseconds and megabytes, as words."""
    start = time.perf_counter()
    with Sandbox(level) as sandbox:
        up = time.perf_counter() - start
        latencies = []
        for _ in range(30):
            start = time.perf_counter()
            ok(sandbox.run(*job(""), LIMITS))
            latencies.append(time.perf_counter() - start)
        start = time.perf_counter()
        for outcome in sandbox.run_many([job(TRAIN)] * jobs, LIMITS, parallel):
            ok(outcome)
        rate = jobs / (time.perf_counter() - start)
        return {
            "layers": ", ".join(sandbox.layers),
            "start": f"{up:.1f} s",
            "empty job": f"{1000 * statistics.median(latencies):.0f} ms",
            "20 AdamW steps": f"{rate:.0f} jobs/s",
            "private memory": private_memory(sandbox),
        }


def ok(outcome) -> None:
    if outcome.ending != "ok":
        raise SystemExit(f"a job of the benchmark ended {outcome.ending}: {outcome.detail}\n{outcome.log}")


def private_memory(sandbox: Sandbox) -> str:
    """Of workers that have trained and now wait: pages that are theirs alone, in MB."""
    found: list[int] = []

    def look() -> None:
        for _ in range(50):
            time.sleep(0.1)
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error, OSError):
                    parent = process.parent()
                    if parent is not None and process.cmdline() == parent.cmdline() != psutil.Process().cmdline():
                        found.append(private_bytes(process.pid))

    looking = threading.Thread(target=look)
    looking.start()
    for outcome in sandbox.run_many([job(TRAIN + WAIT)] * 4, LIMITS, parallel=4):
        ok(outcome)
    looking.join()
    return f"{max(found, default=0) / 1e6:.1f} MB"


def private_bytes(process: int) -> int:
    with open(f"/proc/{process}/smaps_rollup") as rollup:
        rows = [row.split() for row in rollup]
    return sum(int(row[1]) * 1024 for row in rows if row[0] in ("Private_Clean:", "Private_Dirty:"))


def bubblewrap_seconds() -> float:
    """A bubblewrap start with all namespaces, without anything in it."""
    command = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        subprocess.run([*command, "true"], check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--parallel", type=int, default=2)
    options = parser.parse_args()
    start = time.perf_counter()
    subprocess.run([psutil.Process().exe(), "-c", "import os; os.fork"], check=True)
    interpreter = time.perf_counter() - start
    table = Table(title=f"sandbox, {options.parallel} workers at a time")
    for number, level in enumerate(level for level in LEVELS if probe(level).works):
        row = measure(level, options.jobs, options.parallel)
        if number == 0:
            for heading in ("level", *row):
                table.add_column(heading)
        table.add_row(level, *row.values())
    console = Console(width=140)
    console.print(table)
    console.print(f"for comparison: an empty Python process {1000 * interpreter:.0f} ms", end="")
    if probe("full").works:
        console.print(f", bubblewrap around nothing {1000 * bubblewrap_seconds():.0f} ms")


if __name__ == "__main__":
    main()
