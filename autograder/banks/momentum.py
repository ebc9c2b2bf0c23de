"""The task `momentum`: how it is tried, and what people get wrong."""

from __future__ import annotations

from autograder.banks._l2_decay import (
    add_l2_mistakes,
    add_missing_validation,
    add_step_mistakes,
)
from autograder.banks._momentum_buffer import add_buffer_mistakes, add_nesterov_mistakes
from autograder.banks._whose_values import add_default, add_first_groups, add_values_of_others
from autograder.judge.contract_mistakes import contract_mistakes
from autograder.judge.evidence import Scenario
from autograder.judge.optimizer_task import Drawing, OptimizerTask, between, one_of
from autograder.judge.variants import Bank
from autograder.oracles.momentum import RULE

bank = Bank()
bank.convention(
    "lr-in-velocity",
    "the learning rate inside the velocity: v ← μv + ηg, θ ← θ − v. It is the same until the learning rate changes; "
    "then old gradients keep the rate they came with",
    source="Polyak 1964; Sutskever et al. 2013, section 2; Keras SGD",
    fresh=lambda s: s.lr * s.grad,
    update=lambda s: s.direction,
)
bank.convention(
    "ema",
    "the running average: b ← μb + (1 − μ)g. Your lr means something else than in this chapter's text: multiply it by "
    "1/(1 − μ) to get the same steps",
    source="Kingma & Ba 2015, Algorithm 1 (first moment)",
    fresh=lambda s: (1 - s.momentum) * s.grad,
)
bank.convention(
    "ema-from-first-gradient",
    "the running average, started at the first gradient. Your lr means something else than in this chapter's text: "
    "in the long run, multiply it by 1/(1 − μ) to get the same steps",
    source="torch.optim.SGD with dampening = momentum",
    fresh=lambda s: s.grad * (1.0 if s.t == 1 else 1 - s.momentum),
)
bank.convention(
    "ema-from-first-gradient-nesterov",
    "the running average, started at the first gradient, with (1 − μ)g + μb for Nesterov on the first step too. Your lr "
    "means something else than in this chapter's text: in the long run, multiply it by 1/(1 − μ) to get the same steps",
    source="torch.optim.SGD with dampening = momentum, its Nesterov form that of Dozat 2016",
    fresh=lambda s: (1 - s.momentum) * s.grad,
    buffer=lambda s: s.grad if s.t == 1 else s.momentum * s.buffer + s.fresh,
)

add_step_mistakes(bank)
add_nesterov_mistakes(bank)
add_buffer_mistakes(bank)
add_l2_mistakes(bank)
bank.misconception(
    "decay-enters-buffer-late",
    "that adds the decay to the buffer after the step, so it counts one step late",
    hints=(
        "On the first step, does your parameter decay at all?",
        "When does the decay reach the buffer: before the step that uses it, or after?",
        "Add weight_decay * p to the gradient before the buffer is updated.",
    ),
    grad=lambda s: s.grad,
    sum=lambda s: s.momentum * s.buffer + s.fresh,
    direction=lambda s: s.fresh + s.momentum * s.sum if s.nesterov else s.sum,
    buffer=lambda s: s.sum + s.weight_decay * s.param,
    order=("grad", "fresh", "sum", "direction", "update", "param", "buffer"),
)
add_values_of_others(bank, "momentum", "weight_decay")
add_first_groups(bank, "nesterov")
add_default(bank, "momentum-default-higher", "momentum", 0.99, "0.9")
bank.misconception(
    "momentum-default",
    "with a default momentum of 0, as torch.optim.SGD has it",
    hints=(
        "Build Momentum with lr only. Does it remember anything?",
        "What is the default of momentum in your signature?",
        "momentum=0.9.",
    ),
    defaults=lambda hyper: {**hyper, "momentum": 0.0},
)
bank.misconception(
    "nesterov-default",
    "with nesterov switched on by default",
    hints=(
        "Build Momentum with lr only. Which of the two forms is it?",
        "What is the default of nesterov in your signature?",
        "nesterov=False.",
    ),
    defaults=lambda hyper: {**hyper, "nesterov": True},
)
add_missing_validation(bank, "Momentum", "lr", "momentum", "weight_decay")
bank.include(contract_mistakes(stateful=True, clocked=False))


def _more(d: Drawing) -> list[Scenario]:
    """Momentum zero; Nesterov in one group only; memory of gradients used again; a long run."""
    count = len(d.task.shapes)
    half = (count + 1) // 2
    with_and_without = [
        {
            "groups": [
                {"params": list(range(half)), "hyper": {}},
                {"params": list(range(half, count)), "hyper": {"nesterov": True}},
            ],
            "kwargs": d.hyper(),
        }
    ]
    return [
        d.run("steps", "momentum 0", d.one_group({**d.hyper(), "momentum": 0.0}, count), d.steps(3, d.task.shapes)),
        d.run("nesterov", "nesterov=True in the second group only", with_and_without, d.steps(4, d.task.shapes)),
        d.run("steps", "", d.one_group(d.hyper(), count), d.steps(15, d.task.shapes)),
        d.run(
            "memory",
            "new gradients are written into the memory of the old ones, as after zero_grad(set_to_none=False)",
            d.one_group(d.hyper(), count, form="list"),
            d.steps(4, d.task.shapes),
            reuse_grads=True,
        ),
    ]


TASK = OptimizerTask(
    "momentum",
    module="course_lib/optim/momentum.py",
    rule=RULE,
    bank=bank,
    draw={
        "lr": between(0.05, 0.3),
        "momentum": between(0.5, 0.95),
        "nesterov": one_of(True),
        "weight_decay": between(0.1, 0.5),
    },
    features={"nesterov": {"nesterov": False}, "weight_decay": {"weight_decay": 0.0}},
    invalid=({"lr": -0.1}, {"momentum": -0.5}, {"weight_decay": -0.01}),
    extra=_more,
)
