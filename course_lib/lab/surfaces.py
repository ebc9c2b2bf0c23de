"""Functions of two variables to walk down, and the paths that optimizers take."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

Range = tuple[float, float]
MakeOptimizer = Callable[[list[torch.nn.Parameter]], Optimizer]

FAR_AWAY = 1e12


@dataclass(frozen=True)
class Surface:
    """A function of two variables.

    value: points (..., 2) → heights (...), differentiable by torch. x, y: the part that is drawn.
    start: where a walk begins. minimum: where the lowest point is.
    """

    name: str
    value: Callable[[Tensor], Tensor]
    minimum: tuple[float, float]
    start: tuple[float, float]
    x: Range
    y: Range


@dataclass(frozen=True)
class Path:
    """A walk. points: (steps + 1, 2) float64, the start first. values: heights there, (steps + 1,)."""

    name: str
    points: NDArray[np.float64]
    values: NDArray[np.float64]


def valley(
    L: float = 10.0,
    mu: float = 0.1,
    *,
    minimum: tuple[float, float] = (0.0, 0.0),
    start: tuple[float, float] = (10.0, 1.0),
    angle: float = 0.0,
) -> Surface:
    """The lopsided valley ½(μx² + Ly²): curvature μ along x, L along y, turned by `angle` degrees about its minimum.

    Raises ValueError unless 0 < μ ≤ L.
    """
    if not 0 < mu <= L:
        raise ValueError(f"a valley needs 0 < mu <= L, not mu = {mu}, L = {L}")
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    center = torch.tensor(minimum, dtype=torch.float64)
    turn = torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64)
    curvature = torch.tensor([mu, L], dtype=torch.float64)

    def value(point: Tensor) -> Tensor:
        along = (point - center) @ turn.T
        return 0.5 * (curvature * along**2).sum(-1)

    if angle == 0:
        left, right = min(0.0, minimum[0], start[0]), max(0.0, minimum[0], start[0])
        half = 1.5 * max(1.0, abs(start[1] - minimum[1]))
        x = (left - 0.3 * (right - left), right + 0.15 * (right - left))
        y = (minimum[1] - half, minimum[1] + half)
    else:
        reach = 1.15 * max(1.0, math.dist(start, minimum))
        x, y = ((place - reach, place + reach) for place in minimum)
    return Surface(f"valley, L = {L:g}, μ = {mu:g}", value, minimum, start, x, y)


def rosenbrock() -> Surface:
    """(1 - x)² + 100(y - x²)²: a curved valley, easy to reach and slow to follow (Rosenbrock 1960)."""

    def value(point: Tensor) -> Tensor:
        x, y = point[..., 0], point[..., 1]
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    return Surface("Rosenbrock", value, (1.0, 1.0), (-1.2, 1.0), (-2.0, 2.0), (-1.0, 3.0))


def beale() -> Surface:
    """Σ (c_k - x + x yᵏ)², k = 1, 2, 3: steep walls around a flat floor (Beale 1958)."""

    def value(point: Tensor) -> Tensor:
        x, y = point[..., 0], point[..., 1]
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    return Surface("Beale", value, (3.0, 0.5), (1.0, 1.5), (-1.0, 4.5), (-1.0, 2.0))


def descend(
    make_optimizer: MakeOptimizer,
    surface: Surface,
    *,
    start: tuple[float, float] | None = None,
    steps: int = 100,
    noise: float = 0.0,
    seed: int = 0,
    name: str = "",
) -> Path:
    """Walk down `surface` with the optimizer that `make_optimizer([point])` builds, in float64.

    noise: standard deviation of what is added to each element of the gradient, as a minibatch would.
    A walk that is further than 1e12 away ends there, so a Path may have fewer than steps + 1 points.
    """
    generator = torch.Generator().manual_seed(seed)
    point = torch.nn.Parameter(torch.tensor(start or surface.start, dtype=torch.float64))
    optimizer = make_optimizer([point])
    points, values = [], []
    for step in range(steps + 1):
        optimizer.zero_grad()
        height = surface.value(point)
        points.append(point.detach().numpy().copy())
        values.append(height.item())
        if step == steps or not np.abs(points[-1]).max() < FAR_AWAY:
            break
        height.backward()
        if noise:
            assert point.grad is not None
            point.grad += noise * torch.randn(2, dtype=torch.float64, generator=generator)
        optimizer.step()
    return Path(name, np.array(points), np.array(values))


def heights(surface: Surface, resolution: int = 120) -> tuple[NDArray, NDArray, NDArray]:
    """x (n,), y (n,) and the heights (n, n) over the part that is drawn."""
    x, y = np.linspace(*surface.x, resolution), np.linspace(*surface.y, resolution)
    grid = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1))
    with torch.no_grad():
        return x, y, surface.value(grid).numpy()
