"""The GPU suite on a CPU, at smoke: nothing in it is first executed on somebody's card."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from course_lib.lab import gpu_suite

BLOCKED = (
    "nbgrader IPython ipywidgets jupyter jupyter_client jupyter_core jupyterlab notebook matplotlib PIL rich typer tqdm"
)
BLOCKER = f"""
import sys
from importlib.machinery import PathFinder

hidden, find = set({BLOCKED.split()!r}), PathFinder.find_spec

def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in hidden else find(name, path, target)

PathFinder.find_spec = staticmethod(find_spec)
"""


def suite(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", gpu_suite.MODULE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


def test_the_whole_suite_runs_on_the_cpu_and_leaves_numbers_pictures_and_a_summary(tmp_path: Path) -> None:
    ended = suite("--out", str(tmp_path), "--scale", "smoke")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    summary = (tmp_path / "summary.md").read_text()
    for name in gpu_suite.names():
        record = json.loads((tmp_path / f"{name}.json").read_text())
        assert record["exercise"] == name
        assert {"device", "torch", "python", "seed", "date", "command", "result"} <= set(record)
        assert (tmp_path / f"{name}.png").stat().st_size > 1000
        assert f"## {name}: " in summary


def test_every_exercise_runs_without_notebook_or_plotting_packages(tmp_path: Path) -> None:
    for name in gpu_suite.names():
        program = f"{BLOCKER}\nfrom course_lib.lab.gpu_suite import main\nsys.exit(main({['--out', str(tmp_path), '--scale', 'smoke', '--one', name]!r}))"
        ended = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
        )
        assert ended.returncode == 0, ended.stderr
        assert (tmp_path / f"{name}.json").exists()
        assert not (tmp_path / f"{name}.png").exists()


def test_an_exercise_that_fails_or_never_ends_does_not_stop_the_others(tmp_path: Path, monkeypatch, capsys) -> None:
    folder = tmp_path / "exercises"
    folder.mkdir()
    (folder / "breaks.py").write_text("def run(scale, device, seed=0):\n    raise RuntimeError('out of luck')\n")
    (folder / "hangs.py").write_text("import time\n\n\ndef run(scale, device, seed=0):\n    time.sleep(600)\n")
    (folder / "works.py").write_text("def run(scale, device, seed=0):\n    return {'table': [{'answer': 42}]}\n")
    program = (
        "import sys, course_lib.lab.exercises as e\n"
        f"e.__path__.insert(0, {str(folder)!r})\n"
        "from course_lib.lab import gpu_suite\n"
        "sys.exit(gpu_suite.main(sys.argv[1:]))\n"
    )
    shim = tmp_path / "shim.py"
    shim.write_text(program)
    ran: list[str] = []
    real = subprocess.run

    def run(command, **options):
        ran.append(command[-1])
        patience = 5 if command[-1] == "hangs" else options["timeout"]
        return real([sys.executable, str(shim), *command[3:]], **{**options, "timeout": patience})

    monkeypatch.setattr(gpu_suite.subprocess, "run", run)
    monkeypatch.setattr(gpu_suite, "names", lambda: ["breaks", "hangs", "works"])
    assert gpu_suite.main(["--out", str(tmp_path / "out"), "--scale", "smoke", "--minutes", "2"]) == 1
    assert ran == ["breaks", "hangs", "works"]
    summary = (tmp_path / "out" / "summary.md").read_text()
    assert "breaks: failed" in summary
    assert "hangs: failed" in summary
    assert "| 42 |" in summary


def test_an_unknown_exercise_is_refused_by_name(tmp_path: Path) -> None:
    ended = suite("--out", str(tmp_path), "--only", "nothing")
    assert ended.returncode == 2
    assert "there is no exercise nothing; there are " in ended.stderr
