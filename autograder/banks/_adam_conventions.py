"""Published forms of Adam's step that the text allows."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.state_mistakes import GROUP_CLOCK, STEP_CLOCK
from autograder.judge.variants import Bank


def add_conventions(bank: Bank) -> None:
    """Add them to a bank: where ε is added, how the corrections are kept, what counts the steps."""
    bank.convention(
        "eps-hat",
        "ε is added to the root of the second average before that is corrected",
        source="Kingma & Ba 2015, end of section 2 (ε̂); Keras; transformers.AdamW; Moonlight",
        denominator=lambda s: s.root + s.eps / np.sqrt(s.correction2),
    )
    bank.convention(
        "beta-powers",
        "the corrections come from running products of the betas, kept in the state",
        source="tf.compat.v1.train.AdamOptimizer (beta1_power, beta2_power)",
        state={"power1": _one, "power2": _one},
        power1=lambda s: s.power1 * s.beta1,
        power2=lambda s: s.power2 * s.beta2,
        correction1=lambda s: 1 - s.power1,
        correction2=lambda s: 1 - s.power2,
    )
    bank.convention(
        "group-powers",
        "the corrections come from running products of the betas, one for all parameters of a group",
        source="tf.compat.v1.train.AdamOptimizer (one beta1_power and beta2_power for all variables)",
        clock=lambda instance: instance.clocks["step"],
        hyper=lambda instance, group: {**group["hyper"], **_powers_of(instance, group)},
        correction1=lambda s: 1 - s.power1,
        correction2=lambda s: 1 - s.power2,
    )
    bank.convention(
        "debiased-averages",
        "the averages themselves are kept corrected: a new gradient has weight (1 − β) / (1 − βᵗ)",
        source="heavyball (beta_debias); the same as the corrections as long as no β changes",
        exp_avg=lambda s: s.exp_avg + (s.grad - s.exp_avg) * (1 - s.beta1) / (1 - s.beta1**s.t),
        exp_avg_sq=lambda s: s.exp_avg_sq + (s.grad**2 - s.exp_avg_sq) * (1 - s.beta2) / (1 - s.beta2**s.t),
        correction1=lambda s: 1.0,
        correction2=lambda s: 1.0,
        denominator=lambda s: s.root + s.eps,
    )
    bank.include([STEP_CLOCK, GROUP_CLOCK])


def _powers_of(instance: Any, group: dict[str, Any]) -> dict[str, float]:
    """The products of a group's betas over all steps, kept with the clocks. In steps in which the group has no gradient the
    betas are taken to be those of now."""
    key = "powers", instance.number_of(group)
    step = instance.clocks["step"]
    seen, powers = instance.clocks.get(key, (0, (1.0, 1.0)))
    powers = tuple(power * beta ** (step - seen) for power, beta in zip(powers, group["hyper"]["betas"], strict=True))
    instance.clocks[key] = step, powers
    return {"power1": powers[0], "power2": powers[1]}


def _one(param: np.ndarray) -> float:
    return 1.0
