"""The task `decay_groups`: what people get wrong. How it is tried is in _decay_groups_scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._decay_groups_scenarios import ENTRY, scenarios
from autograder.judge.contract import Raises
from autograder.judge.groups_task import GroupsTask
from autograder.judge.model_spec import NORMS, Record
from autograder.judge.variants import Bank
from autograder.oracles.decay_groups import STEPS

bank = Bank()
add = bank.misconception


def decaying(rule: Any) -> Any:
    """A step `decays` from a rule for one record."""
    return lambda s: {record.name: rule(record) for record in s.records}


def losing(rule: Any) -> Any:
    """A step lost_… : the names of the records for which a rule holds."""
    return lambda s: {record.name for record in s.records if rule(record)}


def _without_embeddings(record: Record) -> bool | None:
    """A table that is also the head, and a bare table of positions, may go either way."""
    if "Embedding" in record.owners:
        return None if record.tied else False
    if record.owner == "Parameter" and "positions" in record.name:
        return None
    return len(record.shape) >= 2


def _leaf(record: Record) -> str:
    return record.name.rpartition(".")[2]


def _matrix(record: Record) -> bool:
    return len(record.shape) >= 2


bank.convention(
    "embeddings-spared",
    "embedding tables do not decay",
    source="minGPT's configure_optimizers; OLMo",
    decays=decaying(_without_embeddings),
)
bank.convention(
    "frozen-included",
    "frozen parameters are in the groups too, where they do no harm",
    source="torch.optim accepts parameters that require no gradient and skips them",
    trainable=lambda s: {record.name: True for record in s.records},
)

add(
    "everything-decays",
    "that lets everything decay",
    hints=(
        "Which weight_decay does a bias get in your groups?",
        "How many groups with different values does your list have?",
        "Parameters with fewer than two dimensions belong in a group with weight_decay 0.0.",
    ),
    decays=decaying(lambda record: True),
)
add(
    "nothing-decays",
    "that lets nothing decay",
    hints=(
        "Which weight_decay does a matrix get in your groups?",
        "Where does the argument weight_decay go?",
        "Parameters with two or more dimensions belong in a group with the given weight_decay.",
    ),
    decays=decaying(lambda record: False),
)
add(
    "reversed",
    "with the two groups the wrong way round",
    hints=(
        "Which weight_decay does a bias get in your groups, and which a matrix?",
        "Look at the comparison with ndim.",
        "Two or more dimensions decay.",
    ),
    decays=decaying(lambda record: not _matrix(record)),
)
add(
    "gains-decay",
    "that spares biases but not the gains of norms",
    hints=(
        "What would decay do to a gain that should be 1?",
        "A norm's gain is called weight. Does your rule go by names?",
        "Go by the number of dimensions: p.ndim.",
    ),
    decays=decaying(lambda record: not _leaf(record).endswith("bias")),
)
add(
    "biases-decay",
    "that spares the norms' gains but not all biases",
    hints=(
        "Which weight_decay do the biases of linear layers get?",
        "Your rule looks at the kind of layer. Which parameters has a linear layer?",
        "Go by the number of dimensions: p.ndim.",
    ),
    decays=decaying(lambda record: record.owner not in NORMS),
)
add(
    "norms-by-name",
    'that knows norms by "norm" or "ln" in their name',
    hints=(
        "Which norm decays in your groups? Look at its name.",
        "Inside nn.Sequential a norm is called 1 or 2.",
        "Go by the number of dimensions: p.ndim.",
    ),
    decays=decaying(lambda record: not any(part in record.name.lower() for part in ("bias", "norm", "ln"))),
)
add(
    "matrix-biases-spared",
    'that spares a parameter called "bias" also where it has two dimensions',
    hints=(
        "Which parameter with two dimensions does not decay? What is it called?",
        "Attention can have a bias with a number for each pair of positions.",
        "Go by the number of dimensions alone: p.ndim.",
    ),
    decays=decaying(lambda record: _matrix(record) and not _leaf(record).endswith("bias")),
)
add(
    "norms-by-type",
    "that spares everything a norm has, also where it has two dimensions",
    hints=(
        "Which parameter with two dimensions does not decay? Which layer has it?",
        "A LayerNorm over the last two dimensions has a gain with two dimensions.",
        "Go by the number of dimensions alone: p.ndim.",
    ),
    decays=decaying(lambda record: _matrix(record) and record.owner not in NORMS),
)
add(
    "exactly-two-dimensions",
    "that lets only matrices decay, not convolutions",
    hints=(
        "Which weight_decay does the kernel of a convolution get?",
        "How many dimensions has it?",
        "Two or more, not exactly two.",
    ),
    decays=decaying(lambda record: len(record.shape) == 2),
)
add(
    "three-dimensions-decay",
    "that lets convolutions decay, but no matrix",
    hints=(
        "Which weight_decay does a matrix get in your groups?",
        "How many dimensions has a matrix?",
        "Two or more, not more than two: p.ndim >= 2.",
    ),
    decays=decaying(lambda record: len(record.shape) > 2),
)
add(
    "one-dimension-decays",
    "that lets vectors decay and spares only single numbers",
    hints=(
        "Which weight_decay does a bias get in your groups?",
        "How many dimensions has a bias?",
        "Two or more dimensions decay: p.ndim >= 2.",
    ),
    decays=decaying(lambda record: len(record.shape) >= 1),
)
add(
    "linear-layers-only",
    "that lets only the weights of nn.Linear decay",
    hints=(
        "Which weight_decay does the kernel of a convolution get?",
        "Attention and convolutions have matrices too.",
        "Go by the number of dimensions: p.ndim.",
    ),
    decays=decaying(lambda record: _matrix(record) and _is_linear(record)),
)
add(
    "convolutions-lost",
    "that loses parameters with more than two dimensions",
    hints=(
        "Count the parameters in your groups and in the model.",
        "Your two conditions leave a gap. What has three dimensions?",
        "Use one condition and its opposite, so that nothing falls between them.",
    ),
    lost_large=losing(lambda record: len(record.shape) > 2),
)
add(
    "numbers-lost",
    "that loses parameters without any dimension",
    hints=(
        "Count the parameters in your groups and in the model.",
        "Your two conditions leave a gap. What has no dimension at all?",
        "Use one condition and its opposite, so that nothing falls between them.",
    ),
    lost_numbers=losing(lambda record: not record.shape),
)
add(
    "bare-parameters-lost",
    "that only finds parameters called weight or bias",
    hints=(
        "Count the parameters in your groups and in the model.",
        "A module may own a parameter of any name.",
        "model.parameters() and model.named_parameters() find them all.",
    ),
    lost_bare=losing(lambda record: _leaf(record) not in ("weight", "bias")),
)
add(
    "embeddings-lost",
    "that leaves the embedding table out of all groups",
    hints=(
        "Count the parameters in your groups and in the model.",
        "Sparing a parameter decay does not mean leaving it out.",
        "Put it into the group with weight_decay 0.0, or into the other one.",
    ),
    lost_tables=losing(lambda record: "Embedding" in record.owners),
)
add(
    "one-level-deep",
    "that does not look inside the parts of the parts",
    hints=(
        "Count the parameters in your groups and in the model.",
        "children() gives the direct parts only.",
        "model.parameters() goes all the way down.",
    ),
    lost_deep=losing(lambda record: record.name.count(".") != 1),
)
add(
    "tied-twice",
    "that lists a tied parameter once for each of its names",
    hints=(
        "Two modules share one parameter. How often is it in your groups?",
        "Do you go through modules, or ask for duplicates to be kept?",
        "model.parameters() and named_parameters() give each parameter once.",
    ),
    times=lambda s: {record.name: len(record.names) for record in s.records},
)
add(
    "tied-lost",
    "that loses tied parameters",
    hints=(
        "Two modules share one parameter. Is it in your groups at all?",
        "Removing duplicates must leave one of them.",
        "model.parameters() and named_parameters() give each parameter once.",
    ),
    lost_tied=losing(lambda record: record.tied),
)
add(
    "everything-in-the-second",
    "whose second group has all parameters",
    hints=(
        "How often is a matrix in your groups?",
        "The second group should hold what the first does not.",
        "Use the opposite condition for the second group.",
    ),
    times=lambda s: {name: 1 + bool(decays) for name, decays in s.decays.items()},
    usable=lambda s: int(not any(count > 1 for count in s.members.values())),
)
add(
    "decay-fixed",
    "with weight decay 0.1, whatever was given",
    hints=(
        "Call your function with two different values. Do the groups differ?",
        "Is a number written where the argument should be?",
        "Use the argument weight_decay.",
    ),
    high=lambda s: 0.1,
)
add(
    "second-without-decay-key",
    "whose second group does not say its weight_decay",
    hints=(
        "What weight_decay does a group get that does not name one?",
        "The optimizer's default is not always zero: AdamW's is 0.1 here.",
        'Write "weight_decay": 0.0 into the second group.',
    ),
    low=lambda s: np.nan,
)
add(
    "first-without-decay-key",
    "whose first group does not say its weight_decay",
    hints=(
        "What weight_decay does a group get that does not name one?",
        "The argument weight_decay has to arrive somewhere.",
        'Write "weight_decay": weight_decay into the first group.',
    ),
    high=lambda s: np.nan,
)
add(
    "names-instead-of-parameters",
    "that returns names instead of parameters",
    hints=(
        "What are the elements of group['params']?",
        "named_parameters() gives pairs. Which half does the optimizer need?",
        "Put the parameter itself into the list.",
    ),
    real=lambda s: False,
    usable=lambda s: int(not any(s.present.values())),
)
add(
    "copies-instead-of-parameters",
    "that returns p.data instead of p",
    hints=(
        "Train with your groups. Does the model change? Where would the gradients be?",
        "p.data is another tensor, without the parameter's gradient.",
        "Put the parameter itself into the list.",
    ),
    real=lambda s: False,
)
add(
    "two-lists",
    "that returns two lists instead of a list of dicts",
    hints=(
        "What does torch's optimizer expect when it gets groups?",
        "Each group is a dict.",
        'Return [{"params": [...], "weight_decay": weight_decay}, {"params": [...], "weight_decay": 0.0}].',
    ),
    members=lambda s: {record.name: 0 for record in s.records},
    listed=lambda s: 0,
    usable=lambda s: 0,
)


def _raises_for_ties(s: Any) -> Any:
    if any(record.tied for record in s.records):
        raise Raises
    return 1


add(
    "ties-raise",
    "that raises when two modules share a parameter",
    hints=(
        "What happens with a model whose head is its embedding table?",
        "Two names for one parameter are no mistake of the model.",
        "Sort the parameters, each once; model.parameters() already does that.",
    ),
    listed=_raises_for_ties,
)


def _beside(part: str) -> Any:
    """A step lost_… : everything beside the model's own part of this name, where it has one."""

    def lost(s: Any) -> set[str]:
        inside = {record.name for record in s.records if record.name.startswith(f"{part}.")}
        return {record.name for record in s.records} - inside if inside else set()

    return lost


for part, source in (("module", "DataParallel and DistributedDataParallel"), ("model", "torch.compile and trainers")):
    add(
        f"{part}-unwrapped",
        f"that looks only into model.{part}, where there is one",
        source=f"taking a model out of a wrapper, as for {source}",
        hints=(
            "Count the parameters in your groups and in the model.",
            f"A model may have a part called {part} and others beside it.",
            "Sort the parameters of the model that you were given.",
        ),
        lost_beside=_beside(part),
    )
add(
    "groups-kept",
    "that returns the same dicts again",
    source="functools.lru_cache, or a dict of models",
    hints=(
        "Call it twice for one model. Are the two results the same objects?",
        "An optimizer writes lr and the like into the dicts it is given. What does the second one find?",
        "Make the dicts in every call.",
    ),
    fresh=lambda s: int(not s.again),
)


def _is_linear(record: Record) -> bool:
    """In torch, the output of nn.MultiheadAttention is an nn.Linear too."""
    return "Linear" in record.owners or record.name.endswith("out_proj.weight")


TASK = GroupsTask("decay_groups", "course_lib/optim/param_groups.py", ENTRY, STEPS, bank, scenarios)
