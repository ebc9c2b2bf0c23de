"""Which parameters decay, as nanoGPT and many after it have it: those with two or more dimensions.

Steps work on the records of a model; each gives a dict from a parameter's name, or a number. In `decays`, None stands
for "either". A variant that loses parameters does so in a step of its own, lost_…, which gives their names.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _kept(s: Any) -> dict[str, bool]:
    lost = {name for step, names in s.__dict__.items() if step.startswith("lost_") for name in names}
    return {record.name: record.name not in lost for record in s.records}


STEPS = {
    "decays": lambda s: {record.name: len(record.shape) >= 2 for record in s.records},
    "trainable": lambda s: {record.name: record.trainable for record in s.records},
    "kept": _kept,
    "times": lambda s: {record.name: 1 for record in s.records},
    "present": lambda s: {
        name: int(s.trainable[name] and s.kept[name]) * times for name, times in s.times.items()
    },  # how often in the groups
    "real": lambda s: True,
    "members": lambda s: {name: count * s.real for name, count in s.present.items()},
    "high": lambda s: s.weight_decay,
    "low": lambda s: 0.0,
    "foreign": lambda s: 0 if s.real else sum(s.present.values()),
    "buffers": lambda s: 0,
    "earlier": lambda s: 0,
    "unreadable": lambda s: int(np.isnan(s.high)) + int(np.isnan(s.low)),
    "listed": lambda s: 1,
    "usable": lambda s: 1,
    "fresh": lambda s: 1,
    "untouched": lambda s: 1,
}
