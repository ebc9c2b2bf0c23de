"""Chapter 04: Adam."""

from __future__ import annotations

from autograder.judge import Choice, Number, check


@check("adam", points=2)
def test_first_step(student):
    """The first step is as long as it should be: both averages are corrected, and ε is in its place."""
    student.follows("first_step")


@check("adam", points=3, needs="first_step")
def test_every_step(student):
    """Later steps remember what they should, whatever the shape of a parameter and the size of its gradients."""
    student.follows("steps")
    student.follows("extremes")


@check("adam", points=1, needs="first_step")
def test_defaults(student):
    """Without arguments Adam has lr 1e-3, betas (0.9, 0.999), eps 1e-8 and no decay."""
    student.follows("defaults")


@check("adam", points=1, needs="every_step")
def test_weight_decay(student):
    """Weight decay is an L2 penalty: it adds weight_decay times the parameter to the gradient of both averages."""
    student.follows("weight_decay")


@check("adam", points=1, needs="first_step")
def test_groups_and_schedules(student):
    """Each parameter group has its own hyperparameters, and a changed learning rate counts at once."""
    student.follows("groups")
    student.follows("schedule")


@check("adam", points=1, needs="first_step")
def test_missing_gradients(student):
    """A parameter without a gradient keeps its value and its averages, and the others go on."""
    student.follows("no_gradient")


@check("adam", points=1, needs="first_step")
def test_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("adam", points=1, needs="first_step")
def test_closure(student):
    """step(closure) evaluates the closure once, before the update, and returns its loss."""
    student.follows("closure")
    student.follows("closure", part="closure")


@check("adam", points=1)
def test_invalid_hyperparameters(student):
    """A negative lr, eps or weight_decay, or a β outside [0, 1), raises ValueError."""
    student.follows("invalid")


@check("adam", points=2, needs="every_step")
def test_together(student):
    """A reload continues where it stopped, two optimizers do not disturb each other, and everything works at once."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("first_stride", points=1)
def test_first_stride(student):
    """Without correction the first step would be 0.1/√0.001 of the learning rate."""
    student.answers(
        Number(
            3.162,
            tolerance=0.02,
            unit="× lr",
            slips={
                1: "That is the corrected step. Without correction m is 0.1 and v is 0.001.",
                100: "That is m/v. The step divides by the root of v.",
                0.1: "That is m alone. It is divided by √v, which is small as well.",
                31.62: "That is 1/√v with m = 1. But m is an average that started at zero.",
                0.0316: "That is √v. The step is m divided by it.",
                0.316: "Put the numbers in again: m = 0.1, v = 0.001, and √0.001 is 0.0316.",
            },
        )
    )


@check("horizon_of_v", points=1)
def test_horizon_of_v(student):
    """An average with β = 0.95 remembers about 20 steps."""
    student.answers(
        Number(
            20,
            tolerance=0.5,
            unit="steps",
            slips={
                1000: "That is the horizon at β₂ = 0.999.",
                10: "That is the horizon at β = 0.9.",
                0.05: "That is 1 − β₂. The horizon is one over it.",
                5: "That is 100 times 1 − β₂. The horizon is one over 1 − β₂.",
                19: "That is β₂/(1 − β₂). The rule here is 1/(1 − β₂).",
            },
        )
    )


@check("loss_times_1000", points=1)
def test_loss_times_1000(student):
    """Adam's step does not depend on the scale of the loss, as long as ε is small."""
    student.answers(
        Choice(
            "c",
            options="abcd",
            why={
                "a": "That is what SGD does. In Adam the gradient is divided by √v. What does √v do?",
                "b": "That would be so without the root, or with it in the wrong place. m grows by 1000, v by 1000². And √v?",
                "d": "v grows by 1000², but the step divides by its root, and m grows as well.",
            },
        )
    )


@check("adam_state_bytes", points=1)
def test_adam_state_bytes(student):
    """Adam keeps two float32 numbers for every parameter."""
    student.answers(
        Number(
            8,
            tolerance=0.05,
            unit="bytes",
            slips={
                16: "That counts weights and gradients too. Which numbers belong to the optimizer alone?",
                4: "That is one number. How many averages does Adam keep?",
                2: "That is how many numbers. How many bytes has each?",
                12: "That counts the gradients (or the weights) too.",
            },
        )
    )
