"""Graded claims, as a check file writes them, and the `student` they are asked of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograder.judge.evidence import Evidence, Scenario
from autograder.judge.expectations import Expectations
from autograder.judge.questions import Question
from autograder.judge.recognise import Recognition, recognise
from autograder.judge.results import Verdict
from autograder.judge.variants import CANONICAL, Variant
from autograder.worker.codes import ErrorCode, Status

MOST_WORDS = 80


@dataclass(frozen=True)
class Check:
    """One graded claim about a task. id: the function's name without test_. claim: the docstring's first sentence."""

    task: str
    id: str
    points: float
    needs: str | None
    claim: str
    run: Callable[[Student], None]
    file: str
    line: int


def check(
    task: str, *, points: float, needs: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a pytest function a graded claim about `task`; `needs` is the id of a check that has to pass first."""

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        claim = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ").strip()
        if not claim:
            raise ValueError(f"{function.__name__} needs a docstring: the claim it checks")
        id = function.__name__.removeprefix("test_")
        code = function.__code__
        function.check = Check(task, id, points, needs, claim, function, code.co_filename, code.co_firstlineno)  # type: ignore[attr-defined]
        return function

    return mark


class Wrong(AssertionError):
    """A check's claim does not hold; the message is the diagnosis."""

    def __init__(self, message: str, verdict: Verdict = "failed"):
        super().__init__(message)
        self.verdict = verdict


