"""The task `muon_groups`: what people get wrong. How it is tried is in _muon_groups_models."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.banks._sorted_models import ENTRY, models
from autograder.judge.rule import Quantities
from autograder.judge.sorting_task import Part, SortingTask
from autograder.judge.variants import Bank

HEADS = ("head", "lm_head")

STEPS = {
    "fits": lambda s: len(s.shape) == 2,
    "is_embedding": lambda s: any("embedding" in kind for kind in s.kinds),
    "is_head": lambda s: any(_inside(name, HEADS) for name in s.names),
    "matrix": lambda s: s.fits and not s.is_embedding and not s.is_head,
    "rest": lambda s: not s.matrix,
    "untouched": lambda s: 1.0,
    "times": lambda s: 1,
    "seen": lambda s: True,
    "place": lambda s: (s.matrix + 2 * s.rest + 10 * (s.times - 1)) * s.seen,
}


def _module(name: str) -> str:
    """blocks.0.head.weight → head."""
    return name.split(".")[-2] if "." in name else ""


def _first_head(parts: Sequence[Part]) -> str:
    """The path of the first module that is a head, "" where there is none: decoder.head.up.weight → decoder.head."""
    for pieces in (name.split(".")[:-1] for part in parts for name in part.names):
        for depth, piece in enumerate(pieces, 1):
            if piece in HEADS:
                return ".".join(pieces[:depth])
    return ""


def _inside(name: str, modules: tuple[str, ...]) -> bool:
    """Whether a parameter belongs to one of these modules, or to a part of it: head.weight, decoder.head.up.bias."""
    return any(piece in modules for piece in name.split(".")[:-1])


def _inside_or_none(s: Quantities, start: str) -> bool:
    """Whether a parameter is inside a part of the model, or the model has no such part."""
    names = [name for part in s.every for name in part.names]
    return any(name.startswith(start) for name in s.names) or not any(name.startswith(start) for name in names)


bank = Bank()
add = bank.misconception
RULE = "First list: two dimensions, no embedding, no head. Second list: all the rest."

add(
    "embeddings-to-muon",
    "that gives embeddings to Muon",
    hints=(
        "An embedding has two dimensions. Is it a map from vectors to vectors?",
        "How can you tell an nn.Embedding from a Linear, if both hold a matrix?",
        "Walk through model.modules() and note the weight of every nn.Embedding.",
    ),
    is_embedding=lambda s: False,
)
add(
    "head-to-muon",
    "that gives the head to Muon",
    hints=(
        "Which matrix turns the last hidden vector into scores?",
        "The head is a Linear like others; only its name tells.",
        "Leave out the weights of a module whose own name is head or lm_head.",
    ),
    is_head=lambda s: False,
)
add(
    "embeddings-by-name",
    "that knows embeddings by their name instead of their type",
    hints=(
        "Which embedding did you miss? What is it called?",
        "A table of positions is an embedding, too, whatever its name.",
        "Test isinstance(module, nn.Embedding).",
    ),
    is_embedding=lambda s: any("embed" in name for name in s.names),
)
add(
    "embed-in-any-name",
    "that also takes for an embedding whatever has embed in its name",
    hints=(
        "Which matrix did you give away? Look at its name, and at its type.",
        "patch_embed.proj is a Linear: it multiplies vectors. Does its name change that?",
        "Test isinstance(module, nn.Embedding), and leave names alone.",
    ),
    is_embedding=lambda s: any("embedding" in kind for kind in s.kinds) or any("embed" in name for name in s.names),
)
add(
    "embedding-subclasses-missed",
    "that knows nn.Embedding itself, but none of its subclasses",
    hints=(
        "Which embedding did you miss? What is its type?",
        "A class that inherits from nn.Embedding is an embedding, too. Does type(module) == nn.Embedding say so?",
        "Test isinstance(module, nn.Embedding).",
    ),
    is_embedding=lambda s: "embedding" in s.kinds,
)
add(
    "head-in-any-name",
    "that takes everything with head somewhere in its name for the head",
    hints=(
        "Which matrix did you give away? Look at its whole name.",
        "multi_head.query has head in its name, and is no head.",
        "Compare the last part of the module's name, not the whole path.",
    ),
    is_head=lambda s: any("head" in name for name in s.names),
)
add(
    "head-at-the-top-only",
    "that finds the head only at the top of the model",
    hints=(
        "Where in the model is the head that you missed?",
        "named_parameters gives decoder.lm_head.weight. What do you compare?",
        "Compare the last part of the module's name.",
    ),
    is_head=lambda s: any(name.split(".")[0] in HEADS for name in s.names),
)
add(
    "nested-head-missed",
    "that finds a module called head only at the top of the model",
    hints=(
        "Where in the model is the head that you missed?",
        "You find lm_head anywhere. What do you compare with head?",
        "Compare the last part of the module's name with both.",
    ),
    is_head=lambda s: any(_inside(name, ("lm_head",)) or name.split(".")[0] == "head" for name in s.names),
)
add(
    "other-names-for-the-head",
    "that takes modules called classifier or unembed for a head, too",
    hints=(
        "Which matrix did you give away? What is it called?",
        "Which names does the task give a head?",
        "head and lm_head are heads; no other name is.",
    ),
    is_head=lambda s: any(_inside(name, (*HEADS, "classifier", "unembed")) for name in s.names),
)
add(
    "first-head-only",
    "that stops at the first head",
    hints=(
        "How many heads has this model?",
        "Something ends your search when it has found one: a break, a return, next(...).",
        "Go through all modules, and note the parameters of every head.",
    ),
    is_head=lambda s: any(f"{name}.".startswith(f"{_first_head(s.every)}.") for name in s.names),
)
add(
    "lm-head-missed",
    "that does not know the name lm_head",
    hints=(
        "What is the head called that you missed?",
        "The task names two names for a head.",
        "Both head and lm_head are heads.",
    ),
    is_head=lambda s: any(_inside(name, ("head",)) for name in s.names),
)
add(
    "head-parts-missed",
    "that takes only the head's own parameters, not those of its parts",
    hints=(
        "Which matrix of a head did you miss? Look at its whole name.",
        "A head can be a module with layers inside: head.up.weight belongs to it.",
        "module.parameters() of the head gives the parameters of its parts, too.",
    ),
    is_head=lambda s: any(_module(name) in HEADS for name in s.names),
)
add(
    "convolutions-to-muon",
    "that gives weights with more than two dimensions to Muon",
    hints=(
        "What does your Muon say to a weight with three or four dimensions?",
        "ndim >= 2 and ndim == 2 differ for a convolution.",
        "Only parameters with exactly two dimensions are matrices.",
    ),
    fits=lambda s: len(s.shape) >= 2,
)
add(
    "everything-to-muon",
    "that gives vectors to Muon",
    hints=(
        "How many dimensions does a norm gain have?",
        "Muon refuses biases and gains.",
        "Only parameters with exactly two dimensions are matrices.",
    ),
    fits=lambda s: True,
)
add(
    "linear-weights-only",
    "that finds matrices only in Linear modules",
    hints=(
        "Which matrix did you miss? Which module holds it?",
        "A model may hold an nn.Parameter of its own, with two dimensions.",
        "Ask each parameter for its ndim, not each module for its type.",
    ),
    fits=lambda s: len(s.shape) == 2 and any(kind.startswith("linear") for kind in s.kinds),
)
add(
    "only-what-is-called-weight",
    "that finds matrices only among parameters called weight",
    hints=(
        "Which matrix did you miss? What is it called?",
        "A model may hold an nn.Parameter of its own, under any name.",
        "Ask each parameter for its ndim, not for its name.",
    ),
    fits=lambda s: len(s.shape) == 2 and s.names[0].split(".")[-1] == "weight",
)
add(
    "lists-swapped",
    "with the two lists in the other order",
    hints=("Which list comes first?", "Muon's comes first.", "return matrices, others"),
    place=lambda s: 2 * s.matrix + s.rest + 10 * (s.times - 1),
)
add(
    "rest-is-vectors-only",
    "whose second list lacks embeddings and head",
    hints=(
        "Count the parameters of both lists, and those of the model.",
        "Who trains the embedding?",
        RULE,
    ),
    rest=lambda s: len(s.shape) != 2 and not s.matrix,
)
add(
    "rest-is-embeddings-and-head",
    "whose second list lacks biases and gains",
    hints=(
        "Count the parameters of both lists, and those of the model.",
        "Who trains the norm gains?",
        RULE,
    ),
    rest=lambda s: (s.is_embedding or s.is_head) and not s.matrix,
)
add(
    "matrices-in-both",
    "whose second list has all parameters",
    hints=(
        "Count the parameters of both lists, and those of the model.",
        "Which optimizer would move a matrix that is in both?",
        RULE,
    ),
    rest=lambda s: True,
)
add(
    "frozen-left-out",
    "that leaves out parameters which are not trained",
    hints=(
        "Count the parameters of both lists, and those of the model.",
        "A frozen parameter may be thawed later. Which optimizer has it then?",
        "Every parameter is in one list, whatever its requires_grad says; an optimizer skips those without gradient.",
    ),
    place=lambda s: 0 if s.frozen else s.matrix + 2 * s.rest + 10 * (s.times - 1),
)
add(
    "iterators-returned",
    "that returns iterators in place of lists",
    hints=(
        "Read your first result twice. What is left the second time?",
        "filter, map and a generator expression in parentheses give iterators.",
        "Make them lists: list(...) or [... for ...].",
    ),
    lists=lambda s: 0.0,
)
add(
    "rest-frozen",
    "that freezes what Muon does not train",
    hints=(
        "Who trains the second list, if its parameters require no gradient?",
        "Print p.requires_grad of an embedding before and after your call.",
        "Sort the parameters, and change nothing about them.",
    ),
    untouched=lambda s: float(s.frozen or not s.rest),
)
add(
    "tied-twice",
    "that lists a tied parameter once for each of its names",
    hints=(
        "A head may share its matrix with the embedding. How often do you list it?",
        "Modules and names can lead to the same parameter twice.",
        "model.named_parameters() gives each parameter once; or remember the ids you have seen.",
    ),
    times=lambda s: len(s.names),
)
add(
    "tied-by-first-name",
    "that looks only at the first name of a tied parameter",
    hints=(
        "A matrix has two names. Which one do you see?",
        "named_parameters() gives a shared parameter once, under the name that comes first.",
        "Collect the ids of all head weights first, then sort the parameters by id.",
    ),
    is_head=lambda s: _inside(s.names[0], HEADS),
    is_embedding=lambda s: "embedding" in s.kinds[0],
)


for part in ("module", "model"):
    add(
        f"{part}-unwrapped",
        f"that looks only into model.{part}, where there is one",
        source="taking a model out of a wrapper",
        hints=(
            "Count the parameters of both lists, and those of the model.",
            f"A model may have a part called {part} and others beside it.",
            "Sort the parameters of the model that you were given.",
        ),
        seen=lambda s, part=part: _inside_or_none(s, f"{part}."),
    )


TASK = SortingTask(
    ENTRY,
    module="course_lib/optim/muon_groups.py",
    entry=ENTRY,
    steps=STEPS,
    bank=bank,
    draw=models,
    lists=("matrix_params", "other_params"),
)
