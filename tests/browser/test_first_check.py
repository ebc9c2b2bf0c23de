"""Chapter 01 as a student does it in a browser: wrong, told why, right, kept; a slider; the dark theme."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bank import sgd
from tests.browser.conftest import THEMES, write_setting
from tests.browser.notebook_page import LAPTOP, MAGIC, PATIENCE, NotebookPage

WRONG = sgd.BASE.replace("g = p.grad + wd * p", "g = p.grad")


@pytest.fixture
def notebook(browser: Any) -> Iterator[NotebookPage]:
    """A page of the size of a small laptop's screen."""
    page = browser.new_page(viewport=LAPTOP)
    made = NotebookPage(page)
    yield made
    made.keep("last_seen")
    page.close()


def wrong_then_right(notebook: NotebookPage, pictures: str) -> None:
    """Type a wrong SGD, read the named mistake, correct it, see it pass."""
    notebook.run(notebook.cell("from course_lib.notebook import"))
    implement, check = notebook.cell("%%implement"), notebook.cell('check("sgd")')
    notebook.write(implement, MAGIC + WRONG)
    notebook.run(implement)
    notebook.wait_for("course_lib/optim/sgd.py written: SGD")
    notebook.run(check)
    notebook.wait_for("SGD without weight decay")
    check.scroll_into_view_if_needed()
    notebook.keep(f"failing_check{pictures}")
    assert notebook.page.get_by_role("img", name="Length of your updates").count() == 1
    notebook.write(implement, MAGIC + sgd.BASE)
    notebook.run(implement)
    notebook.run(check)
    notebook.wait_for("12 of 12 points")
    check.scroll_into_view_if_needed()
    notebook.keep(f"passing_check{pictures}")


def test_in_jupyterlab_a_mistake_is_named_and_what_was_reached_is_kept(
    notebook: NotebookPage, seat: tuple[str, Path]
) -> None:
    address, folder = seat
    notebook.open(f"{address}/lab/tree/01_sgd.ipynb")
    wrong_then_right(notebook, "")
    broken_cell_leaves_the_module(notebook, folder)
    restart_keeps_progress(notebook)
    slider_redraws(notebook)
    dark_theme_is_readable(notebook, folder)


def broken_cell_leaves_the_module(notebook: NotebookPage, folder: Path) -> None:
    implement = notebook.cell("%%implement")
    notebook.write(implement, MAGIC + "def f(:\n    pass\n")
    notebook.run(implement)
    notebook.wait_for("BadCell: Line 2")
    written = folder / "workspace" / "course_lib" / "optim" / "sgd.py"
    assert "class SGD" in written.read_text(encoding="utf-8")
    notebook.write(implement, MAGIC + sgd.BASE)


def restart_keeps_progress(notebook: NotebookPage) -> None:
    accept = notebook.page.locator(".jp-Dialog .jp-mod-accept")
    for _ in range(10):  # the two keys have to come within a second, which a busy machine may miss
        notebook.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
        notebook.page.keyboard.press("Escape")
        notebook.page.keyboard.press("0")
        notebook.page.keyboard.press("0")
        notebook.page.wait_for_timeout(500)
        if accept.count():
            break
    accept.click()
    notebook.page.get_by_text("(ipykernel) | Idle").wait_for(timeout=PATIENCE)
    last = notebook.cell("progress()")
    notebook.run(last)
    notebook.wait_for("12 / 19")
    last.scroll_into_view_if_needed()
    notebook.keep("progress")


def slider_redraws(notebook: NotebookPage) -> None:
    """The kernel is fresh, so this also shows that the chapter goes on from the module on the disk."""
    notebook.run(notebook.cell("lopsided = valley("))
    notebook.run(notebook.cell("%%implement"))
    played = notebook.cell("from course_lib.lab.widgets import")
    notebook.run(played)
    image = played.locator(".widget-image, img.widget-image, .jupyter-widgets img").first
    image.wait_for(timeout=PATIENCE)
    before = image.get_attribute("src")
    handle = played.locator(".noUi-handle").first
    handle.focus()
    for _ in range(20):
        notebook.page.keyboard.press("ArrowRight")
    for _ in range(100):
        if image.get_attribute("src") != before:
            break
        notebook.page.wait_for_timeout(100)
    assert image.get_attribute("src") != before
    image.scroll_into_view_if_needed()
    notebook.keep("widget")


def dark_theme_is_readable(notebook: NotebookPage, folder: Path) -> None:
    write_setting(folder / ".jupyter" / "lab" / "user-settings", THEMES, {"theme": "JupyterLab Dark"})
    implement, check = notebook.cell("%%implement"), notebook.cell('check("sgd")')
    notebook.write(implement, MAGIC + WRONG)
    notebook.run(implement)
    notebook.page.keyboard.press("Control+S")
    notebook.page.wait_for_timeout(1500)
    notebook.page.reload(timeout=PATIENCE)
    notebook.page.wait_for_selector('body[data-jp-theme-light="false"]', state="attached", timeout=PATIENCE)
    notebook.page.get_by_text("(ipykernel) | Idle").wait_for(timeout=PATIENCE)
    notebook.run(notebook.cell("from course_lib.notebook import"))
    notebook.run(check)
    notebook.wait_for("SGD without weight decay")
    check.scroll_into_view_if_needed()
    notebook.keep("failing_check_dark")


def test_in_notebook_7_a_mistake_is_named(notebook: NotebookPage, seat: tuple[str, Path]) -> None:
    notebook.open(f"{seat[0]}/notebooks/01_sgd.ipynb")
    wrong_then_right(notebook, "_notebook7")
