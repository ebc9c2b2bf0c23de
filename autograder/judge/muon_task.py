"""An optimizer of matrices whose update comes out of Newton-Schulz, with bfloat16 inside as a convention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judge.bfloat16 import allowance, on_grid, relative_error
from autograder.judge.evidence import Evidence, Expected, Scenario, close
from autograder.judge.explain import context_of
from autograder.judge.matrices_in_words import compared
from autograder.judge.optimizer_shortcuts import OptimizerShortcuts
from autograder.judge.optimizer_task import OptimizerTask
from autograder.judge.rule import Quantities
from autograder.judge.shortcuts import Shortcuts
from autograder.judge.simulate import frame_width, simulate
from autograder.judge.slack import ULP
from autograder.judge.variants import Variant
from autograder.oracles.muon import scale_of
from autograder.worker.codes import ErrorCode

if TYPE_CHECKING:
    from autograder.judge.expectations import Expectations

LOOSE, ALONE = 2.0, 0.6
"""How far numbers may be off, in units of how far a parameter has come: where updates are looked at, too, and where they are
not. In bfloat16 torch's own Newton-Schulz divides its argument in place, which is the buffer where nesterov is False."""
AVERAGED = ((16, 0.4), (4, 0.5), (0, 1.0))
"""Errors average out: of so many updates together, this share of what one may be off. Right programs: up to 0.31, 0.36
and 0.44 at 12 seeds; a coefficient with two digits exchanged: 0.5."""
MOST = 0.75
SMALL, TINY = 0.01, 1e-12
MODES = ("original", "match_rms", "spectral")


class _ExactOnly(OptimizerShortcuts):
    def tells(self, variant: Variant, index: int) -> bool:
        exact = "precision" not in variant.steps and self.scenarios[index].family != "matrices_only"
        return exact and super().tells(variant, index)


