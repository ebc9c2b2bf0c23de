"""The text and its batches."""

from __future__ import annotations

import pytest
import torch

from course_lib.lab.text import BLOCK, batches, load_text, split, validation_batch


def test_every_byte_is_in_exactly_one_part_and_can_be_read_again():
    raw = bytes(range(50, 100)) * 900  # 45,000 bytes: two whole blocks and a part of one
    text = split(raw, "numbers")
    assert len(text.train) + len(text.validation) == len(raw)
    assert text.decode(text.train[: int(BLOCK * 0.9)]) == raw[: int(BLOCK * 0.9)].decode()
    assert text.decode(text.validation[: BLOCK // 10]) == raw[int(BLOCK * 0.9) : BLOCK].decode()


def test_targets_are_the_inputs_shifted_by_one():
    x, y = next(batches(load_text(), batch_size=4, context=16))
    assert x.shape == y.shape == (4, 16)
    assert torch.equal(x[:, 1:], y[:, :-1])


def test_the_seed_fixes_the_batches_whatever_else_is_drawn():
    text = load_text()
    first, again, other = (batches(text, seed=seed) for seed in (3, 3, 4))
    for _ in range(3):
        torch.rand(7)
        (x, _), (x_again, _), (x_other, _) = next(first), next(again), next(other)
        assert torch.equal(x, x_again)
        assert not torch.equal(x, x_other)


def test_validation_windows_come_from_the_validation_part_and_stay_the_same():
    text = load_text()
    x, y = validation_batch(text, count=8, context=32)
    assert torch.equal(x, validation_batch(text, count=8, context=32)[0])
    assert torch.equal(x[0], text.validation[:32])
    assert torch.equal(y[-1], text.validation[-32:])


def test_a_file_of_ones_own_is_read(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_bytes(b"ab" * 5000)
    text = load_text(file)
    assert text.alphabet == b"ab"
    assert text.name == "mine.txt"


def test_a_missing_or_tiny_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.txt"):
        load_text(tmp_path / "absent.txt")
    (tmp_path / "tiny.txt").write_text("too little")
    with pytest.raises(ValueError, match=r"tiny\.txt has 10 bytes"):
        load_text(tmp_path / "tiny.txt")
