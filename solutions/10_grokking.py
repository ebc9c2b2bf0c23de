# ---
# title: Grokking
# summary: A network that learns its examples by heart, waits, and then understands; what decides how long it waits.
# ---

# %% [markdown]
# # 10 · Grokking
#
# A network is right on every training example and wrong on everything else. Common sense, and
# every textbook's picture of overfitting, says: stop. Here is a network for which that advice is
# wrong. Trained on, with nothing new to learn from, it suddenly gets everything right. Power et
# al. (2022) described this first, and called it **grokking**.
#
# It is a small phenomenon with a big use: the whole story, from memorising to understanding, fits
# into seconds on a laptop, and the network is small enough to be taken apart. At the end of this
# chapter you have
#
# - made the data and written the loop that watches for the jump;
# - seen that weight decay decides whether and when it comes;
# - looked inside, and found out *what* the network understood, and that it began long before the
#   jump.
#
# Reading takes about 40 minutes, the code about 45. You need AdamW (chapter 5). Nothing is
# downloaded.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## A table with holes
#
# Arithmetic **modulo p** works with the numbers 0 to p − 1. After every operation only the
# remainder of the division by p is kept, like hours on a clock with p hours: modulo 7, 5 + 4 = 2.
# For a prime p one can also divide by everything but 0.
#
# All sums modulo p make a table of p times p answers. Show a network half of them, chosen at
# random, and ask for the others. The network knows nothing about numbers: 3 and 4 are names to
# it, as different as "cat" and "blue".

# %%
import torch
from course_lib.lab.plots import figure, show

p = 43
numbers = torch.arange(p)
table = (numbers[:, None] + numbers) % p
hidden = torch.rand(p, p, generator=torch.Generator().manual_seed(0)) < 0.5

fig, axes = figure(1, 2, height=3.7)
for ax, values, title in (
    (axes[0], table, "all answers"),
    (axes[1], table.float().masked_fill(hidden, torch.nan), "what the network is shown"),
):
    ax.imshow(values, cmap="twilight", origin="lower")
    ax.set(title=title, xlabel="b", ylabel="a")
    ax.grid(False)
show(
    fig,
    alt="Left, the table of a + b modulo 43 as colours: diagonal stripes that wrap around. "
    "Right, the same table with half of its cells blank, at random.",
)

# %% [markdown]
# You see stripes, and would fill in the blanks at once. But you see them because the rows and
# columns are in order. To the network they are shuffled.
#
# ## Predict: when does it understand?
#
# The network below has two layers and 66,048 weights. It is trained on half of the 1,849 sums
# with AdamW, at lr 0.01 and weight decay 1. After about 30 steps it gets every training sum
# right. Guessing would be right once in 43 times.
#
# **At which step does it get 99 % of the *other* half right?** Type your guess before you run
# anything below. It is checked after the experiment, and you may come back and change it.

# %% predict="grok_step" points=1
predict("grok_step", 290)

# %% [markdown]
# ## Write it: the data
#
# > **Task `modular_data`** · 10 points · about 25 minutes
# >
# > **Write** `modular_data(p, operation, train_fraction, generator)`. It returns four tensors,
# > `train_x, train_y, val_x, val_y`:
# >
# > - `x`, int64 of shape (n, 2), has the pair (a, b) in each row; `y`, int64 of shape (n,), has
# >   the answer, from 0 to p − 1;
# > - `operation` is `"add"`, `"sub"` (a − b), `"mul"` or `"div"` (a / b); any other name raises
# >   `ValueError`;
# > - a / b is the number that times b gives a, modulo p. It exists for a prime p and b ≠ 0, so
# >   `"div"` leaves out the pairs with b = 0 (and only those; p will be prime). The other three
# >   take any p, such as 12 or 223.
# >
# > **Why.** Everything in this chapter rests on the two sets having nothing in common. A leak of
# > one pair would not be noticed, and a wrong inverse would look like a hard problem.
# >
# > **What has to hold**
# > - every pair is there exactly once, in training or in validation; (1, 2) and (2, 1) are two
# >   pairs;
# > - a random choice of `train_fraction` of the pairs is for training. If that is not a whole
# >   number, round it as you like (0 < `train_fraction` < 1);
# > - all randomness comes from `generator`: the same seed gives the same four tensors, another
# >   seed another split, and so does a second call with the same generator. torch's global
# >   generator stays as it was.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Make all pairs first, in order, as two vectors `a` and `b` (look up `torch.cartesian_prod` or
# `torch.meshgrid`). Compute `y` for all of them at once. Cut at the very end.
#
# </details>
# <details>
# <summary>Hint 2: division</summary>
#
# Division by b is multiplication by b's inverse, the number that times b is 1 modulo p. Modulo 7
# the inverse of 3 is 5, as 3 · 5 = 15 = 1. Python's `pow(b, -1, p)` finds it. So does trying all
# numbers, and so does Fermat's little theorem, which says that b to the power p − 1 is 1.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `torch.randperm(n, generator=generator)` is a random order of n things. The first part of it
# indexes the training pairs *and* their answers, the rest indexes validation.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"expected scalar type Long"**: `/` makes floats. Whole-number operations on int64 tensors
#   stay int64.
# - **negative answers**: `torch.fmod` keeps the sign; `%` does not.
# - **"pow() 2nd argument cannot be negative"** or **"unsupported operand"**: `pow(b, -1, p)`
#   wants Python integers, not tensors: `b.tolist()`.
#
# </details>

# %% task="modular_data" points=10 minutes=25
import torch


