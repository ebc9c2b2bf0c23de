"""A JupyterLab with notebooks in it, and a browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "build" / "pictures"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/completer-extension:manager": {"autoCompletion": False},
}


THEMES = "@jupyterlab/apputils-extension:themes"


def short_chapter() -> dict[str, Any]:
    """Chapter 01 as released, with the cells of its task and its widget and what those need, and a last cell of progress."""
    release = json.loads((ROOT / "notebooks" / "01_sgd" / "01_sgd.ipynb").read_text(encoding="utf-8"))
    needed = ("from course_lib.notebook import", "lopsided = valley(", "from course_lib.lab.widgets import")

    def is_kept(cell: dict[str, Any]) -> bool:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            return "**Task `sgd`**" in source
        return cell["metadata"].get("nbgrader", {}).get("grade_id") in ("sgd", "check_sgd") or any(
            text in source for text in needed
        )

    last = {
        "cell_type": "code",
        "execution_count": None,
        "id": "progress",
        "metadata": {},
        "outputs": [],
        "source": "from course_lib.notebook import progress\nprogress()",
    }
    return {**release, "cells": [*filter(is_kept, release["cells"]), last]}


def write_setting(folder: Path, name: str, content: dict[str, Any]) -> None:
    """A user setting of JupyterLab, as its settings editor writes it."""
    extension, _, plugin = name.partition(":")
    (folder / extension).mkdir(parents=True, exist_ok=True)
    (folder / extension / f"{plugin}.jupyterlab-settings").write_text(json.dumps(content), encoding="utf-8")


def chromium() -> str | None:
    """Where the browser is; None on a machine without one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def notebooks() -> dict[str, Any]:
    """File name → content of what lies in the seat's folder; a test that brings its own has a fixture of this name."""
    return {"01_sgd.ipynb": short_chapter()}


@pytest.fixture
def seat(tmp_path: Path, notebooks: dict[str, Any]) -> Iterator[tuple[str, Path]]:
    """(address of a JupyterLab that also serves Notebook 7, its folder) with some notebooks and no workspace yet."""
    for name, content in notebooks.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    settings = tmp_path / ".jupyter" / "lab" / "user-settings"
    for name, content in SETTINGS.items():
        write_setting(settings, name, content)
    port = free_port()
    environment = {
        **os.environ,
        "SGD2MUON_WORKSPACE": str(tmp_path / "workspace"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTER_CONFIG_DIR": str(tmp_path / ".jupyter"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
    ]
    log = open(tmp_path / "lab.log", "wb")  # noqa: SIM115
    server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address + "/api", server)
        yield address, tmp_path
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, server: subprocess.Popen[bytes], attempts: int = 240) -> None:
    for _ in range(attempts):
        if server.poll() is not None:
            raise RuntimeError("JupyterLab ended before it answered")
        try:
            urllib.request.urlopen(address, timeout=1)
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("JupyterLab did not answer")
