"""What judging one submission costs beside the student's own computing: CPU of the judge, CPU and memory of the worker.

python -m benchmarks.judging [TASK ...] [--programs 8]

"first" is a judge that has not seen the task yet, "again" one that has just judged the same program: what variants
predict is remembered between submissions; "in a class" one that has judged other programs with the same scenarios, as
in grading; "mean of a class" counts everything from the first submission on, right, named and unknown. "unknown" are
mutants of a right program (tests/bank/mutants.py) that match no single mistake and no pair, so that everything is tried.
Times are CPU milliseconds, median and worst.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.judge import Judge, Submission
from autograder.judge.checks import Student
from autograder.judge.engine import ask, observed
from autograder.judge.evidence import Evidence
from autograder.judge.expectations import Expectations
from autograder.judge.recognise import Recognition
from autograder.judge.registry import checks_of, load_task
from autograder.sandbox import Limits, Outcome
from tests.bank import programs
from tests.bank.mutants import mutants

KINDS = ("right", "named", "unknown")
LIMITS = Limits(cpu_seconds=2, wall_seconds=20)
WATCHED = """

def _watch_own_time(names):
    import sys, time
    spent = sys.__dict__.setdefault("_own_time", [0.0, 0, -1])  # seconds, calls under way, told; a module may be loaded again

    def watched(call):
        def timed(*args, **kwargs):
            spent[1] += 1
            if spent[1] > 1:
                try:
                    return call(*args, **kwargs)
                finally:
                    spent[0] -= NESTED
                    spent[1] -= 1
            started = time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                spent[1] -= 1
                spent[0] += time.thread_time() - started - READING
                if int(1000 * spent[0]) > spent[2]:  # logs are cut where they are long
                    spent[2] = int(1000 * spent[0])
                    print("own", spent[0], flush=True)
        return timed

    def price(call, times=2000):
        before = time.thread_time()
        for _ in range(times):
            call()
        return (time.thread_time() - before) / times

    global READING, NESTED
    READING = NESTED = 0.0
    nothing = lambda: None
    if "_own_prices" not in sys.__dict__:
        spent[2] = 10**9
        price(watched(nothing))
        reading, spent[0], spent[1] = spent[0] / 2000, 0.0, 1
        sys._own_prices = reading, price(watched(nothing)) - price(nothing)
        spent[:] = [0.0, 0, -1]
    READING, NESTED = sys._own_prices
    for name in names:
        found = globals()[name]
        if not isinstance(found, type):
            globals()[name] = watched(found)
            continue
        for method, call in list(vars(found).items()):
            if callable(call):
                setattr(found, method, watched(call))
"""
"""What measures the student's own time, without what measuring takes."""


def candidates(task_id: str, kind: str, most: int) -> Iterator[str]:
    """Sources that may be of this kind; of mutants more than are needed, since many are recognised or right."""
    chosen = random.Random(task_id + kind)
    if kind == "unknown":
        changed = list(mutants(next(programs.right(task_id)).source))
        yield from (source for _, source in chosen.sample(changed, min(6 * most, len(changed))))
        return
    known = list(programs.right(task_id) if kind == "right" else programs.wrong(task_id))
    yield from (program.source for program in chosen.sample(known, min(most, len(known))))


def kind_of(found: Recognition) -> str:
    """What the judge made of a program; "" where there was nothing to compare."""
    if found.program is None:
        return "unknown" if found.wrong else ""
    return "named" if found.mistakes else "right"


def judge_seconds(judge: Judge, task: Any, source: str, seed: int) -> tuple[str, float, float]:
    """What was recognised; CPU seconds of the judge the first time and again. Another seed each time keeps it the first."""
    drawn = task.scenarios(seed)
    raw = judge.collect(task, Submission({task.module: source}), drawn)
    start = time.process_time()
    expectations = Expectations(task, seed)
    kind, _ = decided(expectations, raw)
    first = time.process_time() - start
    return kind, first, decided(expectations, raw)[1]