def modular_data(p, operation, train_fraction, generator):
    """All problems "a operation b" modulo p with their answers, cut at random in two.

    Returns train_x, train_y, val_x, val_y; x: int64 (n, 2), y: int64 (n,).
    """
    ### BEGIN SOLUTION
    if operation not in ("add", "sub", "mul", "div"):
        raise ValueError(f"operation must be add, sub, mul or div, not {operation!r}")
    pairs = torch.cartesian_prod(torch.arange(p), torch.arange(p))
    if operation == "div":
        pairs = pairs[pairs[:, 1] > 0]
    a, b = pairs.unbind(dim=1)
    if operation == "add":
        y = (a + b) % p
    elif operation == "sub":
        y = (a - b) % p
    elif operation == "mul":
        y = a * b % p
    else:
        inverse = torch.tensor([pow(n, -1, p) for n in b.tolist()])
        y = a * inverse % p
    order = torch.randperm(len(pairs), generator=generator)
    n = int(train_fraction * len(pairs))
    train, val = order[:n], order[n:]
    return pairs[train], y[train], pairs[val], y[val]
    ### END SOLUTION


# %% check="modular_data"
check("modular_data")

# %% [markdown]
# ## Write it: the watch
#
# > **Task `grok`** · 9 points · about 20 minutes
# >
# > **Write** `train_until_grok(model, data, optimizer, max_steps, log_every)`. `data` are the
# > four tensors of `modular_data`. Each step follows the gradient of the mean cross-entropy on
# > the *whole* training set: no minibatches, so nothing is random. Before the first step, then
# > after every `log_every` steps, and after the last step, look at both sets and write down a line
# > of the log. Stop at the first look with validation accuracy of 0.99 or more, at the latest
# > after `max_steps` steps. Return a dict:
# >
# > | key | value |
# > |---|---|
# > | `"steps"` | list: how many steps had been made at each look, from 0 |
# > | `"train_loss"`, `"val_loss"` | lists: mean cross-entropy in nats |
# > | `"train_acc"`, `"val_acc"` | lists: share of right answers, 0 to 1 |
# > | `"memorised"` | first of the `steps` with `train_acc` ≥ 0.99, or `None` |
# > | `"grokked"` | first of the `steps` with `val_acc` ≥ 0.99, or `None` |
# >
# > **Why.** What you look at decides what you discover. A loop that stops when validation gets no
# > better never sees grokking.
# >
# > **What has to hold**
# > - looks are taken in eval mode and record no gradients; steps are made in train mode, whatever
# >   mode the model came in, and the model is in train mode when you return;
# > - a step uses its own gradient only, also the first one: `.grad` may hold something already;
# > - the lists hold plain Python numbers and are equally long; the two sets may differ in size;
# > - nothing else changes: the model is left as the last step made it, the data and the optimizer's
# >   settings stay as they are, gradients stay switched on, and no seed is set;
# > - nothing else ends a run early, not even a loss of NaN, and no step is made after the look that
# >   stops it. With `max_steps=7, log_every=3` and no grokking, `steps` is `[0, 3, 6, 7]`.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Write a helper that takes the model and one set and gives back loss and accuracy as two floats.
# Then write the loop with the look at its *top*, so that it sees the model before it has learned
# anything.
#
# </details>
# <details>
# <summary>Hint 2: how many looks</summary>
#
# `max_steps` steps have `max_steps + 1` moments to look at: before each of them, and after the
# last. At the last moment there is a look, but no step.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `for step in range(max_steps + 1):` if `step % log_every == 0 or step == max_steps`, look, and
# leave the loop if it is time. Then, unless `step == max_steps`: `zero_grad`, loss, `backward`,
# `step`. The prediction for each row is `logits.argmax(dim=1)`.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **the same accuracy for ever**: does `optimizer` belong to this `model`? Is there a
#   `zero_grad()`?
# - **"Expected floating point type for target with class probabilities"**: `y` has to be int64 of
#   shape (n,).
# - **the kernel's memory grows**: a list keeps loss *tensors*, and with them the graph. `.item()`
#   gives the number.
#
# </details>

# %% task="grok" points=9 minutes=20
import torch
import torch.nn.functional as F


def train_until_grok(model, data, optimizer, max_steps, log_every):
    """Train on the whole training set until 99 % of the validation set is right.

    Returns {"steps", "train_loss", "val_loss", "train_acc", "val_acc"}: lists, one entry a
    look, and {"memorised", "grokked"}: steps, or None.
    """
    ### BEGIN SOLUTION
    train_x, train_y, val_x, val_y = data
    names = ("steps", "train_loss", "val_loss", "train_acc", "val_acc")
    log = {name: [] for name in names} | {"memorised": None, "grokked": None}
    for step in range(max_steps + 1):
        if step % log_every == 0 or step == max_steps:
            train_loss, train_acc = loss_and_accuracy(model, train_x, train_y)
            val_loss, val_acc = loss_and_accuracy(model, val_x, val_y)
            for name, value in zip(names, (step, train_loss, val_loss, train_acc, val_acc)):
                log[name].append(value)
            if log["memorised"] is None and train_acc >= 0.99:
                log["memorised"] = step
            if val_acc >= 0.99:
                log["grokked"] = step
                break
        if step < max_steps:
            optimizer.zero_grad()
            F.cross_entropy(model(train_x), train_y).backward()
            optimizer.step()
    return log


def loss_and_accuracy(model, x, y):
    """Mean cross-entropy and share of right answers, in eval mode, without gradients."""
    model.eval()
    with torch.no_grad():
        logits = model(x)
        loss = F.cross_entropy(logits, y)
        accuracy = (logits.argmax(dim=1) == y).float().mean()
    model.train()
    return loss.item(), accuracy.item()
    ### END SOLUTION


# %% check="grok"
check("grok")

