"""Finds the cell that holds a task's implementation, in a notebook that may have been cut up, copied and retyped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.submissions.answers import parsed
from autograder.submissions.cells import LARGEST_SOURCE, RawCell

MAGIC = re.compile(r"^[ \t]*%%[ \t]*implement[ \t]+([^\n#]*?)[ \t]*(?:#[^\n]*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A cell, or the part of it that one %%implement line begins. path: what that line names, None without one.

    source: the module; its lines keep the numbers that they have in the cell.
    """

    cell: RawCell
    path: str | None
    source: str

    @property
    def tree(self) -> ast.Module | None:
        """The syntax tree, None where the text is no Python."""
        return parsed(self.source)


@dataclass(frozen=True)
class Found:
    """An implementation. notes: what an instructor should know about how it was found."""

    cell: RawCell
    source: str
    notes: tuple[str, ...]


def pieces(cells: Iterable[RawCell]) -> list[Piece]:
    """The cells, those with several %%implement lines (two cells merged into one) cut up before each."""
    return [piece for cell in cells for piece in _pieces_of(cell)]


def implementation(
    task: dict[str, Any], candidates: Sequence[Piece], released: set[str], modules: Iterable[str]
) -> Found | None:
    """What a student wrote for a task (an entry of course.json); None where no cell is for it, not even an untouched one.

    released: the release's cells as `normal` gives them. modules: the paths of all tasks of the chapter. A cell that
    says it is the task's module, in its first line or in its metadata, comes before one that only defines its names; a
    finished piece before an unfinished, that before one that does not parse, an untouched one last; a later before an
    earlier one.
    """
    elsewhere = set(modules) - {task["module"]}
    ranked = []
    for place, piece in enumerate(candidates):
        claim = _claim(task, piece, released, elsewhere)
        if claim:
            ranked.append(((_progress(piece, released), claim, place), piece))
    if not ranked:
        return None
    (progress, claim, _), chosen = max(ranked, key=lambda item: item[0])
    rivals = {item.source.strip() for (reached, _, _), item in ranked if reached and reached == progress}
    return Found(chosen.cell, chosen.source, tuple(_notes(task, chosen, claim, len(rivals))))


def normal(source: str) -> str:
    """Source text for comparison, without regard to white space."""
    return " ".join(source.split())


def _pieces_of(cell: RawCell) -> Iterator[Piece]:
    matches = list(MAGIC.finditer(cell.source))[:20]
    if not matches:
        yield Piece(cell, None, cell.source)
        return
    ends = [match.start() for match in matches[1:]] + [len(cell.source)]
    for number, (match, end) in enumerate(zip(matches, ends, strict=True)):
        before = cell.source[: match.start()]
        kept = before if number == 0 else "\n" * before.count("\n")
        yield Piece(cell, _path(match.group(1)), f"{kept}#{cell.source[match.end() : end]}")


def _path(written: str) -> str:
    return written.strip().strip("\"'").replace("\\", "/").removeprefix("./")[:200]


def _claim(task: dict[str, Any], piece: Piece, released: set[str], elsewhere: set[str]) -> int:
    """How strongly a piece says that it is the task's: 3 its first line, 2 its metadata, 1 its names, 0 not at all."""
    if piece.path == task["module"]:
        return 3
    marked = piece.cell.grade_id == task["id"]
    if marked and piece.path not in elsewhere:
        return 2
    if piece.path is None and normal(piece.cell.source) not in released and _defines(piece, task["names"]):
        return 1
    return 0


def _progress(piece: Piece, released: set[str]) -> int:
    """3 for a piece with nothing left to write, 2 for an unfinished one, 1 where it does not parse, 0 if untouched."""
    if normal(piece.cell.source) in released:
        return 0
    tree = piece.tree
    if tree is None:
        return 1
    return 2 if any(_is_gap(node) for node in ast.walk(tree)) else 3


def _is_gap(node: ast.AST) -> bool:
    """`raise NotImplementedError` in any form."""
    if not isinstance(node, ast.Raise):
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _defines(piece: Piece, names: Iterable[str]) -> bool:
    if not all(re.search(rf"\b(?:class|def)[ \t]+{re.escape(name)}\b", piece.source) for name in names):
        return False
    tree = piece.tree
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)} if tree else set()
    return defined.issuperset(names)


def _notes(task: dict[str, Any], chosen: Piece, claim: int, rivals: int) -> Iterator[str]:
    if rivals > 1:
        yield f"{task['id']}: {rivals} different cells hold an implementation; the last one counts"
    if claim == 1:
        yield f"{task['id']}: taken from a cell without its %%implement line"
    elif claim == 2 and chosen.path is not None:
        yield f"{task['id']}: taken from its cell, although that says %%implement {chosen.path[:80]}"
    if chosen.cell.cell_type != "code":
        yield f"{task['id']}: the cell is of type {chosen.cell.cell_type[:20]}; read as code"
    if len(chosen.cell.source) == LARGEST_SOURCE:
        yield f"{task['id']}: the cell is longer than {LARGEST_SOURCE} characters; the rest was left out"
