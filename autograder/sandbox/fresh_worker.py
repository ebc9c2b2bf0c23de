"""A worker where nothing can fork: a process that imports torch, waits for its one job, plays it and ends.

It reads two lines of JSON from stdin, how to prepare and then the job's length, and the job; it answers on stdout
with one line of JSON once it is prepared, then with the result as every worker does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback

from autograder.sandbox.environment import forget_everything_else
from autograder.sandbox.importable import OnlyThese
from autograder.sandbox.outcome import READY
from autograder.sandbox.result_pipe import emitter, end_process

RAISED = 70


def main() -> None:
    """Serve one job. Ends without one when stdin closes."""
    asked = sys.stdin.buffer
    setup = json.loads(asked.readline())
    sys.meta_path.append(OnlyThese(setup["import_folders"], setup["beside"]))
    importlib.import_module(f"{setup['worker']}.preload").preload()
    run = importlib.import_module(f"{setup['worker']}.harness").run
    forget_everything_else()
    os.write(1, b"{}\n")
    header = asked.readline()
    if not header:
        return
    job = asked.read(json.loads(header)["bytes"])
    result = os.dup(1)
    os.dup2(2, 1)  # what the student prints is the log
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    emit = emitter(result)
    status = RAISED
    try:
        emit(READY)
        run(job, emit)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        end_process(status)
