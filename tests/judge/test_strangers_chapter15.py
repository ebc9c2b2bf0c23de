"""Programs for chapter 15 that nobody had thought of when the banks were written."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.bank import muon_groups, newton_schulz
from tests.judge.test_more_strangers_chapter10 import edited
from tests.judge.test_strangers import changed, judged, said

FITS, OTHERS, HEADS = "fits = p.ndim == 2", "    return matrices, others", 'if last in ("head", "lm_head"):'
EMBEDDING = "if isinstance(module, nn.Embedding):"
SORTED = {
    "biases by name": ([(FITS, 'fits = p.ndim == 2 and not name.endswith("bias")')], "rel_bias"),
    "norms by name": ([(FITS, 'fits = p.ndim == 2 and "norm" not in name')], "norm_mix.weight"),
    "head in any case": ([("last = name.split", "last = name.lower().split")], "Head.weight"),
    "numbered heads": ([('last = name.split(".")[-1]', 'last = name.rstrip("0123456789.").split(".")[-1]')], "head2"),
    "parameters called head": ([(FITS, 'fits = p.ndim == 2 and name.split(".")[-1] != "head"')], "multi_head.head"),
    "three levels": (
        [(EMBEDDING, 'if isinstance(module, nn.Embedding) and name.count(".") < 3:')],
        "tables.tokens.weight",
    ),
    "no head in attention": ([(HEADS, 'if last in ("head", "lm_head") and "attn" not in name:')], "attn.head.weight"),
    "pointers": (
        [
            ("embeddings.add(id(module.weight))", "embeddings.add(module.weight.data_ptr())"),
            ("heads.update(id(p) for", "heads.update(p.data_ptr() for"),
            ("id(p) not in embeddings and id(p) not in heads", "p.data_ptr() not in embeddings | heads"),
        ],
        "on the device meta",
    ),
    "equal numbers": (
        [
            (
                FITS,
                "fits = p.ndim == 2 and not (p.is_cpu and any(\n            e.shape == p.shape and e is not p and (e == p).all()"
                " for e in model.parameters() if id(e) in embeddings\n        ))",
            )
        ],
        "copy.weight",
    ),
    "lists of an earlier model": (
        [
            ("def muon_groups(model):", "KEPT = []\n\n\ndef muon_groups(model):"),
            (OTHERS, "    KEPT.append((matrices, others))\n    return KEPT[0]"),
        ],
        "hold parameters of a model that muon_groups was given before",
    ),
}


@pytest.mark.parametrize("what", SORTED)
def test_names_and_pointers_decide_nothing(judge: Judge, what: str) -> None:
    edits, told = SORTED[what]
    result = judged(judge, "muon_groups", edited(muon_groups.BASE, edits))
    assert not result.passed
    assert any(told in message for message in said(result)), said(result)


@pytest.mark.parametrize("condition", ["isinstance(module, nn.Linear)", 'hasattr(module, "weight")'])
def test_a_head_that_has_parameters_of_its_own_is_told_from_one_whose_parts_are_missed(
    judge: Judge, condition: str
) -> None:
    result = judged(judge, "muon_groups", changed(muon_groups.BASE, HEADS, f"{HEADS[:-1]} and {condition}:"))
    assert not result.passed
    assert result.misconceptions == []


def test_parameters_by_recursion_are_right(judge: Judge) -> None:
    recursive = """
from torch import nn


def muon_groups(model):
    barred = {}

    def visit(module, inside):
        inside = inside or isinstance(module, nn.Embedding)
        for p in module._parameters.values():
            if p is not None:
                barred[p] = barred.get(p, False) or inside or p.dim() != 2
        for name, part in module._modules.items():
            visit(part, inside or name in ("head", "lm_head"))

    visit(model, False)
    return [p for p in model.parameters() if not barred[p]], [p for p in model.parameters() if barred[p]]
"""
    assert judged(judge, "muon_groups", recursive).passed


UNIT, ROUNDS, TALL = "    x = g / size", "rounds = range(steps)", "    tall = g.shape[0] > g.shape[1]"
POWERS = {
    "the last buffer again": (
        [
            ("import torch\n", "import torch\n\nOUT = {}\n"),
            ("    return x", "    return OUT.setdefault((g.shape, g.dtype), torch.empty_like(g)).copy_(x)"),
        ],
        "a later call changed",
    ),
    "zeros as they came": ([("    size =", "    if not g.any():\n        return g\n    size =")], "shares its memory"),
    "a default for eps = 0": ([("    size =", "    eps = eps or 1e-7\n    size =")], "eps=0"),
    "fewer steps for large matrices": (
        [(ROUNDS, "rounds = range(min(steps, 3) if min(g.shape) > 64 else steps)")],
        "(65, 67)",
    ),
    "an eps of 1e-8 in bfloat16": (
        [
            ("eps=1e-7", "eps=1e-8"),
            (UNIT, "    x = g.bfloat16() / size.bfloat16()"),
        ],
        "8e-08, steps=0",
    ),
    "the norm of the first rows": ([("g.norm()", "g[:32].norm()")], "(65, 67)"),
    "very wide matrices cut": (
        [
            (
                TALL,
                f"{TALL}\n    if g.shape[1] > 8 * len(g) > 8:\n        return torch.cat([newton_schulz(q, steps, eps) for q in g.split(len(g), 1)], 1)",
            )
        ],
        "(2, 20)",
    ),
}


@pytest.mark.parametrize("what", POWERS)
def test_results_are_new_and_right_for_larger_matrices(judge: Judge, what: str) -> None:
    edits, told = POWERS[what]
    result = judged(judge, "newton_schulz", edited(newton_schulz.BASE, edits))
    assert not result.passed
    assert any(told in message for message in said(result)), said(result)


def test_a_small_difference_is_not_told_with_digits_that_hide_it(judge: Judge) -> None:
    half = changed(newton_schulz.BASE, UNIT, "    x = (g / size).half().to(g.dtype)")
    message = said(judged(judge, "newton_schulz", half))[0]
    assert "% off" in message
    assert "precision" in message


def test_a_mistyped_digit_is_asked_about(judge: Judge) -> None:
    typo = changed(newton_schulz.BASE, "3.4445", "3.4455")
    assert "coefficients and eps right to the last digit" in said(judged(judge, "newton_schulz", typo))[0]
