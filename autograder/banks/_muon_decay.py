"""Muon: decoupled weight decay, as published and as mistaken; and what the constructor refuses."""

from __future__ import annotations

from typing import Any

from autograder.judge.variants import Bank
from autograder.oracles.muon import newton_schulz

RAW = "Multiply the parameter by 1 - lr * weight_decay, then take the step."


def add_to(bank: Bank) -> None:
    """One convention, then mistakes."""
    bank.convention(
        "decay-after",
        "weight decay after the step instead of before it",
        source="the same choice that chapter 5 accepts for AdamW",
        before=lambda s: 1.0,
        after=lambda s: 1 - s.lr * s.weight_decay,
    )
    _decay(bank)
    _validation(bank)


def _decay(bank: Bank) -> None:
    add = bank.misconception
    add(
        "no-decay",
        "without weight decay",
        hints=(
            "Compare two runs that differ only in weight_decay. Are they equal?",
            "Where in your update does weight_decay appear?",
            RAW,
        ),
        before=lambda s: 1.0,
    )
    add(
        "decay-sign",
        "with weight decay that makes weights grow",
        hints=("Should decay move a positive weight up or down?", "Look at the sign in front of weight_decay.", RAW),
        before=lambda s: 1 + s.lr * s.weight_decay,
    )
    add(
        "decay-without-lr",
        "with weight decay that is not multiplied by lr",
        hints=(
            "Set lr very small. Do your weights still shrink by the same amount?",
            "What multiplies the decay?",
            RAW,
        ),
        before=lambda s: 1 - s.weight_decay,
    )
    add(
        "decay-doubled",
        "with weight decay applied twice",
        hints=("How much of a weight is left after one step?", "Count the places where weight_decay appears.", RAW),
        before=lambda s: 1 - 2 * s.lr * s.weight_decay,
    )
    add(
        "decay-scaled",
        "whose scale also multiplies the weight decay",
        hints=(
            "Is the decay right for square matrices, and wrong for others?",
            "The scale belongs to the orthogonalised matrix. What else do you multiply by it?",
            "Decay with the group's lr; only the step gets lr times scale.",
        ),
        before=lambda s: 1 - s.lr * s.scale_factor * s.weight_decay,
    )
    add(
        "decay-in-the-gradient",
        "with decay added to the gradient, so that it is orthogonalised with it",
        hints=(
            "Give it a gradient of zero. How far do the weights move?",
            "Newton-Schulz forgets how large its input was. What becomes of the decay inside it?",
            "Leave the gradient alone, and shrink the parameter itself.",
        ),
        grad=lambda s: s.grad + s.weight_decay * s.param,
        before=lambda s: 1.0,
    )
    add(
        "decay-in-the-momentum",
        "with decay added to the momentum before it is orthogonalised",
        hints=(
            "Give it a gradient of zero. How far do the weights move?",
            "Newton-Schulz forgets how large its input was. What becomes of the decay inside it?",
            "Leave the momentum alone, and shrink the parameter itself.",
        ),
        orthogonal=lambda s: newton_schulz(s.look + s.weight_decay * s.param, s.ns_steps),
        before=lambda s: 1.0,
    )
    add(
        "decay-of-the-update",
        "with decay that shrinks the update instead of the weight",
        hints=("What does your decay depend on: the weight, or the step?", "A large weight should shrink most.", RAW),
        before=lambda s: 1.0,
        update=lambda s: s.lr * s.scale_factor * s.orthogonal * (1 - s.lr * s.weight_decay),
    )


def _validation(bank: Bank) -> None:
    bank.misconception(
        "no-validation",
        "accepting every hyperparameter, even negative ones",
        hints=(
            "What happens with Muon(params, lr=-0.1)?",
            "A wrong value is cheapest to find where it is given.",
            "In __init__: raise ValueError for negative lr, momentum, weight_decay, and for an unknown scale.",
        ),
        validation=lambda kwargs, invalid: True,
    )
    _not_validated(bank, "lr", -0.1)
    _not_validated(bank, "momentum", -0.1)
    _not_validated(bank, "weight_decay", -0.1)
    _not_validated(bank, "scale", "no such mode")


def _not_validated(bank: Bank, name: str, example: Any) -> None:
    id = "decay" if name == "weight_decay" else name
    what = f"an unknown {name}" if isinstance(example, str) else f"a negative {name}"

    def accepts(kwargs: dict[str, Any], invalid: bool) -> bool:
        value = kwargs.get(name, 1)
        bad = value == example if isinstance(example, str) else isinstance(value, float) and value < 0
        return not invalid or bad

    bank.misconception(
        f"{id}-not-validated",
        f"accepting {what}",
        hints=(
            f"What happens with Muon(params, {name}={example!r})?",
            "Which arguments does your __init__ look at?",
            f"Raise ValueError for {what} as well.",
        ),
        validation=accepts,
    )
