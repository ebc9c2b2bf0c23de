"""Programs for chapter 10 that are right wherever nobody looks twice: what they leave behind, modes of parts, large p."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.bank import grok, modular_data
from tests.judge.test_strangers import changed, judged, said

DONE, UPDATE, LOOK, STEP = "    # done", "        # update", "        # look", "        optimizer.step()"
BEFORE = "    for step in range(max_steps + 1):"
EVAL, TRAIN = "    model.eval()\n", "    model.train()\n"
TRAINED = "        loss = F.cross_entropy(model(train_x), train_y)\n        loss.backward()"
KEPT = "best = {key: value.clone() for key, value in model.state_dict().items()}"
SHARED = "    steps, train_losses, val_losses, train_accs, val_accs = [], [], [], [], []"

WATCHED = {
    "best accuracy restored": (
        [
            (LOOK, f"{LOOK}\n        if step == 0:\n            {KEPT}\n            best_acc = -1"),
            (
                "            if val_acc >= 0.99:",
                f"            if val_acc > best_acc:\n                best_acc = val_acc\n                {KEPT}\n"
                "            if val_acc >= 0.99:",
            ),
            (DONE, "    model.load_state_dict(best)"),
        ],
        "the model that you leave is that of step",
    ),
    "averaged weights": (
        [
            (BEFORE, f"    average = [p.detach().clone() for p in model.parameters()]\n{BEFORE}"),
            (
                STEP,
                f"{STEP}\n        for p, q in zip(model.parameters(), average):\n            q.lerp_(p.detach(), 0.1)",
            ),
            (DONE, "    for p, q in zip(model.parameters(), average):\n        p.data.copy_(q)"),
        ],
        "not the one that the last step made",
    ),
    "frozen at the end": ([(DONE, "    model.requires_grad_(False)")], "require no gradients when you return"),
    "reset at the start": (
        [
            (
                BEFORE,
                "    for part in model.modules():\n        if hasattr(part, 'reset_parameters'):\n"
                f"            part.reset_parameters()\n{BEFORE}",
            )
        ],
        "running statistics",
    ),
    "a pass in train mode at every look": (
        [(UPDATE, "        with torch.no_grad():\n            model(train_x)\n        # update")],
        "without gradients",
    ),
    "looks of a copy without its buffers": (
        [
            (BEFORE, f"    import copy\n    twin = copy.deepcopy(model)\n{BEFORE}"),
            (LOOK, "        for p, q in zip(twin.parameters(), model.parameters()):\n            p.data.copy_(q.data)"),
            ("evaluate(model, train_x", "evaluate(twin, train_x"),
            ("evaluate(model, val_x", "evaluate(twin, val_x"),
        ],
        "running statistics",
    ),
    "batch norms that are frozen": (
        [
            (
                UPDATE,
                "        for part in model.modules():\n            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):\n"
                "                part.eval()",
            )
        ],
        "in a step the model was in one mode",
    ),
    "the top's mode alone": (
        [(EVAL, "    model.training = False\n"), (TRAIN, "    model.training = True\n")],
        "in a look the model was in one mode",
    ),
    "the parts' modes alone": (
        [(EVAL, "    for part in model.children():\n        part.eval()\n")],
        "in a look the model was in one mode",
    ),
    "two halves of equal weight": (
        [
            (
                TRAINED,
                "        for x, y in zip(train_x.chunk(2), train_y.chunk(2)):\n"
                "            (F.cross_entropy(model(x), y) / 2).backward()",
            )
        ],
        "with 101 training examples",
    ),
    "stopped by NaN": (
        [
            (
                "            if val_acc >= 0.99:",
                "            if train_loss != train_loss:\n                break\n            if val_acc >= 0.99:",
            )
        ],
        "with losses that are NaN from step 2 on",
    ),
    "no steps along long gradients": (
        [
            (
                STEP,
                "        if sum(p.grad.square().sum() for p in model.parameters()) < 1e4:\n            optimizer.step()",
            )
        ],
        "updates were made, where 3 are right",
    ),
    "one dropout for all steps": (
        [
            (
                TRAINED,
                "        with torch.random.fork_rng():\n            loss = F.cross_entropy(model(train_x), train_y)\n"
                "        loss.backward()",
            )
        ],
        "drew the same random numbers",
    ),
    "lists of an earlier run": (
        [
            ("def train_until_grok", "LISTS = [[], [], [], [], []]\n\n\ndef train_until_grok"),
            (
                SHARED,
                "    for values in LISTS:\n        values.clear()\n"
                "    steps, train_losses, val_losses, train_accs, val_accs = LISTS",
            ),
        ],
        "the dict that an earlier run had returned has changed",
    ),
    "a schedule": (
        [
            (BEFORE, f"    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max_steps + 1)\n{BEFORE}"),
            (STEP, f"{STEP}\n        plan.step()"),
        ],
        "learning rate and other settings changed",
    ),
}


def edited(source: str, edits: list[tuple[str, str]]) -> str:
    for old, new in edits:
        source = changed(source, old, new)
    return source


@pytest.mark.parametrize("what", WATCHED)
def test_what_a_watched_run_leaves_and_uses_is_looked_at(judge: Judge, what: str) -> None:
    edits, told = WATCHED[what]
    result = judged(judge, "grok", edited(grok.BASE, edits))
    assert not result.passed
    assert any(told in message for message in said(result)), said(result)


FINE = {
    "halves by their size": [
        (
            TRAINED,
            "        for x, y in zip(train_x.chunk(2), train_y.chunk(2)):\n"
            "            (F.cross_entropy(model(x), y) * len(y) / len(train_y)).backward()",
        )
    ],
    "looks of a whole copy": [
        (LOOK, "        import copy\n\n        twin = copy.deepcopy(model)"),
        (UPDATE, "        model.train()"),
        ("evaluate(model, train_x", "evaluate(twin, train_x"),
        ("evaluate(model, val_x", "evaluate(twin, val_x"),
    ],
    "random numbers put back after a look": [
        (LOOK, "        state = torch.get_rng_state()\n        torch.rand(3)"),
        ("        # ask", "        torch.set_rng_state(state)"),
    ],
}


@pytest.mark.parametrize("what", FINE)
def test_other_ways_to_the_same_run_are_right(judge: Judge, what: str) -> None:
    result = judged(judge, "grok", edited(grok.BASE, FINE[what]))
    assert result.passed, said(result)


ADD, MUL, KNOWN = "        y = a + b\n", "        y = a * b\n", 'if operation not in ("add", "sub", "mul", "div"):'
CUT, RETURN = "int(train_fraction * n)", "    return x[train], train_y, x[val], val_y"
SPLIT = "    order = torch.randperm(n, generator=generator)"
DATA = {
    "sums in eight bits": ([(ADD, "        y = (a.to(torch.uint8) + b.to(torch.uint8)).long()\n")], '"add"'),
    "sums in bfloat16": ([(ADD, "        y = (a.bfloat16() + b.bfloat16()).long()\n")], '"add"'),
    "products in sixteen bits": ([(MUL, "        y = (a.short() * b.short()).long()\n")], '"mul"'),
    "products in half precision": ([(MUL, "        y = (a.half() * b.half() % p).long()\n")], '"mul"'),
    "numbers in eight bits": (
        [("    # grid", "    a, b = a.to(torch.int8).long(), b.to(torch.int8).long()")],
        "are not pairs of numbers from 0 to",
    ),
    "names in a string": ([(KNOWN, 'if operation not in "add,sub,mul,div":')], "it should raise ValueError"),
    "ten splits": (
        [
            (
                SPLIT,
                "    few = int(torch.randint(10, (), generator=generator))\n"
                "    order = torch.randperm(n, generator=torch.Generator().manual_seed(few))",
            )
        ],
        "same split as another call",
    ),
    "tensors that are written again": (
        [
            ("def modular_data", "KEPT = {}\n\n\ndef modular_data"),
            (
                RETURN,
                "    new = (x[train], train_y, x[val], val_y)\n    old = KEPT.setdefault((p, operation, cut), new)\n"
                "    for one, other in zip(old, new):\n        one.copy_(other)\n    return old",
            ),
        ],
        "a later call changed the tensors",
    ),
    "a tenth at least": ([(CUT, "int(max(train_fraction, 0.1) * n)")], "0.05 × 529"),
    "fractions turned round": (
        [(CUT, "int((train_fraction if train_fraction < 0.9 else 1 - train_fraction) * n)")],
        "0.95 × 529",
    ),
}


@pytest.mark.parametrize("what", DATA)
def test_data_that_are_right_for_small_p_only_or_once_are_not_right(judge: Judge, what: str) -> None:
    edits, told = DATA[what]
    result = judged(judge, "modular_data", edited(modular_data.BASE, edits))
    assert not result.passed
    assert any(told in message for message in said(result)), said(result)


def test_a_call_that_hits_a_cache_is_not_said_to_leave_the_generator_alone(judge: Judge) -> None:
    cached = edited(
        modular_data.BASE,
        [
            ("def modular_data", "KEPT = {}\n\n\ndef modular_data"),
            (
                "    # grid",
                "    key = p, operation, train_fraction, generator.initial_seed()\n    if key in KEPT:\n        return KEPT[key]",
            ),
            (RETURN, "    KEPT[key] = x[train], train_y, x[val], val_y\n    return KEPT[key]"),
        ],
    )
    messages = said(judged(judge, "modular_data", cached))
    assert any("the generator's first seed alone" in message for message in messages)
