"""Wrong programs of chapter 8 that once passed or were told what is not so, and right ones: the base program with edits."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.bank import loss_scaler, master_weights, mixed_precision_step, round_to_format
from tests.bank.programs import Edits, edited
from tests.judge.test_strangers_functions import judged

BASES = {
    "loss_scaler": loss_scaler.BASE,
    "mixed_precision_step": mixed_precision_step.BASE,
    "master_weights": master_weights.BASE,
    "round_to_format": round_to_format.BASE,
}
Cases = list[tuple[str, Edits, str, str]]

DIVIDE = "p.grad.div_(self.loss_scale)"
FOUND = "found = found or not torch.isfinite(p.grad).all().item()"
SKIPPED = "            # overflow\n"
RAISE = """            raise RuntimeError("unscale_ has already been called in this step")\n"""
NONE = "                if p.grad is None:\n"
DONE = "        self.done.add(id(optimizer))\n"
STEPPED = "        # stepped\n"
OWN = (
    "        params = self.known.setdefault(id(optimizer), [q for g in optimizer.param_groups for q in g['params']])\n"
)
SCALERS: Cases = [
    (
        "a second unscale_ looks again",
        [
            (
                RAISE,
                "            self.found[id(optimizer)] = not all(p.grad is None or p.grad.isfinite().all() "
                "for g in optimizer.param_groups for p in g['params'])\n            return\n",
            )
        ],
        "unscale_twice",
        "clip_grad_value_",
    ),
    (
        "parameters are listed once",
        [
            ("        self.done = set()\n", "        self.done = set()\n        self.known = {}\n"),
            ("        found = False\n", "        found = False\n" + OWN),
            ('in group["params"]:', "in params if group is optimizer.param_groups[0] else ():"),
        ],
        "step",
        "added later",
    ),
    ("frozen ones are left out", [(NONE, NONE[:-2] + " or not p.requires_grad:\n")], "step", "frozen after backward"),
    (
        "a mark in the groups",
        [(DONE, DONE + "        optimizer.param_groups[0]['done'] = True\n")],
        "skip",
        "param_groups",
    ),
    ("float32 only", [(NONE, NONE[:-2] + " or p.grad.dtype != torch.float32:\n")], "unscale", "bfloat16"),
    ("a spot check", [(FOUND, FOUND.replace("p.grad)", "p.grad.flatten()[:1000])"))], "skip", "1101 numbers"),
    (
        "the loss in place",
        [("return loss * self.loss_scale", "loss *= self.loss_scale\n        return loss")],
        "scale",
        "in place?",
    ),
]

CLEAR = "    optimizer.zero_grad()\n"
CALL = "loss_fn(model, *batch)"
UPDATE = "        scaler.update()\n"
END = "    # end\n"
BARE = "    # step\n    if scaler is None:\n"
CLIP = "        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
CLEAN = "        for p in model.parameters():\n            if p.grad is not None:\n                p.grad.nan_to_num_(0, 0, 0)\n"
LOOKS = "all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())"
STEPS: Cases = [
    (
        "torch's scaler is not updated",
        [(UPDATE, "        if not isinstance(scaler, torch.amp.GradScaler):\n            scaler.update()\n")],
        "step_with_scaler",
        "torch's GradScaler",
    ),
    (
        "asks what step returns",
        [("        scaler.step(optimizer)\n", "        if scaler.step(optimizer) is None:\n            return 0.0\n")],
        "step_with_scaler",
        "torch's GradScaler",
    ),
    ("reads its own scaler", [(UPDATE, UPDATE + "        scaler.found\n")], "step_with_scaler", "torch's GradScaler"),
    ("eval at the end", [(END, "    model.eval()\n")], "step_under_autocast", "train or eval"),
    (
        "gradients of what is trained",
        [(CLEAR, "    for p in model.parameters():\n        p.grad = None if p.requires_grad else p.grad\n")],
        "step_under_autocast",
        "frozen weight",
    ),
    (
        "skips without a scaler",
        [(BARE, f"    # step\n    if scaler is None and not {LOOKS}:\n        pass\n    elif scaler is None:\n")],
        "step_under_autocast",
        "ordinary step",
    ),
    ("cleans before clipping", [(CLIP, CLEAN + CLIP)], "step_with_clipping", "ordinary step"),
    (
        "a second forward",
        [(END, f"    with torch.no_grad():\n        loss = {CALL}\n")],
        "step_under_autocast",
        "ran 2 times",
    ),
    (
        "returns a pair",
        [("return loss.item()", "return loss.item(), max_norm")],
        "step_returns_the_loss",
        "neither a number",
    ),
    (
        "a max_norm of 0 beside a scaler",
        [("if max_norm is not None:", "if max_norm or (scaler is None and max_norm is not None):")],
        "step_with_clipping",
        "a scaler and max_norm=0",
    ),
]

GRAD = "master.grad = None if p.grad is None else p.grad.float()"
MASTERS = "self.masters = [p.detach().clone().float() for p in self.params]"
BEGIN = "        # begin\n"
LOAD = '        self.optimizer.load_state_dict(state["optimizer"])\n'
STEP = "        self.optimizer.step()\n"
WEIGHTS: Cases = [
    (
        "masters in another order",
        [("list(params)", "sorted(params, key=lambda p: p.dtype == torch.float32)")],
        "master_step",
        "another lr",
    ),
    (
        "masters from a generator",
        [("optimizer(self.masters)", "optimizer(m for m in self.masters)")],
        "master_step",
        "generator",
    ),
    (
        "the first dtype decides",
        [
            (
                MASTERS,
                "first = next(iter(self.params)).dtype\n        self.masters = [p.detach().clone() if first == "
                "torch.float32 else p.detach().clone().float() for p in self.params]",
            ),
            (GRAD, GRAD.replace(".float()", ".to(master.dtype)")),
        ],
        "master_step",
        "float32 and bfloat16",
    ),
    (
        "gradients in the order of groups",
        [
            (
                GRAD,
                "pass\n        ordered = [m for group in self.optimizer.param_groups for m in group['params']]\n"
                "        for p, master in zip(self.params, ordered):\n            " + GRAD,
            )
        ],
        "master_step",
        "first group has the last master",
    ),
    (
        "an empty state is not loaded",
        [(LOAD, LOAD.replace("        self", '        if state["optimizer"]["state"]:\n            self'))],
        "master_reload",
        "before the first step",
    ),
    (
        "large gradients are cut",
        [(GRAD, GRAD + "\n            if master.grad is not None:\n                master.grad.clamp_(-1e4, 1e4)")],
        "master_gradients",
        "2**40",
    ),
    (
        "a zero gradient where there is none at all",
        [
            (
                STEP,
                "        if all(m.grad is None for m in self.masters):\n"
                "            self.masters[0].grad = torch.zeros_like(self.masters[0])\n" + STEP,
            )
        ],
        "master_gradients",
        "no parameter has a gradient",
    ),
    (
        "gradients become zero",
        [("            # next\n", "            if p.grad is not None:\n                p.grad.zero_()\n")],
        "master_step",
        "the gradients",
    ),
    (
        "adds what is missing",
        [("p.copy_(master)", "p.add_((master - p.float()).to(p.dtype))")],
        "small_updates",
        "just past",
    ),
]

DOUBLE, RETURN = "    y = x.double()\n", "    return r.to(x.dtype)\n"
LARGEST = '    beyond = float("inf")\n'
VELTKAMP = """    g = (2.0 ** (52 - mantissa_bits) + 1) * y
    r = torch.where((y.abs() < 2.0**smallest_exponent) | y.isinf(), n * spacing, g - (g - y))
