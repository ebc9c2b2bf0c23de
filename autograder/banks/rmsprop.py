"""The task `rmsprop`: how it is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks._l2_decay import (
    add_l2_mistakes,
    add_missing_validation,
    add_step_mistakes,
)
from autograder.banks._slips_of_the_pen import add_average_slips, add_squared_slips
from autograder.banks._squared_gradients import add_eps_inside, add_root_mistakes, near_zero
from autograder.banks._whose_values import add_default, add_values_of_others
from autograder.judge.contract_mistakes import contract_mistakes
from autograder.judge.evidence import Scenario
from autograder.judge.optimizer_task import Drawing, OptimizerTask, between
from autograder.judge.rule import zeros
from autograder.judge.variants import Bank
from autograder.oracles.rmsprop import RULE

bank = Bank()
add_eps_inside(bank, source="Zhang et al., Dive into Deep Learning, section 12.8; TensorFlow's ApplyRMSProp")
bank.convention(
    "starts-at-first-square",
    "an average that starts at the first g² instead of at zero, so your first step is lr long",
    source="Tieleman & Hinton 2012 do not say what the average starts from",
    squares=lambda s: s.square if s.t == 1 else s.alpha * s.squares + (1 - s.alpha) * s.square,
)

add_step_mistakes(bank)
add_root_mistakes(bank, collect=RULE.steps["squares"])
add_squared_slips(bank)
add_average_slips(bank)
add = bank.misconception
add(
    "sum-of-squares",
    "with a sum of squares that forgets nothing: AdaGrad",
    hints=(
        "Feed the same gradient for a hundred steps. Do your steps get shorter and shorter?",
        "Where in your update does alpha appear?",
        "The old average is multiplied by alpha, the new square by 1 − alpha.",
    ),
    squares=lambda s: s.squares + s.square,
)
add(
    "weights-swapped",
    "with α on the new square and (1 − α) on the old average",
    hints=(
        "With α = 0.99, how many steps does your average remember?",
        "Which of the two should get the large weight: the past, or the new square?",
        "alpha multiplies the old average. In lerp_, the weight is that of the new value.",
    ),
    squares=lambda s: (1 - s.alpha) * s.squares + s.alpha * s.square,
)
add(
    "new-square-whole",
    "without the factor (1 − α) on the new square",
    hints=(
        "Feed a gradient of 1 for a long time. Where should an average of ones end?",
        "Do the two weights of your average add up to one?",
        "The new square is multiplied by 1 − alpha.",
    ),
    squares=lambda s: s.alpha * s.squares + s.square,
)
add(
    "alpha-on-both",
    "with α on the old average and on the new square",
    hints=(
        "Feed a gradient of 1 for a long time. Where should an average of ones end?",
        "Do the two weights of your average add up to one?",
        "The new square is multiplied by 1 − alpha.",
    ),
    squares=lambda s: s.alpha * (s.squares + s.square),
)
add(
    "alpha-not-used",
    "with 0.9 in the place of alpha",
    hints=(
        "Change alpha. Does anything change?",
        "Is a number written where group['alpha'] should be read?",
        "Read alpha from the group, at every step.",
    ),
    squares=lambda s: 0.9 * s.squares + 0.1 * s.square,
)
add(
    "bias-corrected",
    "with Adam's bias correction of the average",
    hints=(
        "How long is your first step, in units of lr?",
        "Something divides by 1 − α to the power of t.",
        "RMSProp uses its average as it is; the correction is Adam's (chapter 4).",
    ),
    root=lambda s: np.sqrt(s.squares / (1 - s.alpha**s.t)) + s.eps,
)
add(
    "centered",
    "that subtracts the squared mean from the mean square",
    source="torch.optim.RMSprop with centered=True",
    hints=(
        "Feed the same gradient for a hundred steps. Do your steps explode?",
        "The variance is another quantity than the mean square.",
        "Divide by the root of the mean square, without subtracting anything.",
    ),
    mean=lambda s: s.alpha * s.mean + (1 - s.alpha) * s.grad,
    root=lambda s: np.sqrt(s.squares - s.mean**2) + s.eps,
    state={"mean": zeros},
    order=("grad", "square", "squares", "mean", "root", "direction", "update", "param"),
)
add(
    "square-of-the-average",
    "with the square of averaged gradients instead of the average of squares",
    hints=(
        "Feed a gradient of 1, then of −1. What is in your state?",
        "Which comes first: the square or the average?",
        "Square each gradient, then average the squares.",
    ),
    mean=lambda s: s.alpha * s.mean + (1 - s.alpha) * s.grad,
    squares=lambda s: s.mean**2,
    state={"mean": zeros},
    order=("grad", "mean", "square", "squares", "root", "direction", "update", "param"),
)
add(
    "starts-at-one",
    "with an average that starts at one, as TensorFlow's first version has it",
    source="tf.compat.v1.train.RMSPropOptimizer",
    hints=(
        "How long is your first step, in units of lr?",
        "What is in your state before the first gradient?",
        "Start the average at zero.",
    ),
    squares=lambda s: s.alpha * (s.squares + (s.t == 1)) + (1 - s.alpha) * s.square,
)
add(
    "momentum-added",
    "with momentum 0.9 on the divided gradients",
    source="torch.optim.RMSprop with momentum=0.9",
    hints=(
        "The first step is right. What does the second step remember?",
        "Set the gradient to zero for one step. Does your parameter still move?",
        "Every step is lr times this gradient divided by the root, and nothing from before.",
    ),
    memory=lambda s: 0.9 * s.memory + s.grad / s.root,
    direction=lambda s: s.memory,
    state={"memory": zeros},
    order=("grad", "square", "squares", "root", "memory", "direction", "update", "param"),
)
add(
    "alpha-default",
    "with a default alpha of 0.9, as Keras and Hinton's slides have it",
    hints=(
        "Build RMSprop without alpha. How many steps does it remember?",
        "What is the default of alpha in your signature?",
        "alpha=0.99.",
    ),
    defaults=lambda hyper: {**hyper, "alpha": 0.9},
)
add_l2_mistakes(bank)
add_values_of_others(bank, "alpha", "eps", "weight_decay")
add_default(bank, "lr-default", "lr", 1e-3, "1e-2")
add_missing_validation(bank, "RMSprop", "lr", "alpha", "eps", "weight_decay")
bank.include(contract_mistakes(stateful=True, clocked=False, zeros=("lr", "eps")))


def _more(d: Drawing) -> list[Scenario]:
    """Elements without a gradient at first, ε at its default, and the ends of alpha's range."""
    count = len(d.task.shapes)
    return [
        *near_zero(d),
        *(
            d.run(
                "steps", f"alpha {alpha}", d.one_group({**d.hyper(), "alpha": alpha}, count), d.steps(4, d.task.shapes)
            )
            for alpha in (0.1, 0.999)
        ),
    ]


TASK = OptimizerTask(
    "rmsprop",
    module="course_lib/optim/rmsprop.py",
    rule=RULE,
    bank=bank,
    draw={
        "lr": between(0.05, 0.3),
        "alpha": between(0.55, 0.85),
        "eps": between(0.02, 0.3),
        "weight_decay": between(0.1, 0.5),
    },
    features={"weight_decay": {"weight_decay": 0.0}},
    invalid=({"lr": -0.1}, {"alpha": -0.5}, {"eps": -1e-8}, {"weight_decay": -0.01}),
    extra=_more,
)
