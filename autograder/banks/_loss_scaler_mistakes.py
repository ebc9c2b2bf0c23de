"""What people get wrong in a dynamic loss scaler, and what published scalers do differently."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._loss_scaler_updates import add_update_mistakes
from autograder.judge.contract import Raises
from autograder.judge.variants import Bank
from autograder.oracles.loss_scaler import LARGEST_FLOAT32

BEYOND_FLOAT16 = 65520.0
"""The smallest number that becomes infinite when it is rounded to float16."""

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
    "one-gradient-of-each-shape",
    "whose unscale_ visits one parameter of each shape in a group",
    hints=(
        "Put two parameters of the same shape into a group. Are both gradients divided?",
        "Do you put the parameters into a dict or a set first? What is the key?",
        "Loop over group['params'] itself.",
    ),
    visited=lambda s, which: [i for group in s.groups[which] for i in {s.grads_shape(i): i for i in group}.values()],
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
    "that does not see inf in a gradient",
    hints=(
        "Put float('inf') into a gradient. Is the step skipped?",
        "isnan(inf) is false, and weights are still finite when a gradient is not. What do you look at?",
        "Look at every gradient: torch.isfinite is false for inf and NaN.",
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
    "looks-in-half-precision",
    "that takes every number beyond float16's largest, 65504, for an overflow",
    hints=(
        "A float32 gradient of 100000: is it finite?",
        "In which dtype does your check look at the gradient?",
        "torch.isfinite(p.grad).all(), without a cast.",
    ),
    found_in=lambda grads: any(not (np.abs(grad) < BEYOND_FLOAT16).all() for grad in grads),
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

add_update_mistakes(bank)
