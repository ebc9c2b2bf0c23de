"""What users do with an optimizer beside steps: freeze, go back to a checkpoint, switch something off in one group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.rounding import representable

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import Drawing


LARGE = 1e4
"""Neighbours in float32 are 1e-3 apart here."""

SMALL = 1e-8
"""Of a gradient."""


def flat(values: np.ndarray) -> list[float]:
    """As plain data."""
    return [float(v) for v in np.ravel(values)]


def in_groups(d: Drawing, first: dict[str, Any], *others: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The first group is built from keywords, each other sets hyperparameters for itself; parameters are shared out evenly."""
    parts = np.array_split(np.arange(len(d.task.shapes)), 1 + len(others))
    groups = [{"params": part.tolist(), "hyper": own} for part, own in zip(parts, ({}, *others), strict=True)]
    return [{"groups": groups, "kwargs": first, **more}]


def usage_scenarios(d: Drawing) -> list[Scenario]:
    """For every optimizer."""
    found = [
        _precise(d),
        _switched_off(d),
        _transposed(d),
        _groups_without_gradients(d),
        _early_reloads(d),
        _rollback(d),
        _unfrozen(d),
        _from_nothing(d),
        _closure_in_groups(d),
        _decay_alone(d) if "momentum" in d.task.rule.hyper else _assigned(d),
    ]
    found += [_weak_decay(d), _closure_and_decay(d)] if "weight_decay" in d.task.rule.hyper else []
    found += [_switched_on(d)] if "momentum" in d.task.rule.hyper else []
    return [*found, _no_epsilon(d)] if "eps" in d.task.rule.hyper else found


def _switched_off(d: Drawing) -> Scenario:
    """Zero and False are values like any other, also where the constructor was given another one."""
    first, off, zero = d.all_on(), d.hyper(), d.all_on()
    if "nesterov" in first:
        first["nesterov"], off["nesterov"], zero["nesterov"] = True, False, False
    zero |= {name: 0.0 for name in ("momentum", "alpha") if name in zero}
    instances = in_groups(d, first, off, zero, form="groups of generators")
    about = "later groups switch off what the constructor switches on"
    return d.run("together", about, instances, d.steps(3, d.task.shapes))


def _switched_on(d: Drawing) -> Scenario:
    """Zero and False are given to the constructor only."""
    off, on = d.all_on(), d.all_on()
    off |= {"momentum": 0.0, "weight_decay": 0.0, "nesterov": False}
    on["nesterov"] = True
    instances = in_groups(d, off, on)
    about = "the second group switches on what the constructor switches off"
    return d.run("together", about, instances, d.steps(3, d.task.shapes))


def _transposed(d: Drawing) -> Scenario:
    """The second group has the constructor's hyperparameters, as a group most often has."""
    shapes = [[2, 3], [4, 2]]
    groups = [{"params": [i], "hyper": {}} for i in range(2)]
    instances, about = [{"groups": groups, "kwargs": d.all_on()}], "transposed matrices, with everything on"
    return d.run("together", about, instances, d.steps(2, shapes), shapes, layouts=["transposed"] * 2)


def _groups_without_gradients(d: Drawing) -> Scenario:
    """First one group has none, then nobody has."""
    instances, events = in_groups(d, d.hyper(), d.hyper()), d.steps(4, d.task.shapes)
    for i in instances[0]["groups"][0]["params"]:
        events[0][2][i] = None
    events[2][2] = [None for _ in d.task.shapes]
    about = "the first group has no gradients on step 1, and nobody has on step 3"
    return d.run("no_gradient", about, instances, events)


def _early_reloads(d: Drawing) -> Scenario:
    """Reloads before there is a state, and while one parameter has none."""
    before, after = d.steps(2, d.task.shapes), d.steps(2, d.task.shapes)
    for event in before:
        event[2][1] = None
    about = "saved and loaded before step 1, and after step 2, when one parameter never had a gradient"
    events = [["reload", 0], *before, ["reload", 0], *after]
    return d.run("reload", about, d.one_group(d.all_on(), len(d.task.shapes)), events)


def _rollback(d: Drawing) -> Scenario:
    """Back to a state that one parameter was not in yet."""
    first, *rest = d.steps(5, d.task.shapes)
    first[2][1] = None
    events = [first, ["save", 0], *rest[:2], ["restore", 0], *rest[2:]]
    about = "after step 3 parameters and optimizer go back to what was saved after step 1"
    return d.run("reload", about, d.one_group(d.hyper(), len(d.task.shapes)), events)


