"""What goes wrong while a slider is dragged, told below the figure.

Jupyter drops an error of a widget's callback silently. Here it becomes a line of text, and the next move tries again with
whatever the class or function is by then.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from html import escape
from typing import Any

from course_lib.workspace import STUDENT_PACKAGES


def error_below(redraw: Callable[[], None], words: Any) -> Callable[..., None]:
    """`redraw` as a callback of a control; what it raises is told in `words`, an ipywidgets.HTML."""

    def moved(_change: object = None) -> None:
        try:
            redraw()
        except Exception as error:  # a student's own code, while it is being written
            words.value = (
                f'<span role="alert" style="color: var(--jp-error-color1, #b3261e)">{escape(told(error))}</span> '
                "The picture is the last one that worked. Correct your code, run its cell, and move a slider."
            )

    return moved


def told(error: BaseException) -> str:
    """Kind and message of an error, and the line of the student's code in which it arose."""
    said = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
    said = said if len(said) <= 200 else f"{said[:200]} …"
    places = [(_file(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [f"line {line} of {file}" for file, line in places if file]
    return f"{said} ({own[-1]})." if own else f"{said}."


def _file(filename: str) -> str:
    """The path of a student's module below the workspace, "the cell" for a notebook's cell, else empty."""
    path = filename.replace("\\", "/")
    for package in STUDENT_PACKAGES:
        _before, found, name = path.rpartition(f"course_lib/{package}/")
        if found and name:
            return f"{found}{name}"
    return "the cell" if "ipykernel_" in path or path.startswith("<ipython-input") else ""


__all__ = ["error_below", "told"]
