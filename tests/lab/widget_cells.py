"""Every Play widget of the course as the released chapters have it, in one small notebook.

A widget's cell is the chapter's own, so what breaks the chapter breaks here; only what it needs before it is short.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.workspace import tasks

ROOT = Path(__file__).parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"

WALKS = """import torch
from course_lib.lab.surfaces import descend, valley
lopsided = valley(L=10, mu=0.1)
"""
LANGUAGE_MODEL = """from course_lib.lab.scale import at_scale
from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import train
scale, text = "smoke", load_text()
"""


@dataclass(frozen=True)
class PlayCell:
    """One widget. call: what its cell calls. before: code it needs. cells: texts in earlier cells of the chapter it needs.

    controls: the descriptions of what can be moved, typed or clicked.
    """

    name: str
    chapter: str
    call: str
    controls: tuple[str, ...]
    before: str = ""
    cells: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The cell, whole."""
        return self._released(self.call)

    @property
    def needed(self) -> str:
        """What has to run before it."""
        return "\n".join([self.before, *(self._released(text) for text in self.cells)])

    def _released(self, text: str) -> str:
        path = ROOT / "notebooks" / self.chapter / f"{self.chapter}.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        return next(source for source in sources if text in source)


PLAY_CELLS = (
    PlayCell("sgd", "01_sgd", "\nplay(", ("lr",), WALKS + "from course_lib.optim import SGD"),
    PlayCell(
        "momentum",
        "02_momentum",
        "\nlive_figure(",
        ("lr", "momentum"),
        WALKS + "from course_lib.optim import Momentum",
    ),
    PlayCell("valley", "03_adaptive", "\nlive_figure(", ("angle",), WALKS + "from course_lib.optim import RMSprop"),
    PlayCell("moments", "04_adam", "\nlive_figure(", ("beta1", "beta2", "noise", "jump")),
    PlayCell(
        "adam_microscope",
        "04_adam",
        "\nshow_microscope(",
        ("step",),
        LANGUAGE_MODEL + "from course_lib.optim import Adam",
    ),
    PlayCell("decay", "05_adamw", "\nlive_figure(", ("weight_decay", "lr"), "import torch"),
    PlayCell(
        "adamw_microscope",
        "05_adamw",
        "\nshow_microscope(",
        ("step",),
        LANGUAGE_MODEL + "from course_lib.optim import AdamW, decay_groups",
    ),
    PlayCell(
        "designer",
        "06_schedules",
        "\ndesign(",
        ("peak", "warmup", "decay", "floor", "shape"),
        "from course_lib.schedules import wsd",
    ),
    PlayCell("batches", "07_batches", "\nplay(", ("log2_B", "lr"), cells=("def walk(log2_B",)),
    PlayCell("ruler", "08_precision", "\nplay_ruler(", ("a number",)),
    PlayCell(
        "grokking",
        "10_grokking",
        "\nplay_grokking(",
        ("weight decay", "share in training", "run it now"),
        'import torch\nscale, p = "smoke", 43',
        cells=("def watch(",),
    ),
    PlayCell("iteration", "15_muon", "\nlive_figure(", ("log_sigma", "a", "b", "c")),
)


def marker(cell: PlayCell) -> str:
    """The first line of its cell in the notebook, which no other cell has."""
    return f"# The widget {cell.name} of chapter {cell.chapter}"


def widget_notebook() -> dict[str, Any]:
    """For every widget a cell with what it needs and its own."""
    sources = []
    for cell in PLAY_CELLS:
        sources += [f"# For the widget {cell.name}\n{cell.needed}", f"{marker(cell)}\n{cell.source}"]
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(sources)
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_modules(workspace: Path) -> None:
    """A workspace in which every task is done."""
    for task in tasks():
        if task.get("module"):
            path = workspace / task["module"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(importlib.import_module(f"tests.bank.{task['id']}").BASE, encoding="utf-8")
