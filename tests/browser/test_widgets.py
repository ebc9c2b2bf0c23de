"""Every Play widget of the course, dragged in JupyterLab: the picture follows the mouse, and nothing is cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser.notebook_page import LAPTOP, PATIENCE, NotebookPage
from tests.lab.widget_cells import PLAY_CELLS, WIDGET, marker, widget_notebook, write_modules

NAME = "widgets.ipynb"
CUT_OFF = """box => [...box.querySelectorAll('.widget-label, .widget-readout, .widget-html-content, button')]
    .filter(part => part.scrollWidth > part.clientWidth + 1).map(part => part.innerText)"""


@pytest.fixture
def notebooks() -> dict[str, Any]:
    return {NAME: widget_notebook()}


@pytest.fixture
def notebook(browser: Any, seat: tuple[str, Path]) -> Iterator[NotebookPage]:
    """The notebook of widgets, open on a small laptop's screen."""
    address, folder = seat
    write_modules(folder / "workspace")
    page = browser.new_page(viewport=LAPTOP)
    made = NotebookPage(page)
    made.open(f"{address}/lab/tree/{NAME}")
    yield made
    made.keep("widgets_last_seen")
    page.close()


def test_every_widget_follows_the_mouse_and_none_is_saved(notebook: NotebookPage, seat: tuple[str, Path]) -> None:
    cut = []
    for play in PLAY_CELLS:
        notebook.run(notebook.cell(f"# For the widget {play.name}"))
        cell = notebook.cell(marker(play))
        notebook.run(cell)
        box = cell.locator(".jupyter-widgets.widget-vbox").first
        box.wait_for(timeout=PATIENCE)
        for control in play.controls:
            operate(notebook, box, control)
            cut += [f"{play.name}, {control}: {text}" for text in box.evaluate(CUT_OFF)]
        box.evaluate("box => box.scrollIntoView({block: 'start'})")
        notebook.keep(f"widget_{play.name}")
    assert cut == []
    saved_without_state(notebook, seat[1])


def operate(notebook: NotebookPage, box: Any, control: str) -> None:
    """Drag, type, choose or click, and wait until the picture is another one."""
    image = box.locator("img.widget-image")
    before, said = image.get_attribute("src"), box.inner_text()
    button = box.get_by_role("button", name=control)
    row = box.locator(".widget-label", has_text=re.compile(rf"^{control}$")).locator("..")
    if button.count():
        button.click()
    elif row.locator("input").count():
        row.locator("input").fill("70000")
    elif row.locator("button").count():
        row.locator("button").last.click()
    else:
        drag(notebook, row)
    wait_until(notebook, lambda: image.get_attribute("src") != before, f"{control}: still the same picture")
    notebook.page.mouse.up()
    settle(notebook)
    assert box.inner_text() != said, control


def wait_until(notebook: NotebookPage, holds: Callable[[], bool], otherwise: str) -> None:
    for _ in range(PATIENCE // 50):
        if holds():
            return
        notebook.page.wait_for_timeout(50)
    raise AssertionError(otherwise)


def settle(notebook: NotebookPage) -> None:
    """Wait until the kernel has drawn every value on the way and the page shows the last."""
    notebook.page.wait_for_timeout(100)
    notebook.page.get_by_text("(ipykernel) | Idle").wait_for(timeout=PATIENCE)
    notebook.page.wait_for_timeout(100)


def drag(notebook: NotebookPage, row: Any) -> None:
    """Move the handle towards the middle and hold it there, so that only a picture that follows is another one."""
    handle = row.locator(".noUi-handle")
    handle.scroll_into_view_if_needed()
    place, bar = handle.bounding_box(), row.locator(".noUi-target").bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    way = 0.4 * bar["width"] * (1 if x < bar["x"] + bar["width"] / 2 else -1)
    notebook.page.mouse.move(x, y)
    notebook.page.mouse.down()
    notebook.page.mouse.move(x + way, y, steps=6)


def saved_without_state(notebook: NotebookPage, folder: Path) -> None:
    """What is saved has the still pictures and their words, no state, and an export shows the pictures."""
    notebook.page.keyboard.press("Control+S")
    wait_until(notebook, lambda: bool(content(folder / NAME)["cells"][-1]["outputs"]), "the notebook was not saved")
    saved = content(folder / NAME)
    assert "widgets" not in saved["metadata"]
    page = exported(folder / NAME)
    for play, cell in zip(PLAY_CELLS, saved["cells"][1::2], strict=True):
        output = next(output for output in cell["outputs"] if WIDGET in output.get("data", {}))
        words = output["metadata"]["image/png"]["alt"]
        assert "image/png" in output["data"], play.name
        assert words in page, play.name


def content(path: Path) -> dict[str, Any]:
    """A notebook on the disk; the one that was brought while another one is being written over it."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        return widget_notebook()


def exported(path: Path) -> str:
    """What nbconvert writes for the pictures of the notebook, to be read out; only its classic template does that."""
    body, _ = HTMLExporter(template_name="classic").from_notebook_node(nbformat.read(path, as_version=4))
    return "\n".join(unescape(alt) for alt in re.findall(r'<img[^>]*alt="([^"]*)"', body))
