"""The task `accumulate`: what people get wrong. How it is tried is in _accumulate_scenarios."""

from __future__ import annotations

import numpy as np

from autograder.banks._accumulate_divisors import divisor_mistakes
from autograder.banks._accumulate_scenarios import scenarios
from autograder.judge.accumulate_parts import layout, open_parts, say
from autograder.judge.contract import Raises
from autograder.judge.named_parts_task import NamedPartsTask
from autograder.judge.rule import Quantities
from autograder.judge.variants import Bank
from autograder.oracles.accumulate import FORMULA, GRAPH, NOTHING, NUMBER, looped
from autograder.worker.codes import GRADIENTS_OFF, RANDOM_CHANGED

bank = Bank()
add = bank.misconception


divisor_mistakes(bank)


def _first(s: Quantities) -> np.ndarray:
    return np.arange(s.size) == 0


def _before_the_last(s: Quantities) -> np.ndarray:
    return np.arange(s.size) < s.size - 1


def _until_empty(s: Quantities) -> np.ndarray:
    return np.cumsum(s.counts == 0) == 0


def _kept(s: Quantities) -> np.ndarray:
    """How many losses were computed before each one."""
    return np.asarray((np.cumsum(s.used) - s.used) * s.used)


def _one_left_over(s: Quantities) -> np.ndarray:
    """The loss of the micro-batch before is still there when the next is asked for."""
    return np.minimum(_kept(s), 1)


def _last_used(s: Quantities) -> np.ndarray:
    return np.asarray(s.used * (np.cumsum(s.used) == np.sum(s.used)))


def _raises_with_empty(s: Quantities) -> None:
    if (s.counts == 0).any():
        raise Raises


# Which micro-batches.
add(
    "first-only",
    "that stops after the first micro-batch",
    hints=(
        "How often is loss_sum_fn called?",
        "A return stands inside the loop.",
        "Return after the loop.",
    ),
    used=lambda s: _first(s) * 1.0,
)
add(
    "last-dropped",
    "that leaves out the last micro-batch",
    hints=(
        "How often is loss_sum_fn called?",
        "A range or a slice ends too early.",
        "The last micro-batch counts too, even if it is shorter.",
    ),
    used=lambda s: _before_the_last(s) * 1.0,
)
add(
    "short-ones-dropped",
    "that leaves out micro-batches shorter than the first",
    hints=(
        "How often is loss_sum_fn called?",
        "Dropping the incomplete ones throws tokens away and leaves the total wrong.",
        "Every micro-batch counts, whatever its length.",
    ),
    used=lambda s: (s.counts >= s.counts[0]) * 1.0,
)
add(
    "stops-at-empty",
    "that stops at the first empty micro-batch",
    hints=(
        "Put an empty micro-batch in the middle. What becomes of those behind it?",
        "break ends the loop.",
        "Use continue, or nothing: an empty one has a loss of zero.",
    ),
    used=lambda s: _until_empty(s) * 1.0,
)
add(
    "empty-raises",
    "that fails on an empty micro-batch",
    hints=(
        "What do you divide by where a micro-batch has no tokens?",
        "Only the total may be in a denominator.",
        "Divide by the total number of tokens, which is not zero.",
    ),
    fails=_raises_with_empty,
)

# Graphs and calls.
add(
    "every-graph-kept",
    "that keeps the graph of every micro-batch until the end",
    hints=(
        "How many graphs are in memory when the last loss is computed?",
        "Adding up losses and calling backward() once needs the memory of the big batch.",
        "Call backward() inside the loop, once for each micro-batch.",
    ),
    alive=_kept,
)
add(
    "graph-retained",
    "that still holds one graph while it builds the next",
    hints=(
        "How many graphs are in memory when the second loss is computed?",
        "retain_graph=True keeps what backward() would free.",
        "backward() without retain_graph, before the next loss is computed.",
    ),
    alive=_one_left_over,
)
add(
    "last-backward-only",
    "that calls backward() for the last micro-batch alone",
    hints=(
        "How often is backward() called?",
        "Is backward() inside the loop, or behind it?",
        "Indent it: every micro-batch needs its own backward().",
    ),
    backward=_last_used,
    alive=_one_left_over,
)
add(
    "no-backward",
    "that never calls backward()",
    hints=(
        "Print p.grad after your call.",
        "The loss is computed. Who computes the gradients?",
        "Call backward() on every loss.",
    ),
    backward=lambda s: np.zeros(s.size),
    alive=_one_left_over,
)
add(
    "evaluated-twice",
    "that computes every loss twice",
    hints=(
        "Count the calls of loss_sum_fn. How many are needed?",
        "The forward pass is a third of the work of a step. One is for the gradient; what is the other for?",
        "Keep the loss in a variable, and use .item() of it.",
    ),
    calls=lambda s: 2 * s.used,
)

