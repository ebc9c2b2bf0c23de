"""Parameters of many shapes, many of them, large ones, several dtypes in one optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.rounding import representable
from autograder.judge.usage_scenarios import flat

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import Drawing

ALIKE = 13
"""Parameters of one shape; they fill no bundles that some programs work on."""
TILES = 1700
"""Times that numbers repeat: a vector of 5100 of them, a table of 3400 rows."""


def size_scenarios(d: Drawing) -> list[Scenario]:
    """For every optimizer."""
    if d.task.rule.mixes:
        return [_many(d, [[1, 3], [3, 1], [12, 4], [2, 6]], [2, 3]), _large_matrices(d)]
    return [_many(d, [[1, 3], [3, 1], [2, 1, 2], [1, 2, 1, 2], [1, 1, 2, 1, 1]], [2]), _table(d), _several_dtypes(d)]


def _many(d: Drawing, shapes: list[list[int]], last: list[int]) -> Scenario:
    """With weight decay, whatever a parameter's shape. A group may also be empty; not the first, where some keep their count."""
    shapes = [*shapes, *[last] * ALIKE]
    groups = [{"params": list(range(len(shapes))), "hyper": {}}, {"params": [], "hyper": {}}]
    instances, about = (
        [{"groups": groups, "kwargs": d.all_on()}],
        f"a group of {len(shapes)} parameters, and one that is empty",
    )
    return d.run("together", about, instances, d.steps(1 if d.task.rule.mixes else 2, shapes), shapes)


def _table(d: Drawing) -> Scenario:
    """As a vocabulary's embedding is, most of whose rows have no gradient. Numbers repeat, so that evidence stays small."""
    shapes = [[3], [2, 2]]
    events = d.steps(2, shapes)
    events[1][2][1][2:] = [0.0, 0.0]
    about = f"a vector of {3 * TILES} numbers and a matrix of {2 * TILES} rows"
    return d.run("together", about, d.one_group(d.all_on(), 2), events, shapes, tiles=TILES)


def _large_matrices(d: Drawing) -> Scenario:
    shapes = [[40, 30], [64, 3]]
    about = "matrices of 40 × 30 and 64 × 3"
    return d.run("together", about, d.one_group(d.all_on(), 2), d.steps(1, shapes), shapes)


def _several_dtypes(d: Drawing) -> Scenario:
    """In one group, all starting at zero, so that bfloat16 is no coarser than its moves."""
    own = ["float32", "bfloat16", "float64", "float16"]
    shapes = [[3], [2, 3], [3], [2]]
    there = [np.abs(d.values(shape)) for shape in shapes]
    events = [["step", 0, [flat(representable(scale * grad, "bfloat16")) for grad in there]] for scale in (0.1, 0.15)]
    hyper = d.hyper()
    hyper |= {"lr": 10 * hyper["lr"]} | ({"eps": round(float(d.rng.uniform(0.3, 0.4)), 3)} if "eps" in hyper else {})
    init = [flat(np.zeros(shape)) for shape in shapes]
    about = "parameters of float32, bfloat16, float64 and float16 in one group"
    more = {"init": init, "dtype": "bfloat16", "own_dtypes": own, "rtol": 0.05}
    return d.run("dtypes", about, d.one_group(hyper, len(shapes)), events, shapes, **more)
