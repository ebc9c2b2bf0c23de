"""Small random changes to right programs, as bugs that nobody wrote into the bank.

`python -m tests.bank.mutants TASK [--program NAME] [--level LEVEL]` judges every first-order mutant of a right program and lists the
survivors: each is either equivalent to the original, or a hole in the scenarios.
"""

from __future__ import annotations

import argparse
import ast
import copy
import sys
from collections.abc import Callable, Iterator
from typing import Any

from autograder.judge import Judge
from tests.bank import programs
from tests.bank.programs import Program
from tests.bank.run import judged

SWAPS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Continue: (ast.Break,),
}
METHODS = {
    "add_": ("sub_",),
    "sub_": ("add_",),
    "mul_": ("div_",),
    "div_": ("mul_",),
    "addcmul_": ("addcdiv_",),
    "sqrt": ("square",),
    "sqrt_": ("square_",),
    "add": ("sub",),
}


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what was changed, source) for every first-order mutant."""
    tree = ast.parse(source)
    count = sum(1 for _ in ast.walk(tree))
    for position in range(count):
        for change in _changes(_node(tree, position)):
            mutant = copy.deepcopy(tree)
            description = change(_node(mutant, position), mutant)
            if description:
                text = ast.unparse(ast.fix_missing_locations(mutant))
                yield description, text


def _node(tree: ast.AST, position: int) -> ast.AST:
    return next(node for i, node in enumerate(ast.walk(tree)) if i == position)


Change = Callable[[Any, ast.AST], str]


def _changes(node: ast.AST) -> list[Change]:
    found: list[Change] = []
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        found += [_operator(new) for new in SWAPS.get(type(node.op), ())]
    if isinstance(node, ast.Compare):
        found += [_comparison(new) for new in SWAPS.get(type(node.ops[0]), ())]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        found += [_constant(lambda v: v + 1), _constant(lambda v: v * 2), _constant(lambda v: 0)]
    if isinstance(node, ast.Attribute):
        found += [_method(new) for new in METHODS.get(node.attr, ())]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        found.append(_unary)
    if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Continue) and not _docstring(node):
        found.append(_deletion)
    return found


def _docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _operator(new: type) -> Change:
    def change(node: Any, tree: ast.AST) -> str:
        before = ast.unparse(node)
        node.op = new()
        return f"{before}  →  {ast.unparse(node)}"

    return change


def _comparison(new: type) -> Change:
    def change(node: Any, tree: ast.AST) -> str:
        before = ast.unparse(node)
        node.ops[0] = new()
        return f"{before}  →  {ast.unparse(node)}"

    return change


def _constant(compute: Callable[[Any], Any]) -> Change:
    def change(node: Any, tree: ast.AST) -> str:
        before = node.value
        node.value = compute(before)
        return f"line {node.lineno}: {before} → {node.value}" if node.value != before else ""

    return change


def _method(new: str) -> Change:
    def change(node: Any, tree: ast.AST) -> str:
        before = ast.unparse(node)
        node.attr = new
        return f"line {node.lineno}: {before} → {ast.unparse(node)}"

    return change


def _unary(node: Any, tree: ast.AST) -> str:
    before = ast.unparse(node)
    node.op = ast.UAdd()
    return f"line {node.lineno}: {before} → {ast.unparse(node)}"


def _deletion(node: Any, tree: ast.AST) -> str:
    for parent in ast.walk(tree):
        for body in (getattr(parent, "body", None), getattr(parent, "orelse", None)):
            if isinstance(body, list) and node in body:
                body[body.index(node)] = ast.Pass()
                return f"deleted: {ast.unparse(node)}"
    return ""


def survivors(judge: Judge, program: Program) -> tuple[int, list[str]]:
    """How many mutants there were, and the changes that every check let pass."""
    tried, passed = 0, []
    for description, source in mutants(program.source):
        tried += 1
        if judged(judge, Program(program.task, description, source)).passed:
            passed.append(description)
    return tried, passed


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Judge every first-order mutant of a right program.")
    parser.add_argument("task")
    parser.add_argument("--program", default="base")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from autograder.sandbox import Limits

    program = next(p for p in programs.right(options.task) if p.name == options.program)
    with Judge("trusted", seed=options.seed, limits=Limits(cpu_seconds=2, wall_seconds=20)) as judge:
        tried, passed = survivors(judge, program)
    print(f"{options.task}/{options.program}: {tried} mutants, {len(passed)} survive")
    for description in passed:
        print("  ", description)
    return 0


if __name__ == "__main__":
    sys.exit(main())
