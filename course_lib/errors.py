"""Errors that a notebook shows as one plain sentence instead of a traceback."""

from __future__ import annotations


class PlainError(Exception):
    """Shown in a notebook as its message alone."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints."""
        return [f"{type(self).__name__}: {self}"]


class NotWritten(PlainError, ImportError, NotImplementedError):
    """Something that is yours to write, and is not there yet."""


class BadCell(PlainError, ValueError):
    """An implementation cell that cannot become a module; the old module is as it was."""


class CheckFailed(PlainError, AssertionError):
    """A check did not pass; raised only where the course is executed as a whole."""


class JudgeProblem(PlainError, RuntimeError):
    """The judge could not be asked."""
