"""docs/instructor.md names only commands, options and files that exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from autograder.cli import COMMANDS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")


def test_every_command_is_there() -> None:
    named = set(re.findall(r"sgd2muon (class new|[a-z]+)", PAGE))
    assert {"grade", "report", "export", "doctor", "class new"} <= named <= set(COMMANDS)


def test_every_option_of_grade_and_export_is_there() -> None:
    wide = {**os.environ, "COLUMNS": "200"}
    helps = "".join(
        subprocess.run(
            [sys.executable, "-m", "autograder", *words, "--help"], capture_output=True, text=True, check=True, env=wide
        ).stdout
        for words in (["grade"], ["export"])
    )
    ours = ("--jobs", "--regrade", "--student", "--scheduler", "--trust-submissions", "--to", "--roster")
    assert all(option in PAGE and option in helps for option in ours)


def test_every_target_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{name}:", makefile, re.MULTILINE) for name in re.findall(r"`make ([a-z-]+)`", PAGE))
