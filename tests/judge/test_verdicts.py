"""What the judge says of right, wrong, missing and hostile submissions of the first task."""

from __future__ import annotations

import json

import pytest

from autograder.errors import UnknownTask
from autograder.judge import Judge, Submission
from autograder.judge.results import TaskResult
from tests.bank import sgd

MODULE = "course_lib/optim/sgd.py"


def judged(judge: Judge, source: str) -> TaskResult:
    return judge.judge("sgd", Submission(modules={MODULE: source}))


def changed(old: str, new: str) -> str:
    assert sgd.BASE.count(old) == 1
    return sgd.BASE.replace(old, new)


def test_a_right_program_gets_everything(judge: Judge) -> None:
    result = judged(judge, sgd.BASE)
    assert result.passed
    assert result.score == result.max_score > 0
    assert result.misconceptions == []
    assert result.convention is None


def test_the_missing_file_gets_nothing_and_says_not_written(judge: Judge) -> None:
    result = judge.judge("sgd", Submission())
    assert result.score == 0
    assert {check.verdict for check in result.checks} == {"not_done"}
    assert MODULE in result.checks[0].message


def test_the_stub_gets_nothing(judge: Judge) -> None:
    result = judged(judge, changed("p.sub_(lr * g)", "raise NotImplementedError"))
    assert result.score == 0
    assert {check.verdict for check in result.checks} == {"not_done"}


def test_a_step_that_does_nothing_gets_nothing(judge: Judge) -> None:
    result = judged(judge, changed("p.sub_(lr * g)", "pass"))
    assert result.score == 0
    assert "did not move" in result.checks[0].message or "No parameter moved" in result.checks[0].message


def test_a_named_mistake_comes_with_three_hints_and_no_answer(judge: Judge) -> None:
    result = judged(judge, changed("g = p.grad + wd * p", "g = p.grad"))
    assert result.misconceptions == ["no-decay"]
    assert len(result.hints) == 3
    failed = next(check for check in result.checks if check.id == "weight_decay")
    assert "without weight decay" in failed.message
    assert len(failed.message.split()) <= 80


def test_checks_that_do_not_depend_on_the_mistake_keep_their_points(judge: Judge) -> None:
    result = judged(judge, changed("g = p.grad + wd * p", "g = p.grad"))
    verdicts = {check.id: check.verdict for check in result.checks}
    assert verdicts["first_step"] == verdicts["closure"] == verdicts["missing_gradients"] == "passed"
    assert verdicts["together"] == "skipped"


def test_an_unknown_mistake_is_described_by_its_numbers(judge: Judge) -> None:
    result = judged(judge, changed("p.sub_(lr * g)", "p.sub_(0.75 * lr * g)"))
    assert result.misconceptions == []
    assert "0.75 × the right update" in result.checks[0].message


def test_an_unknown_extra_term_is_described_by_what_it_is_a_multiple_of(judge: Judge) -> None:
    result = judged(judge, changed("p.sub_(lr * g)", "p.sub_(lr * g + 0.05 * torch.sign(p.grad))"))
    assert "× the sign of the gradient" in result.checks[0].message


@pytest.mark.parametrize(
    ("source", "verdict", "words"),
    [
        ("x = = 1", "crashed", "SyntaxError"),
        ("import not_there", "crashed", "not_there"),
        ("import os\nos._exit(3)", "crashed", "exit status 3"),
        ("raise SystemExit", "crashed", "SystemExit"),
        ("SGD = 3", "crashed", "not callable"),
        ("def f(): return f()\nf()", "crashed", "RecursionError"),
        ("import os\nos.kill(os.getpid(), 11)", "crashed", "segmentation fault"),
        ("raise Exception('\\x1b[31m<script>\\n' * 100)", "crashed", "script"),
        ("class SGD:\n    def __init__(self, *a, **k): pass\n    def step(self): pass", "failed", "moved"),
    ],
)
def test_garbage_gets_a_verdict_and_a_plain_message(judge: Judge, source: str, verdict: str, words: str) -> None:
    result = judged(judge, source)
    assert result.score == 0
    assert result.checks[0].verdict == verdict
    assert words in result.checks[0].message
    assert result.checks[0].message.isprintable()
    assert judged(judge, sgd.BASE).passed


