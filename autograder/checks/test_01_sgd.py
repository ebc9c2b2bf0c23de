"""Chapter 01: gradient descent."""

from __future__ import annotations

from autograder.judge import Choice, Number, Ordering, check


@check("sgd", points=2)
def test_first_step(student):
    """The first step goes downhill by lr times the gradient."""
    student.follows("first_step")


@check("sgd", points=1, needs="first_step")
def test_every_step(student):
    """Every later step does the same, for parameters of any shape and gradients of any size."""
    student.follows("steps")
    student.follows("extremes")
    student.follows("defaults")


@check("sgd", points=2, needs="first_step")
def test_weight_decay(student):
    """Weight decay adds weight_decay times the parameter to the gradient."""
    student.follows("weight_decay")


@check("sgd", points=1, needs="first_step")
def test_groups_and_schedules(student):
    """Each parameter group has its own hyperparameters, and a changed learning rate counts at once."""
    student.follows("groups")
    student.follows("schedule")


@check("sgd", points=1, needs="first_step")
def test_missing_gradients(student):
    """A parameter without a gradient stays as it is, and the others go on."""
    student.follows("no_gradient")


@check("sgd", points=1, needs="first_step")
def test_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("sgd", points=1, needs="first_step")
def test_closure(student):
    """step(closure) evaluates the closure once, before the update, and returns its loss."""
    student.follows("closure")
    student.follows("closure", part="closure")


@check("sgd", points=1, needs="first_step")
def test_invalid_hyperparameters(student):
    """A negative lr or weight_decay raises ValueError."""
    student.follows("invalid")


@check("sgd", points=2, needs="weight_decay")
def test_together(student):
    """Groups, decay, missing gradients, a reload and a second optimizer work together."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("largest_stable_lr", points=1)
def test_largest_stable_lr(student):
    """The predicted learning rate is the largest that does not diverge, for L = 10."""
    student.answers(
        Number(
            0.2,
            tolerance=0.0015,
            slips={
                0.1: "That is 1/L: there the steep direction is at its minimum after one step. How much further can you go?",
                20: "That is 2/μ, the limit of the flat direction. The steep one has a smaller limit, and both share one lr.",
                2: "That is 20/L. What does one step multiply y by, and when is that exactly −1?",
                0.198: "That is 2/(L + μ), the best learning rate. The largest stable one is a little larger.",
                0.02: "At 0.02 each step removes a fifth of y. How far is it until a step only changes its sign?",
                0.4: "At 0.4 a step multiplies y by −3. When is the factor exactly −1?",
            },
        )
    )


@check("steps_at_kappa_1000", points=1)
def test_steps_at_kappa_1000(student):
    """The estimated number of steps at κ = 1000 is within 5 % of the measured one."""
    student.answers(
        Number(
            3454,
            tolerance=173,
            unit="steps",
            slips={
                346: "That is the number for κ = 100. How does it change with κ?",
                34540: "That is the number for κ = 10,000. From 10 to 100, by what factor did the steps grow?",
                1090: "That grows like √κ. Compare the two measured numbers: does ten times the κ give √10 times the steps?",
            },
        )
    )


@check("flat_direction_when_diverging", points=1)
def test_flat_direction_when_diverging(student):
    """The answer says what x does while y explodes."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "They share one learning rate, but each has its own factor, 1 − ημ and 1 − ηL. Put in 0.25.",
                "c": "Each direction is multiplied by its own factor; neither uses up anything of the other.",
                "d": "It would change sides if 1 − ημ were negative. Put in η = 0.25 and μ = 0.1.",
            },
        )
    )


@check("batch_noise", points=1)
def test_batch_noise(student):
    """The answer says what four times the batch does to the standard deviation of the noise."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "That is what happens to the variance. The question asks for the standard deviation.",
                "c": "The gradient of a minibatch is a mean over its examples. What does averaging do to noise?",
                "d": "More examples are averaged, not added up.",
            },
        )
    )


@check("decayed_minimum", points=1)
def test_decayed_minimum(student):
    """The answer is the x at which the run with decay ends."""
    student.answers(
        Number(
            1.0,
            tolerance=0.02,
            slips={
                4: "That is the minimum without decay. With it, the gradient there is λ times 4.",
                3: "That is (1 − μ/(μ + λ)) times 4: the part that decay takes away. How much is left?",
                2: "That is the end at λ = 0.1. Put λ = 0.3 into the formula.",
                3.883: "That uses L = 10, the curvature across. Along the valley it is μ = 0.1.",
                1.333: "That is μ/λ times 4. Both curvatures pull: divide by their sum.",
            },
        )
    )


@check("order_of_limits", points=1)
def test_order_of_limits(student):
    """The kinds of parameters are ordered by the learning rate that each alone would bear."""
    student.answers(
        Ordering(
            ("mlp", "embedding", "norms"),
            because="Which kind has the most numbers acting together on every prediction? Its curvature is the largest.",
        )
    )


@check("order_of_lrs", points=1)
def test_order_of_lrs(student):
    """Four learning rates are ordered by the height they reach."""
    student.answers(
        Ordering(
            ("b", "a", "c", "d"),
            because="Work out both parts: ½ μ x² with the factor 1 − ημ, and ½ L y² with 1 − ηL, a hundred times each.",
        )
    )
