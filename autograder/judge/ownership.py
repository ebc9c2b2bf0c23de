"""Where does a module get its work done: itself, torch.optim, another package? Advisory: it never changes a mark."""

from __future__ import annotations

import ast
import sys

from autograder.judge.results import Flag

BASE = {"Optimizer", "optimizer"}


def not_own_implementation(source: str, path: str) -> list[Flag]:
    """A flag for each file that uses something of torch.optim beside its base class."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    used = sorted({name for node in ast.walk(tree) for name in _borrowed(node)})
    if not used:
        return []
    return [Flag("not-own-implementation", f"{path} uses {', '.join(used)}: not your own implementation.")]


def not_there_when_graded(source: str, path: str, available: set[str]) -> list[Flag]:
    """A flag where a file imports packages beyond Python's library, the course's own and those `available` to workers."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    known = available | set(sys.stdlib_module_names) | {"course_lib"}
    found = sorted({name for node in ast.walk(tree) for name in _imported(node)} - known)
    if not found:
        return []
    text = (
        f"{path} imports {', '.join(found)}: not there when your work is graded. Python's library, torch and numpy are."
    )
    return [Flag("not-there-when-graded", text)]


def _imported(node: ast.AST) -> list[str]:
    """Top-level names of packages."""
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module.partition(".")[0]]
    return [alias.name.partition(".")[0] for alias in node.names] if isinstance(node, ast.Import) else []


def _borrowed(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch.optim"):
        return [f"{node.module}.{alias.name}" for alias in node.names if alias.name not in BASE]
    if isinstance(node, ast.Import):
        return [
            alias.name
            for alias in node.names
            if alias.name.startswith("torch.optim.") and alias.name != "torch.optim.optimizer"
        ]
    if isinstance(node, ast.Attribute):
        dotted = _dotted(node)
        prefix = next((p for p in ("torch.optim.", "optim.") if dotted.startswith(p)), None)
        if prefix and "." not in dotted.removeprefix(prefix) and dotted.removeprefix(prefix) not in BASE:
            return [f"torch.optim.{dotted.removeprefix(prefix)}"]
    return []


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""
