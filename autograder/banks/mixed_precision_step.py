"""The task `mixed_precision_step`: what people get wrong. How it is tried is in _mixed_step_scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._mixed_step_scenarios import scenarios
from autograder.judge.contract import Raises
from autograder.judge.rounding import representable
from autograder.judge.step_task import StepTask
from autograder.judge.variants import Bank
from autograder.oracles.mixed_precision_step import global_norm, joint_norm, limit_norm

bank = Bank()
add = bank.misconception

bank.convention(
    "loss-fn-gets-the-batch-whole",
    "loss_fn(model, batch) instead of loss_fn(model, *batch)",
    source="the signature, which leaves it open how the batch is handed on; the task's text asks for loss_fn(model, *batch)",
    form=lambda s: 2.0,
)
bank.convention(
    "loss-fn-gets-the-output",
    "loss_fn(model(x), y) instead of loss_fn(model, x, y)",
    source="torch's own recipes call losses this way",
    form=lambda s: 3.0,
)

add(
    "no-autocast",
    "without autocast",
    hints=(
        "In which dtype does your model compute?",
        "Which lines have to be inside autocast?",
        "with torch.autocast(device_type, dtype=dtype): around the call of loss_fn.",
    ),
    format=lambda s: "float32",
)
add(
    "autocast-for-another-device",
    "with autocast for another device than the model's",
    hints=(
        "In which dtype does your model compute? Did torch print a warning?",
        "The first argument of autocast says whose operations it changes. On which device is the model?",
        "torch.autocast(next(model.parameters()).device.type, dtype=dtype).",
    ),
    format=lambda s: "float32",
    bits=lambda s: 0.0,
)
add(
    "batch-of-two-only",
    "that takes every batch for a pair",
    hints=(
        "Give it a batch of three tensors, say with a weight for each row.",
        "How many parts a batch has is between the caller and loss_fn.",
        "Hand all of them on: loss_fn(model, *batch).",
    ),
    third_part=lambda s: _raise(),
)
add(
    "always-bfloat16",
    "that computes in bfloat16 whatever dtype says",
    hints=(
        "Call it with dtype=torch.float16. In which dtype does your model compute?",
        "autocast has a default of its own.",
        "Hand dtype on: torch.autocast(device_type, dtype=dtype).",
    ),
    format=lambda s: "bfloat16",
)
add(
    "old-gradients-kept",
    "that never clears gradients",
    hints=(
        "Your first step is right. Which gradients are in the second?",
        "backward() adds to p.grad.",
        "Begin with optimizer.zero_grad().",
    ),
    clears=lambda s: (),
)
add(
    "first-group-cleared-only",
    "that clears the gradients of the first parameter group only",
    hints=(
        "Try an optimizer with two param_groups. Which gradients does your loop clear?",
        "param_groups[0] is one part of the parameters.",
        "optimizer.zero_grad() visits every group.",
    ),
    clears=lambda s: s.groups[0],
)
add(
    "gradients-cleared-afterwards",
    "that clears gradients after the step, where the first step still sees old ones",
    hints=(
        "What if p.grad is not empty when your function is called for the first time?",
        "Somebody may have looked at gradients before.",
        "Clear before backward().",
    ),
    clears=lambda s: (),
    ends=lambda s: ("zero",),
)
add(
    "loss-not-scaled",
    "that unscales gradients of a loss that was never scaled",
    hints=(
        "With a scaler your weights hardly move. By what were the gradients divided?",
        "Who multiplies the loss?",
        "scaler.scale(loss).backward().",
    ),
    scales_loss=lambda s: False,
)
add(
    "scaler-ignored",
    "that does not use its scaler",
    hints=(
        "Does the scale ever change?",
        "Which four methods has the scaler, and in which order are they called?",
        "scale(loss).backward(), unscale_ if you clip, step(optimizer), update().",
    ),
    scales_loss=lambda s: False,
    unscales=lambda s: (),
    steps=lambda s: ("bare_step",),
    updates=lambda s: (),
)
add(
    "optimizer-steps-itself",
    "that calls optimizer.step() where the scaler should",
    hints=(
        "With a scaler, are your gradients unscaled when the step comes? Is an overflow skipped?",
        "Who knows whether the gradients are finite?",
        "scaler.step(optimizer) instead of optimizer.step().",
    ),
    steps=lambda s: ("bare_step",),
)
add(
    "steps-twice",
    "that calls scaler.step(optimizer) and optimizer.step()",
    hints=(
        "How long is your update with a scaler, compared with one without?",
        "scaler.step calls the optimizer's step itself.",
        "One of the two: with a scaler scaler.step(optimizer), else optimizer.step().",
    ),
    steps=lambda s: ("step",) if s.scale is None else ("step", "bare_step"),
)
add(
    "never-updates",
    "that never calls scaler.update()",
    hints=(
        "Does the scale ever change?",
        "Which method ends the scaler's step?",
        "scaler.update() after scaler.step(optimizer).",
    ),
    updates=lambda s: (),
)
add(
    "updates-twice",
    "that calls scaler.update() twice",
    hints=(
        "By how much does the scale change in one step?",
        "Does more than one branch of yours end with update()?",
        "One update() per step.",
    ),
    updates=lambda s: ("update", "update"),
)
add(
    "updates-before-the-step",
    "that calls scaler.update() before scaler.step()",
    hints=(
        "Which scale are your gradients divided by?",
        "update changes the scale and forgets what was found.",
        "Step first, then update.",
    ),
    steps=lambda s: ("update", "step"),
    updates=lambda s: (),
)
add(
    "clips-before-unscaling",
    "that clips gradients while they are still scaled",
    hints=(
        "With a scale of 65536, how large is the norm that you clip?",
        "max_norm is meant for the true gradients.",
        "scaler.unscale_(optimizer) comes before clipping.",
    ),
    unscales=lambda s: (),
)
add(
    "never-clips",
    "that does not clip, or only after the step",
    hints=(
        "Call it with a tiny max_norm. Is the update shorter?",
        "Clipping changes gradients. When are they used?",
        "After backward (and unscale_), before the step.",
    ),
    clips=lambda s: (),
)
add(
    "max-norm-zero-is-none",
    "that takes max_norm=0 for no max_norm",
    hints=(
        "Call it with max_norm=0. Do the weights move?",
        "0 is false in an if, as None is.",
        "Ask if max_norm is not None.",
    ),
    clipped=lambda s: global_norm(s) if s.max_norm else None,
)
add(
    "short-gradients-lengthened",
    "that makes every gradient as long as max_norm, also a shorter one",
    hints=(
        "Call it with a very large max_norm. How long is your gradient after clipping?",
        "Clipping makes long gradients shorter. What does it do to short ones?",
        "Multiply by max_norm / norm only where the norm is larger than max_norm; clip_grad_norm_ does so.",
    ),
    clipped=lambda s: _lengthen(s),
)
add(
    "short-gradients-lengthened-with-a-scaler",
    "that, with a scaler, makes every gradient as long as max_norm, also a shorter one",
    hints=(
        "Call it with a scaler and a very large max_norm. How long is your gradient after clipping?",
        "Clipping makes long gradients shorter. What does it do to short ones?",
        "Multiply by max_norm / norm only where the norm is larger than max_norm; clip_grad_norm_ does so.",
    ),
    clipped=lambda s: global_norm(s) if s.scale is None else _lengthen(s),
)
add(
    "clips-each-parameter",
    "that clips every parameter by itself",
    hints=(
        "Does your clipping keep the direction of the whole gradient?",
        "One norm over all parameters, or one for each?",
        "Call clip_grad_norm_ once, with all parameters.",
    ),
    clipped=lambda s: setattr(
        s, "grads", [None if g is None else g * min(1.0, s.max_norm / (np.linalg.norm(g) + 1e-6)) for g in s.grads]
    ),
)
add(
    "clips-each-group",
    "that clips every parameter group by itself",
    hints=(
        "Try an optimizer with two param_groups. How long is the whole gradient after clipping?",
        "One norm over all parameters, or one for each group?",
        "Call clip_grad_norm_ once, with model.parameters().",
    ),
    clipped=lambda s: _limit_each(s),
)
add(
    "clips-first-group-only",
    "that clips the first parameter group only",
    hints=(
        "Try an optimizer with two param_groups. Which gradients does your clipping see?",
        "param_groups[0] is one part of the parameters.",
        "clip_grad_norm_(model.parameters(), max_norm) sees all of them.",
    ),
    clipped=lambda s: limit_norm(s, s.groups[0]),
)
add(
    "clips-matrices-only",
    "that leaves vectors out of clipping, such as biases",
    hints=(
        "Give the model biases. How long is the whole gradient after clipping?",
        "Which parameters does your clipping see?",
        "clip_grad_norm_(model.parameters(), max_norm) sees all of them.",
    ),
    clipped=lambda s: limit_norm(s, [i for i, p in enumerate(s.params) if p.ndim > 1]),
)
add(
    "thaws-frozen-weights",
    "that trains weights whose requires_grad is False",
    hints=(
        "Freeze a layer with requires_grad_(False). Does it stay as it is?",
        "Where do you set requires_grad?",
        "What is trained is the caller's choice: leave requires_grad alone.",
    ),
    trained=lambda s: range(len(s.params)),
)
add(
    "returns-loss-in-16-bits",
    "that returns a loss which was rounded to the format of autocast",
    hints=(
        "Print your loss with six digits. How many of them does its dtype have?",
        "Which line changes the dtype of the loss?",
        "The loss is float32; return loss.item() without a cast.",
    ),
    returned=lambda s: float(representable(np.asarray(s.loss), s.does["format"](s))),
)
add(
    "clips-elements",
    "that clips every number by itself",
    hints=(
        "Does your clipping keep the direction of the gradient?",
        "max_norm is a norm, not a largest value.",
        "clip_grad_norm_, not clip_grad_value_.",
    ),
    clipped=lambda s: setattr(
        s, "grads", [None if g is None else np.clip(g, -s.max_norm, s.max_norm) for g in s.grads]
    ),
)
add(
    "needs-max-norm",
    "that cannot do without max_norm",
    hints=(
        "Call it without max_norm.",
        "None is not a number to compare with.",
        "Clip only if max_norm is not None.",
    ),
    without_norm=lambda s: _raise(),
)
add(
    "needs-a-scaler",
    "that cannot do without a scaler",
    hints=(
        "Call it without a scaler.",
        "bfloat16 needs no scaler, and None has no methods.",
        "Without a scaler: loss.backward() and optimizer.step().",
    ),
    without_scaler=lambda s: _raise(),
)
add(
    "returns-scaled-loss",
    "that returns the scaled loss",
    hints=(
        "With a scaler, how large is the loss that you return?",
        "Whoever plots it does not know the scale.",
        "Keep the unscaled loss under a name of its own, and return its .item().",
    ),
    returned=lambda s: s.loss if s.scale is None else s.loss * s.scale_of_the_step,
)
add(
    "returns-tensor",
    "that returns a tensor",
    hints=(
        "What is type() of what you return?",
        "A tensor keeps its graph, and with it the activations.",
        "loss.item().",
    ),
    number=lambda s: 0.0,
)
add(
    "returns-nothing",
    "that returns nothing",
    hints=(
        "What does your function return?",
        "The training loop wants to plot the loss.",
        "return loss.item().",
    ),
    returned=lambda s: np.nan,
    number=lambda s: 0.0,
)
add(
    "model-runs-twice",
    "that runs the model twice in one step",
    hints=(
        "How often do you call loss_fn?",
        "A second forward costs a third of the step, and after the step it gives another loss.",
        "Keep the loss you called backward() on.",
    ),
    forwards=lambda s: 2.0,
)


def _limit_each(s: Any) -> None:
    for group in s.groups:
        limit_norm(s, group)


def _lengthen(s: Any) -> None:
    factor = s.max_norm / (joint_norm(s.grads) + 1e-6)
    s.grads = [None if g is None else g * factor for g in s.grads]


def _raise() -> Any:
    raise Raises


TASK = StepTask("mixed_precision_step", "course_lib/precision/step.py", bank, scenarios)
