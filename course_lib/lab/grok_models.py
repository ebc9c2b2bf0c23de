"""Networks that learn arithmetic modulo p from pairs of numbers, small enough to grok in seconds on one core.

Each takes pairs, int64 (n, 2), and gives logits (n, p). How large the first weights are decides how long a network stays
with what it has memorised, so each model says where its sizes come from.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SquareMLP(nn.Module):
    """Two layers on one-hot inputs, with x² between them: logits = out((left[a] + right[b])²).

    The architecture of Gromov (2023), *Grokking modular arithmetic*, with one matrix for each of the two numbers. At p =
    43, trained on half of all sums by AdamW(lr=1e-2, betas=(0.9, 0.98), weight_decay=1), it has memorised them after 30
    steps and groks after 295. seed: fixes the initial weights, apart from torch's global generator.
    """

    def __init__(self, p: int, *, width: int = 512, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.left = _normal((p, width), 1 / math.sqrt(2), generator)
        self.right = _normal((p, width), 1 / math.sqrt(2), generator)
        self.out = _normal((width, p), 1 / math.sqrt(width), generator)

    def forward(self, pairs: Tensor) -> Tensor:
        """pairs: int64 (n, 2). Returns logits (n, p)."""
        hidden = self.left[pairs[:, 0]] + self.right[pairs[:, 1]]  # (n, width)
        return hidden.square() @ self.out


class ReluMLP(nn.Module):
    """One embedding for both numbers, joined, then two layers with ReLU: for division, which is harder than addition.

    Initial sizes: embeddings 1, matrices 1/√inputs.
    """

    def __init__(self, p: int, *, embedding: int = 64, width: int = 256, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.embedding = _normal((p, embedding), 1.0, generator)
        self.hidden = _normal((2 * embedding, width), 1 / math.sqrt(2 * embedding), generator)
        self.out = _normal((width, p), 1 / math.sqrt(width), generator)

    def forward(self, pairs: Tensor) -> Tensor:
        """pairs: int64 (n, 2). Returns logits (n, p)."""
        joined = self.embedding[pairs].flatten(1)  # (n, 2 * embedding)
        return (joined @ self.hidden).relu() @ self.out


class PairTransformer(nn.Module):
    """A transformer of one layer that reads a, b and "=", and answers at "=".

    Only the last place is asked for an answer, so only it needs a query and an MLP: the same function as a whole layer,
    at a third of the cost. RMSNorm before each part, GELU, no biases, learned positions. Embeddings start at size 0.5;
    at 0.02, which is usual in language models, nothing happens for hundreds of steps.
    """

    EMBEDDING_STD = 0.5
    HEAD_STD = 0.02

    def __init__(self, p: int, *, width: int = 64, heads: int = 4, seed: int = 0):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} must be a multiple of heads = {heads}")
        generator = torch.Generator().manual_seed(seed)
        self.p, self.heads = p, heads
        self.embedding = _normal((p + 1, width), self.EMBEDDING_STD, generator)
        self.positions = _normal((3, width), self.EMBEDDING_STD, generator)
        for name in ("query", "key", "value"):
            setattr(self, name, _normal((width, width), 1 / math.sqrt(width), generator))
        self.output = _normal((width, width), 1 / math.sqrt(2 * width), generator)
        self.up = _normal((width, 4 * width), 1 / math.sqrt(width), generator)
        self.down = _normal((4 * width, width), 1 / math.sqrt(8 * width), generator)
        self.head = _normal((width, p), self.HEAD_STD, generator)
        self.attention_norm, self.mlp_norm, self.final_norm = (nn.RMSNorm(width, eps=1e-6) for _ in range(3))

    def forward(self, pairs: Tensor) -> Tensor:
        """pairs: int64 (n, 2). Returns logits (n, p)."""
        tokens = F.pad(pairs, (0, 1), value=self.p)  # (n, 3)
        h = self.embedding[tokens] + self.positions  # (n, 3, width)
        normed, last = self.attention_norm(h), h[:, -1]
        q = self._by_head(normed[:, -1:] @ self.query)
        k, v = self._by_head(normed @ self.key), self._by_head(normed @ self.value)
        mixed = F.scaled_dot_product_attention(q, k, v)  # (n, heads, 1, width / heads)
        h = last + mixed.flatten(1) @ self.output
        h = h + F.gelu(self.mlp_norm(h) @ self.up) @ self.down
        return self.final_norm(h) @ self.head

    def _by_head(self, x: Tensor) -> Tensor:
        """(n, places, width) → (n, heads, places, width / heads)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def matrices(self) -> list[nn.Parameter]:
        """The six matrices inside the layer; embeddings, norms and head are left out."""
        names = ("query", "key", "value", "output", "up", "down")
        return [getattr(self, name) for name in names]


def _normal(shape: tuple[int, int], std: float, generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape, generator=generator) * std)
