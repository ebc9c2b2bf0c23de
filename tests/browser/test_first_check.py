"""Chapter 01 as a student does it in JupyterLab: wrong, told why, right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bank import sgd
from tests.browser.conftest import PICTURES

MAGIC = "%%implement course_lib/optim/sgd.py\n"
PATIENCE = 40_000


class Notebook:
    """A notebook page, driven with mouse and keyboard."""

    def __init__(self, page: Any):
        self.page = page

    def cell(self, text: str) -> Any:
        """The code cell that holds a text."""
        return self.page.locator(".jp-CodeCell", has_text=text).first

    def write(self, cell: Any, source: str) -> None:
        """Replace a cell's text."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def run(self, cell: Any) -> None:
        """Run a cell, as Ctrl+Enter does, and wait until it has run."""
        before = cell.locator(".jp-InputPrompt").inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        for _ in range(600):
            now = cell.locator(".jp-InputPrompt").inner_text()
            if now != before and "*" not in now:
                return
            self.page.wait_for_timeout(100)
        raise TimeoutError(f"the cell still shows {before}")


@pytest.fixture
def notebook(browser: Any, seat: tuple[str, Path]) -> Any:
    """Chapter 01, open, its kernel ready."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{seat[0]}/lab/tree/01_sgd.ipynb", timeout=PATIENCE)
    page.wait_for_selector(".jp-CodeCell", timeout=PATIENCE)
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=PATIENCE)
    yield Notebook(page)
    picture(page, "last_seen")
    page.close()


def picture(page: Any, name: str) -> None:
    """Keep what the page looks like."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"))


def test_a_wrong_sgd_is_named_and_a_right_one_passes(notebook: Notebook, seat: tuple[str, Path]) -> None:
    page = notebook.page
    notebook.run(notebook.cell("from course_lib.notebook import"))
    implement, check = notebook.cell("%%implement"), notebook.cell('check("sgd")')

    notebook.write(implement, MAGIC + sgd.BASE.replace("g = p.grad + wd * p", "g = p.grad"))
    notebook.run(implement)
    page.get_by_text("course_lib/optim/sgd.py written: SGD").wait_for(timeout=PATIENCE)
    notebook.run(check)
    page.get_by_text("SGD without weight decay").wait_for(timeout=PATIENCE)
    check.scroll_into_view_if_needed()
    picture(page, "failing_check")
    assert page.get_by_role("img", name="Length of your updates").count() == 1

    notebook.write(implement, MAGIC + sgd.BASE)
    notebook.run(implement)
    notebook.run(check)
    page.get_by_text("12 of 12 points").first.wait_for(timeout=PATIENCE)
    picture(page, "passing_check")

    notebook.write(implement, MAGIC + "def f(:\n    pass\n")
    notebook.run(implement)
    page.get_by_text("BadCell: Line 2").wait_for(timeout=PATIENCE)
    assert "class SGD" in (seat[1] / "workspace" / "course_lib" / "optim" / "sgd.py").read_text(encoding="utf-8")
    assert (seat[1] / "workspace" / ".sgd2muon" / "progress.jsonl").read_text(encoding="utf-8").count('"sgd"') == 2
