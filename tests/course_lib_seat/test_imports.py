"""Importing what is not written yet says where it is to be written."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from course_lib.errors import NotWritten
from course_lib.notebook import implement


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


def test_a_function_of_its_modules_name_is_imported_as_the_function(workspace: Path) -> None:
    folder = workspace / "course_lib" / "schedules"
    folder.mkdir(parents=True)
    (folder / "wsd.py").write_text("def wsd(step):\n    return 'mine'\n", encoding="utf-8")
    from course_lib.schedules import wsd

    assert wsd(0) == "mine"
    importlib.import_module("course_lib.schedules.wsd")
    from course_lib.schedules import wsd as again

    assert again(0) == "mine"


def test_it_is_also_the_function_once_a_cell_has_rewritten_it(workspace: Path) -> None:
    for version in ("first", "second"):
        implement("course_lib/schedules/wsd.py", f"def wsd(step):\n    return {version!r}\n", {})
        from course_lib.schedules import wsd

        assert wsd(0) == version
