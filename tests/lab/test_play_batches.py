"""Chapter 7's widget: a batch size and a learning rate, the same number of examples."""

from __future__ import annotations

import torch

from course_lib.lab import widgets
from course_lib.lab.surfaces import descend, valley


def walk(log2_B, lr):
    B = 2 ** int(log2_B)
    return descend(lambda p: torch.optim.SGD(p, lr=lr), bowl, steps=512 // B, noise=10 / B**0.5)


bowl = valley(L=10, mu=1, start=(10, 3))
SLIDERS = {"log2_B": widgets.Slider(1, 8, 8, 1), "lr": widgets.Slider(0.005, 0.2, 0.05, 0.005)}


def test_moving_either_slider_redraws_the_walk():
    box = widgets._live(walk, bowl, SLIDERS, "SGD")
    batch_size, lr, image, words = box.children
    seen = {image.value}
    batch_size.value = 5
    assert words.value.startswith("After 16 steps")
    seen.add(image.value)
    lr.value = 0.1
    seen.add(image.value)
    assert len(seen) == 3


def test_the_best_batch_size_grows_with_the_learning_rate():
    def best(lr):
        return min(range(9), key=lambda k: walk(k, lr).values[-5:].mean())

    assert best(0.02) < best(0.1)
