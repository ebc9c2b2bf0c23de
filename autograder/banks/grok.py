"""The task `grok`: how train_until_grok is tried, and what people get wrong."""

from __future__ import annotations

import numpy as np

from autograder.banks._grok_steps_and_looks import bank
from autograder.judge.evidence import Scenario
from autograder.judge.grok_task import FEW, MANY, UNEVEN, GrokTask, run
from autograder.worker.players.grok import LR

add = bank.misconception


def _mode_of_first_steps(given: bool) -> tuple[str, ...]:
    """What depends on whether train mode is set by the first look only, where steps come before it."""
    return () if given else ("gradients", "graphs")


add(
    "threshold-too-low",
    "that takes 95 % for 99 %",
    hints=(
        "95 of 100 are right. Is that enough?",
        "What does the task say about the limit?",
        "The limit is 0.99, for both sets.",
    ),
    threshold=lambda: 0.95,
)
add(
    "threshold-is-half",
    "that takes 50 % for 99 %",
    hints=("60 of 100 are right. Is that enough?", "What does the task say about the limit?", "The limit is 0.99."),
    threshold=lambda: 0.5,
)
add(
    "threshold-is-one",
    "that waits for 100 %",
    hints=(
        "One example of 200 is wrong. Are 99 % of them right?",
        "What does the task say about the limit?",
        "The limit is 0.99, for both sets.",
    ),
    threshold=lambda: 1.0,
)
add(
    "more-than-99",
    "that waits for more than 99 %",
    hints=(
        "Exactly 99 of 100 are right. Is that enough?",
        "Is the limit itself high enough, or only what is above it?",
        "The task says 0.99 or more: >=, not >.",
    ),
    threshold=lambda: float(np.nextafter(0.99, 1)),
)
add(
    "never-stops",
    "that goes on after the model has grokked",
    hints=(
        "How many updates are made after grokked is found?",
        "What ends your loop?",
        "break, or return, once validation accuracy is high enough.",
    ),
    stop=lambda memorised, grokked: False,
)
add(
    "stops-when-memorised",
    "that stops as soon as the training set is learned",
    hints=(
        "Which accuracy ends your loop?",
        "Memorising is where the wait begins.",
        "Stop at validation accuracy, not at training accuracy.",
    ),
    stop=lambda memorised, grokked: memorised is not None,
)
add(
    "one-update-too-many",
    "that makes one more update after it has grokked",
    hints=(
        "How many updates did your function make, and what is grokked?",
        "Where in your loop is the question whether to stop?",
        "Stop right after the evaluation, before the next update.",
    ),
    after_stop=lambda: 1,
)
add(
    "memorised-is-the-last-time",
    "that overwrites memorised at every logged step",
    hints=(
        "The training accuracy is high at several logged steps. Which one do you keep?",
        "What happens to memorised when it is already known?",
        "Set memorised only while it is None.",
    ),
    memorised=lambda old, k, accuracy, threshold, number: k if accuracy >= threshold else old,
)
add(
    "zero-taken-for-never",
    "that takes the step 0 of memorised for never",
    source="`if not memorised` is true for None and for 0",
    hints=(
        "The training set is known before the first update. What is memorised at the end?",
        "What is `not 0` in Python? And `not None`?",
        "Ask whether memorised is None.",
    ),
    memorised=lambda old, k, accuracy, threshold, number: k if not old and accuracy >= threshold else old,
)
add(
    "memorised-forgotten",
    "that takes memorised back when training accuracy drops",
    hints=(
        "Training accuracy was high once and then fell. What is memorised?",
        "What happens to memorised when it is already known?",
        "Set memorised only while it is None.",
    ),
    memorised=lambda old, k, accuracy, threshold, number: (
        (k if old is None else old) if accuracy >= threshold else None
    ),
)
add(
    "memorised-never-set",
    "that never fills in memorised",
    hints=(
        "What is memorised after a run that memorised?",
        "Which accuracy decides on memorised?",
        "Set it at the first logged step with training accuracy of 0.99 or more.",
    ),
    memorised=lambda old, k, accuracy, threshold, number: None,
)
add(
    "grokked-never-set",
    "that stops in time but does not say when",
    hints=(
        "What is grokked after a run that stopped early?",
        "You leave the loop. What do you write down before?",
        "Set grokked to the step, then stop.",
    ),
    swap=lambda memorised, grokked: (memorised, None),
)
add(
    "firsts-swapped",
    "in which memorised and grokked have changed places",
    hints=(
        "Which of the two comes first in a run that groks late?",
        "Which accuracy belongs to which name?",
        "memorised is about training, grokked about validation.",
    ),
    swap=lambda memorised, grokked: (grokked, memorised),
)
add(
    "index-instead-of-step",
    "that gives the number of the log entry instead of the step",
    hints=(
        "With log_every = 10, can memorised or grokked be 3?",
        "What do you count: updates, or lines of the log?",
        "Write down the step, the same number that goes into steps.",
    ),
    memorised=lambda old, k, accuracy, threshold, number: number if old is None and accuracy >= threshold else old,
    grokked=lambda old, k, accuracy, threshold, number: number if old is None and accuracy >= threshold else old,
)
add(
    "minus-one-for-never",
    "that gives −1 where something never happened",
    hints=(
        "What do you return if the model never groks?",
        "How does a reader tell your value from a step?",
        "None says that it did not happen.",
    ),
    never=lambda max_steps: -1.0,
)
add(
    "max-steps-for-never",
    "that gives max_steps where something never happened",
    hints=(
        "A run did not grok. What does your dict say?",
        "How does a reader tell that from a run that grokked at the end?",
        "None says that it did not happen.",
    ),
    never=lambda max_steps: float(max_steps),
)
add(
    "logs-every-step",
    "that logs every step",
    hints=(
        "How many entries has your log, and how many should it have?",
        "Where in your code does log_every appear?",
        "Evaluate only when step % log_every == 0, and at the end.",
    ),
    logged=lambda k, max_steps, log_every: True,
)
add(
    "no-log-at-the-end",
    "that does not log the last state",
    hints=(
        "max_steps is 7 and log_every 3. Which state do you never look at?",
        "What if it groks after the last regular log entry?",
        "Also log when step == max_steps.",
    ),
    logged=lambda k, max_steps, log_every: k % log_every == 0,
)
add(
    "no-log-at-the-start",
    "that does not log the untrained model",
    hints=(
        "What is the first number in your list of steps?",
        "How good is the model before it has learned anything?",
        "Evaluate before the first update: step 0 is a multiple of log_every too.",
    ),
    logged=lambda k, max_steps, log_every: k > 0 and (k % log_every == 0 or k == max_steps),
    left_open=_mode_of_first_steps,
)
add(
    "range-too-short",
    "that never looks at the state after max_steps updates",
    hints=(
        "How many updates has the model had at your last look?",
        "range(max_steps) ends at max_steps − 1.",
        "max_steps updates need max_steps + 1 looks: range(max_steps + 1).",
    ),
    logged=lambda k, max_steps, log_every: k < max_steps and k % log_every == 0,
)
add(
    "update-after-the-last-look",
    "that makes one more update after the last look",
    hints=(
        "How many updates do you make when nothing groks?",
        "There is one look more than there are updates. What comes after the last look?",
        "Leave the loop at step == max_steps before the update.",
    ),
    updates=lambda max_steps: max_steps + 1,
    logged=lambda k, max_steps, log_every: k <= max_steps and (k % log_every == 0 or k == max_steps),
)
add(
    "logs-after-the-update",
    "that evaluates after the update but writes down the step before it",
    hints=(
        "At step 0 your log should show the untrained model. Does it?",
        "How many updates has the model had when you evaluate?",
        "Evaluate first, then update.",
    ),
    evaluated=lambda k, max_steps: k + 1,
    logged=lambda k, max_steps, log_every: k < max_steps and (k % log_every == 0 or k == max_steps - 1),
    left_open=_mode_of_first_steps,
    after_stop=lambda: 1,
)
add(
    "steps-from-one",
    "whose steps count from one",
    hints=(
        "What is the step of the untrained model in your log?",
        "A step is the number of updates so far.",
        "Write down step, not step + 1.",
    ),
    label=lambda k: k + 1,
)
add(
    "tensors-in-the-log",
    "that keeps tensors or numpy's numbers in its lists instead of plain Python numbers",
    hints=(
        "Can your dict be saved as JSON?",
        "What is the type of an entry of train_loss?",
        "Call .item() on every tensor before you append it; numpy's numbers have it, too.",
    ),
    not_floats=lambda entries: 4 * entries,
)


