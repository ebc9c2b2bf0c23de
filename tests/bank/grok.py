"""Programs for the task grok."""

BASE = """
import torch
import torch.nn.functional as F


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        logits = model(x)
        loss = F.cross_entropy(logits, y)
        accuracy = (logits.argmax(dim=1) == y).float().mean()
    model.train()
    return loss.item(), accuracy.item()


def train_until_grok(model, data, optimizer, max_steps, log_every):
    train_x, train_y, val_x, val_y = data
    steps, train_losses, val_losses, train_accs, val_accs = [], [], [], [], []
    memorised = grokked = None
    for step in range(max_steps + 1):
        # look
        if step % log_every == 0 or step == max_steps:
            train_loss, train_acc = evaluate(model, train_x, train_y)
            val_loss, val_acc = evaluate(model, val_x, val_y)
            steps.append(step)
            train_losses.append(train_loss)
            val_losses.append(val_loss)
            train_accs.append(train_acc)
            val_accs.append(val_acc)
            if memorised is None and train_acc >= 0.99:
                memorised = step
            if val_acc >= 0.99:
                grokked = step
                break
        # ask
        if step == max_steps:
            break
        # update
        optimizer.zero_grad()
        loss = F.cross_entropy(model(train_x), train_y)
        loss.backward()
        optimizer.step()
    # done
    return {
        "steps": steps,
        "train_loss": train_losses,
        "val_loss": val_losses,
        "train_acc": train_accs,
        "val_acc": val_accs,
        "memorised": memorised,
        "grokked": grokked,
    }
"""