@pytest.mark.parametrize(
    "write",
    [
        "p.data = p.data * float('nan')",
        "p.data = torch.zeros(7)",
        "p.data = p.data.to(torch.complex64)",
        "p.data = p.data.half()",
        "p.data = p.data.to('meta')",
        "p.grad = None; p.data = torch.full_like(p.data, float('inf'))",
    ],
)
def test_odd_tensors_fail_without_breaking_the_judge(judge: Judge, write: str) -> None:
    result = judged(judge, changed("p.sub_(lr * g)", write))
    assert not result.passed
    assert result.checks[0].message


def test_an_endless_loop_is_named_as_one() -> None:
    from autograder.sandbox import Limits

    with Judge("trusted", limits=Limits(cpu_seconds=1, wall_seconds=10)) as impatient:
        result = judged(impatient, changed("p.sub_(lr * g)", "\n                while True: pass"))
    assert result.checks[0].verdict == "timed_out"
    assert "loop" in result.checks[0].message


def test_handing_the_work_to_torch_is_flagged_and_not_punished(judge: Judge) -> None:
    result = judged(judge, sgd.RIGHT["torch-itself"])
    assert result.passed
    assert [flag.id for flag in result.flags] == ["not-own-implementation"]


def test_the_base_class_alone_is_no_reason_for_a_flag(judge: Judge) -> None:
    assert judged(judge, sgd.BASE).flags == []


@pytest.mark.parametrize(
    "line",
    [
        "from torch.optim.optimizer import Optimizer, ParamsT, StateDict",
        "from torch.optim import lr_scheduler",
        "from torch.optim import *",
        "import torch.optim as optim, torch.optim.adam",
    ],
)
def test_type_hints_helpers_and_imports_that_nobody_uses_are_no_reason_for_a_flag(judge: Judge, line: str) -> None:
    assert judged(judge, f"{line}\n{sgd.BASE}").flags == []


def test_what_comes_with_a_star_is_flagged_where_it_is_used(judge: Judge) -> None:
    borrowed = "from torch.optim import *\n" + sgd.RIGHT["torch-itself"].replace("torch.optim.SGD", "SGD")
    (flag,) = judged(judge, borrowed).flags
    assert "torch.optim.SGD" in flag.message


def test_another_seed_gives_other_scenarios_and_the_same_verdicts(judge: Judge) -> None:
    with Judge("trusted", seed=12345) as other:
        assert other.expectations("sgd").scenarios != judge.expectations("sgd").scenarios
        assert judged(other, sgd.BASE).passed
        assert judged(other, changed("p.sub_(lr * g)", "p.add_(lr * g)")).misconceptions == ["ascent"]


def test_a_result_is_plain_json(judge: Judge) -> None:
    report = json.loads(json.dumps(judged(judge, changed("p.sub_(lr * g)", "p.add_(lr * g)")).to_json()))
    assert report["task"] == "sgd"
    assert report["misconceptions"] == ["ascent"]
    assert set(report["checks"][0]) >= {"id", "verdict", "message", "seconds", "points", "max_points"}
    assert len(report["picture"]["yours"]) == len(report["picture"]["expected"])
    assert report["seed"] == "public"
    assert "rlimits" in report["sandbox"]


def test_an_unknown_task_is_refused_with_the_known_ones(judge: Judge) -> None:
    with pytest.raises(UnknownTask, match="sgd"):
        judge.judge("sdg", Submission())


def test_numbers_that_differ_are_told_by_what_they_have_in_common(judge: Judge) -> None:
    result = judged(judge, changed("p.sub_(lr * g)", "p.sub_(lr * g.abs())"))
    first = next(check for check in result.checks if check.verdict == "failed")
    assert "those with a negative gradient, moved the right distance in the opposite direction" in first.message


def test_a_gradient_of_zero_is_not_a_missing_one(judge: Judge) -> None:
    assert not judged(judge, changed("if p.grad is None:", "if p.grad is None or not p.grad.any():")).passed


def test_an_exception_is_told_with_a_question_and_not_taken_for_another(judge: Judge) -> None:
    adamw = (
        "import torch\n\n\nclass AdamW(torch.optim.AdamW):\n    def step(self):\n        for g in self.param_groups:\n"
    )
    adamw += "            for p in g['params']:\n                p.sub_(p)\n"
    result = judge.judge("adamw", Submission(modules={"course_lib/optim/adamw.py": adamw}))
    assert "torch.no_grad()?" in result.checks[0].message
    assert result.misconceptions == []


def test_a_package_that_graders_do_not_have_is_pointed_out_at_home(judge: Judge) -> None:
    result = judged(judge, "import rich\n" + sgd.BASE)
    assert result.passed
    assert [flag.id for flag in result.flags] == ["not-there-when-graded"]