def _unfrozen(d: Drawing) -> Scenario:
    """As in fine-tuning."""
    before, after = d.steps(2, d.task.shapes), d.steps(2, d.task.shapes)
    for event in before:
        event[2][1] = None
    events = [*before, ["unfreeze", 1], *after]
    about = "parameter 2 is frozen until step 2"
    instances = d.one_group(d.all_on(), len(d.task.shapes), form="list")
    return d.run("together", about, instances, events, frozen=[1])


def _assigned(d: Drawing) -> Scenario:
    """As weights are clipped, averaged or loaded; groups are given one tensor each. Not where there is momentum, which Polyak
    writes with the difference of the last two parameters."""
    shapes = d.task.shapes[:2]
    events = d.steps(4, shapes)
    events[2:2] = [["assign", i, flat(d.values(shape))] for i, shape in enumerate(shapes)]
    instances = in_groups(d, d.hyper(), d.all_on(), form="groups of tensors")
    for number, group in enumerate(instances[0]["groups"]):
        group["params"] = [number]
    about = "something else writes into the parameters after step 2"
    return d.run("together", about, instances, events, shapes)


def _from_nothing(d: Drawing) -> Scenario:
    """A warmup from a learning rate of zero, and what is switched on only then; at last groups that were built alike part."""
    hyper, later = {**d.hyper(), "lr": 0.0}, d.all_on()
    events = d.steps(1, d.task.shapes)
    changes = {name: value for name, value in later.items() if name not in d.task.fixed}
    events += [["set", 0, group, name, value] for group in (0, 1) for name, value in changes.items()]
    events += [*d.steps(2, d.task.shapes), ["set", 0, 0, "lr", 0.5 * later["lr"]], *d.steps(1, d.task.shapes)]
    about = "lr=0 until step 1, then everything on; from step 4 on the groups differ in lr"
    return d.run("together", about, in_groups(d, hyper, {}), events)


def _closure_in_groups(d: Drawing) -> Scenario:
    """Two groups; a loss of zero, then one that is a number."""
    init = [flat(d.values(shape)) for shape in d.task.shapes]
    targets = [flat(d.values(shape)) for shape in d.task.shapes]
    events = [["closure", 0, init, 1.0], ["closure", 0, targets, 0.8, False, True]]
    instances = in_groups(d, d.hyper(), d.hyper())
    about = "two groups; the first loss is zero, the second a number and no tensor"
    return d.run("closure", about, instances, events, init=init)


def _closure_and_decay(d: Drawing) -> Scenario:
    """The loss is that of the weights as they are, before they decay; gradients of an earlier step are still there."""
    targets = [flat(d.values(shape)) for shape in d.task.shapes]
    events = d.steps(1, d.task.shapes)
    events += [["closure", 0, targets, curvature, False, False, True] for curvature in (0.8, 1.2)]
    about = "step() once, then step(closure), with everything on"
    return d.run("together", about, d.one_group(d.all_on(), len(d.task.shapes)), events)


def _decay_alone(d: Drawing) -> Scenario:
    hyper = {**d.all_on(), "momentum": 0.0, **({"nesterov": False} if "nesterov" in d.task.rule.hyper else {})}
    instances = d.one_group(hyper, len(d.task.shapes))
    return d.run("together", "momentum=0, with weight decay", instances, d.steps(2, d.task.shapes))


def _no_epsilon(d: Drawing) -> Scenario:
    """Gradients as small as a usual ε, which one group does without."""
    instances = in_groups(d, d.hyper(), {**d.hyper(), "eps": 0.0})
    about = f"eps=0 in the second group, gradients of {SMALL:.0e}".replace("e-0", "e-")
    return d.run("together", about, instances, d.steps(2, d.task.shapes, scale=SMALL))


def _precise(d: Drawing) -> Scenario:
    """Parameters so large beside their moves that float32, which holds where they start, does not hold where they go."""
    shapes = d.task.shapes[:2]
    init = [flat(representable(LARGE * d.values(shape), "float32")) for shape in shapes]
    about = f"float64 parameters of about {LARGE:.0f}"
    return d.run("dtypes", about, d.one_group(d.hyper(), 2), d.steps(2, shapes), shapes, init=init)


def _weak_decay(d: Drawing) -> Scenario:
    """As it is most often; only large parameters show it."""
    shapes = d.task.shapes[:2]
    init = [flat(LARGE * d.values(shape)) for shape in shapes]
    hyper = {**d.hyper(), "weight_decay": round(float(d.rng.uniform(1e-4, 3e-4)), 6)}
    about = f"a weak weight decay of parameters of about {LARGE:.0f}"
    return d.run("together", about, d.one_group(hyper, 2), d.steps(2, shapes), shapes, init=init)
