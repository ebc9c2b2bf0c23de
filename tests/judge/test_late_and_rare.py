"""Programs that are right in short runs and on common inputs, and wrong late or where few look; all are rejected."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.bank import adagrad, adam, adamw, clip, grok, momentum, muon, rmsprop, sgd
from tests.judge.test_strange_optimizers import COUNTED, STEP, spoiled
from tests.judge.test_strangers import judged, said

BASES = {
    "sgd": sgd.BASE,
    "momentum": momentum.BASE,
    "adagrad": adagrad.BASE,
    "rmsprop": rmsprop.BASE,
    "adam": adam.BASE,
    "adamw": adamw.BASE,
    "muon": muon.BASE,
}
LR, DECAY = 'lr = group["lr"]\n', 'wd = group["weight_decay"]\n'
GRAD = "g = p.grad"
SKIP = "if p.grad is None:"
EACH = "                # next parameter"
RARE = {
    "another lr from step 61 on": [(STEP, COUNTED), (LR, 'lr = group["lr"] * (0.5 if self.t > 60 else 1)\n')],
    "lr frozen after step 60": [
        (STEP, COUNTED),
        (LR, 'lr = group["lr"] if self.t < 60 else self.__dict__.setdefault("kept", group["lr"])\n'),
    ],
    "1 % less lr from step 101 on": [(STEP, COUNTED), (LR, 'lr = group["lr"] * (0.99 if self.t > 100 else 1)\n')],
    "lr decays from step 251 on": [(STEP, COUNTED), (LR, 'lr = group["lr"] * 0.99 ** max(self.t - 250, 0)\n')],
    "no step 100": [(STEP, COUNTED + "        if self.t % 100 == 0:\n            return None\n")],
    "another lr from step 256 on": [(STEP, COUNTED), (LR, 'lr = group["lr"] * (0.5 if self.t > 255 else 1)\n')],
    "no decay from step 100 on": [(STEP, COUNTED), (DECAY, 'wd = group["weight_decay"] * (self.t < 100)\n')],
    "no decay in bfloat16": [
        (SKIP, f"wd = group['weight_decay'] * (p.dtype != torch.bfloat16)\n                {SKIP}")
    ],
    "two groups only": [("in self.param_groups:\n            lr", "in self.param_groups[:2]:\n            lr")],
    "gradients below 1e-8 are zero": [(GRAD, "g = torch.where(p.grad.abs() < 1e-8, 0, p.grad)")],
    "gradients above 1e8 are cut off": [(GRAD, "g = p.grad.clamp(-1e8, 1e8)")],
}
WITHOUT_NORMALISING = {
    "large parameters are left out": [(SKIP, "if p.grad is None or p.numel() > 1000:")],
    "four dimensions are left out": [(SKIP, "if p.grad is None or p.ndim > 3:")],
}
WITH_STATE = {
    "state cleared every 100 steps": [
        (STEP, COUNTED + "        if self.t % 100 == 0:\n            self.state.clear()\n")
    ],
    "no step at lr 0": [(LR, LR + "            if lr == 0:\n                continue\n")],
}
CASES = {
    (task, name): spoiled(base, *edits)
    for task, base in BASES.items()
    for name, edits in {
        **RARE,
        **(WITHOUT_NORMALISING if task != "muon" else {}),
        **(WITH_STATE if task != "sgd" else {}),
    }.items()
}


@pytest.mark.parametrize(("task", "name"), CASES)
def test_what_goes_wrong_late_or_rarely_is_seen(judge: Judge, task: str, name: str) -> None:
    result = judged(judge, task, CASES[task, name])
    assert result.score < result.max_score
    if "lr from" in name or "decays" in name:
        assert result.misconceptions == []


@pytest.mark.parametrize("task", ["adam", "adagrad", "rmsprop"])
def test_decay_has_its_place_in_bfloat16_too(judge: Judge, task: str) -> None:
    decoupled = spoiled(
        BASES[task],
        ("g = p.grad + wd * p", "low = p.dtype == torch.bfloat16\n                g = p.grad + (not low) * wd * p"),
        (EACH, "                if low:\n                    p.mul_(1 - lr * wd)"),
    )
    result = judged(judge, task, decoupled)
    assert result.score < result.max_score


def test_coupled_decay_in_bfloat16_alone_is_seen(judge: Judge) -> None:
    coupled = spoiled(
        adamw.BASE,
        ("g = p.grad\n", "low = p.dtype == torch.bfloat16\n                g = p.grad + low * wd * p\n"),
        ("p.mul_(1 - lr * wd)", "p.mul_(1 - (not low) * lr * wd)"),
    )
    result = judged(judge, "adamw", coupled)
    assert result.score < result.max_score


@pytest.mark.parametrize("line", ["nesterov = p.dtype != torch.bfloat16 and nesterov", "mu = 0 if low else mu"])
def test_momentum_is_seen_in_bfloat16(judge: Judge, line: str) -> None:
    for task in ("momentum", "muon"):
        source = spoiled(
            BASES[task],
            (SKIP, f"low = p.dtype == torch.bfloat16\n                {line}\n                {SKIP}"),
        )
        result = judged(judge, task, source)
        assert result.score < result.max_score


def test_a_late_mistake_is_told_as_one(judge: Judge) -> None:
    late = spoiled(sgd.BASE, (STEP, COUNTED), (LR, 'lr = group["lr"] * (0.5 if self.t > 100 else 1)\n'))
    (message,) = said(judged(judge, "sgd", late))
    assert "Right until step 96; from there to step 112 (a run of 301 steps)" in message
    assert "In short runs everything was right." in message


def test_eps_of_newton_schulz_is_free_where_it_decides_nothing(judge: Judge) -> None:
    for eps in ("1e-12", "1e-8"):
        assert judged(judge, "muon", muon.BASE.replace("1e-7", eps)).passed


def test_a_max_norm_of_zero_leaves_nothing(judge: Judge) -> None:
    off = spoiled(
        clip.BASE, ("    params = list(params)\n", "    params = list(params)\n    max_norm = max_norm or 1e9\n")
    )
    assert any("max_norm is zero" in message for message in said(judged(judge, "clip", off)))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("optimizer.param_groups[0]['lr'] *= 0.5", "learning rate"),
        ("optimizer.param_groups[0]['weight_decay'] = 1.0", "settings (not the learning rate)"),
        ("optimizer.state.clear()", "state"),
        ("[m.add_(1) for own in optimizer.state.values() for m in own.values()]", "state"),
    ],
)
def test_a_training_loop_leaves_the_optimizer_alone(judge: Judge, line: str, what: str) -> None:
    result = judged(judge, "grok", spoiled(grok.BASE, ("optimizer.step()", f"optimizer.step()\n        {line}")))
    assert result.misconceptions == (["optimizer-changed"] if what == "learning rate" else [])
    assert any(f"the optimizer's {what} changed" in message for message in said(result))
