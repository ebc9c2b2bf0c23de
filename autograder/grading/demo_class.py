"""A made-up class for chapter 01: right answers in several styles, mistakes of every kind, and damaged files."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHAPTER = "01_sgd"
ANSWERS: dict[str, Any] = {
    "largest_stable_lr": 0.2,
    "steps_at_kappa_1000": 3454,
    "flat_direction_when_diverging": "b",
    "batch_noise": "b",
    "decayed_minimum": 1.0,
    "order_of_limits": ["mlp", "embedding", "norms"],
    "order_of_lrs": ["b", "a", "c", "d"],
}
INIT = """import torch
from torch.optim import Optimizer


class SGD(Optimizer):
    def __init__(self, params, lr, weight_decay=0.0):
        if lr < 0 or weight_decay < 0:
            raise ValueError("lr and weight_decay must not be negative")
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))
"""
STEP = (
    INIT
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                g = p.grad + group["weight_decay"] * p
                p.sub_(group["lr"] * g)
        return loss
"""
)
FOREACH = (
    INIT
    + """
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if params:
                directions = torch._foreach_add([p.grad for p in params], params, alpha=group["weight_decay"])
                torch._foreach_add_(params, directions, alpha=-group["lr"])
        return loss
"""
)
SHRINKING = (
    INIT
    + """
    def step(self, closure=None):
        loss = closure() if closure else None
        for group in self.param_groups:
            lr, wd = group["lr"], group["weight_decay"]
            for p in group["params"]:
                if p.grad is not None:
                    p.data = p.data.mul_(1 - lr * wd).sub_(lr * p.grad)
        return loss
"""
)
BORROWED = """import torch


class SGD(torch.optim.SGD):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, lr=lr, weight_decay=weight_decay)
"""


def _changed(old: str, new: str) -> str:
    if STEP.count(old) != 1:
        raise ValueError(f"{old!r} is not in the program exactly once")
    return STEP.replace(old, new)


SOURCES: dict[str, str | None] = {
    "ada": STEP,
    "bao": FOREACH,
    "carla": SHRINKING,
    "dmitri_borrowed": BORROWED,
    "emil_nothing": None,
    "fatima_uphill": _changed("p.sub_(", "p.add_("),
    "goro_no_decay": _changed('g = p.grad + group["weight_decay"] * p', "g = p.grad"),
    "hana_decay_late": _changed(
        'g = p.grad + group["weight_decay"] * p\n                p.sub_(group["lr"] * g)',
        'p.sub_(group["lr"] * p.grad)\n                p.mul_(1 - group["lr"] * group["weight_decay"])',
    ),
    "ivo_decay_no_lr": _changed(
        'g = p.grad + group["weight_decay"] * p\n                p.sub_(group["lr"] * g)',
        'old = p.clone()\n                p.sub_(group["lr"] * p.grad + group["weight_decay"] * old)',
    ),
    "jun_frozen_lr": STEP.replace(
        "weight_decay=weight_decay))\n", "weight_decay=weight_decay))\n        self.lr = lr\n"
    ).replace('group["lr"] * g', "self.lr * g"),
    "kemal_none": _changed("                if p.grad is None:\n                    continue\n", ""),
    "lena_return": _changed("                    continue\n", "                    return loss\n"),
    "mika_one_group": _changed("for group in self.param_groups:", "for group in self.param_groups[:1]:"),
    "nora_local": _changed('p.sub_(group["lr"] * g)', 'p = p - group["lr"] * g'),
    "omar_grad_changed": _changed(
        'g = p.grad + group["weight_decay"] * p', 'g = p.grad.add_(p, alpha=group["weight_decay"])'
    ),
    "pia_no_check": STEP.replace(
        "        if lr < 0 or weight_decay < 0:\n            raise", "        if lr < -1:\n            raise"
    ),
    "quin_sign_and_decay": _changed('g = p.grad + group["weight_decay"] * p', "g = torch.sign(p.grad)"),
    "rosa_crash": _changed('g = p.grad + group["weight_decay"] * p', 'g = p.grad + group["wd"] * p'),
    "sven_endless": _changed("        return loss\n", "        while True:\n            pass\n"),
    "tao_closure": _changed("                loss = closure()\n", "                closure()\n"),
}
"""Student → what they wrote as SGD; None for nothing."""


