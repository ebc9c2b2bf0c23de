"""Chapter 05: AdamW."""

from __future__ import annotations

from autograder.judge import Choice, Choices, Number, check


@check("adamw", points=2)
def test_first_step(student):
    """The first step is as long as it should be: both averages are corrected, and ε is in its place."""
    student.follows("first_step")


@check("adamw", points=3, needs="first_step")
def test_every_step(student):
    """Later steps remember what they should, whatever the shape of a parameter and the size of its gradients."""
    student.follows("steps")
    student.follows("extremes")


@check("adamw", points=1, needs="first_step")
def test_defaults(student):
    """Without arguments AdamW has lr 1e-3, betas (0.9, 0.95), eps 1e-8 and weight decay 0.1."""
    student.follows("defaults")


@check("adamw", points=1, needs="every_step")
def test_weight_decay(student):
    """Every weight shrinks by lr times weight_decay of itself, beside the step and whatever its gradients were."""
    student.follows("weight_decay")


@check("adamw", points=1, needs="first_step")
def test_groups_and_schedules(student):
    """Each parameter group has its own hyperparameters, and a changed learning rate counts at once."""
    student.follows("groups")
    student.follows("schedule")


@check("adamw", points=1, needs="first_step")
def test_missing_gradients(student):
    """A parameter without a gradient keeps its value and its averages, and the others go on."""
    student.follows("no_gradient")


@check("adamw", points=1, needs="first_step")
def test_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("adamw", points=1, needs="first_step")
def test_closure(student):
    """step(closure) evaluates the closure once, before the update, and returns its loss."""
    student.follows("closure")
    student.follows("closure", part="closure")


@check("adamw", points=1)
def test_invalid_hyperparameters(student):
    """A negative lr, eps or weight_decay, or a β outside [0, 1), raises ValueError."""
    student.follows("invalid")


@check("adamw", points=2, needs="every_step")
def test_together(student):
    """A reload continues where it stopped, two optimizers do not disturb each other, and everything works at once."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("decay_groups", points=2)
def test_dimensions_decide(student):
    """What has two or more dimensions decays by the given amount, what has fewer does not."""
    student.follows("layers")
    student.follows("layers", part="groups")


@check("decay_groups", points=1, needs="dimensions_decide")
def test_every_kind_of_layer(student):
    """That holds for convolutions, attention, every norm, and parameters that belong to no layer."""
    student.follows("kinds")
    student.follows("kinds", part="groups")


@check("decay_groups", points=1, needs="dimensions_decide")
def test_every_parameter_once(student):
    """Every trainable parameter is in exactly one group, also one that two modules share."""
    student.follows("tied")
    student.follows("frozen")
    student.follows("usage")
    student.follows(part="groups")
    student.follows(part="untouched")


@check("who_shrinks_fastest", points=1)
def test_who_shrinks_fastest(student):
    """Under Adam with L2 the weights with small gradients shrink fastest."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "The decay is divided by √v. Is √v large or small where gradients are large?",
                "c": "That holds for SGD. In Adam λθ is part of the gradient. What is it divided by?",
                "d": "The noise has no direction: over many steps it cancels in m. The decay does not.",
            },
        )
    )


@check("decay_clock", points=1)
def test_decay_clock(student):
    """At lr 3e-4 and λ = 0.1 the decay's clock is 1/(ηλ) steps."""
    student.answers(
        Number(
            33333,
            tolerance=400,
            unit="steps",
            slips={
                3333: "That is 1/η. The decay per step is η times λ.",
                23105: "That is when half is left. The question asks for 1/e.",
                10: "That is 1/λ. The decay per step is η times λ.",
                333333: "Check the zeros: η λ is 3e-5.",
            },
        )
    )


@check("which_decay", points=1)
def test_which_decay(student):
    """What has two or more dimensions decays."""
    student.answers(
        Choices(
            "ac",
            options="abcde",
            why={
                "b": "A gain has one dimension. What would decay pull it to?",
                "d": "A bias has one dimension.",
                "e": "A single number has no dimension at all.",
            },
        )
    )
