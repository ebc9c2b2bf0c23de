"""Text to train on: Python's own help pages, which need no download, or a file of your own.

The help pages (`pydoc_data.topics`) are about half a megabyte of English with code in it. Each Python version has its
own edition, so losses differ a little between Python 3.11 and 3.13; compare only runs on the same text.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

BLOCK = 20_000
VALIDATION_SHARE = 0.1
SHORTEST = 4_000

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Text:
    """Bytes as symbols 0 … len(alphabet) - 1.

    train, validation: int64, shape (bytes,). alphabet: the distinct bytes, in order; symbol i stands for alphabet[i].
    """

    name: str
    train: Tensor
    validation: Tensor
    alphabet: bytes

    def decode(self, symbols: Tensor) -> str:
        """Symbols, shape (n,), as text."""
        return bytes(self.alphabet[i] for i in symbols.tolist()).decode("utf-8", errors="replace")


def load_text(path: str | Path | None = None) -> Text:
    """The help pages of this Python, or the file at `path`.

    Of every 20 kB block the last tenth is for validation, so that both parts have the same mixture of topics.
    Raises FileNotFoundError without the file, and ValueError if it has fewer than 4,000 bytes.
    """
    if path is None:
        return _help_pages()
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}. load_text() without a path uses Python's help pages.")
    return split(file.read_bytes(), file.name)


@functools.cache
def _help_pages() -> Text:
    from pydoc_data.topics import topics

    pages = "\n\n".join(topics[title] for title in sorted(topics))
    return split(pages.encode(), f"the help pages of Python {platform.python_version()}")


def split(raw: bytes, name: str) -> Text:
    """Bytes as Text: symbols for the distinct bytes, and the last tenth of every block set apart."""
    if len(raw) < SHORTEST:
        raise ValueError(f"{name} has {len(raw)} bytes; {SHORTEST} are the least that can be trained on.")
    alphabet = bytes(sorted(set(raw)))
    symbol_of = torch.zeros(256, dtype=torch.long)
    symbol_of[list(alphabet)] = torch.arange(len(alphabet))
    symbols = symbol_of[torch.frombuffer(bytearray(raw), dtype=torch.uint8).long()]
    train, validation = [], []
    for block in symbols.split(BLOCK):
        cut = int(len(block) * (1 - VALIDATION_SHARE))
        train.append(block[:cut])
        validation.append(block[cut:])
    return Text(name, torch.cat(train), torch.cat(validation), alphabet)


def batches(text: Text, *, batch_size: int = 16, context: int = 64, seed: int = 0) -> Iterator[Batch]:
    """Endless batches from the training part: (x, y), both int64 of shape (batch_size, context).

    y[b, t] is the byte that follows x[b, : t + 1]. Windows start anywhere, drawn with replacement by a generator of
    their own: the same seed gives the same batches, whatever else is drawn.
    """
    generator = torch.Generator().manual_seed(seed)
    while True:
        starts = torch.randint(len(text.train) - context, (batch_size,), generator=generator)
        yield windows(text.train, starts, context)


def validation_batch(text: Text, *, count: int = 64, context: int = 64) -> Batch:
    """`count` windows spread evenly over the validation part, always the same: (x, y) of shape (count, context)."""
    starts = torch.linspace(0, len(text.validation) - context - 1, count).long()
    return windows(text.validation, starts, context)


def windows(symbols: Tensor, starts: Tensor, context: int) -> Batch:
    """Windows of `context` symbols that begin at `starts`, and the same shifted by one."""
    rows = symbols[starts[:, None] + torch.arange(context + 1)]
    return rows[:, :-1], rows[:, 1:]
