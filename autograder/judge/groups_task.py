"""A function from a model to parameter groups as a task: where does each parameter land, with which decay?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.expectations import Expectations
from autograder.judge.model_changes import said_of_change
from autograder.judge.model_spec import NORMS, Record, records
from autograder.judge.rule import Quantities
from autograder.judge.variants import CANONICAL, Bank, Step, Variant
from autograder.worker.codes import AS_IT_WAS, GROUPS_EXTRAS, KEPT, LISTED, OVERWRITTEN, SETS

FORMS = {
    2: "a dict, not a list of dicts",
    3: "a list of dicts, but not all of them have a key 'params'",
    4: "None",
    5: "an empty list",
}


@dataclass(frozen=True)
class GroupsTask:
    """entry: the function students write. steps: its rule over the records of a model. draw: a generator → scenarios."""

    every_number_tells: ClassVar[bool] = True

    id: str
    module: str
    entry: str
    steps: Mapping[str, Step]
    bank: Bank
    draw: Callable[[np.random.Generator], list[Scenario]]

    @property
    def entries(self) -> tuple[str, ...]:
        """The public names a student writes."""
        return (self.entry,)

    def scenarios(self, seed: int) -> list[Scenario]:
        """All scenarios of the task, drawn from a seed."""
        return self.draw(np.random.default_rng([seed, *self.id.encode()]))

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """Two numbers for each parameter, then the extras; where a variant leaves the decay open, both are right."""
        known = records(scenario.program["model"])
        given = {name: scenario.program.get(name, False) for name in ("weight_decay", "again")}
        s = Quantities({"records": known, **given})
        try:
            for name, step in self._plan(variant):
                s.__dict__[name] = step(s)
        except Raises as error:
            return Expected(np.full(scenario.size, np.nan), np.zeros(scenario.size), 1, errors=error.codes)
        values, tolerance = [], []
        for record in known:
            count = s.members[record.name]
            decay, slack = _decay(s.decays[record.name], s.high, s.low)
            values += [count, decay if count else np.nan]
            tolerance += [0.0, slack]
        extras = [float(s.__dict__[name]) for name in GROUPS_EXTRAS]
        return Expected(
            np.array([*values, *extras], dtype=float), np.array([*tolerance, *np.zeros(len(GROUPS_EXTRAS))])
        )

    def _plan(self, variant: Variant) -> list[tuple[str, Step]]:
        """A variant's steps that the rule does not have run first."""
        own = [(name, step) for name, step in variant.steps.items() if name not in self.steps]
        return own + [(name, variant.steps.get(name, step)) for name, step in self.steps.items()]

    def plausible(self, expectations: Expectations, evidence: Sequence[Evidence]) -> list[Variant]:
        """Without conventions that something speaks against and nothing for: all they are about goes as the rule says."""
        return [one for one in expectations.accepted if one is CANONICAL or _possible(expectations, one, evidence)]

    def part(self, name: str, scenario: Scenario) -> np.ndarray:
        """Parts: "path" (which parameter is where), "groups" (whether the groups can be used), "untouched", "all"."""
        place = np.arange(scenario.size) - (scenario.size - len(GROUPS_EXTRAS))
        return {
            "path": place < 0,
            "groups": (place >= 0) & (place < len(GROUPS_EXTRAS) - 1),
            "untouched": place == len(GROUPS_EXTRAS) - 1,
            "all": np.ones(scenario.size, dtype=bool),
        }[name]

    def written(self, evidence: Evidence, scenario: Scenario) -> np.ndarray:
        """Nothing is written where the call raised."""
        return np.full(scenario.size, not evidence.raised)

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """The first parameter that is not where it should be, or what is wrong with the groups."""
        about = f" ({scenario.about})" if scenario.about else ""
        if evidence.raised:
            return f"{self.entry}{about} raised {evidence.text}."
        extras = dict(zip(GROUPS_EXTRAS, evidence.values[-len(GROUPS_EXTRAS) :], strict=True))
        if extras["listed"] != LISTED:
            form = FORMS.get(int(extras["listed"]))
            returned = f" It returned {form}." if form else ""
            return f"{self.entry}{about} did not return a list of dicts, each with a key 'params'.{returned}"
        if extras["foreign"]:
            return f"Your groups hold {_foreign(extras)} of the model{about}. {_which(extras)}"
        fine = close(evidence.values, expected)
        known = records(scenario.program["model"])
        for i, record in enumerate(known):
            if not fine[2 * i : 2 * i + 2].all():
                found, right = evidence.values[2 * i : 2 * i + 2], expected.values[2 * i + 1]
                return f"{_told(record)}{about} {_where(record, found, right, scenario.program['weight_decay'])}"
        return _explain_extras(extras)


