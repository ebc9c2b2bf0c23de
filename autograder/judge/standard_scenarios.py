"""The scenarios that every optimizer has to go through, whatever its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.rounding import representable
from autograder.judge.usage_scenarios import flat, in_groups

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import Drawing

SEEN, BLOCKS, UNSEEN = 45, 15, 15
"""A long run: so many steps with a frame each, then blocks of so many without one and two with; more steps than eight bits
can count."""


JUMP = 1e3
"""The last gradient of a long run, in units of the others."""
SMALL_MOVES = 2e-4
"""With a learning rate of 1e-3, decay by a factor that is kept in float32 is off by as much."""


def standard_scenarios(d: Drawing) -> list[Scenario]:
    """The families every optimizer goes through."""
    found = [*_first_steps(d), *_long_runs(d), *_feature_runs(d), *_groups(d), _schedule(d), *_no_gradient(d)]
    found += [_reload(d), _instances(d), _closure(d), *_dtypes(d), *_extremes(d), *_signatures(d), *_together(d)]
    found.append(_long_run(d))
    if not d.task.rule.mixes:
        found += [_large(d), _not_a_number(d)]
    return found + _invalid(d)


def _first_steps(d: Drawing) -> list[Scenario]:
    shapes = d.task.shapes[:2]
    return [
        d.run("first_step", "", d.one_group(d.hyper(), 2, form="list"), d.steps(1, shapes), shapes) for _ in range(2)
    ]


def _long_runs(d: Drawing) -> list[Scenario]:
    return [
        d.run("steps", "", d.one_group(d.hyper(), len(d.task.shapes), form=form), d.steps(6, d.task.shapes))
        for form in ("list", "generator")
    ]


def _feature_runs(d: Drawing) -> list[Scenario]:
    return [
        d.run(
            feature,
            f"with {feature}",
            d.one_group(d.hyper(feature), len(d.task.shapes), form="list"),
            d.steps(5, d.task.shapes),
        )
        for feature in d.task.features
        for _ in range(2)
    ]


def _groups(d: Drawing) -> list[Scenario]:
    """Two groups, and three: the last ones set all hyperparameters for themselves."""
    about, events = "groups with different hyperparameters", d.steps(4, d.task.shapes)
    two = d.run("groups", f"two {about}", in_groups(d, d.hyper(), d.hyper()), events)
    others = [d.hyper() for _ in range(2)]
    three = in_groups(d, d.hyper(), *others)
    return [two, d.run("groups", f"three {about}", three, d.steps(2, d.task.shapes))]


def _schedule(d: Drawing) -> Scenario:
    first, second = d.hyper(), d.hyper()
    events = d.steps(2, d.task.shapes)
    for group in (0, 1):
        events.append(["set", 0, group, "lr", d.task.draw["lr"](d.rng) * (0.3 + 0.4 * group)])
    events += d.steps(3, d.task.shapes)
    for lr in (0.0, d.task.draw["lr"](d.rng)):
        events += [["set", 0, group, "lr", lr] for group in (0, 1)]
        events += d.steps(1, d.task.shapes)
    about = "the learning rate changes after step 2, and is zero on step 6"
    return d.run("schedule", about, in_groups(d, first, second), events)


def _no_gradient(d: Drawing) -> list[Scenario]:
    """One parameter without a gradient, in turn; then a gradient of zero."""
    count = len(d.task.shapes)
    events = d.steps(count + 2, d.task.shapes)
    for step in range(count):
        events[step][2][(step + 1) % count] = None
    events[count][2][0] = [0.0] * len(events[count][2][0])
    run = d.run("no_gradient", "one parameter in turn has no gradient", in_groups(d, d.hyper(), d.hyper()), events)
    never = d.steps(3, d.task.shapes)
    for event in never:
        event[2][1] = None
    return [run, d.run("no_gradient", "one parameter never has a gradient", d.one_group(d.hyper(), count), never)]


def _reload(d: Drawing) -> Scenario:
    events = d.steps(3, d.task.shapes)
    events += [["set", 0, 1, "lr", d.task.draw["lr"](d.rng) * 0.5], ["reload", 0], *d.steps(3, d.task.shapes)]
    return d.run(
        "reload", "saved and loaded into a new optimizer after step 3", in_groups(d, d.hyper(), d.hyper()), events
    )


def _instances(d: Drawing) -> Scenario:
    shapes = [*d.task.shapes[:2], *d.task.shapes[:2]]
    instances = [
        {"groups": [{"params": [0, 1], "hyper": {}}], "kwargs": d.hyper(), "form": "list"},
        {"groups": [{"params": [2, 3], "hyper": {}}], "kwargs": d.hyper(), "form": "list"},
    ]
    events = [d.steps(1, shapes[:2], which=step % 2)[0] for step in range(6)]
    return d.run("instances", "two optimizers side by side", instances, events, shapes)


def _closure(d: Drawing) -> Scenario:
    targets = [flat(d.values(shape)) for shape in d.task.shapes]
    events = [["closure", 0, targets, round(float(d.rng.uniform(0.5, 1.5)), 3)] for _ in range(3)]
    events[-1].append(True)
    return d.run("closure", "", d.one_group(d.hyper(), len(d.task.shapes), form="list"), events)


def _dtypes(d: Drawing) -> list[Scenario]:
    found = []
    for dtype in ("float32", "bfloat16"):
        hyper = d.one_group(d.hyper(), len(d.task.shapes), form="list")
        init = [representable(d.values(shape), dtype) for shape in d.task.shapes]
        events = d.steps(3, d.task.shapes, dtype=dtype)
        if dtype == "bfloat16":
            events = _of_one_sign(events, init)
        start = [flat(values) for values in init]
        found.append(d.run("dtypes", f"{dtype} parameters", hyper, events, init=start, dtype=dtype))
    found.append(_from_zero(d))
    scalars = [shape for shape in d.task.shapes if not shape][:1]
    shapes = [[2, 3], [4, 2], *scalars]
    hyper = d.one_group(d.hyper(), len(shapes), form="list")
    layouts = ["transposed", "transposed", *["contiguous" for _ in scalars]]
    about = "transposed matrices and a scalar" if scalars else "transposed matrices"
    found.append(d.run("dtypes", about, hyper, d.steps(3, shapes), shapes, layouts=layouts))
    return found


def _large(d: Drawing) -> Scenario:
    """Parameters of many numbers and of three and four dimensions. Their numbers repeat, so that evidence stays small."""
    shapes = [[3], [2, 1, 2], [1, 2, 1, 2]]
    about = "parameters of 1000 numbers and more"
    return d.run("steps", about, d.one_group(d.hyper(), len(shapes)), d.steps(2, shapes), shapes, tiles=500)


def _extremes(d: Drawing) -> list[Scenario]:
    shapes = d.task.shapes
    found = []
    for scale in d.task.gradient_sizes:
        init = [flat(np.zeros(shape)) for shape in shapes]
        events = d.steps(4, shapes, scale=scale)
        found.append(d.run("extremes", _gradients_of(scale), d.one_group(d.hyper(), len(shapes)), events, init=init))
    return found


def _not_a_number(d: Drawing) -> Scenario:
    """What is broken has to be seen."""
    events = d.steps(3, d.task.shapes)
    events[1][2][1][2] = float("nan")
    return d.run("extremes", "a NaN in one gradient", d.one_group(d.hyper(), len(d.task.shapes)), events)


def _gradients_of(size: float) -> str:
    return f"gradients of {size:.0e}".replace("e-0", "e-").replace("e+", "e")


def _signatures(d: Drawing) -> list[Scenario]:
    """Defaults where nothing is given, and arguments by position. 1 − 0.999ᵗ in float32 is off by more than usual."""
    count, required = len(d.task.shapes), {name: d.task.draw[name](d.rng) for name in d.task.rule.required}
    plain = [{"groups": [{"params": list(range(count)), "hyper": {}}], "kwargs": required, "form": "list"}]
    hyper = d.all_on()
    ordered = [hyper[name] for name in d.task.rule.hyper]
    by_place = [{"groups": [{"params": list(range(count)), "hyper": {}}], "args": ordered, "form": "list"}]
    about = "only the required arguments are given"
    return [
        d.run("defaults", about, plain, d.steps(4, d.task.shapes), rtol=SMALL_MOVES),
        d.run("together", "arguments given by position", by_place, d.steps(4, d.task.shapes)),
    ]


def _together(d: Drawing) -> list[Scenario]:
    """Everything at once, so that parts which work alone are also right together."""
    count = len(d.task.shapes)
    events = d.steps(3, d.task.shapes)
    events[0][2][count - 1] = None
    events[2][2][0] = None
    events[1][2][1] = [0.0] * len(events[1][2][1])
    for group in (0, 1):
        for name in d.task.draw:
            if name not in d.task.fixed:
                events.append(["set", 0, group, name, d.all_on()[name]])
    events += [*d.steps(1, d.task.shapes), ["reload", 0], *d.steps(2, d.task.shapes)]
    return [
        _coarse(d),
        _only_decay(d),
        d.run(
            "together",
            "groups, missing gradients, new hyperparameters and a reload",
            in_groups(d, d.all_on(), d.all_on()),
            events,
        ),
    ]


def _long_run(d: Drawing) -> Scenario:
    """Long enough for a count, a warmup or a limit that shows late. In float32, as training is, and of one parameter."""
    shapes = d.task.shapes[:1]

    def hyper() -> dict[str, Any]:
        return {**d.all_on(), **{name: draw(d.rng) for name, draw in d.task.long.items()}}

    start = d.one_group(hyper(), 1)
    events = d.steps(SEEN, shapes, dtype="float32")
    for block in range(BLOCKS):
        events += [["unseen", *step[1:]] for step in d.steps(UNSEEN, shapes, dtype="float32")]
        events += d.steps(1, shapes, dtype="float32")
        if block == BLOCKS // 2:
            events += [["set", 0, 0, name, value] for name, value in hyper().items() if name not in d.task.fixed]
        events += d.steps(1, shapes, dtype="float32")
    events += d.steps(1, shapes, scale=JUMP, dtype="float32")
    count = SEEN + BLOCKS * (UNSEEN + 2) + 1
    return d.run("together", f"a run of {count} steps", start, events, shapes, dtype="float32")


def _of_one_sign(events: list[list[Any]], init: list[np.ndarray]) -> list[list[Any]]:
    """Gradients with the sign of their parameter, for low precision: where numbers cancel, what is left is rounding."""
    return [
        [kind, which, [flat(np.copysign(grad, np.ravel(start))) for grad, start in zip(grads, init, strict=True)]]
        for kind, which, grads in events
    ]


def _coarse(d: Drawing) -> Scenario:
    """Everything on in bfloat16, and one step so long that decay is more than rounding. All numbers are positive, so that no
    mistake takes the root of what is left of two that cancel; but not in matrices, which would be nearly of rank one."""
    drawn = [d.values(shape) for shape in d.task.shapes]
    init = [representable(values if d.task.rule.mixes else np.abs(values), "bfloat16") for values in drawn]
    events = _of_one_sign(d.steps(1, d.task.shapes, dtype="bfloat16"), init)
    first, second = ({**hyper, "lr": 4 * hyper["lr"]} for hyper in (d.all_on(), d.all_on()))
    instances, about = in_groups(d, first, second), "bfloat16 parameters, with everything on"
    return d.run("together", about, instances, events, init=[flat(start) for start in init], dtype="bfloat16")


def _only_decay(d: Drawing) -> Scenario:
    """Gradients of zero in bfloat16, so that decay is all there is; one step, long enough to be more than rounding. ε is
    above all that it is added to, so that no mistake's numbers cancel."""
    init = [flat(representable(d.values(shape), "bfloat16")) for shape in d.task.shapes]
    hyper = d.all_on()
    hyper |= {"eps": round(float(d.rng.uniform(1.0, 1.2)), 3)} if "eps" in hyper else {}
    instances = d.one_group({**hyper, "lr": 8 * hyper["lr"]}, len(init))
    about = "bfloat16 parameters, gradients of zero"
    return d.run("together", about, instances, d.steps(1, d.task.shapes, scale=0.0), init=init, dtype="bfloat16")