# What is returned.
add(
    "returns-the-sum",
    "that returns the summed loss",
    hints=(
        "Is your result the loss of one token?",
        "What do you add up: loss sums, or loss sums divided by the total?",
        "Return the sum of all losses divided by all tokens.",
    ),
    returned=lambda s: looped(s.used, np.ones(s.size), s.sums),
)
add(
    "returns-last-share",
    "that returns only what the last micro-batch contributes",
    hints=(
        "Compare your result for one micro-batch and for three.",
        "A variable is overwritten in a loop.",
        "Add to it: mean += loss.item().",
    ),
    returned=lambda s: looped(_last_used(s), s.reported_weights, s.sums),
)
add(
    "returns-mean-of-means",
    "that returns the average of the micro-batches' mean losses",
    hints=(
        "Take one micro-batch of 100 tokens and one of 2. How much does each token weigh in what you return?",
        "A mean of means gives every micro-batch the same weight, however few tokens it has.",
        "Add up the loss sums, and divide once by the number of all tokens.",
    ),
    returned=lambda s: looped(s.used, 1 / s.counts / s.size, s.sums),
)
add(
    "returns-mean-over-micro-batches",
    "that divides the returned loss by the number of micro-batches",
    hints=(
        "Cut the same tokens into more micro-batches. Does your result stay what it was?",
        "The shares add up to the mean already.",
        "Return the sum of the shares.",
    ),
    returned=lambda s: looped(s.used, s.reported_weights, s.sums) / s.size,
)
add(
    "returns-divided-twice",
    "that divides the returned loss by the total twice",
    hints=(
        "Is your result much too small?",
        "Each share is divided by the total. What happens at the end?",
        "Divide once.",
    ),
    returned=lambda s: looped(s.used, s.reported_weights, s.sums) / s.total,
)
add(
    "returns-none",
    "that returns nothing",
    hints=(
        "Print what your function returns.",
        "A function without return gives None.",
        "Return the mean loss as a number.",
    ),
    returned=lambda s: np.nan,
    kind=lambda s: NOTHING,
)
add(
    "gradients-left-off",
    "that leaves gradients switched off",
    hints=(
        "Print torch.is_grad_enabled() before and after your call.",
        "torch.set_grad_enabled(False) lasts until somebody undoes it.",
        "Whoever switches gradients off uses with torch.no_grad():.",
    ),
    kind=lambda s: GRADIENTS_OFF,
)
add(
    "random-numbers-changed",
    "that sets a seed of torch's, or draws from its random numbers",
    hints=(
        "Call it twice with a model that has dropout. Are other numbers dropped the second time?",
        "A seed is the caller's to set, and a function that draws shifts whatever is random after it, such as dropout.",
        "Leave out torch.manual_seed and torch.randperm: the micro-batches come in an order already.",
    ),
    kind=lambda s: RANDOM_CHANGED,
)
add(
    "returns-a-graph",
    "that returns a tensor with its graph",
    hints=(
        "Print your result. Does it say grad_fn?",
        "Whoever keeps such losses in a list keeps a graph for each.",
        "Add up loss.item() instead of loss.",
    ),
    kind=lambda s: GRAPH if np.any(s.used) else NUMBER,
)


TASK = NamedPartsTask(
    "accumulate",
    module="course_lib/training/accumulation.py",
    formula=FORMULA,
    bank=bank,
    draw=scenarios,
    layout=layout,
    path=("grads",),
    exact=("kind", "calls", "alive", "counted"),
    ignored=open_parts,
    say=say,
)
