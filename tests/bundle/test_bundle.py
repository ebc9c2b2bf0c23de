"""The students' copy: complete, without an answer, the same each time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.build.rules import is_telling
from autograder.build.source import read_chapter, solution_lines
from autograder.bundle import Bundle, write_bundle
from autograder.bundle.seal_checks import sealed_source
from autograder.errors import CourseError
from autograder.judge.engine import PUBLIC_SEED
from autograder.judge.recorded import record
from autograder.judge.registry import load_task
from tests.bank import sgd

ROOT = Path(__file__).parents[2]


def texts(bundle: Bundle) -> dict[str, set[str]]:
    """Every line of every text file; a notebook's cells as they are shown."""
    found = {}
    for path in bundle.folder.rglob("*"):
        if path.is_file() and path.suffix != ".recorded":
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".ipynb":
                text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
            found[path.relative_to(bundle.folder).as_posix()] = {line.strip() for line in text.splitlines()}
    return found


def is_secret(line: str) -> bool:
    """Whether a line of a solution tells how; heads of loops, open brackets and bare calls stand in any training code."""
    return is_telling(line) and line[-1] not in ":[({" and not re.fullmatch(r"[\w.]+\([\w, ]*\)", line)


def test_no_line_of_a_solution_is_inside(bundle: Bundle) -> None:
    shown = texts(bundle)
    secrets = [
        (chapter.name, line)
        for chapter in map(read_chapter, sorted((ROOT / "solutions").glob("[0-9]*.py")))
        for cell in chapter.cells
        for _, line in solution_lines(cell)
        if is_secret(line)
    ]
    assert len(secrets) > 5
    leaked = [(chapter, line, file) for chapter, line in secrets for file, lines in shown.items() if line in lines]
    assert leaked == []


def test_no_step_of_an_oracle_or_a_bank_is_inside(bundle: Bundle) -> None:
    shown = texts(bundle)
    home = ROOT / "autograder"
    steps = [
        line.strip()
        for path in [*(home / "oracles").glob("*.py"), *(home / "banks").glob("*.py")]
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"lambda s\b", line) and len(line.strip()) > 20
    ]
    assert len(steps) > 50
    assert not [file for file in shown if file.endswith("_mistakes.py")]
    assert [(step, file) for step in steps for file, lines in shown.items() if step in lines] == []
    assert not [
        file
        for file in shown
        if "oracles" in file or (re.match(r"autograder/banks/\w+\.py", file) and "__init__" not in file)
    ]


def test_the_same_contents_give_the_same_bytes() -> None:
    task = load_task("rmsprop")
    assert record(task, PUBLIC_SEED) == record(task, PUBLIC_SEED)
    path = ROOT / "autograder" / "checks" / "test_01_sgd.py"
    assert sealed_source(path) == sealed_source(path)


def test_the_archive_holds_the_folder_and_nothing_else(bundle: Bundle) -> None:
    with zipfile.ZipFile(bundle.archive) as archive:
        assert len(archive.namelist()) == bundle.files
        assert all(name.startswith("sgd2muon/") for name in archive.namelist())


def test_something_else_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sgd2muon").mkdir()
    (tmp_path / "sgd2muon" / "thesis.txt").write_text("mine")
    with pytest.raises(CourseError, match="no earlier release"):
        write_bundle(ROOT, tmp_path)
    assert (tmp_path / "sgd2muon" / "thesis.txt").read_text() == "mine"


def student(bundle: Bundle, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command of the copy, with nothing of this repository importable."""
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); from autograder.cli import main; main()"
    command = [sys.executable, "-P", "-c", program, str(bundle.folder), *words]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PYTHONPATH"] = str(bundle.folder)
    return subprocess.run(
        command, cwd=bundle.folder, env=environment, capture_output=True, text=True, timeout=300, check=False, **options
    )


def test_the_copy_judges_and_names_mistakes(bundle: Bundle, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(sgd.BASE, encoding="utf-8")
    wrong.write_text(sgd.BASE.replace("p.sub_(lr * g)", "p.add_(lr * g)"), encoding="utf-8")
    done = student(bundle, "check", "sgd", "--file", str(right), "--file", str(wrong), "--json")
    first, second = json.loads(done.stdout)["files"]
    assert first["score"] == first["max_score"]
    assert second["misconceptions"] == ["ascent"]


def test_the_copy_judges_answers(bundle: Bundle) -> None:
    asked = [{"task": "largest_stable_lr", "answers": {"largest_stable_lr": value}} for value in (0.2, 0.1)]
    done = student(bundle, "serve", input="".join(json.dumps(item) + "\n" for item in asked))
    right, wrong = (json.loads(line) for line in done.stdout.splitlines())
    assert right["score"] == 1
    assert "1/L" in wrong["checks"][0]["message"]


def test_the_copy_offers_only_what_a_student_needs(bundle: Bundle) -> None:
    shown = student(bundle, "--help").stdout
    assert "check" in shown
    assert "grade" not in shown
    assert "ascent" in student(bundle, "rules", "sgd").stdout
