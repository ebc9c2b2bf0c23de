"""The task `adam`: how it is tried, and what people get wrong."""

from __future__ import annotations

from autograder.banks import _adam_task
from autograder.banks._adam_conventions import add_conventions
from autograder.banks._adam_moments import add_moment_mistakes
from autograder.banks._adam_step import add_step_mistakes
from autograder.banks._slips_of_the_pen import add_adam_slips, add_lost_second_average
from autograder.banks._whose_values import add_default, add_values_of_others
from autograder.judge.contract_mistakes import contract_mistakes
from autograder.judge.optimizer_task import OptimizerTask
from autograder.judge.rule import sign
from autograder.judge.variants import Bank
from autograder.oracles.adam import RULE

bank = Bank()
add = bank.misconception
add_conventions(bank)
add_step_mistakes(bank, RULE)
add_moment_mistakes(bank, RULE)
add_adam_slips(bank)
add_lost_second_average(bank)

add(
    "no-decay",
    "without weight decay",
    hints=(
        "Compare two runs that differ only in weight_decay. Are they equal?",
        "Where in your update does weight_decay appear?",
        "Add weight_decay times the parameter to the gradient before it is averaged.",
    ),
    grad=lambda s: s.grad,
)
add(
    "decay-sign",
    "with weight decay that makes weights grow",
    hints=(
        "Should decay move a positive weight up or down?",
        "Look at the sign in front of weight_decay.",
        "The gradient of the penalty is plus weight_decay times the parameter.",
    ),
    grad=lambda s: s.grad - s.weight_decay * s.param,
)
add(
    "decay-decoupled",
    "with decay beside the step instead of inside the gradient (that is AdamW)",
    hints=(
        "Does your decay pass through the two averages?",
        "This task asks for an L2 penalty: decay is part of the gradient. Chapter 5 does it the other way.",
        "Use g + weight_decay * p wherever the gradient is used, and do not shrink the weight itself.",
    ),
    grad=lambda s: s.grad,
    param=lambda s: s.param * (1 - s.lr * s.weight_decay) - s.update,
)
add(
    "decay-decoupled-after",
    "that shrinks the weights after the step instead of adding decay to the gradient",
    hints=(
        "Does your decay pass through the two averages?",
        "This task asks for an L2 penalty: decay is part of the gradient. Chapter 5 does it the other way.",
        "Use g + weight_decay * p wherever the gradient is used, and do not shrink the weight itself.",
    ),
    grad=lambda s: s.grad,
    param=lambda s: (s.param - s.update) * (1 - s.lr * s.weight_decay),
)
add(
    "decay-without-lr",
    "with weights that shrink by weight_decay itself, beside the step",
    hints=(
        "Set lr very small. Do your weights still shrink by the same amount?",
        "This task asks for an L2 penalty: decay is part of the gradient.",
        "Use g + weight_decay * p wherever the gradient is used, and do not shrink the weight itself.",
    ),
    grad=lambda s: s.grad,
    param=lambda s: s.param - s.update - s.weight_decay * s.param,
)
add(
    "decay-not-in-the-second",
    "with decay in the first average but not in the second",
    hints=(
        "Which gradient do you square: with decay, or without?",
        "Both averages are over the gradient of the penalised loss.",
        "Compute g + weight_decay * p once, and use it for both averages.",
    ),
    exp_avg_sq=lambda s: s.beta2 * s.exp_avg_sq + (1 - s.beta2) * s.given**2,
)
add(
    "decay-not-in-the-first",
    "with decay in the second average but not in the first",
    hints=(
        "Which gradient do you average: with decay, or without?",
        "Both averages are over the gradient of the penalised loss.",
        "Compute g + weight_decay * p once, and use it for both averages.",
    ),
    exp_avg=lambda s: s.beta1 * s.exp_avg + (1 - s.beta1) * s.given,
)
add(
    "decay-beside-the-average",
    "with decay added to the corrected average, so that only the division sees it",
    hints=(
        "Does your first average remember the decay of earlier steps?",
        "Where do you add weight_decay * p: to the gradient, or to the average?",
        "Add it to the gradient, before both averages.",
    ),
    grad=lambda s: s.grad,
    update=lambda s: s.lr * (s.average + s.weight_decay * s.param) / s.denominator,
)
add(
    "decay-with-lr-inside",
    "with lr times weight_decay in the gradient",
    hints=(
        "Change lr only. Does the direction of your step change?",
        "Count how often lr multiplies the decay.",
        "Add weight_decay * p to the gradient, without lr; the step multiplies by lr once.",
    ),
    grad=lambda s: s.grad + s.lr * s.weight_decay * s.param,
)
add(
    "decay-doubled",
    "with weight decay applied twice in the gradient",
    hints=(
        "How large is what you add to the gradient, compared with weight_decay times the weight?",
        "The penalty ½λθ² has the gradient λθ.",
        "Add weight_decay * p once, without a factor 2.",
    ),
    grad=lambda s: s.grad + 2 * s.weight_decay * s.param,
)
add(
    "decay-l1",
    "with the sign of the weight instead of the weight (an L1 penalty)",
    hints=(
        "Do large and small weights add the same to their gradients in your run?",
        "The sign of the parameter is the gradient of |θ|, not of ½θ².",
        "Add weight_decay times the parameter itself.",
    ),
    grad=lambda s: s.grad + s.weight_decay * sign(s.param),
)
add(
    "decay-matrices-only",
    "with decay only on parameters with two dimensions",
    hints=(
        "Which parameters decay and which do not? Look at their shapes.",
        "Who decides which parameters decay: the optimizer, or the groups it is given?",
        "Apply the group's weight_decay to every parameter of the group.",
    ),
    grad=lambda s: s.grad + (s.weight_decay * s.param if s.param.ndim >= 2 else 0.0),
)
add(
    "adamws-defaults",
    "with the defaults of AdamW: betas (0.9, 0.95) and weight decay 0.1",
    hints=(
        "Build Adam without any hyperparameter. Does it decay?",
        "Compare the defaults in your signature with those of the task.",
        "betas=(0.9, 0.999), weight_decay=0.0.",
    ),
    defaults=lambda hyper: {**hyper, "betas": [0.9, 0.95], "weight_decay": 0.1},
)
add(
    "decay-default",
    "with a default weight decay that is not zero",
    hints=(
        "Build Adam without any hyperparameter. Does it decay?",
        "What is the default in your signature?",
        "weight_decay=0.0.",
    ),
    defaults=lambda hyper: {**hyper, "weight_decay": 0.01},
)
add_default(bank, "lr-default", "lr", 0.01, "1e-3")
add_default(bank, "betas-default", "betas", [0.9, 0.99], "(0.9, 0.999)")
add_default(bank, "betas-default-shorter", "betas", [0.9, 0.95], "(0.9, 0.999)", "AdamW's in chapter 5")
add_default(bank, "eps-default", "eps", 1e-6, "1e-8")
add_values_of_others(bank, "betas", "eps", "weight_decay")
_adam_task.add_group_clock(bank)
_adam_task.add_validation_mistakes(bank, "Adam")
bank.include(contract_mistakes(stateful=True, clocked=True, zeros=("lr", "eps")))

TASK = OptimizerTask(
    "adam",
    module="course_lib/optim/adam.py",
    rule=RULE,
    bank=bank,
    draw=_adam_task.DRAW,
    features={"weight_decay": {"weight_decay": 0.0}},
    invalid=_adam_task.INVALID,
    extra=_adam_task.scenarios,
    long={"betas": _adam_task.slow_betas},
)
