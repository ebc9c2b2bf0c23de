"""Programs for chapter 10 that nobody had thought of when the banks were written."""

from __future__ import annotations

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
