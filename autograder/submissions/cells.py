"""Reads the cells of a notebook file of any minor version, trusting nothing about it."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST_FILE = 200 * 2**20
LARGEST_SOURCE = 200_000


class Unreadable(Exception):
    """The file is no notebook; the message says what to ask of the student."""


@dataclass(frozen=True)
class RawCell:
    """What matters of one cell. grade_id, cell_id: "" without one. outputs: as they were stored, unchecked."""

    cell_type: str
    source: str
    grade_id: str = ""
    cell_id: str = ""
    outputs: list[Any] = field(default_factory=list, repr=False)


def read_cells(path: Path) -> list[RawCell]:
    """All cells of a notebook file, in order. Raises Unreadable."""
    return cells_of_text(notebook_text(path))


def notebook_text(path: Path) -> str:
    """A file's text, whatever its encoding. Raises Unreadable where there is none, or where the file is no plain one."""
    text = _text_of(_bytes_of(path))
    if not text:
        raise Unreadable("the file is empty: ask for a new upload")
    return text


def cells_of_text(text: str) -> list[RawCell]:
    """All cells of a notebook's text, in order. Raises Unreadable."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the file is not JSON, so it is no notebook: ask for a new upload") from None
    found = cells_of(content)
    if found is None:
        raise Unreadable("the file is JSON, but no notebook: ask for a new upload")
    return found


def cells_of(notebook: Any) -> list[RawCell] | None:
    """The cells of a notebook read as JSON; None where it has no list of cells. nbformat 3 kept them in worksheets."""
    if not isinstance(notebook, Mapping):
        return None
    found = notebook.get("cells")
    sheets = notebook.get("worksheets")
    if not isinstance(found, list) and isinstance(sheets, list):
        found = [cell for sheet in sheets if isinstance(sheet, Mapping) for cell in _as_list(sheet.get("cells"))]
    if not isinstance(found, list):
        return None
    return [cell for cell in map(_cell, found) if cell is not None]


def multiline(value: Any) -> str:
    """A notebook's multiline text, which is a string or a list of them; "" for anything else.

    Line ends become newlines, halves of surrogate pairs become question marks.
    """
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    return value.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")


def _bytes_of(path: Path) -> bytes:
    """The content of a plain file. A link is not followed, a pipe or device is not waited for."""
    if path.is_symlink():
        raise Unreadable("the file is a link to somewhere else: ask for the notebook itself")
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(number, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("this is no file: ask for the notebook itself")
            if status.st_size > LARGEST_FILE:
                raise Unreadable(
                    f"the file is larger than {LARGEST_FILE >> 20} MB: ask for it with all outputs cleared"
                )
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Unreadable(f"the file cannot be read ({error.strerror}): ask for a new upload") from None


def _text_of(raw: bytes) -> str:
    """Decoded text, UTF-8 or UTF-16, with or without a byte order mark; NUL bytes around it are a damaged disk's."""
    return raw.decode(json.detect_encoding(raw), "replace").strip("\0 \t\r\n\ufeff")


def _cell(raw: Any) -> RawCell | None:
    if not isinstance(raw, Mapping):
        return None
    metadata = raw.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return RawCell(
        multiline(raw.get("cell_type")) or "code",
        multiline(raw.get("source", raw.get("input")))[:LARGEST_SOURCE],
        multiline(grading.get("grade_id")) if isinstance(grading, Mapping) else "",
        multiline(raw.get("id")),
        _as_list(raw.get("outputs")),
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
