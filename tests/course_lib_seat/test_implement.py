"""%%implement: a cell becomes a module, or nothing happens and it says why."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import course_lib.notebook
from course_lib.errors import BadCell
from course_lib.notebook.implement import implement
from course_lib.notebook.names import missing_names

PATH = "course_lib/optim/sgd.py"
CELL = "import math\n\nclass SGD:\n    rate = math.pi\n\ndef helper():\n    return 1\n\n_hidden = 2\n"


def test_a_cell_becomes_a_module_and_its_names_come_into_the_notebook(workspace: Path) -> None:
    notebook: dict[str, Any] = {}
    assert implement(PATH, CELL, notebook) == f"{PATH} written: SGD, helper"
    assert set(notebook) == {"SGD", "helper"}
    assert (workspace / PATH).read_text(encoding="utf-8").endswith(CELL)
    assert importlib.import_module("course_lib.optim.sgd").SGD is notebook["SGD"]
    assert importlib.import_module("course_lib.optim").SGD is notebook["SGD"]


def test_line_numbers_of_the_file_are_those_of_the_cell(workspace: Path) -> None:
    implement(PATH, "def f():\n    return 1\n", {})
    assert (workspace / PATH).read_text(encoding="utf-8").splitlines()[1] == "def f():"


def test_a_second_run_replaces_the_module_for_everyone_who_imported_it(workspace: Path) -> None:
    implement(PATH, "def f():\n    return 1\n", {})
    module = importlib.import_module("course_lib.optim.sgd")
    implement(PATH, "def f():\n    return 2\n", {})
    assert module.f() == 2


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("def f(:\n    pass", "Line 2"),
        ("x = 1 / 0", "Line 2: ZeroDivisionError"),
        ("import not_there_at_all", "ModuleNotFoundError"),
        ("x = y_unknown", "NameError"),
        ("!ls", "notebook syntax"),
        ("%timeit 1", "notebook syntax"),
        ("x = '\ud800'", "no Python text"),
        ("def f():\n    return elsewhere(1)", "another cell"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_bad_cell_leaves_the_old_module_and_says_why(workspace: Path, cell: str, words: str) -> None:
    implement(PATH, CELL, {})
    module, before = importlib.import_module("course_lib.optim.sgd"), (workspace / PATH).read_bytes()
    with pytest.raises(BadCell, match=words):
        implement(PATH, cell, {"elsewhere": print})
    assert (workspace / PATH).read_bytes() == before
    assert sys.modules["course_lib.optim.sgd"] is module
    assert module.helper() == 1


@pytest.mark.parametrize(
    "path",
    [
        "",
        "sgd.py",
        "/tmp/sgd.py",
        "course_lib/optim/../../evil.py",
        "course_lib/lab/train.py",
        "course_lib/optim/sgd.txt",
        "course_lib/optim/__init__.py",
        "course_lib/optim/deep/sgd.py",
        "../course_lib/optim/sgd.py",
    ],
)
def test_a_wrong_path_is_refused_with_a_right_one(workspace: Path, path: str) -> None:
    with pytest.raises(BadCell, match=r"course_lib/optim/sgd\.py"):
        implement(path, CELL, {})
    assert not list(workspace.rglob("*.py"))


def test_a_link_out_of_the_workspace_is_refused(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "sgd.py"
    outside.write_text("secret")
    (workspace / "course_lib" / "optim").mkdir(parents=True)
    (workspace / PATH).symlink_to(outside)
    with pytest.raises(BadCell, match="link"):
        implement(PATH, CELL, {})
    assert outside.read_text() == "secret"


def test_a_disk_that_refuses_leaves_everything_as_it_was(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    implement(PATH, CELL, {})

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadCell, match=r"No space left.*SGD2MUON_WORKSPACE"):
        implement(PATH, "x = 1", {})
    assert (workspace / PATH).read_text(encoding="utf-8").endswith(CELL)
    assert [file.name for file in (workspace / "course_lib" / "optim").iterdir()] == ["sgd.py"]


def test_a_stub_can_be_written(workspace: Path) -> None:
    assert "SGD" in implement(
        PATH, "class SGD:\n    def step(self):\n        raise NotImplementedError('write this')", {}
    )


def test_the_magic_works_in_a_shell(workspace: Path, judge: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(course_lib.notebook, "client", judge)
    shell = InteractiveShell.instance()
    course_lib.notebook.load_ipython_extension(shell)
    shell.run_cell(f"%%implement {PATH}\n{CELL}")
    assert f"{PATH} written" in capsys.readouterr().out
    assert shell.user_ns["SGD"].__name__ == "SGD"
    shell.run_cell(f"%%implement {PATH}\ndef f(:")
    said = capsys.readouterr()
    assert "BadCell: Line 2" in said.out + said.err
    assert "Traceback" not in said.out + said.err
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("import torch\nx = torch.ones(1)", []),
        ("def f(a, *b, c=1, **d):\n    return [a + x for x in b]", []),
        ("def f():\n    return torch.ones(1)", ["torch"]),
        ("class A:\n    y = 1\n    def f(self):\n        return self.y + lr", ["lr"]),
        ("def f():\n    def g():\n        return h\n    h = 1\n    return g", []),
        ("def f():\n    global n\n    n = 1\ndef g():\n    return n", []),
        ("from math import *\nx = [i for i in range(3) if i]", []),
        ("try:\n    pass\nexcept ValueError as e:\n    print(e)", []),
        ("lambda q: q + w", ["w"]),
    ],
)
def test_missing_names_are_those_bound_nowhere(source: str, missing: list[str]) -> None:
    assert missing_names(source) == missing
