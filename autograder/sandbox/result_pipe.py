"""A worker's end of the pipe that takes its result to the judge, on every operating system."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn


def emitter(descriptor: int) -> Callable[[bytes], None]:
    """A function that writes all of its bytes to the descriptor."""

    def emit(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    return emit


def end_process(status: int) -> NoReturn:
    """End at once: no atexit function, no destructor, no thread of the student's runs on."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # the student may have replaced or closed it
            continue
    os._exit(status)
