"""A JupyterLab with chapter 01 in it, and a browser."""

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
def seat(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """(address of a JupyterLab, its folder) with the first cells of chapter 01 and an empty workspace."""
    release = json.loads((ROOT / "notebooks" / "01_sgd" / "01_sgd.ipynb").read_text(encoding="utf-8"))
    wanted = ("sgd", "check_sgd")
    kept = [
        cell
        for number, cell in enumerate(release["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in wanted
        or (cell["cell_type"] == "code" and "course_lib.notebook" in "".join(cell["source"]))
        or (cell["cell_type"] == "markdown" and "**Task `sgd`**" in "".join(cell["source"]))
    ]
    (tmp_path / "01_sgd.ipynb").write_text(json.dumps({**release, "cells": kept}), encoding="utf-8")
    settings = tmp_path / ".jupyter" / "lab" / "user-settings"
    for name, content in SETTINGS.items():
        extension, _, plugin = name.partition(":")
        (settings / extension).mkdir(parents=True, exist_ok=True)
        (settings / extension / f"{plugin}.jupyterlab-settings").write_text(json.dumps(content), encoding="utf-8")
    port = _free_port()
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
        _wait_for(address + "/api", server)
        yield address, tmp_path
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError("JupyterLab ended before it answered")
        try:
            urllib.request.urlopen(address, timeout=1)
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("JupyterLab did not answer")
