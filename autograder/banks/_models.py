"""Models to sort the parameters of: layers, nesting, tied and frozen parameters, in the words of model_spec.py."""

from __future__ import annotations

from typing import Any

import numpy as np

Node = dict[str, Any]


def layer(kind: str, *args: int | list[Any], **kwargs: Any) -> Node:
    """A layer of torch.nn."""
    return {"kind": kind, "args": list(args), "kwargs": kwargs}


def own(*shape: int) -> Node:
    """A parameter that belongs to a block itself."""
    return {"kind": "Parameter", "args": [list(shape)]}


def block(**parts: Node) -> Node:
    """A module with named parts."""
    return {"kind": "Block", "parts": [[name, part] for name, part in parts.items()]}


def sequence(*parts: Node) -> Node:
    """nn.Sequential: its parts are called "0", "1", ..."""
    return {"kind": "Sequential", "parts": [[str(i), part] for i, part in enumerate(parts)]}


def model(root: Node, **more: Any) -> dict[str, Any]:
    """A model; ties=[(name, name)], frozen=[name]."""
    return {"root": root, **more}


def two_layers(rng: np.random.Generator) -> dict[str, Any]:
    """Linear layers with and without biases, and a norm whose name says nothing."""
    width, out = (int(n) for n in rng.integers(3, 8, size=2))
    return model(
        sequence(layer("Linear", 5, width), layer("LayerNorm", width), layer("Linear", width, out, bias=False))
    )


def transformer_block(width: int) -> Node:
    """Pre-norm attention and MLP, its norms named as GPT-2's."""
    return block(
        ln_1=layer("LayerNorm", width),
        attn=block(c_attn=layer("Linear", width, 3 * width), c_proj=layer("Linear", width, width)),
        ln_2=layer("RMSNorm", width),
        mlp=sequence(layer("Linear", width, 4 * width), layer("Linear", 4 * width, width, bias=False)),
    )


def language_model(rng: np.random.Generator, tied: bool, head_first: bool = False) -> dict[str, Any]:
    """Token table, two blocks, final norm and head; the head may be the token table, and may stand before it."""
    width, vocabulary = 2 * int(rng.integers(2, 5)), int(rng.integers(9, 15))
    table, head = layer("Embedding", vocabulary, width), layer("Linear", width, vocabulary, bias=False)
    ends = {"head": head, "wte": table} if head_first else {"wte": table}
    body = {"h": sequence(transformer_block(width), transformer_block(width)), "ln_f": layer("LayerNorm", width)}
    tail = {} if head_first else {"head": head}
    root = block(**ends, **body, **tail)
    return model(root, ties=[["wte.weight", "head.weight"]]) if tied else model(root)


def all_kinds(rng: np.random.Generator) -> dict[str, Any]:
    """Convolutions, attention in one matrix, four norms, and parameters that belong to no layer."""
    width = 4 * int(rng.integers(1, 3))
    return model(
        block(
            temperature=own(),
            scale=own(width),
            positions=own(6, width),
            stem=sequence(layer("Conv2d", 3, width, 3), layer("GroupNorm", 2, width), layer("Conv1d", width, 5, 2)),
            attention=layer("MultiheadAttention", width, 2),
            mixed=block(batch=layer("BatchNorm1d", width), rms=layer("RMSNorm", width)),
            classifier=layer("Linear", width, 3),
            gate=layer("Linear", width, 1),
        )
    )


def frozen_backbone(rng: np.random.Generator) -> dict[str, Any]:
    """A backbone that is not trained, and a small head that is."""
    width = int(rng.integers(3, 8))
    backbone = sequence(layer("Linear", 4, width), layer("LayerNorm", width))
    head = block(proj=layer("Linear", width, 2), gain=own(2))
    names = ["backbone.0.weight", "backbone.0.bias", "backbone.1.weight"]
    return model(block(backbone=backbone, head=head), frozen=names)


def shared_twice(rng: np.random.Generator) -> dict[str, Any]:
    """Two layers that share both their weight and their bias, and a norm between them."""
    width = int(rng.integers(3, 8))
    root = block(
        first=layer("Linear", width, width), norm=layer("RMSNorm", width), second=layer("Linear", width, width)
    )
    return model(root, ties=[["first.weight", "second.weight"], ["first.bias", "second.bias"]])


def biases_and_gains_only(rng: np.random.Generator) -> dict[str, Any]:
    """Nothing that decays."""
    return model(block(norm=layer("LayerNorm", int(rng.integers(3, 8))), shift=own(int(rng.integers(3, 8)))))


def matrices_only(rng: np.random.Generator) -> dict[str, Any]:
    """Nothing that does not decay."""
    width = int(rng.integers(3, 8))
    return model(sequence(layer("Linear", width, 5, bias=False), layer("Linear", 5, width, bias=False)))


def misleading_names(rng: np.random.Generator) -> dict[str, Any]:
    """Matrices whose names sound like a norm, a bias or a table, and a norm over two dimensions."""
    width = int(rng.integers(3, 8))
    return model(
        block(
            norm1=block(linear=layer("Linear", width, 2 * width)),
            attention=block(bias=own(2, width), out=layer("Linear", width, width)),
            compose=layer("Linear", width, 3),
            remember=layer("Linear", 1, width, bias=False),
            grid=layer("LayerNorm", [int(rng.integers(2, 5)), width]),
        )
    )


def unusual_kinds(rng: np.random.Generator) -> dict[str, Any]:
    """Layers that few models have, parameters in lists and dicts, names that say nothing about dimensions, 13 layers deep."""
    width = int(rng.integers(3, 8))
    layers = sequence(*(block(inner=block(fc=layer("Linear", 2, 2))) for _ in range(13)))
    patches = block(proj=layer("Conv2d", 3, width, 2), norm=layer("LayerNorm", width))
    return model(
        block(
            lora_a=own(2, width),
            gamma=own(3, width),
            marked={**own(width, 2), "marked": True},
            patches={**patches, "class": "PatchEmbedding"},
            volume=layer("Conv3d", 1, 2, 2),
            upward=layer("ConvTranspose2d", width, 3, 2),
            memory=layer("LSTM", width, 2),
            recall=layer("GRU", 2, 3),
            pair=layer("Bilinear", 2, 3, width),
            bend=layer("PReLU", width),
            adapters=layer("ParameterList", [width, 2], [2]),
            gates=layer("ParameterDict", ["inner", [2, width]], ["outer", [width]]),
            encoder=block(stack=block(layers=layers)),
        )
    )


def named_like_wrappers(rng: np.random.Generator) -> dict[str, Any]:
    """Parts that are called as wrappers call what they wrap, beside a head that is not inside."""
    width = int(rng.integers(3, 8))
    inner = block(proj=layer("Linear", width, 5), gain=layer("RMSNorm", 5))
    outer = block(body=layer("Linear", 4, width), shift=layer("LayerNorm", width))
    return model(block(model=outer, module=inner, head=layer("Linear", 5, 3)))


def in_use(rng: np.random.Generator) -> dict[str, Any]:
    """In bfloat16, all but the head in evaluation mode, some gradients there already."""
    width = int(rng.integers(3, 8))
    root = block(stem=layer("Conv2d", 3, width, 3), norm=layer("LayerNorm", width), head=layer("Linear", width, 2))
    return model(root, dtype="bfloat16", evaluated=["stem", "norm"], with_gradient=["stem.weight", "head.bias"])


def elsewhere(rng: np.random.Generator, **where: Any) -> dict[str, Any]:
    """Two layers whose numbers are not each in memory of their own."""
    return {**two_layers(rng), **where}
