"""The task `muon`: how it is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks import _muon_decay, _muon_momentum, _muon_scale
from autograder.banks._whose_values import add_default, add_first_groups, add_values_of_others
from autograder.judge.contract_mistakes import contract_mistakes
from autograder.judge.evidence import Scenario
from autograder.judge.muon_task import MuonTask
from autograder.judge.optimizer_task import Drawing, between, one_of
from autograder.judge.rounding import representable
from autograder.judge.usage_scenarios import flat
from autograder.judge.variants import Bank
from autograder.oracles.muon import RULE

NEVER_SHOWS = {"matrices-only", "scalars-skipped", "gradient-changed", "state-not-kept", "nan-swallowed"}
"""Contract mistakes about parameters that are not matrices, one that Muon makes in a way of its own, and one that is
"no-momentum" here: Newton-Schulz takes G + μG for G."""

SHORT, ROOM = 5e-3, 3e-3
"""Of a gradient: far above every usual eps, of which an average still leaves a trace below this."""

bank = Bank()
_muon_momentum.add_to(bank)
_muon_scale.add_to(bank)
_muon_decay.add_to(bank)
add_values_of_others(bank, "momentum", "weight_decay")
add_first_groups(bank, "ns_steps", "scale")
add_default(bank, "decay-default-small", "weight_decay", 0.01, "0.0")
bank.include([mistake for mistake in contract_mistakes(stateful=True, clocked=False) if mistake.id not in NEVER_SHOWS])


def _more(d: Drawing) -> list[Scenario]:
    shapes = [[4, 2], [2, 4], [3, 3], [4, 2]]
    found = [
        d.run(
            "momentum",
            f"nesterov={nesterov}",
            d.one_group({**d.hyper(), "nesterov": nesterov}, 4),
            d.steps(5, shapes),
            shapes,
        )
        for nesterov in (True, False)
    ]
    found += [
        d.run("scales", f"scale={mode!r}", d.one_group({**d.hyper(), "scale": mode}, 4), d.steps(2, shapes), shapes)
        for mode in ("original", "match_rms", "spectral")
    ]
    found.append(_three_scales(d))
    without = {**d.all_on(), "momentum": 0.0, "nesterov": True}
    found.append(
        d.run("momentum", "momentum=0, with weight decay", d.one_group(without, 4), d.steps(2, shapes), shapes)
    )
    zero = d.steps(3, shapes)
    zero[0][2][0] = [0.0] * 8
    zero[0][2][3] = zero[1][2][3] = [0.0] * 8
    found.append(d.run("zero", "gradients of zero at the start", d.one_group(d.hyper("weight_decay"), 4), zero, shapes))
    found.append(_tiny(d))
    found += [_turned(d, nesterov) for nesterov in (True, False)]
    larger = [[16, 8], [6, 12]]
    found.append(
        d.run(
            "larger",
            "float32 matrices of 16 by 8 and 6 by 12",
            d.one_group(d.all_on(), 2),
            d.steps(2, larger, dtype="float32"),
            larger,
            dtype="float32",
        )
    )
    zeros = {
        "entry": "Muon",
        "attempts": [{"momentum": 0.0}, {"weight_decay": 0.0}],
        "invalid": [False] * 2,
        "shapes": [[2, 3]] * 2,
    }
    found.append(Scenario("invalid", "constructor", zeros, 2, "hyperparameters of zero"))
    vectors = {
        "entry": "Muon",
        "attempts": [{"lr": 0.1}] * 7,
        "shapes": [[3], [], [2, 3, 2], [2, 2, 1, 1], [3], [3], [3]],
        "beside": ["", "", "", "", "front", "list", "group"],
    }
    found.append(
        d.run(
            "momentum",
            "new gradients are written into the memory of the old ones, as after zero_grad(set_to_none=False)",
            d.one_group(d.hyper(), 4, form="list"),
            d.steps(3, shapes),
            shapes,
            reuse_grads=True,
        )
    )
    few = {**d.hyper(), "ns_steps": 2}
    about = "gradients so short that a larger eps shortens the update"
    found.append(d.run("extremes", about, d.one_group(few, 4), d.steps(2, shapes, scale=SHORT), shapes, rtol=ROOM))
    return [*found, Scenario("matrices_only", "constructor", vectors, 7, "a parameter that is not a matrix")]


def _three_scales(d: Drawing) -> Scenario:
    """A group for each mode, with a wide matrix in it that tells all modes apart."""
    shapes = [[4, 2], [2, 4], [3, 3], [2, 4], [2, 4], [4, 2]]
    own = [
        {**d.hyper(), "scale": str(mode), "ns_steps": steps}
        for mode, steps in zip(d.rng.permutation(["original", "match_rms", "spectral"]), (2, 4, 1), strict=True)
    ]
    groups = [{"params": [2 * i, 2 * i + 1], "hyper": own[i] if i else {}} for i in range(3)]
    instances = [{"groups": groups, "kwargs": own[0]}]
    return d.run("groups", "groups with different scales and ns_steps", instances, d.steps(2, shapes), shapes)


def _tiny(d: Drawing) -> Scenario:
    """Gradients far below eps. Their singular values are equal, so that five steps bring them near one whatever eps is, to
    between 0.68 and 1.13: looked at is only whether an update is made. Tolerances are in units of the root mean square."""
    units = [_orthogonal(d, *shape) for shape in d.task.shapes]
    largest = max(float(np.abs(unit).max() / np.sqrt(np.mean(unit**2))) for unit in units)
    events = [["step", 0, [flat(size * unit) for unit in units]] for size in (8e-9, 5e-9, 6e-9)]
    return d.run("extremes", "gradients of norm 1e-8", d.one_group(d.hyper(), len(units)), events, rtol=0.83 * largest)


def _orthogonal(d: Drawing, rows: int, cols: int) -> np.ndarray:
    """Orthonormal rows or columns, the largest number as small as chance makes it."""
    tries = [np.linalg.qr(d.rng.normal(size=(max(rows, cols), min(rows, cols))))[0] for _ in range(20)]
    found = min(tries, key=lambda unit: float(np.abs(unit).max()))
    return found if rows >= cols else found.T


def _turned(d: Drawing, nesterov: bool) -> Scenario:
    """bfloat16, and a second gradient against the first: which way the second update goes shows what is remembered. All
    directions are of one size, and no rule's combination of the two gradients is near zero."""
    shapes = d.task.shapes[1:]
    there = [representable(_orthogonal(d, *shape), "bfloat16") for shape in shapes]
    back = [representable(-0.46 * grad, "bfloat16") for grad in there]
    events = [["step", 0, [flat(grad) for grad in grads]] for grads in (there, back)]
    hyper = {**d.hyper(), "nesterov": nesterov, "momentum": round(float(d.rng.uniform(0.62, 0.65)), 3)}
    init = [flat(np.zeros(shape)) for shape in shapes]
    about = f"bfloat16 parameters, nesterov={nesterov}, gradients that turn round"
    return d.run("dtypes", about, d.one_group(hyper, len(init)), events, shapes, init=init, dtype="bfloat16")


TASK = MuonTask(
    "muon",
    module="course_lib/optim/muon.py",
    rule=RULE,
    bank=bank,
    draw={
        "lr": between(0.02, 0.1),
        "momentum": between(0.5, 0.95),
        "nesterov": one_of(True, False),
        "weight_decay": between(0.1, 0.5),
        "ns_steps": one_of(1, 2, 4, 6),
        "scale": one_of("original", "match_rms", "spectral"),
    },
    features={"weight_decay": {"weight_decay": 0.0}, "ns_steps": {"ns_steps": 5}, "scale": {"scale": "original"}},
    invalid=({"lr": -0.1}, {"momentum": -0.1}, {"weight_decay": -0.01}, {"scale": "no such mode"}),
    shapes=[[3, 2], [2, 4], [3, 2], [1, 3]],
    extra=_more,
    fixed=("nesterov", "ns_steps", "scale"),
    gradient_sizes=(1e12,),
    long={"ns_steps": one_of(1)},
    builds_on=("newton_schulz",),
)
