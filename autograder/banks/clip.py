"""The task `clip`: how it is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks._clip_norms import norm_mistakes, seen_where
from autograder.banks._clip_scenarios import scenarios
from autograder.judge.clip_parts import layout, nonfinite_is_open, say
from autograder.judge.contract import Raises
from autograder.judge.named_parts_task import NamedPartsTask
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank, Step
from autograder.oracles.clip import FORMULA, NOTHING, NUMBER, TENSOR
from autograder.worker.codes import GRADIENTS_OFF

TORCH_EPSILON = 1e-6

bank = Bank()
add = bank.misconception

bank.convention(
    "torch-epsilon",
    "1e-6 added to the norm in the denominator",
    source="torch.nn.utils.clip_grad_norm_",
    divisor=lambda s: s.norm + TORCH_EPSILON,
)
bank.convention(
    "small-epsilon",
    "a constant below 1e-6 added to the norm in the denominator",
    source="torch.nn.utils.clip_grad_norm_, with another constant",
    divisor=lambda s: s.norm + TORCH_EPSILON / 2,
    rtol=lambda s: TORCH_EPSILON / 2 / max(s.norm, 1e-30),
)


def _raises_if(when: Step) -> Step:
    def fails(s: Quantities) -> None:
        if when(s):
            raise Raises

    return fails


def _with_gradient(s: Quantities) -> list[int]:
    return [i for i, grad in enumerate(s.all) if grad is not None]


def _nan_at_zero(s: Quantities) -> float:
    return float(min(s.ratio, 1.0)) if s.norm != 0 else np.nan


norm_mistakes(bank)

# What is done with it.
add(
    "always-rescales",
    "that always scales to max_norm, also when the norm is smaller",
    hints=(
        "Gradients of norm 0.5 and max_norm = 2: what is their norm after your call?",
        "Clipping only ever makes gradients shorter.",
        "The factor is at most 1.",
    ),
    factor=lambda s: s.ratio,
)
add(
    "max-for-min",
    "with max in place of min",
    hints=(
        "Gradients of norm 0.5 and max_norm = 2: what is their norm after your call? And with norm 8?",
        "Should the factor be at most 1 or at least 1?",
        "min(1, max_norm / norm), which is clamp(max=1).",
    ),
    factor=lambda s: max(s.ratio, 1.0),
)
add(
    "ratio-inverted",
    "with the ratio upside down",
    hints=(
        "Gradients of norm 8 and max_norm = 2: by what do you multiply?",
        "Which of the two numbers is the numerator?",
        "The factor is max_norm / norm.",
    ),
    ratio=lambda s: s.divisor / s.max_norm if s.max_norm else np.inf,
)
add(
    "not-clipped",
    "that leaves the gradients as they are",
    hints=(
        "Is p.grad different after your call?",
        "g = g * factor makes a new tensor, and p.grad never hears of it.",
        "Change it in place: p.grad.mul_(factor).",
    ),
    scale=lambda s: lambda grad: grad,
)
add(
    "scaled-to-one",
    "that scales gradients that are too long to norm 1",
    source="normalising in place of clipping",
    hints=(
        "Gradients of norm 8 and max_norm = 2: what is their norm after your call?",
        "By what do you divide, and where does max_norm come in?",
        "Multiply by max_norm / norm.",
    ),
    factor=lambda s: 1 / s.divisor if s.norm > s.max_norm else 1.0,
)
add(
    "set-to-zero",
    "that sets gradients that are too long to zero",
    hints=(
        "What is left of a gradient that is too long?",
        "Skipping a step is another remedy. Clipping keeps the direction.",
        "Multiply by max_norm / norm instead of by zero.",
    ),
    scale=lambda s: lambda grad: grad * (s.ratio >= 1),
)
add(
    "factor-twice",
    "that applies the factor twice",
    hints=(
        "What is the norm of the gradients after your call?",
        "Count how often each gradient is multiplied.",
        "Multiply every gradient once.",
    ),
    scale=lambda s: lambda grad: grad * s.factor**2,
)
add(
    "factor-root",
    "with a root over the factor",
    hints=(
        "What is the norm of the gradients after your call?",
        "A root belongs into the norm, not around the ratio.",
        "The factor is max_norm / norm.",
    ),
    ratio=lambda s: np.sqrt(s.max_norm / s.divisor) if s.divisor else np.inf,
)
add(
    "sign-flipped",
    "that turns the gradients round",
    hints=(
        "Does your gradient still point uphill?",
        "There is a minus too many.",
        "Multiply by a positive factor.",
    ),
    scale=lambda s: lambda grad: -grad * s.factor,
)
add(
    "max-norm-ignored",
    "that clips to 1 whatever max_norm is",
    hints=(
        "Call it with max_norm = 0.1. What is the norm afterwards?",
        "Where does max_norm appear in your factor?",
        "The factor is max_norm / norm.",
    ),
    ratio=lambda s: 1.0 / s.divisor if s.divisor else np.inf,
)
add(
    "first-clipped-only",
    "that clips only the first gradient",
    hints=(
        "Which gradients are different after your call?",
        "A return or a break stands inside the loop.",
        "Multiply in the loop, return after it.",
    ),
    targets=lambda s: [i == _with_gradient(s)[0] if _with_gradient(s) else False for i in range(len(s.all))],
)
add(
    "only-the-long-ones",
    "that scales only the gradients which are longer than max_norm by themselves",
    hints=(
        "Two gradients, a long one and a short one: is their ratio the same after your call?",
        "One comparison decides for all gradients. How many do you make?",
        "Compare the norm of all gradients with max_norm, then multiply every one of them.",
    ),
    scale=lambda s: lambda grad: grad * (s.factor if np.linalg.norm(grad) > s.max_norm else 1.0),
)
add(
    "own-factors-together",
    "that makes one comparison for all gradients, and then scales each by its own norm",
    hints=(
        "Two gradients, a long one and a short one: is their ratio the same after your call?",
        "Which norm do you divide by: the one that you compared, or each gradient's own?",
        "One norm over all gradients, then one factor for all of them.",
    ),
    scale=lambda s: lambda grad: grad * (s.max_norm / max(float(np.linalg.norm(grad)), 1e-300) if s.ratio < 1 else 1.0),
)
add(
    "parameters-clipped",
    "that scales the parameters in place of their gradients",
    hints=(
        "Compare the model's weights before and after your call.",
        "Is it p or p.grad that you multiply?",
        "p.grad.mul_(factor).",
    ),
    after=lambda s: s.all,
    params=lambda s: [np.array(v) * (s.factor if s.all[i] is not None else 1.0) for i, v in enumerate(s.init)],
)
add(
    "gradient-replaced",
    "that puts a new tensor into p.grad",
    hints=(
        "Keep a reference to p.grad, call your function, and look at the reference.",
        "The trailing underscore of clip_grad_norm_ is a promise.",
        "Use p.grad.mul_(factor), without assigning to p.grad.",
    ),
    views=lambda s: s.all,
)

# What is returned.
add(
    "returns-norm-afterwards",
    "that returns the norm after clipping",
    hints=(
        "Could a caller see from your result that a batch was bad?",
        "After clipping the norm is never above max_norm, so it says little.",
        "Compute the norm once, before you change anything, and return that.",
    ),
    returned=lambda s: s.norm * s.factor,
)
add(
    "returns-factor",
    "that returns the factor",
    hints=(
        "What is your result for gradients that are not clipped?",
        "Which number would you log during training?",
        "Return the norm before clipping.",
    ),
    returned=lambda s: s.factor,
)
for id, always in (("returns-none", True), ("returns-none-at-the-end", False)):
    add(
        id,
        "that returns nothing",
        hints=(
            "Print what your function returns.",
            "A function without return gives None.",
            "Return the norm before clipping.",
        ),
        returned=lambda s, always=always: np.nan if always or s.counted else s.norm,
        kind=lambda s, always=always: NOTHING if always or s.counted else TENSOR,
    )
add(
    "returns-a-float",
    "that returns a Python number in place of a tensor",
    hints=(
        "What is the type of your result?",
        ".item() waits for the GPU to finish; a tensor does not.",
        "Return the norm as a tensor, without .item() or float().",
    ),
    kind=lambda s: NUMBER,
)
add(
    "gradients-left-off",
    "that leaves gradients switched off",
    hints=(
        "Print torch.is_grad_enabled() before and after your call.",
        "torch.set_grad_enabled(False) lasts until somebody undoes it.",
        "Use with torch.no_grad(): or the decorator @torch.no_grad().",
    ),
    kind=lambda s: TENSOR if s.no_grad else GRADIENTS_OFF,
)
add(
    "returns-the-square",
    "that returns the squared norm",
    hints=(
        "A single gradient (3, 4): what do you return?",
        "Is the root taken before you return?",
        "Return the norm, not its square.",
    ),
    returned=lambda s: s.norm**2,
)
add(
    "hides-what-is-not-finite",
    "that hides a norm of inf or NaN",
    hints=(
        "One gradient has an inf or a NaN in it. What do you return?",
        "Something replaces numbers that are not finite.",
        "Leave them: the caller decides by the returned norm whether to skip the step.",
    ),
    returned=lambda s: s.norm if np.isfinite(s.norm) else 0.0,
)

# Special cases.
add(
    "none-raises",
    "that fails where a parameter has no gradient",
    hints=(
        "What is p.grad of a parameter that the loss does not depend on?",
        "None has no norm.",
        "Leave out parameters whose p.grad is None.",
    ),
    fails=_raises_if(lambda s: any(grad is None for grad in s.all)),
)
add(
    "no-gradients-raise",
    "that fails where no parameter has a gradient",
    hints=(
        "Call it before the first backward().",
        "torch.stack and torch.cat do not take an empty list.",
        "Return torch.tensor(0.0) where there are no gradients.",
    ),
    fails=_raises_if(lambda s: all(grad is None for grad in s.all)),
)
add(
    "stops-at-none",
    "that stops at the first parameter without a gradient",
    hints=(
        "Parameters before one without gradient are right. And those behind it?",
        "break and return end the whole loop.",
        "Use continue.",
    ),
    seen=seen_where(lambda s, i, grad: all(earlier is not None for earlier in s.all[:i])),
)
add(
    "generator-used-up",
    "that goes through a generator twice",
    hints=(
        "Call it with model.parameters(), without list(...).",
        "A generator gives its parameters once. The second loop finds nothing.",
        "Put params = list(params) first.",
    ),
    reached=lambda s: s.form != "generator",
)
add(
    "generator-refused",
    "that fails on a generator",
    hints=(
        "Call it with model.parameters(), without list(...).",
        "A generator has no length and no index.",
        "Put params = list(params) first.",
    ),
    fails=_raises_if(lambda s: s.form == "generator"),
)
add(
    "tensor-taken-apart",
    "that takes a single parameter apart into its rows",
    hints=(
        "Call it with one parameter in place of a list.",
        "Looping over a tensor gives its rows, and rows have no .grad.",
        "If params is a tensor, make it [params].",
    ),
    given=lambda s: s.form != "single",
)
add(
    "tensor-refused",
    "that fails on a single parameter",
    hints=(
        "Call it with one parameter in place of a list.",
        "Looping over a tensor gives its rows, and rows have no .grad.",
        "If params is a tensor, make it [params].",
    ),
    fails=_raises_if(lambda s: s.form == "single"),
)
add(
    "nan-at-zero",
    "that divides zero by zero where all gradients are zero",
    hints=(
        "Call it with gradients that are all zero.",
        "What is 0/0?",
        "max_norm / norm may be infinite before you cut it off at 1; 0/0 may not happen.",
    ),
    factor=_nan_at_zero,
)


TASK = NamedPartsTask(
    "clip",
    module="course_lib/training/clipping.py",
    formula=FORMULA,
    bank=bank,
    draw=scenarios,
    layout=layout,
    path=("grads",),
    exact=("kind", "changed"),
    ignored=nonfinite_is_open,
    say=say,
    ready_made=("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grads_with_norm_"),
)
