"""Plays the scenarios of one job on the student's modules and emits one fixed-size record for each.

A record is `HEAD` float64 (scenario number from 1, status, event, error code), `TEXT` bytes of UTF-8 (what the
student's exception said, padded with zeros) and the scenario's evidence, `size` float64. Nothing here is trusted by
the judge: it reads numbers, and shows the text as text.
"""

from __future__ import annotations

import importlib
import io
import json
import linecache
import random
import struct
import sys
import time
import traceback
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np
import torch

from autograder.worker.codes import HEAD, TEXT, Status, error_code

Emit = Callable[[bytes], None]
PLAYED_IN_A_FRESH_MODULE = ("optimizer", "scripted")
"""Players with a scenario about two objects side by side. What a module or a class remembers (state outside the object)
shows there, and must not reach the other scenarios, where it would look like another mistake."""
QUICK = 0.05
"""CPU seconds: a module that takes longer to load (it trains something at its end) is loaded once."""
STUDENT_PACKAGES = ("optim", "schedules", "training", "precision", "distributed")


class ScenarioEnded(Exception):
    """A player ended early; carries the event at which it happened and the student's own exception."""

    def __init__(self, event: int, cause: BaseException):
        super().__init__(str(cause))
        self.event, self.cause = event, cause


class Recorder:
    """The evidence of one scenario: `size` float64, NaN until a player writes them."""

    def __init__(self, size: int):
        self.values = np.full(size, np.nan)
        self.event = -1
        self.caught: BaseException | None = None

    def put(self, start: int, values: Any) -> None:
        """Write a flat sequence of floats at `start`."""
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
        self.values[start : start + flat.size] = flat


class StudentPackage(types.ModuleType):
    """A package whose name `wsd` is the function of the module wsd.py, in whatever order the two are imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            value = value.__dict__.get(name, value)
        super().__setattr__(name, value)


class SubmittedModules:
    """Finds `course_lib.optim.sgd` and its like in the submission instead of on a disk."""

    def __init__(self, sources: dict[str, str]):
        self.paths = {path.removesuffix(".py").replace("/", "."): path for path in sources}
        self.sources = sources
        self.compiled: dict[str, types.CodeType] = {}

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in self.paths:
            return ModuleSpec(name, self, origin=self.paths[name])  # type: ignore[arg-type]
        package, _, leaf = name.rpartition(".")
        if name == "course_lib" or (package == "course_lib" and leaf in STUDENT_PACKAGES):
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        path = self.paths.get(module.__name__)
        if path is None:
            self._fill_package(module)
            return
        source = self.sources[path]
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
        if path not in self.compiled:
            self.compiled[path] = compile(source, path, "exec")
        exec(self.compiled[path], module.__dict__)

    def _fill_package(self, module: types.ModuleType) -> None:
        """`from course_lib.optim import SGD` finds SGD in whichever submitted module of the package defines it."""
        inside = [name for name in self.paths if name.rpartition(".")[0] == module.__name__]

        def __getattr__(name: str) -> Any:
            for candidate in inside:
                found = getattr(importlib.import_module(candidate), name, None)
                if found is not None:
                    return found
            raise AttributeError(f"{module.__name__} has no {name}: it was not handed in")

        module.__dict__["__getattr__"] = __getattr__
        module.__class__ = StudentPackage


def reloaded(state: Any) -> Any:
    """A state_dict as it comes back from a file."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)


def run(job: bytes, emit: Emit) -> None:
    """Play every scenario of a job; a scenario that fails does not stop the next."""
    request = json.loads(job)
    sys.meta_path.insert(0, SubmittedModules(request["modules"]))
    began = time.process_time()
    try:
        module: types.ModuleType | None = importlib.import_module(request["module"])
        failure: BaseException | None = None
    except BaseException as error:
        module, failure = None, error
    loads_quickly = time.process_time() - began < QUICK
    for number, scenario in enumerate(request["scenarios"], start=request.get("first", 1)):
        recorder = Recorder(scenario["size"])
        if failure is not None:
            emit(_record(number, Status.IMPORT_FAILED, recorder, failure))
            continue
        emit(_played(number, module, scenario, recorder))
        if loads_quickly and scenario["player"] in PLAYED_IN_A_FRESH_MODULE:
            module = _loaded_again(request["module"], module)


def _loaded_again(name: str, module: types.ModuleType | None) -> types.ModuleType | None:
    """The module as it is before anything was done with it; the old one where it does not load a second time."""
    sys.modules.pop(name, None)
    try:
        return importlib.import_module(name)
    except BaseException:
        return module


def _played(number: int, module: Any, scenario: dict[str, Any], recorder: Recorder) -> bytes:
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)  # torch.manual_seed seeds devices too, at ten times the price
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    player = importlib.import_module(f"autograder.worker.players.{scenario['player']}")
    try:
        player.play(module, scenario, recorder)
    except BaseException as error:
        return _record(number, Status.RAISED, recorder, error)
    return _record(number, Status.OK, recorder, recorder.caught)


def _record(number: int, status: Status, recorder: Recorder, error: BaseException | None) -> bytes:
    text = b"" if error is None else _sentence(error).encode("utf-8", "replace")[:TEXT]
    code = 0 if error is None else error_code(error)
    head = struct.pack(f"<{HEAD}d", number, status, recorder.event, code)
    return head + text.ljust(TEXT, b"\0") + recorder.values.astype("<f8").tobytes()


def _sentence(error: BaseException) -> str:
    """`TypeError: unsupported operand (line 12: p - lr)`: the deepest line that is the student's."""
    try:
        what = f"{type(error).__name__}: {error}"
    except BaseException:
        what = type(error).__name__
    what = " ".join(what.split())[:240].removesuffix(":")
    if isinstance(error, SyntaxError):
        return f"{what}"
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        path = frame.f_code.co_filename
        if path.startswith("course_lib/"):
            return f"{what} (line {line}: {linecache.getline(path, line).strip()[:80]})"
    return what
