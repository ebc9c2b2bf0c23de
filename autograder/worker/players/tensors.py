"""Plain data to tensors, and tensors to float64 that can be compared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "int64": torch.int64,
}
READ_AT_ONCE = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


def tensor(values: Any, shape: list[int], dtype: str, layout: str = "contiguous") -> torch.Tensor:
    """A new tensor of `shape`; layout "transposed" gives the same values with swapped strides, "full-nan" (of float32)
    sets every mantissa bit of NaN."""
    made = torch.tensor(values, dtype=torch.float64).reshape(shape).to(DTYPES[dtype])
    if layout == "transposed" and made.ndim == 2:
        return made.t().contiguous().t()
    if layout == "full-nan":
        return torch.where(made.isnan(), torch.tensor(0x7FFFFFFF, dtype=torch.int32).view(torch.float32), made)
    return made


def numbers(value: Any, count: int) -> np.ndarray:
    """`count` float64 of a tensor, array or number; NaN everywhere where it has another size or is not real."""
    if isinstance(value, torch.Tensor):
        if value.numel() == count and not value.is_complex() and not value.is_meta:
            return value.detach().to("cpu", torch.float64).reshape(-1).numpy().copy()
    elif isinstance(value, bool | int | float | np.number):
        if count == 1:
            return np.full(1, float(value))
    elif isinstance(value, np.ndarray) and value.size == count and value.dtype.kind in "fiu":
        return value.astype(np.float64).reshape(-1)
    return np.full(count, np.nan)


def in_a_row(values: list[Any], counts: list[int]) -> np.ndarray:
    """`numbers` of each value, one behind the other; plain tensors of one dtype are read all at once."""
    dtype = next((getattr(value, "dtype", None) for value in values if value is not None), None)
    if dtype not in READ_AT_ONCE or not all(
        value is None or _plain(value, count, dtype) for value, count in zip(values, counts, strict=True)
    ):
        return np.concatenate([numbers(value, count) for value, count in zip(values, counts, strict=True)])
    with torch.no_grad():
        flat = [
            torch.full((count,), math.nan, dtype=dtype) if value is None else value.reshape(-1)
            for value, count in zip(values, counts, strict=True)
        ]
        return torch.cat(flat).to(torch.float64).numpy()


def _plain(value: Any, count: int, dtype: torch.dtype) -> bool:
    return (
        type(value) in (torch.Tensor, torch.nn.Parameter)
        and value.dtype is dtype
        and value.layout is torch.strided
        and value.is_cpu
        and value.numel() == count
    )


def kind_of(value: Any) -> int:
    """What was returned: 1 a tensor, 2 a tensor with an autograd graph, 3 a number, 4 None, 5 anything else."""
    if isinstance(value, torch.Tensor):
        return 2 if value.requires_grad else 1
    if value is None:
        return 4
    return 3 if isinstance(value, int | float | np.number) and not isinstance(value, bool) else 5


def size_of(shape: list[int]) -> int:
    """Number of elements of a shape; () has one."""
    return math.prod(shape)


def in_one_memory(result: torch.Tensor, value: Any) -> bool:
    """Whether a result lies in the memory of an argument."""
    return isinstance(value, torch.Tensor) and value.untyped_storage().data_ptr() == result.untyped_storage().data_ptr()
