"""How many bytes autograd keeps for its backward passes, on any device."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor


class SavedBytes:
    """now: bytes that graphs hold at this moment. peak: the most they held at any moment.

    Storage that several graphs share counts once; parameters do not count.
    """

    def __init__(self, parameters: Iterable[Tensor] = ()):
        self.now = self.peak = 0
        self._not_counted = {p.untyped_storage().data_ptr() for p in parameters}
        self._holders: dict[int, int] = {}

    def keep(self, tensor: Tensor) -> _Held:
        """Called by autograd for every tensor it saves."""
        held = _Held(tensor.detach())
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if place not in self._not_counted:
            self._holders[place] = self._holders.get(place, 0) + 1
            if self._holders[place] == 1:
                self.now += size
                self.peak = max(self.peak, self.now)
            weakref.finalize(held, self._release, place, size)
        return held

    def _release(self, place: int, size: int) -> None:
        self._holders[place] -= 1
        if not self._holders[place]:
            del self._holders[place]
            self.now -= size


class _Held:
    def __init__(self, tensor: Tensor):
        self.tensor = tensor


@contextmanager
def watch_saved(parameters: Iterable[Tensor] = ()) -> Iterator[SavedBytes]:
    """Count what graphs built inside the `with` block save.

    `with watch_saved(model.parameters()) as saved: ...; saved.peak`.
    """
    saved = SavedBytes(parameters)

    def give_back(held: Any) -> Tensor:
        tensor: Tensor = held.tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(saved.keep, give_back):
        yield saved