class Student:
    """What a check can ask of one submission of one task."""

    def __init__(self, expectations: Expectations | None, evidence: Sequence[Evidence], answer: Any = ...):
        self._expectations, self.evidence, self.answer = expectations, evidence, answer
        self.recognition: Recognition | None = None
        if expectations is not None:
            self.recognition = recognise(expectations, evidence)

    @np.errstate(all="ignore")
    def follows(self, family: str | None = None, part: str = "path") -> None:
        """Every scenario of `family` (all without one) goes as the accepted rule says, in `part` of its numbers.

        Raises Wrong with the diagnosis. Parts: see the task; "path" is a student's parameters over time.
        """
        for index in self._chosen(family):
            self._settled(index)
        for index in self._chosen(family):
            self._agrees(index, part, strict=family is not None)

    def answers(self, question: Question) -> None:
        """The submitted literal answers the question."""
        if self.answer is ...:
            raise Wrong("Not answered yet: put your answer in place of the three dots.", "not_done")
        right, message = question.judge(self.answer)
        if not right:
            raise Wrong(message)

    @property
    @np.errstate(all="ignore")
    def convention(self) -> str | None:
        """The id of the convention that this program follows: none where a mistake under the rule itself explains
        all, nor where nothing explains all and it is not what the program is compared with."""
        assert self.recognition is not None
        accepted, program = self._compared_with, self.recognition.program
        if accepted.kind != "convention":
            return None
        by_itself = program is not None and program.mistakes and not program.conventions
        return None if by_itself else accepted.id

    def _chosen(self, family: str | None) -> list[int]:
        assert self._expectations is not None, "this task has no scenarios"
        scenarios = self._expectations.scenarios
        chosen = [i for i, scenario in enumerate(scenarios) if family in (None, scenario.family)]
        if not chosen:
            raise LookupError(f"no scenario of family {family}; there are {sorted({s.family for s in scenarios})}")
        return chosen

    def _settled(self, index: int) -> None:
        """Raise for what has nothing to do with numbers: not written, not loaded, dead, endless."""
        found = self.evidence[index]
        if found.ending == "not_written" or (found.raised and found.error == ErrorCode.NOT_WRITTEN):
            raise Wrong(found.text if found.ending == "not_written" else "Not written yet.", "not_done")
        if found.ending == "timed_out":
            raise Wrong(f"Did not end in time ({found.text}). {self._stuck_in()}", "timed_out")
        if found.ending in ("crashed", "not_reached"):
            raise Wrong(f"The process died: {found.text}.", "crashed")
        if found.status == Status.IMPORT_FAILED:
            own = ". It is a file of yours: hand it in as well." if "No module named 'course_lib" in found.text else ""
            raise Wrong(f"Your file cannot be loaded: {found.text}{own}", "crashed")

    def _stuck_in(self) -> str:
        """The scenario in which the time ran out; the first one says nothing, since loading the file comes before it."""
        assert self._expectations is not None
        stuck = next(i for i, found in enumerate(self.evidence) if found.ending == "timed_out")
        about = self._expectations.scenarios[stuck].about
        if not about or not stuck:
            return "Is there a loop that never stops?"
        return f"It was busy with this: {about}. Is there a loop that never stops, or goes through far too much?"

    def _agrees(self, index: int, part: str, strict: bool) -> None:
        """Without a family (not strict), scenarios whose path is wrong are left to the checks that are about them."""
        assert self._expectations is not None
        assert self.recognition is not None
        found, accepted = self.evidence[index], self.recognition.accepted
        if self._expectations.agrees(accepted, index, found, part):
            return
        if not strict:
            path_wrong = not self._expectations.agrees(accepted, index, found, "path")
            if path_wrong and not (found.raised and not self._reached_part_agrees(index, part)):
                return
        raise Wrong(self._diagnosis(index), "crashed" if found.raised else "failed")

    def _reached_part_agrees(self, index: int, part: str) -> bool:
        """A claim about all scenarios looks only at the numbers that exist; another check speaks of the exception."""
        from autograder.judge.evidence import close

        assert self._expectations is not None
        assert self.recognition is not None
        found = self.evidence[index]
        expected = self._expectations.of(self.recognition.accepted, index)
        mask = self._expectations.mask(part, index)
        written = self._expectations.task.written(found, self._expectations.scenarios[index])
        return bool(close(found.values, expected)[mask & written].all())

    def _diagnosis(self, index: int) -> str:
        assert self._expectations is not None
        assert self.recognition is not None
        task, scenario, found = self._expectations.task, self._expectations.scenarios[index], self.evidence[index]
        seen = task.explain(found, self._expectations.of(self._compared_with, index), scenario)
        named = self._named(index)
        if named is None:
            said = f"{seen or f'Differs from the rule ({scenario.about}).'}{self._right_elsewhere()}"
            return f"{said}{self._remembered(index)}"
        entry = task.entries[0]
        hint = f" {named[0].hints[0]}" if named[0].hints else ""
        what = " and ".join(mistake.title for mistake in named)
        if self.recognition.program is None:
            sure = "In these runs your numbers are those"
        elif found.raised or scenario.player == "constructor":
            sure = "What it does is exactly what is to be expected"
        elif "precision" in self.recognition.program.steps:
            sure = "As far as bfloat16 can tell, your numbers are those"
        else:
            sure = "Your numbers are exactly those"
        told = f"{sure} of {entry} {what}.{hint}"
        if len(seen.split()) + len(told.split()) > MOST_WORDS:
            seen = seen.partition(". ")[0].removesuffix(".") + "."
        return f"{seen} {told}".strip()

    def _right_elsewhere(self) -> str:
        """Where an unrecognised program is right, if the task can tell."""
        assert self._expectations is not None
        tell = getattr(self._expectations.task, "right_elsewhere", None)
        if tell is None:
            return ""
        rule = self._compared_with
        wrong = {
            i: (found, self._expectations.of(rule, i))
            for i, found in enumerate(self.evidence)
            if not self._expectations.agrees(rule, i, found)
        }
        said = tell(wrong, self._expectations.scenarios)
        return f" {said}" if said else ""

    def _remembered(self, index: int) -> str:
        """Where an unrecognised program depends on its earlier calls, if the task can tell."""
        assert self._expectations is not None
        tell = getattr(self._expectations.task, "remembered", None)
        if tell is None:
            return ""
        rule, expectations = self._compared_with, self._expectations
        scenarios = enumerate(expectations.scenarios)
        said = tell([(self.evidence[i], expectations.of(rule, i), scenario) for i, scenario in scenarios], index)
        return f" {said}" if said else ""

    @cached_property
    def _compared_with(self) -> Variant:
        """The accepted rule that an unrecognised program is measured by: a convention only where something shows it. That is a
        scenario that it alone explains; a single number where each stands for a decision of its own."""
        assert self._expectations is not None
        assert self.recognition is not None
        accepted = self.recognition.accepted
        if self.recognition.program is not None or accepted is CANONICAL:
            return accepted
        if getattr(self._expectations.task, "every_number_tells", False):
            return accepted
        return accepted if self._shows(accepted) else CANONICAL

    def _shows(self, accepted: Variant) -> bool:
        """Whether some scenario goes as this convention says, and not as the rule itself."""
        assert self._expectations is not None
        return any(
            self._expectations.agrees(accepted, i, found, "path")
            and not self._expectations.agrees(CANONICAL, i, found, "path")
            for i, found in enumerate(self.evidence)
            if found.ending == "played"
        )

    def _named(self, index: int) -> tuple[Variant, ...] | None:
        """The recognised mistakes that show in this scenario; else a single one that equals this scenario's family."""
        assert self._expectations is not None
        assert self.recognition is not None
        found, scenarios = self.evidence[index], self._expectations.scenarios
        if self.recognition.mistakes:
            showing = [
                mistake
                for mistake in self.recognition.mistakes
                if not _same(self._expectations, mistake, self.recognition.accepted, index)
            ]
            return tuple(showing) or self.recognition.mistakes
        family = [i for i in self._chosen(scenarios[index].family) if self.evidence[i].ending == "played"]
        wrong = self.recognition.wrong
        wrong_first = sorted(family, key=lambda i: (i not in wrong, scenarios[i].size))
        path = self._expectations.mask("path", index)
        if found.raised or len(family) < 2 or not np.isfinite(found.values[path]).any():
            return None
        for mistake in self._expectations.task.bank.misconceptions:
            here = all(self._expectations.agrees(mistake, i, self.evidence[i]) for i in wrong_first)
            if here and self._leaves_right_alone(mistake) and self._goes_on(mistake, family):
                return (mistake,)
        return None

    def _goes_on(self, mistake: Variant, family: list[int]) -> bool:
        """Where a family says little, such as single steps, a mistake has to explain something else that is wrong, too."""
        assert self._expectations is not None
        assert self.recognition is not None
        says_little = getattr(self._expectations.task, "says_little", None)
        others = [i for i in self.recognition.wrong if i not in family]
        if says_little is None or not others or not all(says_little(self._expectations.scenarios[i]) for i in family):
            return True
        return any(self._expectations.agrees(mistake, i, self.evidence[i]) for i in others)

    def _leaves_right_alone(self, mistake: Variant) -> bool:
        """Whether a program with this mistake would still do right wherever this one does."""
        assert self._expectations is not None
        assert self.recognition is not None
        accepted = self.recognition.accepted
        program = accepted + mistake if accepted.combines_with(mistake) else mistake
        return all(
            self._expectations.agrees(program, i, found)
            for i, found in enumerate(self.evidence)
            if found.ending == "played" and self._expectations.agrees(accepted, i, found)
        )


def _same(expectations: Expectations, mistake: Variant, accepted: Variant, index: int) -> bool:
    """Whether a mistake alone makes no difference in a scenario."""
    if accepted.kind == "convention" and not accepted.combines_with(mistake):
        return False
    with_it, without = expectations.of(accepted + mistake, index), expectations.of(accepted, index)
    as_evidence = Evidence(
        with_it.values, Status.RAISED if with_it.event is not None else Status.OK, with_it.event or -1
    )
    from autograder.judge.evidence import agrees

    return agrees(as_evidence, without)


def scenario_names(scenarios: Sequence[Scenario]) -> list[str]:
    """The families of a task, each once, in order."""
    return list(dict.fromkeys(scenario.family for scenario in scenarios))