RIGHT = {
    "closure": """
import torch
from torch import nn


class Log(dict):
    def __init__(self):
        super().__init__(steps=[], train_loss=[], val_loss=[], train_acc=[], val_acc=[], memorised=None, grokked=None)


@torch.no_grad()
def look(model, data, log, step):
    model.eval()
    xs, ys = data[::2], data[1::2]
    for name, x, y in zip(("train", "val"), xs, ys):
        logits = model(x)
        log[name + "_loss"].append(float(nn.CrossEntropyLoss()(logits, y)))
        log[name + "_acc"].append(float((logits.argmax(-1) == y).double().mean()))
    log["steps"].append(step)
    if log["train_acc"][-1] >= 0.99 and log["memorised"] is None:
        log["memorised"] = step
    if log["val_acc"][-1] >= 0.99:
        log["grokked"] = step
    model.train()
    return log["grokked"] is not None


def train_until_grok(model, data, optimizer, max_steps, log_every):
    log = Log()
    for step in range(max_steps):
        if step % log_every == 0 and look(model, data, log, step):
            return log

        def closure():
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(data[0]), data[1])
            loss.backward()
            return loss

        optimizer.step(closure)
    look(model, data, log, max_steps)
    return log
""",
    "while-and-autograd": """
import torch


def train_until_grok(model, data, optimizer, max_steps, log_every):
    (tx, ty), (vx, vy) = data[:2], data[2:]
    record = {key: [] for key in ("steps", "train_loss", "val_loss", "train_acc", "val_acc")}
    params = [p for group in optimizer.param_groups for p in group["params"]]
    step, grokked = 0, None
    while True:
        if not step % log_every or step >= max_steps:
            model.train(False)
            with torch.inference_mode():
                for kind, x, y in (("train", tx, ty), ("val", vx, vy)):
                    log_p = model(x).log_softmax(1)
                    record[kind + "_loss"] += [-log_p[torch.arange(len(y)), y].mean().item()]
                    record[kind + "_acc"] += [(log_p.max(1).indices == y).sum().item() / len(y)]
            record["steps"] += [step]
            model.train(True)
            if record["val_acc"][-1] >= 0.99:
                grokked = step
        if grokked is not None or step >= max_steps:
            break
        model.train()
        loss = torch.nn.functional.nll_loss(torch.log_softmax(model(tx), 1), ty)
        for p, g in zip(params, torch.autograd.grad(loss, params)):
            p.grad = g
        optimizer.step()
        step += 1
    high = [s for s, a in zip(record["steps"], record["train_acc"]) if a >= 0.99]
    return {**record, "memorised": high[0] if high else None, "grokked": grokked}
""",
    "numpy-lists-and-chunks": """
import numpy as np
import torch
import torch.nn.functional as F


def measure(model, x, y, size=64):
    loss, right = 0.0, 0
    for i in range(0, len(x), size):
        out = model(x[i : i + size])
        loss += F.cross_entropy(out, y[i : i + size], reduction="sum").item()
        right += int((out.argmax(1) == y[i : i + size]).sum())
    return loss / len(x), right / len(x)


def train_until_grok(model, data, optimizer, max_steps, log_every):
    rows, memorised, grokked = [], None, None
    step = 0
    while grokked is None and step <= max_steps:
        if step in range(0, max_steps + 1, log_every) or step == max_steps:
            model.eval()
            with torch.no_grad():
                rows.append((step, *measure(model, *data[:2]), *measure(model, *data[2:])))
            model.train(mode=True)
            if rows[-1][2] >= 0.99:
                memorised = step if memorised is None else memorised
            if rows[-1][4] >= 0.99:
                grokked = step
                continue
        if step < max_steps:
            for parameter in model.parameters():
                parameter.grad = None
            F.cross_entropy(model(data[0]), data[1]).backward()
            optimizer.step()
        step += 1
    table = np.array(rows)
    return dict(
        steps=[int(s) for s in table[:, 0]],
        train_loss=list(table[:, 1]),
        train_acc=list(table[:, 2]),
        val_loss=table[:, 3].tolist(),
        val_acc=table[:, 4].tolist(),
        memorised=memorised,
        grokked=grokked,
    )
""",
    "zero-grad-at-the-end": """
import torch
from torch.nn.functional import cross_entropy


class Watcher:
    def __init__(self, model, data):
        self.model, self.data = model, data
        self.log = {"steps": [], "train_loss": [], "train_acc": [], "val_loss": [], "val_acc": []}
        self.log.update(memorised=None, grokked=None)

    def __call__(self, step):
        self.model.eval()
        with torch.set_grad_enabled(False):
            both = torch.cat([self.data[0], self.data[2]])
            out = self.model(both)
        n = len(self.data[0])
        halves = {"train": (out[:n], self.data[1]), "val": (out[n:], self.data[3])}
        self.log["steps"].append(step)
        for kind, (logits, y) in halves.items():
            self.log[f"{kind}_loss"].append(cross_entropy(logits.float(), y).item())
            self.log[f"{kind}_acc"].append(torch.mean((logits.argmax(1) == y) * 1.0).item())
        for first, kind in (("memorised", "train"), ("grokked", "val")):
            if self.log[first] is None and self.log[f"{kind}_acc"][-1] >= 0.99:
                self.log[first] = step
        self.model.train()
        return self.log["grokked"] is None


def train_until_grok(model, data, optimizer, max_steps, log_every):
    watch = Watcher(model, data)
    optimizer.zero_grad(set_to_none=False)
    going = watch(0)
    for step in range(1, max_steps + 1):
        if not going:
            break
        cross_entropy(model(data[0]), data[1]).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        if step % log_every == 0 or step == max_steps:
            going = watch(step)
    return watch.log
""",
}

