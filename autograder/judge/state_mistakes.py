"""Mistakes that any optimizer with a state can make: whose state it is, how long it lives, and what its step count counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.judge.variants import Variant, misconception

if TYPE_CHECKING:
    from autograder.judge.simulate import Instance

STATES = [
    misconception(
        "state-shared",
        "with one state shared by all parameters",
        (
            "Is the first parameter right and the second wrong?",
            "How many state entries do you keep for a model with four parameters?",
            "Keep state per parameter: self.state[p].",
        ),
        slot=lambda which, i, shape: "all",
    ),
    misconception(
        "state-by-shape",
        "with one state for all parameters of the same shape",
        (
            "Which parameters are wrong? Compare their shapes.",
            "What is the key under which you keep a parameter's state?",
            "Two parameters can have equal shapes; use the parameter itself as the key.",
        ),
        slot=lambda which, i, shape: tuple(shape),
    ),
    misconception(
        "state-on-the-class",
        "with state kept outside the optimizer object, so that a second optimizer shares the first one's",
        (
            "Two optimizers ran side by side. Did they disturb each other?",
            "A dict in the class body, at the top of the file or as a default argument exists once, for all optimizers.",
            "Create state per optimizer; torch's Optimizer already gives you self.state.",
        ),
        class_state=lambda: None,
    ),
    misconception(
        "state-lost",
        "that starts from an empty state after load_state_dict",
        (
            "The run was saved and loaded. What did the optimizer remember?",
            "state_dict() saves self.state and self.param_groups. Where do you keep your state?",
            "Keep everything that must survive in self.state[p].",
        ),
        reload=lambda fresh: (fresh.state.clear(), fresh.clocks.clear()),
    ),
    misconception(
        "state-not-kept",
        "that starts every step from an empty state: what it computes is never stored",
        (
            "Print the state before a parameter's second step. What is in it?",
            "v = a * v + b makes a new tensor. Who still holds the old one?",
            "Change the tensor in self.state[p] in place, with mul_ and add_, or store the new one there.",
        ),
        slot=lambda which, i, shape: object(),
    ),
]

CLOCKS = [
    misconception(
        "clock-counts-updates",
        "with a step count that grows with every parameter instead of every step",
        (
            "Is the first parameter's first update right, and the second's not?",
            "By how much does your t grow during one step of a model with four parameters?",
            "Each parameter needs its own count of updates.",
        ),
        clock=lambda instance: instance.clocks["all"],
    ),
    misconception(
        "clock-on-the-class",
        "with one step count for all optimizers of the class",
        (
            "Two optimizers ran side by side. Which t did the second one start with?",
            "A number in the class body, or a global one, exists once, for all optimizers.",
            "Keep the step count in self.state[p], beside the averages.",
        ),
        class_clock=lambda clocks, key: clocks["step"],
    ),
    misconception(
        "memory-on-the-class",
        "with averages and step counts kept outside the optimizer object: a second optimizer starts with the first one's",
        (
            "Two optimizers ran side by side. Did they disturb each other?",
            "A dict in the class body, at the top of the file or as a default argument exists once, for all optimizers.",
            "Create state per optimizer; torch's Optimizer already gives you self.state.",
        ),
        class_state=lambda: None,
        class_clock=lambda clocks, key: clocks[key],
    ),
    misconception(
        "clock-lost",
        "that starts counting steps again after load_state_dict",
        (
            "The run was saved and loaded. What is t on the next step?",
            "state_dict() saves self.state and self.param_groups. Is your step count in one of them?",
            "Keep the step count in self.state[p], beside the moments.",
        ),
        reload=lambda fresh: fresh.clocks.clear(),
    ),
    misconception(
        "moments-lost",
        "that keeps its step count but loses its averages on load_state_dict",
        (
            "The run was saved and loaded. Which part of the state survived?",
            "Averages kept in a plain dict on self are not part of state_dict().",
            "Keep every average in self.state[p].",
        ),
        reload=lambda fresh: fresh.state.clear(),
    ),
]


def _group_clock(instance: Instance, group: dict[str, Any]) -> dict[str, Any]:
    """Counts a step of a group with its first update in it; the count is what the parameter's clock then shows."""
    key = "live", instance.number_of(group)
    clocks: dict[Any, Any] = instance.clocks
    step, (seen, count) = clocks["step"], clocks.get(key, (0, 0))
    count += seen != step
    clocks[key], clocks["live"] = (step, count), count
    hyper: dict[str, Any] = group["hyper"]
    return hyper


GROUP_CLOCK = Variant(
    "group-clock",
    "one step count for all parameters of a group, which counts the steps in which one of them has a gradient",
    "convention",
    {"hyper": _group_clock, "clock": lambda instance: instance.clocks["live"]},
    source="code with lists of tensors, which skips a group without gradients before it counts",
)
STEP_CLOCK = Variant(
    "step-clock",
    "one step count for all parameters, so a parameter that missed a step still counts it",
    "convention",
    {"clock": lambda instance: instance.clocks["step"]},
    source="NVIDIA Apex FusedAdam; pytorch_optimizer (group['step'])",
)