# %% [markdown]
# ## Memorise, wait, understand
#
# The network has one table for a and one for b. It looks up a row in each, adds them, squares
# every entry, and multiplies by a matrix: logits = out · (left[a] + right[b])². This is the
# architecture of Gromov (2023), without biases. Its 512 hidden numbers are plenty for 924
# training sums.
#
# The optimizer is your own AdamW from chapter 5. (Where that is not written yet, torch's stands
# in and says so.) β₂ is 0.98 in all runs of this chapter, as in Power et al.

# %%
try:
    from course_lib.optim import AdamW
except ImportError:
    from torch.optim import AdamW

    print("AdamW of chapter 5 is not written yet: torch.optim.AdamW stands in.")

from functools import cache

import numpy as np
from course_lib.lab.grok_models import SquareMLP
from course_lib.lab.grok_play import colours, experiment, firsts, plot_log
from course_lib.lab.plots import colour, label_ends, ramp, readable
from course_lib.lab.scale import at_scale
from course_lib.lab.train import one_thread
from course_lib.training import modular_data, train_until_grok

longest = at_scale(scale, smoke=60, cpu=10_000)
guess = np.log(p)


def sums(fraction=0.5, seed=0):
    """Sums modulo 43, `fraction` of them for training."""
    return modular_data(p, "add", fraction, torch.Generator().manual_seed(seed))


def watch(model, data, lr=0.01, decay=1.0, max_steps=1000, log_every=5):
    """Train a model with AdamW and return the log."""
    optimizer = AdamW(model.parameters(), lr=lr, betas=(0.9, 0.98), weight_decay=decay)
    with one_thread():
        return train_until_grok(model, data, optimizer, min(max_steps, longest), log_every)


@cache
def run(decay, seed=0):
    """The log of one square network; trained once for each decay and seed."""
    return watch(SquareMLP(p, seed=seed), sums(seed=seed), decay=decay, max_steps=600)


# %%
seeds = at_scale(scale, smoke=(0,), cpu=(0, 1, 2))
for seed in seeds:
    log = run(1.0, seed)
    print(f"seed {seed}: memorised at {log['memorised']}, grokked at {log['grokked']}")

fig, (accuracy, loss) = figure(2, 1, height=5.2, sharex=True)
for seed in seeds:
    log = run(1.0, seed)
    plot_log(accuracy, log, labels=seed == 0)
    for name, color in zip(("train_loss", "val_loss"), colours()):
        loss.plot(log["steps"], log[name], color=color)
loss.axhline(guess, color=colours()[0], linestyle=":", linewidth=1)
end = {"ha": "right", "transform": loss.get_yaxis_transform()}
loss.text(1, guess * 1.1, "guessing", color=colours()[0], **end)
loss.set(yscale="log", ylabel="loss, nats", xlabel="step")
accuracy.set_xlabel("")
show(
    fig,
    alt="Top: training accuracy reaches 100 % within 30 steps; validation accuracy stays at 0 "
    "until about step 150, then climbs to 99 % between steps 275 and 305. Bottom: validation "
    "loss rises above that of guessing, stays there for 100 steps, then falls steadily.",
)

# %% check="grok_step"
check("grok_step")

# %% [markdown]
# For more than a hundred steps validation accuracy is not just low, it is *below* the 2 % of
# guessing: the network is sure of wrong answers, and its validation loss is above log 43 = 3.76
# nats, that of an even guess. Nothing in the training accuracy changes after step 30. And yet the
# network goes on to the right answer for sums that it has never seen. (Five seeds of an earlier
# version of this experiment, with other first weights, gave 295 ± 6 steps.)
#
# ### What early stopping would have missed
#
# Early stopping keeps an eye on the validation loss and gives up when it has not improved for a
# while (the *patience*). How much patience would this run have needed?

# %%
log = run(1.0)
best, since, patience = float("inf"), 0, 0
for step, value in zip(log["steps"], log["val_loss"]):
    if value < best:
        best, since = value, step
    patience = max(patience, step - since)
print(f"lowest validation loss before step 50: {min(log['val_loss'][:10]):.2f} nats")
print(f"longest time without a new lowest validation loss: {patience} steps")
highest = 100 * max(log["val_acc"][:20])
print(f"highest validation accuracy in the first 95 steps: {highest:.1f} %")

# %% [markdown]
# The lowest validation loss is that of the *untrained* network, and for three times as long as
# it takes to memorise everything there is no better one. A patience of 50 steps would have
# returned a network that had learned nothing at all.
#
# This does not make early stopping wrong in general. It says that a validation loss that stands
# still is no proof that nothing is happening. The rest of the chapter is about what is happening.
#
# ## Weight decay is what moves it
#
# After step 30 the loss has almost nothing left to say. The only other thing that acts on the
# weights is decay: every step multiplies them by 1 − lr · λ, λ (lambda) being `decay`. Try
# others.

# %%
decays = (0.0, 0.5, 1.0, 3.0)
fig, (train_ax, val_ax) = figure(2, 1, height=4.6, sharex=True)
for decay, color in zip(decays, ramp(len(decays))):
    log = run(decay)
    for ax, name in ((train_ax, "train_acc"), (val_ax, "val_acc")):
        ax.plot(log["steps"], 100 * np.array(log[name]), color=color)
    reached = log["grokked"] or log["steps"][-1]
    height = 62 if log["grokked"] else 6
    val_ax.annotate(
        f"λ = {decay:g}",
        (reached, height),
        (-4, 0),
        textcoords="offset points",
        color=color,
        ha="right",
    )
train_ax.set(ylabel="training, %", ylim=(-4, 104))
val_ax.set(ylabel="validation, %", xlabel="step", ylim=(-4, 104))
show(
    fig,
    alt="Training accuracy is at 100 % within 30 steps for decay 0, 0.5 and 1, and for decay 3 "
    "only after about 70. Validation accuracy reaches 99 % at step 140 with decay 3, near 285 "
    "with 1, near 515 with 0.5, and never without decay.",
)

