"""One students' copy for all tests, written once whatever the number of test processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from autograder.bundle import Bundle, write_bundle
from autograder.judge.registry import implementation_tasks

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The copy, as `sgd2muon release` writes it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "release"
    folder, archive = shared / "sgd2muon", shared / "sgd2muon.zip"
    with FileLock(f"{shared}.lock"):
        if not folder.is_dir():
            return write_bundle(ROOT, shared)
    files = sum(path.is_file() for path in folder.rglob("*"))
    return Bundle(folder, archive, files, implementation_tasks())
