"""Archives of submissions that try to write elsewhere, or to fill the disk, through `nbgrader zip_collect`."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from autograder.grading.demo_class import CHAPTER
from autograder.grading.new_class import make_class
from autograder.nbgrader_plugin import collect
from autograder.nbgrader_plugin.collect import CarefulExtractor

NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def unpacked(archive: Path) -> list[str]:
    """What comes out, below the folder that it must stay in."""
    folder = archive.parent / "in"
    folder.mkdir(exist_ok=True)
    archive.rename(folder / archive.name)
    out = archive.parent / "out"
    CarefulExtractor().extract(str(folder), str(out))
    assert not any(path.is_symlink() for path in out.rglob("*"))
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../slip.ipynb",
        "a/../../slip.ipynb",
        "/tmp/slip.ipynb",
        "..\\slip.ipynb",
        "C:\\slip.ipynb",
        "a/b/../../../slip.ipynb",
    ],
)
def test_a_zip_slip_leaves_nothing_outside(name: str, tmp_path: Path) -> None:
    found = unpacked(zipped(tmp_path / "all.zip", **{name: NOTEBOOK, "good.ipynb": NOTEBOOK}))
    assert found == ["all/good.ipynb"]
    assert not list(tmp_path.rglob("slip.ipynb"))


def test_a_link_in_a_zip_does_not_come_out(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert unpacked(path) == []


def test_links_devices_and_slips_in_a_tar_do_not_come_out(tmp_path: Path) -> None:
    path = tmp_path / "all.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, kind in (("soft", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("fifo", tarfile.FIFOTYPE)):
            one = tarfile.TarInfo(name)
            one.type, one.linkname = kind, "/etc/passwd"
            archive.addfile(one)
        for name in ("../slip.ipynb", "good.ipynb"):
            one = tarfile.TarInfo(name)
            one.size = len(NOTEBOOK)
            archive.addfile(one, io.BytesIO(NOTEBOOK.encode()))
    assert unpacked(path) == ["all/good.ipynb"]


def test_a_zip_bomb_stops_at_the_size_of_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "LARGEST_FILE", 1 << 20)
    path = zipped(tmp_path / "all.zip", **{"bomb.ipynb": "0" * (20 << 20), "good.ipynb": NOTEBOOK})
    assert path.stat().st_size < 1 << 20
    assert unpacked(path) == ["all/good.ipynb"]


def test_a_gzip_bomb_stops_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "LARGEST_FILE", 1 << 20)
    path = tmp_path / "bomb.ipynb.gz"
    path.write_bytes(gzip.compress(bytes(20 << 20)))
    assert unpacked(path) == []


def test_a_zip_in_a_zip_in_a_zip_stays_packed_at_the_third(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "c.zip", **{"c.ipynb": NOTEBOOK})
    middle = tmp_path / "b.zip"
    with zipfile.ZipFile(middle, "w") as archive:
        archive.write(inner, "c.zip")
    outer = tmp_path / "a.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.write(middle, "b.zip")
    assert unpacked(outer) == ["a/b/c.zip"]


def test_many_files_stop_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MOST_FILES", 10)
    assert len(unpacked(zipped(tmp_path / "all.zip", **{f"{n}.ipynb": NOTEBOOK for n in range(50)}))) == 10


def test_what_is_no_archive_is_said_and_the_others_are_unpacked(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 not really")
    zipped(folder / "good.zip", **{"good.ipynb": NOTEBOOK})
    CarefulExtractor().extract(str(folder), str(tmp_path / "out"))
    assert (tmp_path / "out" / "good" / "good.ipynb").is_file()


def test_zip_collect_uses_it(tmp_path: Path) -> None:
    directory = tmp_path / "c"
    make_class(directory)
    archives = directory / "downloaded" / CHAPTER / "archive"
    archives.mkdir(parents=True)
    zipped(archives / "notebooks.zip", **{f"ada_{CHAPTER}.ipynb": NOTEBOOK, f"../bob_{CHAPTER}.ipynb": NOTEBOOK})
    pattern = r".+[/\\](?P<student_id>[a-z]+)_(?P<file_id>\w+)"
    command = [sys.executable, "-m", "nbgrader", "zip_collect", CHAPTER, "--force"]
    done = subprocess.run(
        [*command, f"--FileNameCollectorPlugin.named_regexp={pattern}"],
        cwd=directory,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (directory / "submitted" / "ada" / CHAPTER / f"{CHAPTER}.ipynb").is_file(), done.stderr
    assert [path.name for path in (directory / "submitted").iterdir()] == ["ada"]
    assert "names a place outside" in done.stderr
