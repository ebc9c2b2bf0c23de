"""What to look at when a student's code raised one of the exceptions that everybody meets once."""

from __future__ import annotations

Advice = tuple[tuple[str, str], ...]
ADVICE: Advice = (
    ("a leaf Variable that requires grad", "Is the whole update under torch.no_grad()?"),
    ("modified by an inplace operation", "Is the whole update under torch.no_grad()?"),
    ("NoneType", "What is None here? p.grad is, for a parameter that the loss does not depend on."),
    ("empty parameter list", "params may be a generator, which gives its parameters once. Did a loop use them up?"),
    (
        'positional arguments: "size"',
        "torch.zeros(*p.shape) has no size for a single number, of shape (). zeros_like(p) has.",
    ),
    ("unexpected keyword argument", "Compare your signature with the task's."),
    ("__init__() missing", "Compare your signature with the task's."),
    ("__init__() takes", "Compare your signature with the task's."),
    ("step() missing", "Compare your signature with the task's."),
    ("step() takes", "Compare your signature with the task's."),
    ("does not require grad", "Were gradients recorded there? A closure needs torch.enable_grad()."),
    (
        "KeyError",
        "Was this entry made before it is read: a group's by the constructor, a state's for every parameter, and after a "
        "reload too?",
    ),
    ("can't convert", "Does a tensor go where a number is wanted, or the other way round?"),
    ("must match the size", "Which two tensors meet there? Print their shapes."),
    ("output with shape [] ", "A single number has shape (). Which tensor has another shape there?"),
    (
        "match the broadcast shape",
        "Tensors of two shapes meet there: is one another parameter's, or is its shape changed?",
    ),
    (
        "can only optimize Tensors",
        "params may be a list of dicts, parameter groups; hand it to super().__init__ as it is.",
    ),
    ("grad_dtype", "Has the parameter got another dtype than it had?"),
    ("0-d", "A parameter may be a single number, of shape (): it has no rows to go through."),
    ("tuple index out of range", "Is a size of a parameter read there? A single number has shape (), without sizes."),
    ("got numpy.float64", "A parameter may be a single number: NumPy makes no array of it."),
    ("Boolean alpha", "Arguments may be given by position. Is their order the task's?"),
    ("expected scalar type", "Do the state and the parameter have the same dtype?"),
)
"""(part of what the exception says, a question about it); the first that fits counts."""

OBJECT_ADVICE: Advice = (
    ("a leaf Variable that requires grad", "Is writing into the parameters under torch.no_grad()?"),
    ("'NoneType'", "What is None here? p.grad is, for a parameter that is frozen or that the loss does not use."),
    (
        "can't optimize a non-leaf Tensor",
        "Are your copies still part of the parameters' graph? .detach() takes them out.",
    ),
    ("object is not callable", "Has an attribute the name of a method? self.NAME = ... hides the method NAME()."),
)
"""The same for functions and objects that are no optimizers."""
LOSS_ADVICE: Advice = (
    ("a leaf Variable that requires grad", "Is the loss changed in place? It is the caller's: return a new tensor."),
    *OBJECT_ADVICE,
)
"""The same for what gets a loss."""


def advice(text: str, known: Advice = ADVICE) -> str:
    """A question about an exception's text, with a space before it; "" for one that is not known."""
    return next((f" {question}" for part, question in known if part in text), "")
