"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from autograder.errors import CourseError


def write_whole(path: Path, content: str) -> None:
    """Replace a file by one with this content; a link that somebody put there is replaced, not followed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "w", encoding="utf-8", errors="replace", newline="") as out:
            out.write(content)
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CourseError(
            f"{path} cannot be written ({error.strerror}). Nothing is lost: run the same command again when it can."
        ) from None


def small_text(path: Path, most: int = 1000) -> str:
    """The text of a small file that a student may have put there; "" for a link, a pipe, and what is not there."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(number, "rb") as file:
            regular = stat.S_ISREG(os.fstat(number).st_mode)
            return file.read(most).decode("utf-8", "replace") if regular else ""
    except OSError:
        return ""
