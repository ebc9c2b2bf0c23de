"""The demo class graded three times, each time from nothing and with the same seed: `nbgrader autograde`, `sgd2muon grade`
and `sgd2muon grade --scheduler`. Every row of the three gradebooks must be the same.

python -m benchmarks.three_ways
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from distributed import LocalCluster

from autograder.grading.classroom import Classroom
from autograder.grading.demo_class import CHAPTER, write_class
from autograder.grading.new_class import make_class
from benchmarks.soak import rows_of

NBGRADER = "nbgrader autograde"


def demo_class(directory: Path) -> int:
    """The class that `make demo` makes up, with its secret seed drawn; the number of submissions."""
    make_class(directory)
    chapter = Classroom(directory).chapter(CHAPTER)
    chapter.seed()
    return write_class(directory / "submitted", chapter.release_path)


def seconds(command: list[str], folder: Path) -> float:
    """Run a command to its end. nbgrader ends with 1 where it could not read a submission; that is part of the class."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}: {done.stderr[-500:]}")
    return time.perf_counter() - started


def main() -> None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    python = [sys.executable, "-m"]
    with (
        tempfile.TemporaryDirectory() as name,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
    ):
        folder = Path(name)
        count = demo_class(folder / "class")
        ways = {
            NBGRADER: [*python, "nbgrader", "autograde", CHAPTER],
            "sgd2muon grade": [*python, "autograder", "grade", ".", CHAPTER, "--jobs=2"],
            "sgd2muon grade --scheduler": [
                *(*python, "autograder", "grade", ".", CHAPTER, f"--scheduler={cluster.scheduler_address}"),
            ],
        }
        rows = {}
        for number, (way, command) in enumerate(ways.items()):
            directory = folder / f"way{number}"
            shutil.copytree(folder / "class", directory)
            took = seconds(command, directory)
            rows[way] = rows_of(Classroom(directory).chapter(CHAPTER))
            print(f"{way}: {count} submissions in {took:.0f} s, {len(rows[way])} rows in the gradebook", flush=True)
    for way in list(ways)[1:]:
        if rows[way] != rows[NBGRADER]:
            different = set(rows[way]) ^ set(rows[NBGRADER])
            raise SystemExit(
                f"{way} and {NBGRADER} differ in {len(different)} rows, such as {sorted({str(row[0]) for row in different})} have some, such as {sorted(different, key=str)[:2]}"
            )
    print("the three gradebooks are the same, row for row")


if __name__ == "__main__":
    main()
