"""What people do with optimizers beside steps, and bugs that show only then; none of them is in a bank."""

from __future__ import annotations

from types import ModuleType

import pytest

from autograder.judge import Judge
from tests.bank import adam, adamw, momentum, rmsprop, sgd
from tests.judge.test_strangers import changed, judged, said

NONE = "                if p.grad is None:\n                    continue\n"
ALL_NONE = "            if all(p.grad is None for p in group['params']):\n"
DECAY_FIRST = """        for group in self.param_groups:
            for p in group["params"]:
                if closure is not None and p.grad is not None:
                    p.mul_(1 - group["lr"] * group["weight_decay"])
"""
OWN_LOAD = """
    def load_state_dict(self, state_dict):
        {before}
        super().load_state_dict(state_dict)

    @torch.no_grad()
"""


@pytest.mark.parametrize(
    ("bank", "old", "new", "words"),
    [
        (sgd, 'wd = group["weight_decay"]\n', f'wd = group["weight_decay"]\n{ALL_NONE}                return loss\n', "the first group has no gradients on step 1"),
        (adam, "        for group in self.param_groups:\n", "        if all(p.grad is None for g in self.param_groups for p in g['params']):\n            raise RuntimeError('call backward() first')\n        for group in self.param_groups:\n", "nobody has on step 3"),
        (momentum, 'mu = group["momentum"]', 'mu = group["momentum"] or self.defaults["momentum"]', "switch off what the constructor switches on"),
        (momentum, "g = p.grad + wd * p", "g = p.grad + wd * p if mu else p.grad", "switch off what the constructor switches on"),
        (sgd, "p.sub_(lr * g)", "p.view(-1).sub_((lr * g).view(-1)) if wd else p.sub_(lr * g)", "transposed matrices, with everything on"),
        (sgd, 'super().__init__(params, dict(', 'params = [p for p in params if not isinstance(p, torch.Tensor) or p.requires_grad]\n        super().__init__(params, dict(', "parameter 2 is frozen until step 2"),
        (adam, "    @torch.no_grad()\n", OWN_LOAD.format(before="kept = dict(self.state)").replace("(state_dict)\n\n", "(state_dict)\n        self.state.update({p: own for p, own in kept.items() if p not in self.state})\n\n"), "go back to what was saved after step 1"),
        (adamw, "    @torch.no_grad()\n", OWN_LOAD.format(before="assert len(state_dict['state']) == sum(len(g['params']) for g in self.param_groups)"), "saved and loaded before step 1"),
        (adam, 'group["eps"]', '(group["eps"] or 1e-8)', "Where eps is not 0, everything was right"),
        (adamw, 'group["weight_decay"]', '(group["weight_decay"] if group["weight_decay"] >= 1e-3 else 0.0)', "a weak weight decay"),
        (adamw, "                p.mul_(1 - lr * wd)", "                p.mul_(1 if p.ndim > 1 and 1 in p.shape else 1 - lr * wd)", "a group of 18 parameters, and one that is empty"),
        (sgd, "p.sub_(lr * g)", "p[: 4096].sub_((lr * g)[: 4096]) if p.ndim else p.sub_(lr * g)", "a vector of 5100 numbers"),
        (momentum, "        for group in self.param_groups:\n            lr", "        for group in self.param_groups:\n            dtype = group['params'][0].dtype\n            lr", "one that is empty"),
        (sgd, "                g = p.grad + wd * p", "                if p.dtype != group['params'][0].dtype:\n                    continue\n                g = p.grad + wd * p", "float32, bfloat16, float64 and float16 in one group"),
        (adam, "p.sub_(update)", "state['own'] = state.get('own', p.detach().clone()) - update\n                p.copy_(state['own'])", "something else writes into the parameters"),
        (sgd, 'lr = group["lr"]\n', 'lr = group["lr"] if group.setdefault("first", group["lr"]) else 0.0\n', "lr=0 until step 1"),
        (sgd, "loss = closure()", "loss = closure().item()", "a number and no tensor"),
        (adamw, "        if closure is not None:\n", DECAY_FIRST + "        if closure is not None:\n", "step() once, then step(closure)"),
        (rmsprop, "def step(self, closure=None):", "def step(self, fn=None):\n        closure = fn", "Compare your signature"),
    ],
)  # fmt: skip
def test_what_only_some_usage_shows_is_found(judge: Judge, bank: ModuleType, old: str, new: str, words: str) -> None:
    result = judged(judge, bank.__name__.rpartition(".")[2], changed(bank.BASE, old, new))
    assert not result.passed
    assert result.misconceptions == []
    assert any(words in message for message in said(result)), said(result)


def test_a_clock_that_only_the_first_parameter_keeps_is_right(judge: Judge) -> None:
    own = "state = self.state[p]"
    clock = f"{own}\n                first = self.state[self.param_groups[0]['params'][0]]"
    assert judged(judge, "momentum", changed(momentum.BASE, own, clock)).passed


def test_a_float64_parameter_that_goes_through_float32_is_noticed(judge: Judge) -> None:
    double = changed(momentum.BASE, "g = p.grad + wd * p", "g = (p.float() + 0.0).to(p.dtype) * wd + p.grad")
    inside = changed(sgd.BASE, "p.sub_(lr * g)", "p.copy_((p.float() - lr * g.float()).to(p.dtype))")
    assert judged(judge, "momentum", double).passed  # a term of the update may be rounded, the parameter may not
    assert judged(judge, "sgd", inside).misconceptions == ["float32-inside"]
