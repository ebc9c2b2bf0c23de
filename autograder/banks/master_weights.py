"""The task `master_weights`: how it is tried, and what people get wrong.

All numbers are short binary fractions, so that float32 arithmetic is exact and a rounded weight is right or wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.judge.contract import Raises
from autograder.judge.evidence import Scenario
from autograder.judge.rounding import representable
from autograder.judge.scripted_task import ScriptedTask, script
from autograder.judge.variants import Bank
from autograder.oracles.master_weights import MasterWeightsRun


def _in_new_memory(s: Any, i: int, new: Any) -> None:
    s.moved[i] = s.moved[i] + abs(new - s.params[i])
    s.params[i] = new


bank = Bank()
add = bank.misconception

add(
    "rounded-every-step",
    "in which every step starts from the rounded weights again",
    hints=(
        "Make ten steps, each too small to move a bfloat16 weight. Has anything moved?",
        "Where do the low bits of the update live between two steps?",
        "Copy the weights to float32 once, in __init__, and never read them back from the model.",
    ),
    kept=lambda s, master: representable(master, s.dtype),
)
add(
    "model-never-written",
    "that never writes the new weights into the model",
    hints=(
        "Print a model weight before and after step().",
        "Your optimizer moves its own copies. Who tells the model?",
        "After the optimizer's step: p.copy_(master), under torch.no_grad().",
    ),
    write=lambda s, i, new: None,
)
add(
    "model-written-before-the-step",
    "that writes the weights into the model before the optimizer's step, one step late",
    hints=(
        "After your first step(), has the model moved?",
        "In which order do you write and step?",
        "Gradients up, optimizer step, weights down.",
    ),
    writes_last=lambda s: False,
)
add(
    "gradients-copied-after-the-step",
    "that copies the gradients after the optimizer's step, one step late",
    hints=(
        "After your first step(), has the model moved?",
        "Which gradients does the optimizer see in the second step?",
        "Gradients up, optimizer step, weights down.",
    ),
    copies_gradients_first=lambda s: False,
)
add(
    "gradients-pile-up",
    "in which the gradients of earlier steps are added to the master's",
    hints=(
        "Your first step is right. Which gradient does the second use?",
        "The model's gradients are cleared. Are the masters'?",
        "Set master.grad anew in each step instead of adding to it.",
    ),
    gradient=lambda s, i: _sum(s.master_grads[i], s.grads[i]),
)
add(
    "old-gradient-kept",
    "that uses the gradient of an earlier step where there is none",
    hints=(
        "What does a master do in a step in which its model weight has no gradient?",
        "If p.grad is None, what is master.grad still?",
        "Set master.grad to None in that case.",
    ),
    gradient=lambda s, i: s.master_grads[i] if s.grads[i] is None else s.grads[i],
)
add(
    "no-gradient-raises",
    "that breaks when a parameter has no gradient",
    hints=(
        "What is p.grad of a parameter that the loss did not use?",
        "None has no .float().",
        "Set master.grad to None where p.grad is None.",
    ),
    gradient=lambda s, i: _raise() if s.grads[i] is None else s.grads[i],
)
add(
    "no-gradient-as-zero",
    "that puts a gradient of zero where there is none",
    hints=(
        "A parameter without a gradient still moves. What moves it?",
        "With a gradient of zero, momentum and weight decay go on.",
        "Set master.grad to None where p.grad is None.",
    ),
    gradient=lambda s, i: np.zeros(s.params[i].shape) if s.grads[i] is None else s.grads[i],
)
add(
    "gradients-not-cleared",
    "whose zero_grad leaves the model's gradients",
    hints=(
        "After zero_grad(), what is p.grad of the model's parameters?",
        "The optimizer only knows the masters, and so does its zero_grad.",
        "Clear the gradients of the model's parameters.",
    ),
    cleared=lambda s: setattr(s, "grads", list(s.grads_before)),
)
add(
    "masters-in-float64",
    "whose masters are float64",
    hints=(
        "Print master.dtype.",
        "float64 would remember the small updates, too. What does it cost in memory?",
        "p.detach().float() is a float32 copy; double() is none.",
    ),
    made=lambda s: _raise(),
)
add(
    "gradients-through-bfloat16",
    "that rounds gradients to bfloat16 on their way to the masters",
    hints=(
        "Which dtype does a gradient have between p.grad and the master?",
        "The parameters need not be bfloat16: in float32 a gradient has 24 bits.",
        "master.grad = p.grad.float(), and nothing before it.",
    ),
    gradient=lambda s, i: None if s.grads[i] is None else representable(s.grads[i], "bfloat16"),
)
add(
    "first-parameter-only",
    "that handles the first parameter only",
    hints=(
        "How many parameters have moved?",
        "Is something returned inside your loop?",
        "Every parameter needs a master.",
    ),
    chosen=lambda s, indices: indices[:1],
)
add(
    "generator-used-up",
    "that reads params twice, so that nothing is left when it is a generator",
    hints=(
        "Does it work with MasterWeights(model.parameters(), ...)?",
        "model.parameters() gives its parameters once.",
        "First line: self.params = list(params).",
    ),
    chosen=lambda s, indices: [] if _generator(s) else indices,
    cleared=lambda s: setattr(s, "grads", list(s.grads_before)) if _generator(s) else None,
)
add(
    "storage-replaced",
    "that gives the model's parameters new memory instead of new values",
    hints=(
        "Take a view of a weight before training. Does it see the new values?",
        "p.data = ... replaces the storage.",
        "p.copy_(master) under torch.no_grad() writes into it, and rounds on the way.",
    ),
    write=_in_new_memory,
)
add(
    "model-becomes-float32",
    "that puts the float32 masters themselves into the model",
    hints=(
        "What is the dtype of the model's weights after step()?",
        "The model is to stay small and fast. Which of the two copies is in float32?",
        "p.copy_(master) rounds to p's dtype.",
    ),
    rounded=lambda s, master: master,
    write=_in_new_memory,
)
add(
    "steps-twice",
    "that makes two steps of the optimizer in one",
    hints=(
        "How long is your update, compared with one step of the optimizer?",
        "Count the calls of optimizer.step().",
        "One call per step().",
    ),
    steps_taken=lambda s: 2,
)
add(
    "masters-not-saved",
    "whose state_dict leaves out the masters",
    hints=(
        "After loading, from which values do the masters go on?",
        "The model's checkpoint has rounded weights. Where are the low bits?",
        "state_dict returns the masters and the optimizer's state.",
    ),
    saves_masters=lambda s: False,
)
add(
    "optimizer-state-not-saved",
    "whose state_dict leaves out the optimizer's state",
    hints=(
        "After loading, what does the momentum remember?",
        "Which objects in MasterWeights have a memory?",
        "state_dict returns the masters and the optimizer's state.",
    ),
    saves_optimizer=lambda s: False,
)
add(
    "learning-rate-not-restored",
    "that goes on with the new optimizer's learning rate after loading, not with the saved one",
    hints=(
        "A schedule has lowered the learning rate before you save. Which one is used after loading?",
        "The optimizer's state_dict has two parts, the state and the param_groups.",
        "Save the whole optimizer.state_dict(), and load the whole of it.",
    ),
    saves_lr=lambda s: False,
)
add(
    "loaded-masters-unknown-to-the-optimizer",
    "whose loaded masters are other tensors than the optimizer's, so that the model stands still",
    hints=(
        "After loading, does the model still move?",
        "Whose tensors does the optimizer update, and which do you write into the model?",
        "Copy the loaded values into the masters that the optimizer knows: master.copy_(saved).",
    ),
    loaded=lambda s: setattr(s, "detached", True),
)


def _generator(s: Any) -> bool:
    return bool(s.program["make"]["args"][0]["form"] == "generator")


def _raise() -> Any:
    raise Raises


def _sum(one: np.ndarray | None, two: np.ndarray | None) -> np.ndarray | None:
    if one is None or two is None:
        return one if two is None else two
    return np.asarray(one + two)


SHAPES = [[3], [2, 2], []]
Events = list[list[Any]]


class Drawing:
    """Draws scripts from one generator."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def grads(self, none: Sequence[int] = (), size: float = 1.0) -> list[Any]:
        """Quarters between 0.5 and 2, of both signs, times size."""
        sizes = [int(np.prod(shape, dtype=int)) for shape in SHAPES]
        drawn = [size * self.rng.integers(2, 9, n) / 4 * self.rng.choice([-1, 1], n) for n in sizes]
        return [None if i in none else [float(v) for v in values] for i, values in enumerate(drawn)]

    def run(
        self, family: str, about: str, events: Events, lr: float, *, dtype: str = "bfloat16", form: str = "list"
    ) -> Scenario:
        """A script; the optimizer is SGD with momentum ½."""
        short = "float16" if dtype == "float16" else "bfloat16"
        init = [representable(self.rng.uniform(0.6, 1.4, s) * self.rng.choice([-1, 1], s), short) for s in SHAPES]
        make = {"args": [{"params": [0, 1, 2], "form": form}, {"make_sgd": {"lr": lr, "momentum": 0.5}}]}
        options: dict[str, Any] = {"dtype": dtype, "exact": True}
        return script("MasterWeights", family, about, events, shapes=SHAPES, init=init, make=make, **options)

    def iteration(self, none: Sequence[int] = (), micro_batches: int = 1, size: float = 1.0) -> Events:
        """Gradients, step, gradients cleared."""
        first = [["backward", self.grads(none, size), False, False]]
        more = [["backward", self.grads(none), False, False] for _ in range(micro_batches - 1)]
        return [*first, *more, ["call", "step", []], ["call", "zero_grad", []]]


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Families: step, small, gradients, reload, together."""
    d = Drawing(rng)
    few = [event for _ in range(3) for event in d.iteration()]
    others = [event for _ in range(3) for event in d.iteration()]
    small = [*d.iteration()] * 6
    same = [*d.iteration()] * 6
    missing = [event for i in range(3) for event in d.iteration(none=[i])] + d.iteration()
    summed = [event for _ in range(2) for event in d.iteration(micro_batches=3)]
    saved = [*d.iteration(), *d.iteration(), ["reload"], *d.iteration(), *d.iteration()]
    small_saved = [*d.iteration(), *d.iteration(), ["reload"], *d.iteration(none=[0]), *d.iteration()]
    whole = [*d.iteration(none=[1]), *d.iteration(micro_batches=2), ["reload"], *d.iteration(), *d.iteration(none=[2])]
    fading = [event for _ in range(3) for event in d.iteration(size=2.0**-30)]
    precise = [event for _ in range(2) for event in d.iteration(size=1 + 2.0**-10)]
    long = [event for _ in range(8) for event in d.iteration()]
    tiny, large = 2.0**-10, 2.0**-5
    lowered = [*d.iteration(), *d.iteration(), ["set_lr", large / 4], *d.iteration(), ["reload"], *d.iteration()]
    return [
        d.run("step", "", few, large),
        d.run("step", "parameters from a generator", others, large, form="generator"),
        d.run("small", "steps smaller than the spacing of bfloat16", small, tiny),
        d.run("small", "steps smaller than the spacing of float16", same, 2.0**-13, dtype="float16"),
        d.run("gradients", "one parameter in turn has no gradient", missing, large),
        d.run("gradients", "gradients of three micro-batches added up", summed, large),
        d.run("reload", "saved and loaded after two steps", saved, large),
        d.run("reload", "saved and loaded, small steps", small_saved, tiny),
        d.run("gradients", "gradients that float16 cannot hold", fading, large * 2.0**30),
        d.run("reload", "saved and loaded after a schedule has lowered the learning rate", lowered, large),
        d.run(
            "reload",
            "float32, saved and loaded after eight steps",
            [*long, ["reload"], *long[:4]],
            large,
            dtype="float32",
        ),
        d.run("together", "float32 parameters", d.iteration() + d.iteration(), large, dtype="float32"),
        d.run("gradients", "float32 gradients that bfloat16 cannot hold", precise, large, dtype="float32"),
        d.run("together", "missing gradients, micro-batches and a reload", whole, tiny, form="generator"),
    ]


TASK = ScriptedTask(
    "master_weights", "course_lib/precision/master_weights.py", "MasterWeights", MasterWeightsRun, bank, scenarios
)
