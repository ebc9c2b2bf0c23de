"""Talks to the judge, which lives in a process of its own: one JSON line out, one JSON line back."""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import IO, Any

from course_lib.errors import JudgeProblem

PATIENCE = 180.0
"""Seconds after which a judge that says nothing is ended; its own limits are far below."""


class JudgeClient:
    """One judge per kernel: started in the background, restarted when it died, ended with the kernel."""

    def __init__(self, command: list[str] | None = None, patience: float = PATIENCE, first_line: str = ""):
        self.command = command or [sys.executable, "-m", "autograder", "serve"]
        self.patience, self.first_line = patience, first_line
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        atexit.register(self.close)

    def start(self) -> None:
        """Start the judge if none is running; returns at once."""
        if self._process is not None and self._process.poll() is None:
            return
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                encoding="utf-8",
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        except OSError as error:
            raise JudgeProblem(
                f"The judge cannot be started ({error.strerror}). Is the course installed? Try `make lab`."
            ) from None
        self._process, self._answers = process, queue.Queue()
        threading.Thread(target=_listen, args=(process.stdout, self._answers), daemon=True).start()
        if self.first_line and process.stdin is not None:
            process.stdin.write(self.first_line)
            process.stdin.flush()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The judge's answer to one request. JudgeProblem says what to do when there is none.

        Interrupting the kernel ends the judge; the next question starts a new one.
        """
        line = json.dumps(request, ensure_ascii=False) + "\n"
        for attempt in (1, 2):
            self.start()
            answer = self._exchange(line)
            if answer is not None:
                return _read(answer)
            self.close()
            if attempt == 2:
                raise JudgeProblem(
                    f"The judge ended without an answer. {self._last_words()}Run `sgd2muon doctor` in a terminal."
                )
        raise AssertionError("unreachable")

    def _exchange(self, line: str) -> str | None:
        """Send and wait; None when the judge is gone."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            return self._answers.get(timeout=self.patience)
        except OSError:
            return None
        except queue.Empty:
            self.close()
            raise JudgeProblem(
                f"The judge said nothing for {self.patience:.0f} s and was ended. Run the check again."
            ) from None
        except KeyboardInterrupt:
            self.close()
            raise JudgeProblem("Interrupted. The judge was ended; the next check starts it again.") from None

    def _last_words(self) -> str:
        with suppress(OSError, ValueError):
            self._said.seek(0)
            lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
            return f"Its last words: {lines[-1][:200]} " if lines else ""
        return ""

    def close(self) -> None:
        """End the judge; it ends its workers."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listen(stream: IO[str] | None, answers: queue.Queue[str | None]) -> None:
    assert stream is not None
    with suppress(ValueError):
        for line in stream:
            answers.put(line)
    answers.put(None)


def _read(answer: str) -> dict[str, Any]:
    try:
        content = json.loads(answer)
    except ValueError:
        raise JudgeProblem("The judge's answer cannot be read. Run the check again.") from None
    if "error" in content:
        raise JudgeProblem(str(content["error"]))
    return dict(content)
