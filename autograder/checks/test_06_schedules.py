"""Chapter 06: learning-rate schedules."""

from __future__ import annotations

from autograder.judge import Choice, Number, Ordering, check


@check("warmup_cosine", points=2)
def test_cosine(student):
    """Without warmup, the learning rate falls from peak_lr to min_lr along half a cosine."""
    student.follows("cosine")


@check("warmup_cosine", points=2, needs="cosine")
def test_cosine_warmup(student):
    """With warmup, it first rises in a straight line and reaches the peak when the warmup ends."""
    student.follows("warmup")


@check("warmup_cosine", points=2, needs="cosine")
def test_cosine_floor(student):
    """The decay ends at min_lr."""
    student.follows("floor")


@check("warmup_cosine", points=1, needs="cosine_floor")
def test_cosine_after_the_end(student):
    """From total_steps on, it stays at min_lr."""
    student.follows("after")


@check("warmup_cosine", points=2, needs="cosine_floor")
def test_cosine_edges(student):
    """A run without warmup, a run that is all warmup and a run of one step work; lengths hold to the step."""
    student.follows("edges")


@check("warmup_cosine", points=1, needs="cosine_warmup")
def test_cosine_together(student):
    """It is a function of its arguments only, in any order of steps, and returns one number."""
    student.follows("together")
    student.follows(part="flags")


@check("wsd", points=2)
def test_wsd_plateau_and_linear_decay(student):
    """Without warmup, the learning rate stays at the peak and then falls in a straight line over decay_steps."""
    student.follows("linear")


@check("wsd", points=2, needs="wsd_plateau_and_linear_decay")
def test_wsd_warmup(student):
    """With warmup, it first rises in a straight line and reaches the peak when the warmup ends."""
    student.follows("warmup")


@check("wsd", points=1, needs="wsd_plateau_and_linear_decay")
def test_wsd_floor(student):
    """The decay ends at min_lr."""
    student.follows("floor")


@check("wsd", points=1, needs="wsd_plateau_and_linear_decay")
def test_wsd_cosine(student):
    """With shape="cosine", the decay is half a cosine."""
    student.follows("cosine")


@check("wsd", points=1, needs="wsd_plateau_and_linear_decay")
def test_wsd_sqrt(student):
    """With shape="sqrt", the decay is one minus the root of the progress."""
    student.follows("sqrt")


@check("wsd", points=1, needs="wsd_floor")
def test_wsd_after_the_end(student):
    """From total_steps on, it stays at min_lr."""
    student.follows("after")


@check("wsd", points=1, needs="wsd_floor")
def test_wsd_edges(student):
    """Runs without warmup, plateau or decay work, and of one step; lengths hold to the step."""
    student.follows("edges")


@check("wsd", points=1, needs="wsd_warmup")
def test_wsd_together(student):
    """It is a function of its arguments only, in any order of steps, and returns one number."""
    student.follows("together")
    student.follows(part="flags")


@check("multi_step", points=2)
def test_multi_step_milestones(student):
    """Without warmup, the learning rate is peak_lr, multiplied by gamma at each milestone."""
    student.follows("steps")


@check("multi_step", points=1, needs="multi_step_milestones")
def test_multi_step_warmup(student):
    """With warmup, it first rises in a straight line; milestones are still counted from step 0."""
    student.follows("warmup")


@check("multi_step", points=1, needs="multi_step_milestones")
def test_multi_step_edges(student):
    """No milestone, a single one, neighbouring ones and very early ones work, and tiny learning rates."""
    student.follows("edges")


@check("multi_step", points=1, needs="multi_step_warmup")
def test_multi_step_together(student):
    """It is a function of its arguments only, in any order of steps, and returns one number."""
    student.follows("together")
    student.follows(part="flags")


@check("cosine_restarts", points=2)
def test_restarts_equal_periods(student):
    """In each period the learning rate falls along half a cosine, and each new period starts at peak_lr."""
    student.follows("periods")


