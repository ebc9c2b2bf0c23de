"""Chapter 10: grokking."""

from __future__ import annotations

from autograder.judge import check


@check("modular_data", points=2)
def test_every_pair_once(student):
    """Every pair of numbers is there exactly once, in training or in validation."""
    student.follows("add", part="form")
    student.follows("add", part="pairs")
    student.follows("others", part="pairs")


@check("modular_data", points=1, needs="every_pair_once")
def test_answers(student):
    """Sums, differences and products are right modulo p, and belong to their pairs."""
    student.follows("add", part="answers")
    student.follows("others", part="answers")


@check("modular_data", points=2)
def test_division(student):
    """Division undoes multiplication modulo p, and leaves out b = 0."""
    student.follows("div", part="form")
    student.follows("div", part="pairs")
    student.follows("div", part="answers")


@check("modular_data", points=2, needs="every_pair_once")
def test_random_split(student):
    """A random choice of train_fraction of the pairs is for training, and no other pair."""
    student.follows("add", part="split")
    student.follows("split")


@check("modular_data", points=2, needs="every_pair_once")
def test_generator(student):
    """All randomness comes from the generator: the same seed gives the same split, another one another split."""
    student.follows("draws")


@check("modular_data", points=1)
def test_unknown_operation(student):
    """An operation that does not exist raises ValueError, and the four others do not."""
    student.follows("invalid", part="form")