def _from_zero(d: Drawing) -> Scenario:
    """bfloat16 parameters that start at zero are no coarser than their moves. A second gradient against the first shows what
    is remembered; all gradients of one shape have one direction, ε is above them, lr is large: no mistake's numbers cancel.
    """
    shapes = d.task.shapes
    there = {tuple(shape): d.gradient(shape) for shape in shapes}
    events = [
        ["step", 0, [flat(representable(scale * there[tuple(shape)], "bfloat16")) for shape in shapes]]
        for scale in (0.1, -0.015, 0.08)
    ]
    hyper = d.hyper()
    if "momentum" in hyper:
        hyper["momentum"] = _fades(d)
    if "betas" in hyper:
        hyper["betas"] = [_fades(d), hyper["betas"][1]]
    hyper |= {"lr": 10 * hyper["lr"]} | ({"eps": round(float(d.rng.uniform(0.3, 0.4)), 3)} if "eps" in hyper else {})
    instances, init = d.one_group(hyper, len(shapes)), [flat(np.zeros(shape)) for shape in shapes]
    about = "bfloat16 parameters that start at zero"
    return d.run("dtypes", about, instances, events, init=init, dtype="bfloat16", rtol=0.05)


def _fades(d: Drawing) -> float:
    """How much of a memory is kept: with this, averages and sums, looked ahead from or not, keep the first gradient's sign
    when the second is -0.15 times the first."""
    return round(float(d.rng.uniform(0.5, 0.75)), 4)


