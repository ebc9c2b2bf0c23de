"""An arena for attacks: a judge at a level, secrets around it, and an honest submission to compare with."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.grading.demo_class import STEP
from autograder.judge import Judge, Submission
from autograder.sandbox import LevelUnavailable, Limits
from tests.attacks.attack import MODULE, PROGRAM

LIMITS = Limits(cpu_seconds=1, wall_seconds=2, memory_bytes=1 << 29, log_bytes=4096)
SEED = 7_350_215_938_271
CANARY = "canary-5a1f"
HONEST = f"# an honest neighbour\n{STEP}"


@dataclass
class Arena:
    """A judge and what must not change around it."""

    judge: Judge
    folder: Path
    listening: socket.socket
    honest: str = ""
    nothing: float = 0.0
    """What an SGD earns that does nothing."""
    processes: int = 0

    @property
    def secret(self) -> Path:
        """A file that everybody may read and write."""
        return self.folder / "gradebook.db"

    def judged(self, source: str) -> Any:
        """The result of a submission, as everybody gets to see it."""
        return self.judge.judge("sgd", Submission({MODULE: source})).to_json()

    def places(self) -> dict[str, object]:
        """What attacks are told."""
        port = self.listening.getsockname()[1]
        return {"secret": self.secret, "folder": self.folder, "port": port, "seed": SEED}

    def honest_again(self) -> str:
        """The honest submission's result without the times."""
        return timeless(self.judged(HONEST))

    def running(self) -> int:
        """Processes below the sandbox's own."""
        engine: Any = self.judge.sandbox._engine
        return len(psutil.Process(engine._process.pid).children(recursive=True))

    def has_a_visitor(self) -> bool:
        """Whether somebody connected to the port."""
        try:
            self.listening.accept()
        except BlockingIOError:
            return False
        return True


def timeless(result: Any) -> str:
    """A result as text, without what the clock says."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key not in ("seconds", "cpu_seconds")}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return json.dumps(strip(result), sort_keys=True)


@pytest.fixture(scope="session")
def arenas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Arena | str]]:
    """Level → its arena, or why there is none; filled as tests ask."""
    opened: dict[str, Arena | str] = {}
    yield opened
    for arena in opened.values():
        if isinstance(arena, Arena):
            arena.judge.close()
            arena.listening.close()


@pytest.fixture
def arena_at(arenas: dict[str, Arena | str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], Arena]:
    """A function that gives a level's arena, or skips."""

    def get(level: Any) -> Arena:
        if level not in arenas:
            arenas[level] = _arena(level, tmp_path_factory.mktemp("arena"))
        found = arenas[level]
        if isinstance(found, str):
            pytest.skip(found)
        return found

    return get


def _arena(level: Any, folder: Path) -> Arena | str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_PASSWORD", CANARY)
        judge = Judge(level, seed=SEED, limits=LIMITS)
        try:
            judge.sandbox.__enter__()
        except LevelUnavailable as missing:
            return str(missing)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    arena = Arena(judge, folder, listening)
    arena.secret.write_text(f"{CANARY} ada 12\n")
    for path in (folder, folder.parent, folder.parent.parent, arena.secret):
        path.chmod(0o777)
    arena.honest = arena.honest_again()
    arena.nothing = arena.judged(PROGRAM.replace("{at_import}", "").replace("{in_step}", ""))["score"]
    arena.processes = arena.running()
    return arena
