"""Ours and stock `nbgrader autograde` on the same submissions, in one run: speed, CPU, memory, and the physical limit.

python -m benchmarks.grading [--ours 120] [--stock 4] [--jobs 2]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from autograder.grading.classroom import ClassChapter
from autograder.grading.demo_class import CHAPTER
from autograder.judge import Judge
from autograder.sandbox import Sandbox, available_level
from autograder.sandbox.outcome import Outcome
from autograder.submissions import extract
from autograder.worker import harness
from autograder.worker.preload import preload
from benchmarks.big_class import big_class
from benchmarks.sandbox import private_memory

STOCK = """c = get_config()
c.ExecutePreprocessor.timeout = 600
c.Execute.timeout = 600
c.ClearSolutions.enforce_metadata = False
c.GenerateAssignment.preprocessors = ["nbgrader.preprocessors.SaveCells"]
"""


@dataclass
class Cost:
    """What a command took."""

    submissions: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    status: int

    @property
    def rate(self) -> float:
        """Submissions a minute."""
        return 60 * self.submissions / self.seconds


def run(command: list[str], folder: Path, submissions: int) -> Cost:
    """Run a command, and watch all processes below it."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    cpu, peak = 0.0, 0
    while process.poll() is None:
        seconds, size = _usage(process.pid)
        cpu, peak = max(cpu, seconds), max(peak, size)
        time.sleep(0.2)
    return Cost(submissions, time.perf_counter() - started, cpu, peak, process.returncode)


def _usage(root: int) -> tuple[float, int]:
    """CPU seconds and bytes (shared ones counted once) of a process and everything below it."""
    seconds, size = 0.0, 0
    try:
        family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.Error:
        return 0.0, 0
    for one in family:
        try:
            seconds += sum(one.cpu_times()[:4])
            size += _proportional_bytes(one.pid)
        except (psutil.Error, OSError):
            continue
    return seconds, size


def _proportional_bytes(process: int) -> int:
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))


def ours(chapter: ClassChapter, count: int, jobs: int) -> Cost:
    """`sgd2muon grade`, start of everything included."""
    command = [sys.executable, "-m", "autograder", "grade", str(chapter.classroom.directory), CHAPTER, f"--jobs={jobs}"]
    return run(command, Path.cwd(), count)


def stock(chapter: ClassChapter, folder: Path, count: int) -> Cost:
    """`nbgrader autograde` as it comes: it executes each notebook, here with every experiment at its smallest scale."""
    students = sorted(path.name for path in (chapter.classroom.directory / "submitted").iterdir())[:count]
    shutil.copytree(chapter.classroom.directory / "source", folder / "source")
    for student in students:
        shutil.copytree(chapter.classroom.directory / "submitted" / student, folder / "submitted" / student)
    for notebook in folder.glob("submitted/*/*/*.ipynb"):
        text = notebook.read_text(encoding="utf-8")
        notebook.write_text(text.replace('scale = \\"cpu\\"', 'scale = \\"smoke\\"'), encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(STOCK, encoding="utf-8")
    nbgrader = [sys.executable, "-m", "nbgrader"]
    run([*nbgrader, "generate_assignment", CHAPTER, "--force"], folder, 1)
    return run([*nbgrader, "autograde", CHAPTER], folder, count)


def limit(chapter: ClassChapter, count: int) -> float:
    """CPU seconds of the students' own code alone, for all of them, in one process that has torch loaded."""
    preload()
    paths = [path for _, path, _ in chapter.submissions() if path][:count]
    submissions = [extract(path, chapter.tasks, chapter.release_cells).submission() for path in paths]
    spent = [0.0]

    def play(job: bytes) -> Outcome:
        pieces: list[bytes] = []
        finders, modules = list(sys.meta_path), set(sys.modules)
        started = time.process_time()
        harness.run(job, pieces.append)
        spent[0] += time.process_time() - started
        sys.meta_path[:] = finders
        for name in set(sys.modules) - modules:
            del sys.modules[name]
        return Outcome(b"".join(pieces), "", "ok", "", 0.0, 0.0, 0)

    judge = Judge(seed=chapter.seed())
    for submission in submissions:
        for task in chapter.judged_tasks:
            _drive(judge.judging(task["id"], submission), play)
    return spent[0]


def _drive(plays, play: Callable[[bytes], Outcome]) -> None:
    try:
        job, _ = next(plays)
        while True:
            job, _ = plays.send(play(job))
    except StopIteration:
        return


def table(mine: Cost, theirs: Cost) -> Table:
    """Both, side by side."""
    made = Table("", "submissions", "a minute", "s each", "CPU s each", "peak memory", title=f"grading {CHAPTER}")
    for name, cost in (("sgd2muon grade", mine), ("nbgrader autograde", theirs)):
        each = f"{cost.seconds / cost.submissions:.2f}", f"{cost.cpu_seconds / cost.submissions:.3f}"
        made.add_row(name, str(cost.submissions), f"{cost.rate:.0f}", *each, f"{cost.peak_bytes / 1e6:.0f} MB")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", type=int, default=120, help="submissions for sgd2muon grade")
    parser.add_argument("--stock", type=int, default=4, help="how many of them for nbgrader autograde")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        chapter = big_class(Path(folder, "ours"), options.ours)
        mine = ours(chapter, options.ours, options.jobs)
        Path(folder, "stock").mkdir()
        theirs = stock(chapter, Path(folder, "stock"), options.stock)
        compute = limit(chapter, options.ours)
        again = ours(chapter, options.ours, options.jobs)
    with Sandbox(available_level()) as sandbox:
        private = private_memory(sandbox)
    console = Console(width=120)
    console.print(table(mine, theirs))
    console.print(
        f"{options.jobs} workers, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; start included."
    )
    console.print(
        f"ratio: {mine.rate / theirs.rate:.0f} times as many a minute, "
        f"{theirs.cpu_seconds / theirs.submissions / (mine.cpu_seconds / mine.submissions):.0f} times less CPU each"
    )
    console.print(
        f"physical limit: the students' own code takes {1000 * compute / options.ours:.0f} ms of CPU each, "
        f"{60 * options.jobs * options.ours / compute:.0f} a minute with {options.jobs} processors"
    )
    console.print(f"an extra worker: {private} of private memory")
    console.print(f"a second run, with nothing new: {again.seconds:.1f} s")
    if mine.status or again.status:
        raise SystemExit("sgd2muon grade failed")


if __name__ == "__main__":
    main()
