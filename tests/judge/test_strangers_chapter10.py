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
    assert "10 pairs are missing" in said(result)[0]


def test_three_columns_are_not_missing_pairs(judge: Judge) -> None:
    wide = changed(modular_data.BASE, "    n = len(x)", "    x = torch.cat([x, x[:, :1]], dim=1)\n    n = len(x)")
    messages = said(judged(judge, "modular_data", wide))
    assert any("other than two columns" in message for message in messages)
    assert all("is missing" not in message for message in messages)


def test_a_cached_result_is_not_called_a_copied_generator(judge: Judge) -> None:
    cached = changed(modular_data.BASE, "def modular_data", "import functools\n\n\n@functools.cache\ndef modular_data")
    result = judged(judge, "modular_data", cached)
    assert result.misconceptions == ["same-generator-same-split"]
    assert "keep the result of an earlier call" in result.hints[1]


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


LOOK = "    for step in range(max_steps + 1):\n"
SETTINGS = {
    "for group in optimizer.param_groups:\n        group['weight_decay'] = 1.0": "settings (not the learning rate)",
    "optimizer.state.clear()": "state changed",
}


@pytest.mark.parametrize("line", SETTINGS)
def test_what_changed_in_the_optimizer_is_not_said_to_be_the_learning_rate(judge: Judge, line: str) -> None:
    result = judged(judge, "grok", changed(grok.BASE, LOOK, f"    {line}\n{LOOK}"))
    assert result.misconceptions == []
    assert all(SETTINGS[line] in message and "['lr']" not in message for message in said(result))


def test_a_memorised_that_is_true_is_said_to_be_true(judge: Judge) -> None:
    flag = changed(grok.BASE, '"memorised": memorised', '"memorised": memorised is not None')
    assert any('"memorised" is True; right is 3.' in message for message in said(judged(judge, "grok", flag)))


def test_a_limit_for_memorised_alone_is_no_reason_to_ask_about_the_end(judge: Judge) -> None:
    perfect = changed(grok.BASE, "train_acc >= 0.99", "train_acc == 1")
    messages = said(judged(judge, "grok", perfect))
    assert any("train_acc is 1 at step 8 and 0.995 at step 4" in message for message in messages)
    assert not any("stop?" in message for message in messages)


def test_wrong_accuracies_are_told_before_the_stop_that_they_cause(judge: Judge) -> None:
    look = "evaluate(model, val_x, val_y)"
    shared = changed(grok.BASE, look, f"{look}\n            val_acc = val_acc * len(val_x) / len(train_x)")
    assert "the validation accuracy is 1.8; right is 0.6" in said(judged(judge, "grok", shared))[0]


def test_a_list_that_is_a_multiple_of_the_right_one_is_said_to_be_one(judge: Judge) -> None:
    look = "evaluate(model, val_x, val_y)"
    shared = changed(grok.BASE, look, f"{look}\n            val_loss = val_loss * len(val_x) / len(train_x)")
    assert "All of the list is 3 × what is right." in said(judged(judge, "grok", shared))[0]


def test_numbers_of_numpy_that_no_json_takes_are_no_plain_numbers(judge: Judge) -> None:
    source = changed("import numpy as np\n" + grok.BASE, "return loss.item(),", "return np.float32(loss.item()),")
    assert judged(judge, "grok", source).misconceptions == ["tensors-in-the-log"]


def test_columns_that_are_sorted_apart_are_not_drawn_with_replacement(judge: Judge) -> None:
    apart = changed(modular_data.BASE, "x[val], val_y", "x[val].sort(dim=0).values, val_y")
    assert not {"drawn-with-replacement", "no-modulo"} & set(judged(judge, "modular_data", apart).misconceptions)


ORDER = "order = torch.randperm(n, generator=generator)\n"
CUTS = {
    "first = (a != 0).long()": "all pairs with one first number are on one side",
    "first = (a != b).long()": "all pairs with one difference a − b modulo p are on one side",
    "first = (y != 1).long()": "are on one side of the cut",
}


@pytest.mark.parametrize("line", CUTS)
def test_a_cut_along_a_line_of_the_table_is_not_a_random_one(judge: Judge, line: str) -> None:
    cut = changed(
        modular_data.BASE, ORDER, f"{ORDER}    {line}\n    order = order[first[order].argsort(stable=True)]\n"
    )
    assert any(CUTS[line] in message for message in said(judged(judge, "modular_data", cut)))


def test_mirror_images_that_are_always_parted_are_not_a_random_choice(judge: Judge) -> None:
    parted = (
        "flip = torch.randint(2, (p, p), generator=generator)\n"
        "    upper = (a < b) ^ (flip[torch.minimum(a, b), torch.maximum(a, b)] > 0)\n"
        f"    {ORDER}    order = order[upper[order].long().argsort(stable=True)]\n"
    )
    messages = said(judged(judge, "modular_data", changed(modular_data.BASE, ORDER, parted)))
    assert any("(a, b) and (b, a) are on different sides" in message for message in messages)


def test_every_answer_cut_alike_is_not_a_random_choice(judge: Judge) -> None:
    alike = f"{ORDER}    turn = torch.stack([(y[order[:i]] == y[order[i]]).sum() for i in range(n if p < 99 else 1)])\n    turn = turn if p < 99 else torch.zeros(n)\n"
    alike += "    order = order[turn.argsort(stable=True)]\n"
    messages = said(judged(judge, "modular_data", changed(modular_data.BASE, ORDER, alike)))
    assert any("every answer alike" in message or "modulo p alike" in message for message in messages)


def test_a_block_of_the_table_that_begins_anywhere_is_told_truly(judge: Judge) -> None:
    block = changed(
        modular_data.BASE, ORDER, "order = torch.arange(n).roll(int(torch.randint(n, (), generator=generator)))\n"
    )
    told = [message for message in said(judged(judge, "modular_data", block)) if "stay together" in message]
    assert told
    assert all("at most one" in message for message in told)
