"""Chapter 15: Muon."""

from __future__ import annotations

from autograder.judge import Choice, Number, check


@check("newton_schulz", points=3)
def test_one_step(student):
    """One step divides by the norm and applies the quintic to every singular value."""
    student.follows("one_step")
    student.follows("two_steps")


@check("newton_schulz", points=2, needs="one_step")
def test_any_number_of_steps(student):
    """Any number of steps, five without the argument, on wide matrices."""
    student.follows("wide")
    student.follows("steps")
    student.follows("by_position")


@check("newton_schulz", points=2, needs="one_step")
def test_tall_matrices(student):
    """A tall matrix comes back in its own shape."""
    student.follows("tall")
    student.follows("tall", part="flags")


@check("newton_schulz", points=2, needs="one_step")
def test_any_length(student):
    """Long, short and zero matrices are normalised with eps in the right place."""
    student.follows("size")
    student.follows("tiny")
    student.follows("eps")
    student.follows("zero")


@check("newton_schulz", points=1, needs="any_number_of_steps")
def test_any_spectrum(student):
    """Small and missing singular values are treated as the polynomial treats them."""
    student.follows("spectrum")
    student.follows("rank_one")


@check("newton_schulz", points=2, needs="one_step")
def test_tensors(student):
    """The result has the shape and dtype of g, views work, and g is left alone."""
    student.follows("dtypes")
    student.follows("layout")
    student.follows(part="flags")


@check("muon", points=2)
def test_first_step(student):
    """The first step goes against the orthogonalised gradient, lr long in every direction."""
    student.follows("first_step")


@check("muon", points=2, needs="first_step")
def test_momentum(student):
    """Momentum comes before orthogonalisation, with and without Nesterov."""
    student.follows("momentum")
    student.follows("steps")


@check("muon", points=2, needs="first_step")
def test_scales(student):
    """Each of the three scales depends on the shape as its formula says."""
    student.follows("scales")
    student.follows("scale")


@check("muon", points=2, needs="first_step")
def test_weight_decay(student):
    """Weight decay shrinks the parameter by lr times weight_decay, whatever the scale."""
    student.follows("weight_decay")


@check("muon", points=1, needs="first_step")
def test_any_gradient(student):
    """Zero, huge and float32 gradients, and other numbers of Newton-Schulz steps, work alike."""
    student.follows("zero")
    student.follows("extremes")
    student.follows("ns_steps")
    student.follows("larger")
    student.follows("defaults")


@check("muon", points=1, needs="first_step")
def test_groups_and_schedules(student):
    """Each parameter group has its own hyperparameters, and a changed learning rate counts at once."""
    student.follows("groups")
    student.follows("schedule")


@check("muon", points=1, needs="first_step")
def test_missing_gradients(student):
    """A matrix without a gradient stays as it is, with its momentum, and the others go on."""
    student.follows("no_gradient")


@check("muon", points=1, needs="first_step")
def test_in_place(student):
    """Parameters change in place, keep their dtype, and gradients are left alone."""
    student.follows("dtypes")
    student.follows(part="views")
    student.follows(part="gradients")
    student.follows(part="flags")


@check("muon", points=1, needs="first_step")
def test_closure(student):
    """step(closure) evaluates the closure once, before the update, and returns its loss."""
    student.follows("closure")
    student.follows("closure", part="closure")


@check("muon", points=1, needs="first_step")
def test_refusals(student):
    """Invalid hyperparameters and parameters that are not matrices raise ValueError."""
    student.follows("invalid")
    student.follows("matrices_only")


@check("muon", points=2, needs="momentum")
def test_together(student):
    """Groups, decay, scales, missing gradients, a reload and a second optimizer work together."""
    student.follows("reload")
    student.follows("instances")
    student.follows("together")


@check("muon_groups", points=1)
def test_matrices_and_vectors(student):
    """Matrices come first, everything else second."""
    student.follows("matrices")


@check("muon_groups", points=2, needs="matrices_and_vectors")
def test_embeddings_and_head(student):
    """Embeddings and the head are no matrices for Muon, wherever they are in the model."""
    student.follows("language")
    student.follows("nested")


@check("muon_groups", points=1, needs="matrices_and_vectors")
def test_unusual_models(student):
    """Only two dimensions make a matrix, in whichever module it is."""
    student.follows("unusual")


@check("muon_groups", points=1, needs="embeddings_and_head")
def test_each_once(student):
    """Every parameter is in exactly one list, once, in the model's order, and a tied one is treated by all its names."""
    student.follows("tied")
    student.follows(part="flags")


@check("largest_after_five", points=1)
def test_largest_after_five(student):
    """The predicted upper end of the band after five steps is that of the tuned quintic."""
    student.answers(
        Number(
            1.13,
            tolerance=0.015,
            slips={
                1: "That is what the method is said to aim at. The tuned polynomial gave it up. What is a + b + c?",
                1.2: "That is the most that one step can give. Where does a value of 1.2 go in the next step?",
                0.68: "That is the lower end of the band. What is the upper one?",
                0.7: "That is where 1 goes in one step: a + b + c. Follow other values, for five steps.",
                1.5: "That is how the polynomial is often described. Put some values through five steps and look.",
            },
        )
    )


@check("tiny_singular_value", points=1)
def test_tiny_singular_value(student):
    """Near zero a step multiplies by a."""
    student.answers(
        Number(
            0.0485,
            tolerance=0.0025,
            slips={
                1: "Only values above about 0.01 reach the band. By how much does a tiny one grow in a step?",
                0.00172: "That adds up five times a. Each step multiplies what the step before left.",
                0.0141: "That is after four steps.",
                0.167: "That is after six steps.",
                0.0001: "It grows. Near zero the terms with x³ and x⁵ vanish; which one is left?",
            },
        )
    )


@check("ten_times_the_gradient", points=1)
def test_ten_times_the_gradient(student):
    """The length of the gradient has no say in the length of Muon's step."""
    student.answers(
        Choice(
            "b",
            options="abcd",
            why={
                "a": "That is momentum without orthogonalisation. What does newton_schulz divide by first?",
                "c": "Neither the momentum nor Newton-Schulz takes a root of the gradient. What is X when G is ten times larger?",
                "d": "The norm is divided out, and nothing else is left of it. Longer, shorter, or neither?",
            },
        )
    )


@check("cost_of_newton_schulz", points=1)
def test_cost_of_newton_schulz(student):
    """Five steps on square matrices cost 5 m / T of the forward and backward pass."""
    student.answers(
        Number(
            1.95,
            tolerance=0.06,
            unit="%",
            slips={
                0.0195: "That is the fraction. The question asks for per cent.",
                0.39: "That is one step, m / T. How many steps are there?",
                11.7: "Forward and backward pass are six times m n operations for each token. What did you divide by?",
                5.86: "That divides by the forward pass alone, 2 m n for each token. The backward pass costs twice that.",
            },
        )
    )
