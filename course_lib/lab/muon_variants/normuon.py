"""NorMuon (Li et al. 2025, arXiv:2510.05491): rows of the orthogonalised matrix get a second moment, as in Adam.

Orthogonalising evens out singular values, not rows: some neurons still get updates several times longer than others.
"""

from __future__ import annotations

import math

from torch import Tensor

EPS = 1e-8


def normuon(orthogonal: Tensor, row_moment: Tensor, beta2: float = 0.95) -> Tensor:
    """The update, with root mean square 0.2. orthogonal: (rows, cols); row_moment: (rows, 1), changed in place."""
    row_moment.lerp_(orthogonal.square().mean(dim=1, keepdim=True), 1 - beta2)
    evened = orthogonal / (row_moment.sqrt() + EPS)
    return evened * (0.2 * math.sqrt(evened.numel()) / evened.norm())


def row_spread(matrix: Tensor) -> float:
    """Longest row over shortest row."""
    lengths = matrix.norm(dim=1)
    return float(lengths.max() / lengths.min())
