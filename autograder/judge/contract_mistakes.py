"""Mistakes that any optimizer can make whatever its rule: whose gradient, whose learning rate, whose state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judge.closure_mistakes import CLOSURES
from autograder.judge.contract import Entry, Raises, built_hyper, entries
from autograder.judge.state_mistakes import CLOCKS, STATES
from autograder.judge.storage_mistakes import STORAGE
from autograder.judge.variants import Step, Variant, misconception
from autograder.worker.codes import GRAD_MODE_OFF, ErrorCode


def visiting(choose: Callable[[list[Any]], list[Any]]) -> Step:
    """Only some of the parameters that have a gradient are updated."""

    def visit(run: Any, instance: Any) -> Iterator[Entry]:
        with_grad = [(group, i, run.grads[i]) for group, i in entries(instance) if run.grads[i] is not None]
        yield from choose(with_grad)

    return visit


def _first_of_each_group(found: list[Entry]) -> list[Entry]:
    seen: list[int] = []
    return [entry for entry in found if not (id(entry[0]) in seen or seen.append(id(entry[0])))]  # type: ignore[func-returns-value]


def _only_group(position: int) -> Step:
    def visit(run: Any, instance: Any) -> Iterator[Entry]:
        for group, i in entries(instance):
            if group is instance.groups[position] and run.grads[i] is not None:
                yield group, i, run.grads[i]

    return visit


def _none_raises(run: Any, instance: Any) -> Iterator[Entry]:
    for group, i in entries(instance):
        if run.grads[i] is None:
            raise Raises(ErrorCode.TYPE, ErrorCode.ATTRIBUTE)
        yield group, i, run.grads[i]


def _none_is_zero(run: Any, instance: Any) -> Iterator[Entry]:
    for group, i in entries(instance):
        grad = run.grads[i]
        yield group, i, np.zeros_like(run.params[i]) if grad is None else grad


def _none_returns(run: Any, instance: Any) -> Iterator[Entry]:
    for group, i in entries(instance):
        if run.grads[i] is None:
            return
        yield group, i, run.grads[i]


def _none_breaks(run: Any, instance: Any) -> Iterator[Entry]:
    for group in instance.groups:
        for i in group["params"]:
            if run.grads[i] is None:
                break
            yield group, i, run.grads[i]


def _built_hyper(*names: str) -> Step:
    """The named hyperparameters (all without names) as they were when the optimizer was built."""

    def hyper(instance: Any, group: Any) -> dict[str, Any]:
        built = built_hyper(instance, group)
        return {**group["hyper"], **({name: built[name] for name in names if name in built} if names else built)}

    return hyper


def _zero_is_not_given(instance: Any, group: Any) -> dict[str, Any]:
    hyper = group["hyper"]
    return {**hyper, "weight_decay": hyper["weight_decay"] or instance.defaults["weight_decay"]}


VISITS = [
    misconception(
        "first-group-only",
        "that only ever updates the first parameter group",
        (
            "Count the parameters that moved. Which group are they in?",
            "self.param_groups is a list. How many of its entries does your step look at?",
            "Loop over every group in self.param_groups, and inside it over group['params'].",
        ),
        visit=_only_group(0),
    ),
    misconception(
        "last-group-only",
        "that only ever updates the last parameter group",
        (
            "Count the parameters that moved. Which group are they in?",
            "After a for-loop has ended, its variable still holds the last group.",
            "The loop over group['params'] belongs inside the loop over the groups.",
        ),
        visit=_only_group(-1),
    ),
    misconception(
        "first-parameter-only",
        "that stops after the first parameter",
        (
            "Which parameter is the only one that moves?",
            "Look at the indentation of the last lines of step.",
            "A return inside the inner loop ends step after one parameter.",
        ),
        visit=visiting(lambda found: found[:1]),
    ),
    misconception(
        "first-of-each-group",
        "that updates only the first parameter of each group",
        (
            "Within a group, which parameters move?",
            "How many elements of group['params'] does your step use?",
            "Loop over group['params']; do not take its first element, and do not break after it.",
        ),
        visit=visiting(_first_of_each_group),
    ),
    misconception(
        "matrices-only",
        "that skips every parameter with fewer than two dimensions",
        (
            "What do the parameters that never move have in common?",
            "Look at their shapes.",
            "Every parameter with a gradient is updated, whatever its number of dimensions.",
        ),
        visit=visiting(lambda found: [entry for entry in found if entry[2].ndim >= 2]),
    ),
    misconception(
        "scalars-skipped",
        "that skips parameters with a single number",
        (
            "Which shape has the parameter that never moves?",
            "Is len(p) or an empty shape used as a condition somewhere?",
            "A 0-d tensor is a parameter like any other.",
        ),
        visit=visiting(lambda found: [entry for entry in found if entry[2].ndim >= 1]),
    ),
    misconception(
        "none-raises",
        "that raises when a parameter has no gradient",
        (
            "What is p.grad of a parameter that took no part in the loss?",
            "p.grad is None there. What does your code do with None?",
            "Skip such a parameter: if p.grad is None: continue.",
        ),
        visit=_none_raises,
    ),
    misconception(
        "none-as-zero",
        "that treats a missing gradient as a gradient of zero",
        (
            "A parameter had no gradient on one step. Should anything about it change?",
            "With decay or momentum, a gradient of zero still moves a parameter.",
            "Skip a parameter whose gradient is None; leave its value and its state alone.",
        ),
        visit=_none_is_zero,
    ),
    misconception(
        "none-returns",
        "that ends the whole step at the first missing gradient",
        (
            "Which parameters stood still on the step where one gradient was None?",
            "return and continue both skip a parameter. What else does return skip?",
            "Use continue, so that the parameters after it are still updated.",
        ),
        visit=_none_returns,
    ),
    misconception(
        "none-breaks",
        "that leaves a group at its first missing gradient",
        (
            "Which parameters stood still on the step where one gradient was None?",
            "break and continue both skip a parameter. What else does break skip?",
            "Use continue, so that the rest of the group is still updated.",
        ),
        visit=_none_breaks,
    ),
]

HYPERS = [
    misconception(
        "lr-frozen",
        "with the learning rate it was built with, whatever the schedule says later",
        (
            "A scheduler changed the learning rate. Did your steps change?",
            "Where does a scheduler write the new learning rate, and where do you read it?",
            "Read group['lr'] inside step, each time; not a copy made in __init__.",
        ),
        hyper=_built_hyper("lr"),
    ),
    misconception(
        "constructors-lr",
        "with the constructor's learning rate for every group, at every step",
        (
            "Two groups have different learning rates, and a scheduler changes them. Do your steps differ?",
            "self.lr holds one number from the time of building. Who knows the learning rate of a group now?",
            "Read group['lr'] inside step; do not keep a copy on self.",
        ),
        hyper=lambda instance, group: {**group["hyper"], "lr": instance.defaults["lr"]},
    ),
    misconception(
        "hyperparameters-frozen",
        "with all hyperparameters as they were when it was built",
        (
            "A hyperparameter was changed through param_groups. Did your steps change?",
            "Where do you read your hyperparameters: from self, or from the group?",
            "Read every hyperparameter from the group inside step.",
        ),
        hyper=_built_hyper(),
    ),
    misconception(
        "first-groups-hyperparameters",
        "with the first group's hyperparameters for every group",
        (
            "Two groups have different hyperparameters. Do their steps differ in your run?",
            "Which group do you read lr from while you update the second group?",
            "Read the hyperparameters from the group that you are looping over.",
        ),
        hyper=lambda instance, group: instance.groups[0]["hyper"],
    ),
    misconception(
        "last-groups-hyperparameters",
        "with the last group's hyperparameters for every group",
        (
            "Two groups have different hyperparameters. Do their steps differ in your run?",
            "After a loop, a variable holds what the last round left in it.",
            "Read the hyperparameters inside the loop over the groups.",
        ),
        hyper=lambda instance, group: instance.groups[-1]["hyper"],
    ),
    misconception(
        "first-groups-lr",
        "with the first group's learning rate for every group",
        (
            "Two groups have different learning rates. Do their steps differ in your run?",
            "Which group does your lr come from while you update the second group?",
            "Read group['lr'] inside the loop over the groups; param_groups[0] is only one of them.",
        ),
        hyper=lambda instance, group: {**group["hyper"], "lr": instance.groups[0]["hyper"]["lr"]},
    ),
    misconception(
        "defaults-for-every-group",
        "with the constructor's hyperparameters, ignoring what a group sets for itself",
        (
            "One group was given its own hyperparameters. Were they used?",
            "self.defaults, or values kept on self, hold what the constructor was given. Who knows what a group was given?",
            "Read group['lr'] and the others from the group, not from self or self.defaults.",
        ),
        hyper=lambda instance, group: instance.defaults,
    ),
    misconception(
        "zero-decay-means-the-default",
        "that takes a group's weight_decay of 0 for none given, and uses the constructor's",
        (
            "One group, of biases say, sets weight_decay=0. Do its parameters shrink in your run?",
            "What is 0 or 0.1 in Python? And which values does 'if wd' leave out?",
            "Read group['weight_decay'] as it is: 0 is a value like any other.",
        ),
        hyper=_zero_is_not_given,
    ),
]


def _zeroed(run: Any, mine: list[int]) -> None:
    for i in mine:
        if run.grads[i] is not None:
            run.grads[i] = np.zeros_like(run.params[i])


def _removed(run: Any, mine: list[int]) -> None:
    for i in mine:
        run.grads[i] = None


def left_as(quantity: str) -> Step:
    """p.grad ends up holding one of the rule's quantities, because it was computed in place."""

    def leftover(run: Any, mine: list[int]) -> None:
        for i in mine:
            if run.grads[i] is not None and i in run.done:
                run.grads[i] = np.asarray(getattr(run.done[i], quantity), dtype=float)

    return leftover