def submissions(release: dict[str, Any]) -> dict[str, bytes]:
    """Student → the bytes of the notebook they handed in, made from the release notebook."""
    made = {student: _bytes(answered(release, source)) for student, source in SOURCES.items()}
    right = answered(release, STEP)
    for student, damage in DAMAGE.items():
        made[student] = damage(copy.deepcopy(right))
    made["émile ünicode"] = _bytes(right)
    return made


def write_class(submitted: Path, release_path: Path) -> int:
    """Write every submission to submitted/STUDENT/01_sgd/01_sgd.ipynb where it differs; returns how many there are."""
    release = json.loads(release_path.read_text(encoding="utf-8"))
    made = submissions(release)
    for student, content in made.items():
        path = submitted / student / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
    return len(made)


def answered(release: dict[str, Any], source: str | None) -> dict[str, Any]:
    """The release with a program typed in; whoever wrote nothing has answered nothing either."""
    notebook = copy.deepcopy(release)
    if source is None:
        return notebook
    for cell in notebook["cells"]:
        if _grade_id(cell) == "sgd":
            cell["source"] = f"%%implement course_lib/optim/sgd.py\n{source}"
        for task, answer in ANSWERS.items():
            if _grade_id(cell) == task:
                cell["source"] = "".join(cell["source"]).replace("...", repr(answer))
    return notebook


def _grade_id(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _bytes(notebook: dict[str, Any]) -> bytes:
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode("utf-8")


def _without_test_cells(notebook: dict[str, Any]) -> bytes:
    notebook["cells"] = [cell for cell in notebook["cells"] if not _grade_id(cell).startswith("check_")]
    return _bytes(notebook)


def _edited_test_cells(notebook: dict[str, Any]) -> bytes:
    for cell in notebook["cells"]:
        if _grade_id(cell).startswith("check_"):
            cell["source"] = "12  # full marks, please"
            cell["metadata"]["nbgrader"]["points"] = 1000
    return _bytes(notebook)


def _duplicated_cells(notebook: dict[str, Any]) -> bytes:
    notebook["cells"] = [copy.deepcopy(cell) for cell in notebook["cells"] for _ in range(2)]
    return _bytes(notebook)


def _retyped_to_markdown(notebook: dict[str, Any]) -> bytes:
    for cell in notebook["cells"]:
        if _grade_id(cell) == "sgd":
            cell["cell_type"] = "markdown"
    return _bytes(notebook)


def _reordered(notebook: dict[str, Any]) -> bytes:
    notebook["cells"].reverse()
    return _bytes(notebook)


def _without_ids(notebook: dict[str, Any]) -> bytes:
    """nbformat 4.4 has no cell ids, and some editors drop unknown metadata."""
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {"vscode": {"languageId": "python"}}
    return _bytes(notebook)


def _huge_output(notebook: dict[str, Any]) -> bytes:
    for cell in notebook["cells"]:
        if _grade_id(cell) == "sgd":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 20_000_000}]
    return _bytes(notebook)


def _script_in_answer(notebook: dict[str, Any]) -> bytes:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and _grade_id(cell):
            cell["source"] = (
                "Noise <script>document.title='hacked'</script> <img src=x onerror=\"document.title='hacked'\">"
            )
    return _bytes(notebook)


DAMAGE: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "uma_tests_deleted": _without_test_cells,
    "vera_tests_edited": _edited_test_cells,
    "wim_cells_twice": _duplicated_cells,
    "xenia_markdown": _retyped_to_markdown,
    "yara_reordered": _reordered,
    "zoe_no_ids": _without_ids,
    "zz_huge_output": _huge_output,
    "zz_script": _script_in_answer,
    "zz_empty_file": lambda notebook: b"",
    "zz_not_json": lambda notebook: b"%PDF-1.7 this is no notebook",
    "zz_cut_off": lambda notebook: _bytes(notebook)[:5000],
    "zz_bom_crlf": lambda notebook: b"\xef\xbb\xbf" + _bytes(notebook).replace(b"\n", b"\r\n"),
}
"""Student → what happened to a right submission."""
