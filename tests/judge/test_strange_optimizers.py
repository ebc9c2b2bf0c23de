"""Optimizers with bugs that no bank knows: they are found, and what is said about them is true and of use."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from autograder.judge.factors_in_words import factor_in_words
from tests.bank import adam, decay_groups, momentum, muon, muon_groups, programs, sgd
from tests.judge.test_strangers import changed, judged, said

STEP = "        loss = None\n"
COUNTED = STEP + "        self.t = getattr(self, 't', 0) + 1\n"


def spoiled(source: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        source = changed(source, old, new)
    return source


@pytest.mark.parametrize(
    ("program", "words"),
    [
        # a limit that shows late
        (
            spoiled(sgd.BASE, (STEP, COUNTED), ('lr = group["lr"]', 'lr = group["lr"] * (0.1 if self.t > 40 else 1)')),
            "Right until step 40; on step 41 (a run of 301 steps), the parameter moved 0.1 × the right update.",
        ),
        # only in low precision
        (
            changed(sgd.BASE, "p.grad + wd * p", "p.grad + (wd if p.dtype != torch.bfloat16 else 0) * p"),
            "In float32 and float64 everything was right.",
        ),
        # remembers half of a hyperparameter that nobody changes often
        (
            changed(
                sgd.BASE,
                'wd = group["weight_decay"]',
                'wd = (group["weight_decay"] + group.setdefault("first_wd", group["weight_decay"])) / 2',
            ),
            "While a group keeps the weight_decay it was built with, everything was right.",
        ),
        # a reload that keeps what it should forget
        (
            changed(
                sgd.BASE, "    @torch.no_grad()", "    def load_state_dict(self, saved): pass\n\n    @torch.no_grad()"
            ),
            "which is the lr it was built with over that of now. Without a reload everything was right.",
        ),
        (changed(sgd.BASE, "p.grad + wd * p", "p.grad.clamp(-9, 9) + wd * p"), "Is something clamped or clipped?"),
        (
            changed(sgd.BASE, "if p.grad is None:", "if p.grad is None or not p.grad.any():"),
            "Where no gradient is zero everything was right.",
        ),
        (
            changed(sgd.BASE, "if weight_decay < 0:", "if weight_decay <= 0:"),
            "weight_decay=0.0, and all of that is valid.",
        ),
        (changed(sgd.BASE, "p.sub_(lr * g)", "p.sub_(lr * g.half())"), "moved nearly right, off by 0.0"),
        (
            changed(sgd.BASE, "p.sub_(lr * g)", "p.sub_(lr * g / (1 + p.ndim))"),
            "0.5 × in parameter 1 and 0.3333 ×",
        ),
        (changed(sgd.BASE, "wd * p\n", "wd * p * (1 + p.abs())\n"), "Without weight_decay everything was right."),
    ],
)
def test_a_bug_nobody_listed_is_found_and_described(judge: Judge, program: str, words: str) -> None:
    result = judged(judge, "sgd", program)
    assert result.score < result.max_score
    assert result.misconceptions == []
    assert any(words in message for message in said(result)), said(result)
    assert all(len(message.split()) <= 80 for message in said(result))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            changed(momentum.BASE, "p.grad + wd * p", "p.grad + wd * mu * p"),
            "which is lr × weight_decay × (1 − momentum).",
        ),
        (changed(momentum.BASE, "p.grad + wd * p", "p.grad + wd * p * p"), "(lr × weight_decay) minus"),
        (
            changed(
                momentum.BASE, "if p.grad is None:\n", "if p.grad is None:\n                    self.state.pop(p, 0)\n"
            ),
            "It had no gradient on step 2.",
        ),
        # half of every gradient is measured by the rule of the text, not by a convention nothing speaks for
        (
            changed(momentum.BASE, "p.grad + wd * p", "p.grad / len(group['params']) + wd * p"),
            "moved 0.5 × the right update",
        ),
    ],
)
def test_what_is_said_of_a_state_that_is_wrong(judge: Judge, program: str, words: str) -> None:
    result = judged(judge, "momentum", program)
    assert result.score < result.max_score
    assert any(words in message for message in said(result)), said(result)


def test_a_single_step_alone_does_not_name_a_mistake(judge: Judge) -> None:
    longer = changed(momentum.BASE, "p.sub_(lr * d)", "p.sub_(lr * d * (1 if old.any() else 1 + mu))")
    messages = said(judged(judge, "momentum", longer))
    assert "which is 1 + momentum" in messages[0]
    assert not any("always uses Nesterov" in message for message in messages)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("state = self.state[p]", "state = MEMORY.setdefault(tuple(place), {})"),
        ("state = self.state[p]", "state = memory.setdefault(tuple(place), {})"),
    ],
    ids=["at the top of the file", "as a default argument"],
)
@pytest.mark.parametrize(("task", "bank"), [("momentum", momentum), ("adam", adam)])
def test_state_outside_the_optimizer_is_called_that(judge: Judge, task: str, bank: object, old: str, new: str) -> None:
    source = spoiled(
        bank.BASE,  # type: ignore[attr-defined]
        ("import torch\n", "import torch\n\nMEMORY = {}\n"),
        ("closure=None):", "closure=None, memory={}):"),
        (old, "place = [q is p for h in self.param_groups for q in h['params']]\n                " + new),
    )
    result = judged(judge, task, source)
    assert result.misconceptions == ["state-on-the-class" if task == "momentum" else "memory-on-the-class"]
    (message,) = said(result)
    assert "kept outside the optimizer object" in message


def test_a_file_that_trains_something_at_its_end_is_loaded_once(judge: Judge) -> None:
    demo = "\nfor _ in range(40):\n    torch.randn(500, 500) @ torch.randn(500, 500)\nSGD.loads = getattr(torch, 'loads', 0)\n"
    counting = "import torch\ntorch.loads = getattr(torch, 'loads', 0) + 1\nassert torch.loads < 2, 'loaded again'\n"
    assert judged(judge, "sgd", counting + sgd.BASE + demo).passed


def test_a_parameter_with_two_dimensions_may_have_one_row(judge: Judge) -> None:
    squeezing = changed(decay_groups.BASE, "if p.ndim >= 2:", "if p.squeeze().ndim >= 2:")
    message = said(judged(judge, "decay_groups", squeezing))[0]
    assert "has 2 dimensions, and your groups do not let it decay" in message


def test_two_equal_numbers_are_not_contrasted(judge: Judge) -> None:
    gains = changed(decay_groups.BASE, "if p.ndim >= 2:", "if p.ndim >= 2 or 'ln_f' in name:")
    message = said(judged(judge, "decay_groups", gains))[0]
    assert "has 1 dimension, and your groups let it decay like a matrix" in message
    assert "the call asked for" not in message


def test_lists_of_something_else_are_called_that(judge: Judge) -> None:
    named = changed(muon_groups.BASE, "matrices.append(p)", "matrices.append(name)")
    named = changed(named, "others.append(p)", "others.append(name)")
    assert "things in your lists are no parameters of the model" in said(judged(judge, "muon_groups", named))[0]


def test_a_list_is_not_said_to_be_none(judge: Judge) -> None:
    boxed = "def first_step(theta, gradient, lr):\n    return [theta - lr * gradient]\n"
    assert all("returns None." not in message for message in said(judged(judge, "first_step", boxed)))


def test_a_factor_is_told_only_where_an_expression_gives_it() -> None:
    now = {"lr": 0.0731, "weight_decay": 0.3319, "β₁": 0.8713}
    assert factor_in_words(0.0731 * 0.3319, (now, now), now) == "lr × weight_decay"
    assert factor_in_words(1 / (1 - 0.8713), (now, now), now) == "1/(1 − β₁)"
    assert factor_in_words(0.05 / 0.0731, (now, now), {**now, "lr": 0.05}) == "the first group's lr over its own"
    assert factor_in_words(0.123, (now, now), now) == ""


def test_a_long_description_is_cut_before_what_is_named(judge: Judge) -> None:
    swapped = muon.BASE.replace("rows, cols = shape", "cols, rows = shape")
    for message in said(judged(judge, "muon", swapped)):
        assert len(message.split()) <= 80
        assert "rows and columns exchanged" in message


@pytest.mark.parametrize("seed", [8, 11, 23])
def test_muon_in_bfloat16_passes_and_is_told_from_its_relatives_at_any_seed(seed: int) -> None:
    with Judge("trusted", seed=seed) as judge:
        for program in programs.right("muon"):
            if program.convention and "bfloat16" in program.convention:
                result = judged(judge, "muon", program.source)
                assert (result.passed, result.convention) == (True, program.convention), program.name


BFLOAT16_SLIPS = {
    "lr=0.02": ("lr=0.001", "lr-default"),
    "momentum=0.95": ("momentum=0.85", "momentum-default"),
    "nesterov=True": ("nesterov=False", "nesterov-default"),
    "weight_decay=0.0": ("weight_decay=0.1", "decay-default"),
    'scale="original"': ('scale="match_rms"', "scale-default"),
    "2.0315": ("2.0135", None),
    "+ 1e-7)": ("+ 1e-2)", None),
}


@pytest.mark.parametrize("right", BFLOAT16_SLIPS)
def test_bfloat16_hides_no_default_and_no_digit(judge: Judge, right: str) -> None:
    wrong, name = BFLOAT16_SLIPS[right]
    source = muon.RIGHT["moonlight"][0]
    assert judged(judge, "muon", source).passed
    result = judged(judge, "muon", source.replace(right, wrong, 1))
    assert not result.passed
    assert [id for id in result.misconceptions if id == name] == result.misconceptions
