"""A task that trains and watches: train_until_grok on a model whose weights after every update are written beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.variants import Bank, Variant
from autograder.oracles.grok import Script, Watched, watch
from autograder.worker.players.grok import FLAGS, HEAD, LISTS

GROUP_SIZES = (120, 60, 17, 2, 1)
"""Examples of one set that are right or wrong together: 60, 90, 98.5, 99.5 and 100 % right as one group joins after another."""
UNEVEN = (61, 30, 8, 1, 1)
FEW, MANY = (60, 30, 8, 1, 1), (180, 90, 25, 3, 2)
"""Sets of 100 and of 300; 60, 90, 98, 99 and 100 % of the few, and about as much of the many."""
CLASSES = 4
COUNTED = ("graphs", "not_floats", "idle")


class _Scripts(Shortcuts):
    """Remembers what the scripted models give: most mistakes look at most of it too."""

    task: GrokTask

    def __init__(self, task: GrokTask, scenarios: Sequence[Scenario]):
        super().__init__(task, scenarios)
        self._scripts = [Script(scenario.program) for scenario in scenarios]

    def simulate(self, variant: Variant, index: int) -> Expected:
        return self.task.simulate(variant, self.scenarios[index], self._scripts[index])


@dataclass(frozen=True)
class GrokTask:
    """What a maintainer writes beside the oracle and the bank: draw, a generator → scenarios made with `run`."""

    id: str
    module: str
    entry: str
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def simulate(self, variant: Variant, scenario: Scenario, script: Script | None = None) -> Expected:
        """The numbers that a program which follows `variant` leaves. script: the scenario's, where there is one."""
        with np.errstate(all="ignore"):
            run = watch(scenario.program, variant.steps, script)
        return _expected(run, scenario)

    def shortcuts(self, scenarios: Sequence[Scenario]) -> Shortcuts:
        """One scripted model for all variants."""
        return _Scripts(self, scenarios)

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "curves" (the five lists), "training" (updates and gradients), "firsts", "stops" (steps, updates and
        firsts), "flags", "path" (all but
        flags), "all"."""
        where = _places(scenario)
        named = {
            "curves": [*LISTS, *(f"{name}_count" for name in LISTS)],
            "training": ["updates", "gradients"],
            "firsts": ["memorised", "grokked"],
            "stops": ["updates", "steps", "steps_count", "memorised", "grokked"],
            "flags": FLAGS,
            "path": [name for name in where if name not in FLAGS],
            "all": list(where),
        }
        mask = np.zeros(scenario.size, dtype=bool)
        for item in named[name]:
            mask[where[item]] = True
        return mask

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """Everything is written at the end of a run."""
        return np.full(scenario.size, not evidence.raised)

    def curves(self, values: np.ndarray, scenario: Scenario) -> np.ndarray:
        """Validation accuracy over the log."""
        found = values[_places(scenario)["val_acc"]]
        return np.asarray(found[~np.isnan(found)])

    def curve_labels(self, scenario: Scenario) -> tuple[str, str, str]:
        """Title, x label, y label."""
        return "val_acc of your log", "logged step, counted from 1", "validation accuracy"

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first thing that differs, from what trains over what is logged to what is left behind."""
        from autograder.judge.explain_grok import explain_watch

        if evidence.raised:
            return f"{shown(scenario)} raised {evidence.text}"
        return explain_watch(evidence.values, expected.values, close(evidence.values, expected), scenario)


def run(
    rng: np.random.Generator,
    family: str,
    max_steps: int,
    log_every: int,
    train: Sequence[int],
    val: Sequence[int],
    *,
    gain: float = 0.5,
    repeats: int = 1,
    growth: float = 0.0,
    sizes: tuple[Sequence[int], Sequence[int]] = (GROUP_SIZES, GROUP_SIZES),
    lost: int | None = None,
    as_found: bool = False,
) -> Scenario:
    """A scenario. train, val: after each update, how many of the five groups of a set are right; the last goes on. gain: of
    the logits in train mode. repeats: of every example. growth: of all scores with every update, so that what is wrong gets
    worse. sizes: of the groups of both sets. lost: from how many updates on a score of the last group of both sets is NaN. as_found: the model comes in eval mode, with gradients of somebody else's."""
    count = len(GROUP_SIZES)
    keys = rng.integers(CLASSES, size=2 * count)
    right = [
        np.repeat([_at(train, k), _at(val, k)], count) > np.tile(np.arange(count), 2) for k in range(max_steps + 2)
    ]
    tables = [[_row(rng, int(key), bool(good)) for key, good in zip(keys, some, strict=True)] for some in right]
    tables = [
        [[round((1 + growth) ** k * value, 4) for value in row] for row in table] for k, table in enumerate(tables)
    ]
    for table in tables[lost:] if lost is not None else []:
        for place in (count - 1, 2 * count - 1):
            table[place][(int(keys[place]) + 1) % CLASSES] = float("nan")
    room = max_steps + 3
    program = {
        "entry": "train_until_grok",
        "max_steps": max_steps,
        "log_every": log_every,
        "room": room,
        "tables": tables,
        "bump": [round(float(v), 3) for v in rng.permutation([3.0, 0.5, -0.5, 0.0])],
        "gain": gain,
        "repeats": repeats,
        "data": [*_set(rng, keys, 0, sizes[0], lost), *_set(rng, keys, count, sizes[1], lost)],
        "lost": lost,
        "training": not as_found,
        "left": rng.normal(size=(2 * count, CLASSES)).round(3).tolist() if as_found else [],
    }
    size = len(HEAD) + len(LISTS) * room + (max_steps + 1) * 2 * count * CLASSES
    return Scenario(family, "grok", program, size)


