"""What decay leaves of a weight."""

from __future__ import annotations

import numpy as np
import torch

from course_lib.lab.decay_view import STEPS, decay_view, left_after
from course_lib.lab.live_figure import LivePicture


def adamw(lr: float, decay: float):
    return lambda params: torch.optim.AdamW(params, lr=lr, weight_decay=decay)


def adam(lr: float, decay: float):
    return lambda params: torch.optim.Adam(params, lr=lr, weight_decay=decay)


def test_decoupled_decay_shrinks_every_weight_as_it_promises():
    left = left_after(adamw(0.01, 0.3))
    np.testing.assert_allclose(left, (1 - 0.01 * 0.3) ** STEPS, atol=0.12)


def test_coupled_decay_depends_on_the_gradients():
    left = left_after(adam(0.01, 0.3))
    assert left[0] < 0.1
    assert left[-1] > 0.7


def test_moving_a_slider_changes_the_picture():
    picture = LivePicture(decay_view({"Adam": adam, "AdamW": adamw}), 3.6)
    first, _ = picture.png(weight_decay=0.3, lr=0.01)
    second, words = picture.png(weight_decay=0.1, lr=0.01)
    assert first != second
    assert words.startswith("Adam leaves 0.0")
