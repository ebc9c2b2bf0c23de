"""Functions that sort a model's parameters and go wrong only with unusual models or in a second call."""

from __future__ import annotations

import pytest

from autograder.judge import Judge, Submission
from autograder.judge.registry import load_task
from autograder.judge.results import TaskResult
from tests.bank import decay_groups, muon_groups

START, LOOP, RULE = "    # start", "for name, p in model.named_parameters():", "if p.ndim >= 2:"
BEGIN = "    embeddings, heads = set(), set()"
TYPE = (
    "id(p) not in {{id(q) for m in model.modules() if isinstance(m, torch.nn.{}) for q in m.parameters(recurse=False)}}"
)
DECAY = {
    "remembered on the model": ((RULE, "model.seen = True\n        if p.ndim >= 2:"), "attribute or hook"),
    "marks at parameters": ((RULE, "p.decays = p.ndim >= 2\n        if p.ndim >= 2:"), "attribute or hook"),
    "hooks": (
        (START, "    [p.register_hook(lambda g: g) for p in model.parameters() if p.requires_grad]"),
        "attribute or hook",
    ),
    "gradients cleared": ((START, "    model.zero_grad()"), "its gradients"),
    "training mode": ((START, "    model.train()"), "training mode"),
    "float32": ((START, "    model.float()"), "a dtype, or where"),
    "memory of their own": (
        (START, "    for p in model.parameters():\n        p.data = p.data.clone()"),
        "a dtype, or where",
    ),
    "only modules in training mode": (
        (
            LOOP,
            "for name, p in model.named_parameters():\n        if not model.get_submodule(name.rpartition('.')[0]).training:\n            continue",
        ),
        "in no group",
    ),
    "only those with gradients, where there are some": (
        (
            LOOP,
            "some = any(p.grad is not None for p in model.parameters())\n    for name, p in model.named_parameters():\n        if some and p.grad is None:\n            continue",
        ),
        "in no group",
    ),
    "each address once": (
        (LOOP, "for name, p in {p.data_ptr(): (n, p) for n, p in model.named_parameters()}.values():"),
        "on the meta device",
    ),
    "each storage once": (
        (
            LOOP,
            "for name, p in {p.untyped_storage().data_ptr(): (n, p) for n, p in model.named_parameters()}.values():",
        ),
        "in one flat buffer",
    ),
    "twelve layers": (
        (
            RULE,
            "if any(x.isdigit() and int(x) > 11 for x in name.split('.')):\n            continue\n        if p.ndim >= 2:",
        ),
        "layers.12",
    ),
    "five levels": ((RULE, "if name.count('.') > 4:\n            continue\n        if p.ndim >= 2:"), "13 deep"),
    "plain parameters only": (
        (RULE, "if type(p) is not torch.nn.Parameter:\n            continue\n        if p.ndim >= 2:"),
        "marked",
    ),
    "four dimensions at most": ((RULE, "if 2 <= p.ndim <= 4:"), "volume.weight"),
    "no recurrent layers": ((RULE, f"if p.ndim >= 2 and {TYPE.format('RNNBase')}:"), "of LSTM"),
    "no lists": ((RULE, f"if p.ndim >= 2 and {TYPE.format('ParameterList')}:"), "of ParameterList"),
    "lists filled again": (
        (
            START,
            "    kept = decay_groups.__dict__.setdefault('kept', ([], []))\n    [one.clear() for one in kept]\n    decay, rest = kept",
        ),
        "A second call changed the lists",
    ),
    "no head": ((RULE, "if p.ndim >= 2 and not name.startswith('head'):"), "head.weight"),
    "weights only": ((RULE, "if p.ndim >= 2 and name.endswith('weight'):"), "positions"),
}
MUON = {
    "gradients cleared": ((BEGIN, f"    model.zero_grad()\n{BEGIN}"), "its gradients"),
    "training mode": ((BEGIN, f"    model.train()\n{BEGIN}"), "training mode"),
    "marks at modules": ((BEGIN, f"    model.sorted = True\n{BEGIN}"), "attribute or hook"),
    "twelve layers": (("fits = p.ndim == 2", 'fits = p.ndim == 2 and ".12." not in name'), "h.12"),
}


def judged(judge: Judge, task: str, base: str, edit: tuple[str, str]) -> TaskResult:
    assert base.count(edit[0]) == 1
    return judge.judge(task, Submission({load_task(task).module: base.replace(*edit)}))


def message(result: TaskResult) -> str:
    return next(check.message for check in result.checks if check.verdict not in ("passed", "skipped"))


@pytest.mark.parametrize("name", DECAY)
def test_groups_that_once_passed_are_told_what_is_wrong(judge: Judge, name: str) -> None:
    edit, words = DECAY[name]
    result = judged(judge, "decay_groups", decay_groups.BASE, edit)
    assert words in message(result)
    assert result.misconceptions == []


@pytest.mark.parametrize("name", MUON)
def test_lists_that_once_passed_are_told_what_is_wrong(judge: Judge, name: str) -> None:
    edit, words = MUON[name]
    assert words in message(judged(judge, "muon_groups", muon_groups.BASE, edit))


@pytest.mark.parametrize("name", ["no head", "weights only"])
def test_an_embedding_that_may_decay_is_not_blamed(judge: Judge, name: str) -> None:
    result = judged(judge, "decay_groups", decay_groups.BASE, DECAY[name][0])
    assert result.convention is None
    assert not any("Embedding" in check.message for check in result.checks)


def test_embeddings_may_be_spared_by_the_module_that_has_them(judge: Judge) -> None:
    spared = f"if p.ndim >= 2 and {TYPE.format('Embedding')}:"
    result = judged(judge, "decay_groups", decay_groups.BASE, (RULE, spared))
    assert result.passed
    assert result.convention == "embeddings-spared"
