"""A newcomer's path in a real browser: from `git clone` to the first passing check, each action of the person timed.

python -m benchmarks.newcomer [--repository PATH_OR_URL]

An action is a command typed, a notebook opened, or a cell written or run. Needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, chromium, free_port, wait_for
from tests.browser.notebook_page import LAPTOP, PATIENCE, NotebookPage

ROOT = Path(__file__).parents[1]
STEP = """%%implement course_lib/optim/first_step.py
def first_step(theta, gradient, lr):
    return theta - lr * gradient
"""


class Walk:
    """The actions taken so far, with their seconds."""

    def __init__(self) -> None:
        self.actions: list[tuple[str, float]] = []

    def act(self, name: str, what: Callable[[], Any]) -> Any:
        """Do something, and note how long it took until the next action was possible."""
        started = time.perf_counter()
        result = what()
        self.actions.append((name, time.perf_counter() - started))
        print(f"{len(self.actions)}. {name}: {self.actions[-1][1]:.0f} s", flush=True)
        return result


@contextmanager
def lab(clone: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`make lab` of the clone. Only what has no meaning on a machine without a screen is set: port, token, no browser."""
    settings = clone.parent / "jupyter"
    settings.mkdir()
    config = {
        "ServerApp": {"port": port, "open_browser": False, "allow_root": True, "allow_unauthenticated_access": True},
        "ExtensionApp": {"open_browser": False},
        "IdentityProvider": {"token": ""},
    }
    (settings / "jupyter_server_config.json").write_text(json.dumps(config), encoding="utf-8")
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(settings)}
    with open(clone.parent / "lab.log", "wb") as log:
        server = subprocess.Popen(
            ["make", "lab"], cwd=clone, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield server
        finally:
            os.killpg(server.pid, 15)
            server.wait(timeout=30)


def open_start_page(notebook: NotebookPage) -> None:
    """By double clicks in JupyterLab's file browser, as a person does."""
    for name in ("00_start", "00_start.ipynb"):
        notebook.page.locator(".jp-DirListing-item", has_text=re.compile(f"^{name}")).first.dblclick(timeout=PATIENCE)
    notebook.page.wait_for_selector(".jp-CodeCell", timeout=PATIENCE)


def walk(repository: str, folder: Path) -> Walk:
    """Everything that a newcomer does."""
    path, clone, port = Walk(), folder / "sgd2muon", free_port()
    path.act("git clone", lambda: subprocess.run(["git", "clone", "-q", repository, str(clone)], check=True))
    with sync_playwright() as playwright, ExitStack() as afterwards:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        notebook = NotebookPage(browser.new_page(viewport=LAPTOP))
        address = f"http://127.0.0.1:{port}"

        def started() -> None:
            server = afterwards.enter_context(lab(clone, port))
            wait_for(address + "/api", server, attempts=1800)
            notebook.page.goto(address + "/lab", timeout=PATIENCE)
            notebook.page.wait_for_selector(".jp-DirListing-item", timeout=PATIENCE)

        path.act("make lab (installs everything, opens JupyterLab)", started)
        path.act("open 00_start/00_start.ipynb", lambda: open_start_page(notebook))
        first = notebook.cell("from course_lib.notebook import")
        path.act("run the import cell", lambda: notebook.run(first))
        implement, check = notebook.cell("def first_step"), notebook.cell('check("first_step")')

        def write() -> None:
            notebook.write(implement, STEP)
            notebook.run(implement)

        path.act("write the function and run its cell", write)

        def passes() -> None:
            notebook.run(check)
            notebook.wait_for("2 of 2 points")

        path.act("run the check", passes)
        check.scroll_into_view_if_needed()
        notebook.keep("newcomer")
        browser.close()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", default=str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        path = walk(parser.parse_args().repository, Path(folder))
    print(
        f"{len(path.actions)} actions, {sum(seconds for _, seconds in path.actions):.0f} s of waiting for the machine"
    )


if __name__ == "__main__":
    main()