print("Recorded runs of three seeds, 1,000 steps:")
for decay in (0.0, 0.25, 0.5, 1.0, 2.0, 3.0):
    found = experiment("play", decay=decay, fraction=0.5)
    print(
        f"  λ = {decay:4}: training set known {firsts(found, 'memorised'):12} "
        f"grokked {firsts(found)}"
    )

# %% [markdown]
# - **Without decay it never comes**, at least not within 1,000 steps: validation accuracy stays
#   at zero. What has been memorised stays memorised.
# - **Half the decay, about twice the wait.** The plateau is the time that decay needs.
# - **With a lot of decay there is no plateau.** At λ = 3 the network takes longer to fit its
#   training set, and then there is nothing left to unlearn. Grokking is a race between two ways
#   of being right on the training set, and here the second one wins from the start.
#
# Read it like this. The memorising network needs large weights: 924 separate facts have to be
# stored. The network that *adds* gets the same training loss from much smaller weights. The loss
# cannot tell them apart, decay can. It takes away a little of both at every step, and training
# puts back only what is needed. (Nanda et al. 2023 call the last phase *cleanup*; Varma et al.
# 2023 speak of the *efficiency* of a circuit.)
#
# ### It is the product that counts
#
# Decay multiplies weights by 1 − lr · λ. So what sets the pace should be lr · λ, and not λ alone.
#
# **Quiz.** lr = 0.01 with λ = 1 groks at about step 290. You take lr = 0.02 with λ = 0.5. When?
#
# - **a** At about 145: twice the learning rate, half the time.
# - **b** Between 250 and 370: not much changes.
# - **c** At about 520, as for λ = 0.5 at lr = 0.01.
# - **d** Never.

# %% quiz="same_product" points=1
quiz("same_product", "b")

# %%
print("Recorded runs of three seeds:")
for lr, decay in ((0.005, 2.0), (0.01, 1.0), (0.02, 0.5), (0.005, 1.0), (0.02, 1.0)):
    found = experiment("lr_decay", lr=lr, decay=decay)
    print(f"  lr = {lr:5}, λ = {decay:3}: lr · λ = {lr * decay:5.3f}, grokked {firsts(found)}")

# %% check="same_product"
check("same_product")

# %% [markdown]
# Four times the learning rate at the same product changes the wait by less than a fifth. The same
# λ at four times the learning rate makes it three times shorter. **A warning for every comparison
# of optimizers on this problem**: whoever uses a larger lr · λ groks earlier, whatever the
# optimizer. Give each its own best decay, and say how many were tried.
#
# ## Play: decay and the share of the pairs
#
# How much of the table is shown matters as much as decay. Drag both. The curves were recorded
# (seed 0; the line below gives three seeds); the button makes your own run with your own code,
# dotted.

# %%
from course_lib.lab.grok_play import play_grokking


def rerun(decay, fraction):
    """A fresh run with another seed than the recorded one."""
    return watch(SquareMLP(p, seed=7), sums(fraction, seed=7), decay=decay)


play_grokking(
    rerun,
    stills=[(0.0, 0.5), (0.5, 0.5), (1.0, 0.4), (1.0, 0.7), (3.0, 0.3)],
    alt="Accuracy against step for five pairs of decay and share. Without decay validation stays "
    "at zero. Decay 0.5 and a share of 0.5: it reaches 99 % near step 515. Decay 1: near 465 with "
    "a share of 0.4, near 185 with 0.7. Decay 3 with a share of 0.3: near 740.",
)

# %%
shares = (0.3, 0.4, 0.5, 0.6, 0.7)
print("Recorded runs of three seeds at λ = 1:")
for fraction in shares:
    print(
        f"  share {fraction}: grokked {firsts(experiment('play', decay=1.0, fraction=fraction))}"
    )

# %% [markdown]
# More examples, shorter wait. At a share of 0.3 only the strongest decay that we tried got there
# within 1,000 steps, and late. Memorising has to pay for every further example; the rule costs the
# same for all of them. With very few examples memorising is the cheaper of the two, and then decay
# should not help at all: Varma et al. (2023) predict such a critical size, and test it.
#
# **Quiz.** Order these three by the step at which they grok, earliest first. Try it in your head,
# then with the sliders.
#
# - **a** λ = 0.5, share 0.5
# - **b** λ = 3, share 0.5
# - **c** λ = 1, share 0.7

# %% quiz="order_of_waits" points=1
quiz("order_of_waits", ["b", "c", "a"])

# %% check="order_of_waits"
check("order_of_waits")

# %% [markdown]
# ## What did it understand?
#
# A network has 43 numbers that are only names to it, and gets right 900 sums that it never saw.
# Something in it must have found the *order* of the names. Look for it.
#
# <details>
# <summary><b>Derive it</b>: how to add with waves</summary>
#
# Choose a frequency k and give the number n the angle 2π k n / p. Going around by a, then by b,
# is going around by a + b, and whole turns do not count: that is addition modulo p. With w = 2π
# k / p, the addition theorem says
#
# > cos w(a + b) = cos wa · cos wb − sin wa · sin wb.
#
# So a network that has cosines and sines of a and b in its tables needs only *products* to know
# cos w(a + b). Squaring makes products: (u + v)² = u² + 2uv + v². And
#
# > cos w(a + b − c) = cos w(a + b) · cos wc + sin w(a + b) · sin wc
#
# is largest where c = a + b. Weighted with cos wc and sin wc in the last layer, it is a logit
# that is highest for the right answer. Several frequencies together make the peak sharp. Gromov
# (2023) writes down weights for the square network that solve the task exactly in this way.
#
# </details>
#
# First a network that is closer to what you know: a **transformer** of one layer that reads
# "a b =" and answers at "=". Its embedding is one table of 43 rows for both numbers. Below is the
# power of that table at each frequency: how much of its columns is made of cosines and sines of
# 2π k n / 43.

