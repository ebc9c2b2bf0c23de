"""The task `sgd`: how it is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks._whose_values import add_values_of_others
from autograder.judge.contract_mistakes import contract_mistakes
from autograder.judge.optimizer_task import OptimizerTask, between
from autograder.judge.rule import sign, zeros
from autograder.judge.variants import Bank
from autograder.oracles.sgd import RULE

bank = Bank()
add = bank.misconception

add(
    "ascent",
    "that adds the update instead of subtracting it",
    hints=(
        "Does the loss fall or rise along your path?",
        "The gradient points uphill. Which way do you go?",
        "The parameter becomes p minus lr times the gradient.",
    ),
    param=lambda s: s.param + s.update,
)
add(
    "no-lr",
    "without the learning rate",
    hints=(
        "Try two learning rates. Does your step change?",
        "Where in your update does lr appear?",
        "The step is lr times the gradient.",
    ),
    update=lambda s: s.grad,
)
add(
    "lr-squared",
    "with the learning rate applied twice",
    hints=(
        "Halve the learning rate. What happens to the length of your step?",
        "Count how often lr multiplies the gradient.",
        "alpha=-lr already multiplies; do not multiply the gradient by lr before.",
    ),
    update=lambda s: s.lr**2 * s.grad,
)
add(
    "divides-by-lr",
    "dividing by the learning rate",
    hints=(
        "Should a larger lr give longer or shorter steps?",
        "Look at how lr enters your update.",
        "The step is lr times the gradient.",
    ),
    update=lambda s: s.grad / s.lr,
)
add(
    "sign-only",
    "using only the sign of the gradient",
    hints=(
        "Do all the numbers of a parameter move by the same amount?",
        "What happened to the size of the gradient?",
        "Use the gradient itself, not its sign.",
    ),
    update=lambda s: s.lr * sign(s.grad),
)
add(
    "normalized",
    "dividing each gradient by its length",
    hints=(
        "Make the gradient ten times larger. Does your step grow?",
        "Something divides by the norm of the gradient.",
        "Plain SGD uses the gradient as it is.",
    ),
    update=lambda s: s.lr * s.grad / (np.linalg.norm(s.grad) + (np.linalg.norm(s.grad) == 0)),
)
add(
    "mean-over-elements",
    "dividing the step by the number of elements",
    hints=(
        "Compare a parameter with one number and a parameter with six. Which one is right?",
        "The average over the batch is already in the gradient.",
        "Do not divide by p.numel(), len(p) or the size of anything.",
    ),
    update=lambda s: s.lr * s.grad / s.param.size,
)
add(
    "gradient-clipped",
    "clipping each gradient to a length of one",
    hints=(
        "Which of your steps are too short: those with large gradients, or all?",
        "Something limits the norm of the gradient.",
        "Clipping is a tool of its own (chapter 7); leave it out here.",
    ),
    update=lambda s: s.lr * s.grad / max(1.0, float(np.linalg.norm(s.grad))),
)
add(
    "gradient-clamped",
    "clamping every gradient element to between −1 and 1",
    hints=(
        "Which elements of your steps are too short: those with large gradients, or all?",
        "Something limits the elements of the gradient.",
        "Clipping is a tool of its own (chapter 7); leave it out here.",
    ),
    update=lambda s: s.lr * np.clip(s.grad, -1.0, 1.0),
)
add(
    "lr-decays-by-itself",
    "with a learning rate that shrinks as 1/t",
    hints=(
        "The first step is right. And the second?",
        "Who may change the learning rate: the optimizer, or a schedule?",
        "Use group['lr'] as it is at every step.",
    ),
    update=lambda s: s.lr / s.t * s.grad,
)
add(
    "momentum-added",
    "with momentum 0.9 mixed in",
    source="a copy of a momentum optimizer",
    hints=(
        "The first step is right. What does the second step remember?",
        "Set the gradient to zero for one step. Does your parameter still move?",
        "SGD keeps no buffer; every step depends on the current gradient only.",
    ),
    memory=lambda s: 0.9 * s.memory + s.given,
    update=lambda s: s.lr * (s.memory + s.grad - s.given),
    order=("memory", "grad", "update", "param"),
    state={"memory": zeros},
)
add(
    "gradients-pile-up",
    "adding up the gradients of all steps so far",
    hints=(
        "The first step is right. Compare the second with the sum of two gradients.",
        "A sum that never starts again is growing somewhere.",
        "Use the current p.grad only.",
    ),
    memory=lambda s: s.memory + s.given,
    update=lambda s: s.lr * (s.memory + s.grad - s.given),
    order=("memory", "grad", "update", "param"),
    state={"memory": zeros},
)

add(
    "no-decay",
    "without weight decay",
    hints=(
        "Compare two runs that differ only in weight_decay. Are they equal?",
        "Where in your update does weight_decay appear?",
        "Add weight_decay times the parameter to the gradient before the step.",
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
    "decay-without-lr",
    "with weight decay that is not multiplied by lr",
    hints=(
        "Set lr very small. Do your weights still shrink by the same amount?",
        "What multiplies the decay in your update, and what should?",
        "The decay is part of the gradient, so lr multiplies both.",
    ),
    grad=lambda s: s.grad,
    param=lambda s: s.param - s.update - s.weight_decay * s.param,
)
add(
    "decay-after-step",
    "with decay taken of the parameter after the step instead of before",
    hints=(
        "The difference is small and grows with lr. Which value of the parameter do you decay?",
        "Both terms of the update belong to the same point.",
        "Compute g + weight_decay * p first, then take one step with it.",
    ),
    grad=lambda s: s.grad,
    param=lambda s: (s.param - s.update) * (1 - s.lr * s.weight_decay),
)
add(
    "decay-before-gradient-step-squared",
    "with weight decay multiplied by lr twice",
    hints=(
        "How large is the shrinking compared with lr times weight_decay times the weight?",
        "Count how often lr multiplies the decay.",
        "Add weight_decay * p to the gradient, without lr; the step multiplies by lr once.",
    ),
    grad=lambda s: s.grad + s.lr * s.weight_decay * s.param,
)
add(
    "decay-doubled",
    "with weight decay applied twice",
    hints=(
        "How large is the shrinking compared with lr times weight_decay times the weight?",
        "Is decay in the gradient and in the update?",
        "One of the two is enough: g + weight_decay * p.",
    ),
    grad=lambda s: s.grad + 2 * s.weight_decay * s.param,
)
add(
    "decay-halved",
    "with half the weight decay",
    hints=(
        "How large is the shrinking compared with lr times weight_decay times the weight?",
        "The penalty ½λθ² has the gradient λθ.",
        "Add weight_decay * p, without a half.",
    ),
    grad=lambda s: s.grad + 0.5 * s.weight_decay * s.param,
)
add(
    "decay-l1",
    "with decay towards zero at constant speed (an L1 penalty)",
    hints=(
        "Do large and small weights shrink by the same amount in your run?",
        "The sign of the parameter is the gradient of |θ|, not of ½θ².",
        "Add weight_decay times the parameter itself.",
    ),
    grad=lambda s: s.grad + s.weight_decay * sign(s.param),
)
add(
    "decay-squared-weights",
    "with decay by the square of the weights",
    hints=(
        "What is the gradient of the penalty with respect to one weight?",
        "The penalty has a square in it; its gradient does not.",
        "Add weight_decay * p.",
    ),
    grad=lambda s: s.grad + s.weight_decay * s.param**2,
)
add(
    "decay-scales-gradient",
    "with decay that multiplies the gradient instead of the weight",
    hints=(
        "What does your decay depend on: the weight, or the gradient?",
        "A weight with a gradient of zero should still shrink. Does yours?",
        "Add weight_decay * p, not weight_decay * p.grad.",
    ),
    grad=lambda s: s.grad + s.weight_decay * s.grad,
)
add(
    "decay-matrices-only",
    "with decay only on parameters with two dimensions",
    hints=(
        "Which parameters shrink and which do not? Look at their shapes.",
        "Who decides which parameters decay: the optimizer, or the groups it is given?",
        "Apply the group's weight_decay to every parameter of the group.",
    ),
    grad=lambda s: s.grad + (s.weight_decay * s.param if s.param.ndim >= 2 else 0.0),
)
add(
    "decay-default",
    "with a default weight decay that is not zero",
    hints=(
        "Build SGD with lr only. Does it decay?",
        "What is the default in your signature?",
        "weight_decay=0.0.",
    ),
    defaults=lambda hyper: {**hyper, "weight_decay": 0.01},
)
add(
    "no-validation",
    "accepting every hyperparameter, even negative ones",
    hints=(
        "What happens with SGD(params, lr=-0.1)?",
        "A wrong value is cheapest to find where it is given.",
        "In __init__: if lr < 0: raise ValueError(...); the same for weight_decay.",
    ),
    validation=lambda kwargs, invalid: True,
)
add(
    "lr-not-validated",
    "accepting a negative lr",
    hints=(
        "What happens with SGD(params, lr=-0.1)?",
        "Which hyperparameters does your __init__ look at?",
        "Raise ValueError for lr < 0 as well.",
    ),
    validation=lambda kwargs, invalid: not kwargs["weight_decay"] < 0 if "weight_decay" in kwargs else True,
)
add(
    "decay-not-validated",
    "accepting a negative weight_decay",
    hints=(
        "What happens with SGD(params, lr=0.1, weight_decay=-0.1)?",
        "Which hyperparameters does your __init__ look at?",
        "Raise ValueError for weight_decay < 0 as well.",
    ),
    validation=lambda kwargs, invalid: not kwargs["lr"] < 0,
)
add_values_of_others(bank, "weight_decay")
bank.include(contract_mistakes(stateful=False, clocked=False))

TASK = OptimizerTask(
    "sgd",
    module="course_lib/optim/sgd.py",
    rule=RULE,
    bank=bank,
    draw={"lr": between(0.05, 0.3), "weight_decay": between(0.1, 0.5)},
    features={"weight_decay": {"weight_decay": 0.0}},
    invalid=({"lr": -0.1}, {"weight_decay": -0.01}),
)
