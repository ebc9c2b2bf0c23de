"""Models whose parameters muon_groups sorts: layers by path, kind and shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.evidence import Scenario
from autograder.judge.sorting_task import model_scenario

ENTRY = "muon_groups"
VERY_MANY = 60_000
"""Rows of a hidden matrix that is no vocabulary, on a device where it costs nothing."""


def models(rng: np.random.Generator) -> list[Scenario]:
    """All models, small ones first."""
    width, hidden, symbols = (int(v) for v in rng.permutation([4, 6, 8, 10, 12])[:3])

    def block(path: str) -> list[list[Any]]:
        return [
            [f"{path}.norm", "norm", [width]],
            [f"{path}.multi_head.query", "linear", [width, width]],
            [f"{path}.multi_head.output", "linear_with_bias", [width, width]],
            [f"{path}.mlp.up", "linear_with_bias", [hidden, width]],
            [f"{path}.mlp.down", "linear", [width, hidden]],
        ]

    plain = [
        ["up", "linear_with_bias", [hidden, width]],
        ["norm", "norm", [hidden]],
        ["down", "linear", [width, hidden]],
    ]
    language: list[list[Any]] = [
        ["embedding", "embedding", [symbols, width]],
        *plain,
        ["head", "linear", [symbols, width]],
    ]
    other: list[list[Any]] = [
        ["embedding", "embedding", [symbols, width]],
        *plain,
        ["lm_head", "linear", [symbols, width]],
    ]
    nested: list[list[Any]] = [
        ["tokens", "embedding", [symbols, width]],
        ["positions", "embedding", [hidden, width]],
        *block("blocks.0"),
        *block("blocks.1"),
        ["decoder.lm_head", "linear_with_bias", [symbols, width]],
    ]
    tied: list[list[Any]] = [
        ["tok_embed", "embedding", [symbols, width]],
        *block("layers.first"),
        ["lm_head", "linear", [symbols, width]],
    ]
    head_first: list[list[Any]] = [
        ["head", "linear", [symbols, width]],
        *block("body"),
        ["memory", "parameter", [hidden, width]],
    ]
    unusual: list[list[Any]] = [
        ["stem", "conv", [width, 3, 3]],
        ["gate", "parameter", [width, hidden]],
        ["temperature", "parameter", []],
        ["switch", "linear", [1, width]],
        *block("trunk.0"),
    ]
    deep_head: list[list[Any]] = [
        ["tokens", "embedding", [symbols, width]],
        *plain,
        ["head.norm", "norm", [width]],
        ["head.up", "linear", [hidden, width]],
        ["head.out", "linear_with_bias", [symbols, hidden]],
    ]
    shared: list[list[Any]] = [["lookup", "linear", [symbols, width]], *plain, ["head", "linear", [symbols, width]]]
    inner_head: list[list[Any]] = [
        ["tokens", "embedding", [symbols, width]],
        *block("blocks.0"),
        ["decoder.norm", "norm", [width]],
        ["decoder.head", "linear", [symbols, width]],
    ]
    two_heads: list[list[Any]] = [
        ["tokens", "embedding", [symbols, width]],
        ["head", "linear_with_bias", [symbols, width]],
        ["header.up", "linear", [hidden, width]],
        ["header.column", "linear", [width, 1]],
        ["header.experts", "parameter", [2, hidden, width]],
        ["lm_head", "linear", [symbols, width]],
        ["down", "linear", [width, hidden]],
    ]
    table_last: list[list[Any]] = [
        ["out", "linear", [symbols, width]],
        ["first", "linear_with_bias", [hidden, width]],
        ["second", "linear_with_bias", [hidden, width]],
        ["tokens", "embedding", [symbols, width]],
    ]
    subclass: list[list[Any]] = [["tokens", "scaled embedding", [symbols, width]], *block("body")]
    misnamed: list[list[Any]] = [
        ["patch_embed.proj", "linear", [width, hidden]],
        ["patch_embed.pos_embed", "parameter", [symbols, width]],
        ["multi_head.head", "parameter", [width, hidden]],
        ["norm_mix", "linear_with_bias", [hidden, width]],
        ["rel_bias", "parameter", [hidden, hidden]],
        ["mixer.weight", "parameter", [width, symbols]],
        ["Head", "linear", [symbols, width]],
        ["head2", "linear", [symbols, width]],
        ["heads.0", "linear", [symbols, width]],
        ["classifier", "linear_with_bias", [symbols, width]],
        ["unembed", "linear", [symbols, width]],
    ]
    deep: list[list[Any]] = [
        ["encoder.stack.layers.0.tables.tokens", "embedding", [symbols, width]],
        ["encoder.stack.layers.0.attn.query", "linear", [width, width]],
        ["encoder.stack.layers.0.attn.head", "linear_with_bias", [symbols, width]],
        ["encoder.stack.layers.0.attn.wide", "linear", [VERY_MANY, width]],
        ["head.codes", "parameter", [symbols, hidden]],
        ["head.proj.up", "linear", [hidden, width]],
        ["tail", "linear", [symbols, width]],
    ]
    copied: list[list[Any]] = [
        ["tokens", "embedding", [symbols, width]],
        *plain,
        ["copy", "linear", [symbols, width]],
    ]
    layers = [[f"model.h.{number}.inner.out", "linear", [2, 2]] for number in range(13)]
    wrapped: list[list[Any]] = [
        ["model.tokens", "embedding", [symbols, width]],
        *block("model.body"),
        *layers,
        ["module.out", "linear_with_bias", [hidden, width]],
        ["up", "linear", [hidden, width]],
    ]
    return [
        model_scenario(ENTRY, "matrices", "a small MLP", plain),
        model_scenario(ENTRY, "unusual", "a model with a frozen layer", plain, frozen=["up.weight", "norm.bias"]),
        model_scenario(ENTRY, "unusual", "a model whose embedding has a class of its own", subclass),
        model_scenario(ENTRY, "language", "a language model", language),
        model_scenario(ENTRY, "language", "a language model with an lm_head", other),
        model_scenario(ENTRY, "nested", "a deeper language model", nested),
        model_scenario(ENTRY, "unusual", "a model with a convolution and parameters of its own", unusual),
        model_scenario(ENTRY, "unusual", "a model that begins with its head", head_first),
        model_scenario(ENTRY, "unusual", "a model whose head has layers of its own", deep_head),
        model_scenario(
            ENTRY, "tied", "a model whose head is its embedding", tied, [["lm_head.weight", "tok_embed.weight"]]
        ),
        model_scenario(
            ENTRY, "tied", "a model whose head is its first layer", shared, [["head.weight", "lookup.weight"]]
        ),
        model_scenario(ENTRY, "nested", "a model whose decoder has a part called head", inner_head),
        model_scenario(ENTRY, "nested", "a model with two heads", two_heads),
        model_scenario(
            ENTRY,
            "tied",
            "a model whose first layer is its embedding, and two hidden layers are one",
            table_last,
            [["tokens.weight", "out.weight"], ["second.weight", "first.weight"], ["second.bias", "first.bias"]],
        ),
        model_scenario(ENTRY, "nested", "a model without embedding and head, whose names sound like them", misnamed),
        model_scenario(
            ENTRY,
            "tied",
            "a model with a layer that equals its embedding",
            copied,
            equal=[["copy.weight", "tokens.weight"]],
        ),
        model_scenario(ENTRY, "nested", "a model with deep parts, on the device meta", deep, device="meta"),
        model_scenario(ENTRY, "unusual", "a model with parts called model and module", wrapped),
        model_scenario(
            ENTRY,
            "matrices",
            "a small MLP, partly in evaluation mode, with one gradient",
            plain,
            evaluated=["up", "norm"],
            with_gradient=["up.weight"],
        ),
    ]
