"""What can be said about a wrong train_until_grok from its numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.grok_task import FLAGS, _places, shown
from autograder.worker.players.grok import (
    ABSENT,
    FALSE,
    FIRSTS,
    LISTS,
    LOOKS,
    LR,
    LR_AND_SETTING,
    NOWHERE,
    ODD,
    SETTING,
    TRUE,
)

WHAT = {"train_loss": "training loss", "val_loss": "validation loss", "train_acc": "training accuracy"}
WHAT |= {"val_acc": "validation accuracy"}


def explain_watch(mine: np.ndarray, right: np.ndarray, fine: np.ndarray, scenario: Scenario) -> str:
    """One or two sentences about the first difference."""
    name, where = shown(scenario), _places(scenario)
    at = {key: mine[place] for key, place in where.items()}
    due = {key: right[place] for key, place in where.items()}
    good = {key: fine[place] for key, place in where.items()}
    if at["no_dict"][0] != 0:
        return f"{name} did not return a dict."
    missing = [item for item in LISTS if at[f"{item}_count"][0] < 0]
    missing += [item for item in FIRSTS if at[item][0] == ABSENT]
    if missing:
        return f'{name}: the dict has no "{missing[0]}".' if missing[0] in FIRSTS else _no_list(name, missing[0])
    told = _modes(at) or _training(at, due, good, scenario)
    return f"{name}: {told or _curves(at, due, good) or _firsts(at, due, good) or _flags(at, good)}"


def _no_list(name: str, missing: str) -> str:
    return f'{name}: the dict has no list "{missing}".'


def _training(at: Any, due: Any, good: Any, scenario: Scenario) -> str:
    updates, wanted = at["updates"][0], due["updates"][0]
    if updates != wanted:
        seen = _wrong_entry(at, due, good)
        if seen and not good["steps"].all():
            return seen
        made = "1 update was" if updates == 1 else f"{updates:.0f} updates were"
        return f"{made} made, where {wanted:.0f} {'is' if wanted == 1 else 'are'} right.{_stopped(at, due)}"
    width = np.array(scenario.program["tables"][0]).size
    fine, mine, right = (part["gradients"].reshape(-1, width) for part in (good, at, due))
    both = ~np.isnan(mine[:, 0]) & ~np.isnan(right[:, 0])
    wrong = np.flatnonzero(both & ~fine.all(axis=1))
    if wrong.size:
        k = int(wrong[0])
        left = np.array(scenario.program["left"], dtype=float).ravel()
        before = mine[k - 1] if k else (left if left.size else np.zeros(width))
        return f"at update {k + 1} the gradient {_gradient(mine[k], right[k], before, k)}"
    lost = np.flatnonzero(np.isnan(mine[:, 0]) & ~np.isnan(right[:, 0]))
    return f"at update {int(lost[0]) + 1} there was no gradient." if lost.size else ""


def _stopped(at: Any, due: Any) -> str:
    """What validation accuracy says about a run that was too short or too long."""
    seen = at["val_acc"][~np.isnan(at["val_acc"])]
    if at["updates"][0] < due["updates"][0]:
        return (
            f" Your last val_acc is {seen[-1]:.3g}, and below 0.99 the run goes on."
            if seen.size and seen[-1] < 0.99
            else ""
        )
    return "" if np.isnan(due["grokked"][0]) else f" At step {due['grokked'][0]:g} validation accuracy is 0.99 or more."


def _gradient(mine: np.ndarray, right: np.ndarray, before: np.ndarray, k: int) -> str:
    if np.isnan(mine).any():
        return "was there for some parameters only."
    if not np.any(mine):
        return "was zero."
    factor = float(mine @ right / (right @ right))
    if np.allclose(mine, factor * right, rtol=1e-5, atol=1e-6 * np.abs(mine).max()):
        return f"was {factor:.4g} × that of the mean loss of the training set."
    if np.any(before) and np.allclose(mine, before + right, rtol=1e-5, atol=1e-7):
        return f"was the right one plus {'that of the update before' if k else 'what .grad held before the call'}."
    off = float(np.linalg.norm(mine - right) / np.linalg.norm(right))
    share = f"{100 * off:.2g}" if off < 0.995 else f"{100 * off:.0f}"
    return f"was not that of the mean loss of the training set in train mode; they differ by {share} %."


def _curves(at: Any, due: Any, good: Any) -> str:
    steps, wanted = (values["steps"][~np.isnan(values["steps"])] for values in (at, due))
    if not good["steps"].all():
        return f'"steps" is {_numbers(steps)}; right is {_numbers(wanted)}.'
    for item in LISTS[1:]:
        if at[f"{item}_count"][0] != due[f"{item}_count"][0]:
            return f'"{item}" has {at[f"{item}_count"][0]:.0f} entries; it needs one for each of the {len(wanted)} logged steps.'
        seen = _wrong_entry(at, due, good, [item])
        if seen:
            return seen
    return ""


def _wrong_entry(at: Any, due: Any, good: Any, items: Sequence[str] = LISTS[1:]) -> str:
    """The first number of a list that is not that of its step."""
    for item in items:
        bad = np.flatnonzero(~good[item] & good["steps"] & ~np.isnan(due["steps"]) & ~np.isnan(at["steps"]))
        if bad.size:
            i = int(bad[0])
            what = f"at step {due['steps'][i]:.0f} the {WHAT[item]}"
            return f"{what} is {_unlike(at[item][i], due[item][i])}{_factor(at[item], due[item])}"
    return ""


def _unlike(mine: float, right: float) -> str:
    """Both numbers, with digits enough to tell them apart."""
    digits = next((n for n in range(5, 15) if f"{mine:.{n}g}" != f"{right:.{n}g}"), 15)
    rounded = any(abs(mine - round(right, n)) < 1e-12 for n in range(1, 7) if np.isfinite(right))
    return f"{mine:.{digits}g}; right is {right:.{digits}g}.{' Is it rounded?' if rounded else ''}"


def _factor(mine: np.ndarray, right: np.ndarray) -> str:
    """Where all of a list is one multiple of what is right, which one."""
    both = np.isfinite(mine) & np.isfinite(right) & (right != 0)
    ratios = mine[both] / right[both]
    if ratios.size < 2 or not np.allclose(ratios, ratios[0], rtol=1e-4) or abs(ratios[0] - 1) < 1e-3:
        return ""
    return f" All of the list is {ratios[0]:.4g} × what is right."


def _firsts(at: Any, due: Any, good: Any) -> str:
    bad = next((name for name in FIRSTS if not good[name][0]), None)
    if bad is None:
        return ""
    return f'"{bad}" is {_first(at[bad][0])}; right is {_first(due[bad][0])}.{_accuracies(bad, at, due)}'


def _accuracies(name: str, at: Any, due: Any) -> str:
    """What the logged accuracy was at the two steps."""
    what = {"memorised": "train_acc", "grokked": "val_acc"}[name]
    known = dict(zip(due["steps"], due[what], strict=True))
    told = [step for step in (at[name][0], due[name][0]) if step in known and not np.isnan(step)]
    said = " and ".join(f"{known[step]:.3g} at step {step:g}" for step in told)
    return f" {what} is {said}." if told else ""


def _first(value: float) -> str:
    if np.isnan(value):
        return "None"
    return {TRUE: "True", FALSE: "False", ODD: "not a number"}.get(float(value), f"{value:g}")


def _flags(at: Any, good: Any) -> str:
    bad = next((name for name in FLAGS if not good[name][0]), "")
    return {
        "training": "the model is left in eval mode; put it back into train mode.",
        "graphs": "evaluating recorded gradients, which costs memory; do it under torch.no_grad().",
        "left_back": _left(at["left_back"][0], at["updates"][0]),
        "frozen": "the model's parameters require no gradients when you return; leave them as they are.",
        "idle": "the model was run in train mode without gradients. That moves running statistics; look in eval mode.",
        "stale": "a look used running statistics that are not those of the model's passes in train mode.",
        "repeated": "two steps drew the same random numbers, so dropout would be the same in both. Who set the generator back?",
        "earlier_changed": "the dict that an earlier run had returned has changed. Make new lists in every run.",
        "optimizer_changed": f"the optimizer's {_what_changed(at['optimizer_changed'][0])} changed; only its step() may do that.",
        "gradients_off": 'gradients are switched off when you return; "with torch.no_grad():" switches them on again.',
        "seed_set": "torch's global generator was given a seed; leave it as it is.",
        "data_changed": "the data changed; leave them as they are.",
        "not_floats": f"{at['not_floats'][0]:.0f} entries of the lists are not plain Python numbers.",
    }.get(bad, "")


def _what_changed(code: float) -> str:
    names = {LR: "learning rate", SETTING: "settings (not the learning rate)"}
    return (names | {LR_AND_SETTING: "learning rate and other settings"}).get(float(code), "state")


def _modes(at: Any) -> str:
    if not at["mixed"][0]:
        return ""
    when = "look" if at["mixed"][0] == LOOKS else "step"
    return (
        f"in a {when} the model was in one mode and a part of it in the other. "
        "model.eval() and model.train() switch the model and all its parts."
    )


def _left(back: float, updates: float) -> str:
    if back == NOWHERE:
        return "the model that you leave is not the one that the last step made; nothing but steps may change it."
    return f"the model that you leave is that of step {updates - back:.0f}, though {updates:.0f} steps were made."


def _numbers(values: np.ndarray) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:8])
    return f"[{shown}{', …' if len(values) > 8 else ''}]"
