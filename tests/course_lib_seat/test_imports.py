"""Importing what is not written yet says where it is to be written."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from course_lib.errors import NotWritten


def test_a_name_that_is_yours_to_write_says_where(workspace: Path) -> None:
    with pytest.raises(NotWritten, match="Adam is yours to write, in chapter 4: notebooks/04_adam"):
        from course_lib.optim import Adam  # noqa: F401


def test_so_does_its_module(workspace: Path) -> None:
    with pytest.raises(NotWritten, match="notebooks/04_adam"):
        importlib.import_module("course_lib.optim.adam")


def test_a_typo_is_an_import_error_with_a_suggestion(workspace: Path) -> None:
    with pytest.raises(ImportError) as refused:
        from course_lib.optim import Adamm  # noqa: F401
    assert not isinstance(refused.value, NotWritten)
    with pytest.raises(AttributeError, match="do you mean Adam"):
        _ = importlib.import_module("course_lib.optim").Adamm


def test_the_workspace_comes_first(workspace: Path) -> None:
    folder = workspace / "course_lib" / "optim"
    folder.mkdir(parents=True)
    (folder / "adam.py").write_text("class Adam:\n    mine = True\n", encoding="utf-8")
    from course_lib.optim import Adam

    assert Adam.mine
