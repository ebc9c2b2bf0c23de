"""Edits that make the same mistake in several optimizers, for BASE programs that share their frame.

Such a program has the comments `# class body`, `# built`, `# next parameter` and `# done` where code can be put in, reads
each hyperparameter in a line of its own, and gets a parameter's state with `state = self.state[p]`.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.bank.programs import Edits
from tests.bank.programs import edited as _edited

NONE = "                if p.grad is None:\n                    continue\n"
BUILT = "        # built\n"
NO_GRAD = "    @torch.no_grad()\n    def step(self, closure=None):\n"
STEP_WITHOUT = "    def step(self, closure=None):\n        torch.set_grad_enabled(False)\n"


def refuses_zero(name: str) -> Edits:
    """A constructor that takes no zero."""
    return [(BUILT, f"        if {name} == 0:\n            raise ValueError({name!r})\n")]


LARGE_REFUSED: Edits = [
    (BUILT, "        if lr > 1 or weight_decay > 1:\n            raise ValueError(lr, weight_decay)\n")
]
ZERO_DECAY: Edits = [('wd = group["weight_decay"]', 'wd = group["weight_decay"] or self.defaults["weight_decay"]')]
BODY = "    # class body\n"
STATE = "state = self.state[p]\n"
LR = 'lr = group["lr"]\n'
CALL = "                loss = closure()\n"
CALL_AGAIN = (
    "        if closure is not None:\n            with torch.enable_grad():\n                loss = closure()\n"
)
MINE = "self.first[[h is group for h in self.param_groups].index(True)]"


def edited(source: str, edits: Edits) -> str:
    """The whole source of a program that a convention stands behind as well as a mistake."""
    return _edited(source, edits, "edited")


def step_mistakes(step: str, direction: str) -> dict[str, Edits]:
    """Programs for add_step_mistakes; `step` is the line `p.sub_(lr * direction)`."""
    return {
        "ascent": [(step, f"p.add_(lr * {direction})\n")],
        "no-lr": [(step, f"p.sub_({direction})\n")],
        "lr-squared": [(step, f"p.sub_(lr * lr * {direction})\n")],
        "sign-only": [(step, f"p.sub_(lr * torch.sign({direction}))\n")],
        "lr-decays-by-itself": [
            (step, f"state['t'] = state.get('t', 0) + 1; p.sub_(lr / state['t'] * {direction})\n"),
        ],
    }


def decay_mistakes(decay: str) -> dict[str, Edits]:
    """Programs for add_l2_mistakes; `decay` is the line `g = p.grad + wd * p`."""
    after = "                # next parameter"
    return {
        "no-decay": [(decay, "g = p.grad\n")],
        "decay-sign": [(decay, "g = p.grad - wd * p\n")],
        "decay-decoupled": [(decay, "g = p.grad; p.mul_(1 - lr * wd)\n")],
        "decay-after-step": [(decay, "g = p.grad\n"), (after, "                p.mul_(1 - lr * wd)")],
        "decay-without-lr": [(decay, "g = p.grad; p.mul_(1 - wd)\n")],
        "decay-times-lr-in-gradient": [(decay, "g = p.grad + lr * wd * p\n")],
        "decay-doubled": [(decay, "g = p.grad + 2 * wd * p\n")],
        "decay-halved": [(decay, "g = p.grad + wd / 2 * p\n")],
        "decay-l1": [(decay, "g = p.grad + wd * p.sign()\n")],
        "decay-scales-gradient": [(decay, "g = p.grad + wd * p.grad\n")],
        "decay-matrices-only": [(decay, "g = p.grad + wd * p if p.ndim > 1 else p.grad\n")],
        "decay-default": [("weight_decay=0.0", "weight_decay=0.01")],
    }


def values_of_others(lines: Mapping[str, str]) -> dict[str, Edits]:
    """Programs for add_values_of_others; hyperparameter → the line that reads it from the group."""
    found: dict[str, Edits] = {}
    for name, line in lines.items():
        kebab = name.replace("_", "-")
        found[f"constructors-{kebab}"] = [
            (BUILT, f"        self.own_{name} = {name}\n"),
            (line, f"{line.split(' = ')[0]} = self.own_{name}\n"),
        ]
        found[f"first-groups-{kebab}"] = [(line, line.replace("group[", "self.param_groups[0]["))]
        found[f"{kebab}-frozen"] = [
            (BUILT, "        self.first = [dict(h) for h in self.param_groups]\n"),
            (line, line.replace("group[", f"{MINE}[")),
        ]
    return found


def missing_validation(*names: str) -> dict[str, Edits]:
    """Programs for add_missing_validation."""
    found: dict[str, Edits] = {"no-validation": [(f"if {name} < 0:", "if False:") for name in names]}
    for name in names:
        found[f"{name.replace('_', '-')}-not-validated"] = [(f"if {name} < 0:", "if False:")]
    return found


def contract_mistakes(step: str, hyper: Mapping[str, str]) -> dict[str, Edits]:
    """Programs for a stateful rule's contract_mistakes. hyper: hyperparameter → the variable BASE reads it into."""
    lines = {name: f'{variable} = group["{name}"]\n' for name, variable in {"lr": "lr", **hyper}.items()}

    def all_from(source: str) -> list[tuple[str, str]]:
        return [(line, line.replace("group", source)) for line in lines.values()]

    change = step.partition("p.sub_(")[2].removesuffix(")")
    return {
        "first-group-only": [("in self.param_groups:", "in self.param_groups[:1]:")],
        "last-group-only": [("in self.param_groups:", "in self.param_groups[-1:]:")],
        "first-parameter-only": [("                # next parameter", "                return loss")],
        "first-of-each-group": [("                # next parameter", "                break")],
        "matrices-only": [("if p.grad is None:", "if p.grad is None or p.ndim < 2:")],
        "scalars-skipped": [("if p.grad is None:", "if p.grad is None or p.ndim < 1:")],
        "none-raises": [(NONE, "")],
        "none-as-zero": [(NONE, ""), ("g = p.grad ", "g = (torch.zeros_like(p) if p.grad is None else p.grad) ")],
        "none-returns": [(NONE, NONE.replace("continue", "return loss"))],
        "none-breaks": [(NONE, NONE.replace("continue", "break"))],
        "lr-frozen": [
            (BUILT, "        self.first = [dict(h) for h in self.param_groups]\n"),
            (LR, f'lr = {MINE}["lr"]\n'),
        ],
        "constructors-lr": [(BUILT, "        self.lr = lr\n"), (LR, "lr = self.lr\n")],
        "hyperparameters-frozen": [
            (BUILT, "        self.first = [dict(h) for h in self.param_groups]\n"),
            *all_from(MINE),
        ],
        "first-groups-hyperparameters": all_from("self.param_groups[0]"),
        "first-groups-lr": [(LR, 'lr = self.param_groups[0]["lr"]\n')],
        "last-groups-hyperparameters": all_from("self.param_groups[-1]"),
        "defaults-for-every-group": all_from("self.defaults"),
        "state-shared": [(STATE, "state = self.state['all']\n")],
        "state-by-shape": [(STATE, "state = self.state[str(tuple(p.shape))]\n")],
        "state-on-the-class": [
            (BODY, "    shared = {}\n"),
            (
                STATE,
                "state = self.shared.setdefault("
                "[q is p for h in self.param_groups for q in h['params']].index(True), {})\n",
            ),
        ],
        "state-not-kept": [(STATE, "state = {}\n")],
        "state-lost": [
            (BUILT, "        self.mine = {}\n"),
            (STATE, "state = self.mine.setdefault(p, {})\n"),
        ],
        "gradients-zeroed": [("        # done", "        self.zero_grad(set_to_none=False)")],
        "gradients-removed": [("        # done", "        self.zero_grad()")],
        "gradient-changed": [("g = p.grad + wd * p", "g = p.grad.add_(wd * p)")],
        "nan-swallowed": [("g = p.grad ", "g = p.grad.nan_to_num() ")],
        "grad-mode-left-off": [(NO_GRAD, STEP_WITHOUT)],
        "zero-lr-refused": refuses_zero("lr"),
        **({"zero-eps-refused": refuses_zero("eps")} if "eps" in hyper else {}),
        "above-one-refused": LARGE_REFUSED,
        "zero-decay-means-the-default": ZERO_DECAY,
        "storage-replaced": [(step, f"p.data = p.data - {change}")],
        "float32-inside": [(step, f"p.copy_(p.float() - ({change}).float())")],
        "local-variable-only": [(step, f"p = p - {change}")],
        "closure-ignored": [(CALL, "                pass\n")],
        "closure-value-lost": [("        # done\n        return loss", "        # done")],
        "closure-twice": [(CALL, "                closure()\n" + CALL)],
        "closure-after-update": [(CALL, "                pass\n"), ("        # done\n", CALL_AGAIN)],
        "closure-evaluated-again": [("        # done\n", CALL_AGAIN)],
        "closure-without-grad": [("with torch.enable_grad():", "if True:")],
    }