def decided(expectations: Expectations, raw: list[Evidence]) -> tuple[str, float]:
    """What was recognised; CPU seconds of deciding it."""
    task = expectations.task
    raw = [replace(evidence, values=evidence.values.copy()) for evidence in raw]  # as of another submission
    start = time.process_time()
    student = Student(expectations, observed(task, raw, expectations.scenarios))
    ask(checks_of(task.id), student)
    seconds = time.process_time() - start
    assert student.recognition is not None
    return kind_of(student.recognition), seconds


def class_seconds(judge: Judge, task: Any, most: int) -> tuple[list[float], float]:
    """CPU seconds of the judge for unknown programs, each judged once, after others with the same scenarios; and for any
    program of that class, its mean."""
    expectations = Expectations(task, 1)
    known = [*candidates(task.id, "right", most), *candidates(task.id, "named", most)]
    rows = []
    for source in [*known, *candidates(task.id, "unknown", most)]:
        raw = judge.collect(task, Submission({task.module: source}), expectations.scenarios)
        rows.append(decided(expectations, raw))
    unknown = [seconds for kind, seconds in rows[len(known) :] if kind == "unknown"]
    return unknown[len(unknown) // 2 :], statistics.mean(seconds for _, seconds in rows)


def worker_cost(judge: Judge, task: Any, source: str) -> tuple[float, float]:
    """CPU seconds of a worker beside what runs inside the student's functions and methods; its peak memory in bytes. What
    is inside is measured in a run of its own, since measuring takes time, too."""
    watched = last_outcome(judge, task, f"{source}{WATCHED}\n_watch_own_time({task.entries!r})\n")
    own = [float(line.split()[1]) for line in watched.log.splitlines() if line.startswith("own ")]
    plain = last_outcome(judge, task, source)
    return plain.cpu_seconds - max(own, default=0.0), plain.peak_rss


def last_outcome(judge: Judge, task: Any, source: str) -> Outcome:
    """What the worker that plays a program's scenarios was like."""
    plays = judge.judging(task.id, Submission({task.module: source}))
    outcomes: list[Outcome] = []
    try:
        job = next(plays)
        while True:
            outcomes.append(judge.sandbox.run(*job, LIMITS))
            job = plays.send(outcomes[-1])
    except StopIteration:
        return outcomes[-1]


def row(judge: Judge, task_id: str, most: int) -> list[str]:
    """One task's line of the table."""
    task = load_task(task_id)
    first, again = defaultdict(list), defaultdict(list)
    for kind in KINDS:
        for seed, source in enumerate(candidates(task_id, kind, most), start=1):
            if len(first[kind]) < most:
                found, once, twice = judge_seconds(judge, task, source, seed)
                first[found].append(once)
                again[found].append(twice)
    worker = [worker_cost(judge, task, program.source) for program in programs.right(task_id)][:most]
    unknown, mean = class_seconds(judge, task, most)
    cells = [words(kind) for found in KINDS for kind in (first[found], again[found])]
    return [
        task_id,
        *cells,
        words(unknown),
        f"{1000 * mean:.0f}",
        words([seconds for seconds, _ in worker]),
        f"{max(size for _, size in worker) / 1e6:.0f} MB",
    ]


def words(seconds: list[float]) -> str:
    """Median and largest, in milliseconds."""
    return f"{1000 * statistics.median(seconds):.0f} ({1000 * max(seconds):.0f})" if seconds else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", help="tasks to measure (default: all)")
    parser.add_argument("--programs", type=int, default=8)
    options = parser.parse_args()
    kinds = [f"{kind}, {time}" for kind in KINDS for time in ("first", "again")]
    table = Table(
        "task",
        *kinds,
        "unknown, in a class",
        "mean of a class",
        "worker",
        "worker's peak",
        title="CPU of judging one submission, ms: median (worst)",
    )
    with Judge("trusted", limits=LIMITS) as judge:
        for task in options.tasks or programs.tasks():
            table.add_row(*row(judge, task, options.programs))
    Console(width=180).print(table)


if __name__ == "__main__":
    main()
