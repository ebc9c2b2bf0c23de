"""A progress bar of one line that needs no widget, so it also works under papermill and stays readable in an export."""

from __future__ import annotations

import io
from typing import Any

from tqdm import tqdm

FORMAT = "{desc}: {percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} steps, {elapsed}{postfix}"


def step_bar(total: int, name: str, shown: bool = True) -> tqdm[Any]:
    """A bar over `total` steps: in a notebook one line of output that is rewritten, elsewhere on stderr."""
    options: dict[str, Any] = {"total": total, "desc": name or "training", "bar_format": FORMAT, "disable": not shown}
    return _NotebookBar(**options) if shown and _in_notebook() else tqdm(dynamic_ncols=True, **options)


class _NotebookBar(tqdm):
    """Writes through a display handle instead of carriage returns, which an exported notebook would keep."""

    def __init__(self, **options: Any):
        from IPython.display import display

        self._handle = display({"text/plain": ""}, raw=True, display_id=True)
        super().__init__(file=io.StringIO(), ascii=False, mininterval=0.2, **options)

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Show the line as it is now."""
        self._handle.update({"text/plain": str(self) if msg is None else msg}, raw=True)
        return True


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
