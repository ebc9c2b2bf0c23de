"""Mistakes that any optimizer can make with the closure that step(closure) is given."""

from __future__ import annotations

from collections.abc import Callable

from autograder.judge.contract import Raises
from autograder.judge.variants import Hints, misconception
from autograder.worker.codes import ErrorCode


def _closure_ignored(closure: Callable[[], float], update: Callable[[], None]) -> float:
    update()
    return float("nan")


def _closure_value_lost(closure: Callable[[], float], update: Callable[[], None]) -> float:
    closure()
    update()
    return float("nan")


def _closure_twice(closure: Callable[[], float], update: Callable[[], None]) -> float:
    closure()
    loss = closure()
    update()
    return loss


def _closure_last(closure: Callable[[], float], update: Callable[[], None]) -> float:
    update()
    return closure()


def _closure_evaluated_again(closure: Callable[[], float], update: Callable[[], None]) -> float:
    closure()
    update()
    return closure()


def _closure_without_grad(closure: Callable[[], float], update: Callable[[], None]) -> float:
    raise Raises(ErrorCode.NO_GRAPH)


_CLOSURE_HINTS: Hints = (
    "Some optimizers evaluate the loss several times; that is what closure is for. What should step(closure) do with it?",
    "step(closure) calls it exactly once, before the update, and returns its loss.",
    "Inside step: if closure is not None: with torch.enable_grad(): loss = closure(). At the end: return loss.",
)

CLOSURES = [
    misconception("closure-ignored", "that never calls the closure", _CLOSURE_HINTS, closure=_closure_ignored),
    misconception(
        "closure-value-lost", "that does not return the closure's loss", _CLOSURE_HINTS, closure=_closure_value_lost
    ),
    misconception("closure-twice", "that calls the closure twice", _CLOSURE_HINTS, closure=_closure_twice),
    misconception(
        "closure-after-update",
        "that updates with the gradients from before the closure, not with those that it computes",
        _CLOSURE_HINTS,
        closure=_closure_last,
    ),
    misconception(
        "closure-evaluated-again",
        "that evaluates the closure again after the update and returns that loss",
        _CLOSURE_HINTS,
        closure=_closure_evaluated_again,
    ),
    misconception(
        "closure-without-grad",
        "that calls the closure while gradients are switched off",
        (
            "The closure calls loss.backward(). What does it need?",
            "Under torch.no_grad() no graph is built, so backward fails.",
            "Call it inside with torch.enable_grad(): loss = closure(). Within torch.inference_mode() even that is in vain.",
        ),
        closure=_closure_without_grad,
    ),
]