"""
BLOCKS = """    if x.numel() > 4096:
        return torch.cat([round_to_format(x[:4096], exponent_bits, mantissa_bits), x[4096:]])
"""
FORMATS: Cases = [
    (
        "limits by exponent bits",
        [
            ("import torch\n", "import torch\n\nknown = {}\n"),
            (LARGEST, LARGEST + "    largest = known.setdefault(exponent_bits, largest)\n"),
        ],
        "overflow",
        "becomes inf; expected",
    ),
    (
        "log2 in float32",
        [("torch.frexp(y).exponent - 1\n", "torch.log2(x.abs()).floor().nan_to_num(0, 0, 0).int()\n")],
        "rounds_to_the_nearest",
        "23 mantissa bits",
    ),
    (
        "x itself",
        [(RETURN, "    return x if torch.equal(r, y) else r.to(x.dtype)\n")],
        "zeros_infinities_and_nan",
        "returned x itself",
    ),
    (
        "one buffer",
        [
            ("import torch\n", "import torch\n\nkept = {}\n"),
            (RETURN, "    return kept.setdefault((x.shape, x.dtype), torch.empty_like(x)).copy_(r)\n"),
        ],
        "zeros_infinities_and_nan",
        "result of an earlier call",
    ),
    (
        "another default dtype",
        [(DOUBLE, "    torch.set_default_dtype(torch.float64)\n" + DOUBLE)],
        "zeros_infinities_and_nan",
        "default dtype",
    ),
    ("the first 4096", [(DOUBLE, BLOCKS + DOUBLE)], "halves_go_to_even", "of 4500 numbers"),
    (
        "float32's smallest exponent",
        [("min=smallest_exponent", "min=max(smallest_exponent, -126)")],
        "rounds_to_the_nearest",
        "1e-100",
    ),
    ("a product that overflows", [("    r = n * spacing\n", VELTKAMP)], "overflow", "1e+300 becomes nan"),
]
ALL = [
    pytest.param(task, edits, failing, words, id=f"{task}: {name}")
    for task, cases in (
        ("loss_scaler", SCALERS),
        ("mixed_precision_step", STEPS),
        ("master_weights", WEIGHTS),
        ("round_to_format", FORMATS),
    )
    for name, edits, failing, words in cases
]


@pytest.mark.parametrize(("task", "edits", "failing", "words"), ALL)
def test_rejected_where_the_mistake_shows(judge: Judge, task: str, edits: Edits, failing: str, words: str) -> None:
    result = judged(judge, task, edited(BASES[task], edits, task))
    failed = {c.id: c.message for c in result.checks if c.verdict in ("failed", "crashed")}
    assert words in failed[failing]
    assert len(failed[failing].split()) < 80


def test_looking_at_weights_is_not_called_isnan(judge: Judge) -> None:
    weights = edited(loss_scaler.BASE, [(FOUND, FOUND.replace("p.grad", "p"))], "loss_scaler")
    result = judged(judge, "loss_scaler", weights)
    said = " ".join(check.message for check in result.checks)
    assert not result.passed
    assert "does not see inf in a gradient" in said
    assert "sees NaN" not in said


def test_two_equal_numbers_are_not_contrasted(judge: Judge) -> None:
    added = edited(mixed_precision_step.BASE, [(CLEAR, "    if scaler is None:\n    " + CLEAR)], "mixed_precision_step")
    result = judged(judge, "mixed_precision_step", added)
    said = [c.message for c in result.checks if "the first is" in c.message]
    numbers = [text.partition("the first is ")[2].split(". ")[0].rstrip(".").split("; expected ") for text in said]
    assert numbers
    assert all(got != expected for got, expected in numbers)


RIGHT: list[tuple[str, Edits, str | None]] = [
    ("loss_scaler", [(DIVIDE, "p.grad.mul_(1 / self.loss_scale)")], None),
    ("loss_scaler", [("return loss * self.loss_scale", "return loss.float() * self.loss_scale")], None),
    (
        "loss_scaler",
        [(DIVIDE, "p.grad.copy_(p.grad.double() / self.loss_scale)"), (STEPPED, "        optimizer.stepped = True\n")],
        None,
    ),
    ("mixed_precision_step", [(CLEAR, "    optimizer.zero_grad(set_to_none=False)\n")], None),
    ("mixed_precision_step", [(CALL, "loss_fn(model, *tuple(batch))"), (END, "    model.zero_grad()\n")], None),
    ("master_weights", [(MASTERS, MASTERS.replace(".clone().float()", ".to(torch.float32, copy=True)"))], None),
    ("master_weights", [("            # next\n", "        self.zero_grad()\n")], "gradients-freed-in-step"),
    ("round_to_format", [(RETURN, "    return torch.empty_like(x).copy_(r)\n")], None),
]


@pytest.mark.parametrize(("task", "edits", "convention"), RIGHT)
def test_accepted_as_before(judge: Judge, task: str, edits: Edits, convention: str | None) -> None:
    result = judged(judge, task, edited(BASES[task], edits, task))
    assert (result.score, result.convention) == (result.max_score, convention)