NO_GRAD, TRAIN_AGAIN, EVAL = "with torch.no_grad():", "    model.train()\n", "    model.eval()\n"
EVALUATED = "loss = F.cross_entropy(logits, y)"
ACCURACY = "accuracy = (logits.argmax(dim=1) == y).float().mean()"
LOOK, ASK, UPDATE, DONE = (
    "# look",
    "        # ask\n        if step == max_steps:\n            break\n",
    "# update",
    "# done",
)
LOGGED = "if step % log_every == 0 or step == max_steps:"
TRAIN_LOOK = "evaluate(model, train_x, train_y)"
VAL_LOOK = "evaluate(model, val_x, val_y)"
LABEL = "steps.append(step)"
MEMORISED = "if memorised is None and train_acc >= 0.99:\n                memorised = step"
GROKKED = "if val_acc >= 0.99:\n                grokked = step\n                break"
ZERO, STEP = "optimizer.zero_grad()\n", "optimizer.step()"
TRAINED = "loss = F.cross_entropy(model(train_x), train_y)"
RANGE = "range(max_steps + 1)"
ITEMS = "return loss.item(), accuracy.item()"
HIGH_TRAIN, HIGH_VAL = "train_acc >= 0.99", "if val_acc >= 0.99"
FIRST_TRAIN, FIRST_VAL = '"memorised": memorised', '"grokked": grokked'

