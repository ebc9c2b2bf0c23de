"""What people get wrong in an L2 penalty, a step's sign and its learning rate, whatever the optimizer's rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.judge.rule import sign
from autograder.judge.variants import Bank, Step

Entry = tuple[str, str, tuple[str, str, str], Mapping[str, Any]]


def add_step_mistakes(bank: Bank) -> None:
    """Mistakes in the last line: the rule has steps `direction`, `update` (= lr · direction) and `param`."""
    for id, title, hints, steps in _STEP:
        bank.misconception(id, title, hints=hints, **steps)


def add_l2_mistakes(bank: Bank) -> None:
    """Mistakes in grad = gradient + weight_decay · param."""
    for id, title, hints, steps in _DECAY:
        bank.misconception(id, title, hints=hints, **steps)


def add_missing_validation(bank: Bank, entry: str, *names: str) -> None:
    """Invalid values that are accepted: all of them, or one hyperparameter's."""
    bank.misconception(
        "no-validation",
        "accepting every hyperparameter, even negative ones",
        hints=(
            f"What happens with {entry}(params, lr=-0.1)?",
            "A wrong value is cheapest to find where it is given.",
            f"In __init__: if lr < 0: raise ValueError(...); the same for {' and '.join(names[1:])}.",
        ),
        validation=lambda kwargs, invalid: True,
    )
    for name in names:
        bank.misconception(
            f"{name.replace('_', '-')}-not-validated",
            f"accepting a negative {name}",
            hints=(
                f"What happens with {entry}(params, lr=0.1, {name}=-0.1)?".replace("lr=0.1, lr=-0.1", "lr=-0.1"),
                "Which hyperparameters does your __init__ look at?",
                f"Raise ValueError for {name} < 0 as well.",
            ),
            validation=_all_but(name),
        )


def _all_but(name: str) -> Step:
    def accepts(kwargs: Mapping[str, Any], invalid: bool) -> bool:
        return not invalid or (name in kwargs and kwargs[name] < 0)

    return accepts


_STEP: list[Entry] = [
    (
        "ascent",
        "that adds the update instead of subtracting it",
        (
            "Does the loss fall or rise along your path?",
            "The gradient points uphill. Which way do you go?",
            "The parameter becomes p minus the update; with add_, alpha is negative.",
        ),
        {"param": lambda s: s.param + s.update},
    ),
    (
        "no-lr",
        "without the learning rate",
        (
            "Try two learning rates. Does your step change?",
            "Where in your update does lr appear?",
            "The last line multiplies by lr.",
        ),
        {"update": lambda s: s.direction},
    ),
    (
        "lr-squared",
        "with the learning rate applied twice",
        (
            "Halve the learning rate. What happens to the length of your step?",
            "Count how often lr multiplies on its way from the gradient to the parameter.",
            "Multiply by lr once, in the last line, and nowhere else.",
        ),
        {"update": lambda s: s.lr**2 * s.direction},
    ),
    (
        "sign-only",
        "using only the sign of the step",
        (
            "Do all the numbers of a parameter move by the same amount?",
            "What happened to the size of the step?",
            "Leave out sign().",
        ),
        {"update": lambda s: s.lr * sign(s.direction)},
    ),
    (
        "lr-decays-by-itself",
        "with a learning rate that shrinks as 1/t",
        (
            "The first step is right. And the second?",
            "Who may change the learning rate: the optimizer, or a schedule?",
            "Use group['lr'] as it is at every step.",
        ),
        {"update": lambda s: s.lr / s.t * s.direction},
    ),
]

