"""A task that builds on an earlier one: the earlier module is used where it is right, and stood in for where it is not."""

from __future__ import annotations

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.stand_ins import stand_in
from tests.bank import muon, newton_schulz

MUON, SCHULZ = "course_lib/optim/muon.py", "course_lib/optim/newton_schulz.py"
BUILDS = muon.RIGHT["students-newton-schulz"]


def flags(judge: Judge, modules: dict[str, str]) -> tuple[bool, list[str]]:
    result = judge.judge("muon", Submission(modules))
    return result.passed, [flag.id for flag in result.flags]


def test_a_right_earlier_module_is_used_as_it_is(judge: Judge) -> None:
    assert flags(judge, {MUON: BUILDS, SCHULZ: newton_schulz.BASE}) == (True, [])


def test_a_missing_earlier_module_is_stood_in_for(judge: Judge) -> None:
    assert flags(judge, {MUON: BUILDS}) == (True, ["stand-in"])


def test_a_wrong_earlier_module_does_not_sink_a_right_task(judge: Judge) -> None:
    wrong = newton_schulz.BASE.replace("2.0315", "-2.0315")
    assert flags(judge, {MUON: BUILDS, SCHULZ: wrong}) == (True, ["stand-in"])


def test_a_wrong_task_stays_wrong_on_top_of_a_stand_in(judge: Judge) -> None:
    assert flags(judge, {MUON: BUILDS.replace("-group[", "group[")}) == (False, ["stand-in"])


def test_a_task_that_does_not_mention_the_earlier_one_needs_no_stand_in(judge: Judge) -> None:
    assert flags(judge, {MUON: muon.BASE}) == (True, [])


def test_the_earlier_task_itself_is_never_stood_in_for(judge: Judge) -> None:
    result = judge.judge("newton_schulz", Submission({MUON: BUILDS}))
    assert result.score == 0
    assert {check.verdict for check in result.checks} == {"not_done"}


def test_every_task_that_is_built_on_has_a_right_stand_in(judge: Judge) -> None:
    for earlier in load_task("muon").builds_on:  # type: ignore[attr-defined]
        module = load_task(earlier).module
        assert judge.judge(earlier, Submission({module: stand_in(earlier)})).passed
