"""A check file for students: the same claims, the answers of its questions sealed."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

from autograder.judge.questions import Choice, Choices, Number, Ordering
from autograder.judge.sealed import seal

IMPORT = "from autograder.judge.sealed import Sealed"


def sealed_source(path: Path) -> str:
    """The file at `path` (autograder/checks/test_NN_name.py) with each question replaced by a sealed one."""
    names = vars(importlib.import_module(f"autograder.checks.{path.stem}"))
    tree = _Sealing(names).visit(ast.parse(path.read_text(encoding="utf-8")))
    tree.body = [node for node in tree.body if not _defines_a_question(node, names)]
    after_future = next(i for i, node in enumerate(tree.body) if not _is_first(node))
    tree.body.insert(after_future, ast.parse(IMPORT).body[0])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_first(node: ast.stmt) -> bool:
    """A docstring or an import from __future__."""
    return isinstance(node, ast.Expr) or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def _defines_a_question(node: ast.stmt, names: dict[str, Any]) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(
        isinstance(target, ast.Name) and isinstance(names.get(target.id), Number | Choice | Choices | Ordering)
        for target in targets
    )


class _Sealing(ast.NodeTransformer):
    def __init__(self, names: dict[str, Any]):
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "answers" and len(node.args) == 1):
            return self.generic_visit(node)
        expression = compile(ast.Expression(node.args[0]), "<question>", "eval")
        told = seal(eval(expression, dict(self.names)))
        node.args = [ast.Call(ast.Name("Sealed", ast.Load()), [ast.Constant(told.text)], [])]
        return node
