"""Chapter 10: grokking."""

from __future__ import annotations

from autograder.judge import Choice, Number, Ordering, check


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
    student.follows("large", part="answers")


@check("modular_data", points=2, needs="every_pair_once")
def test_random_split(student):
    """A random choice of train_fraction of the pairs is for training, and no other pair."""
    student.follows("add", part="split")
    student.follows("split", part="split")
    student.follows("large", part="split")


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
    student.follows("more_training", part="training")
    student.follows("handed", part="training")


@check("grok", points=2)
def test_log(student):
    """The five lists hold every logged step, with loss and accuracy of both sets in eval mode."""
    student.follows("plain", part="curves")
    student.follows("more_validation", part="curves")
    student.follows("more_training", part="curves")


@check("grok", points=1, needs="log")
def test_memorised(student):
    """memorised is the first logged step with 99 % training accuracy, and None where there is none."""
    student.follows("plain", part="firsts")
    student.follows("firsts", part="firsts")
    student.follows("more_validation", part="firsts")


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
    """Looks record no gradients, lists hold plain numbers, the model ends in train mode, and nothing else has changed."""
    for family in ("plain", "stops", "handed"):
        student.follows(family, part="flags")


@check("grok_step", points=1)
def test_grok_step(student):
    """The predicted step of the jump is within a third of the measured one."""
    student.answers(
        Number(
            290,
            tolerance=90,
            unit="steps",
            slips={
                30: "That is about when the training set is known. Look at the other curve.",
                600: "That is about what half of this weight decay needs. Look at where the lower curve crosses 99 %.",
            },
        )
    )


@check("same_product", points=1)
def test_same_product(student):
    """The answer says what twice the learning rate at half the decay does to the wait."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "Compare two recorded rows with the same decay and different lr, then two with the same product.",
                "c": "By what number does one step multiply a weight that has no gradient? Work it out for both settings.",
                "d": "There is decay, and it is multiplied by the learning rate. Look at the recorded rows.",
            },
        )
    )


@check("order_of_waits", points=1)
def test_order_of_waits(student):
    """Three settings are ordered by the step at which they grok."""
    student.answers(
        Ordering(
            ("b", "c", "a"),
            because="Set both sliders to each of them and read the line below the picture.",
        )
    )


@check("restricted_at_60", points=1)
def test_restricted_at_60(student):
    """The prediction says where the restricted loss is while validation accuracy is still zero."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "Validation loss is that of both parts together. Find the curve of the first part at step 60.",
                "c": "Read the height of the curve at step 60 on the axis.",
                "d": "Follow that curve from step 0 on. Does it rise anywhere?",
            },
        )
    )


@check("worst_width", points=1)
def test_worst_width(student):
    """The answer is the number of features at which the test error peaks."""
    student.answers(
        Number(
            200,
            tolerance=10,
            unit="features",
            slips={
                3000: "The largest model of all. What does the curve do to the right of the peak?",
                10: "The smallest model misses the pattern, but what does one do that has to go through every noisy point?",
                30: "That is the number of inputs. Count what is fitted, and what it has to fit.",
            },
        )
    )


@check("decay_switched_on", points=1)
def test_decay_switched_on(student):
    """The answer says what decay does to a network that has memorised without it."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "Decoupled decay does not come from the gradient. What does it do to the weights at every step?",
                "c": "As soon as shrinking costs training loss, what does the gradient do?",
                "d": "Without decay, was the part that adds large? Run the cell and count the steps.",
            },
        )
    )
