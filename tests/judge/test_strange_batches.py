"""Clipping and accumulation that go wrong only with unusual gradients or micro-batches, and right ones that are as unusual."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.bank import accumulate, clip
from tests.judge.test_batches import changed, judged, message

LENGTHS = "lengths = torch.stack([g.norm() for g in grads])"
GRADS = "    grads = [p.grad for p in params if p.grad is not None]\n"
LOOP = "    for g in grads:\n        g.mul_(factor)\n        # next gradient\n"
REMEMBERED = "clip_grad_norm_.__dict__.setdefault"
IN_CHUNKS = """    for i in range(0, len(grads), 32):
        own = torch.stack([g.norm() for g in grads[i : i + 32]]).norm()
        torch._foreach_mul_(grads[i : i + 32], (max_norm / own).clamp(max=1.0))
"""
CLIP = {
    "each 32 gradients by their own norm": ((LOOP, IN_CHUNKS), "70 parameters"),
    "64 parameters at most": (("params = list(params)", "params = list(params)[:64]"), "70 parameters"),
    "gradients remembered": ((GRADS, GRADS.replace("p.grad for", f"{REMEMBERED}(p, p.grad) for")), "second call"),
    "norm remembered": (
        ("norm = lengths.norm()", f"norm = {REMEMBERED}(tuple(map(id, grads)), lengths.norm())"),
        "new numbers in the same gradients",
    ),
    "gradients switched on": (
        ("    return norm\n", "    torch.set_grad_enabled(True)\n    return norm\n"),
        "switched on",
    ),
    "default dtype changed": (
        ("    return norm\n", "    torch.set_default_dtype(torch.float64)\n    return norm\n"),
        "default dtype",
    ),
    "a little more allowed": (
        (LOOP, LOOP.replace("mul_(factor)", "mul_(1.0 if norm < 1.005 * max_norm else factor)")),
        "0.1 %",
    ),
    "rows of a cube one by one": (
        (
            LOOP,
            LOOP.replace(
                "g.mul_(factor)",
                "[r.mul_((max_norm / r.norm()).clamp(max=1.0)) for r in (g if len(grads) == 1 and g.ndim > 2 else [])]\n        g.mul_(factor if len(grads) > 1 or g.ndim < 3 else 1.0)",
            ),
        ),
        "of three dimensions",
    ),
    "gradients that require gradients": (
        (LOOP, LOOP + "        g.requires_grad_()\n"),
        "a leaf Variable that requires grad",
    ),
}
LOSS = "summed = loss_sum_fn(mb)"
TOTAL = "total = sum(count_fn(mb) for mb in micro_batches)"
NEXT = "        # next\n"
BACKWARD = "        loss.backward()\n"
ACCUMULATE = {
    "false ones skipped": (
        (NEXT, "        if type(mb) is int and not mb:\n            continue\n"),
        "numbers, dicts and lists",
    ),
    "counts cached": (
        (TOTAL, f"import functools\n    count_fn = functools.cache(count_fn)\n    {TOTAL}"),
        "unhashable",
    ),
    "count written into it": (
        (NEXT, "        if isinstance(mb, dict):\n            mb['n'] = count_fn(mb)\n"),
        "changed micro_batches",
    ),
    "list made a tuple": ((LOSS, "summed = loss_sum_fn(tuple(mb) if isinstance(mb, list) else mb)"), "another tuple"),
    "last one known by identity": (
        ("        # done\n", "        if mb is micro_batches[-1]:\n            break\n"),
        "first one also the last",
    ),
    "sixteen at most": (("    for mb in micro_batches:", "    for mb in micro_batches[:16]:"), "forty micro-batches"),
    "total in int16": (
        (TOTAL, f"import torch\n    {TOTAL}\n    total = torch.tensor(total).short().item()"),
        "70,012 tokens",
    ),
    "total a multiple": (
        (TOTAL, f"{TOTAL}\n    total -= total % len(micro_batches) if total > 500 else 0"),
        "forty micro-batches",
    ),
    "at most 4096": ((TOTAL, f"{TOTAL}\n    total = min(total, 4096)"), "70,012 tokens"),
    "at least two": ((TOTAL, f"{TOTAL}\n    total = max(total, 2)"), "a single token"),
    "losses of zero skipped": ((BACKWARD, "        if loss.item():\n            loss.backward()\n"), "a loss of 0"),
    "losses made positive": (("mean += loss.item()", "mean += abs(loss.item())"), "negative ones"),
    "tiny shares dropped": (("mean += loss.item()", "mean += loss.item() if abs(loss.item()) > 1e-6 else 0"), "1e-8"),
    "seed for each": ((NEXT, "        import torch\n\n        torch.manual_seed(0)\n"), "Random numbers start again"),
    "seeded once": ((TOTAL, f"import torch\n    torch.manual_seed(0)\n    {TOTAL}"), "changes torch's random numbers"),
    "another order": (
        (TOTAL, f"import torch\n    torch.randperm(len(micro_batches))\n    {TOTAL}"),
        "changes torch's random numbers",
    ),
    "faster products": (
        (TOTAL, f"import torch\n    torch.set_float32_matmul_precision('high')\n    {TOTAL}"),
        "precision of products",
    ),
    "cuDNN tries all": (
        (TOTAL, f"import torch\n    torch.backends.cudnn.benchmark = True\n    {TOTAL}"),
        "one of torch's global settings",
    ),
    "tiny numbers flushed": (
        (TOTAL, f"import torch\n    torch.set_flush_denormal(True)\n    {TOTAL}"),
        "one of torch's global settings",
    ),
    "anomalies looked for": (
        (NEXT, "        import torch\n\n        torch.autograd.set_detect_anomaly(True)\n"),
        "anomaly detection",
    ),
}
RIGHT = {
    "sorted by length": (
        "accumulate",
        ("in micro_batches:\n        # next", "in sorted(micro_batches, key=count_fn):\n        # next"),
    ),
    "loss divided in place": ("accumulate", ("loss = summed / total", "loss = summed\n        loss /= total")),
    "squared norms added": ("clip", ("norm = lengths.norm()", "norm = sum(g.norm() ** 2 for g in grads).sqrt()")),
    "frozen parameters left out": ("clip", (GRADS, GRADS.replace("not None", "not None and p.requires_grad"))),
    "memory exchanged": ("clip", (LOOP, "    for g in grads:\n        g.data = (g.data * factor).to(g.dtype)\n")),
    "random numbers put back": (
        "accumulate",
        (
            "    # end\n",
            "    # end\n    torch.set_rng_state(state)\n",
        ),
        (TOTAL, f"import torch\n    state = torch.get_rng_state()\n    {TOTAL}"),
    ),
    "a copy divided in place": (
        "accumulate",
        ("loss = summed / total", "loss = summed.clone()\n        loss /= total"),
    ),
    "squared in float64": ("clip", (LENGTHS, "lengths = torch.stack([g.double().pow(2).sum().sqrt() for g in grads])")),
    "switched off and put back": (
        "clip",
        (LOOP, "    with torch.no_grad():\n" + "".join(f"    {line}\n" for line in LOOP.splitlines())),
    ),
}


@pytest.mark.parametrize("name", CLIP)
def test_clipping_that_once_passed_is_told_where_it_fails(judge: Judge, name: str) -> None:
    edit, words = CLIP[name]
    assert words in message(judged(judge, "clip", changed("clip", edit)))


@pytest.mark.parametrize("name", ACCUMULATE)
def test_accumulation_that_once_passed_is_told_where_it_fails(judge: Judge, name: str) -> None:
    edit, words = ACCUMULATE[name]
    assert words in message(judged(judge, "accumulate", changed("accumulate", edit)))


@pytest.mark.parametrize("name", RIGHT)
def test_unusual_ones_that_are_right_pass(judge: Judge, name: str) -> None:
    task, *edits = RIGHT[name]
    assert judged(judge, task, changed(task, *edits)).passed


def test_the_right_ones_of_both_banks_are_what_is_edited_here() -> None:
    assert LOOP in clip.BASE
    assert NEXT in accumulate.BASE
