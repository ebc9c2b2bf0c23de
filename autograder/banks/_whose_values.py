"""Whose value of a hyperparameter is used: another group's, that of the time of building, or a default of one's own."""

from __future__ import annotations

from typing import Any

from autograder.judge.contract import built_hyper
from autograder.judge.variants import Bank, Step


def add_values_of_others(bank: Bank, *names: str) -> None:
    """Hyperparameters other than lr that are not read from the group, or not at every step."""
    for name in names:
        kebab = name.replace("_", "-")
        bank.misconception(
            f"constructors-{kebab}",
            f"with the constructor's {name} for every group, at every step",
            hints=(
                f"Two groups have different values of {name}. Do their steps differ?",
                f"self.{name} holds one number from the time of building. Who knows the value of a group?",
                f"Read group[{name!r}] inside step; do not keep a copy on self.",
            ),
            hyper=_from_the_constructor(name),
        )
        add_first_groups(bank, name)
        bank.misconception(
            f"{kebab}-frozen",
            f"with the {name} it was built with, whatever param_groups says later",
            hints=(
                f"Somebody wrote another {name} into param_groups. Did your steps change?",
                f"Where do you read {name}, and when: in step, or once at the start?",
                f"Read group[{name!r}] inside step, each time.",
            ),
            hyper=_as_built(name),
        )


def add_first_groups(bank: Bank, *names: str) -> None:
    """Hyperparameters other than lr that are read from the first group."""
    for name in names:
        bank.misconception(
            f"first-groups-{name.replace('_', '-')}",
            f"with one {name} for every group, the first one's",
            hints=(
                f"Two groups have different values of {name}. Do their steps differ in your run?",
                f"Which group does {name} come from while you update the second group?",
                f"Read group[{name!r}] inside the loop over the groups; param_groups[0] is only one of them.",
            ),
            hyper=_of_the_first(name),
        )


def add_default(bank: Bank, id: str, name: str, value: Any, right: str, more: str = "") -> None:
    """Another default than the task's. right: the task's, as a signature shows it. more: who has the other one."""
    shown = f"({', '.join(map(str, value))})" if isinstance(value, list) else value
    bank.misconception(
        id,
        f"with a default {name} of {shown}{f', {more},' if more else ''} where the task says {right}",
        hints=(
            f"Build the optimizer without {name}. Which value does it use?",
            f"Compare the default of {name} in your signature with the task's.",
            f"{name}={right}.",
        ),
        defaults=lambda hyper: {**hyper, name: value},
    )


def _from_the_constructor(name: str) -> Step:
    return lambda instance, group: {**group["hyper"], name: instance.defaults[name]}


def _of_the_first(name: str) -> Step:
    return lambda instance, group: {**group["hyper"], name: instance.groups[0]["hyper"][name]}


def _as_built(name: str) -> Step:
    def hyper(instance: Any, group: Any) -> dict[str, Any]:
        built = built_hyper(instance, group)
        return {**group["hyper"], **({name: built[name]} if name in built else {})}

    return hyper