GRADIENTS = [
    misconception(
        "gradients-zeroed",
        "that sets the gradients to zero",
        (
            "What is in p.grad after your step? What was in it before?",
            "Whose job is zero_grad: the optimizer's step, or the training loop's?",
            "step must leave p.grad alone.",
        ),
        leftover=_zeroed,
    ),
    misconception(
        "gradients-removed",
        "that sets p.grad to None",
        (
            "What is in p.grad after your step? What was in it before?",
            "Whose job is zero_grad: the optimizer's step, or the training loop's?",
            "step must leave p.grad alone.",
        ),
        leftover=_removed,
    ),
    misconception(
        "gradient-changed",
        "that changes p.grad itself on the way",
        (
            "Print p.grad before and after your step.",
            "After g = p.grad, the line g += ... writes into p.grad.",
            "Make a new tensor, such as g = p.grad + weight_decay * p.",
        ),
        leftover=left_as("grad"),
    ),
    misconception(
        "nan-swallowed",
        "that takes a NaN in a gradient for zero",
        (
            "What should a training run do when a gradient is NaN: go on as if nothing were wrong, or show it?",
            "torch.nan_to_num hides the first sign of a broken run. Who asked for it?",
            "Use p.grad as it is; NaN is the loss's or the scaler's business.",
        ),
        visit=visiting(lambda found: [(group, i, np.nan_to_num(grad)) for group, i, grad in found]),
    ),
    misconception(
        "grad-mode-left-off",
        "that switches gradients off and does not switch them on again",
        (
            "Print torch.is_grad_enabled() before and after your step.",
            "torch.set_grad_enabled(False) lasts until somebody undoes it; the next loss.backward() fails.",
            "Put @torch.no_grad() above step, or the update into with torch.no_grad().",
        ),
        graph=lambda: GRAD_MODE_OFF,
    ),
]


