"""The environment variables of a server and its workers: these and no others, whatever the judge's process has."""

from __future__ import annotations

import os

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # each further arena reserves 64 MB of the address space that is limited
    "CUDA_VISIBLE_DEVICES": "",
}


def forget_everything_else() -> None:
    """Remove what others have added since this process was started with `ENVIRONMENT`."""
    for name in os.environ.keys() - ENVIRONMENT.keys():
        del os.environ[name]
