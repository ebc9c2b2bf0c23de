"""A language model that trains in seconds on one core, small but shaped like a real one.

A decoder-only transformer on bytes: RMSNorm before each part, rotary positions, GELU, no biases, the output matrix not
tied to the embedding. At width 64 with two layers it has 112,320 parameters on the help pages of Python 3.11.

Two of its choices decide whether a race of 200 steps shows anything. With learned positions and embeddings of size
0.02, every optimizer is still busy with pairs of letters after 200 steps; with rotary positions and embeddings of size
0.3 the differences between optimizers show.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EMBEDDING_STD = 0.3
HEAD_STD = 0.02
ROPE_BASE = 1000.0
NORM_EPS = 1e-6

# Part of a parameter's name → its kind; the first part that fits counts.
KINDS = {
    "embedding": "embedding",
    "norm": "norm gains",
    "query": "query, key",
    "key": "query, key",
    "value": "value, output",
    "output": "value, output",
    "mlp": "mlp",
    "head": "head",
}


class TinyLM(nn.Module):
    """Predicts each next byte.

    vocabulary: number of symbols. seed: fixes the initial weights, apart from torch's global generator.
    Raises ValueError unless heads divides width into an even size.
    """

    def __init__(
        self, vocabulary: int, *, width: int = 64, layers: int = 2, heads: int = 4, context: int = 64, seed: int = 0
    ):
        super().__init__()
        if width % (2 * heads):
            raise ValueError(f"width {width} must be a multiple of 2 x heads = {2 * heads}")
        self.context = context
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, context) for _ in range(layers))
        self.final_norm = nn.RMSNorm(width, eps=NORM_EPS)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self._initialize(torch.Generator().manual_seed(seed))

    def forward(self, x: Tensor) -> Tensor:
        """x: symbols, int64 (batch, time). Returns logits (batch, time, vocabulary)."""
        h = self.embedding(x)  # (batch, time, width)
        for block in self.blocks:
            h = block(h)
        return self.head(self.final_norm(h))

    def kinds(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by what they do: embedding, norm gains, three kinds of matrices, head."""
        found: dict[str, list[nn.Parameter]] = {kind: [] for kind in dict.fromkeys(KINDS.values())}
        for name, parameter in self.named_parameters():
            found[next(kind for part, kind in KINDS.items() if part in name)].append(parameter)
        return found

    @torch.no_grad()
    def _initialize(self, generator: torch.Generator) -> None:
        """Each matrix keeps the size of its input; what is added to the residual stream shrinks with depth."""
        residual_parts = 2 * len(self.blocks)
        for name, weight in self.named_parameters():
            if weight.ndim != 2:
                continue  # the gains of the norms stay at one
            if name == "embedding.weight":
                std = EMBEDDING_STD
            elif name == "head.weight":
                std = HEAD_STD
            else:
                std = 1 / math.sqrt(weight.size(1))
                if name.endswith(("attention.output.weight", "mlp.down.weight")):
                    std /= math.sqrt(residual_parts)  # Radford et al. 2019 (GPT-2), section 2.3
            weight.normal_(0.0, std, generator=generator)


class Block(nn.Module):
    """Attention, then an MLP, each on a normalised copy and added back."""

    def __init__(self, width: int, heads: int, context: int):
        super().__init__()
        self.attention_norm = nn.RMSNorm(width, eps=NORM_EPS)
        self.attention = Attention(width, heads, context)
        self.mlp_norm = nn.RMSNorm(width, eps=NORM_EPS)
        self.mlp = MLP(width)

    def forward(self, h: Tensor) -> Tensor:
        """h: (batch, time, width), and so is the result."""
        h = h + self.attention(self.attention_norm(h))
        return h + self.mlp(self.mlp_norm(h))


class Attention(nn.Module):
    """Causal attention with rotary positions."""

    cos: Tensor
    sin: Tensor

    def __init__(self, width: int, heads: int, context: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        angles = rotary_angles(context, width // heads // 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, h: Tensor) -> Tensor:
        """h: (batch, time, width), and so is the result."""
        q, k, v = (self._by_head(layer(h)) for layer in (self.query, self.key, self.value))
        time = h.size(1)
        q, k = (rotate(part, self.cos[:time], self.sin[:time]) for part in (q, k))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (batch, heads, time, width / heads)
        return self.output(mixed.transpose(1, 2).flatten(2))

    def _by_head(self, x: Tensor) -> Tensor:
        """(batch, time, width) → (batch, heads, time, width / heads)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class MLP(nn.Module):
    """Four times as wide inside, with GELU."""

    def __init__(self, width: int):
        super().__init__()
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """h: (batch, time, width), and so is the result."""
        return self.down(F.gelu(self.up(h)))


def rotary_angles(context: int, pairs: int) -> Tensor:
    """Angle of each pair of coordinates at each position, shape (context, pairs) (Su et al. 2021, base 1000)."""
    frequencies = ROPE_BASE ** (-torch.arange(pairs) / pairs)
    return torch.arange(context)[:, None] * frequencies


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn coordinates i and i + pairs of every head together by its angle. x: (batch, heads, time, 2 * pairs)."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def next_byte_loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy of the next byte, in nats, a 0-d tensor. x, y: int64 (batch, time)."""
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())
