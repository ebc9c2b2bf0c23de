"""How `decay_groups` is tried: models of many kinds, each with a weight decay of its own."""

from __future__ import annotations

import numpy as np

from autograder.banks import _models
from autograder.judge.evidence import Scenario
from autograder.judge.groups_task import scenario

ENTRY = "decay_groups"


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Every kind of model, each with a weight decay of its own."""

    def asked() -> float:
        return round(float(rng.uniform(0.02, 0.09) + 0.1 * rng.integers(0, 4)), 4)

    made = [
        ("layers", "two linear layers and a norm in nn.Sequential", _models.two_layers(rng)),
        ("layers", "matrices only", _models.matrices_only(rng)),
        ("layers", "a small language model", _models.language_model(rng, tied=False)),
        ("kinds", "every kind of layer", _models.all_kinds(rng)),
        ("kinds", "nothing but biases and gains", _models.biases_and_gains_only(rng)),
        ("tied", "head and embedding are one", _models.language_model(rng, tied=True)),
        ("tied", "head and embedding are one, the head first", _models.language_model(rng, True, head_first=True)),
        ("tied", "two layers share weight and bias", _models.shared_twice(rng)),
        ("frozen", "part of the model is frozen", _models.frozen_backbone(rng)),
    ]
    found = [scenario(family, about, ENTRY, model, asked()) for family, about, model in made]
    found.append(scenario("layers", "weight_decay is 0", ENTRY, _models.two_layers(rng), 0.0))
    about = "names and layers that say nothing about dimensions"
    found.append(scenario("kinds", about, ENTRY, _models.misleading_names(rng), asked()))
    again = scenario("usage", "the same model once more", ENTRY, _models.all_kinds(rng), asked(), again=True)
    more = [
        ("kinds", "unusual layers, 13 deep", _models.unusual_kinds(rng)),
        ("kinds", "parts that are called module and model", _models.named_like_wrappers(rng)),
        ("usage", "partly in evaluation mode, with gradients at some parameters", _models.in_use(rng)),
        ("usage", "all parameters in one flat buffer", _models.elsewhere(rng, flat=True)),
        ("usage", "a model on the meta device, without memory", _models.elsewhere(rng, device="meta")),
    ]
    return [*found, again, *(scenario(family, about, ENTRY, model, asked()) for family, about, model in more)]