def _possible(expectations: Expectations, convention: Variant, evidence: Sequence[Evidence]) -> bool:
    """Whether a number that a convention predicts otherwise than the rule is not what the rule says, or there is none."""
    told = False
    for i, found in enumerate(evidence):
        rule, mine = expectations.of(CANONICAL, i), expectations.of(convention, i)
        about = ~close(rule.values, mine) & expectations.mask("path", i)
        if found.raised or not about.any():
            continue
        if not close(found.values, rule)[about].all():
            return True
        told = True
    return not told


def _foreign(extras: Mapping[str, float]) -> str:
    count = int(extras["foreign"])
    return "1 thing that is no parameter" if count == 1 else f"{count} things that are no parameters"


def _which(extras: Mapping[str, float]) -> str:
    """What the things are that are no parameters of the model."""
    many = "All of them are" if extras["foreign"] > 1 else "It is"
    if extras["buffers"] == extras["foreign"]:
        kind = "buffers, such as a norm's running mean" if extras["foreign"] > 1 else "a buffer"
        return f"{many} {kind}; nothing trains a buffer. model.parameters() leaves them out."
    if extras["earlier"] == extras["foreign"]:
        kind = (
            "parameters of models that your function was given before"
            if extras["foreign"] > 1
            else "a parameter of a model that your function was given before"
        )
        return f"{many} {kind}. Do you make new lists in every call?"
    return "Are they names, pairs or copies?"


def _where(record: Record, found: np.ndarray, right: float, asked: float) -> str:
    """What is wrong with a parameter's place; `right` is the decay it should have."""
    count, decay = found
    if count == 0:
        return "is in no group, so it would never be trained."
    if count > 1:
        shared = " Two modules share it." if record.tied else ""
        return f"is in your groups {int(count)} times.{shared}"
    if np.isnan(decay):
        return "is in a group without a number as weight_decay; the optimizer's default would decide."
    dimensions = f"{len(record.shape)} dimension{'' if len(record.shape) == 1 else 's'}"
    if decay == asked != right:
        return f"has {dimensions}, and your groups let it decay like a matrix: its weight_decay is {decay:g}. Should it decay?"
    if decay == 0 != right:
        return f"has {dimensions}, and your groups do not let it decay: its weight_decay is 0. Should it decay?"
    wanted = f"neither 0 nor the {asked:g}" if asked else "not the 0"
    return f"has weight_decay {decay:g}, which is {wanted} that the call asked for."


def scenario(family: str, about: str, entry: str, model: dict[str, Any], weight_decay: float, **more: Any) -> Scenario:
    """One call on one model."""
    program = {"entry": entry, "model": model, "weight_decay": weight_decay, **more}
    return Scenario(family, "groups", program, 2 * len(records(model)) + len(GROUPS_EXTRAS), about)


def _decay(decays: bool | None, high: float, low: float) -> tuple[float, float]:
    """Value and tolerance: a decay that may be either lies between both."""
    if decays is None:
        return (high + low) / 2, abs(high - low) / 2 + 1e-9
    return (high if decays else low), 1e-9


def _told(record: Record) -> str:
    shape = "a single number" if not record.shape else f"shape {record.shape}"
    of = f", of {record.owner}" if record.owner != "Parameter" else ""
    frozen = "" if record.trainable else ", frozen"
    kind = "norm gain" if record.owner in NORMS and record.name.endswith("weight") else "parameter"
    return f"The {kind} {' = '.join(record.names)} ({shape}{of}{frozen})"


def _explain_extras(extras: Mapping[str, float]) -> str:
    if extras["unreadable"]:
        return "One of your groups has no number under 'weight_decay'; the optimizer's default would decide."
    if extras["usable"] == SETS:
        return "torch refuses sets under 'params', whose order changes from run to run. Make them lists."
    if not extras["usable"]:
        return "torch refuses to build an optimizer from your groups."
    if extras["fresh"] == KEPT:
        return (
            "Called twice, your function returned the same dicts again; an optimizer writes its own values into them."
        )
    if extras["fresh"] == OVERWRITTEN:
        return "A second call changed the lists that the first one had returned."
    return "" if extras["untouched"] == AS_IT_WAS else said_of_change(extras["untouched"])
