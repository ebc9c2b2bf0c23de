"""What people get wrong in a dynamic loss scaler, and what published scalers do differently."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.variants import Bank
from autograder.oracles.loss_scaler import LARGEST_FLOAT32

bank = Bank()
add = bank.misconception


def _raise(*_: Any) -> Any:
    raise Raises


bank.convention(
    "scale-at-least-one",
    "a scale that never falls below 1",
    source="DeepSpeed's min_scale, Apex's min_loss_scale",
    backed_off=lambda s: max(1.0, s.loss_scale * s.backoff_factor),
)
bank.convention(
    "second-unscale-does-nothing",
    "a second unscale_ in one step that does nothing, instead of raising RuntimeError",
    source="torch_xla's syncfree scaler and hand-written training loops guard it the same way",
    again=lambda s, which: None,
)
bank.convention(
    "scale-at-most-2-to-the-24",
    "a scale that never grows beyond 2**24",
    source="the default of Apex's max_loss_scale",
    grown=lambda s: min(2.0**24, s.loss_scale * s.growth_factor),
)

# -- the loss and the gradients --------------------------------------------------------------------------------------
add(
    "loss-not-scaled",
    "whose scale() returns the loss as it is",
    hints=(
        "What does scale(loss) give for a loss of 1?",
        "Where does your scale multiply anything?",
        "Return loss * self's current scale.",
    ),
    factor=lambda s: 1.0,
)
add(
    "loss-divided",
    "whose scale() divides the loss",
    hints=(
        "Should small gradients become larger or smaller before they are written in fp16?",
        "Which of scale and unscale_ multiplies?",
        "scale multiplies the loss; unscale_ divides the gradients.",
    ),
    factor=lambda s: 1 / s.loss_scale,
)
add(
    "loss-leaves-the-graph",
    "whose scale() returns something that backward() does not work on",
    hints=(
        "Can you call backward() on what your scale() returns?",
        ".item(), float() and .detach() leave the graph.",
        "Multiply the tensor itself.",
    ),
    graph=_raise,
)
add(
    "gradients-multiplied",
    "whose unscale_ multiplies again",
    hints=(
        "How large are your gradients after unscale_, compared with those of the plain loss?",
        "The loss was multiplied. What undoes that?",
        "Divide each gradient by the scale.",
    ),
    unscaled=lambda s, grad: grad * s.loss_scale,
)
add(
    "gradients-not-divided",
    "whose unscale_ leaves the gradients as they are",
    hints=(
        "Print p.grad before and after unscale_. Did it change?",
        "p.grad / scale makes a new tensor. Who sees it?",
        "Divide in place: p.grad.div_(scale).",
    ),
    unscaled=lambda s, grad: grad,
)
add(
    "gradients-replaced",
    "whose unscale_ puts a new tensor into p.grad",
    hints=(
        "Keep g = p.grad, call unscale_, and look at g. Has it changed?",
        "p.grad = p.grad / scale makes a new tensor. Who still holds the old one?",
        "Divide in place: p.grad.div_(scale).",
    ),
    held_shrink=lambda factor: 1.0,
)
add(
    "divided-by-first-scale",
    "that always divides by init_scale",
    hints=(
        "Your gradients are right until the scale changes. And then?",
        "Which number did scale() multiply by in this step?",
        "Use the current scale in both places.",
    ),
    unscaled=lambda s, grad: grad / s.init_scale,
)
add(
    "non-finite-replaced",
    "that turns inf and NaN into ordinary numbers before it looks for them",
    hints=(
        "What does nan_to_num do to the sign of trouble you are looking for?",
        "After an overflow the whole gradient is unusable, the finite numbers too.",
        "Look for inf and NaN first, and leave them where they are.",
    ),
    unscaled=lambda s, grad: np.nan_to_num(grad / s.loss_scale, nan=0.0, posinf=0.0, neginf=0.0),
)
add(
    "first-group-only",
    "that unscales the first parameter group only",
    hints=(
        "How many param_groups has the optimizer, and how many do you visit?",
        "Which parameters are still scaled?",
        "Loop over all optimizer.param_groups.",
    ),
    visited=lambda s, which: list(s.groups[which][0]),
)
add(
    "first-of-each-group",
    "that unscales only the first parameter of each group",
    hints=(
        "Which parameters are still scaled after unscale_?",
        "Look at what ends your inner loop.",
        "Visit every parameter in group['params'].",
    ),
    visited=lambda s, which: [i for group in s.groups[which] for i in [j for j in group if s.grads[j] is not None][:1]],
)
add(
    "no-gradient-raises",
    "that breaks when a parameter has no gradient",
    hints=(
        "What is p.grad of a parameter that the loss did not use?",
        "None cannot be divided.",
        "Leave out parameters whose grad is None.",
    ),
    none=_raise,
)
add(
    "second-unscale-divides-again",
    "that divides once more when unscale_ is called again",
    hints=(
        "Call unscale_ twice before step. How large are the gradients?",
        "What has to be remembered between unscale_ and update?",
        "Remember which optimizers are unscaled; raise RuntimeError the second time, and forget in update().",
    ),
    again=lambda s, which: s._unscale(which),
)
add(
    "step-unscales-again",
    "whose step() unscales gradients that unscale_ has already unscaled",
    hints=(
        "Compare a step with unscale_ called before and one without. Are the updates equal?",
        "How does your step know that unscale_ has already been called?",
        "Unscale in step only if this optimizer has not been unscaled since the last update.",
    ),
    unscales_before_step=lambda s, which: True,
)
add(
    "step-never-unscales",
    "whose step() relies on unscale_ having been called",
    hints=(
        "Leave out the call of unscale_. How long is your update?",
        "Without clipping nobody calls unscale_. Who divides then?",
        "If this optimizer has not been unscaled yet, step does it first.",
    ),
    unscales_before_step=lambda s, which: False,
)

# -- looking for overflows -------------------------------------------------------------------------------------------
add(
    "nan-not-seen",
    "that sees inf but not NaN",
    hints=(
        "Put float('nan') into a gradient. Is the step skipped?",
        "isinf(NaN) is false. So is every comparison with NaN.",
        "torch.isfinite is false for both.",
    ),
    found_in=lambda grads: any(np.isinf(grad).any() for grad in grads),
)
add(
    "infinity-not-seen",
    "that sees NaN but not inf",
    hints=(
        "Put float('inf') into a gradient. Is the step skipped?",
        "isnan(inf) is false.",
        "torch.isfinite is false for both.",
    ),
    found_in=lambda grads: any(np.isnan(grad).any() for grad in grads),
)
add(
    "minus-infinity-not-seen",
    "that sees inf and NaN but not -inf",
    hints=(
        "Put float('-inf') into a gradient. Is the step skipped?",
        "max() and == inf look at one side.",
        "torch.isfinite is false for all of them.",
    ),
    found_in=lambda grads: any((np.isnan(grad) | (grad == np.inf)).any() for grad in grads),
)
add(
    "all-instead-of-any",
    "that skips only if every number of some gradient is inf or NaN",
    hints=(
        "Put one inf into a gradient of four numbers. Is the step skipped?",
        "What is the opposite of 'all are finite'?",
        "Overflow means: not torch.isfinite(grad).all().",
    ),
    found_in=lambda grads: any(not np.isfinite(grad).any() for grad in grads),
)
add(
    "last-gradient-decides",
    "in which the last gradient decides alone",
    hints=(
        "Put the inf into the first parameter. Is the step skipped?",
        "Your loop overwrites what it found before.",
        "Once found, it stays found: found = found or ...",
    ),
    found_in=lambda grads: bool(grads) and not np.isfinite(grads[-1]).all(),
)
add(
    "first-gradient-decides",
    "in which the first gradient decides alone",
    hints=(
        "Put the inf into the last parameter. Is the step skipped?",
        "When does your loop stop looking?",
        "Look at every gradient before you decide.",
    ),
    found_in=lambda grads: bool(grads) and not np.isfinite(grads[0]).all(),
)
add(
    "sum-instead-of-each-number",
    "that looks at a sum or a norm of the gradient, which overflows where no number in it does",
    hints=(
        "A gradient of four numbers of 1.2e38: is any of them inf? Is their sum?",
        "What is asked for is whether any number is inf or NaN.",
        "torch.isfinite(p.grad).all() looks at each number.",
    ),
    found_in=lambda grads: any(not np.abs(np.sum(grad)) <= LARGEST_FLOAT32 for grad in grads),
)
add(
    "never-looks",
    "that never looks for inf or NaN",
    hints=(
        "Put float('inf') into a gradient. What do the parameters become?",
        "Who finds out that a step has overflowed?",
        "unscale_ looks with torch.isfinite and remembers; step and update ask.",
    ),
    found_in=lambda grads: False,
)

# -- stepping or skipping --------------------------------------------------------------------------------------------
add(
    "steps-in-spite-of-overflow",
    "that steps although it has seen the overflow, or looks only after the step",
    hints=(
        "What are your parameters after a step with an infinite gradient?",
        "In which order do you look and step?",
        "Call optimizer.step() only if nothing was found.",
    ),
    on_overflow=lambda s, which: s.descend(which),
)
add(
    "steps-with-zero-gradients",
    "that sets the gradients to zero and steps, instead of skipping",
    hints=(
        "After the overflow your parameters still move a little. What moves them?",
        "An optimizer with momentum moves even with a gradient of zero, and counts the step.",
        "Do not call optimizer.step() at all.",
    ),
    on_overflow=lambda s, which: _step_with_zeros(s, which),
)
add(
    "steps-without-gradients",
    "that takes the gradients away and steps, instead of skipping",
    hints=(
        "How often is optimizer.step() called when one of two steps overflows?",
        "An optimizer may count its steps, or change its learning rate in them, even where no gradient is left.",
        "Do not call optimizer.step() at all.",
    ),
    on_overflow=lambda s, which: _step_without(s, which),
)
add(
    "skips-when-clean",
    "that skips clean steps and makes the others",
    hints=(
        "Do your parameters move when every gradient is finite?",
        "Read your condition aloud.",
        "Step if nothing was found.",
    ),
    looks_at=lambda s, which: not s.found.get(which, False),
)
add(
    "one-flag-for-all-optimizers",
    "in which an overflow of one optimizer also skips the other",
    hints=(
        "With two optimizers, put an inf into the gradients of one. Does the other step?",
        "For whom did you remember the overflow?",
        "Keep what was found per optimizer, for example in a dict with id(optimizer) as key.",
    ),
    looks_at=lambda s, which: any(s.found.values()),
)
add(
    "returns-nothing",
    "whose step() returns nothing",
    hints=(
        "What does your step() return?",
        "Whoever counts skipped steps, or moves a schedule, needs to know.",
        "Return True if the optimizer stepped, else False.",
    ),
    returned=lambda stepped: np.nan,
)
add(
    "returns-whether-skipped",
    "whose step() returns True when it skipped",
    hints=(
        "What does your step() return for a clean step?",
        "The task asks whether it stepped.",
        "Return True if the optimizer stepped, else False.",
    ),
    returned=lambda stepped: float(not stepped),
)
add(
    "returns-always-true",
    "whose step() returns True whatever happened",
    hints=(
        "What does your step() return when it skips?",
        "Whoever counts skipped steps needs to know.",
        "Return False where you skip.",
    ),
    returned=lambda stepped: 1.0,
)

# -- the next scale --------------------------------------------------------------------------------------------------
add(
    "never-backs-off",
    "whose scale does not shrink after an overflow",
    hints=(
        "What is your scale after an overflow?",
        "With the same scale, the next step overflows too.",
        "In update: after an overflow, multiply the scale by backoff_factor.",
    ),
    backed_off=lambda s: s.loss_scale,
)
add(
    "backs-off-by-growth-factor",
    "that divides by growth_factor after an overflow, instead of multiplying by backoff_factor",
    hints=(
        "Try a backoff_factor that is not 1 / growth_factor.",
        "Which of your two factors belongs to an overflow?",
        "After an overflow: scale *= backoff_factor.",
    ),
    backed_off=lambda s: s.loss_scale / s.growth_factor,
)
add(
    "backoff-divides",
    "that divides by backoff_factor, so that the scale grows after an overflow",
    hints=(
        "Is your scale larger or smaller after an overflow?",
        "backoff_factor is below one.",
        "Multiply by it.",
    ),
    backed_off=lambda s: s.loss_scale / s.backoff_factor,
)
add(
    "backs-off-by-half",
    "with 0.5 written in place of backoff_factor",
    hints=(
        "Try another backoff_factor. Does anything change?",
        "Where do you use the argument?",
        "Keep it in __init__, and multiply by it in update.",
    ),
    backed_off=lambda s: s.loss_scale * 0.5,
)
add(
    "never-grows",
    "whose scale never grows",
    hints=(
        "What is your scale after many clean steps?",
        "Without growth, one early overflow costs precision for ever.",
        "Count clean updates; after growth_interval of them, multiply by growth_factor.",
    ),
    due=lambda s: False,
)
add(
    "grows-every-step",
    "whose scale grows after every clean step",
    hints=(
        "After how many clean steps does your scale grow?",
        "What is growth_interval for?",
        "Count clean updates, and grow only when the count reaches growth_interval.",
    ),
    due=lambda s: True,
)
add(
    "grows-one-step-late",
    "that grows after growth_interval + 1 clean steps",
    hints=(
        "Count the clean steps until your scale grows.",
        "Do you count before or after you compare? With > or with >=?",
        "Count this step first; grow when the count equals growth_interval.",
    ),
    due=lambda s: s.clean > s.growth_interval,
)
add(
    "grows-one-step-early",
    "that grows after growth_interval - 1 clean steps",
    hints=(
        "Count the clean steps until your scale grows.",
        "Where does your counter start?",
        "Start at 0, count this step, grow when the count equals growth_interval.",
    ),
    due=lambda s: s.clean >= s.growth_interval - 1,
)
add(
    "grows-by-two",
    "with 2 written in place of growth_factor",
    hints=(
        "Try another growth_factor. Does anything change?",
        "Where do you use the argument?",
        "Keep it in __init__, and multiply by it in update.",
    ),
    grown=lambda s: s.loss_scale * 2,
)
add(
    "growth-added",
    "that adds growth_factor instead of multiplying",
    hints=(
        "By how much does your scale grow?",
        "From 65536, a sum of two would take for ever to matter.",
        "scale *= growth_factor.",
    ),
    grown=lambda s: s.loss_scale + s.growth_factor,
)
add(
    "overflow-keeps-the-count",
    "whose count of clean steps survives an overflow",
    hints=(
        "After an overflow, how many clean steps until your scale grows?",
        "growth_interval counts clean steps in a row.",
        "Set the count to 0 after an overflow.",
    ),
    clean_after_overflow=lambda s: s.clean,
)
add(
    "overflow-counts-as-clean",
    "that counts overflows among the clean steps",
    hints=(
        "After an overflow, how many clean steps until your scale grows?",
        "What does an overflow do to the count of clean steps in a row?",
        "Set the count to 0 after an overflow.",
    ),
    clean_after_overflow=lambda s: s.clean + 1,
)
add(
    "count-survives-growth",
    "that grows at every step once the interval has passed",
    hints=(
        "What is your scale one step after it has grown?",
        "What happens to the count when the scale grows?",
        "Set the count to 0 when the scale grows.",
    ),
    clean_after_growth=lambda s: s.clean,
)
add(
    "grows-only-once",
    "that grows once and never again",
    hints=(
        "Go on for two intervals. How often does your scale grow?",
        "== is true once. What happens to the count when the scale grows?",
        "Set the count to 0 when the scale grows.",
    ),
    due=lambda s: s.clean == s.growth_interval,
    clean_after_growth=lambda s: s.clean,
)
add(
    "grows-after-overflow",
    "that exchanges growth and backoff",
    hints=(
        "Is your scale larger or smaller after an overflow?",
        "An overflow means that the scale was too large.",
        "Overflow: times backoff_factor. Long without one: times growth_factor.",
    ),
    backed_off=lambda s: s.loss_scale * s.growth_factor,
    grown=lambda s: s.loss_scale * s.backoff_factor,
)
add(
    "overflow-never-forgotten",
    "that never forgets an overflow, and skips every step after it",
    hints=(
        "Make a clean step after an overflow. Is it skipped too?",
        "Who resets what unscale_ has found?",
        "update() ends the step: forget there what was found.",
    ),
    forget_found=lambda s: None,
)
add(
    "unscaling-never-forgotten",
    "that remembers for ever that an optimizer has been unscaled",
    hints=(
        "Your first step is right. Are the gradients unscaled in the second?",
        "When does the mark 'already unscaled' end?",
        "update() ends the step: clear the marks there.",
    ),
    forget_unscaled=lambda s: None,
)
add(
    "step-updates-too",
    "whose step() also calls update()",
    hints=(
        "How fast does your scale grow: once per interval, or twice?",
        "The training loop calls update() itself, once for all optimizers.",
        "Leave update() out of step().",
    ),
    after_step=lambda s: s.update(),
)
add(
    "only-the-last-optimizer-counts",
    "in which only the last optimizer decides whether the scale shrinks",
    hints=(
        "With two optimizers, let the first one overflow. What does update() do?",
        "One attribute holds one answer; the second optimizer overwrites it.",
        "The scale shrinks if any optimizer since the last update overflowed.",
    ),
    overflowed=lambda s: bool(s.found) and list(s.found.values())[-1],
)
add(
    "another-default-scale",
    "with an init_scale of 1 where none is given",
    hints=(
        "What is LossScaler().scale(1)?",
        "Look at the defaults in your signature.",
        "init_scale=2.0**16.",
    ),
    defaults=lambda hyper: {**hyper, "init_scale": 1.0},
)
add(
    "another-default-interval",
    "with a growth_interval of 1000 where none is given",
    hints=(
        "After how many clean steps does LossScaler() grow?",
        "Look at the defaults in your signature.",
        "growth_interval=2000.",
    ),
    defaults=lambda hyper: {**hyper, "growth_interval": 1000},
)


def _step_with_zeros(s: Any, which: int) -> None:
    for group in s.groups[which]:
        for i in group:
            if s.grads[i] is not None:
                s.grads[i] = np.zeros_like(s.grads[i])
    s.descend(which)


def _step_without(s: Any, which: int) -> None:
    for group in s.groups[which]:
        for i in group:
            s.grads[i] = None
    s.descend(which)
