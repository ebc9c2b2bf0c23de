"""What can be said about a wrong optimizer run from its numbers alone, when no known mistake fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.exception_advice import advice

if TYPE_CHECKING:
    from autograder.judge.optimizer_task import OptimizerTask

EXACT = 1e-5


def explain_run(task: OptimizerTask, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
    """One or two sentences about the first difference: where it is, and what it equals."""
    if scenario.player == "constructor":
        return _explain_constructor(evidence, scenario)
    if evidence.raised:
        return f"{_when(scenario, evidence.event)}{_context(scenario)} raised {evidence.text}.{advice(evidence.text)}"
    path = task.part("path", scenario)
    if not close(evidence.values, expected)[path].all():
        return _Path(task, evidence, expected, scenario).explain()
    return _explain_rest(task, evidence, expected, scenario)


def _when(scenario: Scenario, event: int) -> str:
    """The event in words: "Building SGD", "step 3", "load_state_dict"."""
    entry = scenario.program["entry"]
    if event <= 0:
        return f"Building {entry}"
    events = scenario.program["events"]
    kind = events[event - 1][0] if event <= len(events) else "step"
    if kind == "reload":
        return f"Saving and loading {entry}"
    if kind == "set":
        return "Setting a hyperparameter in param_groups"
    number = sum(item[0] in ("step", "closure") for item in events[:event])
    return f"{'step(closure)' if kind == 'closure' else 'step()'} number {number}"


def _context(scenario: Scenario) -> str:
    """What is special about a scenario, in parentheses."""
    return f" ({scenario.about})" if scenario.about else ""


def _explain_constructor(evidence: Evidence, scenario: Scenario) -> str:
    entry = scenario.program["entry"]
    for number, kwargs, invalid in zip(
        evidence.values, scenario.program["attempts"], scenario.program["invalid"], strict=True
    ):
        shown = ", ".join(f"{name}={value}" for name, value in kwargs.items())
        if invalid and number != 1:
            what = "raised no error" if number == 0 else "raised another error than ValueError"
            return f"{entry}(params, {shown}) {what}; it should raise ValueError."
        if not invalid and number != 0:
            return f"{entry}(params, {shown}) raised an error, although every value is valid."
    return ""


def _explain_rest(task: OptimizerTask, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
    """The path is right; something beside it is not."""
    fine = close(evidence.values, expected)
    if not fine[task.part("views", scenario)].all():
        return (
            "The parameter has new values, but in new memory: a view of it taken before training keeps the old ones. "
            "Change the values in place."
        )
    if not fine[task.part("gradients", scenario)].all():
        return "The values are right, but p.grad is not what it was before the step; leave gradients as they are."
    if not fine[task.part("flags", scenario)].all():
        return _explain_flags(evidence, scenario)
    calls, value = evidence.values[-3], evidence.values[-2]
    if calls != 1:
        return f"step(closure) called the closure {_times(calls)}; it should call it once, before the update."
    return (
        "step(closure) did not return the closure's loss."
        if np.isnan(value)
        else "step(closure) returned another number than the closure's loss."
    )


def _explain_flags(evidence: Evidence, scenario: Scenario) -> str:
    graph, leaf, changed = evidence.values[-6:-3]
    if changed:
        return "A parameter changed its dtype or shape; keep those of the parameter."
    if leaf:
        return "A parameter is no longer a leaf that requires gradients; update it under torch.no_grad()."
    return (
        "The optimizer's state keeps an autograd graph, which grows with every step; compute it under torch.no_grad()."
        if graph
        else ""
    )


def _times(calls: float) -> str:
    return "never" if not calls > 0 else f"{int(calls)} times"


class _Path:
    """The first difference between two paths."""

    def __init__(self, task: OptimizerTask, evidence: Evidence, expected: Expected, scenario: Scenario):
        self.task, self.scenario, self.entry = task, scenario, task.rule.entry
        start = np.concatenate([np.asarray(values, dtype=float) for values in scenario.program["init"]])
        mine, right = task.path(evidence.values, scenario), task.path(expected.values, scenario)
        wrong = ~close(evidence.values, expected)
        wrong[~task.part("path", scenario)] = False
        self.wrong = task.path(wrong.astype(float), scenario) > 0
        with np.errstate(invalid="ignore", over="ignore"):
            self.moves = np.diff(np.vstack([start, mine]), axis=0)
            self.right = np.diff(np.vstack([start, right]), axis=0)
            self.before = np.vstack([start, mine])[:-1]
        self.step = int(np.argmax(self.wrong.any(axis=1)))
        self.columns = self._columns()

    def explain(self) -> str:
        where = self._where()
        first = self.wrong[self.step]
        if np.isnan(self.moves[self.step][first]).any() or np.isinf(self.moves[self.step][first]).any():
            return f"{where}, your parameters are not finite numbers any more (NaN or infinite)."
        if not np.any(self.moves):
            return f"No parameter moved{_context(self.scenario)}."
        if not np.any(self.moves[self.step][first]) and np.any(self.right[self.step][first]):
            return f"{where}, {self._who()} did not move, but should."
        return f"{where}, {self._who()} {self._what()}"

    def _where(self) -> str:
        context = _context(self.scenario)
        if self.step == 0:
            return f"On the first step{context}"
        return f"Right until step {self.step}; on step {self.step + 1}{context}"

    def _columns(self) -> list[np.ndarray]:
        sizes = [int(np.prod(shape, dtype=int)) for shape in self.scenario.program["shapes"]]
        edges = np.cumsum([0, *sizes])
        return [np.arange(edges[i], edges[i + 1]) for i in range(len(sizes))]

    def _who(self) -> str:
        """The parameters that differ; where only some of their numbers do, how many, and what those have in common."""
        shapes = self.scenario.program["shapes"]
        bad = [i for i, columns in enumerate(self.columns) if self.wrong[self.step][columns].any()]
        inside = np.concatenate([self.columns[i] for i in bad])
        if len(bad) == len(shapes):
            who = "every parameter" if len(shapes) > 1 else "the parameter"
        else:
            named = [f"{i + 1} ({_shape(shapes[i])})" for i in bad]
            listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
            who = f"parameter{'s' if len(bad) > 1 else ''} {listed} of {len(shapes)}"
        wrong = self.wrong[self.step][inside]
        if wrong.all():
            return who
        common = self._in_common(inside, wrong)
        return f"{wrong.sum()} of the {wrong.size} numbers of {who}{f', {common},' if common else ''}"

    def _in_common(self, inside: np.ndarray, wrong: np.ndarray) -> str:
        """What the wrong numbers are and the right ones are not; "" where there are too few to tell."""
        if wrong.sum() < 3 or (~wrong).sum() < 3:
            return ""
        param, grads = self.before[self.step][inside], self._gradient()
        kinds = {"those with a positive parameter": param > 0, "those with a negative parameter": param < 0}
        if grads is not None:
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
            return (
                "moved the right distance in the opposite direction."
                if abs(ratio + 1) < EXACT
                else f"moved {ratio:.4g} × the right update{self._known(ratio)}."
            )
        for name, values in self._ingredients(chosen):
            factor = _multiple(mine - right, values)
            if factor is not None:
                return f"moved by the right update {'plus' if factor > 0 else 'minus'} {abs(factor):.4g} × {name}{self._known(abs(factor))}."
        i = int(np.argmax(np.abs(mine - right)))
        return f"moved by {mine[i]:.5g} where {right[i]:.5g} is right (element {int(np.flatnonzero(chosen)[i]) + 1})."

    def _known(self, factor: float) -> str:
        """ " (lr × weight_decay)" where a factor is a product of hyperparameters; "" with several groups."""
        instance = self.scenario.program["instances"][0]
        hyper = {name: v for name, v in instance.get("kwargs", {}).items() if isinstance(v, float) and v}
        products = dict(hyper)
        products |= {f"{a} × {b}": hyper[a] * hyper[b] for a in hyper for b in hyper if a < b}
        products |= {f"1 − {name}": 1 - value for name, value in hyper.items()}
        products |= {f"1/{name}": 1 / value for name, value in hyper.items()}
        if len(instance["groups"]) > 1:
            return ""
        return next((f", which is {name}" for name, v in products.items() if abs(v - factor) <= 1e-4 * abs(v)), "")

    def _ingredients(self, chosen: np.ndarray) -> list[tuple[str, np.ndarray]]:
        found: list[tuple[str, np.ndarray]] = [("the parameter", self.before[self.step][chosen])]
        grads = self._gradient()
        if grads is not None:
            found += [("the gradient", grads[chosen]), ("the sign of the gradient", np.sign(grads[chosen]))]
            found.append(("the squared gradient", grads[chosen] ** 2))
        found += [
            ("the sign of the parameter", np.sign(self.before[self.step][chosen])),
            ("one", np.ones(chosen.sum())),
        ]
        if self.step:
            found.append(("the step before", self.moves[self.step - 1][chosen]))
        return found

    def _gradient(self) -> np.ndarray | None:
        steps: list[list[Any]] = [event for event in self.scenario.program["events"] if event[0] in ("step", "closure")]
        event = steps[self.step]
        if event[0] != "step" or event[1] != 0 or any(grad is None for grad in event[2]):
            return None
        order = [i for group in self.scenario.program["instances"][0]["groups"] for i in group["params"]]
        whole = np.zeros(self.wrong.shape[1])
        for i, grad in zip(order, event[2], strict=True):
            whole[self.columns[i]] = grad
        return whole


def _shape(shape: list[int]) -> str:
    return "a single number" if not shape else f"shape {tuple(shape)}"


def _multiple(values: np.ndarray, base: np.ndarray) -> float | None:
    """The factor c with values = c × base, where there is one (two numbers at least, c not 1)."""
    size = float(np.dot(base, base))
    if values.size < 2 or size == 0 or not np.isfinite(size):
        return None
    factor = float(np.dot(values, base) / size)
    fits = np.allclose(values, factor * base, rtol=EXACT, atol=EXACT * float(np.abs(values).max()))
    return factor if fits and abs(factor - 1) > EXACT else None
