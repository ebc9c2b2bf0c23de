"""Scales and devices."""

from __future__ import annotations

import subprocess
import sys

import pytest

from course_lib.lab.device import best_device, device_for
from course_lib.lab.scale import at_scale


def test_each_scale_has_its_value_and_gpu_falls_back_to_cpu():
    assert [at_scale(s, smoke=1, cpu=2, gpu=3) for s in ("smoke", "cpu", "gpu")] == [1, 2, 3]
    assert at_scale("gpu", smoke=1, cpu=2) == 2


def test_another_scale_says_what_to_write():
    with pytest.raises(ValueError, match='parameters cell, write scale = "smoke"'):
        at_scale("huge", smoke=1, cpu=2)


def test_small_scales_stay_on_the_cpu():
    assert device_for("smoke").type == device_for("cpu").type == "cpu"
    assert device_for("gpu") == best_device()


def test_importing_the_laboratory_costs_nothing():
    code = "import course_lib.lab, sys; print('torch' in sys.modules, 'matplotlib' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", "False"]