# %%
from course_lib.lab.fourier import circle, power_by_frequency
from course_lib.lab.grok_models import PairTransformer


@cache
def embeddings():
    """The transformer's table of 43 rows: at the start, when the training set is known, and at the end."""
    model, data = PairTransformer(p), sums(fraction=0.4)
    optimizer = AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=1.0)
    found, step = {"at the start": model.embedding[:p].detach().clone()}, 0
    for max_steps, title in (
        (40, "step {}, memorised"),
        (min(600, longest), "step {}, the end"),
    ):
        with one_thread():
            log = train_until_grok(model, data, optimizer, max_steps, 10)
        step += log["steps"][-1]
        found[title.format(step)] = model.embedding[:p].detach().clone()
        right = [f"{100 * log[name][-1]:.0f} %" for name in ("train_acc", "val_acc")]
        print(f"step {step}: {right[0]} of training and {right[1]} of validation are right")
    return found


fig, axes = figure(1, 3, height=2.7, sharey=True)
for ax, (title, rows) in zip(axes, embeddings().items()):
    power = power_by_frequency(rows)
    ax.bar(range(1, len(power) + 1), 100 * power, color=colours()[1])
    ax.set(title=title, xlabel="frequency k")
axes[0].set_ylabel("share of the power, %")
show(
    fig,
    alt="Three bar charts of the power at frequencies 1 to 21. At the start and at step 40 all "
    "have about 5 %. At the end four frequencies hold nearly two thirds of it.",
)

# %%
start, _, end = embeddings().values()
one, two = (int(k) + 1 for k in power_by_frequency(end).argsort(descending=True)[:2])
fig, axes = figure(1, 3, height=3.0)
shown = [
    (f"start, frequency {one}", start, one),
    (f"end, frequency {one}", end, one),
    (f"end, frequency {two}", end, two),
]
for ax, (title, rows, k) in zip(axes, shown):
    points = circle(rows, k)
    ax.scatter(*points.T, s=0)
    for n, (x, y) in enumerate(points.tolist()):
        ax.annotate(str(n), (x, y), ha="center", va="center", size=7, color=colours()[1])
    ax.set(title=title, aspect="equal")
    ax.margins(0.12)
    ax.set_axis_off()
show(
    fig,
    alt="The 43 numbers in the plane of one frequency. At the start they lie anywhere. At the end "
    "they stand on a circle in the order of multiples of the frequency.",
)
inverse = pow(one, -1, p)
print(
    f"On a perfect circle of frequency {one}, neighbours differ by {inverse} or {p - inverse}."
)

# %% [markdown]
# Nobody told the network that 43 comes back to 0. It put the numbers on circles, one for each of
# its frequencies, and adds by turning. Nanda et al. (2023) found this in a transformer of this
# kind at p = 113 and worked out how attention and MLP carry out the trigonometry.
#
# Which frequencies it picks differs from seed to seed. So does the way they are put together:
# Zhong et al. (2023) found networks that do *not* use the addition theorem but another
# construction ("pizza" beside "clock"), depending on the architecture. That the circles are there
# is solid; that there is one algorithm that all networks learn is not.
#
# ### It began long before the jump
#
# Back to the square network. Split its logits into two parts: the mean over all pairs with the
# same sum (this part knows a + b and nothing else), and the rest (facts about single pairs). Three
# **progress measures**, after Nanda et al., who keep a few frequencies of a + b where we keep all:
#
# - the *share* of the logits' variance that is about the sum alone;
# - the *restricted* loss: validation loss of the first part, taken by itself;
# - the *excluded* loss: training loss of the rest, taken by itself.
#
# **Predict.** At step 60, validation accuracy is zero and validation loss is near its highest.
# The restricted loss, that of the part which is about the sum alone, is then
#
# - **a** as high as the validation loss: nothing has been understood yet;
# - **b** clearly lower than the 3.76 nats of guessing, and falling;
# - **c** already zero;
# - **d** rising.

# %% predict="restricted_at_60" points=1
predict("restricted_at_60", "b")

# %%
from course_lib.lab.fourier import inside

model, data = SquareMLP(p), sums()
optimizer = AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=1.0)
looks, validation = [], []
with one_thread():
    for step in range(0, at_scale(scale, smoke=21, cpu=301), 10):
        looks.append((step, inside(model, data, p)))
        part = train_until_grok(model, data, optimizer, 10, 10)
        validation.append((part["val_loss"][0], part["val_acc"][0]))

steps = [step for step, _ in looks]
fig, (top, bottom) = figure(2, 1, height=5.0, sharex=True)
top.plot(steps, [loss for loss, _ in validation], color=colours()[1], label="validation")
top.plot(steps, [seen.restricted for _, seen in looks], color="#d55e00", label="restricted")
top.plot(
    steps, [seen.excluded for _, seen in looks], color="#6a51a3", label="excluded (training)"
)
top.axhline(guess, color=colours()[0], linestyle=":", linewidth=1)
top.set(ylabel="loss, nats")
bottom.plot(
    steps, [100 * acc for _, acc in validation], color=colours()[1], label="right, validation"
)
bottom.plot(
    steps, [100 * seen.share for _, seen in looks], color="#d55e00", label="about the sum"
)
squares = [100 * seen.squares / looks[0][1].squares for _, seen in looks]
bottom.plot(steps, squares, color=colours()[0], label="squared weights")
bottom.set(ylabel="%", xlabel="step")
label_ends(top)
label_ends(bottom)
show(
    fig,
    alt="Top: the restricted loss falls smoothly from 4.4 nats at step 0 through 1.7 at step 60 "
    "to 0.1, while the validation loss stays above 5 until step 90. The excluded loss falls to "
    "1.1 by step 100, then rises. Bottom: the share of the logits that is about the sum climbs "
    "smoothly from 1 to 60 %; the squared weights fall all the way; validation accuracy jumps "
    "from 0 to 99 % between steps 150 and 290.",
)

