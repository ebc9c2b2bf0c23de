"""What a student printed is shown as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox.log_text import readable


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain\ttext\n", "plain\ttext\n"),
        ("λθ ✓ 東京".encode(), "λθ ✓ 東京"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[2J\x1b[1;1Hgone", "gone"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bP1$r\x1b\\text", "text"),
        (b"\x1b(Btext\x1b7", "text"),
        (b"half an escape\x1b[", "half an escape"),
        ("\x9b31mred".encode(), "red"),
        (b"bell\x07 null\x00 back\x08", "bell null back"),
        (b"one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("\u202etxet".encode(), "txet"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_escapes_and_controls_are_removed(raw, text):
    assert readable(raw, 1000) == text


def test_a_long_log_says_that_it_was_cut():
    assert readable(b"x" * 11, 10) == "x" * 10 + "\n[cut here: too much output]"
    assert readable(b"x" * 10, 10) == "x" * 10


@given(st.binary(max_size=200))
def test_no_bytes_leave_a_control_character(raw):
    assert not [c for c in readable(raw, 1000) if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]


@given(st.text(max_size=100))
def test_no_text_leaves_an_escape(text):
    assert "\x1b" not in readable(("\x1b" + text).encode("utf-8", "replace"), 1000)
