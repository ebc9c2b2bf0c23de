"""The task `adamw`: how it is tried, and what people get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.banks import _adam_task
from autograder.banks._adam_conventions import add_conventions
from autograder.banks._adam_moments import add_moment_mistakes
from autograder.banks._adam_step import add_step_mistakes
from autograder.banks._slips_of_the_pen import add_adam_slips
from autograder.banks._whose_values import add_default, add_values_of_others
from autograder.judge.contract import Entry, entries
from autograder.judge.contract_mistakes import contract_mistakes, left_as
from autograder.judge.optimizer_task import OptimizerTask
from autograder.judge.rounding import representable
from autograder.judge.rule import sign
from autograder.judge.variants import Bank
from autograder.oracles.adamw import RULE

bank = Bank()
add = bank.misconception
bank.convention(
    "decay-after",
    "the weights shrink after the step instead of before it",
    source="Stanford CS336 assignment 1; several courses' solutions",
    decayed=lambda s: s.param,
    param=lambda s: (s.param - s.update) * (1 - s.lr * s.weight_decay),
)
add_conventions(bank)


def _shrunk(s: Any) -> Any:
    return s.lr * s.weight_decay * s.param


add(
    "coupled-l2",
    "with decay inside the gradient (that is Adam with L2)",
    hints=(
        "Give one weight gradients of 0.001 and another gradients of 1. Do both shrink at the same rate?",
        "Decay that goes through the averages is divided by the root of the second one.",
        "Leave the gradient alone. Shrink the weight itself, by lr * weight_decay of it.",
    ),
    decayed=lambda s: s.param,
    grad=lambda s: s.grad + s.weight_decay * s.param,
)
add(
    "coupled-in-place",
    "with decay added to p.grad itself",
    hints=(
        "Print p.grad before and after your step.",
        "After g = p.grad, the line g += ... writes into p.grad. And should decay be in the gradient at all?",
        "Leave the gradient alone. Shrink the weight itself, by lr * weight_decay of it.",
    ),
    decayed=lambda s: s.param,
    grad=lambda s: s.grad + s.weight_decay * s.param,
    leftover=left_as("grad"),
)
add(
    "coupled-and-decoupled",
    "with decay both in the gradient and on the weight",
    hints=(
        "Count the lines in which weight_decay appears.",
        "One of them is Adam's L2, the other is AdamW's.",
        "Keep the one that shrinks the weight; take decay out of the gradient.",
    ),
    grad=lambda s: s.grad + s.weight_decay * s.param,
)
add(
    "no-decay",
    "without weight decay",
    hints=(
        "Compare two runs that differ only in weight_decay. Are they equal?",
        "Where in your update does weight_decay appear?",
        "Shrink every weight by lr * weight_decay of itself.",
    ),
    decayed=lambda s: s.param,
)
add(
    "decay-without-lr",
    "with weights that shrink by weight_decay itself, without lr",
    hints=(
        "Set lr to a tenth. Do your weights still shrink by the same amount?",
        "What multiplies the decay in your update, and what should?",
        "The factor is 1 − lr * weight_decay.",
    ),
    decayed=lambda s: s.param - s.weight_decay * s.param,
)
add(
    "decay-through-the-second",
    "with decay in the gradient that is squared, and on the weight",
    hints=(
        "Which gradient do you square: with decay, or without?",
        "AdamW's averages know nothing of decay.",
        "Square the gradient alone.",
    ),
    exp_avg_sq=lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * (s.grad + s.weight_decay * s.param) ** 2,
)
add(
    "decay-divided-by-the-root",
    "with decay divided by the root of the second average",
    hints=(
        "Give one weight gradients of 0.001 and another gradients of 1. Do both shrink at the same rate?",
        "Where do your brackets close: is the decay inside the numerator?",
        "Only the average of gradients is divided; the decay stands beside the fraction.",
    ),
    decayed=lambda s: s.param,
    update=lambda s: s.lr * (s.average + s.weight_decay * s.param) / s.denominator,
)
add(
    "decay-in-the-first",
    "with decay in the gradient of the first average only",
    hints=(
        "Does your decay remember the weights of earlier steps?",
        "AdamW's averages know nothing of decay.",
        "Leave the gradient alone. Shrink the weight itself, by lr * weight_decay of it.",
    ),
    decayed=lambda s: s.param,
    exp_avg=lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * (s.grad + s.weight_decay * s.param),
)
add(
    "decay-sign",
    "with weight decay that makes weights grow",
    hints=(
        "Should decay move a positive weight up or down?",
        "Is your factor above or below one?",
        "The factor is 1 − lr * weight_decay.",
    ),
    decayed=lambda s: s.param + _shrunk(s),
)
add(
    "decay-lr-squared",
    "with decay multiplied by lr twice",
    hints=(
        "How large is the shrinking compared with lr * weight_decay of the weight?",
        "Count how often lr multiplies the decay.",
        "The factor is 1 − lr * weight_decay.",
    ),
    decayed=lambda s: s.param - s.lr * _shrunk(s),
)
add(
    "decay-divided-by-lr",
    "with weights that shrink by weight_decay over lr",
    hints=(
        "Should a smaller lr shrink the weights more or less per step?",
        "What is the operator between lr and weight_decay?",
        "The factor is 1 − lr * weight_decay.",
    ),
    decayed=lambda s: s.param - s.weight_decay / s.lr * s.param,
)
add(
    "decay-doubled",
    "with weight decay applied twice",
    hints=(
        "How large is the shrinking compared with lr * weight_decay of the weight?",
        "Is there a factor 2, or does the line run twice?",
        "Multiply once by 1 − lr * weight_decay.",
    ),
    decayed=lambda s: s.param - 2 * _shrunk(s),
)
add(
    "decay-as-the-factor",
    "that multiplies the weights by lr · weight_decay instead of by one minus it",
    hints=(
        "How much of a weight is left after one step of yours?",
        "What is the factor for a very small lr? It should be nearly one.",
        "The factor is 1 − lr * weight_decay.",
    ),
    decayed=_shrunk,
)
add(
    "decay-replaced-by-exponential",
    "that multiplies the weights by weight_decay to the power lr",
    hints=(
        "What does your factor become for a weight_decay of zero?",
        "Decay is linear in the weight and in lr.",
        "The factor is 1 − lr * weight_decay.",
    ),
    decayed=lambda s: s.param * s.weight_decay**s.lr if s.weight_decay else s.param,
)
add(
    "decay-of-the-step",
    "that shrinks the step instead of the weight",
    hints=(
        "A weight with no gradient should still shrink. Does yours?",
        "What is multiplied by 1 − lr * weight_decay: the parameter, or the update?",
        "Multiply the parameter.",
    ),
    decayed=lambda s: s.param,
    update=lambda s: s.lr * (1 - s.lr * s.weight_decay) * s.average / s.denominator,
)
add(
    "decay-of-the-gradient",
    "with decay by the gradient instead of the weight",
    hints=(
        "A weight with no gradient should still shrink. Does yours?",
        "What does weight_decay multiply?",
        "Shrink the weight by lr * weight_decay of itself.",
    ),
    decayed=lambda s: s.param - s.lr * s.weight_decay * s.grad,
)
add(
    "decay-l1",
    "with decay towards zero at constant speed (an L1 penalty)",
    hints=(
        "Do large and small weights shrink by the same amount in your run?",
        "The sign of the parameter is the gradient of |θ|, not of ½θ².",
        "Shrink by lr * weight_decay times the parameter itself.",
    ),
    decayed=lambda s: s.param - s.lr * s.weight_decay * sign(s.param),
)
add(
    "decay-corrected",
    "with decay divided by the first correction",
    hints=(
        "On the first step the shrinking is too large, later it is right. Which factor fades away like that?",
        "Is the decay multiplied by a step size that already contains the bias correction?",
        "Shrink by lr * weight_decay, with the plain lr.",
    ),
    decayed=lambda s: s.param - _shrunk(s) / (1 - s.beta1**s.t),
)
add(
    "decay-with-step-size",
    "with decay multiplied by lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ)",
    hints=(
        "On the first step the shrinking is wrong, later it is right. Which factor fades away like that?",
        "Is the decay multiplied by a step size that already contains the bias corrections?",
        "Shrink by lr * weight_decay, with the plain lr.",
    ),
    decayed=lambda s: s.param - _shrunk(s) * np.sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t),
)
add(
    "decay-matrices-only",
    "with decay only on parameters with two dimensions",
    hints=(
        "Which parameters shrink and which do not? Look at their shapes.",
        "Who decides which parameters decay: the optimizer, or the groups it is given?",
        "Apply the group's weight_decay to every parameter of the group.",
    ),
    decayed=lambda s: s.param - (_shrunk(s) if s.param.ndim >= 2 else 0.0),
)
add(
    "decay-where-it-agrees",
    "with decay only where step and weight have the same sign (cautious decay)",
    hints=(
        "Which weights shrink and which do not? Compare the signs of weight and step.",
        "A mask chooses which weights decay.",
        "Every weight of the group shrinks, whichever way the step goes.",
    ),
    decayed=lambda s: s.param,
    param=lambda s: s.param - s.update - np.where(s.update * s.param > 0, _shrunk(s), 0.0),
)


def _decays_without_gradient(run: Any, instance: Any) -> Iterator[Entry]:
    for group, i in entries(instance):
        grad = run.grads[i]
        if grad is None:
            hyper = run.contract.hyper(instance, group)
            shrunk = run.params[i] * (1 - hyper["lr"] * hyper["weight_decay"])
            run.moved[i] = run.moved[i] + np.abs(shrunk - run.params[i])
            run.contract.write(run, i, shrunk)
            continue
        yield group, i, grad


add(
    "decay-without-gradient",
    "that also shrinks parameters without a gradient",
    hints=(
        "A parameter had no gradient on one step. Should anything about it change?",
        "Which comes first in your loop: the decay, or the question whether there is a gradient?",
        "Skip a parameter whose gradient is None before you do anything with it.",
    ),
    visit=_decays_without_gradient,
)


add(
    "decay-with-the-constructors-lr",
    "whose decay uses the learning rate it was built with",
    hints=(
        "Right until the learning rate changes. Which of the two parts of your step is off then?",
        "lr appears twice in the update. Do both come from the same place?",
        "Use group['lr'] for the decay too, inside step.",
    ),
    hyper=lambda instance, group: {**group["hyper"], "built_lr": instance.defaults["lr"]},
    decayed=lambda s: s.param - s.built_lr * s.weight_decay * s.param,
)
add(
    "decay-without-the-first-lr",
    "whose weights shrink by weight_decay · lr / (the lr it was built with)",
    source="the schedule multiplier of Loshchilov & Hutter's algorithm 2, taken for lr over its first value",
    hints=(
        "How much does a weight shrink on the first step, when its gradient is zero?",
        "Halve the lr that you build with. Does a weight still shrink by as much?",
        "param ← param · (1 − lr · weight_decay), with lr itself.",
    ),
    hyper=lambda instance, group: {**group["hyper"], "built_lr": instance.defaults["lr"]},
    decayed=lambda s: s.param - s.lr / (s.built_lr or 1.0) * s.weight_decay * s.param,
)
add(
    "torchs-defaults",
    "with torch's defaults: betas (0.9, 0.999) and weight decay 0.01",
    hints=(
        "Build AdamW without any hyperparameter. How much does it decay?",
        "Compare the defaults in your signature with those of the task.",
        "betas=(0.9, 0.95), weight_decay=0.1.",
    ),
    defaults=lambda hyper: {**hyper, "betas": [0.9, 0.999], "weight_decay": 0.01},
)
add(
    "adams-defaults",
    "with Adam's defaults: betas (0.9, 0.999) and no decay",
    hints=(
        "Build AdamW without any hyperparameter. How much does it decay?",
        "Compare the defaults in your signature with those of the task.",
        "betas=(0.9, 0.95), weight_decay=0.1.",
    ),
    defaults=lambda hyper: {**hyper, "betas": [0.9, 0.999], "weight_decay": 0.0},
)
add_default(bank, "lr-default", "lr", 3e-4, "1e-3")
add_default(bank, "betas-default", "betas", [0.9, 0.999], "(0.9, 0.95)", "Adam's and torch's")
add_default(bank, "decay-default", "weight_decay", 0.01, "0.1", "torch's")
add_default(bank, "decay-default-zero", "weight_decay", 0.0, "0.1")
add_default(bank, "eps-default", "eps", 1e-6, "1e-8")
add_values_of_others(bank, "betas", "eps", "weight_decay")
add_step_mistakes(bank, RULE)
add_moment_mistakes(bank, RULE)
add_adam_slips(bank)
_adam_task.add_group_clock(bank)
_adam_task.add_validation_mistakes(bank, "AdamW")


def _left_squared(run: Any, mine: list[int]) -> None:
    for i in mine:
        if run.grads[i] is not None and i in run.done:
            run.grads[i] = representable(run.done[i].given ** 2, run.program.get("dtype", "float64"))


add(
    "gradient-squared-in-place",
    "that leaves the squared gradient in p.grad",
    hints=(
        "Print p.grad before and after your step.",
        "pow_ and mul_ write into the tensor they are called on.",
        "Square into a new tensor, p.grad ** 2, or use addcmul_ on the average.",
    ),
    leftover=_left_squared,
)
# AdamW's rule leaves the gradient as it is, so "gradient-changed" has nothing to change it to.
catalogue = contract_mistakes(stateful=True, clocked=True, zeros=("lr", "eps"))
bank.include([mistake for mistake in catalogue if mistake.id != "gradient-changed"])

TASK = OptimizerTask(
    "adamw",
    module="course_lib/optim/adamw.py",
    rule=RULE,
    bank=bank,
    draw=_adam_task.DRAW,
    features={"weight_decay": {"weight_decay": 0.0}},
    invalid=_adam_task.INVALID,
    extra=_adam_task.scenarios,
    long={"betas": _adam_task.slow_betas},
)
