"""The numbers that workers and the judge share."""

from __future__ import annotations

import linecache
import traceback
from enum import IntEnum

HEAD = 4
"""float64 values at the start of a record: scenario number, status, event, error code."""
TEXT = 400
"""Bytes of UTF-8 in a record for what an exception said."""

GRAD_MODE_OFF = 2.0
"""In place of 1 for a graph kept in an optimizer's state: its step leaves gradients switched off."""

AUTOCAST_LEFT_ON, MODE_CHANGED = 2.0, 3.0
"""In place of 1 for parameters that kept their dtypes: after the call autocast is still on; parts of the model are in
another mode, train or eval, than they were, or the model has run so."""
NO_PAIRS = -2.0
"""In place of the number of dimensions: a matrix whose rows are not pairs."""
OTHER_RESULT = 2.0
"""In place of 1 for a step that returned a Python number, 0 for None or a tensor: something else, such as a tuple."""
RESULT_SHARED, RESULT_OVERWRITTEN, DEFAULT_DTYPE_LEFT = 2.0, 3.0, 4.0
"""In place of 1 for arguments left as they were: the result lies in an argument's memory; an earlier call's result is not
what it was; torch's default dtype has changed."""
GROUPS_EXTRAS = ("foreign", "buffers", "earlier", "unreadable", "listed", "usable", "fresh", "untouched")
"""Of parameter groups: things in them that are no parameter of the model; how many of them are its buffers, and parameters
of the models before it; groups without a number as weight_decay; what they are (LISTED for a list of dicts); 1 where torch
builds an optimizer from it, 0 where it does not, SETS where it refuses a set; 1 where they are new, KEPT where a dict of
them was returned before, OVERWRITTEN where what was returned before changed; AS_IT_WAS, or what changed of the model."""
LISTED, SETS = 1.0, 2.0
KEPT, OVERWRITTEN = 0.0, 2.0
AS_IT_WAS, PARAMETERS, MODES, GRADIENTS, ATTRIBUTES, MEMORY = 1.0, 0.0, 2.0, 3.0, 4.0, 5.0
"""What a function changed of a model: nothing; its parameters' values or which of them are trained; training mode; gradients;
attributes or hooks; dtypes or where the numbers are in memory."""
REQUIRING = 1000
"""Added to how many gradients changed, for each that requires a gradient itself."""
GRADIENTS_OFF = 7.0
"""In place of the kind of what a function returned: after its call gradients are switched off."""
GRADIENTS_ON, SETTINGS_CHANGED, SEEDED, RANDOM_CHANGED = 8.0, 9.0, 10.0, 11.0
"""Likewise: gradients are on though the caller had switched them off; another of torch's global settings is changed; the
random numbers start again for every micro-batch; they are others than they would be without the function."""


class Status(IntEnum):
    """How a scenario ended in the worker."""

    OK = 0
    RAISED = 1
    IMPORT_FAILED = 2


class ErrorCode(IntEnum):
    """The kind of a student's exception, as far as the judge's messages tell kinds apart."""

    NONE = 0
    VALUE = 1
    TYPE = 2
    ATTRIBUTE = 3
    NOT_WRITTEN = 4
    RUNTIME = 5
    KEY = 6
    EXIT = 7
    MEMORY = 8
    SYNTAX = 9
    ARITHMETIC = 10
    NO_GRAPH = 11
    TOO_WIDE = 12
    OTHER = 99
    SIGNATURE = 100
    """The call itself: a parameter has another name, is missing, or has no default. Nothing inside has run."""


class TooWideError(TypeError):
    """Raised by the scripted player: a tensor of the student's has a wider dtype than the task allows."""


BASE_CLASS = "torch/optim/optimizer.py"
"""Its step says NotImplementedError for classes that have none of their own."""
_KINDS: tuple[tuple[type[BaseException], ErrorCode], ...] = (
    (MemoryError, ErrorCode.MEMORY),
    (SyntaxError, ErrorCode.SYNTAX),
    (ValueError, ErrorCode.VALUE),
    (TooWideError, ErrorCode.TOO_WIDE),
    (TypeError, ErrorCode.TYPE),
    (AttributeError, ErrorCode.ATTRIBUTE),
    (RuntimeError, ErrorCode.RUNTIME),
    (LookupError, ErrorCode.KEY),
    (ArithmeticError, ErrorCode.ARITHMETIC),
    (SystemExit, ErrorCode.EXIT),
)


def error_code(error: BaseException) -> ErrorCode:
    """The code of an exception. NO_GRAPH is the RuntimeError of a backward() for which no graph was built."""
    if says_not_written(error):
        return ErrorCode.NOT_WRITTEN
    if isinstance(error, RuntimeError) and "does not require grad" in str(error):
        return ErrorCode.NO_GRAPH
    return next((code for kind, code in _KINDS if isinstance(error, kind)), ErrorCode.OTHER)


def says_not_written(error: BaseException) -> bool:
    """Whether a NotImplementedError says that a program, or a part of it, is still to be written: a `raise` does, an
    operation that torch does not have for a dtype or device does not."""
    if not isinstance(error, NotImplementedError):
        return False
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return True
    path, line = frames[-1][0].f_code.co_filename.replace("\\", "/"), frames[-1][1]
    if "/torch/" in path:
        return path.endswith(BASE_CLASS)
    return "raise" in (linecache.getline(path, line) or "raise")