_DECAY: list[Entry] = [
    (
        "no-decay",
        "without weight decay",
        (
            "Compare two runs that differ only in weight_decay. Are they equal?",
            "Where in your update does weight_decay appear?",
            "Add weight_decay times the parameter to the gradient before anything else.",
        ),
        {"grad": lambda s: s.grad},
    ),
    (
        "decay-sign",
        "with weight decay that makes weights grow",
        (
            "Should decay move a positive weight up or down?",
            "Look at the sign in front of weight_decay.",
            "The gradient of the penalty is plus weight_decay times the parameter.",
        ),
        {"grad": lambda s: s.grad - s.weight_decay * s.param},
    ),
    (
        "decay-decoupled",
        "with weight decay that shrinks the parameter directly instead of entering the gradient",
        (
            "Does your state know about weight decay, or only the parameter?",
            "Decay beside the update is a rule of its own (chapter 5). Here it is part of the gradient.",
            "Make g = p.grad + weight_decay * p first, and use g everywhere after it.",
        ),
        {
            "grad": lambda s: s.grad,
            "param": lambda s: s.param - s.update - s.lr * s.weight_decay * s.param,
        },
    ),
    (
        "decay-after-step",
        "with weight decay that shrinks the parameter after its step",
        (
            "Does your state know about weight decay, or only the parameter?",
            "Decay after the update is a rule of its own (chapter 5). Here it is part of the gradient.",
            "Make g = p.grad + weight_decay * p first, and use g everywhere after it.",
        ),
        {
            "grad": lambda s: s.grad,
            "param": lambda s: (s.param - s.update) * (1 - s.lr * s.weight_decay),
        },
    ),
    (
        "decay-without-lr",
        "with weight decay beside the update, not multiplied by lr",
        (
            "Set lr very small. Do your weights still shrink by the same amount?",
            "What multiplies the decay in your update, and what should?",
            "The decay is part of the gradient, so everything that happens to the gradient happens to it.",
        ),
        {
            "grad": lambda s: s.grad,
            "param": lambda s: s.param - s.update - s.weight_decay * s.param,
        },
    ),
    (
        "decay-times-lr-in-gradient",
        "with weight decay multiplied by lr before it enters the gradient",
        (
            "How much of the parameter do you add to the gradient?",
            "Count how often lr multiplies the decay on its way to the parameter.",
            "Add weight_decay * p to the gradient, without lr; the step multiplies by lr later.",
        ),
        {"grad": lambda s: s.grad + s.lr * s.weight_decay * s.param},
    ),
    (
        "decay-doubled",
        "with weight decay counted twice in the gradient",
        (
            "How much of the parameter do you add to the gradient?",
            "Is decay added in two places, or is there a 2 in front of it?",
            "Add weight_decay * p once.",
        ),
        {"grad": lambda s: s.grad + 2 * s.weight_decay * s.param},
    ),
    (
        "decay-halved",
        "with half the weight decay",
        (
            "How much of the parameter do you add to the gradient?",
            "The penalty ½λθ² has the gradient λθ.",
            "Add weight_decay * p, without a half.",
        ),
        {"grad": lambda s: s.grad + 0.5 * s.weight_decay * s.param},
    ),
    (
        "decay-l1",
        "with decay towards zero at constant speed (an L1 penalty)",
        (
            "Does the size of a weight matter for how much it decays in your run?",
            "The sign of the parameter is the gradient of |θ|, not of ½θ².",
            "Add weight_decay times the parameter itself.",
        ),
        {"grad": lambda s: s.grad + s.weight_decay * sign(s.param)},
    ),
    (
        "decay-scales-gradient",
        "with decay that multiplies the gradient instead of the weight",
        (
            "What does your decay depend on: the weight, or the gradient?",
            "A weight with a gradient of zero should still shrink. Does yours?",
            "Add weight_decay * p, not weight_decay * p.grad.",
        ),
        {"grad": lambda s: s.grad + s.weight_decay * s.grad},
    ),
    (
        "decay-matrices-only",
        "with decay only on parameters with two dimensions",
        (
            "Which parameters decay and which do not? Look at their shapes.",
            "Who decides which parameters decay: the optimizer, or the groups it is given?",
            "Apply the group's weight_decay to every parameter of the group.",
        ),
        {"grad": lambda s: s.grad + (s.weight_decay * s.param if s.param.ndim >= 2 else 0.0)},
    ),
    (
        "decay-default",
        "with a default weight decay that is not zero",
        (
            "Build the optimizer without weight_decay. Does it decay?",
            "What is the default in your signature?",
            "weight_decay=0.0.",
        ),
        {"defaults": lambda hyper: {**hyper, "weight_decay": 0.01}},
    ),
]
