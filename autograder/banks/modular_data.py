"""The task `modular_data`: how it is tried, and what people get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.judge.modular_task import ModularTask, draws
from autograder.judge.variants import Bank
from autograder.oracles.modular_data import FORMULA, grid, inverse

bank = Bank()
add = bank.misconception


add(
    "no-modulo",
    "without the remainder: sums, differences and products are not brought back to 0 … p − 1",
    hints=(
        "What is the largest answer in your data?",
        "With p = 7, what is 5 + 4?",
        "Every answer is taken % p, whatever the operation.",
    ),
    answers=lambda s: s.whole,
)
add(
    "sub-reversed",
    "that subtracts the first number from the second",
    hints=(
        "What is your answer for the pair (3, 1)?",
        "Which number is taken from which?",
        "sub is (a − b) % p, with a in column 0.",
    ),
    difference=lambda s: s.b - s.a,
)
add(
    "sub-absolute",
    "that takes the size of the difference",
    hints=(
        "Is your answer for (1, 3) the same as for (3, 1)?",
        "What does −2 become modulo p?",
        "Leave the sign, and let % p do the rest: (a − b) % p.",
    ),
    difference=lambda s: np.abs(s.a - s.b),
)
add(
    "sub-negative",
    "whose differences stay negative where b is larger",
    source="torch.fmod keeps the sign",
    hints=(
        "What is your smallest answer?",
        "Two remainders of −2 modulo 7 are in use: −2 and 5. Which one is a class?",
        "Use % or torch.remainder, not torch.fmod.",
    ),
    answers=lambda s: np.fmod(s.whole, s.p),
)
add(
    "div-floor",
    "that divides as whole numbers and drops the rest",
    hints=(
        "Multiply your answer by b again, modulo p. Do you get a?",
        "Division modulo p undoes multiplication modulo p. Does // do that?",
        "Find the number that times b is 1 modulo p, and multiply a by it.",
    ),
    quotient=lambda s: s.a // np.maximum(s.b, 1),
)
add(
    "div-reversed",
    "that divides the second number by the first",
    hints=(
        "Multiply your answer by b again, modulo p. Do you get a?",
        "Which of the two numbers did you invert?",
        "The answer is a times the inverse of b.",
    ),
    quotient=lambda s: s.b * inverse(s.a, s.p),
)
add(
    "div-multiplies",
    "whose division multiplies",
    hints=(
        "Multiply your answer by b again, modulo p. Do you get a?",
        "a and the quotient have changed places.",
        "If c is the answer, then c times b is a, modulo p.",
    ),
    quotient=lambda s: s.a * s.b,
)
add(
    "div-by-negation",
    "that multiplies by p − b instead of by the inverse of b",
    hints=(
        "Multiply b by what you take for its inverse. Do you get 1?",
        "p − b is what you add to b to get 0.",
        "pow(b, -1, p), or pow(b, p - 2, p), gives the inverse for multiplication.",
    ),
    inverse=lambda s: s.p - s.b,
)
add(
    "div-fermat-exponent",
    "that multiplies by b to the power p − 1, which is always 1",
    hints=(
        "Does your answer depend on b at all?",
        "Fermat: b to the power p − 1 is 1 modulo p. Which power is then the inverse?",
        "The inverse of b is b to the power p − 2.",
    ),
    inverse=lambda s: np.ones_like(s.b),
)
add(
    "div-power-overflows",
    "whose power b ** (p − 2) is too large for int64",
    hints=(
        "Your division is right for small p. What is wrong with 42 ** 41?",
        "int64 ends at about 9.2 · 10^18, and what is larger wraps around. From which p on is b ** (p − 2) larger?",
        "pow(int(b), p - 2, p) takes the remainder after every multiplication; so can a loop of yours.",
    ),
    inverse=lambda s: np.asarray(s.b, dtype=np.int64) ** (s.p - 2) % s.p,
)
add(
    "division-by-zero",
    "that keeps the pairs with b = 0 in division",
    hints=(
        "How many pairs does your division have, and how many should it?",
        "What is 3 / 0?",
        "For div leave out every pair with b = 0: p (p − 1) are left.",
    ),
    pairs=lambda s: s.grid,
)
add(
    "zero-left-out-always",
    "that leaves out b = 0 for every operation",
    hints=(
        "How many pairs does your addition have?",
        "Is there anything wrong with 3 + 0?",
        "Only division has to do without b = 0.",
    ),
    pairs=lambda s: s.grid[s.grid[:, 1] > 0],
)
add(
    "no-zeros-in-division",
    "whose division also leaves out a = 0",
    hints=(
        "How many pairs does your division have?",
        "What is 0 / 3?",
        "Only b must not be 0; there are p (p − 1) pairs.",
    ),
    pairs=lambda s: s.grid[(s.grid > 0).all(axis=1)] if s.operation == "div" else s.grid,
)
add(
    "starts-at-one",
    "whose numbers start at 1",
    hints=(
        "Which numbers occur in column 0?",
        "There are p classes modulo p. Is 0 one of them?",
        "The numbers run from 0 to p − 1: torch.arange(p).",
    ),
    grid=lambda s: grid(s.p, first=1),
)
add(
    "unordered-pairs",
    "with only one of (a, b) and (b, a)",
    hints=(
        "Is (1, 2) in your data? And (2, 1)?",
        "How many pairs should there be altogether?",
        "All p² pairs count: torch.cartesian_prod, not torch.combinations.",
    ),
    grid=lambda s: grid(s.p)[grid(s.p)[:, 0] <= grid(s.p)[:, 1]],
)
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
    "generator-reseeded",
    "that seeds the generator itself, so every split is the same",
    hints=(
        "Call it with two different seeds. Do the splits differ?",
        "Who should decide on the seed: the function, or its caller?",
        "Draw from the generator as it comes, without manual_seed.",
    ),
    entropy=lambda call, number: (0,),
)
add(
    "initial-seed-only",
    "that uses the generator's first seed but does not draw from it",
    hints=(
        "Call it twice with one generator. Are the two splits different?",
        "initial_seed() does not change when somebody draws.",
        "Hand the generator itself to torch.randperm.",
    ),
    entropy=lambda call, number: (call["seed"] if call["seed"] is not None else call["first_seed"],),
)
add(
    "generator-copied",
    "that draws from a copy of the generator, so the generator itself never moves on",
    hints=(
        "Call it twice with one generator. Are the two splits different?",
        "get_state and set_state copy a state. Who moves on when you draw from the copy?",
        "Hand the generator itself to torch.randperm.",
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


def scenarios(rng: np.random.Generator) -> list[Any]:
    """Every operation at several p, several fractions, draws that show where randomness comes from, bad names, a large p."""

    def call(operation: str, p: int, fraction: float = 0.5, **more: Any) -> dict[str, Any]:
        seed = int(rng.integers(1, 10_000))
        return {"p": p, "operation": operation, "train_fraction": fraction, "seed": seed, **more}

    first, second = (int(p) for p in rng.choice([7, 11, 13], size=2, replace=False))
    fractions = [round(float(f), 2) for f in (rng.uniform(0.25, 0.45), rng.uniform(0.55, 0.85))]
    found = [
        draws("add", "", [call("add", first), call("add", second, fractions[0])]),
        draws(
            "others",
            "",
            [call(operation, p) for operation in ("sub", "mul") for p in (first, second)] + [call("mul", 23)],
        ),
        draws("div", "", [call("div", 7), call("div", 11, fractions[1]), call("div", second), call("div", 2)]),
        draws("split", "", [call("add", 11, f) for f in fractions] + [call("mul", 13, 0.3), call("div", 13, 0.75)]),
        _draws(call("sub", 11, fractions[0])),
    ]
    names = [*rng.permutation(["pow", "divide", ""])[:2], str(rng.choice(["ADD", "Div", "Mul"]))]
    calls = [call("add", 7), *(call(str(name), 7) for name in names), call("div", 7)]
    found.append(draws("invalid", "", calls))
    large = int(rng.choice([41, 43]))
    return [*found, draws("large", "", [call("div", large), call(str(rng.choice(["add", "mul"])), large)])]


def _draws(call: dict[str, Any]) -> Any:
    """Seed s; s again with another global seed; another seed; the first generator once more; s, after other draws."""
    seed = call["seed"]
    plans = [
        {"generator": 0, "seed": seed, "ambient": 1},
        {"generator": 1, "seed": seed, "ambient": 2},
        {"generator": 2, "seed": seed + 1, "ambient": 1},
        {"generator": 0, "seed": None, "first_seed": seed, "ambient": 3},
        {"generator": 3, "seed": seed, "ambient": 4, "advance": 3},
    ]
    return draws("draws", "", [{**call, **plan} for plan in plans])


TASK = ModularTask("modular_data", "course_lib/training/modular_data.py", FORMULA, bank, scenarios)
