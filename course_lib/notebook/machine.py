"""`doctor()`: what this machine offers, asked of the judge's own command in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from course_lib.errors import JudgeProblem

PATIENCE = 120.0


def doctor() -> None:
    """Print what `sgd2muon doctor` prints: versions, device, threads, isolation. JudgeProblem where it cannot run."""
    command = [sys.executable, "-m", "autograder", "doctor"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise JudgeProblem(
            f"The doctor said nothing for {PATIENCE:.0f} s. Run `sgd2muon doctor` in a terminal."
        ) from None
    except OSError as error:
        raise JudgeProblem(
            f"The doctor cannot be started ({error.strerror}). Is the course installed? Try `make lab`."
        ) from None
    print((done.stdout or done.stderr).rstrip())
