"""The first step at which an optimizer run leaves the right path: which numbers leave it, and what their moves equal."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.explain import context_of
from autograder.judge.factors_in_words import factor_in_words, group_hypers

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import OptimizerTask

EXACT = 1e-5
NEARLY = 0.01
HARDLY = 1e-3
CONSTANT = "one"
"""What is the same for every number."""


class DifferentPath:
    """The first difference between two paths."""

    def __init__(self, task: OptimizerTask, evidence: Evidence, expected: Expected, scenario: Scenario):
        self.task, self.scenario = task, scenario
        program = scenario.program
        wrong = ~close(evidence.values, expected)
        wrong[~task.part("path", scenario)] = False
        self.wrong = task.path(wrong.astype(float), scenario) > 0
        with np.errstate(invalid="ignore", over="ignore"):
            self.before = task.before(evidence.values, scenario)
            self.moves = task.moves(evidence.values, scenario)
            self.right = task.moves(expected.values, scenario)
        self.step = int(np.argmax(self.wrong.any(axis=1)))
        steps = [number for number, event in enumerate(program["events"]) if event[0] in ("step", "closure")]
        self.events = [program["events"][number] for number in steps]
        self.event_number = steps[self.step]
        before = steps[self.step - 1] if self.step else -1
        unseen = [number for number, event in enumerate(program["events"]) if event[0] == "unseen"]
        self.number = self.step + 1 + sum(number < self.event_number for number in unseen)
        self.unseen = sum(before < number < self.event_number for number in unseen)
        sizes = [int(np.prod(shape, dtype=int)) for shape in program["shapes"]]
        edges = np.cumsum([0, *sizes])
        self.columns = [np.arange(edges[i], edges[i + 1]) for i in range(len(sizes))]
        self.bad = [i for i, columns in enumerate(self.columns) if self.wrong[self.step][columns].any()]
        self.groups = [
            (which, position, group["params"])
            for which, instance in enumerate(program["instances"])
            for position, group in enumerate(instance["groups"])
        ]

    def explain(self) -> str:
        """One or two sentences: when, who, what, and what was special about these parameters."""
        first = self.wrong[self.step]
        if not np.isfinite(self.moves[self.step][first]).all():
            return self._not_finite(first)
        if not np.any(self.moves):
            return f"No parameter moved{context_of(self.scenario)}."
        said = f"{self._where()}, {self._who(first)}"
        if not np.any(self.moves[self.step][first]) and np.any(self.right[self.step][first]):
            return f"{said} did not move, but should.{self._history()}"
        return f"{said} {self._what()}{self._history()}"

    def _where(self) -> str:
        context = context_of(self.scenario)
        if self.step == 0:
            return f"On the first step{context}"
        if self.unseen:
            return f"Right until step {self.number - 1 - self.unseen}; from there to step {self.number}{context}"
        return f"Right until step {self.number - 1}; on step {self.number}{context}"

    def _not_finite(self, first: np.ndarray) -> str:
        lost = first & ~np.isfinite(self.moves[self.step])
        grads = self._gradient(self.step)
        zero = grads is not None and not np.any(grads[lost])
        who = (
            "your parameters"
            if lost[first].all() and first.all()
            else f"{lost.sum()} of the {lost.size} numbers of your parameters"
        )
        return (
            f"{self._where()}, {who} are not finite numbers any more (NaN or infinite)."
            f"{' The gradient is zero there: is something divided by zero?' if zero else ''}"
        )

    def _who(self, wrong: np.ndarray) -> str:
        """The parameters that differ; where only some of their numbers do, how many, and what those have in common."""
        shapes, bad = self.scenario.program["shapes"], self.bad
        inside = np.concatenate([self.columns[i] for i in bad])
        home = next((group for group in self.groups if sorted(group[2]) == bad), None)
        several = len({group[0] for group in self.groups}) == 1 and len(self.groups) > 1
        chosen = wrong[inside]
        each = "every parameter" if chosen.all() else "all parameters"
        if len(bad) == len(shapes):
            who = each if len(shapes) > 1 else "the parameter"
        elif several and home is not None and len(bad) > 1:
            who = f"{each} of the {_ordinal(home[1])} group"
        else:
            tiles = self.scenario.program.get("tiles", 1)
            named = [f"{i + 1} ({_shape(shapes[i], tiles)})" for i in bad]
            listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
            who = f"parameter{'s' if len(bad) > 1 else ''} {listed} of {len(shapes)}"
        if chosen.all():
            return who
        common = self._in_common(inside, chosen)
        return f"{chosen.sum()} of the {chosen.size} numbers of {who}{f', {common},' if common else ''}"

    def _in_common(self, inside: np.ndarray, wrong: np.ndarray) -> str:
        """What the wrong numbers are and the right ones are not; "" where there are too few to tell."""
        if wrong.sum() < 3 or (~wrong).sum() < 3:
            return ""
        param, grads = self.before[self.step][inside], self._gradient(self.step)
        kinds = {"those with a positive parameter": param > 0, "those with a negative parameter": param < 0}
        if grads is not None and not np.isnan(grads[inside]).any():
            grad = grads[inside]
            kinds["those with a positive gradient"], kinds["those with a negative gradient"] = grad > 0, grad < 0
            kinds["those with a gradient of zero"] = grad == 0
            kinds["those whose gradient and parameter have one sign"] = grad * param > 0
            kinds["those whose gradient and parameter have opposite signs"] = grad * param < 0
            size = np.abs(grad)
            if size[wrong].min() > size[~wrong].max():
                kinds["those with the largest gradients"] = wrong
            if size[wrong].max() < size[~wrong].min():
                kinds["those with the smallest gradients"] = wrong
        return next((name for name, chosen in kinds.items() if np.array_equal(chosen, wrong)), "")

    def _what(self) -> str:
        """The wrong move as a multiple of the right one, or their difference as a multiple of something known."""
        chosen = self.wrong[self.step]
        mine, right = self.moves[self.step][chosen], self.right[self.step][chosen]
        ratio = _multiple(mine, right)
        if ratio is not None:
            if abs(ratio + 1) < EXACT:
                return "moved the right distance in the opposite direction."
            known = self._known(ratio)
            return f"moved {_times(ratio)} the right update{f', which is {known}' if known else ''}."
        if self.unseen:
            return self._by_numbers(mine, right, chosen)
        if np.abs(mine).max() < HARDLY * np.abs(right).min():
            return (
                f"moved by {np.abs(mine).max():.4g} at most where {np.abs(right).min():.4g} or more is right. "
                "Is something clamped or clipped?"
            )
        ingredients = self._ingredients(chosen)
        for name, values in ingredients:
            factor = _multiple(mine - right, values)
            if factor is not None:
                known = self._known(abs(factor))
                return f"moved by the right update{_term(factor, name)}{f', which is {known}' if known else ''}."
        return (
            self._each_by_its_own_factor(chosen, ingredients)
            or self._two_terms(mine - right, ingredients)
            or self._by_numbers(mine, right, chosen)
        )

    def _two_terms(self, difference: np.ndarray, ingredients: list[tuple[str, np.ndarray]]) -> str:
        """The difference as a sum of multiples of two known things, where it has numbers enough to tell."""
        if difference.size < 5:
            return ""
        for (one, x), (two, y) in combinations(ingredients, 2):
            known = np.stack([x, y], axis=1)
            if not np.isfinite(known).all():
                continue
            factors, _, rank, _ = np.linalg.lstsq(known, difference, rcond=None)
            if rank == 2 and np.abs(known @ factors - difference).max() <= EXACT * np.abs(difference).max():
                names = [self._known(abs(factor)) for factor in factors]
                terms = [
                    f"{_term(factor, name)}{f' ({what})' if what else ''}"
                    for factor, name, what in zip(factors, (one, two), names, strict=True)
                ]
                return f"moved by the right update{''.join(terms)}."
        return ""

    def _each_by_its_own_factor(self, chosen: np.ndarray, ingredients: list[tuple[str, np.ndarray]]) -> str:
        """Where the factor differs from parameter to parameter: of the right update, else of something known."""
        mine, right = self.moves[self.step][chosen], self.right[self.step][chosen]
        home = np.concatenate([np.full(columns.size, i) for i, columns in enumerate(self.columns)])[chosen]
        for name, values, base in (
            ("the right update", mine, right),
            *((name, mine - right, base) for name, base in ingredients),
        ):
            factors = {i: _multiple(values[home == i], base[home == i]) for i in self.bad}
            if any(factors[i] is None and (home == i).sum() > 1 for i in self.bad):
                continue
            found = [(i, factor) for i, factor in factors.items() if factor is not None]
            if len(found) > 1:
                listed = " and ".join(f"{_digits(factor)} × in parameter {i + 1}" for i, factor in _two_unlike(found))
                extra = "" if name == "the right update" else "the right update plus "
                each = "a constant of its own" if name == CONSTANT else f"different multiples of {name}"
                return f"moved by {extra}{each}: {listed.replace(' ×', '') if name == CONSTANT else listed}."
        return ""

    def _by_numbers(self, mine: np.ndarray, right: np.ndarray, chosen: np.ndarray) -> str:
        off = np.abs(mine - right) / np.maximum(np.abs(right), 1e-300)
        if off.max() < NEARLY:
            return f"moved nearly right, off by {100 * off.max():.2g} % at most.{self._rounded(mine - right)}"
        i = int(np.argmax(np.abs(mine - right)))
        column = int(np.flatnonzero(chosen)[i])
        home = next(number for number, columns in enumerate(self.columns) if column in columns)
        place = f"number {column - self.columns[home][0] + 1} of " if self.columns[home].size > 1 else ""
        where = f"{place}parameter {home + 1}" if len(self.columns) > 1 else place.removesuffix(" of ")
        if not where:
            return f"moved by {mine[i]:.5g} where {right[i]:.5g} is right."
        return f"moved by something else than is right: {where} by {mine[i]:.5g}, not by {right[i]:.5g}."

    def _rounded(self, off: np.ndarray) -> str:
        """Rounding shows from the first step on, in every parameter, and goes both ways."""
        everywhere = len(self.bad) == len(self.columns) and self.step == 0 and off.size > 2
        return " Is something rounded?" if everywhere and off.min() < 0 < off.max() else ""

    def _history(self) -> str:
        """What happened to the wrong parameters, and to no other, on this step or an earlier one; whether lr is 0 now."""
        if self._lr_is_zero():
            return " The learning rate is 0 on this step."
        if len(self.bad) == len(self.columns):
            return ""
        for step in range(self.step, -1, -1):
            event = self.events[step]
            if event[0] != "step" or event[1] != self.events[self.step][1]:
                continue
            grads = dict(zip(self._order(event[1]), event[2], strict=True))
            lacking = sorted(i for i, grad in grads.items() if grad is None)
            zero = sorted(i for i, grad in grads.items() if grad is not None and not np.any(grad))
            it = "It" if len(self.bad) == 1 else "They"
            when = "on this step" if step == self.step else f"on step {step + 1}"
            if lacking == self.bad:
                return f" {it} had no gradient {when}."
            if zero == self.bad:
                return f" {it} had a gradient of zero {when}."
        return ""

    def _lr_is_zero(self) -> bool:
        return all(self._hypers(which)[position][1].get("lr") == 0 for which, position in self._homes())

    def _homes(self) -> set[tuple[int, int]]:
        """The optimizers and groups of wrong parameters, by number."""
        return {group[:2] for group in self.groups if set(group[2]) & set(self.bad)}

    def _hypers(self, which: int) -> list[Any]:
        return group_hypers(self.scenario, which, self.task.rule.hyper, self.event_number)

    def _known(self, factor: float) -> str:
        """ "lr × weight_decay" where a factor is an expression in hyperparameters of one group; else "". Defaults are powers of
        ten and one minus them, so that one number is many expressions."""
        if self.scenario.program.get("dtype", "float64") != "float64" or self.scenario.family == "defaults":
            return ""
        homes = self._homes()
        if len(homes) != 1:
            return ""
        ((which, position),) = homes
        hypers = self._hypers(which)
        return factor_in_words(factor, hypers[position], hypers[0][1])

    def _ingredients(self, chosen: np.ndarray) -> list[tuple[str, np.ndarray]]:
        param = self.before[self.step][chosen]
        found: list[tuple[str, np.ndarray]] = [("the parameter", param)]
        grads = self._gradient(self.step)
        if grads is not None:
            grad = grads[chosen]
            found += [("the gradient", grad), ("the sign of the gradient", np.sign(grad))]
            found.append(("the squared gradient", grad**2))
        found += [
            ("the sign of the parameter", np.sign(param)),
            ("the squared parameter", param**2),
            ("the parameter's absolute value", np.abs(param)),
            (CONSTANT, np.ones(chosen.sum())),
        ]
        if self.step:
            found.append(("the step before", self.moves[self.step - 1][chosen]))
            earlier = self._gradient(self.step - 1)
            if earlier is not None:
                found.append(("the gradient of the step before", earlier[chosen]))
        return found

    def _order(self, which: int) -> list[int]:
        """An optimizer's parameters in the order in which events list their gradients."""
        return [i for optimizer, _, params in self.groups if optimizer == which for i in params]

    def _gradient(self, step: int) -> np.ndarray | None:
        """The scripted gradients of a step, NaN for parameters without one; None where a closure computes them."""
        event: list[Any] = self.events[step]
        if event[0] != "step":
            return None
        whole = np.full(self.wrong.shape[1], np.nan)
        for i, grad in zip(self._order(event[1]), event[2], strict=True):
            if grad is not None:
                whole[self.columns[i]] = grad
        return whole


