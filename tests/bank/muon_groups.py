"""Programs for the task muon_groups."""

BASE = """
from torch import nn


def muon_groups(model):
    embeddings, heads = set(), set()
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding):
            embeddings.add(id(module.weight))
        last = name.split(".")[-1]
        if last in ("head", "lm_head"):
            heads.update(id(p) for p in module.parameters())
    matrices, others = [], []
    for name, p in model.named_parameters():
        fits = p.ndim == 2
        if fits and id(p) not in embeddings and id(p) not in heads:
            matrices.append(p)
        else:
            others.append(p)
    return matrices, others
"""

RIGHT = {
    "sets-and-comprehensions": """
import torch


def muon_groups(model: torch.nn.Module):
    excluded = {
        p
        for path, module in model.named_modules()
        for p in module.parameters()
        if isinstance(module, torch.nn.Embedding) or path.rpartition(".")[2] in {"head", "lm_head"}
    }
    matrix_params = [p for p in model.parameters() if p.dim() == 2 and p not in excluded]
    chosen = set(matrix_params)
    return matrix_params, [p for p in model.parameters() if p not in chosen]
""",
    "names-with-duplicates": """
import torch.nn as nn


def muon_groups(model):
    roles = {}
    for name, p in model.named_parameters(remove_duplicate=False):
        owner = model.get_submodule(name.rpartition(".")[0])
        special = isinstance(owner, nn.Embedding) or {"head", "lm_head"} & set(name.split(".")[:-1])
        roles[p] = roles.get(p, False) or bool(special) or len(p.shape) != 2
    return tuple([p for p, other in roles.items() if other == wanted] for wanted in (False, True))
""",
    "filters": """
from torch import nn


def _is_special(model, p):
    for name, module in model.named_modules(remove_duplicate=False):
        if isinstance(module, nn.Embedding) or name.endswith((".head", ".lm_head")) or name in ("head", "lm_head"):
            if any(q is p for q in module.parameters()):
                return True
    return False


def muon_groups(model):
    def hidden_matrix(p):
        return len(p.size()) == 2 and not _is_special(model, p)

    return list(filter(hidden_matrix, model.parameters())), [p for p in model.parameters() if not hidden_matrix(p)]
""",
}

_EMBEDDING = "if isinstance(module, nn.Embedding):"
_TABLE = "            embeddings.add(id(module.weight))"
_LAST = 'last = name.split(".")[-1]'
_HEADS = 'if last in ("head", "lm_head"):'
_FITS = "fits = p.ndim == 2"
_OTHERS = "    return matrices, others"
_ELSE = "            others.append(p)"

WRONG = {
    "embeddings-to-muon": [(_EMBEDDING, "if False:")],
    "head-to-muon": [(_HEADS, "if False:")],
    "embeddings-by-name": [
        (_EMBEDDING, 'if "embed" in name:'),
        (_TABLE, "            embeddings.update(id(p) for p in module.parameters())"),
    ],
    "embed-in-any-name": [(_FITS, 'fits = p.ndim == 2 and "embed" not in name')],
    "embedding-subclasses-missed": [(_EMBEDDING, "if type(module) is nn.Embedding:")],
    "frozen-left-out": [
        (
            "        fits = p.ndim == 2\n",
            "        if not p.requires_grad:\n            continue\n        fits = p.ndim == 2\n",
        )
    ],
    "iterators-returned": [(_OTHERS, "    return iter(matrices), iter(others)")],
    "head-in-any-name": [(_HEADS, 'if "head" in name:')],
    "head-at-the-top-only": [(_LAST, 'last = name if "." not in name else ""')],
    "nested-head-missed": [(_HEADS, 'if name == "head" or last == "lm_head":')],
    "other-names-for-the-head": [(_HEADS, 'if last in ("head", "lm_head", "classifier", "unembed"):')],
    "first-head-only": [
        (
            "            heads.update(id(p) for p in module.parameters())",
            "            heads.update(id(p) for p in module.parameters())\n            break",
        )
    ],
    "lm-head-missed": [(_HEADS, 'if last == "head":')],
    "head-parts-missed": [("for p in module.parameters())", "for p in module.parameters(recurse=False))")],
    "convolutions-to-muon": [(_FITS, "fits = p.ndim >= 2")],
    "everything-to-muon": [(_FITS, "fits = True")],
    "linear-weights-only": [
        (
            _FITS,
            'owner = model.get_submodule(name.rpartition(".")[0])\n        fits = p.ndim == 2 and isinstance(owner, nn.Linear)',
        )
    ],
    "only-what-is-called-weight": [(_FITS, 'fits = p.ndim == 2 and name.split(".")[-1] == "weight"')],
    "lists-swapped": [(_OTHERS, "    return others, matrices")],
    "rest-is-vectors-only": [(_ELSE, "            others += [p] if p.ndim != 2 else []")],
    "rest-is-embeddings-and-head": [(_ELSE, "            others += [p] if id(p) in embeddings | heads else []")],
    "matrices-in-both": [(_OTHERS, "    return matrices, list(model.parameters())")],
    "rest-frozen": [("            others.append(p)", "            others.append(p.requires_grad_(False))")],
    "tied-twice": [("model.named_parameters()", "model.named_parameters(remove_duplicate=False)")],
    "module-unwrapped": [("    embeddings,", '    model = getattr(model, "module", model)\n    embeddings,')],
    "model-unwrapped": [("    embeddings,", '    model = getattr(model, "model", model)\n    embeddings,')],
    "tied-by-first-name": """
from torch import nn


def muon_groups(model):
    matrices, others = [], []
    for name, p in model.named_parameters():
        path, _, leaf = name.rpartition(".")
        owner = model.get_submodule(path)
        in_head = any(part in ("head", "lm_head") for part in path.split("."))
        if p.ndim == 2 and not isinstance(owner, nn.Embedding) and not in_head:
            matrices.append(p)
        else:
            others.append(p)
    return matrices, others
""",
}
