"""Reads the answers of predict(...) and quiz(...) calls without running them."""

from __future__ import annotations

import ast
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograder.submissions.cells import RawCell, multiline

CALLS = ("predict", "quiz")
LARGEST = 1e300
LONGEST_TEXT = 1000
MOST_CALLS = 40
LONGEST_CALL = 500
OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
MOST_ITEMS = 100
NOTED = re.compile(r"^Noted: (.{1,300}?)\.(?: Now run on and see\.)?$", re.MULTILINE)

UNCLEAR = object()
"""Stands for an answer that is there, but is no literal."""


def answers_in(cell: RawCell) -> Iterator[tuple[str, Any]]:
    """(task, value) for every predict or quiz call of a cell.

    `...` is given as Ellipsis. An answer computed from other cells is read from what the call printed at the student's,
    as long as the cell has one call only; without that it is given as UNCLEAR.
    """
    if not any(name in cell.source for name in CALLS):
        return
    tree = parsed(cell.source)
    calls = list(_calls_of(tree) if tree is not None else _calls_of_pieces(cell.source))
    known = _assigned(tree) if tree is not None else {}
    for call in calls:
        task, value = _argument(call, 0, "task"), _argument(call, 1, "value")
        if isinstance(task, ast.Constant) and isinstance(task.value, str) and value is not None:
            try:
                yield task.value, literal(value, known)
            except (ValueError, ArithmeticError, RecursionError):
                yield task.value, _printed(cell) if len(calls) == 1 else UNCLEAR


def literal(node: ast.expr, known: Mapping[str, ast.expr] | None = None) -> Any:
    """The value of a number, text, `...`, list of them, or of arithmetic on numbers; ValueError for the rest.

    known: names that stand for such values.
    """
    if isinstance(node, ast.Constant) and node.value is ...:
        return node.value
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
    if isinstance(node, ast.Constant):
        return _in_range(node.value)
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and len(node.elts) <= MOST_ITEMS:
        return [literal(item, known) for item in node.elts]
    if isinstance(node, ast.Name) and known and node.id in known:
        return literal(known[node.id])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _number(literal(node.operand, known))
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _number(literal(node.left, known)), _number(literal(node.right, known))
        if isinstance(node.op, ast.Pow):
            return _number(float(left) ** float(right))
        if type(node.op) in OPERATIONS:
            return _number(OPERATIONS[type(node.op)](left, right))
    raise ValueError("not a literal")


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a program; None where it is none."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("not a number")
    return _in_range(value)


def _in_range(value: Any) -> Any:
    if type(value) not in (bool, int, float) or not abs(value) <= LARGEST:
        raise ValueError("not a number in range")
    return value


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(call.args) > place:
        return call.args[place]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _calls_of(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node


def _calls_of_pieces(source: str) -> Iterator[ast.Call]:
    """The calls of a cell that does not parse as a whole: each that parses on its own."""
    for number, match in enumerate(re.finditer(r"\b(?:predict|quiz)\s*\(", source)):
        if number == MOST_CALLS:
            return
        rest = source[match.start() : match.start() + LONGEST_CALL]
        trees = (parsed(rest[: end.end()]) for end in re.finditer(r"\)", rest))
        tree = next((tree for tree in trees if tree is not None), None)
        if tree is not None:
            yield from _calls_of(tree)


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that a cell assigns at its top level and nowhere else."""
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    stored = Counter(name.id for name in names if isinstance(name.ctx, ast.Store))
    assigned = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    }
    return {name: value for name, value in assigned.items() if stored[name] == 1}


def _printed(cell: RawCell) -> Any:
    """The answer as predict or quiz confirmed it in the cell's output at the student's; UNCLEAR without one."""
    texts = [multiline(output.get("text")) for output in cell.outputs[:20] if isinstance(output, Mapping)]
    for said in reversed(texts):
        match = NOTED.search(said[:2000])
        tree = parsed(match.group(1)) if match else None
        if tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            try:
                value = literal(tree.body[0].value)
            except (ValueError, ArithmeticError, RecursionError):
                continue
            return UNCLEAR if value is ... else value
    return UNCLEAR