def _two_unlike(found: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The first parameter's factor, and the first that differs from it."""
    first = found[0]
    return [first, next((other for other in found if abs(other[1] - first[1]) > EXACT * abs(first[1])), found[1])]


def _digits(factor: float) -> str:
    """Enough of them to tell it from one."""
    return next((shown for n in range(4, 9) if float(shown := f"{factor:.{n}g}") != 1), f"{factor:.8g}")


def _times(ratio: float) -> str:
    """ "0.5 ×"; where that says too little, by how much it is off: "0.02 % further than"."""
    if abs(ratio - 1) >= NEARLY:
        return f"{ratio:.4g} ×"
    return f"{100 * abs(ratio - 1):.2g} % {'further' if ratio > 1 else 'less'} than"


def _term(factor: float, name: str) -> str:
    return f" {'plus' if factor > 0 else 'minus'} {abs(factor):.4g}{'' if name == CONSTANT else f' × {name}'}"


def _ordinal(position: int) -> str:
    return ("first", "second", "third")[position] if position < 3 else f"{position + 1}th"


def _shape(shape: list[int], tiles: int) -> str:
    return f"shape {(tiles * shape[0], *shape[1:])}" if shape else "a single number"


def _multiple(values: np.ndarray, base: np.ndarray) -> float | None:
    """The factor c with values = c × base, where there is one (two numbers at least, c not 1)."""
    size = float(np.dot(base, base))
    if values.size < 2 or size == 0 or not np.isfinite(size):
        return None
    factor = float(np.dot(values, base) / size)
    fits = np.allclose(values, factor * base, rtol=EXACT, atol=EXACT * float(np.abs(values).max()))
    return factor if fits and abs(factor - 1) > EXACT else None
