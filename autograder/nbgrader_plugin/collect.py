"""Unpacks archives of submissions for `nbgrader zip_collect`, trusting nothing about them.

Only regular files come out, at places below the folder they belong to, no larger than a notebook may be, and never more
than half of the disk's free space in all.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from nbgrader.plugins import ExtractorPlugin

from autograder.submissions.cells import LARGEST_FILE

MOST_FILES = 100_000
DEEPEST = 2
"""An archive of everybody's archives; what is packed deeper stays packed."""
_CHUNK = 1 << 20
Member = tuple[str, Any]


class CarefulExtractor(ExtractorPlugin):
    """In place of nbgrader's, which has no limits."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """nbgrader's interface: everything below archive_path, unpacked or copied, to extracted_path."""
        Path(extracted_path).mkdir(parents=True, exist_ok=True)
        self._files_left = MOST_FILES
        self._bytes_left = shutil.disk_usage(extracted_path).free // 2
        for folder, _, names in os.walk(archive_path):
            to = Path(extracted_path, os.path.relpath(folder, archive_path))
            to.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                path = Path(folder, name)
                if not path.is_symlink() and path.is_file():
                    self._take(path, to, 1)

    def _take(self, path: Path, to: Path, depth: int) -> None:
        """Unpack an archive into a folder of its name; copy what is none."""
        opened = _archive(path) if path.suffix in self.zip_ext else None
        if opened is None or depth > DEEPEST:
            with open(path, "rb") as source:
                self._copy(source, to / path.name)
            return
        self.log.info("Extracting from: %s", path)
        inside = to / path.name.removesuffix(path.suffix).removesuffix(".tar")
        try:
            with opened as members:
                for name, open_member in members:
                    self._member(inside, name, open_member, depth)
        except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, RuntimeError, ValueError) as error:
            self.log.error("%s is damaged, encrypted or no archive (%s): ask for a new upload", path, error)

    def _member(self, inside: Path, name: str, open_member: Any, depth: int) -> None:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or any(part in ("..", "/") or ":" in part or "\0" in part for part in parts):
            self.log.error("Left out of the archive: %r, which names a place outside of it", name)
            return
        place = inside.joinpath(*parts)
        with open_member() as source:
            whole = self._copy(source, place)
        if whole and place.suffix in self.zip_ext and _archive(place) is not None and depth < DEEPEST:
            self._take(place, place.parent, depth + 1)
            place.unlink()

    def _copy(self, source: IO[bytes], place: Path) -> bool:
        """Copy as much as is allowed; a file that is larger is left out, and said."""
        self._files_left -= 1
        most = min(LARGEST_FILE, self._bytes_left)
        if self._files_left < 0 or most <= 0:
            self.log.error("Left out: %s; there are too many files, or too little room on the disk", place)
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        size = 0
        with open(place, "wb") as out:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    break
                out.write(chunk)
        if size > most:
            place.unlink()
            self.log.error("Left out: %s, which is larger than %d MB", place, most >> 20)
            return False
        self._bytes_left -= size
        return True


@contextmanager
def _zip_members(path: Path) -> Iterator[Iterator[Member]]:
    with zipfile.ZipFile(path) as archive:
        regular = (one for one in archive.infolist() if not one.is_dir() and (one.external_attr >> 28) in (0, 8))
        yield ((one.filename, lambda one=one: archive.open(one)) for one in regular)


@contextmanager
def _tar_members(path: Path) -> Iterator[Iterator[Member]]:
    with tarfile.open(path) as archive:
        yield ((one.name, lambda one=one: archive.extractfile(one)) for one in archive if one.isreg())


@contextmanager
def _gzip_member(path: Path) -> Iterator[Iterator[Member]]:
    yield iter([(path.stem, partial(gzip.open, path))])


def _archive(path: Path) -> Any:
    """A context manager over an archive's regular members; None where the file is none."""
    try:
        if zipfile.is_zipfile(path):
            return _zip_members(path)
        if tarfile.is_tarfile(path):
            return _tar_members(path)
    except (OSError, EOFError, ValueError):
        return None
    return _gzip_member(path) if path.suffix == ".gz" else None
