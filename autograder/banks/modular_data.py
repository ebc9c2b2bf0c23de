"""The task `modular_data`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._modular_answers import bank
from autograder.banks._modular_calls import scenarios
from autograder.judge.modular_task import ModularTask
from autograder.oracles.modular_data import FORMULA, refuse

add = bank.misconception


add(
    "not-shuffled",
    "that cuts the table where it stands, without shuffling",
    hints=(
        "Which values of a does your training set contain?",
        "Does your split depend on the generator at all?",
        "Draw an order with torch.randperm(n, generator=generator), and cut that.",
    ),
    shuffled=lambda s: np.arange(len(s.pairs)),
    entropy=lambda call, number: (0,),
)
add(
    "rows-shuffled",
    "that shuffles and cuts the values of a instead of the pairs",
    hints=(
        "Take one value of a. On which side of the cut are its pairs?",
        "How many things are shuffled: p, or as many as there are pairs?",
        "The order that you draw has to be as long as the table of pairs.",
    ),
    shuffled=lambda s: _by_rows(s),
    free=lambda: ("block",),
)
add(
    "validation-is-everything",
    "whose validation set holds the training pairs too",
    hints=(
        "Does any pair occur in both sets?",
        "What would memorising score on your validation set?",
        "Validation is the rest of the order: order[n_train:].",
    ),
    val=lambda s: s.shuffled,
)
add(
    "validation-is-training",
    "that returns the training pairs as validation",
    hints=(
        "Does any pair occur in both sets?",
        "Which slice of the order is your validation set?",
        "Validation is the rest of the order: order[n_train:].",
    ),
    val=lambda s: s.train,
)
add(
    "gap-at-the-cut",
    "that loses the pair at the cut",
    hints=(
        "How many pairs are in both sets together?",
        "One pair is missing. Where does the second slice begin?",
        "order[:n] and order[n:] share nothing and lose nothing.",
    ),
    val=lambda s: s.shuffled[s.cut + 1 :],
)
add(
    "overlap-at-the-cut",
    "that has the pair at the cut in both sets",
    hints=(
        "How many pairs are in both sets together?",
        "One pair occurs twice. Where does the second slice begin?",
        "order[:n] and order[n:] share nothing and lose nothing.",
    ),
    val=lambda s: s.shuffled[s.cut - 1 :],
)
add(
    "drawn-separately",
    "that draws validation from an order of its own",
    hints=(
        "Does any pair occur in both sets?",
        "How many orders do you draw?",
        "Draw one order; its first part is training, the rest is validation.",
    ),
    val=lambda s: s.rng.permutation(len(s.pairs))[s.cut :],
    free=lambda: ("shared", "lost"),
)
add(
    "drawn-with-replacement",
    "that draws pairs with replacement",
    source="torch.randint in place of torch.randperm",
    hints=(
        "Does any pair occur twice?",
        "What is the difference between drawing numbers and shuffling them?",
        "torch.randperm gives each index once; torch.randint does not.",
    ),
    shuffled=lambda s: s.rng.integers(len(s.pairs), size=len(s.pairs)),
    free=lambda: ("shared", "lost"),
)
add(
    "fraction-swapped",
    "that gives train_fraction to validation",
    hints=(
        "How many pairs are in each of your sets?",
        "Which of the two sets does train_fraction speak of?",
        "Training gets int(train_fraction * n), validation the rest.",
    ),
    cut=lambda s: len(s.pairs) - int(s.train_fraction * len(s.pairs)),
)
add(
    "fraction-ignored",
    "that always cuts in the middle",
    hints=(
        "Try two fractions. Do the sizes differ?",
        "Where in your code does train_fraction appear?",
        "The cut is at int(train_fraction * n).",
    ),
    cut=lambda s: len(s.pairs) // 2,
)
add(
    "answers-shuffled-apart",
    "that shuffles the answers apart from the pairs",
    hints=(
        "Take one training pair and add its numbers. Is that its answer?",
        "How many orders do you draw?",
        "Draw one order, and index pairs and answers with the same one.",
    ),
    labels=lambda s: _apart(s.answers[s.rng.permutation(len(s.answers))], s),
)
add(
    "columns-shuffled-apart",
    "that orders the two columns of the pairs apart from each other",
    hints=(
        "Is every pair there once? Count them.",
        "How many orders do you draw for the two columns?",
        "Draw one order, and take whole rows of x with it.",
    ),
    parts=lambda s: _columns_apart(s),
    free=lambda: ("shared", "lost"),
)
add(
    "mirror-pairs-together",
    "that keeps (a, b) and (b, a) on one side of the cut",
    hints=(
        "Is (1, 2) in training wherever (2, 1) is?",
        "(a, b) and (b, a) are two pairs. How many things does your order shuffle?",
        "Draw an order of all pairs, without regard to what their answers are.",
    ),
    shuffled=lambda s: _with_mirrors(s),
)
add(
    "global-generator",
    "that draws from torch's global generator",
    hints=(
        "Call it twice with generators of the same seed. Is it the same split?",
        "Who gives your random permutation its numbers?",
        "Pass it on: torch.randperm(n, generator=generator).",
    ),
    entropy=lambda call, number: (call["ambient"],),
    touches=lambda: True,
)
add(
    "global-seed-set",
    "that seeds torch's global generator itself, so every split is the same",
    hints=(
        "Call it with two different seeds. Do the splits differ?",
        "What does torch.manual_seed do to the rest of the program?",
        "Leave the global generator alone, and draw from the one that you are given.",
    ),
    entropy=lambda call, number: (0,),
    touches=lambda: True,
)
add(
    "same-split-always",
    "that gives the same split in every call, whatever the generator",
    hints=(
        "Call it with two different seeds. Do the splits differ?",
        "Do you set a seed, or keep an order from an earlier call? Who should decide on it: the function, or its caller?",
        "Draw from the generator as it comes, in every call, without manual_seed.",
    ),
    entropy=lambda call, number: (0,),
)
add(
    "initial-seed-only",
    "whose split depends on the generator's first seed alone, not on where the generator is",
    hints=(
        "Call it twice with one generator. Are the two splits different?",
        "initial_seed() does not change when somebody draws.",
        "Hand the generator itself to torch.randperm, in every call.",
    ),
    entropy=lambda call, number: (call["seed"] if call["seed"] is not None else call["first_seed"],),
)
add(
    "same-generator-same-split",
    "in which a second call with one generator gives the first split again",
    hints=(
        "Call it twice with one generator. Are the two splits different?",
        "Do you draw from a copy of the generator, or keep the result of an earlier call? Then the generator does not move on.",
        "Hand the generator itself to torch.randperm, in every call.",
    ),
    entropy=lambda call, number: (
        (call["seed"], 2)
        if call.get("advance")
        else (call["seed"] if call["seed"] is not None else call["first_seed"],)
    ),
)
add(
    "answers-not-int64",
    "whose answers are not int64",
    hints=(
        "What is train_y.dtype?",
        "Which dtype does cross_entropy want for classes?",
        "Whole-number arithmetic on int64 tensors stays int64; / gives floats.",
    ),
    form=lambda: {"y_int64": 0.0},
)
add(
    "pairs-not-int64",
    "whose pairs are not int64",
    hints=(
        "What is train_x.dtype?",
        "The pairs index rows of an embedding. Which dtype may index?",
        "torch.arange gives int64; keep it, or call .long() at the end.",
    ),
    form=lambda: {"x_int64": 0.0},
)
add(
    "answers-as-column",
    "whose answers are a column instead of a vector",
    hints=(
        "What is train_y.shape?",
        "What shape does cross_entropy want for classes: (n, 1), or (n,)?",
        "Leave out the last axis: y[:, 0], or flatten().",
    ),
    form=lambda: {"y_dims": 2.0},
)
add(
    "unknown-operation-accepted",
    "that accepts an operation which does not exist",
    hints=(
        'What does modular_data(7, "pow", 0.5, generator) do?',
        "Does your last branch catch everything?",
        "Raise ValueError for anything but add, sub, mul and div.",
    ),
    known=lambda s: None,
    pairs=lambda s: s.grid[s.grid[:, 1] > 0] if s.operation not in ("add", "sub", "mul") else s.grid,
)
add(
    "primes-only",
    "that takes no p but primes, whatever the operation",
    hints=(
        "Is there anything wrong with 7 + 8 = 3 modulo 12? A clock does it.",
        "Do you work out inverses, or ask for a prime, also where nothing is divided?",
        "Whatever only division needs belongs into its branch.",
    ),
    known=lambda s: _refuse_composite(s),
)
add(
    "operation-in-any-case",
    "that takes names in capitals, too",
    hints=(
        'What does modular_data(7, "ADD", 0.5, generator) do?',
        'Four names are right. Is "ADD" one of them?',
        "Compare with the name as it is given; leave lower() out.",
    ),
    operation=lambda s: s.operation.lower(),
)
add(
    "each-pair-by-chance",
    "that decides on each pair by a coin, so the sizes are left to chance",
    hints=(
        "Call it with three seeds. Is your training set equally large each time?",
        "How many pairs does a mask of random numbers below train_fraction choose?",
        "Shuffle all pairs, and cut at int(train_fraction * n).",
    ),
    shuffled=lambda s: s.rng.permutation(len(s.pairs)),
    free=lambda: ("size_error",),
    cut=lambda s: int(s.rng.binomial(len(s.pairs), s.train_fraction)),
)


def _refuse_composite(s: Any) -> None:
    refuse(s)
    if any(s.p % number == 0 for number in range(2, s.p)):
        raise ValueError("not a prime")


def _apart(mixed: np.ndarray, s: Any) -> tuple[np.ndarray, np.ndarray]:
    return mixed[s.train], mixed[s.val]


def _columns_apart(s: Any) -> tuple[np.ndarray, ...]:
    n = len(s.pairs)
    mixed = np.column_stack([s.pairs[s.rng.permutation(n), column] for column in (0, 1)])
    return mixed[s.train], s.labels[0], mixed[s.val], s.labels[1]


def _with_mirrors(s: Any) -> np.ndarray:
    rank = s.rng.permutation(s.p * s.p)
    return np.argsort(rank[s.pairs.min(axis=1) * s.p + s.pairs.max(axis=1)], kind="stable")


def _by_rows(s: Any) -> np.ndarray:
    place = s.rng.permutation(s.p)[s.pairs[:, 0]]
    return np.argsort(place, kind="stable")


TASK = ModularTask("modular_data", "course_lib/training/modular_data.py", FORMULA, bank, scenarios)
