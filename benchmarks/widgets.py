"""CPU milliseconds that each control of each chapter's widget takes to redraw: `make bench-widgets`. The bound is 100."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

BOUND = 100.0


def main() -> int:
    """Print a line for each control: the median and the largest of its redraws. Status 1 where a median is too slow."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SGD2MUON_WORKSPACE"] = folder  # read when course_lib is first imported
        from tests.lab.widget_cells import PLAY_CELLS, write_modules

        write_modules(Path(folder))
        slow = [line for cell in PLAY_CELLS for line in _cell(cell)]
    return 1 if any(slow) else 0


def _cell(cell: Any) -> list[bool]:
    from tests.lab.test_widget_cells import moves

    *controls, _image, _words = _shown(cell).children
    slow = []
    for control in controls:
        if type(control).__name__ == "Button":
            continue
        found = [_milliseconds(*move) for move in moves(control)]
        middle = statistics.median(found)
        print(f"{cell.name:<28} {control.description:<14} {middle:6.1f} ms  (largest {max(found):6.1f})")
        slow.append(middle > BOUND)
    return slow


def _milliseconds(target: Any, name: str, value: Any) -> float:
    started = time.process_time()
    setattr(target, name, value)
    return 1000 * (time.process_time() - started)


def _shown(cell: Any) -> Any:
    """The cell's box, as a front end with a person at it would get it."""
    import IPython
    from ipywidgets.widgets import widget

    from tests.lab.widget_cells import WIDGET

    bundles: list[dict[str, Any]] = []
    shell = SimpleNamespace(get_parent=lambda: {"content": {"allow_stdin": True}})
    IPython.get_ipython = lambda: shell  # type: ignore[assignment, return-value]
    IPython.display.display = lambda data, **_: bundles.append(data)
    names: dict[str, Any] = {}
    exec(cell.needed, names)
    bundles.clear()
    exec(cell.source, names)
    return widget._instances[bundles[-1][WIDGET]["model_id"]]


if __name__ == "__main__":
    sys.exit(main())
