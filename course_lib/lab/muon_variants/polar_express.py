"""Polar Express (Amsel et al. 2025, arXiv:2505.16932): each step has the polynomial that is best for what the steps before left.

The coefficients are optimal for singular values from 0.001 to 1, as printed in the authors' reference code.
"""

from __future__ import annotations

COEFFICIENTS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
SAFETY = 1.01


def safer(coefficients: tuple[tuple[float, float, float], ...] = COEFFICIENTS) -> list[tuple[float, float, float]]:
    """The same for x/1.01 in all steps but the last, so that rounding never pushes a value beyond the safe range."""
    scaled = [(a / SAFETY, b / SAFETY**3, c / SAFETY**5) for a, b, c in coefficients[:-1]]
    return [*scaled, coefficients[-1]]