# %% check="restricted_at_60"
check("restricted_at_60")

# %% [markdown]
# This is the most important picture of the chapter.
#
# - The part that adds grows **from the first step on**, smoothly. Taken alone it would be better
#   than guessing within the first 20 steps.
# - It is drowned by the memorised part, which is larger and wrong everywhere outside the training
#   set. Decay wears that away: from about step 100 the excluded loss *rises*, the network
#   forgets what it had learned by heart.
# - The jump in accuracy is where the first part outgrows the second. **Accuracy jumps, learning
#   does not.** Accuracy counts which logit is largest, and a slow change of two parts flips most
#   of these comparisons at about the same time.
#
# So "sudden understanding" is, here, a property of what was measured. Schaeffer et al. (2023) make
# this argument about "emergent abilities" of language models.
#
# ## Is it only addition, only this network?
#
# Division is harder: its table has no stripes. A ReLU network with one embedding for both numbers,
# shown 40 % of all quotients:

# %%
from course_lib.lab.grok_models import ReluMLP

quotients = modular_data(p, "div", 0.4, torch.Generator().manual_seed(0))
division = watch(
    ReluMLP(p), quotients, decay=2.0, max_steps=at_scale(scale, smoke=60, cpu=1500)
)
fig, ax = figure(height=2.8)
plot_log(ax, division)
ax.set_xscale("symlog", linthresh=10)
ax.set_xlim(left=0)
show(
    fig,
    alt="Division modulo 43: training accuracy is at 100 % by step 20, validation accuracy leaves "
    "zero after some hundred steps and reaches 99 % near step 1,000. The step axis is logarithmic.",
)
print(f"three recorded seeds: grokked {firsts(experiment('division', decay=2.0))}")
without = experiment("division", decay=0.0)
right = 100 * without[0]["val_acc_at_end"]
print(f"without decay: {firsts(without)}; validation at {right:.0f} % after 2,500 steps")

# %% [markdown]
# (Modulo a prime, division is addition in disguise: every number but 0 is a power of one of them,
# and dividing subtracts the exponents. The network has to find a *different* circle, and it does.)
#
# ## A look ahead: Muon
#
# Chapter 15 is about Muon, an optimizer that treats a weight matrix as a matrix. Tveit et al.
# (2025) report that it groks in about a third fewer epochs than AdamW. Here is what we get, from
# recorded runs with torch's own Muon. In the transformer, Muon trains the six matrices inside the
# layer and AdamW everything else.

# %%
contestants = {
    "AdamW, λ = 1": experiment("transformer", optimizer="AdamW", decay=1.0),
    "AdamW, λ = 2": experiment("transformer", optimizer="AdamW", decay=2.0),
    "Muon inside, λ = 1": experiment("transformer", optimizer="Muon"),
}
fig, ax = figure(height=3.2)
for row, (name, found) in enumerate(contestants.items()):
    color, dotted = colour(name.split()[0].strip(",")), "2" in name
    for log in found:
        values = 100 * np.array(log["val_acc"])
        ax.plot(log["steps"], values, color=color, linestyle=":" if dotted else "-")
    words = f"{name} (dotted)" if dotted else name
    ax.text(0.02, 0.73 + 0.1 * row, words, color=readable(color), transform=ax.transAxes)
    print(f"transformer, {name}: grokked {firsts(found)}")
ax.set(xlabel="step", ylabel="validation, %", ylim=(-4, 104))
show(
    fig,
    alt="Validation accuracy of the transformer, three seeds each: with Muon inside it reaches 99 "
    "% first, then AdamW with decay 2 (dotted), then AdamW with decay 1.",
)
for log in experiment("mlp_optimizers")[::3]:
    plan = log["plan"]
    lr = plan["muon_lr"] if plan["optimizer"] == "Muon" else plan["lr"]
    found = experiment("mlp_optimizers", optimizer=plan["optimizer"], decay=plan["decay"])
    print(
        f"square MLP, {plan['optimizer']:5} lr {lr}, λ = {plan['decay']}: grokked {firsts(found)}"
    )

# %% [markdown]
# **On the transformer Muon is faster.** At the same decay it needs 55 % fewer steps than AdamW in
# the mean, and 33 % fewer than AdamW at the better of its two decays. Part of the plain comparison is lr · λ again:
# Muon's learning rate is larger, so is its decay per step.
#
# **On the MLP it is not.** The best of nine settings of Muon is no earlier than AdamW at lr 0.03,
# and AdamW with more decay is earlier still. On the division network none of four settings of Muon
# beat AdamW (not shown). A claim that Muon "accelerates grokking" is true for the model on which it
# was made.
#
# ## A relative: double descent
#
# Grokking is getting worse, then better, as *training* goes on. There is an older observation of
# the same shape, as the *model* grows (Belkin et al. 2019).
#
# Fit 200 noisy points by linear regression on random features: each feature is a ReLU of a random
# direction, and only the weights of the features are fitted, exactly. With few features the fit
# is too simple. With as many features as points it goes through every point, noise included.
#
# **Quiz.** At how many features is the *test* error highest? (200 points; the widths tried run
# from 10 to 3,000.)

