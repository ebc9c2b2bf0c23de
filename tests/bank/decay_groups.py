"""Programs for the task decay_groups."""

from __future__ import annotations

from tests.bank.programs import edited

BASE = """
import torch


def decay_groups(model, weight_decay):
    decay, rest = [], []
    # start
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        # sort
        if p.ndim >= 2:
            decay.append(p)
        else:
            rest.append(p)
    # done
    return [
        {"params": decay, "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]
"""

_LIST = "decay.append(p)"
_REST = "rest.append(p)"
_RULE = "if p.ndim >= 2:"
_LOOP = "for name, p in model.named_parameters():"

RIGHT = {
    "comprehensions": """
def decay_groups(model, weight_decay):
    params = [p for p in model.parameters() if p.requires_grad]
    return [
        dict(params=[p for p in params if p.dim() > 1], weight_decay=weight_decay),
        dict(params=[p for p in params if p.dim() <= 1], weight_decay=0.0),
    ]
""",
    "as-nanogpt-writes-it": """
def decay_groups(model, weight_decay):
    param_dict = {pn: p for pn, p in model.named_parameters()}
    param_dict = {pn: p for pn, p in param_dict.items() if p.requires_grad}
    decay_params = [p for n, p in param_dict.items() if p.dim() >= 2]
    nodecay_params = [p for n, p in param_dict.items() if p.dim() < 2]
    optim_groups = [
        {"params": decay_params, "weight_decay": weight_decay},
        {"params": nodecay_params, "weight_decay": 0.0},
    ]
    return optim_groups
""",
    "a-group-for-each": """
def decay_groups(model, weight_decay):
    return [
        {"params": p, "weight_decay": weight_decay * (p.ndim >= 2), "name": n}
        for n, p in model.named_parameters()
        if p.requires_grad
    ]
""",
    "generators-and-no-empty-groups": """
import torch.nn as nn


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    groups = []
    for decays, value in ((True, weight_decay), (False, 0)):
        chosen = [p for p in model.parameters() if p.requires_grad and (len(p.shape) >= 2) is decays]
        if chosen:
            groups.append({"params": iter(chosen), "weight_decay": value})
    return groups
""",
    "own-walk-with-ids": """
def decay_groups(model, weight_decay):
    seen, decay, rest = set(), [], []
    for module in model.modules():
        for p in module.parameters(recurse=False):
            if id(p) in seen or not p.requires_grad:
                continue
            seen.add(id(p))
            (rest if len(p.size()) < 2 else decay).append(p)
    return [{"weight_decay": weight_decay, "params": decay}, {"weight_decay": 0.0, "params": rest}]
""",
    "embeddings-spared": (
        """
import torch.nn as nn


def decay_groups(model, weight_decay):
    tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    groups = [{"params": [], "weight_decay": weight_decay}, {"params": [], "weight_decay": 0.0}]
    for p in model.parameters():
        if p.requires_grad:
            groups[p.ndim < 2 or id(p) in tables]["params"].append(p)
    return groups
""",
        "embeddings-spared",
    ),
    "embeddings-and-positions-spared-by-name": (
        """
def decay_groups(model, weight_decay):
    decay, no_decay = [], []
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        spared = p.ndim < 2 or any(part in name for part in ("wte", "wpe", "embed", "positions"))
        (no_decay if spared else decay).append(p)
    return [{"params": decay, "weight_decay": weight_decay}, {"params": no_decay, "weight_decay": 0.0}]
""",
        "embeddings-spared",
    ),
    "frozen-included": (
        """
def decay_groups(model, weight_decay):
    big = [p for p in model.parameters() if p.ndim >= 2]
    small = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": big, "weight_decay": weight_decay}, {"params": small, "weight_decay": 0.0}]
""",
        "frozen-included",
    ),
    "embeddings-spared-and-frozen-included": (
        """
import torch


def decay_groups(model, weight_decay):
    decayed = {}
    for module in model.modules():
        for p in module.parameters(recurse=False):
            table = isinstance(module, torch.nn.Embedding)
            decayed.setdefault(p, p.ndim > 1 and not table)
    pick = lambda wanted: [p for p, decays in decayed.items() if decays == wanted]
    return [{"params": pick(True), "weight_decay": weight_decay}, {"params": pick(False), "weight_decay": 0.0}]
""",
        "embeddings-spared+frozen-included",
    ),
}