add(
    "gradient-clipped",
    "that clips the gradient to a length of one",
    hints=(
        "Make the loss a hundred times larger. Does the gradient that the optimizer sees grow as much?",
        "Something between backward and step shortens long gradients.",
        "Call backward, then step, and nothing in between.",
    ),
    gradient=lambda new, before, k: new * np.minimum(1.0, 1.0 / (np.linalg.norm(new) + 1e-6)),
)
add(
    "first-512-only",
    "that trains on the first 512 examples",
    hints=(
        "How many examples does one update see?",
        "This task trains on the whole training set at every step.",
        "Give the model all of train_x.",
    ),
    gradient_set=lambda train, val, k: (train[0][:512], train[1][:512]),
)
add(
    "best-restored",
    "that puts the weights with the lowest validation loss back in the end",
    source="early stopping as libraries do it",
    hints=(
        "Which step's weights has the model when you return?",
        "grokked and the last line of your log speak of the last step. Does the model?",
        "Leave the model as the last step made it.",
    ),
    left_back=lambda rows, updates: updates - min(rows, key=lambda row: (row[2], -row[0]))[0] if rows else 0.0,
)
add(
    "optimizer-changed",
    "that changes the optimizer's learning rate as it goes",
    hints=(
        "Print optimizer.param_groups[0]['lr'] before and after your call.",
        "Who chose the learning rate: the caller, or the training loop?",
        "Call zero_grad and step; leave everything else in the optimizer alone.",
    ),
    optimizer_changed=lambda updates: LR * (updates > 0),
)
add(
    "seed-set",
    "that sets the seed of torch's global generator",
    hints=(
        "Which of your lines needs a random number?",
        "What happens to the caller's random numbers after your function?",
        "Leave torch.manual_seed to whoever calls you.",
    ),
    seed_set=lambda updates: 1.0,
)


