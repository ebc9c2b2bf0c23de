"""The cell magic %%implement: a cell becomes a module of your course_lib."""

from __future__ import annotations

import linecache
import os
import re
import sys
import traceback
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from course_lib.errors import BadCell
from course_lib.notebook.names import defined_names, missing_names
from course_lib.workspace import STUDENT_PACKAGES, VARIABLE, tasks, workspace

FIRST_LINE = "# Written by %%implement from a notebook cell; line numbers are those of the cell."


def implement(line: str, cell: str, notebook: dict[str, Any]) -> str:
    """Make a cell the module that its first line names, and put its public names into the notebook.

    The cell runs in a namespace of its own, so what works here works in grading. Raises BadCell with what to do next; the
    old file and module are then as they were. Returns the line to print.
    """
    path = module_path(line)
    source = f"{FIRST_LINE}\n{cell.rstrip()}\n".replace("\r\n", "\n")
    code = _compiled(source, path)
    _stands_alone(source, notebook)
    name = path.removesuffix(".py").replace("/", ".")
    file = workspace() / path
    module = _run(code, source, name, file)
    _write(file, source)
    _install(name, module)
    public = defined_names(source)
    notebook.update({key: getattr(module, key) for key in public})
    return f"{path} written: {', '.join(public) or 'nothing public'}"


def module_path(line: str) -> str:
    """The path on the magic's line, if a student's module may be there; BadCell if not."""
    given = line.strip().strip("\"'")
    expected = next((task["module"] for task in tasks() if task.get("module")), "course_lib/optim/sgd.py")
    if not given:
        raise BadCell(f"Say which file the cell becomes: %%implement {expected}")
    parts = PurePosixPath(given).parts
    allowed = len(parts) == 3 and parts[0] == "course_lib" and parts[1] in STUDENT_PACKAGES
    if not allowed or not re.fullmatch(r"[a-z_][a-z0-9_]*\.py", parts[-1]) or parts[-1] == "__init__.py":
        raise BadCell(
            f"{given} is no place for a cell: write course_lib/PACKAGE/NAME.py, PACKAGE one of "
            f"{', '.join(STUDENT_PACKAGES)}, as in %%implement {expected}"
        )
    target = workspace() / given
    if target.is_symlink() or (workspace() / "course_lib").resolve() not in target.resolve().parents:
        raise BadCell(f"{given} is a link that leads out of your course_lib; remove the link and run the cell again.")
    return "/".join(parts)


def _compiled(source: str, path: str) -> Any:
    for number, line in enumerate(source.split("\n"), start=1):
        if re.match(r"\s*(!\w|%{1,2}[a-zA-Z])", line):
            raise BadCell(
                f"Line {number}: {line.strip()[:60]!r} is notebook syntax. This cell becomes a file, so it has to be plain Python."
            )
    try:
        return compile(source, path, "exec")
    except SyntaxError as error:
        shown = (error.text or "").strip()[:80]
        raise BadCell(
            f"Line {error.lineno}: {error.msg}{f': {shown}' if shown else ''}. The file is as it was."
        ) from None
    except ValueError as error:
        raise BadCell(f"The cell is no Python text ({error}). The file is as it was.") from None


def _stands_alone(source: str, notebook: dict[str, Any]) -> None:
    """Names that only the notebook knows would be missing in grading."""
    elsewhere = [name for name in missing_names(source) if name in notebook]
    if elsewhere:
        named = ", ".join(elsewhere)
        raise BadCell(
            f"{named}: defined in another cell of the notebook. This cell becomes a file of its own, so it needs its own "
            "imports and helpers; put them inside it."
        )


def _run(code: Any, source: str, name: str, file: Path) -> ModuleType:
    """Execute the cell as a module that nobody sees yet."""
    module = ModuleType(name)
    module.__file__, module.__package__ = str(file), name.rpartition(".")[0]
    before = linecache.cache.get(code.co_filename)
    linecache.cache[code.co_filename] = (len(source), None, source.splitlines(keepends=True), code.co_filename)
    known = sys.modules.get(name)
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        if before is not None:
            linecache.cache[code.co_filename] = before
        if isinstance(error, KeyboardInterrupt):
            raise
        raise BadCell(f"{_line(error, code.co_filename)}{_said(error)} The file is as it was.") from None
    finally:
        if known is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = known
    return module


def _line(error: BaseException, filename: str) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == filename]
    return f"Line {lines[-1]}: " if lines else ""


def _said(error: BaseException) -> str:
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, NameError):
        said += "; this cell becomes a file of its own, so everything it uses has to be defined or imported inside it"
    return said + "."


def _write(file: Path, source: str) -> None:
    """Whole or not at all, also when the power fails."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "w", encoding="utf-8", newline="\n") as out:
            out.write(source)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise BadCell(
            f"{file} cannot be written ({error.strerror}). Free some space, or set {VARIABLE} to a folder that you may "
            "write to and restart the kernel. The old file is as it was."
        ) from None
    except UnicodeEncodeError as error:
        temporary.unlink(missing_ok=True)
        raise BadCell(
            f"The cell holds a character that cannot be saved as UTF-8 ({error.reason}). The file is as it was."
        ) from None


def _install(name: str, module: ModuleType) -> None:
    """Everybody who imported the module before sees the new one."""
    known = sys.modules.get(name)
    if known is None:
        sys.modules[name] = known = module
    else:
        known.__dict__.clear()
        known.__dict__.update(module.__dict__)
    package = sys.modules.get(name.rpartition(".")[0])
    if package is not None:
        setattr(package, name.rpartition(".")[2], known)
