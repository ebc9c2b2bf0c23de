"""What people get wrong when a step is divided by the root of squared gradients: the same in AdaGrad and RMSProp.

The rules have the state `squares` and the steps grad, square (what this step
brings), squares, root, direction, update, param.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.optimizer_task import Drawing
from autograder.judge.variants import Bank, Step

Entry = tuple[str, str, tuple[str, str, str], Mapping[str, Any]]
KEPT = ("grad", "square", "fresh", "root", "squares", "direction", "update", "param")
AFTER_USE = ("used", "grad", "square", "squares", "root", "direction", "update", "param")


def add_eps_inside(bank: Bank, source: str) -> None:
    """The convention √(G + ε)."""
    bank.convention(
        "eps-inside-root",
        "ε inside the root: g/√(v + ε). Where v is near zero it is √ε that counts, so the same number does more",
        source=source,
        root=lambda s: np.sqrt(s.squares + s.eps),
    )


_ROOT_IN_PLACE = (
    "What is in your state after two steps with gradient 3?",
    "sqrt_ with an underscore changes the tensor itself. Which tensor is it?",
    "Take the root as a new tensor: state.sqrt(), without the underscore.",
)


def add_root_mistakes(bank: Bank, collect: Step) -> None:
    """Mistakes in the root, in ε and in what is squared. collect: the rule's own step `squares`."""
    for id, title, hints, steps in _ROOT + _EPS + _SQUARES:
        bank.misconception(id, title, hints=hints, **steps)
    bank.misconception(
        "root-kept-in-the-state",
        "that writes the root, eps included, back into the state",
        hints=_ROOT_IN_PLACE,
        fresh=collect,
        root=lambda s: np.sqrt(s.fresh) + s.eps,
        squares=lambda s: s.root,
        order=KEPT,
    )
    bank.misconception(
        "squares-replaced-by-their-root",
        "that replaces the squares in the state by their root",
        hints=_ROOT_IN_PLACE,
        fresh=collect,
        root=lambda s: np.sqrt(s.fresh) + s.eps,
        squares=lambda s: np.sqrt(s.fresh),
        order=KEPT,
    )
    bank.misconception(
        "eps-kept-in-the-state",
        "that adds eps to the state at every step",
        hints=(
            "Give eps a large value and gradients of zero. Does your state grow?",
            "add_ with an underscore changes the tensor itself. Which tensor is it?",
            "Take the root as a new tensor, and add eps to that one.",
        ),
        fresh=lambda s: collect(s) + s.eps,
        squares=lambda s: s.fresh,
        root=lambda s: np.sqrt(s.fresh),
        order=KEPT,
    )


def near_zero(d: Drawing) -> list[Scenario]:
    """Elements whose gradient is zero from the start, and the defaults where ε shows."""
    count = len(d.task.shapes)
    zeros = d.steps(4, d.task.shapes)
    for event in zeros[:3]:
        for grad in event[2]:
            grad[0] = 0.0
    plain = d.steps(4, d.task.shapes, scale=1e-8)
    init = [[0.0] * len(grad) for grad in plain[0][2]]
    nothing = [{"groups": [{"params": list(range(count)), "hyper": {}}], "form": "list"}]
    return [
        d.run("zeros", "some gradients are zero at first", d.one_group(d.hyper(), count), zeros),
        d.run("defaults", "gradients of 1e-8 and the default eps", nothing, plain, init=init),
    ]


_ROOT: list[Entry] = [
    (
        "no-root",
        "that divides by the squares themselves, without the root",
        (
            "Make all gradients ten times larger. Does your step grow, shrink or stay?",
            "What units does your denominator have, compared with the gradient?",
            "Take the square root before you divide.",
        ),
        {"root": lambda s: s.squares + s.eps},
    ),
    (
        "root-twice",
        "that takes the root twice",
        (
            "Make all gradients a hundred times larger. What happens to the length of your step?",
            "Count the square roots between the squares and the division.",
            "One square root is enough.",
        ),
        {"root": lambda s: np.sqrt(np.sqrt(s.squares)) + s.eps},
    ),
    (
        "multiplied",
        "that multiplies by the root instead of dividing",
        (
            "Should a coordinate with large gradients get a smaller or a larger learning rate?",
            "Look at what you do with the root: * or /?",
            "Divide the gradient by the root.",
        ),
        {"direction": lambda s: s.grad * s.root},
    ),
    (
        "not-divided",
        "that keeps the squares but never divides by them",
        (
            "Make all gradients ten times larger. Does your step grow too?",
            "Where in your update does the root appear?",
            "The step is lr times gradient divided by root.",
        ),
        {"direction": lambda s: s.grad},
    ),
    (
        "old-squares-used",
        "that divides by the squares of the steps before, without this one's",
        (
            "On the first step, what do you divide by?",
            "Which comes first in your loop: updating the squares, or dividing by their root?",
            "Add this gradient's square first, then divide.",
        ),
        {"used": lambda s: s.squares, "root": lambda s: np.sqrt(s.used) + s.eps, "order": AFTER_USE},
    ),
    (
        "no-memory",
        "that divides by the root of this gradient's square only: the sign of the gradient",
        (
            "Do all the numbers of a parameter move by the same amount?",
            "What does your denominator remember of earlier steps?",
            "The squares live in the state, and each step adds to them.",
        ),
        {"squares": lambda s: s.square},
    ),
]

