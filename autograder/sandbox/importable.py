"""What a worker may import: the standard library, torch and numpy with their needs, and the worker package.

One list serves all levels, so that what imports at home imports when graded; the isolation layers turn the
same list into the only files that a worker can read.
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
    """An import finder for the given top-level names, in place of all of site-packages."""

    def __init__(self, folders: dict[str, str]):
        self.folders = folders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or name not in self.folders:
            return None
        return PathFinder.find_spec(name, [self.folders[name]])


def import_folders(dotted: str) -> dict[str, str]:
    """For `OnlyThese`: each importable top-level name to the folder that is searched for it."""
    top = dotted.partition(".")[0]
    places = {**packages(), top: worker_package(top)}
    return {name: str(place.parent) for name, place in places.items()}


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