WRONG = {
    "gradients-pile-up": [(ZERO, "pass\n")],
    "old-gradients-in-the-first-step": [(ZERO, "pass\n"), (STEP, "optimizer.step()\n        optimizer.zero_grad()")],
    "gradients-cleared-too-late": [(ZERO, "pass\n"), (STEP, "optimizer.zero_grad()\n        optimizer.step()")],
    "summed-loss": [(TRAINED, 'loss = F.cross_entropy(model(train_x), train_y, reduction="sum")')],
    "softmax-twice": [
        (EVALUATED, "loss = F.cross_entropy(logits.softmax(1), y)"),
        (TRAINED, "loss = F.cross_entropy(model(train_x).softmax(1), train_y)"),
    ],
    "trains-on-validation": [(TRAINED, "loss = F.cross_entropy(model(val_x), val_y)")],
    "trains-on-everything": [
        (TRAINED, "loss = F.cross_entropy(model(torch.cat([train_x, val_x])), torch.cat([train_y, val_y]))")
    ],
    "validates-on-training": [(VAL_LOOK, "evaluate(model, train_x, train_y)  # again")],
    "sets-swapped": [(TRAIN_LOOK, "evaluate(model, val_x, val_y)"), (VAL_LOOK, "evaluate(model, train_x, train_y)")],
    "evaluates-in-train-mode": [(EVAL, "")],
    "trains-in-eval-mode": [(TRAIN_AGAIN, "")],
    "left-in-eval-mode": [(TRAIN_AGAIN, ""), (UPDATE, "model.train()")],
    "gradients-left-off": [
        (NO_GRAD, "torch.set_grad_enabled(False)\n    if True:"),
        (UPDATE, "torch.set_grad_enabled(True)"),
    ],
    "mode-as-found": [
        (EVAL, "    found = model.training\n    model.eval()\n"),
        (TRAIN_AGAIN, "    model.train(found)\n"),
    ],
    "validation-cut-to-training-size": [(VAL_LOOK, "evaluate(model, val_x[: len(train_x)], val_y[: len(train_x)])")],
    "training-cut-to-validation-size": [
        (TRAINED, "loss = F.cross_entropy(model(train_x[: len(val_x)]), train_y[: len(val_x)])")
    ],
    "accuracy-over-training-size": [
        (VAL_LOOK, VAL_LOOK + "\n            val_acc = val_acc * len(val_x) / len(train_x)"),
    ],
    "graphs-in-evaluation": [(NO_GRAD, "if True:")],
    "accuracy-in-percent": [
        (ACCURACY, "accuracy = 100 * (logits.argmax(dim=1) == y).float().mean()"),
        (HIGH_TRAIN, "train_acc >= 99"),
        (HIGH_VAL, "if val_acc >= 99"),
    ],
    "accuracy-as-count": [(ACCURACY, "accuracy = (logits.argmax(dim=1) == y).sum()")],
    "threshold-too-low": [(HIGH_TRAIN, "train_acc >= 0.95"), (HIGH_VAL, "if val_acc >= 0.95")],
    "threshold-is-half": [(HIGH_TRAIN, "train_acc >= 0.5"), (HIGH_VAL, "if val_acc >= 0.5")],
    "threshold-is-one": [(HIGH_TRAIN, "train_acc >= 1.0"), (HIGH_VAL, "if val_acc >= 1.0")],
    "more-than-99": [
        (ACCURACY, ACCURACY.replace("float", "double")),
        (HIGH_TRAIN, "train_acc > 0.99"),
        (HIGH_VAL, "if val_acc > 0.99"),
    ],
    "never-stops": [(GROKKED, "if grokked is None and val_acc >= 0.99:\n                grokked = step")],
    "stops-when-memorised": [
        (
            GROKKED,
            GROKKED.replace("if val", "if grokked is None and val").replace(
                "                break", "            if memorised is not None:\n                break"
            ),
        )
    ],
    "one-update-too-many": [
        (GROKKED, GROKKED.replace("                break", "")),
        (STEP, "optimizer.step()\n        if grokked is not None:\n            break"),
    ],
    "memorised-is-the-last-time": [(MEMORISED, "if train_acc >= 0.99:\n                memorised = step")],
    "zero-taken-for-never": [(MEMORISED, MEMORISED.replace("memorised is None", "not memorised"))],
    "memorised-forgotten": [
        (MEMORISED, MEMORISED + "\n            if train_acc < 0.99:\n                memorised = None")
    ],
    "memorised-never-set": [(FIRST_TRAIN, '"memorised": None')],
    "grokked-never-set": [(FIRST_VAL, '"grokked": None')],
    "firsts-swapped": [(FIRST_TRAIN, '"memorised": grokked'), (FIRST_VAL, '"grokked": memorised')],
    "index-instead-of-step": [
        (MEMORISED, MEMORISED.replace("memorised = step", "memorised = len(steps) - 1")),
        (GROKKED, GROKKED.replace("grokked = step", "grokked = len(steps) - 1")),
    ],
    "minus-one-for-never": [
        (DONE, "grokked = -1 if grokked is None else grokked\n    memorised = -1 if memorised is None else memorised")
    ],
    "max-steps-for-never": [
        (DONE, "memorised, grokked = (max_steps if value is None else value for value in (memorised, grokked))")
    ],
    "logs-every-step": [(LOGGED, "if True:")],
    "no-log-at-the-end": [(LOGGED, "if step % log_every == 0:")],
    "no-log-at-the-start": [(LOGGED, "if step > 0 and (step % log_every == 0 or step == max_steps):")],
    "range-too-short": [(RANGE, "range(max_steps)")],
    "update-after-the-last-look": [(ASK, "")],
    "logs-after-the-update": BASE.replace(RANGE, "range(max_steps)")
    .replace("step == max_steps:\n            train_loss", "step == max_steps - 1:\n            train_loss")
    .replace(ASK, "")
    .replace(
        LOOK,
        "optimizer.zero_grad()\n        F.cross_entropy(model(train_x), train_y).backward()\n        optimizer.step()",
    )
    .replace("        # update\n", "        continue\n"),
    "steps-from-one": [(LABEL, "steps.append(step + 1)")],
    "gradient-clipped": [(STEP, "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n        " + STEP)],
    "first-512-only": [
        (
            "loss = F.cross_entropy(model(train_x), train_y)",
            "loss = F.cross_entropy(model(train_x[:512]), train_y[:512])",
        )
    ],
    "best-restored": [
        (
            LABEL,
            LABEL + "\n            if not val_losses or val_loss <= min(val_losses):\n"
            "                best = {key: value.clone() for key, value in model.state_dict().items()}",
        ),
        (DONE, "model.load_state_dict(best)"),
    ],
    "optimizer-changed": [(STEP, STEP + "\n        optimizer.param_groups[0]['lr'] *= 0.99")],
    "seed-set": [(LOOK, "torch.manual_seed(0)")],
    "tensors-in-the-log": [(ITEMS, "return loss, accuracy")],
}