# %% quiz="worst_width" points=1
quiz("worst_width", 200)

# %%
from course_lib.lab.double_descent import random_features

widths = (10, 25, 50, 100, 150, 180, 200, 220, 250, 300, 500, 1000, 3000)
errors = np.array(
    [random_features(widths, seed=seed) for seed in at_scale(scale, smoke=(0,), cpu=(0, 1, 2))]
)
ridge = np.array(random_features(widths, ridge=0.01))
fig, ax = figure(height=3.6)
ax.plot(widths, errors[:, :, 1].T, color=colours()[1], linewidth=1.2)
ax.plot(widths, np.maximum(errors[0, :, 0], 1e-6), color=colours()[0])
ax.plot(widths, ridge[:, 1], color="#d55e00")
ax.axvline(200, color=colours()[0], linestyle=":", linewidth=1)
for text, x, y, color in (
    ("test error, three seeds", 260, 12, colours()[1]),
    ("test error with a ridge", 700, 0.55, "#d55e00"),
    ("training error", 12, 0.02, colours()[0]),
    ("as many features as points", 205, 1500, colours()[0]),
):
    ax.annotate(text, (x, y), color=readable(color))
ax.set(
    xscale="log",
    yscale="log",
    xlabel="random features",
    ylabel="mean squared error",
    ylim=(1e-3, 5e3),
)
show(
    fig,
    alt="Test error against the number of features: about 0.5 at 50, between 10 and thousands at "
    "200, and 0.35 at 3,000, lower than anywhere left of the peak. With a small ridge there is "
    "no peak. Training error falls to zero at 200.",
)

# %% check="worst_width"
check("worst_width")

# %% [markdown]
# At 200 features there is exactly *one* way through all points, and it is a wild one. With 3,000
# there are many, and the smallest of them is tame. A ridge, which is weight decay by another name,
# removes the peak: the peak is not overfitting as such, it is overfitting without a preference for
# small weights.
#
# Networks do it too, more mildly. Recorded: two-layer ReLU networks on 300 points, a fifth of them
# with wrong labels.

# %%
from course_lib.lab.grok_play import recorded

rows = recorded()["experiments"]["mlp_widths"]
print("hidden units   training error   test error   test loss   (mean of three seeds)")
for width in dict.fromkeys(row["width"] for row in rows):
    mine = [row for row in rows if row["width"] == width]
    train_error, test_error, test_loss = (
        np.mean([row[key] for row in mine])
        for key in ("train_error", "test_error", "test_loss")
    )
    print(
        f"{width:12} {100 * train_error:14.1f} % {100 * test_error:10.1f} % {test_loss:10.2f}"
    )

# %% [markdown]
# The test *loss* peaks at 8 hidden units, just where the training error reaches zero. In the test
# error the same shows as a bump: from 24 % up to 32 %, then down to 21 %.
#
# Davies et al. (2023) propose one explanation for both: patterns that are learned at different
# speeds and generalise differently well. It is a proposal.
#
# ## What is contested
#
# - **Is it weight decay?** In the runs above, yes: without it nothing happened. But grokking has
#   been shown without decay, too. Thilak et al. (2022) see Adam's late instabilities
#   ("slingshots") at work. Kumar et al. (2024) explain it by a switch from *lazy* learning, with
#   features as they were at the start, to *rich* learning, and get it without decay by making
#   the first weights large. Liu et al. (2023, "Omnigrok") induce it on images and text in the
#   same way. Prieto et al. (2025) blame rounding: without decay the softmax saturates in float32
#   and the gradient vanishes, and a more exact softmax lets the run go on to grok.
# - **Is the jump real?** Nanda et al. and our picture say: smooth inside, sudden outside. Rubin et
#   al. (2024) find a phase transition in the strict sense, in models that can be solved on paper.
# - **Does it happen in large models?** Nobody trains a language model for hundreds of epochs on a
#   few examples, so the plain effect is rare there. Whether single abilities are grokked during
#   one pass over the data is open. Be careful with the word.
# - **What does not reproduce here.** Adam with the penalty in the loss (L2, chapter 5) is no
#   substitute in our runs (not shown): at 3 of 6 strengths validation got to about 97 % and stuck, at the
#   largest two the network could not even fit its training set. And our transformer at lr 0.03
#   never held 99 %: large learning rates make it unstable.
#
# ## In the wild
#
# **`torch.optim.AdamW`** has `weight_decay=0.01` by default. With lr = 0.01 that is lr · λ =
# 0.0001, a hundred times less than in our runs; by the rule of the product you would wait a
# hundred times as long. Language models are trained with λ = 0.1 and a peak lr of 6e-5 (GPT-3,
# 175B) to 3e-4 (Llama 2, 7B), a product of 3e-5 and less, over hundreds of thousands of steps.
#
# **Grokfast** (Lee et al. 2024) amplifies the slow part of the gradient with a moving average,
# and reports up to 50 times fewer steps. It is a filter on gradients of a few lines. Before you
# use it, ask which lr · λ it was compared with.
#
# **Checks on validation loss** are still the right default. What this chapter adds: if you have
# weight decay on, a model that fits its training set, and a flat validation curve, look inside, or
# at least at the norm of the weights. If it is still falling, the run is not over.
#
# ## GPU exercise: the phase diagram
#
# With a GPU, one can train *all* combinations of decay and share at once. `Ensemble` holds the
# weights of many networks in three tensors with a leading axis of networks; each step is two
# batched matrix products, and AdamW's arithmetic does not care how many networks there are. At
# `scale = "gpu"` it trains 800 networks, p = 97 and 113, 10 decays × 8 shares × 5 seeds; on a CPU
# a small grid at p = 23.
#
# Before you run it: where do you expect the border between "groks" and "never", and is it one
# line or two? Read `course_lib/lab/exercises/grokking.py`; it is short.

