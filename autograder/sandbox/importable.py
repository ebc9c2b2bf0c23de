"""What a worker may import: the standard library, torch and numpy with their needs, and the worker package.

The isolation layers turn the same list into the only files that a worker can read. Where nothing is isolated (level
trusted, code of one's own), every other installed package can be imported too; the judge then says which of them will not be
there when the work is graded.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

_NAMES = (
    *("torch", "torchgen", "functorch", "numpy"),
    # what torch imports
    *(
        "typing_extensions",
        "sympy",
        "mpmath",
        "networkx",
        "jinja2",
        "markupsafe",
        "filelock",
        "fsspec",
        "tqdm",
    ),
    *("triton", "nvidia"),  # only in CUDA builds of torch
)


def packages() -> dict[str, Path]:
    """Each importable top-level name to the folder or file that holds it, for those installed here."""
    found = {name: _place(name) for name in _NAMES}
    return {name: place for name, place in found.items() if place is not None}


def worker_package(dotted: str) -> Path:
    """The folder of the worker package, such as `autograder.worker`."""
    place = _place(dotted)
    if place is None:
        raise ModuleNotFoundError(f"there is no worker package {dotted}")
    return place


def readable_paths(dotted: str) -> list[Path]:
    """All that a worker needs to read: never a whole site-packages, which may hold a grader."""
    top = worker_package(dotted.partition(".")[0])
    paths = _standard_library() + list(packages().values()) + [worker_package(dotted)]
    if "." in dotted:
        paths.append(top / "__init__.py")
    for package in packages().values():
        libraries = package.with_name(package.name + ".libs")  # where wheels keep their shared libraries
        if libraries.is_dir():
            paths.append(libraries)
    return sorted(set(paths))


class OnlyThese:
    """An import finder for the given top-level names, and for others in the folders `beside`, in place of site-packages."""

    def __init__(self, folders: dict[str, str], beside: Sequence[str] = ()):
        self.folders, self.beside = folders, list(beside)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None:
            return None
        places = [self.folders[name]] if name in self.folders else self.beside
        return PathFinder.find_spec(name, places) if places else None


def import_folders(dotted: str) -> dict[str, str]:
    """For `OnlyThese`: each importable top-level name to the folder that is searched for it."""
    top = dotted.partition(".")[0]
    places = {**packages(), top: worker_package(top)}
    return {name: str(place.parent) for name, place in places.items()}


def site_folders() -> list[str]:
    """Where packages are installed, for workers that are not isolated."""
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def standard_library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _standard_library() -> list[Path]:
    skipped = {"site-packages", "dist-packages", "test", "idlelib", "ensurepip"}
    zipped = Path(f"{sys.base_prefix}/lib/python{sys.version_info[0]}{sys.version_info[1]}.zip")
    return [entry for entry in standard_library().iterdir() if entry.name not in skipped] + (
        [zipped] if zipped.exists() else []
    )


def _place(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(os.path.realpath(next(iter(spec.submodule_search_locations))))
    return Path(os.path.realpath(spec.origin)) if spec.origin else None
