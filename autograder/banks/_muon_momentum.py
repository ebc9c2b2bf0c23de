"""Muon: momentum and orthogonalisation, as published and as mistaken."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.variants import Bank
from autograder.oracles.muon import newton_schulz


def add_to(bank: Bank) -> None:
    """Conventions, then mistakes."""
    _conventions(bank)
    _momentum(bank)
    _orthogonalisation(bank)
    _defaults(bank)


def _conventions(bank: Bank) -> None:
    bank.convention(
        "ema",
        "momentum as an average, μB + (1 − μ)G, which Newton-Schulz normalises to the same",
        source="torch.optim.Muon; Keller Jordan's muon.py",
        fresh=lambda s: (1 - s.momentum) * s.grad,
    )
    bank.convention(
        "bias-corrected",
        "momentum as a bias-corrected average, with Nesterov in the manner of NAdam",
        source="optax.contrib.muon",
        fresh=lambda s: (1 - s.momentum) * s.grad,
        buffer=lambda s: s.momentum * s.buffer + s.fresh,
        look=_optax,
    )
    bank.convention(
        "bfloat16",
        "Newton-Schulz in bfloat16: right within what eight bits of precision allow",
        source="torch.optim.Muon; Keller Jordan's muon.py",
        precision=lambda s: "bfloat16",
    )


def _optax(s: Any) -> np.ndarray:
    mu = s.momentum
    if not s.nesterov:
        return np.asarray(s.buffer / (1 - mu**s.t))
    return np.asarray(mu * s.buffer / (1 - mu ** (s.t + 1)) + (1 - mu) * s.grad / (1 - mu**s.t))


def _momentum(bank: Bank) -> None:
    add = bank.misconception
    add(
        "no-momentum",
        "that orthogonalises the gradient alone",
        hints=(
            "The first step is right. What does the second remember of the first?",
            "Which matrix goes into newton_schulz?",
            "Keep a buffer per parameter: buffer = momentum * buffer + gradient.",
        ),
        look=lambda s: s.grad,
    )
    add(
        "never-nesterov",
        "without Nesterov, whatever nesterov says",
        hints=(
            "Run it with nesterov=True and nesterov=False. Do the paths differ?",
            "With Nesterov the buffer is not what gets orthogonalised. What is?",
            "With nesterov: gradient + momentum * buffer, with the buffer already updated.",
        ),
        look=lambda s: s.buffer,
    )
    add(
        "always-nesterov",
        "with Nesterov, whatever nesterov says",
        hints=(
            "Run it with nesterov=True and nesterov=False. Do the paths differ?",
            "Where does your code ask for nesterov?",
            "Without nesterov the buffer itself is orthogonalised.",
        ),
        look=lambda s: s.fresh + s.momentum * s.buffer,
    )
    add(
        "nesterov-reversed",
        "with Nesterov where nesterov is False, and without where it is True",
        hints=(
            "Which of the two paths is the one with nesterov=True?",
            "Read the condition in front of your Nesterov line aloud.",
            "gradient + momentum * buffer belongs to nesterov=True.",
        ),
        look=lambda s: s.buffer if s.nesterov else s.fresh + s.momentum * s.buffer,
    )
    add(
        "nesterov-without-factor",
        "with Nesterov as gradient + buffer, without the factor momentum",
        hints=(
            "How much of the buffer do you add to the gradient?",
            "Nesterov looks one momentum step ahead. By what is the buffer multiplied in such a step?",
            "gradient + momentum * buffer.",
        ),
        look=lambda s: s.fresh + s.buffer if s.nesterov else s.buffer,
    )
    add(
        "average-with-full-gradient",
        "with a buffer that averages, and Nesterov that adds the whole gradient to it",
        hints=(
            "How large is your buffer beside the gradient, after many equal gradients?",
            "An average weighs the gradient by 1 − momentum. Does your Nesterov line, too?",
            "Average both times, or neither: buffer.lerp_(g, 1 - momentum), then g.lerp(buffer, momentum).",
        ),
        source="a mixture of torch.optim.Muon's and Moonlight's forms",
        fresh=_whole,
        buffer=lambda s: s.momentum * s.buffer + (1 - s.momentum) * s.grad,
        look=lambda s: s.grad + s.momentum * s.buffer if s.nesterov else s.buffer,
    )
    add(
        "sum-with-averaged-nesterov",
        "with a buffer that sums, and Nesterov that averages",
        hints=(
            "How large is your buffer beside the gradient, after many equal gradients?",
            "g.lerp(buffer, momentum) fits a buffer that is an average.",
            "With buffer = momentum * buffer + g, Nesterov is g + momentum * buffer.",
        ),
        fresh=_whole,
        look=lambda s: (1 - s.momentum) * s.grad + s.momentum * s.buffer if s.nesterov else s.buffer,
    )
    add(
        "average-reversed",
        "with momentum and 1 − momentum exchanged",
        hints=(
            "After many equal gradients and one other, how much of the other is in your buffer?",
            "lerp's weight belongs to its second argument.",
            "The old buffer is multiplied by momentum, and the gradient is the small part.",
        ),
        fresh=_whole,
        buffer=lambda s: (1 - s.momentum) * s.buffer + s.momentum * s.grad,
        look=lambda s: s.momentum * s.grad + (1 - s.momentum) * s.buffer if s.nesterov else s.buffer,
    )
    add(
        "average-reversed-once",
        "with momentum and 1 − momentum exchanged in the buffer, not in the Nesterov line",
        hints=(
            "After many equal gradients and one other, how much of the other is in your buffer?",
            "lerp's weight belongs to its second argument.",
            "buffer.lerp_(g, 1 - momentum), then g.lerp(buffer, momentum).",
        ),
        fresh=_whole,
        buffer=lambda s: (1 - s.momentum) * s.buffer + s.momentum * s.grad,
        look=lambda s: (1 - s.momentum) * s.grad + s.momentum * s.buffer if s.nesterov else s.buffer,
    )
    add(
        "no-forgetting",
        "with a buffer that never forgets: the sum of all gradients",
        hints=(
            "The first step is right. What becomes of the first gradient after a hundred steps?",
            "What multiplies the old buffer?",
            "buffer = momentum * buffer + gradient.",
        ),
        buffer=lambda s: s.buffer + s.fresh,
    )
    add(
        "buffer-updated-late",
        "that uses the buffer of the step before",
        hints=(
            "Which comes first in your step: updating the buffer, or using it?",
            "Print the buffer that goes into Nesterov on the first step.",
            "Update the buffer first, then look ahead with it.",
        ),
        look=lambda s: s.fresh + s.momentum * s.buffer if s.nesterov else s.buffer,
        order=(
            "grad",
            "fresh",
            "look",
            "orthogonal",
            "precision",
            "scale_factor",
            "update",
            "before",
            "after",
            "buffer",
            "param",
        ),
    )
    add(
        "buffer-holds-look-ahead",
        "whose Nesterov line overwrites the buffer",
        hints=(
            "The first step is right. What is in the buffer before the second?",
            "Does your Nesterov line make a new tensor, or write into the buffer?",
            "Compute gradient + momentum * buffer as a new tensor.",
        ),
        buffer=lambda s: _look(s, s.momentum * s.buffer + s.fresh),
        look=lambda s: s.buffer,
    )
    add(
        "momentum-after-orthogonalisation",
        "with momentum of the orthogonalised gradients, instead of orthogonalised momentum",
        hints=(
            "What is in your buffer: gradients, or orthogonal matrices?",
            "A sum of orthogonal matrices is not orthogonal. Which of the two comes first?",
            "Momentum first, newton_schulz last.",
        ),
        source="Tuddenham et al. 2022 orthogonalise first",
        fresh=_whole,
        buffer=lambda s: s.momentum * s.buffer + newton_schulz(s.grad, s.ns_steps),
        look=lambda s: newton_schulz(s.grad, s.ns_steps) + s.momentum * s.buffer if s.nesterov else s.buffer,
        orthogonal=lambda s: s.look,
    )
    add(
        "gradient-changed",
        "whose Nesterov line writes into p.grad",
        hints=(
            "Print p.grad before and after your step.",
            "p.grad.lerp_ and p.grad.add_ write into p.grad.",
            "Use lerp or add without the underscore, which make new tensors.",
        ),
        source="Keller Jordan's muon.py",
        leftover=_nesterov_in_place,
    )


def _whole(s: Any) -> Any:
    """Says, to conventions, that a mistake is about what enters the buffer."""
    return s.grad


def _look(s: Any, buffer: np.ndarray) -> np.ndarray:
    return np.asarray(s.fresh + s.momentum * buffer if s.nesterov else buffer)


def _nesterov_in_place(run: Any, mine: list[int]) -> None:
    for i in mine:
        if run.grads[i] is not None and i in run.done and run.done[i].nesterov:
            run.grads[i] = np.asarray(run.done[i].look)


def _orthogonalisation(bank: Bank) -> None:
    add = bank.misconception
    add(
        "not-orthogonalised",
        "without orthogonalisation: plain momentum",
        hints=(
            "Make the gradient ten times larger. Does your step grow?",
            "Which line of your step makes the singular values equal?",
            "Pass the momentum through newton_schulz before you scale it.",
        ),
        orthogonal=lambda s: s.look,
    )
    add(
        "only-normalised",
        "that divides by the norm without evening out the singular values",
        hints=(
            "How long is your update, and what are its singular values?",
            "Dividing a matrix by one number keeps the ratios of its singular values.",
            "Pass the momentum through newton_schulz before you scale it.",
        ),
        orthogonal=lambda s: s.look / (np.linalg.norm(s.look) + 1e-7),
    )
    add(
        "signs",
        "with the sign of each number instead of an orthogonal matrix",
        hints=(
            "Do all numbers of your update have the same size?",
            "That is Lion's idea. Muon treats singular values, not single numbers.",
            "Pass the momentum through newton_schulz before you scale it.",
        ),
        orthogonal=lambda s: np.sign(s.look),
    )
    add(
        "ns-steps-ignored",
        "with five Newton-Schulz steps, whatever ns_steps says",
        hints=(
            "Run it with ns_steps=1 and ns_steps=5. Do the paths differ?",
            "What do you pass to newton_schulz beside the matrix?",
            "newton_schulz(matrix, steps=group['ns_steps']).",
        ),
        orthogonal=lambda s: newton_schulz(s.look, 5),
    )
    add(
        "exact-orthogonalisation",
        "with the exact UVᵀ instead of Newton-Schulz",
        hints=(
            "Which singular values does your update have?",
            "The task asks for newton_schulz, whose singular values end near one, not at one.",
            "Use newton_schulz with group['ns_steps'].",
        ),
        orthogonal=lambda s: _nearest_orthogonal(s.look),
    )
    add(
        "length-restored",
        "that multiplies the orthogonalised matrix by the length it had before",
        hints=(
            "Make the gradient ten times larger. Does your step grow?",
            "The length of the gradient should have no say.",
            "Use what newton_schulz returns, times lr and the scale.",
        ),
        orthogonal=lambda s: newton_schulz(s.look, s.ns_steps) * np.linalg.norm(s.look),
    )
    add(
        "ascent",
        "that adds the update instead of subtracting it",
        hints=(
            "Does the loss fall or rise along your path?",
            "The gradient points uphill. Which way do you go?",
            "Subtract lr times scale times the orthogonalised matrix.",
        ),
        update=lambda s: -s.lr * s.scale_factor * s.orthogonal,
    )
    add(
        "no-lr",
        "without the learning rate in its update",
        hints=(
            "Try two learning rates. Does your step change?",
            "Where in your update does lr appear?",
            "The step is lr times scale times the orthogonalised matrix.",
        ),
        update=lambda s: s.scale_factor * s.orthogonal,
    )
    add(
        "lr-squared",
        "with the learning rate applied twice",
        hints=(
            "Halve the learning rate. What happens to the length of your step?",
            "Count how often lr multiplies the update.",
            "alpha=-lr already multiplies.",
        ),
        update=lambda s: s.lr**2 * s.scale_factor * s.orthogonal,
    )
    add(
        "vectors-orthogonalised",
        "that takes parameters which are not matrices",
        hints=(
            "What does Muon(params) do with a bias?",
            "Biases, gains, embeddings and the head belong to AdamW. Who should notice if one comes here?",
            "In __init__: raise ValueError for every parameter whose ndim is not 2.",
        ),
        refuses=lambda shape, beside: False,
    )
    add(
        "filters-orthogonalised",
        "that takes parameters with more than two dimensions",
        source="Keller Jordan's Muon, which flattens convolution filters",
        hints=(
            "What does Muon(params) do with a parameter of shape (2, 3, 2)?",
            "Which numbers of dimensions does your test let through?",
            "In __init__: raise ValueError for every parameter whose ndim is not 2.",
        ),
        refuses=lambda shape, beside: len(shape) < 2,
    )
    add(
        "first-parameter-looked-at",
        "that looks at the first parameter only to see whether all are matrices",
        hints=(
            "Build Muon from a matrix and a bias. Who notices?",
            "Which parameters does your test see? A model has more than one, and perhaps several groups.",
            "In __init__, go through every group and every parameter: raise ValueError if its ndim is not 2.",
        ),
        refuses=lambda shape, beside: beside in ("", "front"),
    )
    add(
        "last-parameter-looked-at",
        "that looks at the last parameter only to see whether all are matrices",
        hints=(
            "Build Muon from a bias and a matrix, in this order. Who notices?",
            "What becomes of the first parameter's answer when the loop comes to the second?",
            "Raise ValueError inside the loop, as soon as a parameter's ndim is not 2.",
        ),
        refuses=lambda shape, beside: beside != "front",
    )
    add(
        "first-group-looked-at",
        "that looks at the first group only to see whether all parameters are matrices",
        hints=(
            "Build Muon from two groups, the second with a bias in it. Who notices?",
            "Which groups does your test see?",
            "In __init__, go through every group of self.param_groups: raise ValueError if a parameter's ndim is not 2.",
        ),
        refuses=lambda shape, beside: beside != "group",
    )


def _nearest_orthogonal(matrix: np.ndarray) -> np.ndarray:
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(u @ v) if s[0] > 0 else np.eye(*matrix.shape)


def _defaults(bank: Bank) -> None:
    def add(id: str, title: str, name: str, value: Any, right: str) -> None:
        bank.misconception(
            id,
            title,
            hints=(
                "Build Muon(params) and nothing else. Which values does it use?",
                f"Compare the default of {name} in your signature with the task's.",
                f"{name}={right}.",
            ),
            defaults=lambda hyper: {**hyper, name: value},
        )

    add("lr-default", "with a default lr of 0.001, which is torch's", "lr", 1e-3, "0.02")
    add("momentum-default", "with a default momentum of 0.9", "momentum", 0.9, "0.95")
    add("nesterov-default", "with Nesterov off by default", "nesterov", False, "True")
    add("decay-default", "with a default weight decay of 0.1, which is torch's", "weight_decay", 0.1, "0.0")
    add("scale-default", "with match_rms as the default scale", "scale", "match_rms", '"original"')
    add("ns-steps-default", "with six Newton-Schulz steps by default", "ns_steps", 6, "5")
