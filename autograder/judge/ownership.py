"""Does a module do the work itself, or hand it to torch.optim? Advisory: it never changes a mark."""

from __future__ import annotations

import ast

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
