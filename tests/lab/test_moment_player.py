"""One number under Adam."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.lab.live_figure import LivePicture
from course_lib.lab.moment_player import averages, gradients, moment_view, walk


def adam(beta1: float, beta2: float):
    return lambda params: torch.optim.Adam(params, lr=0.1, betas=(beta1, beta2))


def test_a_steady_stream_gives_steps_of_lr():
    places = walk(adam(0.9, 0.999), gradients(noise=0.0, jump=1.0))
    np.testing.assert_allclose(np.diff(places), -0.1, rtol=1e-6)


def test_the_averages_are_those_of_the_optimizer():
    stream = gradients(noise=0.5, jump=3.0)
    number = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.Adam([number], lr=0.1, betas=(0.8, 0.95))
    for gradient in stream:
        number.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
    state = optimizer.state[number]
    assert averages(stream, 0.8)[-1] == pytest.approx(state["exp_avg"].item())
    assert averages(stream**2, 0.95)[-1] == pytest.approx(state["exp_avg_sq"].item())


def test_moving_a_slider_changes_the_picture():
    picture = LivePicture(moment_view(adam, lr=0.1), 4.6)
    values = {"beta1": 0.9, "beta2": 0.999, "noise": 0.3, "jump": 1.0}
    first, _ = picture.png(**values)
    second, words = picture.png(**{**values, "jump": 5.0})
    assert first != second
    assert words.startswith("first step 1.00 × lr")
