"""What the judge says of accumulation, clipping and noise scales beyond the bank's programs."""

from __future__ import annotations

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.results import TaskResult
from tests.bank import accumulate, clip, noise_scale

BASES = {"accumulate": accumulate.BASE, "clip": clip.BASE, "noise_scale": noise_scale.BASE}


def judged(judge: Judge, task: str, source: str) -> TaskResult:
    return judge.judge(task, Submission({load_task(task).module: source}))


def changed(task: str, *edits: tuple[str, str]) -> str:
    source = BASES[task]
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def message(result: TaskResult) -> str:
    return next(check.message for check in result.checks if check.verdict not in ("passed", "skipped"))


@pytest.mark.parametrize("task", BASES)
@pytest.mark.parametrize(
    "source", ["", "raise SystemExit", "def {0}(*a, **k):\n    pass", "def {0}(*a, **k):\n    return 1.0"]
)
def test_nothing_gets_nothing(judge: Judge, task: str, source: str) -> None:
    assert judged(judge, task, source.format(load_task(task).entries[0])).score == 0


def test_a_gradient_off_by_a_factor_is_called_so(judge: Judge) -> None:
    result = judged(judge, "accumulate", changed("accumulate", ("summed / total", "0.75 * summed / total")))
    assert result.misconceptions == []
    assert "0.75 × that of the mean loss" in message(result)


def test_micro_batches_put_together_again_are_refused_in_words(judge: Judge) -> None:
    joined = "(torch.cat([x for x, _ in micro_batches]), torch.cat([y for _, y in micro_batches]))"
    source = "import torch\n" + changed("accumulate", ("loss_sum_fn(mb)", f"loss_sum_fn({joined})"))
    assert "one of the given micro-batches" in message(judged(judge, "accumulate", source))


def test_the_right_gradient_with_every_graph_in_memory_loses_only_that(judge: Judge) -> None:
    source = changed(
        "accumulate",
        ("        loss.backward()\n", "        losses = [loss, *locals().get('losses', [])]\n"),
    )
    source = source.replace("    # end\n", "    sum(losses).backward()\n")
    result = judged(judge, "accumulate", source)
    assert result.misconceptions == ["every-graph-kept"]
    assert [check.id for check in result.checks if check.verdict == "failed"] == ["accumulate_one_graph"]
    assert "the graphs of" in message(result)


def test_a_loss_kept_after_its_backward_is_no_graph_in_memory(judge: Judge) -> None:
    assert judged(judge, "accumulate", accumulate.RIGHT["losses-listed-after-backward"]).passed


def test_a_step_at_the_end_is_seen_in_the_parameters(judge: Judge) -> None:
    step = (
        "    import gc, torch\n"
        "    for p in gc.get_objects():\n"
        "        if isinstance(p, torch.nn.Parameter) and p.grad is not None:\n"
        "            p.data -= 0.1 * p.grad\n"
    )
    assert "A parameter changed" in message(judged(judge, "accumulate", changed("accumulate", ("    # end\n", step))))


@pytest.mark.parametrize("written", ["[mean]", "str(mean)", "None", "complex(mean)", "(mean, total)"])
def test_anything_but_a_number_is_no_mean_loss(judge: Judge, written: str) -> None:
    result = judged(judge, "accumulate", changed("accumulate", ("    return mean\n", f"    return {written}\n")))
    assert result.score == result.max_score - 1


def test_a_wrong_clip_says_what_the_norm_became(judge: Judge) -> None:
    result = judged(judge, "clip", changed("clip", ("(max_norm / norm)", "(0.9 * max_norm / norm)")))
    assert result.misconceptions == []
    assert "after your call" in message(result)
    assert "max_norm is" in message(result)


def test_a_turned_gradient_is_called_so(judge: Judge) -> None:
    result = judged(judge, "clip", changed("clip", ("g.mul_(factor)", "g.sub_(norm - max_norm)")))
    assert "another direction" in message(result)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (("for g in grads])", "for g in (grads[:-1] or grads)])"), "That would be right if gradient 4 did not count."),
        (("(max_norm / norm)", "(1.01 * max_norm / norm)"), "1 % too long. Are parts of the gradients left out"),
        (("(max_norm / norm)", "(0.99 * max_norm / norm)"), "1 % too short. Is something larger than 1e-6 added"),
    ],
)
def test_a_factor_that_is_slightly_wrong_is_asked_about(judge: Judge, edit: tuple[str, str], words: str) -> None:
    assert words in message(judged(judge, "clip", changed("clip", edit)))


@pytest.mark.parametrize("constant", ["1e-12", "1e-8", "1e-7", "3e-7", "1e-6"])
def test_a_small_constant_in_the_denominator_is_no_mistake(judge: Judge, constant: str) -> None:
    assert judged(judge, "clip", changed("clip", ("(max_norm / norm)", f"(max_norm / (norm + {constant}))"))).passed


@pytest.mark.parametrize("constant", ["1e-4", "1e-2", "1.0"])
def test_a_large_one_is(judge: Judge, constant: str) -> None:
    assert not judged(judge, "clip", changed("clip", ("(max_norm / norm)", f"(max_norm / (norm + {constant}))"))).passed


def test_a_wrong_norm_costs_only_its_own_points(judge: Judge) -> None:
    result = judged(judge, "clip", changed("clip", ("    return norm\n", "    return norm.round()\n")))
    assert [check.id for check in result.checks if check.verdict == "failed"] == ["clip_norm"]


@pytest.mark.parametrize(
    "write",
    ["g.set_(torch.zeros(7))", "g.fill_(float('nan'))", "p = g.grad_fn.x", "g.resize_(0)", "g.mul_(1j)"],
)
def test_odd_gradients_fail_without_breaking_the_judge(judge: Judge, write: str) -> None:
    result = judged(judge, "clip", changed("clip", ("g.mul_(factor)", write)))
    assert result.score < 2
    assert message(result)
    assert judged(judge, "clip", clip.BASE).passed


def test_long_lists_are_shown_short(judge: Judge) -> None:
    result = judged(judge, "noise_scale", changed("noise_scale", ("noise / signal", "noise / signal + 1")))
    assert "8 in all" in message(result)
    assert len(message(result)) < 300


@pytest.mark.parametrize("task", BASES)
def test_every_message_about_a_named_mistake_is_short(judge: Judge, task: str) -> None:
    from tests.bank import programs

    for program in list(programs.wrong(task))[::3]:
        for check in judged(judge, task, program.source).checks:
            assert len(check.message.split()) <= 80, (program.name, check.message)
