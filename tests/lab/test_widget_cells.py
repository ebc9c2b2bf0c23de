"""The chapters' own widget cells: redrawn by every control, described where no slider can work, and leaving no state behind."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from ipywidgets.widgets import widget

import course_lib
from course_lib.workspace import STUDENT_PACKAGES
from tests.lab.widget_cells import PLAY_CELLS, ROOT, WIDGET, PlayCell, widget_notebook, write_modules

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
CALLS = re.compile(r"^(play|live_figure|show_microscope|design|play_ruler|play_grokking)\(", re.MULTILINE)


def cells_of(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def test_every_widget_of_every_chapter_is_in_the_list() -> None:
    calls = [(path.stem, call) for path in NOTEBOOKS for text in cells_of(path) for call in CALLS.findall(text)]
    assert sorted(calls) == sorted((cell.chapter, cell.call.strip("\n(")) for cell in PLAY_CELLS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_holds_no_state_of_widgets(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in content["metadata"]
    assert not [cell["id"] for cell in content["cells"] if "widgets" in cell["metadata"] or cell.get("outputs")]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workspace")
    write_modules(folder)
    return folder


def test_where_no_front_end_runs_every_widget_is_a_picture_in_words(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("SGD2MUON_WORKSPACE", str(workspace))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.from_dict(widget_notebook())
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell, shown in zip(PLAY_CELLS, notebook.cells[1::2], strict=True):
        data, metadata = next((o.data, o.metadata) for o in shown.outputs if o.output_type == "display_data")
        assert WIDGET not in data, cell.name
        assert "image/png" in data, cell.name
        assert metadata["image/png"]["alt"] == data["text/plain"], cell.name
        assert len(metadata["image/png"]["alt"].split()) > 10, cell.name
    assert "widgets" not in notebook.metadata


OTHER_TEXT = "70000"
"""What is typed into a field."""


def moves(control: Any) -> list[tuple[Any, str, Any]]:
    """Values of a slider, field or choice that it does not have."""
    if type(control).__name__ == "Text":
        return [(control, "value", OTHER_TEXT)]
    if hasattr(control, "options"):
        return [(control, "index", index) for index in range(len(control.options)) if index != control.index]
    low, high = control.min, control.max
    steps = [round(share * (high - low) / control.step) for share in (0.2, 0.5, 0.8, 1.0)]
    return [(control, "value", type(control.value)(low + n * control.step)) for n in steps]


STUDENT_MODULE = re.compile(rf"course_lib\.({'|'.join(STUDENT_PACKAGES)})(\..+)?$")


@pytest.fixture
def student_modules(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Imports from course_lib.optim and the like find the workspace's, and are forgotten afterwards."""
    monkeypatch.setenv("SGD2MUON_WORKSPACE", str(workspace))

    def take() -> dict[str, Any]:
        return {name: sys.modules.pop(name) for name in list(sys.modules) if STUDENT_MODULE.match(name)}

    before = take()
    attributes = {name: vars(course_lib).pop(name) for name in STUDENT_PACKAGES if name in vars(course_lib)}
    yield
    take()
    sys.modules.update(before)
    for name in STUDENT_PACKAGES:
        vars(course_lib).pop(name, None)
    vars(course_lib).update(attributes)


@pytest.fixture
def shown_by(student_modules: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[PlayCell], Any]:
    """Runs a widget's cell as a front end with a person at it would, and returns its box."""
    bundles: list[dict[str, Any]] = []
    shell = SimpleNamespace(get_parent=lambda: {"content": {"allow_stdin": True}})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.setattr("IPython.display.display", lambda data, **_: bundles.append(data))

    def show(cell: PlayCell) -> Any:
        names: dict[str, Any] = {}
        exec(cell.needed, names)
        bundles.clear()
        exec(cell.source, names)
        return widget._instances[bundles[-1][WIDGET]["model_id"]]

    return show


@pytest.mark.parametrize("cell", PLAY_CELLS, ids=lambda cell: cell.name)
def test_every_control_redraws_the_picture(cell: PlayCell, shown_by: Callable[[PlayCell], Any]) -> None:
    *controls, image, words = shown_by(cell).children
    assert tuple(control.description for control in controls) == cell.controls
    for control in controls:
        if type(control).__name__ == "Button":
            continue
        seen = {image.value}
        for target, name, value in moves(control):
            setattr(target, name, value)
            seen.add(image.value)
        assert len(seen) > 1, control.description
        assert words.value