@dataclass(frozen=True)
class MuonTask(OptimizerTask):
    """An OptimizerTask for matrices.

    A variant that replaces the step `precision` orthogonalises in bfloat16. What the rule calls before, after, lr,
    scale_factor and orthogonal is what its update consists of.
    """

    def simulate(self, variant: Variant, scenario: Scenario) -> Expected:
        """As for any optimizer; loose where Newton-Schulz runs in bfloat16, and then with a condition on all updates."""
        if scenario.family == "matrices_only":
            return self._simulate_vectors(variant, scenario)
        if scenario.player != "optimizer" or "precision" not in variant.steps:
            return super().simulate(variant, scenario)
        updates: list[tuple[int, int, Quantities]] = []

        def note(step: int, i: int, done: Quantities) -> None:
            if done.lr:
                updates.append((step, i, done))

        expected = simulate(self.rule, variant, scenario, note)
        moved, far = np.abs(np.nan_to_num(expected.tolerance)), self._movement(expected, scenario)
        if scenario.program.get("dtype") == "bfloat16" or scenario.program.get("rtol", 0.0) > SMALL:
            expected.tolerance[:] = moved + ALONE * far
        else:
            expected.tolerance[:] = moved + LOOSE * far
            expected.holds = _Updates(self, scenario, expected, updates)
        return expected

    def shortcuts(self, scenarios: Sequence[Scenario]) -> Shortcuts:
        """As for any optimizer; in bfloat16 only the whole scenario can tell."""
        return _ExactOnly(self, scenarios)

    def plausible(self, expectations: Expectations, evidence: Sequence[Evidence]) -> list[Variant]:
        """Variants in bfloat16 where the very first update lies on its grid, the others where it does not."""
        scenarios = expectations.scenarios
        index = next(i for i, scenario in enumerate(scenarios) if scenario.family == "first_step")
        marked = not evidence[index].raised and self._first_update_on_grid(evidence[index].values, scenarios[index])
        chosen = [variant for variant in expectations.accepted if ("precision" in variant.steps) == marked]
        return self._nearest_first(chosen, expectations, evidence) if marked else chosen

    def _nearest_first(
        self, variants: list[Variant], expectations: Expectations, evidence: Sequence[Evidence]
    ) -> list[Variant]:
        """Several may be near enough in bfloat16; the one whose moves are nearest over all exact runs comes first."""
        runs = [
            (i, scenario, self.moves(evidence[i].values, scenario))
            for i, scenario in enumerate(expectations.scenarios)
            if scenario.player == "optimizer"
            and not scenario.has_closures
            and scenario.program.get("dtype", "float64") == "float64"
            and "rtol" not in scenario.program
        ]

        def distance(variant: Variant) -> float:
            off = 0.0
            for i, scenario, mine in runs:
                right = self.moves(expectations.of(variant, i).values, scenario)
                off += float(np.nan_to_num(np.linalg.norm(mine - right) / np.linalg.norm(right), nan=0.0, posinf=0.0))
            return float(f"{off:.4g}")  # where only eps tells two apart, the earlier one stays the first

        return sorted(variants, key=distance)

    def _first_update_on_grid(self, values: np.ndarray, scenario: Scenario) -> bool:
        hyper = scenario.program["instances"][0]["kwargs"]
        start, after = scenario.program["init"], self.path(values, scenario)[0]
        edges = np.cumsum([0, *map(len, start)])
        updates = [np.asarray(init) - after[low:high] for init, low, high in zip(start, edges, edges[1:], strict=False)]
        return any(np.any(update) for update in updates) and all(
            _could_be_marked(update, hyper["lr"], shape)
            for update, shape in zip(updates, scenario.program["shapes"], strict=True)
        )

    def _movement(self, expected: Expected, scenario: Scenario) -> np.ndarray:
        """How far each parameter has come at most, in place of each number of a scenario; zero beside parameters."""
        path = self.path(expected.values, scenario)
        steps = np.abs(self.moves(expected.values, scenario))
        sizes = [int(np.prod(shape)) for shape in scenario.program["shapes"]]
        each = np.maximum.reduceat(np.cumsum(np.nan_to_num(steps), axis=0), np.cumsum([0, *sizes[:-1]]), axis=1)
        far = each.repeat(sizes, axis=1)
        wide = np.zeros((len(path), frame_width(scenario.program["shapes"])))
        count = path.shape[1]
        wide[:, : 2 * count] = np.tile(far, 2)
        if scenario.has_closures:
            wide[:, 2 * count : 3 * count] = 2 * far
            wide[:, -2] = np.abs(expected.values.reshape(wide.shape)[:, -2])
        return wide.ravel()

    def _simulate_vectors(self, variant: Variant, scenario: Scenario) -> Expected:
        refuses, program = variant.steps.get("refuses", lambda shape, beside: True), scenario.program
        refused = np.array([refuses(*attempt) for attempt in zip(program["shapes"], program["beside"], strict=True)])
        return Expected(np.where(refused, float(ErrorCode.VALUE), 0.0), np.zeros(scenario.size))

    def explain(self, evidence: Evidence, expected: Expected, scenario: Scenario) -> str:
        """A difference in words."""
        if scenario.family == "matrices_only":
            taken = int(np.argmax(evidence.values != expected.values))
            where = {"front": " before a matrix", "list": " behind a matrix", "group": " in the second group"}.get(
                scenario.program["beside"][taken], ""
            )
            what = "took" if evidence.values[taken] == 0 else "raised another error than ValueError for"
            shape = tuple(scenario.program["shapes"][taken])
            return (
                f"Muon(params) {what} a parameter of shape {shape}, which is not a matrix{where}; it should raise ValueError "
                "when it is built with one."
            )
        found = super().explain(evidence, expected, scenario)
        if isinstance(expected.holds, _Updates) and not evidence.raised and close(evidence.values, expected).all():
            return expected.holds.in_words(evidence.values)
        if scenario.family == "first_step" and "where" in found:
            return f"{found} {self._first_updates(evidence.values, expected.values, scenario)}".strip()
        return found

    def _first_updates(self, mine: np.ndarray, right: np.ndarray, scenario: Scenario) -> str:
        """The first parameter's update in terms of its singular values."""
        start = np.asarray(scenario.program["init"][0], dtype=float)
        shape, lr = scenario.program["shapes"][0], scenario.program["instances"][0]["kwargs"]["lr"]
        found, wanted = (
            ((start - self.path(values, scenario)[0][: start.size]) / lr).reshape(shape) for values in (mine, right)
        )
        return compared(found, wanted, "its update, divided by lr,")


def _marked(update: np.ndarray, lr: float, factor: float, noise: float) -> bool:
    """Whether an update was in bfloat16 at some point: before it was scaled, before lr, or after both."""
    return any(on_grid(update / by, noise / by) for by in (lr, lr * factor, 1.0))


def _could_be_marked(update: np.ndarray, lr: float, shape: Sequence[int]) -> bool:
    """Whether it was in bfloat16, also where it is scaled in a wrong way."""
    rows, cols = shape
    factors = {scale_of(mode, *pair) for mode in MODES for pair in ((rows, cols), (cols, rows))} | {1.0}
    return any(_marked(update / by, lr, factor, 1e-11 / by) for factor in factors for by in (1.0, lr))


