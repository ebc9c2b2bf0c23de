"""What people get wrong in the steps and looks of train_until_grok: gradients, modes, which set, accuracies."""

from __future__ import annotations

import numpy as np

from autograder.judge.variants import Bank
from autograder.oracles.grok import cross_entropy, cross_entropy_slope, log_softmax

bank = Bank()
add = bank.misconception


def _twice_slope(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The gradient of cross-entropy of probabilities that are taken for logits."""
    p = np.exp(log_softmax(logits))
    inner = cross_entropy_slope(p, y)
    return np.asarray(p * (inner - (p * inner).sum(axis=1, keepdims=True)))


add(
    "gradients-pile-up",
    "that never clears the gradients",
    hints=(
        "The first update is right. What does the second one use?",
        "backward() adds to p.grad. Who clears it?",
        "Call optimizer.zero_grad() before every backward().",
    ),
    gradient=lambda new, before, k: before + new,
)
add(
    "old-gradients-in-the-first-step",
    "whose first step also uses gradients that were there before the call",
    hints=(
        "What is in p.grad when your function begins?",
        "Clearing the gradients after a step leaves the first step with what somebody else left.",
        "Call optimizer.zero_grad() before every backward(), the first one included.",
    ),
    gradient=lambda new, before, k: new + before if k == 0 else new,
)
add(
    "gradients-cleared-too-late",
    "that steps without gradients: they are cleared before the step, or never computed",
    hints=(
        "What does the optimizer find in p.grad when it steps?",
        "Is there a backward()? In which order do zero_grad, backward and step stand?",
        "First zero_grad, then backward, then step.",
    ),
    gradient=lambda new, before, k: np.full_like(new, np.nan),
)
add(
    "summed-loss",
    "that trains on the sum of the losses instead of their mean",
    hints=(
        "How does your gradient change if every example is there twice?",
        "Look at the reduction of your loss.",
        "F.cross_entropy takes the mean unless told otherwise.",
    ),
    slope=lambda logits, y: len(y) * cross_entropy_slope(logits, y),
)
add(
    "softmax-twice",
    "that puts a softmax before cross_entropy",
    hints=(
        "What is the smallest loss that yours can reach?",
        "cross_entropy wants logits. What does it get?",
        "Hand the model's output to F.cross_entropy as it is.",
    ),
    slope=_twice_slope,
    loss=lambda logits, y: cross_entropy(np.exp(log_softmax(logits)), y),
)
add(
    "trains-on-validation",
    "that trains on the validation set",
    hints=(
        "Whose gradient does the optimizer get?",
        "Look at what you hand to the model before backward().",
        "Train on train_x and train_y only.",
    ),
    gradient_set=lambda train, val, k: val,
)
add(
    "trains-on-everything",
    "that trains on the validation pairs as well",
    hints=(
        "What would validation mean if the model had seen it?",
        "Look at what you hand to the model before backward().",
        "Train on train_x and train_y only.",
    ),
    gradient_set=lambda train, val, k: tuple(np.concatenate(pair) for pair in zip(train, val, strict=True)),
)
add(
    "validates-on-training",
    "whose validation numbers are those of the training set",
    hints=(
        "Are your two accuracies ever different?",
        "Which tensors do you evaluate for validation?",
        "Evaluate val_x against val_y.",
    ),
    val_set=lambda train, val: train,
)
add(
    "sets-swapped",
    "whose training and validation numbers have changed places",
    hints=(
        "Which of the two should be high first?",
        "In which order does data hold its four parts?",
        "train_x, train_y, val_x, val_y = data.",
    ),
    train_set=lambda train, val: val,
    val_set=lambda train, val: train,
)
add(
    "evaluates-in-train-mode",
    "that evaluates in train mode",
    hints=(
        "What would dropout do while you evaluate?",
        "Which method switches a model to evaluation?",
        "model.eval() before evaluating, model.train() after.",
    ),
    eval_mode=lambda given, first: given or not first,
)
add(
    "trains-in-eval-mode",
    "that forgets to go back to train mode after evaluating",
    hints=(
        "In which mode is the model while it trains?",
        "You call model.eval(). Who undoes it?",
        "model.train() after every evaluation.",
    ),
    train_mode=lambda evaluated, given: given and not evaluated,
    end_mode=lambda given: 0.0,
    graphs=lambda evaluations, updates, given: updates,
)
add(
    "left-in-eval-mode",
    "that returns the model in eval mode",
    hints=(
        "What is model.training after your function?",
        "The last thing that you do is an evaluation. What comes after it?",
        "Call model.train() after every evaluation, the last one included.",
    ),
    end_mode=lambda given: 0.0,
)
add(
    "graphs-in-evaluation",
    "that records gradients while it evaluates",
    hints=(
        "How much memory does an evaluation of yours need?",
        "Nobody calls backward() on the validation loss. Does torch know?",
        "Evaluate inside with torch.no_grad().",
    ),
    graphs=lambda evaluations, updates, given: evaluations,
)
add(
    "gradients-left-off",
    "that leaves gradients switched off when it returns",
    hints=(
        "What is torch.is_grad_enabled() after your call?",
        "set_grad_enabled(False) holds until somebody takes it back. What comes after your last look?",
        "Use it as a block, with torch.no_grad():, and its end takes it back.",
    ),
    gradients_off=lambda: 1.0,
)
add(
    "mode-as-found",
    "that trains in whatever mode it finds the model",
    hints=(
        "Somebody hands you a model in eval mode. In which mode does yours train it?",
        "Putting the mode back as it was is not the same as train mode.",
        "Call model.train() before the first step, and after every look.",
    ),
    train_mode=lambda evaluated, given: given,
    end_mode=lambda given: float(given),
    graphs=lambda evaluations, updates, given: 0 if given else updates,
)
add(
    "validation-cut-to-training-size",
    "that looks at no more validation examples than there are training examples",
    hints=(
        "How many examples are in val_x, and how many of them do you look at?",
        "Must the two sets be of one size?",
        "Evaluate all of val_x against all of val_y.",
    ),
    val_set=lambda train, val: tuple(part[: len(train[1])] for part in val),
)
add(
    "training-cut-to-validation-size",
    "that trains on no more examples than there are validation examples",
    hints=(
        "How many examples are in train_x, and how many does one step see?",
        "Must the two sets be of one size?",
        "Give the model all of train_x.",
    ),
    gradient_set=lambda train, val, k: tuple(part[: len(val[1])] for part in train),
)
add(
    "accuracy-over-training-size",
    "that divides the right answers of both sets by the size of the training set",
    hints=(
        "Can your validation accuracy be above 1?",
        "By what do you divide the right answers of the validation set?",
        "Each set's accuracy is a mean over that set: (prediction == y).float().mean().",
    ),
    accuracy=lambda right, count, train_count: right / train_count,
)
add(
    "accuracy-in-percent",
    "whose accuracies are per cent",
    hints=(
        "What is your accuracy when everything is right?",
        "Is it a fraction, or per cent?",
        "Accuracies go from 0 to 1.",
    ),
    accuracy=lambda right, count, train_count: 100 * right / count,
    threshold=lambda: 99.0,
)
add(
    "accuracy-as-count",
    "whose accuracies count the right answers",
    hints=(
        "What is your accuracy when everything is right?",
        "Divide by something.",
        "The mean of (prediction == y) lies between 0 and 1.",
    ),
    accuracy=lambda right, count, train_count: float(right),
)
