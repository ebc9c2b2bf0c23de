"""A notebook page, driven with mouse and keyboard: JupyterLab's and Notebook 7's cells are alike."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import PICTURES

MAGIC = "%%implement course_lib/optim/sgd.py\n"
PATIENCE = 60_000
LAPTOP = {"width": 1280, "height": 800}


class NotebookPage:
    """The open notebook."""

    def __init__(self, page: Any):
        self.page = page

    def open(self, address: str) -> None:
        """Go to an address and wait until the notebook's cells are there and a kernel answers."""
        self.page.goto(address, timeout=PATIENCE)
        self.page.wait_for_selector(".jp-CodeCell", timeout=PATIENCE)

    def cell(self, text: str) -> Any:
        """The code cell that holds a text."""
        return self.page.locator(".jp-CodeCell", has_text=text).first

    def write(self, cell: Any, source: str) -> None:
        """Replace a cell's text."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def run(self, cell: Any) -> None:
        """Run a cell, as Ctrl+Enter does, and wait until it has run; again where no kernel was there yet to take it."""
        before = cell.locator(".jp-InputPrompt").inner_text()
        for attempt in range(1200):
            now = cell.locator(".jp-InputPrompt").inner_text()
            if now != before and "*" not in now:
                return
            if attempt % 50 == 0 and now == before:
                self._take_the_kernel_offered()
                cell.locator(".cm-content").click()
                self.page.keyboard.press("Control+Enter")
            self.page.wait_for_timeout(100)
        raise TimeoutError(f"the cell still shows {before}")

    def _take_the_kernel_offered(self) -> None:
        """A cell run before the server has listed its kernels makes the page ask for one."""
        offered = self.page.locator(".jp-Dialog", has_text="Select Kernel").locator(".jp-mod-accept")
        if offered.count():
            offered.click()

    def wait_for(self, text: str) -> None:
        """Until a text is on the page."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=PATIENCE)

    def keep(self, name: str) -> None:
        """Keep what the page looks like, as a picture."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"))