class _Updates:
    """Every update of a scenario, taken out of a path: (θ · before − θ' / after) / lr is s · O."""

    def __init__(
        self, task: MuonTask, scenario: Scenario, expected: Expected, updates: list[tuple[int, int, Quantities]]
    ):
        self.task, self.scenario, self.updates = task, scenario, updates
        sizes = [int(np.prod(shape)) for shape in scenario.program["shapes"]]
        self.edges = np.cumsum([0, *sizes])
        self.start = np.concatenate([np.asarray(init, dtype=float) for init in scenario.program["init"]])
        self.unit = ULP[scenario.program.get("dtype", "float64")]
        self.right = self._taken_out(expected.values)
        self.rests = self._resting(expected.values)
        self.in_place = bool((self._left_behind(expected.values) == 0).all())
        self.last: tuple[np.ndarray | None, bool] = (None, False)

    def __call__(self, values: np.ndarray) -> bool:
        """Near enough all together, and each of them on the grid of bfloat16, before or after it is scaled. What is not
        updated stays exactly where it is, and a view of a parameter shows its values."""
        if values is not self.last[0]:  # every part of a run is asked about, one after the other
            self.last = values, self._hold(values)
        return self.last[1]

    def _hold(self, values: np.ndarray) -> bool:
        if self.rests.any() and not self._resting(values)[self.rests].all():
            return False
        if self.in_place and np.nan_to_num(self._left_behind(values)).any():
            return False
        mine = self._taken_out(values)
        off, size = np.zeros(len(mine)), np.zeros(len(mine))
        for k, (found, wanted, (_, _, done)) in enumerate(zip(mine, self.right, self.updates, strict=True)):
            if not self._on_the_grid(k, found):
                return False
            off[k] = np.sum(((found - wanted) / done.scale_factor) ** 2)
            size[k] = np.sum((allowance(done.ns_steps) * wanted / done.scale_factor) ** 2)
        if self.scenario.has_closures:
            return self._near_with_feedback(off <= size)
        share = next(share for many, share in AVERAGED if len(mine) >= many)
        return bool(off.sum() <= share**2 * size.sum())

    def in_words(self, values: np.ndarray) -> str:
        """What keeps a run from being right: what should rest and does not, else the update that is furthest off."""
        about = context_of(self.scenario)
        moved = self.rests & ~self._resting(values)
        if moved.any():
            step, column = (int(place) for place in np.argwhere(moved)[0])
            param = int(np.searchsorted(self.edges, column, side="right"))
            return f"On step {step + 1}{about}, parameter {param} moved, but should not."
        if self.in_place and np.nan_to_num(self._left_behind(values)).any():
            return f"The parameter has new values, but in new memory{about}. Change the values in place."
        mine = self._taken_out(values)
        off = [relative_error(*pair) for pair in zip(mine, self.right, strict=True)]
        fine = [self._on_the_grid(k, found) for k, found in enumerate(mine)]
        k = int(np.argmax([error / allowance(self.updates[i][2].ns_steps) for i, error in enumerate(off)]))
        if not all(fine) and max(off) < SMALL:
            k = fine.index(False)
        step, i, _ = self.updates[k]
        who = f"On step {step + 1}{about}, the update of parameter {i + 1}"
        if not all(fine) and max(off) < SMALL:
            return (
                f"{who} is off by {100 * off[k]:.2g} %, and its numbers have more than the eight bits of bfloat16. Is "
                "something else than Newton-Schulz in bfloat16?"
            )
        length, right = (float(np.linalg.norm(update)) for update in (mine[k], self.right[k]))
        if right < TINY:
            return f"{who} is of length {length:.3g} (divided by lr), where none is right."
        along = float(np.dot(mine[k], self.right[k])) / max(length * right, TINY)
        turned = np.degrees(np.arccos(np.clip(along, -1.0, 1.0)))
        return (
            f"{who} is {length / right:.3g} × as long as the right one and turned by {turned:.0f}° from it. "
            "Rounding to bfloat16 alone does not account for that."
        )

    def _on_the_grid(self, k: int, found: np.ndarray) -> bool:
        """Whether an update was in bfloat16, before or after it was scaled."""
        done = self.updates[k][2]
        noise = 16 * self.unit * (2.0 + np.abs(found).max())
        return _marked(found * done.lr, done.lr, done.scale_factor, noise)

    def _resting(self, values: np.ndarray) -> np.ndarray:
        """Which numbers do not move on which step."""
        return np.asarray(self.task.path(values, self.scenario) == self.task.before(values, self.scenario))

    def _left_behind(self, values: np.ndarray) -> np.ndarray:
        """How far old views of the parameters are from what these are now."""
        count = self.start.size
        frames = values.reshape(-1, frame_width(self.scenario.program["shapes"]))
        return np.asarray(frames[:, count : 2 * count] - frames[:, :count])

    def _near_with_feedback(self, near: np.ndarray) -> bool:
        """A closure's gradients depend on where the parameters are, and can turn round near the minimum: all first updates
        have to be near, of the later ones most."""
        first = np.array([step for step, _, _ in self.updates]) == 0
        return bool(near[first].all() and (not near.size or near.mean() >= MOST))

    def _taken_out(self, values: np.ndarray) -> list[np.ndarray]:
        before, after = self.task.before(values, self.scenario), self.task.path(values, self.scenario)
        found: list[Any] = []
        for step, i, done in self.updates:
            here = slice(self.edges[i], self.edges[i + 1])
            found.append((before[step, here] * done.before - after[step, here] / done.after) / done.lr)
        return found
