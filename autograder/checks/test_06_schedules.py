"""Chapter 06: learning-rate schedules."""

from __future__ import annotations

from autograder.judge import check


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
    """A run without warmup, a run that is all warmup and a run of one step work."""
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
    """Runs without warmup, without plateau, without decay and of one step work."""
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
    """No milestone, a single one and neighbouring ones work."""
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
    """Periods of one and two steps work, and so do late steps."""
    student.follows("edges")


@check("cosine_restarts", points=1, needs="restarts_growing_periods")
def test_restarts_together(student):
    """It is a function of its arguments only, in any order of steps, and returns one number."""
    student.follows("together")
    student.follows(part="flags")
