"""Programs for the task accumulate."""

BASE = """
def accumulate_gradients(loss_sum_fn, count_fn, micro_batches):
    total = sum(count_fn(mb) for mb in micro_batches)
    mean = 0.0
    for mb in micro_batches:
        # next
        summed = loss_sum_fn(mb)
        loss = summed / total
        loss.backward()
        mean += loss.item()
        # done
    # end
    return mean
"""

HEAD = "def accumulate_gradients(loss_sum_fn, count_fn, micro_batches):\n"

RIGHT = {
    "gradient-argument": "import torch\n\n\n"
    + HEAD
    + '''    """backward(gradient=1/N): the sum's gradient is scaled on its way back."""
    counts = [count_fn(batch) for batch in micro_batches]
    n, summed = sum(counts), 0.0
    for batch in micro_batches:
        loss = loss_sum_fn(batch)
        loss.backward(gradient=torch.full_like(loss, 1.0 / n))
        summed += loss.detach()
    return (summed / n).item()
''',
    "skips-empty": HEAD
    + """    total = 0
    for mb in micro_batches:
        total += count_fn(mb)
    mean_loss = 0.0
    for mb in micro_batches:
        if count_fn(mb) == 0:
            continue
        share = loss_sum_fn(mb) / total
        share.backward()
        mean_loss += share.item()
        del share
    return mean_loss
""",
    "means-weighted-by-count": HEAD
    + """    counts = list(map(count_fn, micro_batches))
    total, result = sum(counts), 0.0
    for count, mb in zip(counts, micro_batches):
        if count:
            mean = loss_sum_fn(mb) / count
            (mean * (count / total)).backward()
            result += float(mean) * count / total
    return float(result)
""",
    "generator-of-losses": "import math\n\n\n"
    + HEAD
    + """    tokens = sum(map(count_fn, micro_batches))
    losses = (loss_sum_fn(mb) / tokens for mb in micro_batches)
    def finished(loss):
        loss.backward()
        return loss.item()
    return math.fsum(finished(loss) for loss in losses)
""",
    "index-loop-and-detached-tensor": "import torch\n\n\n"
    + HEAD
    + """    total = torch.tensor([count_fn(micro_batches[i]) for i in range(len(micro_batches))]).sum()
    running = torch.zeros(())
    for i in range(len(micro_batches)):
        loss = loss_sum_fn(micro_batches[i]).div(total)
        torch.autograd.backward(loss)
        running = running + loss.detach()
    return running
""",
    "recursive": HEAD
    + """    total = sum([count_fn(m) for m in micro_batches])

    def go(rest):
        if not rest:
            return 0.0
        loss = loss_sum_fn(rest[0]) * (1 / total)
        loss.backward()
        value = loss.item()
        return value + go(rest[1:])

    return go(micro_batches)
""",
    "losses-listed-after-backward": HEAD
    + """    total = sum(count_fn(mb) for mb in micro_batches)
    losses = []
    for mb in reversed(micro_batches):
        loss = loss_sum_fn(mb) / max(total, 1)
        loss.backward()
        losses.append(loss)
    return sum(loss.item() for loss in losses)
""",
}

_LOSS = "loss = summed / total"
_BODY = "        loss = summed / total\n        loss.backward()\n        mean += loss.item()\n"
_TOTAL = "total = sum(count_fn(mb) for mb in micro_batches)"
_BACKWARD = "        loss.backward()\n"
_ADD = "mean += loss.item()"
_RETURN = "    return mean\n"
_K = "len(micro_batches)"
_RUNNING = '        seen = locals().get("seen", 0) + count_fn(mb)\n'
_NONEMPTY = "sum(count_fn(other) > 0 for other in micro_batches)"

DIVISORS = {
    "no-division": "1",
    "mean-of-means": f"(count_fn(mb) * {_K})",
    "mean-of-means-empty-kept": f"(max(count_fn(mb), 1) * {_K})",
    "mean-of-means-empty-skipped": f"(max(count_fn(mb), 1) * {_NONEMPTY})",
    "sum-of-means": "count_fn(mb)",
    "sum-of-means-empty-kept": "max(count_fn(mb), 1)",
    "divided-by-micro-batches": _K,
    "first-count-for-all": f"(count_fn(micro_batches[0]) * {_K})",
    "largest-count-for-all": f"(max(map(count_fn, micro_batches)) * {_K})",
    "last-count-only": "count_fn(micro_batches[-1])",
    "last-not-counted": "sum(map(count_fn, micro_batches[:-1]))",
    "average-count": f"(total / {_K})",
    "divided-by-both": f"(total * {_K})",
    "padding-counted": "sum(len(y) for _, y in micro_batches)",
    "len-for-count": "sum(map(len, micro_batches))",
    "running-count": "seen",
    "same-one-counted-once": "sum({id(other): count_fn(other) for other in micro_batches}.values())",
}

WRONG = {}
for _id, _divisor in DIVISORS.items():
    _before = [("        # next\n", _RUNNING)] if _divisor == "seen" else []
    WRONG[_id] = [*_before, (_LOSS, f"loss = summed / {_divisor}")]
    WRONG[f"{_id}-in-the-gradient"] = [
        *_before,
        (_BODY, _BODY.replace("loss.backward()", f"(summed / {_divisor}).backward()")),
    ]

WRONG |= {
    "sum-taken-for-a-mean": [(_LOSS, "loss = summed * count_fn(mb) / total")],
    "sum-taken-for-a-mean-in-the-gradient": [
        (_BODY, _BODY.replace("loss.backward()", "(loss * count_fn(mb)).backward()"))
    ],
    "first-only": [("        # done\n", "        return mean\n")],
    "last-dropped": [("    for mb in micro_batches:\n", "    for mb in micro_batches[:-1]:\n")],
    "short-ones-dropped": [
        ("        # next\n", "        if count_fn(mb) < count_fn(micro_batches[0]):\n            continue\n")
    ],
    "stops-at-empty": [("        # next\n", "        if count_fn(mb) == 0:\n            break\n")],
    "empty-raises": [("        # next\n", "        share = 1 / count_fn(mb)\n")],
    "every-graph-kept": [
        (_BACKWARD, "        losses = [*locals().get('losses', []), loss]\n"),
        ("    # end\n", "    sum(losses).backward()\n"),
    ],
    "graph-retained": [(_BACKWARD, "        loss.backward(retain_graph=True)\n")],
    "last-backward-only": [(_BACKWARD, ""), ("    # end\n", "    loss.backward()\n")],
    "no-backward": [(_BACKWARD, "")],
    "evaluated-twice": [("        # next\n", "        loss_sum_fn(mb)\n")],
    "returns-the-sum": [(_ADD, "mean += summed.item()")],
    "returns-last-share": [(_ADD, "mean = loss.item()")],
    "returns-mean-of-means": [(_ADD, f"mean += summed.detach() / count_fn(mb) / {_K}")],
    "returns-mean-over-micro-batches": [(_ADD, f"mean += loss.item() / {_K}")],
    "returns-divided-twice": [(_ADD, "mean += loss.item() / total")],
    "returns-none": [(_RETURN, "")],
    "gradients-left-off": [("    # end\n", "    import torch\n\n    torch.set_grad_enabled(False)\n")],
    "random-numbers-changed": [("    mean = 0.0\n", "    mean = 0.0\n    import torch\n\n    torch.manual_seed(0)\n")],
    "returns-a-graph": [(_ADD, "mean = mean + loss")],
}
