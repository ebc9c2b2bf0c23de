"""What every chapter imports: `from course_lib.notebook import check, predict, quiz, hint`.

Importing it inside IPython (JupyterLab, Notebook, VS Code, a terminal) also gives the notebook the cell magic %%implement
and starts the judge in the background; `%load_ext course_lib.notebook` does the same.
"""

from __future__ import annotations

from typing import Any

from course_lib.errors import BadCell, CheckFailed, JudgeProblem, NotWritten
from course_lib.notebook.checking import check, client, hint, predict, quiz
from course_lib.notebook.implement import implement
from course_lib.notebook.machine import doctor
from course_lib.notebook.progress import progress
from course_lib.workspace import workspace

__all__ = [
    "BadCell",
    "CheckFailed",
    "JudgeProblem",
    "NotWritten",
    "check",
    "doctor",
    "hint",
    "predict",
    "progress",
    "quiz",
    "workspace",
]


def load_ipython_extension(shell: Any) -> None:
    """Register %%implement with a shell, and warm the judge."""

    def magic(line: str, cell: str) -> None:
        print(implement(line, cell, shell.user_ns))

    shell.register_magic_function(magic, magic_kind="cell", magic_name="implement")
    try:
        client.start()
    except JudgeProblem as problem:
        print(problem)


def _load_where_possible() -> None:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        load_ipython_extension(shell)


_load_where_possible()
