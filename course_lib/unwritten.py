"""What happens when something is imported that a student has not written yet."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from course_lib.errors import NotWritten
from course_lib.workspace import tasks, where, workspace


def student_package(name: str, path: Iterable[str]) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """The `__path__`, `__getattr__` and `__dir__` of a package that students fill.

    The workspace's folder comes first. A name that a task will define is imported from the task's module; before that is
    written, NotWritten says in which chapter it is.
    """
    leaf = name.rpartition(".")[2]
    own = str(workspace() / "course_lib" / leaf)
    folders = [own, *(folder for folder in path if Path(folder).resolve() != Path(own).resolve())]
    _announce_unwritten_modules()
    sys.modules[name].__class__ = _StudentPackage

    def __getattr__(attribute: str) -> Any:
        for task in _implementation_tasks(name):
            if attribute in task["names"]:
                return getattr(_written(task), attribute)
        raise AttributeError(_unknown(name, attribute))

    def __dir__() -> list[str]:
        return sorted(known for task in _implementation_tasks(name) for known in task["names"])

    return folders, __getattr__, __dir__


class _StudentPackage(ModuleType):
    """A package whose name `wsd` is the function of the module wsd.py, in whatever order the two are imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            value = value.__dict__.get(name, value)
        super().__setattr__(name, value)


def _implementation_tasks(package: str) -> list[dict[str, Any]]:
    prefix = package.replace(".", "/") + "/"
    return [task for task in tasks() if task.get("module", "").startswith(prefix)]


def module_name(task: dict[str, Any]) -> str:
    """course_lib/optim/sgd.py → course_lib.optim.sgd."""
    return str(task["module"]).removesuffix(".py").replace("/", ".")


def _written(task: dict[str, Any]) -> ModuleType:
    return importlib.import_module(module_name(task))


def _unknown(package: str, attribute: str) -> str:
    known = [name for task in _implementation_tasks(package) for name in task["names"]]
    near = difflib.get_close_matches(attribute, known, n=1)
    return f"{package} has no {attribute}" + (f"; do you mean {near[0]}?" if near else "")


class _Announcer:
    """Last on sys.meta_path: a task's module that nothing else finds is not written yet."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not name.startswith("course_lib."):
            return None
        for task in tasks():
            if task.get("module") and module_name(task) == name:
                names = " and ".join(task["names"])
                raise NotWritten(f"{names} is yours to write, in {where(task)}")
        return None


def _announce_unwritten_modules() -> None:
    if not any(isinstance(finder, _Announcer) for finder in sys.meta_path):
        sys.meta_path.append(_Announcer())
