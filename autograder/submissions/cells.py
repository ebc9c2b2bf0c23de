"""Reads the cells of a notebook file of any minor version, trusting nothing about it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST_FILE = 200 * 2**20
LARGEST_SOURCE = 200_000


class Unreadable(Exception):
    """The file is no notebook; the message says what to ask of the student."""


@dataclass
class RawCell:
    """What matters of one cell. grade_id: "" without one. outputs: as they were stored, unchecked."""

    cell_type: str
    source: str
    grade_id: str = ""
    outputs: list[Any] = field(default_factory=list)


def read_cells(path: Path) -> list[RawCell]:
    """All cells of a notebook file, in order. Raises Unreadable."""
    if path.is_symlink():
        raise Unreadable("the file is a link to somewhere else: ask for the notebook itself")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"the file is larger than {LARGEST_FILE >> 20} MB: ask for it with all outputs cleared")
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise Unreadable(f"the file cannot be read ({error.strerror})") from None
    if not text.strip():
        raise Unreadable("the file is empty: ask for a new upload")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the file is not JSON, so it is no notebook: ask for a new upload") from None
    found = _cells_of(content)
    if found is None:
        raise Unreadable("the file is JSON, but no notebook: ask for a new upload")
    return [cell for cell in map(_cell, found) if cell is not None]


def _cells_of(content: Any) -> list[Any] | None:
    """The list of cells; nbformat 3 kept them in worksheets."""
    if not isinstance(content, dict):
        return None
    cells = content.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = content.get("worksheets")
    if isinstance(sheets, list):
        return [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells") or []]
    return None


def _cell(raw: Any) -> RawCell | None:
    if not isinstance(raw, dict):
        return None
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return None
    source = source.replace("\r\n", "\n").replace("\r", "\n")[:LARGEST_SOURCE]
    metadata = raw.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    outputs = raw.get("outputs")
    return RawCell(
        str(raw.get("cell_type", "code")),
        source,
        grade_id if isinstance(grade_id, str) else "",
        outputs if isinstance(outputs, list) else [],
    )