def shown(scenario: Scenario) -> str:
    """The call as one would type it."""
    program = scenario.program
    found = "" if program["training"] else ", given a model in eval mode with old gradients"
    count = len(program["data"][1]) * program["repeats"]
    found += f", with {count} training examples" if count % 2 else ""
    found += "" if program["lost"] is None else f", with losses that are NaN from step {program['lost']} on"
    return f"{program['entry']}(…, max_steps={program['max_steps']}, log_every={program['log_every']}){found}"


def _at(levels: Sequence[int], k: int) -> int:
    return levels[min(k, len(levels) - 1)]


def _row(rng: np.random.Generator, key: int, right: bool) -> list[float]:
    """Scores of the classes; the key's is the largest where the group is right."""
    row = rng.uniform(-1, 1, size=CLASSES)
    row[key if right else (key + 1) % CLASSES] = row.max() + rng.uniform(0.3, 1.2)
    return [round(float(value), 4) for value in row]


def _set(
    rng: np.random.Generator, keys: np.ndarray, first: int, sizes: Sequence[int], lost: int | None
) -> tuple[list[list[int]], list[int]]:
    """Pairs (group, turn) and their classes, shuffled. Where the last group comes to NaN, none of it is of class 0: softmax
    spreads a NaN over all scores, and the largest of those is the first."""
    groups = np.repeat(np.arange(len(sizes)), sizes) + first
    groups = rng.permutation(groups)
    turns = rng.integers(CLASSES, size=groups.size)
    if lost is not None:
        first_class = (groups == groups.max()) & ((keys[groups] + turns) % CLASSES == 0)
        turns = np.where(first_class, (turns + 1) % CLASSES, turns)
    labels = (keys[groups] + turns) % CLASSES
    return [[int(a), int(b)] for a, b in zip(groups, turns, strict=True)], [int(y) for y in labels]


def _places(scenario: Scenario) -> dict[str, slice]:
    """Where in the numbers each thing stands."""
    room = scenario.program["room"]
    found = {name: slice(place, place + 1) for place, name in enumerate(HEAD)}
    for place, name in enumerate(LISTS):
        found[name] = slice(len(HEAD) + place * room, len(HEAD) + (place + 1) * room)
    return found | {"gradients": slice(len(HEAD) + len(LISTS) * room, scenario.size)}


def _expected(run: Watched, scenario: Scenario) -> Expected:
    values, tolerance = np.full(scenario.size, np.nan), np.zeros(scenario.size)
    where = _places(scenario)
    head = {"updates": len(run.gradients), "training": run.training, "data_changed": 0.0, "no_dict": 0.0}
    head |= {"optimizer_changed": run.optimizer_changed, "seed_set": run.seed_set}
    head |= {"gradients_off": run.gradients_off, "left_back": run.left_back, "idle": run.idle}
    head |= dict.fromkeys(("frozen", "mixed", "stale", "repeated", "earlier_changed"), 0.0)
    head |= {"graphs": run.graphs, "not_floats": run.not_floats, "memorised": run.firsts[0], "grokked": run.firsts[1]}
    head |= {f"{name}_count": float(len(run.rows)) for name in LISTS}
    for name, value in head.items():
        values[where[name]] = value
        if name in COUNTED and value > 0:
            values[where[name]], tolerance[where[name]] = 1e6, 1e6 - 0.5  # how often does not matter
    for name, column in zip(LISTS, np.array(run.rows).reshape(-1, len(LISTS)).T, strict=True):
        start = where[name].start
        column = column[: scenario.program["room"]]
        values[start : start + len(column)] = column
        tolerance[start : start + len(column)] = 0.0 if name == "steps" else 1e-5 * np.maximum(1.0, np.abs(column))
    gradients = np.concatenate([*run.gradients, np.zeros(0)])[: scenario.size - where["gradients"].start]
    start = where["gradients"].start
    values[start : start + gradients.size] = gradients
    tolerance[start : start + gradients.size] = 1e-6 * (1e-3 + np.nanmax(np.abs(gradients), initial=0.0))
    ignored = np.zeros(scenario.size, dtype=bool)
    for name in run.left_open:
        ignored[where[name]] = True
    return Expected(values, tolerance, ignored=ignored)
