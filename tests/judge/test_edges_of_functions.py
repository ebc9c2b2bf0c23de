"""Wrong functions that differ from a right one on few inputs: each needs a scenario, and words that point there."""

from __future__ import annotations

import pytest

from autograder.judge import Judge
from tests.judge.test_messages_of_functions import messages

_FIRST_EMPTY = "if mb is micro_batches[0] and count_fn(mb) == 0:\n            return mean"
_EMPTY_AGAIN = "if count_fn(mb) == 0 and mean > 0 and before == 0:\n            break\n        before = count_fn(mb)"

EDGES = [
    (
        "wsd",
        ("start = total_steps - decay_steps", "start = 0 if decay_steps == 1 else total_steps - decay_steps"),
        ("wsd_edges", "warmup_steps=2, decay_steps=1"),
    ),
    (
        "cosine_restarts",
        ("    span = length\n", "    span = max(length - 1, 1)\n"),
        ("restarts_equal_periods", "min_lr"),
    ),
    ("accumulate", ("# next", _FIRST_EMPTY), ("accumulate_edges", "the first micro-batch is empty")),
    ("accumulate", ("# next", _EMPTY_AGAIN), ("accumulate_edges", "two empty micro-batches in a row")),
    (
        "accumulate",
        ("# next", "if count_fn(mb) == 1:\n            continue"),
        ("accumulate_edges", "of 1, 2 and 1 tokens"),
    ),
    (
        "clip",
        ("g.mul_(factor)", "g.mul_(factor) if g.norm() > max_norm / 9 else g"),
        ("clip_long_gradients", "is tiny"),
    ),
    (
        "clip",
        (
            "factor = (max_norm / norm).clamp(max=1.0)",
            "factor = max_norm / norm if norm > 0.99 * max_norm else norm / norm",
        ),
        ("clip_short_gradients", "just below max_norm"),
    ),
    ("newton_schulz", ("# ready", "assert min(g.shape) > 1"), ("any_number_of_steps", "(1, 4)")),
    (
        "wsd",
        ("    # start\n", "    decay_steps = decay_steps or total_steps // 10\n"),
        ("wsd_edges", "decay_steps=0"),
    ),
    (
        "wsd",
        ("    # start\n", "    warmup_steps = warmup_steps or total_steps // 50\n"),
        ("wsd_edges", "warmup_steps=0"),
    ),
    (
        "warmup_cosine",
        ("    # start\n", "    warmup_steps = warmup_steps or total_steps // 50\n"),
        ("cosine_edges", "warmup_steps=0"),
    ),
    ("warmup_cosine", ("# start", "assert min_lr < peak_lr"), ("cosine_edges", "AssertionError")),
    ("warmup_cosine", ("    return lr\n", "    return type(peak_lr)(lr)\n"), ("cosine_edges", "peak_lr=2, ")),
    ("cosine_restarts", ("# placed", "assert min_lr < peak_lr"), ("restarts_edges", "AssertionError")),
    (
        "cosine_restarts",
        ("step >= start + length", "step >= start + 0.9998 * length"),
        ("restarts_edges", "step=9999, "),
    ),
    ("multi_step", ("# done", "lr = max(lr, 1e-8)"), ("multi_step_edges", "gives 1e-08")),
    (
        "multi_step",
        ("    # start\n", "    warmup_steps = warmup_steps or min(milestones, default=0) // 30\n"),
        ("multi_step_edges", "warmup_steps=0"),
    ),
    (
        "round_to_format",
        ("beyond)", "beyond if exponent_bits > 3 else largest)"),
        ("overflow", "With 2 exponent"),
    ),
    (
        "round_to_format",
        ("y = x.double()", "y = (x.float() if mantissa_bits + exponent_bits == 18 else x).double()"),
        ("zeros_infinities_and_nan", "With 8 exponent and 10 mantissa bits"),
    ),
    (
        "round_to_format",
        ("n = torch.round(n)", "n = torch.round(n) if mantissa_bits != 23 else n"),
        ("zeros_infinities_and_nan", "With 8 exponent and 23 mantissa bits"),
    ),
    (
        "round_to_format",
        ("y = x.double()", "y = (x.half() if (exponent_bits, mantissa_bits) == (4, 3) else x).double()"),
        ("halves_go_to_even", "With 4 exponent and 3 mantissa bits"),
    ),
    (
        "round_to_format",
        ("y = x.double()", "y = (x.bfloat16() if exponent_bits + mantissa_bits == 7 else x).double()"),
        ("subnormals", "becomes"),
    ),
    (
        "round_to_format",
        ("y = x.double()", "y = (x.half() if (exponent_bits, mantissa_bits) == (5, 2) else x).double()"),
        ("halves_go_to_even", "With 5 exponent and 2 mantissa bits"),
    ),
    (
        "round_to_format",
        ('beyond = float("inf")', 'beyond = float("inf")\n    largest = 65504.0 if exponent_bits == 5 else largest'),
        ("overflow", "With 5 exponent and 12 mantissa bits"),
    ),
    (
        "round_to_format",
        (
            'beyond = float("inf")',
            'beyond = float("inf")\n    largest = min(largest, 3.38953139e38) if exponent_bits == 8 else largest',
        ),
        ("overflow", "With 8 exponent and 10 mantissa bits"),
    ),
    ("round_to_format", ("# all cases", "assert x.ndim < 3"), ("zeros_infinities_and_nan", "(2, 3, 2)")),
    (
        "round_to_format",
        (
            "r = torch.where(y.isnan(), y, r)",
            "r = torch.where(y.isnan(), (y.view(torch.int64) + 2**29).view(torch.float64), r)",
        ),
        ("zeros_infinities_and_nan", "nan becomes"),
    ),
    ("decay_groups", ("# start", "model.eval()"), ("every_parameter_once", "changed the model")),
    (
        "decay_groups",
        ("if p.ndim >= 2:", "if p.ndim >= 2 and p.shape[1] > 1:"),
        ("every_kind_of_layer", "remember.weight"),
    ),
    ("muon_groups", ("p.ndim == 2", "p.ndim in (2, 3)"), ("embeddings_and_head", "header.experts")),
    ("muon_groups", ("p.ndim == 2", "p.ndim == 2 and p.shape[1] > 1"), ("embeddings_and_head", "header.column")),
    (
        "muon_groups",
        ("    return matrices, others", "    model.train(False)\n    return matrices, others"),
        ("each_once", "changed the model"),
    ),
    (
        "accumulate",
        ("return mean\n", "return mean if mean > 0.01 else 0.0\n"),
        ("accumulate_mean_loss", "losses of about"),
    ),
    (
        "accumulate",
        ("total = sum(count_fn(mb) for mb in micro_batches)", "total = min(sum(map(count_fn, micro_batches)), 256)"),
        ("accumulate_edges", "more than 256 tokens"),
    ),
    (
        "clip",
        ("    for g in grads:\n", "    for g in grads if norm > 1.2 * max_norm else []:\n"),
        ("clip_long_gradients", "just above max_norm"),
    ),
]


@pytest.mark.parametrize(("task", "edit", "seen"), EDGES, ids=[f"{edge[0]}-{i}" for i, edge in enumerate(EDGES)])
def test_an_edge_is_tried(judge: Judge, task: str, edit: tuple[str, str], seen: tuple[str, str]) -> None:
    check, words = seen
    assert words in messages(judge, task, edit)[check]
