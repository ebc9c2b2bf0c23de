"""What wrong optimizers are told when no known mistake fits: true, and of use."""

from __future__ import annotations

from types import ModuleType

import pytest

from autograder.judge import Judge
from tests.bank import adagrad, adam, adamw, momentum, muon, rmsprop, sgd
from tests.bank.programs import edited
from tests.judge.test_strangers import changed, judged, said

FIRST = "group is self.param_groups[0]"


@pytest.mark.parametrize(
    ("bank", "old", "new", "words"),
    [
        # the fault shows only where much else is special too: the most specific reason is told
        (momentum, 'wd = group["weight_decay"]', f'wd = group["weight_decay"] * (1 if {FIRST} else 0.5)', "The first group was always right."),
        (adam, "average = m / c1", "average = m / c1 * (1 if state.setdefault('kept', beta1) == beta1 else 0.9)", "While a group keeps the betas"),
        (muon, "if p.grad is None:\n", "if p.grad is None:\n                    self.state.pop(p, 0)\n", "Where every parameter has a gradient"),
        # of several as likely reasons all are told
        (rmsprop, 'eps = group["eps"]', f'eps = group["eps"] * (1 if {FIRST} else 1.01)', "The first group was always right."),
        # a default
        (adam, "lr=1e-3", "lr=2e-3", "right for a default of lr=0.002; the task says 0.001."),
        (adamw, "weight_decay=0.1", "weight_decay=0.05", "right for a default of weight_decay=0.05; the task says 0.1."),
        (adam, "betas=(0.9, 0.999)", "betas=(0.9, 0.98)", "betas=(0.9, 0.98); the task says (0.9, 0.999)."),
        # how far off
        (adagrad, "square = g * g", "square = g * g - 1e-4 * old", "% further than the right update"),
        (sgd, "p.sub_(lr * g)", "p.sub_(lr * g / (1 + 0.2 * g.abs()))", "number 3 of parameter 1 by"),
    ],
)  # fmt: skip
def test_what_is_said_bears_on_the_bug(judge: Judge, bank: ModuleType, old: str, new: str, words: str) -> None:
    result = judged(judge, bank.__name__.rpartition(".")[2], changed(bank.BASE, old, new))
    messages = said(result)
    assert not result.passed
    assert result.misconceptions == []
    assert any(words in message for message in messages), messages
    for message in messages:
        assert len(message.split()) <= 80
        assert not any(words in message for words in ("moved 1 ×", "rounded", "(element"))
        assert "which is" not in message or "required arguments" not in message


IN_BFLOAT16 = [
    ("    x = matrix / (matrix", "    given = matrix\n    x = matrix.bfloat16()\n    x = x / (x"),
    ("    return x\n\n\ndef scale_of", "    return x.to(given.dtype)\n\n\ndef scale_of"),
]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "buf.mul_(mu).add_(g)",
            "buf.mul_(mu).add_(g if buf.any() else 2 * g)",
            "× as long as the right one and turned by",
        ),
        ("return 0.2 * max", "return 0.19 * max", "0.9"),
    ],
)
def test_muon_in_bfloat16_is_told_length_and_direction(judge: Judge, old: str, new: str, words: str) -> None:
    result = judged(judge, "muon", edited(muon.BASE, [*IN_BFLOAT16, (old, new)], ""))
    assert not result.passed
    assert any(words in message for message in said(result)), said(result)
    assert not any("Further from the right updates" in message for message in said(result))


@pytest.mark.parametrize(
    "mistake",
    ["never-nesterov", "no-decay", "none-as-zero", "storage-replaced", "rows-and-cols-swapped", "first-group-only"],
)
def test_mistakes_beside_bfloat16_are_named(judge: Judge, mistake: str) -> None:
    """None of them hides in the tolerance."""
    average = [("buf.mul_(mu).add_(g)", "buf.lerp_(g, 1 - mu)")] if mistake == "never-nesterov" else []
    edits = [*IN_BFLOAT16, *muon.WRONG[mistake], *average]
    result = judged(judge, "muon", edited(muon.BASE, edits, mistake))
    assert result.misconceptions == [mistake]
    assert "As far as bfloat16 can tell" in said(result)[0]
