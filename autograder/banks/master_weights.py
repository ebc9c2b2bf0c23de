"""The task `master_weights`: what people get wrong. How it is tried is in _master_scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.banks._master_scenarios import scenarios
from autograder.judge.contract import Raises
from autograder.judge.rounding import representable
from autograder.judge.scripted_task import ScriptedTask
from autograder.judge.variants import Bank
from autograder.oracles.master_weights import MasterWeightsRun
from autograder.worker.codes import ErrorCode


def _in_new_memory(s: Any, i: int, new: Any) -> None:
    s.moved[i] = s.moved[i] + abs(new - s.params[i])
    s.params[i] = new


bank = Bank()
add = bank.misconception

bank.convention(
    "gradients-freed-in-step",
    "a step() that sets the model's gradients to None",
    source="Megatron-LM's Float16OptimizerWithFloat16Params, to save memory",
    left=lambda s: setattr(s, "grads", [None] * len(s.grads)),
)

add(
    "rounded-every-step",
    "in which every step moves the rounded weights, so that small steps are lost",
    hints=(
        "Make ten steps, each too small to move a bfloat16 weight. Has anything moved?",
        "Where do the low bits of the update live between two steps?",
        "Copy the weights to float32 once, in __init__; after each step the model gets the whole of the master's value.",
    ),
    kept=lambda s, i, master: representable(master, s.formats[i]),
)
add(
    "model-never-written",
    "in which no new weight ever reaches the model",
    hints=(
        "Print a model weight before and after step().",
        "Which tensors does your optimizer move: the masters or the model's? And who writes the masters into the model?",
        "make_optimizer(masters), and after the optimizer's step p.copy_(master), under torch.no_grad().",
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
    "gradient-of-zeros-dropped",
    "that takes a gradient of zeros for none",
    hints=(
        "With momentum, does a parameter move in a step whose gradient is zero?",
        "Which question do you ask about p.grad: is it None, or is there anything in it?",
        "Only None means that there is no gradient: ask p.grad is None.",
    ),
    gradient=lambda s, i: None if s.grads[i] is None or not s.grads[i].any() else s.grads[i],
)
add(
    "non-finite-gradients-replaced",
    "that replaces NaN in a gradient by zero",
    hints=(
        "Put a NaN into a gradient. Which value has its parameter after step()?",
        "Who is to notice that a training run has broken down?",
        "Hand gradients on as they are: p.grad.float().",
    ),
    gradient=lambda s, i: None if s.grads[i] is None else np.nan_to_num(s.grads[i]),
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
    made=lambda s: _raise(ErrorCode.TOO_WIDE),
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
    "masters-keyed-by-shape",
    "in which parameters of one shape share a master",
    hints=(
        "Try two parameters of the same shape. How many masters do you have?",
        "What is the key under which a master is kept?",
        "A list in the order of params will do.",
    ),
    pairs=lambda s: [(i, _last_like(s, i)) for i in s.chosen],
)
add(
    "masters-in-the-order-of-groups",
    "whose masters stand in the order of the optimizer's groups, not of params",
    hints=(
        "Let make_optimizer put biases into the first group, matrices into the second. Which master does each weight get?",
        "param_groups may list the masters in another order than you did.",
        "Keep your own list, in the order of params; the optimizer only needs the same tensors.",
    ),
    pairs=lambda s: list(zip(s.chosen, _by_groups(s), strict=True)),
)
add(
    "saved-by-shape",
    "that saves the masters under their shapes, one for each",
    hints=(
        "Try two parameters of the same shape. How many masters does your state_dict return?",
        "What is the key under which a master is saved?",
        "A list in the order of params will do.",
    ),
    saved_as=lambda s, i: _last_like(s, i),
)
add(
    "frozen-shift-the-masters",
    "whose masters belong to other parameters as soon as one is frozen",
    hints=(
        "Set requires_grad=False for the first parameter. Which master does it get?",
        "You pair two lists. Are they equally long, and in the same order?",
        "Leave frozen parameters out of both lists, or of none.",
    ),
    pairs=lambda s: list(zip(s.chosen, [i for i in s.chosen if i not in s.frozen], strict=False)),
)
add(
    "first-dtype-for-all",
    "that rounds every weight to the dtype of the first parameter",
    hints=(
        "Try bfloat16 weights beside a float32 gain. How many bits are left of the gain?",
        "Whose dtype do you round to?",
        "p.copy_(master) rounds to the dtype of p itself.",
    ),
    rounded=lambda s, i, master: representable(representable(master, s.formats[0]), s.formats[i]),
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
    rounded=lambda s, i, master: master,
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
    "that loses the masters' low bits between saving and loading",
    hints=(
        "After loading, from which values do the masters go on?",
        "The model's checkpoint has rounded weights. Are the masters in your state_dict, and who reads them when loading?",
        "state_dict returns the masters; load_state_dict copies them into the masters, and nothing else into them.",
    ),
    saves_masters=lambda s: False,
)
add(
    "optimizer-state-not-saved",
    "that loses the optimizer's state between state_dict and load_state_dict",
    hints=(
        "After loading, what does the momentum remember?",
        "Which objects in MasterWeights have a memory, and does load_state_dict hand it back to them?",
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


add(
    "momentum-survives-loading",
    "that does not load the optimizer's state where the optimizer has one already",
    hints=(
        "Make a step, then load an older state. What does the momentum remember?",
        "Loading goes back to what was saved, whatever has happened since.",
        "Load the optimizer's state without asking.",
    ),
    restores_optimizer=lambda s: False,
)
add(
    "loaded-state-is-trained-on",
    "whose masters share memory with the state that was loaded, so that training changes that state",
    hints=(
        "Load one state twice, with steps in between. Is it the same the second time?",
        "m.data = saved and m = saved copy nothing. Whose memory do the masters have then?",
        "Copy the values: master.copy_(saved).",
    ),
    copies_saved=lambda s: False,
)


def _last_like(s: Any, i: int) -> int:
    """The last parameter of this one's shape."""
    return max(j for j in s.chosen if s.params[j].shape == s.params[i].shape)


def _by_groups(s: Any) -> list[int]:
    """The chosen ones in the order of the optimizer's groups."""
    moved = int(bool(s.program["make"]["args"][1]["make_sgd"].get("last_first")))
    return [*s.chosen[len(s.chosen) - moved :], *s.chosen[: len(s.chosen) - moved]]


def _generator(s: Any) -> bool:
    return bool(s.program["make"]["args"][0]["form"] == "generator")


def _raise(*codes: ErrorCode) -> Any:
    raise Raises(*codes)


def _sum(one: np.ndarray | None, two: np.ndarray | None) -> np.ndarray | None:
    if one is None or two is None:
        return one if two is None else two
    return np.asarray(one + two)


TASK = ScriptedTask(
    "master_weights", "course_lib/precision/master_weights.py", "MasterWeights", MasterWeightsRun, bank, scenarios
)
