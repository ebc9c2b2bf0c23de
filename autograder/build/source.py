"""Reads a chapter's source (py:percent, with short cell headers) into cells that know their line."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import jupytext
import yaml

from autograder.errors import CourseError

Role = Literal["implement", "check", "predict", "quiz", "free_text", "plain"]
ROLE_KEYS: dict[str, Role] = {
    "task": "implement",
    "check": "check",
    "predict": "predict",
    "quiz": "quiz",
    "free_text": "free_text",
}
OTHER_KEYS = {"points", "minutes", "title", "tags"}
BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"


class SourceError(CourseError):
    """A fault in a chapter's source; says the file, the line and what to change."""

    def __init__(self, path: Path, line: int, message: str):
        super().__init__(f"{path}:{line}: {message}")


@dataclass
class Cell:
    """One cell. id: the task's id, "" for plain cells. points: None where the header gives none."""

    path: Path
    line: int
    cell_type: str
    source: str
    role: Role = "plain"
    id: str = ""
    points: float | None = None
    minutes: float | None = None
    title: str = ""
    tags: list[str] = field(default_factory=list)

    def fault(self, message: str) -> SourceError:
        """An error that points at this cell."""
        return SourceError(self.path, self.line, message)


@dataclass
class Chapter:
    """A chapter's source. name: "01_sgd". solution_lines: (line number, text) inside solution regions."""

    name: str
    path: Path
    title: str
    summary: str
    cells: list[Cell]

    @property
    def number(self) -> int:
        """1 for 01_sgd."""
        return int(self.name.split("_")[0])

    def tasks(self) -> list[Cell]:
        """The cells that earn points, in order."""
        return [cell for cell in self.cells if cell.role in ("implement", "predict", "quiz", "free_text")]


def read_chapter(path: Path) -> Chapter:
    """Parse one source file; SourceError for anything a maintainer has to put right."""
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem):
        raise SourceError(path, 1, "a chapter's file is called like 01_sgd.py: two digits, an underscore, a short name")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    header, body_line = _header(path, text)
    body = "\n" * body_line + "\n".join(text.split("\n")[body_line:])
    notebook = jupytext.reads(body.lstrip("\n"), fmt="py:percent")
    lines = [number for number, line in enumerate(body.split("\n"), start=1) if re.match(r"# %%(\s|$)", line)]
    cells = [cell for cell in notebook.cells if cell.source.strip() or cell.metadata]
    if len(lines) != len(cells):
        raise SourceError(path, body_line + 1, "every cell starts with a line `# %%`, also the first one")
    read = [_cell(path, line, cell) for line, cell in zip(lines, cells, strict=True)]
    return Chapter(path.stem, path, header["title"], header.get("summary", ""), read)


def _header(path: Path, text: str) -> tuple[dict[str, Any], int]:
    """The YAML between the first two `# ---` lines, and the number of lines it takes."""
    lines = text.split("\n")
    if lines[0] != "# ---" or "# ---" not in lines[1:]:
        raise SourceError(
            path, 1, "a chapter begins with a YAML header between two lines `# ---`, with at least a title"
        )
    end = lines.index("# ---", 1)
    try:
        header = yaml.safe_load("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[1:end]))
    except yaml.YAMLError as error:
        raise SourceError(path, 2, f"the YAML header cannot be read: {error}") from None
    if not isinstance(header, dict) or not header.get("title"):
        raise SourceError(path, 2, "the YAML header needs a title")
    return header, end + 1


def _cell(path: Path, line: int, raw: Any) -> Cell:
    keys = {key: value for key, value in raw.metadata.items() if key != "lines_to_next_cell"}
    cell = Cell(path, line, raw.cell_type, raw.source)
    roles = [key for key in ROLE_KEYS if key in keys]
    if len(roles) > 1:
        raise cell.fault(f"a cell has one role; this one has {' and '.join(roles)}")
    unknown = sorted(set(keys) - set(ROLE_KEYS) - OTHER_KEYS)
    if unknown:
        raise cell.fault(
            f"unknown key {unknown[0]!r} in the cell header; known: {', '.join([*ROLE_KEYS, *sorted(OTHER_KEYS)])}"
        )
    if roles:
        cell.role, cell.id = ROLE_KEYS[roles[0]], str(keys[roles[0]])
        if not re.fullmatch(r"[a-z][a-z0-9_]*", cell.id):
            raise cell.fault(f"{cell.id!r} is no task id: small letters, digits and underscores")
    cell.points, cell.minutes = _number(cell, keys, "points"), _number(cell, keys, "minutes")
    cell.title, cell.tags = str(keys.get("title", "")), list(keys.get("tags", []))
    _check_body(cell)
    return cell


def _number(cell: Cell, keys: dict[str, Any], name: str) -> float | None:
    value = keys.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise cell.fault(f"{name}={value!r}: {name} is a number above 0")
    return value


def _check_body(cell: Cell) -> None:
    """What the cell alone can get wrong."""
    begins, ends = cell.source.count(BEGIN), cell.source.count(END)
    if begins != ends:
        raise cell.fault(f"{begins} BEGIN SOLUTION and {ends} END SOLUTION; every region needs both")
    if begins and cell.role != "implement":
        raise cell.fault('solution markers belong in a cell with task="..."')
    if cell.role == "implement" and not begins:
        raise cell.fault(
            f"the task {cell.id} has no solution region: mark it with ### BEGIN SOLUTION and ### END SOLUTION"
        )
    if cell.role in ("implement", "predict", "quiz", "free_text") and cell.points is None:
        raise cell.fault(f"{cell.id} has no points: add points=N to its header")
    if cell.role in ("check", "plain") and cell.points is not None:
        raise cell.fault("points belong to the cell of the task, not here")
    if cell.role == "free_text" and cell.cell_type != "markdown":
        raise cell.fault("a free-text question is a markdown cell: # %% [markdown] free_text=...")
    if cell.role in ("predict", "quiz"):
        answer_span(cell)
    if cell.role == "check" and f'check("{cell.id}")' not in cell.source:
        raise cell.fault(f'the cell should call check("{cell.id}")')


def answer_span(cell: Cell) -> tuple[int, int]:
    """Where in the source the literal answer of a predict(...) or quiz(...) call is."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        raise cell.fault(f"line {error.lineno} of the cell: {error.msg}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == cell.role:
            if len(node.args) != 2 or not isinstance(node.args[0], ast.Constant) or node.args[0].value != cell.id:
                raise cell.fault(f'the cell should call {cell.role}("{cell.id}", ANSWER)')
            try:
                ast.literal_eval(node.args[1])
            except ValueError:
                raise cell.fault("the answer has to be a literal: a number, a string or a list of them") from None
            return _offset(cell.source, node.args[1])
    raise cell.fault(f'the cell should call {cell.role}("{cell.id}", ANSWER)')


def _offset(source: str, node: ast.expr) -> tuple[int, int]:
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    return at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)


def solution_lines(cell: Cell) -> list[tuple[int, str]]:
    """(line in the file, stripped text) of every line inside the cell's solution regions."""
    found, inside = [], False
    for offset, line in enumerate(cell.source.split("\n"), start=1):
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        elif inside:
            found.append((cell.line + offset, line.strip()))
    return found