# %%
from course_lib.lab.device import device_for
from course_lib.lab.exercises import grokking

result = grokking.run(scale, device_for(scale))
print(f"{len(result['networks'])} networks in {result['seconds']:.0f} s on {result['device']}")
show(
    grokking.draw(result),
    alt="A table of colours, decay upwards, share of the pairs to the right: the median step of "
    "grokking is smallest at the top right; the lower left is crossed out.",
)

# %% [markdown]
# Two things stop a network from grokking within the budget: too little decay (the wait is longer
# than the run), and too few examples (it never pays). In the picture they are two borders, one
# below and one to the left.
#
# ## Quiz
#
# You train with λ = 0 and see the familiar plateau: training 100 %, validation 0 %. At step 500
# you switch weight decay on, λ = 1, and go on. What do you expect?
#
# - **a** Nothing: the training loss is zero, so there is no gradient left.
# - **b** It groks, a few hundred steps later.
# - **c** The weights shrink and training accuracy falls to guessing.
# - **d** It groks at once: the rule was there all the time and decay only has to uncover it.

# %% quiz="decay_switched_on" points=1
quiz("decay_switched_on", "b")

# %%
model, data = SquareMLP(p), sums()
optimizer = AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.0)
with one_thread():
    before = train_until_grok(model, data, optimizer, min(500, longest), 50)
    optimizer.param_groups[0]["weight_decay"] = 1.0
    after = train_until_grok(model, data, optimizer, min(800, longest), 10)
print(f"at the switch: validation {100 * before['val_acc'][-1]:.0f} %")
print(
    f"after the switch: grokked at {after['grokked']}, training never below {100 * min(after['train_acc']):.0f} %"
)

# %% check="decay_switched_on"
check("decay_switched_on")

# %% [markdown]
# ## In your own words
#
# A colleague fine-tunes a small model on 500 examples. Training accuracy is 100 % after two
# epochs, validation accuracy has stood at 30 % for twenty. He has read about grokking and wants to
# leave it running over the weekend.
#
# Write six to ten sentences. Which measurements, made now, would tell you whether waiting may pay?
# What would you change before waiting, and what speaks against grokking as the explanation of his
# plateau? This answer is read by a person.

# %% [markdown] free_text="explain_waiting" points=2
# Waiting pays only if something still moves. I would look at whether weight decay is on and how
# large lr · λ is: the number of steps that decay needs is of the order of 1/(lr · λ), so with lr
# 1e-5 and λ 0.01 a weekend is nothing. I would plot the sum of the squared weights (or of the
# change from the pretrained weights) over the twenty epochs: if it stands still, there is nothing
# to wait for. The validation *loss* says more than accuracy: if it has been falling while accuracy
# is flat, something is growing underneath. A progress measure of the task, if there is one, is
# better still.
#
# Before waiting I would raise the decay (or lr · λ), and get more examples, since below a critical
# number no amount of decay helps.
#
# Against it: grokking has been seen where a simple rule explains all the data and costs less
# weight than memorising it. 500 natural examples with noisy labels have no such rule, and 30 % may
# be what can be learned from them. Ordinary overfitting looks the same on the first twenty epochs.
#
# *For the grader: one point for at least two measurements that tell a moving plateau from a dead
# one (norm of weights, validation loss, lr · λ against the number of steps, progress measures);
# one for a reason why it may not be grokking at all (no rule, too few examples, noise).*

# %% [markdown]
# ## Read on
#
# - Power, Burda, Edwards, Babuschkin, Misra (2022), *Grokking: Generalization Beyond Overfitting on
#   Small Algorithmic Datasets*: where it started.
# - Nanda, Chan, Lieberum, Smith, Steinhardt (2023), *Progress Measures for Grokking via
#   Mechanistic Interpretability*, ICLR: a network taken apart completely.
# - Gromov (2023), *Grokking Modular Arithmetic*: weights for the square network, on paper.
# - Zhong, Liu, Tegmark, Andreas (2023), *The Clock and the Pizza*, NeurIPS: two algorithms for one
#   task.
# - Varma et al. (2023), *Explaining Grokking Through Circuit Efficiency*: predictions that come
#   true, such as *un*grokking when examples are taken away.
# - In disagreement: Thilak et al. (2022), *The Slingshot Mechanism*; Liu, Michaud, Tegmark (2023),
#   *Omnigrok*, ICLR; Kumar, Bordelon, Gershman, Pehlevan (2024), *Grokking as the Transition from
#   Lazy to Rich Training Dynamics*, ICLR; Rubin, Seroussi, Ringel (2024), *Grokking as a First
#   Order Phase Transition in Two Layer Networks*, ICLR; Prieto et al. (2025), *Grokking at the Edge
#   of Numerical Stability*, ICLR.
# - On speed: Lee et al. (2024), *Grokfast*; Tveit, Remseth, Skogvold (2025), *Muon Optimizer
#   Accelerates Grokking*.
# - On double descent: Belkin, Hsu, Ma, Mandal (2019), *Reconciling Modern Machine-Learning Practice
#   and the Classical Bias-Variance Trade-Off*, PNAS; Nakkiran et al. (2020), *Deep Double
#   Descent*, ICLR; Davies, Langosco, Krueger (2023), *Unifying Grokking and Double Descent*.
# - On sudden jumps that are a matter of measurement: Schaeffer, Miranda, Koyejo (2023), *Are
#   Emergent Abilities of Large Language Models a Mirage?*, NeurIPS.
#
# **Next:** chapter 15 takes up what the look ahead left open: what Muon does to a matrix.