def _zero_refused(name: str) -> Variant:
    return misconception(
        f"zero-{name}-refused",
        f"that refuses {name} = 0",
        (
            f"Build it with {name} = 0. Is anything wrong with that?",
            "Which values does the task call invalid: negative ones, or zero as well?",
            f"Raise ValueError for {name} < 0, not for {name} <= 0.",
        ),
        validation=lambda kwargs, invalid: not invalid and kwargs.get(name, 1) != 0,
        construct=lambda program: _refuse(program, lambda kwargs: kwargs.get(name, 1) == 0),
    )


def _refuse(program: dict[str, Any], refused: Callable[[Mapping[str, Any]], bool]) -> None:
    """Raises where an optimizer is built from keywords that are refused."""
    if any(refused(instance.get("kwargs", {})) for instance in program["instances"]):
        raise Raises(ErrorCode.VALUE)


def _is_large(kwargs: Mapping[str, Any]) -> bool:
    return kwargs.get("lr", 0) > 1 or kwargs.get("weight_decay", 0) > 1


LARGE_REFUSED = misconception(
    "above-one-refused",
    "that refuses a learning rate or a weight decay above 1",
    (
        "Build it with lr = 2. Is anything wrong with that?",
        "Which values does the task call invalid: negative ones, or large ones as well?",
        "A β has to be below 1; lr and weight_decay have no upper limit. Raise ValueError for negative ones only.",
    ),
    validation=lambda kwargs, invalid: not invalid and not _is_large(kwargs),
    construct=lambda program: _refuse(program, _is_large),
)


def contract_mistakes(*, stateful: bool, clocked: bool, zeros: Sequence[str] = ("lr",)) -> list[Variant]:
    """The catalogue for a rule: mistakes with state only where there is state, with t only where the rule reads t. zeros:
    hyperparameters that may be zero."""
    found = [*VISITS, *HYPERS, *GRADIENTS, *STORAGE, *CLOSURES, *map(_zero_refused, zeros), LARGE_REFUSED]
    if stateful:
        found += STATES
    if clocked:
        found += CLOCKS
    return found
