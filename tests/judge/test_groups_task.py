"""What the judge knows of a model without torch is what torch builds from the same specification."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.banks import _models
from autograder.judge import Judge, Submission
from autograder.judge.model_spec import records
from autograder.worker.players.groups import build
from tests.bank import decay_groups

MODELS = {
    "two layers": _models.two_layers,
    "every kind": _models.all_kinds,
    "frozen": _models.frozen_backbone,
    "shared": _models.shared_twice,
    "misleading": _models.misleading_names,
    "unusual": _models.unusual_kinds,
    "like wrappers": _models.named_like_wrappers,
    "in use": _models.in_use,
    "flat": lambda rng: _models.elsewhere(rng, flat=True),
    "meta": lambda rng: _models.elsewhere(rng, device="meta"),
    "tied": lambda rng: _models.language_model(rng, tied=True),
    "head first": lambda rng: _models.language_model(rng, tied=True, head_first=True),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(5))
def test_records_are_the_named_parameters_of_the_model(name: str, seed: int) -> None:
    spec = MODELS[name](np.random.default_rng(seed))
    known = [(record.name, record.shape, record.trainable) for record in records(spec)]
    built = [(name, tuple(p.shape), p.requires_grad) for name, p in build(spec).named_parameters()]
    assert known == built


@pytest.mark.parametrize("name", MODELS)
def test_a_tied_parameter_has_all_its_names(name: str) -> None:
    spec = MODELS[name](np.random.default_rng(0))
    names = [name for record in records(spec) for name in record.names]
    assert sorted(names) == sorted(name for name, _ in build(spec).named_parameters(remove_duplicate=False))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return None", "did not return a list of dicts"),
        ("return [1, 2]", "did not return a list of dicts"),
        ("return [{'params': 7, 'weight_decay': 0.0}]", "TypeError"),
        ("return [{'params': set(model.parameters()), 'weight_decay': weight_decay}]", "weight_decay"),
        ("return [{**g, 'params': set(g['params'])} for g in sort(model, weight_decay)]", "refuses sets"),
        ("return dict(enumerate(sort(model, weight_decay)))", "It returned a dict"),
        ("return []", "It returned an empty list"),
        (
            "kept = globals().setdefault('kept', []); kept += sort(model, weight_decay); return kept",
            "parameters of models that your function was given before",
        ),
        (
            "return sort(model, weight_decay) + [{'params': list(model.buffers()), 'weight_decay': 0.0}]",
            "All of them are buffers",
        ),
        ("[p.data.zero_() for p in model.parameters()]; return sort(model, weight_decay)", "changed the model"),
        ("model.requires_grad_(True); return sort(model, weight_decay)", ""),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_odd_results_get_a_verdict_and_a_plain_message(judge: Judge, body: str, words: str) -> None:
    source = decay_groups.BASE.replace("def decay_groups", "def sort")
    source += f"\n\ndef decay_groups(model, weight_decay):\n    {body}\n"
    result = judge.judge("decay_groups", Submission(modules={"course_lib/optim/param_groups.py": source}))
    failed = [check for check in result.checks if check.verdict not in ("passed", "skipped")]
    assert failed
    assert words in failed[0].message


def test_what_a_convention_allows_is_no_fault_of_a_program_that_is_wrong_elsewhere(judge: Judge) -> None:
    """minGPT's rule, which spares embeddings and knows nothing of an RMSNorm."""
    source = """
from torch import nn


def decay_groups(model, weight_decay):
    decay, rest = [], []
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            if name == "bias" or isinstance(module, (nn.LayerNorm, nn.Embedding)):
                rest.append(p)
            elif isinstance(module, nn.Linear):
                decay.append(p)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
"""
    result = judge.judge("decay_groups", Submission(modules={"course_lib/optim/param_groups.py": source}))
    assert result.convention == "embeddings-spared+frozen-included"
    assert "of RMSNorm" in result.checks[0].message
    assert "is in no group" in result.checks[0].message
