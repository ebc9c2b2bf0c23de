"""Programs for chapter 10 that nobody had thought of when the banks were written."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.bank import grok, modular_data
from tests.judge.test_strangers import changed, judged, said


def test_a_whole_number_of_pairs_leaves_nothing_to_round(judge: Judge) -> None:
    one_more = changed(modular_data.BASE, "int(train_fraction * n)", "int(train_fraction * n) + 1")
    assert any("but 0.75 × 156 is 117" in message for message in said(judged(judge, "modular_data", one_more)))


def test_one_pair_in_both_sets_is_not_all_of_them(judge: Judge) -> None:
    shared = changed(modular_data.BASE, "order[cut:]", "order[cut - 1 :]")
    assert judged(judge, "modular_data", shared).misconceptions == ["overlap-at-the-cut"]


def test_ten_lost_pairs_are_not_the_one_at_the_cut(judge: Judge) -> None:
    lost = changed(modular_data.BASE, "order[cut:]", "order[cut + 10 :]")
    result = judged(judge, "modular_data", lost)
    assert result.misconceptions == []
    assert "one of 10" in said(result)[0]


def test_another_exception_for_an_unknown_operation_does_not_mean_that_nothing_is_written(judge: Judge) -> None:
    other = changed(modular_data.BASE, "raise ValueError(", "raise NotImplementedError(")
    result = judged(judge, "modular_data", other)
    (message,) = said(result)
    assert "it should raise ValueError" in message
    assert result.score == result.max_score - 1


def test_patience_with_the_validation_loss_ends_too_early(judge: Judge) -> None:
    patient = changed(
        grok.BASE,
        "            if val_acc >= 0.99:",
        "            if len(val_losses) > 6 and min(val_losses[-6:]) > min(val_losses):\n"
        "                break\n"
        "            if val_acc >= 0.99:",
    )
    (message,) = said(judged(judge, "grok", patient))
    assert "where 20 are right" in message
    assert "below 0.99 the run goes on" in message


def test_validation_alone_ends_a_run(judge: Judge) -> None:
    both = changed(grok.BASE, "if val_acc >= 0.99:", "if train_acc >= 0.99 and val_acc >= 0.99:")
    (message,) = said(judged(judge, "grok", both))
    assert "At step 3 validation accuracy is 0.99 or more" in message


@pytest.mark.parametrize("patience", [10, 20, 40])
def test_a_validation_loss_that_rises_for_long_ends_nothing(judge: Judge, patience: int) -> None:
    stop = (
        f"if len(val_losses) > {patience} and val_loss > max(val_losses[-{patience + 1} : -1]):\n                break"
    )
    impatient = changed(
        grok.BASE, "            if val_acc >= 0.99:", f"            {stop}\n            if val_acc >= 0.99:"
    )
    assert any("below 0.99 the run goes on" in message for message in said(judged(judge, "grok", impatient)))


def test_numbers_are_shown_with_the_digits_in_which_they_differ(judge: Judge) -> None:
    rounded = changed(grok.BASE, "return loss.item(), accuracy.item()", "return round(loss.item(), 4), accuracy.item()")
    message = said(judged(judge, "grok", rounded))[0]
    mine, right = (words.split()[-1] for words in message.removesuffix(". Is it rounded?").split("; right"))
    assert mine != right
    assert message.endswith("Is it rounded?")


def test_a_small_difference_is_not_said_to_be_none(judge: Judge) -> None:
    step = "        optimizer.step()\n"
    shrunk = changed(grok.BASE, step, f"{step}        for q in model.parameters():\n            q.data.mul_(0.9999)\n")
    message = said(judged(judge, "grok", shrunk))[0]
    assert "they differ by 0.00" in message
    assert "by 0 %" not in message


def test_whole_numbers_of_eight_bits_are_too_short_for_products(judge: Judge) -> None:
    short = changed(modular_data.BASE, "y = a * b\n", "y = (a.to(torch.uint8) * b.to(torch.uint8)).long()\n")
    assert not judged(judge, "modular_data", short).passed


def test_two_is_a_prime_number(judge: Judge) -> None:
    lost = changed(modular_data.BASE, "pow(int(value), p - 2, p)", "pow(int(value), p - 2, p) if p > 2 else 0")
    assert 'modular_data(2, "div"' in said(judged(judge, "modular_data", lost))[0]