@check("cosine_restarts", points=1, needs="restarts_equal_periods")
def test_restarts_floor(student):
    """Within a period it falls towards min_lr."""
    student.follows("floor")


@check("cosine_restarts", points=1, needs="restarts_equal_periods")
def test_restarts_growing_periods(student):
    """Each period is period_mult times as long as the one before."""
    student.follows("growing")


@check("cosine_restarts", points=1, needs="restarts_floor")
def test_restarts_edges(student):
    """Periods of one and two steps work, late steps, and tiny learning rates."""
    student.follows("edges")


@check("cosine_restarts", points=1, needs="restarts_growing_periods")
def test_restarts_together(student):
    """It is a function of its arguments only, in any order of steps, and returns one number."""
    student.follows("together")
    student.follows(part="flags")


@check("cosine_value", points=1)
def test_cosine_value(student):
    """Half a cosine between peak and floor, a quarter of the way down."""
    student.answers(
        Number(
            8.682e-4,
            tolerance=3e-6,
            slips={
                8.536e-4: "That is peak × factor, without the floor. The curve runs from peak_lr to min_lr.",
                9.536e-4: "That is min_lr + peak × factor. At factor 1 it would be above the peak.",
                7.851e-4: "That counts the progress from step 0. The cosine begins when the warmup ends.",
                7.612e-4: "That counts the progress from step 0, and leaves out the floor.",
                7.75e-4: "That is a straight line. The cosine is flat at its beginning.",
                8.922e-4: "That divides by total_steps. How many steps lie between warmup_steps and total_steps?",
            },
        )
    )


@check("mean_lr_of_wsd", points=1)
def test_mean_lr_of_wsd(student):
    """The mean learning rate of a plateau and a straight line down."""
    student.answers(
        Number(
            0.9,
            tolerance=0.004,
            slips={
                0.8: "That is the plateau alone. The decay has a learning rate too, half the peak on average.",
                0.5: "That is the mean of the decay, and of a whole cosine. Most of this run is plateau.",
                90: "That is in per cent; a fraction of the peak is asked for.",
                1.0: "That would be a run without a decay.",
            },
        )
    )


@check("order_of_schedules", points=1)
def test_order_of_schedules(student):
    """Three schedules are ordered by their final loss."""
    student.answers(
        Ordering(
            ("wsd", "cosine", "constant"),
            because="Which of them ends with small steps? And which of those has travelled further before?",
        )
    )


@check("replanned_cosine", points=1)
def test_replanned_cosine(student):
    """Changing the total of a cosine makes the learning rate jump."""
    student.answers(
        Number(
            2.298,
            tolerance=0.03,
            slips={
                2: "The total doubles; the learning rate does not. Put both progresses, 0.6 and 0.3, into the cosine.",
                0.435: "That is old divided by new. Which of the two is larger?",
                1.75: "That is a straight line's 0.7/0.4. A cosine is steeper in its middle.",
                1: "The same step has another progress now: 0.3 instead of 0.6.",
                0.794: "That is the new factor on the peak. Divide it by the old one.",
                0.345: "That is the old factor on the peak. The question asks for new divided by old.",
            },
        )
    )


@check("peak_under_lambda", points=1)
def test_peak_under_lambda(student):
    """LambdaLR multiplies the initial learning rate."""
    student.answers(
        Number(
            1e-6,
            tolerance=2e-8,
            slips={
                1e-3: "LambdaLR multiplies the optimizer's initial lr by what the function returns.",
                1.0: "That is the factor it would need. What does the function return here?",
            },
        )
    )


@check("true_of_schedules", points=1)
def test_true_of_schedules(student):
    """What WSD has and a cosine has not."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "That list entry is wrong: the report describes a cosine. Look at the table above.",
                "c": "You computed both means above: about half the peak for the cosine.",
                "d": "Look at the first figure: until its decay begins, the black curve is the fast constant one.",
            },
        )
    )
