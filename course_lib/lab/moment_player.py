"""One number under Adam: m, v, both corrected, and the step, for a stream of gradients with sliders for what it is like.

The arithmetic here is only for the picture of a single number; it runs the optimizer it is given and reads its state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim import Optimizer

from course_lib.lab.style import colour, theme

STEPS = 120
MakeOptimizer = Callable[[list[torch.nn.Parameter]], Optimizer]


def gradients(noise: float, jump: float, steps: int = STEPS) -> NDArray[np.float64]:
    """A stream of gradients, shape (steps,): 1 with normal noise around it, and from the middle on `jump` times as much."""
    drawn = 1 + noise * np.random.default_rng(0).normal(size=steps)
    drawn[steps // 2 :] *= jump
    return drawn


def walk(make: MakeOptimizer, stream: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where one number goes that starts at 0 and gets these gradients, shape (steps + 1,)."""
    number = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = make([number])
    places = [0.0]
    for gradient in stream:
        number.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        places.append(number.item())
    return np.array(places)


def averages(stream: NDArray[np.float64], beta: float) -> NDArray[np.float64]:
    """The running average of a stream that starts from zero, uncorrected, shape (steps,)."""
    found, average = [], 0.0
    for value in stream:
        average += (1 - beta) * (value - average)
        found.append(average)
    return np.array(found)


def fading_means(stream: NDArray[np.float64], beta: float) -> NDArray[np.float64]:
    """The mean of all values so far, each weighted by beta to the power of its age, shape (steps,)."""
    ages = np.arange(len(stream))
    return np.array([np.average(stream[: t + 1], weights=beta ** ages[t::-1]) for t in range(len(stream))])


def moment_view(make: Callable[[float, float], MakeOptimizer], lr: float) -> Callable[[Any], Callable[..., str]]:
    """For `live_figure`, with sliders beta1, beta2, noise and jump.

    make: (beta1, beta2) → how to build the optimizer. lr: what it is built with, the unit of the lower panel.
    """

    def draw(figure: Any) -> Callable[..., str]:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1))
        steps = np.arange(1, STEPS + 1)
        lines = {
            name: above.plot([], [], color=color, linewidth=width, animated=True, label=name)[0]
            for name, color, width in (
                ("gradient", theme().neutral, 0.8),
                ("m", colour("Momentum"), 1.8),
                ("√v", colour("RMSprop"), 1.8),
                ("corrected m", colour("Momentum"), 1.0),
                ("corrected √v", colour("RMSprop"), 1.0),
            )
        }
        for name in ("corrected m", "corrected √v"):
            lines[name].set_linestyle((0, (4, 2)))
        above.set(xlim=(1, STEPS), ylim=(-4, 11), ylabel="size")
        above.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, borderaxespad=0.1)
        step_line = below.plot([], [], color=colour("Adam"), animated=True)[0]
        below.axhline(1, color=theme().neutral, linewidth=1, linestyle="--")
        below.set(xlim=(1, STEPS), ylim=(-1.5, 4.2), xlabel="step", ylabel="step / lr")

        def update(beta1: float, beta2: float, noise: float, jump: float) -> str:
            stream = gradients(noise, jump)
            lines["gradient"].set_data(steps, stream)
            lines["m"].set_data(steps, averages(stream, beta1))
            lines["√v"].set_data(steps, np.sqrt(averages(stream**2, beta2)))
            lines["corrected m"].set_data(steps, fading_means(stream, beta1))
            lines["corrected √v"].set_data(steps, np.sqrt(fading_means(stream**2, beta2)))
            lengths = -np.diff(walk(make(beta1, beta2), stream)) / lr
            step_line.set_data(steps, lengths)
            return f"first step {lengths[0]:.2f} × lr, longest {lengths.max():.2f} × lr, last {lengths[-1]:.2f} × lr"

        return update

    return draw