_EPS: list[Entry] = [
    (
        "no-eps",
        "without eps",
        (
            "What does your step do where every gradient so far was zero?",
            "Where in your update does eps appear?",
            "Add eps to the root before dividing.",
        ),
        {"root": lambda s: np.sqrt(s.squares)},
    ),
    (
        "eps-on-the-weight",
        "that adds eps to the weight instead of the denominator",
        (
            "Does a weight with a gradient of zero move?",
            "Look at the brackets: what exactly is divided by what?",
            "eps belongs under the fraction, together with the root.",
        ),
        {
            "root": lambda s: np.sqrt(s.squares),
            "param": lambda s: s.param - s.update + s.eps,
        },
    ),
    (
        "eps-on-the-step",
        "that adds eps to the divided gradient instead of the denominator",
        (
            "Does a weight with a gradient of zero move?",
            "Look at the brackets: what exactly is divided by what?",
            "eps belongs under the fraction, together with the root.",
        ),
        {
            "root": lambda s: np.sqrt(s.squares),
            "direction": lambda s: s.grad / s.root + s.eps,
        },
    ),
    (
        "eps-as-a-floor",
        "with eps as the least value of the root instead of being added",
        (
            "Give eps a large value. Does every step get shorter, or only some?",
            "clamp and max change only what is below eps. And the formula?",
            "Add eps to the root.",
        ),
        {"root": lambda s: np.maximum(np.sqrt(s.squares), s.eps)},
    ),
    (
        "eps-twice",
        "with eps both inside the root and outside",
        (
            "Give eps a large value. How much shorter do your steps become?",
            "Count how often eps appears in your denominator.",
            "Add eps once, after the root.",
        ),
        {"root": lambda s: np.sqrt(s.squares + s.eps) + s.eps},
    ),
    (
        "eps-squared-inside",
        "with the square of eps inside the root",
        (
            "Give eps a large value. How much shorter do your steps become?",
            "√(v + ε²) and √v + ε agree where one of the two is zero. And between?",
            "Add eps after the root.",
        ),
        {"root": lambda s: np.sqrt(s.squares + s.eps**2)},
    ),
    (
        "eps-default",
        "with another default of eps than the signature's",
        (
            "Build the optimizer without eps. Which value does it use?",
            "Where gradients are as small as 1e-8, the default of eps decides the step.",
            "Compare the default in your signature with the one in the task.",
        ),
        {"defaults": lambda hyper: {**hyper, "eps": 1e-8 if hyper["eps"] == 1e-10 else 1e-10}},
    ),
]

_SQUARES: list[Entry] = [
    (
        "one-rate-per-tensor",
        "with one number of squares for the whole parameter: the sum over its elements",
        (
            "Do the numbers of a parameter have learning rates of their own?",
            "What shape has your state, and what shape has the gradient?",
            "Square element by element; do not sum over the parameter.",
        ),
        {"square": lambda s: np.sum(s.grad**2)},
    ),
    (
        "mean-over-elements",
        "with one number of squares for the whole parameter: the mean over its elements",
        (
            "Do the numbers of a parameter have learning rates of their own?",
            "What shape has your state, and what shape has the gradient?",
            "Square element by element; do not take the mean over the parameter.",
        ),
        {"square": lambda s: np.mean(s.grad**2)},
    ),
    (
        "not-squared",
        "that collects the sizes of gradients instead of their squares",
        (
            "Feed one gradient of 3. What is in your state after the first step?",
            "The root undoes a square. Was there one?",
            "Add grad * grad, not its absolute value.",
        ),
        {"square": lambda s: np.abs(s.grad)},
    ),
    (
        "sizes-instead-of-squares",
        "that collects the sizes of gradients and divides by them, without squares and root",
        (
            "Feed gradients of 3 and 4. Is what you divide by 5, or 7, or an average of the two?",
            "Squares and a root weigh large gradients more. Are both in your code?",
            "Collect grad * grad, and divide by the root of what you collected.",
        ),
        {"square": lambda s: np.abs(s.grad), "root": lambda s: s.squares + s.eps},
    ),
    (
        "decay-not-squared",
        "whose squares leave out the weight decay that the step includes",
        (
            "With weight decay on, what is in your state after the first step?",
            "Two gradients are around: with decay and without. Which one is squared?",
            "Square the same gradient that you divide.",
        ),
        {"square": lambda s: s.given**2},
    ),
    (
        "decay-only-squared",
        "whose step leaves out the weight decay that the squares include",
        (
            "With weight decay on, does a large weight shrink faster in your run?",
            "Two gradients are around: with decay and without. Which one is divided?",
            "Divide the same gradient that you square.",
        ),
        {"direction": lambda s: s.given / s.root},
    ),
]
