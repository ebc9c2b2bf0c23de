"""Muon: what people make of the three scale modes."""

from __future__ import annotations

from collections.abc import Callable

from autograder.judge.variants import Bank
from autograder.oracles.muon import scale_by, scale_of

Factor = Callable[[int, int], float]
SHAPE = "p.shape is (rows, cols), which for a Linear is (outputs, inputs)."


def add_to(bank: Bank) -> None:
    """Mistakes in each mode, and between modes."""
    _original(bank)
    _others(bank)
    hints = (
        "Build it with each of the three modes. Do the paths differ?",
        "Where does your step read scale?",
        "Choose the factor by group['scale'].",
    )
    bank.misconception(
        "scale-ignored",
        "with the original scale, whatever scale says",
        hints=hints,
        scale_factor=lambda s: scale_of("original", *s.param.shape),
    )
    bank.misconception("no-scale", "without any scale", hints=hints, scale_factor=lambda s: 1.0)
    bank.misconception(
        "rows-and-cols-swapped",
        "with rows and columns exchanged in every scale",
        hints=(
            "Which of your updates are too long: those of tall matrices, or of wide ones?",
            "Which is p.shape[0]?",
            SHAPE,
        ),
        scale_factor=lambda s: scale_of(s.scale, *s.param.shape[::-1]),
    )


def _add(bank: Bank, mode: str, id: str, title: str, factor: Factor, nudge: str, nearly: str) -> None:
    pointer = "Work out the factor for a 4 by 2 and a 2 by 4 matrix by hand."
    bank.misconception(id, title, hints=(nudge, pointer, nearly), scale_factor=scale_by({mode: factor}))


def _original(bank: Bank) -> None:
    nearly = "original: the square root of max(1, rows / cols)."
    wide = "Are your updates of wide matrices right? And of tall ones?"

    def add(id: str, title: str, factor: Factor) -> None:
        _add(bank, "original", id, title, factor, wide, nearly)

    add("original-swapped", "with max(1, cols/rows) in the original scale", lambda r, c: max(1.0, c / r) ** 0.5)
    add("original-without-max", "with √(rows/cols) as the original scale", lambda r, c: (r / c) ** 0.5)
    add("original-without-root", "without the root in the original scale", lambda r, c: max(1.0, r / c))
    add("original-whole-ratio", "with rows // cols in the original scale", lambda r, c: max(1.0, r // c) ** 0.5)
    add("original-half", "with half where a root belongs in the original scale", lambda r, c: max(1.0, r / c) / 2)
    add("original-with-min", "with min in place of max in the original scale", lambda r, c: min(1.0, r / c) ** 0.5)
    add("original-missing", "without a factor in the original mode", lambda r, c: 1.0)
    add("original-by-max", "with √max(rows, cols) as the original scale", lambda r, c: max(r, c) ** 0.5)


def _others(bank: Bank) -> None:
    nearly = "match_rms: 0.2 times the square root of max(rows, cols)."
    size = "What is the root mean square of your update in this mode? It should be near 0.2 times lr."

    def add(id: str, title: str, factor: Factor) -> None:
        _add(bank, "match_rms", id, title, factor, size, nearly)

    add("rms-half", "with half where a root belongs in match_rms", lambda r, c: 0.1 * max(r, c))
    add("rms-without-0.2", "without the 0.2 in match_rms", lambda r, c: max(r, c) ** 0.5)
    add("rms-with-min", "with min in place of max in match_rms", lambda r, c: 0.2 * min(r, c) ** 0.5)
    add("rms-without-root", "without the root in match_rms", lambda r, c: 0.2 * max(r, c))
    add("rms-of-all-entries", "with √(rows · cols) in match_rms", lambda r, c: 0.2 * (r * c) ** 0.5)
    add("rms-under-the-root", "with the 0.2 under the root in match_rms", lambda r, c: (0.2 * max(r, c)) ** 0.5)
    add("rms-by-rows", "with √rows in match_rms", lambda r, c: 0.2 * r**0.5)
    add("rms-by-cols", "with √cols in match_rms", lambda r, c: 0.2 * c**0.5)
    tall = "In this mode, which updates should be longer than one: those of tall matrices, or of wide ones?"
    spectral = "spectral: the square root of rows / cols."
    _add(
        bank,
        "spectral",
        "spectral-swapped",
        "with √(cols/rows) as the spectral scale",
        lambda r, c: (c / r) ** 0.5,
        tall,
        spectral,
    )
    _add(
        bank,
        "spectral",
        "spectral-whole-ratio",
        "with rows // cols in the spectral scale",
        lambda r, c: (r // c) ** 0.5,
        tall,
        spectral,
    )
    _add(
        bank,
        "spectral",
        "spectral-without-root",
        "without the root in the spectral scale",
        lambda r, c: r / c,
        tall,
        spectral,
    )
    _add(
        bank,
        "spectral",
        "spectral-with-max",
        "with the original scale in the spectral mode",
        lambda r, c: max(1.0, r / c) ** 0.5,
        tall,
        spectral,
    )
