"""Where does a module get its work done: itself, torch.optim, another package? Advisory: it never changes a mark."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from autograder.judge.results import Flag

BASE = {"Optimizer", "optimizer"}
"""The base class and its module, which also has the names of type hints and helpers."""
BASE_MODULE = "torch.optim.optimizer"
OPTIMIZERS = {
    *("ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon", "NAdam", "RAdam"),
    *("RMSprop", "Rprop", "SGD", "SparseAdam"),
}
"""What `from torch.optim import *` may bring."""


def not_own_implementation(source: str, path: str, ready_made: Sequence[str] = ()) -> list[Flag]:
    """A flag for each file that uses something of torch.optim beside its base class, or what does the task's work already:
    ready_made, dotted names of torch."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    nodes = list(ast.walk(tree))
    said = {node.id for node in nodes if isinstance(node, ast.Name)}
    used = sorted(
        {name for node in nodes for name in (*_borrowed(node, said), *_taken(node, said, ready_made))}
        | _with_a_star(nodes, said)
    )
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


def may_import(source: str, path: str) -> bool:
    """Whether a file may use another module of the course: it says its name, and imports something of the course at all."""
    name = path.removesuffix(".py").rpartition("/")[2]
    if name not in source:
        return False
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    relative = any(isinstance(node, ast.ImportFrom) and node.level for node in nodes)
    return relative or any("course_lib" in _imported(node) for node in nodes) or "import_module" in source


def _imported(node: ast.AST) -> list[str]:
    """Top-level names of packages."""
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module.partition(".")[0]]
    return [alias.name.partition(".")[0] for alias in node.names] if isinstance(node, ast.Import) else []


def _with_a_star(nodes: list[ast.AST], said: set[str]) -> set[str]:
    """What a file uses of `from torch.optim import *`, and does not define itself, unless on top of it."""
    if not any(isinstance(node, ast.ImportFrom) and node.module == "torch.optim" and _star(node) for node in nodes):
        return set()
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    bases = {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}
    return {f"torch.optim.{name}" for name in OPTIMIZERS & ((said - {node.name for node in classes}) | bases)}


def _star(node: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in node.names)


def _borrowed(node: ast.AST, said: set[str]) -> list[str]:
    """What a node takes from torch.optim. said: the names that the file uses; an import that nobody uses is no help."""
    if (
        isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("torch.optim")
        and node.module != BASE_MODULE
    ):
        names = [alias.name for alias in node.names if alias.name not in BASE and (alias.asname or alias.name) in said]
        return [f"{node.module}.{name}" for name in names]
    if isinstance(node, ast.Import):
        renamed = [alias.name for alias in node.names if alias.asname in said]
        return [name for name in renamed if name.startswith("torch.optim.") and name != BASE_MODULE]
    if isinstance(node, ast.Attribute):
        dotted = _dotted(node)
        prefix = next((p for p in ("torch.optim.", "optim.") if dotted.startswith(p)), None)
        if prefix and "." not in dotted.removeprefix(prefix) and dotted.removeprefix(prefix) not in BASE:
            return [f"torch.optim.{dotted.removeprefix(prefix)}"]
    return []


def _taken(node: ast.AST, said: set[str], ready_made: Sequence[str]) -> list[str]:
    """Which of the ready-made things a node takes: by import, or as an attribute of their module."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "torch":
        names = {alias.name for alias in node.names if (alias.asname or alias.name) in said}
        return [whole for whole in ready_made if whole.rpartition(".")[2] in names]
    if isinstance(node, ast.Attribute):
        ending = ".".join(_dotted(node).split(".")[-2:])
        return [whole for whole in ready_made if ".".join(whole.split(".")[-2:]) == ending]
    return []


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""