def scenarios(rng: np.random.Generator) -> list[Scenario]:
    """Runs that never get there, that memorise and fall back or from the start, that grok between and at logged steps, after
    a long plateau and without the training set, and short ones; on many examples with large gradients, and one whose
    validation loss rises for long; on sets of two sizes with exactly 99 % right, a model as somebody else left it, and a
    single validation example; a training set of odd size with very large gradients, and one that comes to NaN."""
    never = run(rng, "plain", 6, 2, train=[0, 1, 2, 2, 3, 2, 1], val=[1, 0, 1, 2, 0, 3, 2])
    falls_back = run(rng, "firsts", 8, 2, train=[0, 1, 2, 3, 4, 5, 2, 4, 5], val=[0, 1, 0, 2, 1, 3, 0, 1, 2])
    knows = run(rng, "firsts", 4, 2, train=[5, 4, 3, 4, 5], val=[0, 1, 2, 1, 0])
    late = run(rng, "stops", 15, 3, train=[1, 2, 3, 4, 4, 4, 5], val=[0, 1, 0, 2, 4, 5, 3, 4, 2, 4, 5])
    every = run(rng, "stops", 6, 1, train=[0, 3, 4, 5, 5, 5, 5], val=[0, 1, 2, 3, 5, 5, 5])
    plateau = run(rng, "stops", 22, 1, train=[0, 2, 4, 5], val=[*rng.integers(3, size=20), 5])
    unlearned = run(rng, "stops", 5, 1, train=[0, 1, 3, 2, 3], val=[0, 2, 3, 5, 1, 2])
    ends = run(rng, "edges", 7, 3, train=[0, 2, 4, 4, 5, 5, 5, 5], val=[0, 2, 1, 2, 3, 3, 3, 4])
    short = run(rng, "edges", 3, 10, train=[0, 1, 4, 4], val=[2, 1, 3, 2])
    nothing = run(rng, "edges", 0, 5, train=[2, 1], val=[3, 1])
    large = run(rng, "plain", 3, 2, train=[0, 1, 2], val=[1, 0, 2, 1], gain=30.0, repeats=25)
    worse = run(rng, "stops", 60, 1, train=[0, 2, 4, 5], val=[*rng.integers(2, size=5), *[0] * 54, 5], growth=0.1)
    at_once = run(rng, "edges", 5, 2, train=[4, 5], val=[4, 5])
    more_val = run(rng, "more_validation", 4, 1, [1, 3, 4, 5, 2], [1, 2, 1, 2, 0], growth=2.0, sizes=(FEW, MANY))
    more_train = run(rng, "more_training", 3, 2, [0, 1, 2, 1], [1, 0, 3, 2], growth=1.0, sizes=(MANY, FEW))
    just = run(rng, "stops", 4, 1, [1, 2, 3], [2, 3, 4, 5], sizes=(MANY, FEW))
    handed = run(rng, "handed", 3, 2, [0, 1, 2, 1], [1, 0, 2, 1], as_found=True)
    single = run(rng, "edges", 3, 1, [0, 2, 3], [1, 2, 3], sizes=(FEW, (0, 0, 0, 0, 1)))
    odd = run(rng, "more_training", 3, 2, [0, 0, 1], [1, 0, 2, 1], gain=4000.0, sizes=(UNEVEN, FEW))
    diverges = run(rng, "stops", 6, 1, [1, 2, 3], [1, 2, 1], lost=2)
    first = [never, falls_back, knows, late, every, plateau, unlearned, ends, short, nothing, large, worse, at_once]
    return [*first, more_val, more_train, just, handed, single, odd, diverges]


TASK = GrokTask("grok", "course_lib/training/grok.py", "train_until_grok", bank, scenarios)
