"""Chapter 10: grokking."""

from __future__ import annotations

from autograder.judge import check


@check("modular_data", points=2)
def test_every_pair_once(student):
    """Every pair of numbers is there exactly once, in training or in validation."""
    student.follows("add", part="form")
    student.follows("add", part="pairs")
    student.follows("others", part="pairs")
    student.follows("split", part="pairs")


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
    student.follows("split", part="split")


@check("modular_data", points=2, needs="every_pair_once")
def test_generator(student):
    """All randomness comes from the generator: the same seed gives the same split, another one another split."""
    student.follows("draws", part="draws")


@check("modular_data", points=1)
def test_unknown_operation(student):
    """An operation that does not exist raises ValueError, and the four others do not."""
    student.follows("invalid", part="errors")


@check("grok", points=2)
def test_trains(student):
    """Every update follows the gradient of the mean cross-entropy of the whole training set, in train mode."""
    student.follows("plain", part="training")


@check("grok", points=2)
def test_log(student):
    """The five lists hold every logged step, with loss and accuracy of both sets in eval mode."""
    student.follows("plain", part="curves")


@check("grok", points=1, needs="log")
def test_memorised(student):
    """memorised is the first logged step with 99 % training accuracy, and None where there is none."""
    student.follows("plain", part="firsts")
    student.follows("firsts", part="firsts")


@check("grok", points=2, needs="log")
def test_stops(student):
    """It stops at the first logged step with 99 % validation accuracy, and says so in grokked."""
    student.follows("stops", part="stops")


@check("grok", points=1, needs="log")
def test_edges(student):
    """The last state is logged too, and max_steps may be 0 or below log_every."""
    student.follows("edges", part="stops")
    student.follows("edges", part="curves")


@check("grok", points=1, needs="log")
def test_leaves_things_in_order(student):
    """Evaluating records no gradients, the lists hold plain numbers, and the model ends in train mode."""
    for family in ("plain", "stops"):
        student.follows(family, part="flags")