HIDING = {
    "names-instead-of-parameters": [(_LIST, "decay.append(name)"), (_REST, "rest.append(name)")],
    "copies-instead-of-parameters": [(_LIST, "decay.append(p.data)"), (_REST, "rest.append(p.data)")],
}
"""Whoever makes one of these has no parameter in any group, so nothing else can be seen of the program."""

WRONG = {
    **{id: edited(BASE, edits, id) for id, edits in HIDING.items()},
    "everything-decays": [(_RULE, "if True:")],
    "nothing-decays": [(_RULE, "if False:")],
    "reversed": [(_RULE, "if p.ndim < 2:")],
    "gains-decay": [(_RULE, 'if not name.endswith("bias"):')],
    "biases-decay": [
        (
            "    # start",
            "    norms = (torch.nn.LayerNorm, torch.nn.RMSNorm, torch.nn.GroupNorm, torch.nn.BatchNorm1d)\n"
            "    gains = {id(p) for m in model.modules() if isinstance(m, norms) for p in m.parameters()}",
        ),
        (_RULE, "if id(p) not in gains:"),
    ],
    "norms-by-name": [(_RULE, 'if not any(part in name for part in ("bias", "norm", "ln")):')],
    "matrix-biases-spared": [(_RULE, 'if p.ndim >= 2 and not name.endswith("bias"):')],
    "norms-by-type": [
        (
            "    # start",
            "    norms = (torch.nn.LayerNorm, torch.nn.RMSNorm, torch.nn.GroupNorm, torch.nn.BatchNorm1d)\n"
            "    gains = {id(p) for m in model.modules() if isinstance(m, norms) for p in m.parameters()}",
        ),
        (_RULE, "if p.ndim >= 2 and id(p) not in gains:"),
    ],
    "exactly-two-dimensions": [(_RULE, "if p.ndim == 2:")],
    "three-dimensions-decay": [(_RULE, "if p.ndim > 2:")],
    "one-dimension-decays": [(_RULE, "if p.ndim >= 1:")],
    "linear-layers-only": [
        ("    # start", "    linear = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Linear)}"),
        (_RULE, "if id(p) in linear:"),
    ],
    "convolutions-lost": [("        # sort", "        if p.ndim > 2:\n            continue")],
    "numbers-lost": [("        # sort", "        if p.ndim < 1:\n            continue")],
    "bare-parameters-lost": [
        ("        # sort", '        if name.split(".")[-1] not in ("weight", "bias"):\n            continue')
    ],
    "embeddings-lost": [
        ("    # start", "    tables = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}"),
        ("        # sort", "        if id(p) in tables:\n            continue"),
    ],
    "one-level-deep": [
        (
            _LOOP,
            "for p, name in {p: n for m in model.children() for n, p in m.named_parameters(recurse=False)}.items():",
        )
    ],
    "tied-twice": [(_LOOP, "for name, p in model.named_parameters(remove_duplicate=False):")],
    "tied-lost": [
        (
            "    # start",
            "    from collections import Counter\n"
            "    often = Counter(id(p) for _, p in model.named_parameters(remove_duplicate=False))",
        ),
        ("        # sort", "        if often[id(p)] > 1:\n            continue"),
    ],
    "everything-in-the-second": [
        (_REST, "pass"),
        ("    # done", "    rest = [p for p in model.parameters() if p.requires_grad]"),
    ],
    "decay-fixed": [('"weight_decay": weight_decay', '"weight_decay": 0.1')],
    "second-without-decay-key": [('{"params": rest, "weight_decay": 0.0}', '{"params": rest}')],
    "first-without-decay-key": [('{"params": decay, "weight_decay": weight_decay}', '{"params": decay}')],
    "two-lists": """
def decay_groups(model, weight_decay):
    params = [p for p in model.parameters() if p.requires_grad]
    return [p for p in params if p.ndim >= 2], [p for p in params if p.ndim < 2]
""",
    "module-unwrapped": [("    # start", '    model = getattr(model, "module", model)')],
    "model-unwrapped": [("    # start", '    model = model.model if hasattr(model, "model") else model')],
    "groups-kept": [("def decay_groups", "@__import__('functools').lru_cache\ndef decay_groups")],
    "ties-raise": [
        (
            "    # start",
            "    names = [n for n, _ in model.named_parameters(remove_duplicate=False)]\n"
            '    assert len(names) == len(list(model.parameters())), "a parameter has two names"',
        )
    ],
}