def _invalid(d: Drawing) -> list[Scenario]:
    """Invalid hyperparameters among valid ones, in random order."""
    if not d.task.invalid:
        return []
    attempts = [({**{n: d.task.draw[n](d.rng) for n in d.task.rule.required}, **bad}, True) for bad in d.task.invalid]
    attempts += [(d.all_on(), False) for _ in range(3)]
    attempts += [({**d.all_on(), name: 0.0}, False) for name in ("lr", "eps", "alpha") if name in d.task.rule.hyper]
    attempts += [({**d.all_on(), name: 1}, False) for name in ("lr", "weight_decay") if name in d.task.rule.hyper]
    attempts += [({**d.all_on(), "betas": [0.9, 0.8]}, False)] if "betas" in d.task.rule.hyper else []
    attempts += [({**d.all_on(), name: 2.0}, False) for name in ("lr", "weight_decay") if name in d.task.rule.hyper]
    order = d.rng.permutation(len(attempts))
    program = {
        "entry": d.task.rule.entry,
        "attempts": [attempts[i][0] for i in order],
        "invalid": [attempts[i][1] for i in order],
        "shapes": [list(next((shape for shape in d.task.shapes if len(shape) == 2), [2]))] * len(attempts),
    }
    return [Scenario("invalid", "constructor", program, len(attempts), "invalid hyperparameters")]
