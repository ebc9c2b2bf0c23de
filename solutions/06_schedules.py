# ---
# title: Learning-rate schedules
# summary: Warmup, cosine, WSD, steps and restarts; what each buys, measured; and how to stop when you like.
# ---

# %% [markdown]
# # 6 · Learning-rate schedules
#
# So far the learning rate was one number for the whole run. Almost no real training run does
# that. It starts small, rises, and falls in the end. This chapter is about why, in which shape,
# and what happens when nobody knows how long the run will be. At its end you have
#
# - written four schedules: warmup with a cosine, WSD, milestones and restarts;
# - measured what a decay is worth, on runs that differ in nothing else, seed by seed;
# - trained one run and stopped it at three different budgets, without deciding beforehand;
# - seen which claims about schedules hold on a small model, and which do not.
#
# Reading takes about 50 minutes, the code about 50. You need chapters 1 and 4; your own `Adam`
# and `AdamW` are used where you have them.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## Why a constant learning rate is rarely best
#
# Chapter 1 left us with a floor. Minibatch gradients are noisy, so at a constant learning rate
# η (eta) the loss does not arrive: it hovers at a height proportional to η. A large η falls
# fast and hovers high. A small one hovers low, and takes for ever to get there.
#
# A bowl with noisy gradients shows both at once. It has nine directions, with **curvatures**
# (how fast the slope changes) from 0.01 to 1. The mean loss over all possible noise can be
# computed exactly. In a direction with curvature L, one step turns y², the mean squared
# distance from the lowest point, into
#
# > (1 − ηL)² · y² + η² σ²,
#
# where σ (sigma) is the size of the noise, here 1.

# %%
import numpy as np
from course_lib.lab.plots import figure, label_ends, ramp, readable, show, theme

curvatures = np.geomspace(0.01, 1, 9)


def expected_losses(lrs):
    """The mean loss of SGD in the noisy bowl, before each step."""
    squares, losses = 10 / curvatures, []
    for lr in lrs:
        losses.append(0.5 * np.sum(curvatures * squares))
        squares = (1 - lr * curvatures) ** 2 * squares + lr**2
    return np.array(losses)


fig, ax = figure(height=3.6)
for lr, color in zip((0.005, 0.05, 0.5), ramp(3)):
    losses = expected_losses([lr] * 1000)
    ax.plot(losses, color=color, label=f"lr = {lr}")
    print(f"lr = {lr:5}: the mean loss after 1,000 steps is {losses[-1]:.3f}")
falling = np.interp(np.arange(1000), [0, 600, 1000], [0.5, 0.5, 0.0])
losses = expected_losses(falling)
ax.plot(losses, color=theme().ink, label="0.5, then falling to 0")
print(f"0.5 until step 600, then falling to 0: {losses[-1]:.3f}")
ax.set(yscale="log", xlabel="step", ylabel="mean loss")
label_ends(ax)
show(
    fig,
    alt="Mean loss in the noisy bowl on a logarithmic axis. The large learning rate falls "
    "fastest and stays high, the small one is still falling after 1,000 steps. The run that "
    "keeps the large rate for 600 steps and then lowers it follows the first and ends below "
    "all of them.",
)

# %% [markdown]
# The black curve follows the fastest of the others for 600 steps and then drops below all of
# them. Note where the gain shows: only *during* the decay. Judge it at step 600 and it looks as
# bad as the constant rate. Keep that in mind when you compare two runs with different schedules
# half way.
#
# A **schedule** is the learning rate as a function of the step. In this chapter a schedule is a
# pure function: it remembers nothing, and the same step always gives the same number. That
# makes it easy to plot, to test and to resume.
#
# Words for its parts: T is the number of steps of the run (`total_steps`), W the number of
# steps of **warmup** at its beginning (`warmup_steps`), η_max the **peak** (`peak_lr`), η_min
# the **floor** at the end (`min_lr`). Steps count from 0, so the last one is T − 1.
#
# ## Warmup: the first steps are the longest
#
# Adam divides by √v̂, the root of an average of squared gradients (chapter 4). At the first
# step that average has seen one gradient, the very one it divides. So the first update is ±η in
# *every* coordinate, whatever the gradient says. Later the average is worth something,
# gradients that point here and there cancel in the first moment, and updates get shorter.
#
# <details>
# <summary><b>Derive it</b>: how much shorter?</summary>
#
# Suppose the gradients of one coordinate are pure noise: independent, mean 0, variance s². The
# corrected second moment is near s². The first moment is m = (1 − β₁) Σ β₁ᵏ g, so its variance
# is
#
# > (1 − β₁)² s² (1 + β₁² + β₁⁴ + …) = s² (1 − β₁)/(1 + β₁).
#
# The update m/√v has the size √((1 − β₁)/(1 + β₁)), which is 0.23 for β₁ = 0.9, in units of η.
# At the first step it was 1: more than four times as long. Gradients that agree make it longer.
# A coordinate that gets a gradient only now and then moves less: m has forgotten it after some
# ten steps, √v remembers it for hundreds.
#
# </details>
#
# Measure it: the typical size of Adam's step, in units of the peak learning rate, on the
# language model of chapter 1. Once with η = 0.03 from the first step on, once with a warmup of
# 20 steps.

# %%
import torch
from course_lib.lab.device import device_for
from course_lib.lab.scale import at_scale
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import train
from torch.nn.utils import parameters_to_vector

try:
    from course_lib.optim import Adam, AdamW
except ImportError:  # until chapters 4 and 5 are done, torch's lend themselves
    from torch.optim import Adam, AdamW

text, device = load_text(), device_for(scale)


def first_steps(lr, warmup):
    """The first steps of Adam: how long each is in units of lr, and the validation loss at the end."""
    model = TinyLM(len(text.alphabet), seed=0).to(device)
    seen = []
    history = train(
        model,
        Adam(model.parameters(), lr=lr, betas=(0.9, 0.999)),
        batches(text, seed=0),
        at_scale(scale, smoke=6, cpu=60),
        name=f"warmup {warmup}",
        schedule=lambda step: min(1, (step + 1) / warmup) if warmup else 1,
        on_gradients=lambda step: seen.append(
            parameters_to_vector(model.parameters()).detach()
        ),
        validation=validation_batch(text),
    )
    lengths = torch.stack(seen).diff(dim=0).square().mean(dim=1).sqrt() / lr
    return lengths.cpu(), history.final


fig, ax = figure(height=3.4)
warmup_finals = {}
for warmup, color in zip((0, 20), ramp(2)):
    lengths, warmup_finals[warmup] = first_steps(0.03, warmup)
    label = f"warmup of {warmup} steps" if warmup else "no warmup"
    ax.plot(np.arange(len(lengths)) + 1, lengths, color=color, label=label)
    print(f"{label}: the first step is {lengths[0]:.2f} × lr, the last {lengths[-1]:.2f} × lr")
ax.set(xlabel="step", ylabel="size of the step / peak lr", ylim=(0, None))
label_ends(ax)
show(
    fig,
    alt="Size of Adam's step over the first 60 steps. Without warmup it starts at 1 and falls "
    "within 15 steps to 0.2. With warmup it starts near 0.05 and never exceeds 0.25.",
)

# %% [markdown]
# Without warmup the model is thrown furthest while Adam knows least. Warmup multiplies exactly
# those steps by a small number.
#
# Does it help? Below are the losses after 60 steps, five seeds each, recorded beforehand (how:
# see *Recorded runs* below). Dots of one seed are joined, because a seed decides the weights
# and the batches, and what counts is whether the *same* run gets better. The crosses are the
# two runs you just made.

# %%
from course_lib.lab.schedule_plots import plot_paired
from course_lib.lab.schedule_runs import recording

fig, axes = figure(1, 2, height=3.4)
for ax, lr in zip(axes, (0.01, 0.03)):
    columns = {"no warmup": {}, "warmup 20": {}}
    for run in recording()["runs"]:
        if run["experiment"] == "warmup" and run["plan"]["lr"] == lr:
            name = "warmup 20" if run["plan"]["warmup"] else "no warmup"
            columns[name][run["seed"]] = run["losses"][-1]
    if all(columns.values()):
        mine = {"no warmup": warmup_finals[0], "warmup 20": warmup_finals[20]}
        plot_paired(ax, columns, extra=mine if lr == 0.03 and scale == "cpu" else None)
        gains = [
            columns["no warmup"][s] - columns["warmup 20"][s] for s in columns["warmup 20"]
        ]
        print(
            f"lr = {lr}: gain {np.mean(gains):.3f}, from {min(gains):.3f} to {max(gains):.3f}"
        )
    ax.set_title(f"lr = {lr}")
    ax.set_ylabel("loss after 60 steps (nats)")
show(
    fig,
    alt="Loss after 60 steps with and without warmup, dots joined by seed. At lr 0.01 each of "
    "five lines falls a little, by 0.04 on average; at 0.03 each falls clearly, by 0.15.",
)

# %% [markdown]
# At 0.03 the gain is clear: 0.15 nats, with every seed. At the modest 0.01 it is 0.04, about as
# much as the spread of the five gains. That is at the edge of what five seeds can tell; in an
# earlier version of this experiment, with three seeds, one of them went the other way. So on
# this model warmup buys you *a larger learning rate*, more than a better loss at a modest one.
# Gilmer et al. (2022) and Kalra & Barkeshli (2024) come to the same conclusion on large ones.
#
# Why it helps is contested. Liu et al. (2020) blame the cold second moment and correct it
# (RAdam). Ma & Yarats (2021) find that the *length* of the first updates explains more, and
# that a plain warmup of 2/(1 − β₂) steps does as well. Gilmer et al. see the model move to a
# flatter place meanwhile; that would help SGD as well, and it does: the famous warmup of Goyal
# et al. (2017) was for SGD with large batches. Our picture shows that the first steps are long.
# It does not show that this is the reason.
#
# ### Which step is the first?
#
# "Rise to the peak in W steps" leaves two questions open. Does step 0 train with a learning
# rate of zero, or with the first rung? And which is the first step at the peak? Published code
# disagrees:
#
# | step t of the warmup | first lr | first at the peak | who |
# |---|---|---|---|
# | t/W | 0 | step W | transformers, Megatron-LM, CS336 |
# | (t + 1)/W | η_max/W | step W − 1 | llm.c, nanochat, Lightly |
# | (t + 1)/(W + 1) | η_max/(W + 1) | step W | nanoGPT, torchtitan |
# | t/(W − 1) | 0 | step W − 1 | DINO, Lightning Bolts |
#
# With t/W the whole first batch is computed and thrown away: its learning rate is zero. Over
# thousands of steps none of this matters, but a test that compares two schedules has to know.
# The check below accepts all four and tells you which one is yours.
#
# ## Cosine
#
# After the warmup the learning rate falls. The usual shape for language models, from GPT in
# 2018 to Llama 3 in 2024, is half a cosine: flat at first, steepest in the middle, flat at the
# end.
#
# <details>
# <summary><b>Derive it</b> (from three wishes)</summary>
#
# Let p (progress) run from 0 at step W to 1 at step T: p = (t − W)/(T − W). We want a factor
# f(p) that is 1 at p = 0, 0 at p = 1, and flat at both ends. cos(πp) goes from 1 to −1 and is
# flat at both ends. Shift it up by 1 and halve it:
#
# > f(p) = ½ (1 + cos πp)
#
# Stretched between floor and peak: η = η_min + (η_max − η_min) · f(p).
#
# </details>

# %% [markdown]
# > **Task `warmup_cosine`** · 10 points · about 15 minutes
# >
# > **Write** `warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0)`, which
# > returns
# > the learning rate of a step:
# >
# > - for `step < warmup_steps`, a straight line from 0 up to `peak_lr`, whichever of the
# >   indices
# >   above you like;
# > - then `min_lr + (peak_lr - min_lr) * f`, where f falls from 1 to 0 along half a cosine
# >   between
# >   step `warmup_steps` and step `total_steps`;
# > - from `total_steps` on, `min_lr`.
# >
# > **Why.** It is the usual schedule, and its edges break easily. The functions of nanoGPT and
# > CS336 compare with `> total_steps`, and so divide zero by zero at step `total_steps` of a
# > run
# > that is all warmup.
# >
# > **What has to hold**
# > - it depends on its arguments only, and returns one number;
# > - the curve has no jump, neither at the end of the warmup nor at `total_steps`;
# > - no call divides by zero, at any step: with `warmup_steps = 0`, with `warmup_steps =
# >   total_steps` (also at step `total_steps` itself), with `total_steps = 1`;
# > - lengths hold to the step, also in runs of millions of steps, a 0 means 0, and any learning
# >   rates will do: tiny ones, whole numbers, a floor as high as the peak.
# >
# > (Published decays differ by a step as well: Lightly's is at the floor at `total_steps - 1`. The
# > check accepts that and says so. And where the whole run is warmup, the one step `total_steps`
# > may be at the peak.)
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# There are three cases, in this order: still warming up, past the end, in between. Write them
# as three returns. Only the third needs a cosine.
#
# </details>
# <details>
# <summary>Hint 2: the progress</summary>
#
# Check your progress at three places by hand: at step `warmup_steps` it is 0, at `total_steps`
# it is 1, half way between them it is ½. What do you subtract, and what do you divide by?
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# The warmup is `peak_lr * step / warmup_steps`. The rest is `min_lr + (peak_lr - min_lr) * 0.5
# * (1 + math.cos(math.pi * progress))`. The case `step >= total_steps` comes *before* the
# division in the progress, so that the division never meets a zero.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **ZeroDivisionError**: with `warmup_steps = 0`, step 0 is not `< warmup_steps`, so the ramp
#   is never computed; with `<=` it is. With `warmup_steps = total_steps` the decay has no steps
#   at all.
# - **a learning rate above the peak**: look at the last step of the warmup.
# - **it rises again after the end**: a cosine does that. Return `min_lr` there.
# - **NameError: math**: this cell becomes a file of its own; import what you need inside it.
#
# </details>

# %% task="warmup_cosine" points=10 minutes=15
import math


def warmup_cosine(step, total_steps, warmup_steps, peak_lr, min_lr=0.0):
    """Linear warmup to peak_lr, then half a cosine down to min_lr at total_steps; min_lr after that."""
    ### BEGIN SOLUTION
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
    ### END SOLUTION


# %% check="warmup_cosine"
check("warmup_cosine")

# %%
from course_lib.lab.schedule_plots import plot_schedules

fig, ax = figure(height=3.2)
plot_schedules(
    ax,
    {
        "cosine to 0": [warmup_cosine(t, 1000, 100, 1e-3) for t in range(1200)],
        "cosine, 10 % floor": [warmup_cosine(t, 1000, 100, 1e-3, 1e-4) for t in range(1200)],
    },
)
ax.axvline(1000, color=theme().neutral, linewidth=1, linestyle="--")
ax.annotate("total_steps", (1000, 0.95e-3), (4, 0), textcoords="offset points")
show(
    fig,
    alt="Two curves rise in a straight line over 100 steps to 0.001 and fall along half a "
    "cosine until step 1,000, one to 0 and one to 0.0001; both are constant after that.",
)

# %% [markdown]
# **How high should the floor be?** GPT-3, Chinchilla and LLaMA end at 10 % of the peak. On our
# small model 10 % is better than 0 by 0.02 nats (below). At a larger scale, Bergsma et al.
# (2025) find that decaying all the way to zero is better, the more so the more tokens per
# parameter.
#
# **Quiz.** total_steps = 1000, warmup_steps = 100, peak_lr = 1e-3, min_lr = 1e-4. What is the
# learning rate at step 325? Work it out with a pocket calculator, not with your function.

# %% quiz="cosine_value" points=1
quiz("cosine_value", 8.68e-4)

# %% check="cosine_value"
check("cosine_value")

# %% [markdown]
# ## WSD: stop when you like
#
# A cosine has to know T before its first step. It is built into every learning rate: half way
# to T, the rate is half the peak. Stop such a run early, and its rate never came down. Go on
# after T, and the rate is at the floor. Hoffmann et al. (2022) found that a cosine planned more
# than 25 % too long costs visibly, so a fair comparison of three budgets needs three full runs.
#
# **WSD** (warmup, stable, decay; the name is from MiniCPM, Hu et al. 2024) keeps the rate at
# the peak and brings it down only at the end, in D steps (`decay_steps`), often the last 10 to
# 20 %. Nothing before the decay depends on T. So one run serves all budgets: keep a checkpoint,
# and decay from it whenever you want a finished model.
#
# Three shapes for the decay, again with the progress p from 0 to 1:
#
# | `shape` | factor | |
# |---|---|---|
# | `"linear"` | 1 − p | a straight line |
# | `"cosine"` | ½ (1 + cos πp) | flat at both ends |
# | `"sqrt"` | 1 − √p | falls fast at first; Hägele et al. (2024) found it best |
#
# (1 − √p is not √(1 − p). The first is steep at the beginning, the second at the end. They are
# easily mixed up.)
#
# **Predict.** A run without warmup stays at the peak for 80 % of its steps and then falls in a
# straight line to zero. What is its *mean* learning rate, as a fraction of the peak? And for
# comparison: what is it for a cosine? Type the first.

# %% predict="mean_lr_of_wsd" points=1
predict("mean_lr_of_wsd", 0.9)

# %% [markdown]
# > **Task `wsd`** · 10 points · about 15 minutes
# >
# > **Write** `wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0,
# > shape="linear")`, which returns the learning rate of a step:
# >
# > - for `step < warmup_steps`, the warmup, as in `warmup_cosine`;
# > - then `peak_lr`, until `total_steps - decay_steps`;
# > - then `min_lr + (peak_lr - min_lr) * f`, where f falls from 1 to 0 in the given `shape`
# >   over
# >   the last `decay_steps` steps;
# > - from `total_steps` on, `min_lr`.
# >
# > **Why.** It is the schedule that lets you stop when you like, and you are about to do that.
# >
# > **What has to hold**
# > - the three shapes; `decay_steps` is the *length* of the decay;
# > - no call divides by zero: without warmup, without plateau (`decay_steps = total_steps -
# >   warmup_steps`), without decay (`decay_steps = 0`), with `total_steps = 1`;
# > - lengths hold to the step, a 0 means 0, and any learning rates will do, as before;
# > - before the decay begins, the result does not depend on `total_steps`, which may be a billion:
# >   no table of all steps.
# >
# > (Here, too, published code differs: transformers begins this warmup at `min_lr` instead of 0, and
# > decays are counted with a step more or less. The check accepts that and says so. And without
# > decay, the one step `total_steps` may be at the peak.)
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Four cases. Work out the step at which the decay begins and give it a name.
#
# </details>
# <details>
# <summary>Hint 2: the progress</summary>
#
# The decay begins at `total_steps - decay_steps`, where the progress is 0, and takes
# `decay_steps` steps. Neither `warmup_steps` nor the length of the plateau appears in it.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# With `start = total_steps - decay_steps`, the progress is `(step - start) / decay_steps`. A
# dict from the shape's name to its factor saves three branches. Compute it only where `start <=
# step < total_steps`.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **ZeroDivisionError**: `decay_steps` may be 0. Then the case `step >= total_steps` has to
#   come before the division.
# - **a negative learning rate**: 1 − p is negative once p > 1. Return `min_lr` after the end.
# - **only `"sqrt"` fails**: of what do you take the root?
#
# </details>

# %% task="wsd" points=10 minutes=15
import math


def wsd(step, total_steps, warmup_steps, decay_steps, peak_lr, min_lr=0.0, shape="linear"):
    """Linear warmup, plateau at peak_lr, decay to min_lr over the last decay_steps steps.

    From total_steps on it stays at min_lr. shape: of the decay, "linear" (1 − p), "cosine"
    (½(1 + cos πp)) or "sqrt" (1 − √p).
    """
    ### BEGIN SOLUTION
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    if step >= total_steps:
        return min_lr
    start = total_steps - decay_steps
    if step < start:
        return peak_lr
    progress = (step - start) / decay_steps
    if shape == "linear":
        factor = 1 - progress
    elif shape == "cosine":
        factor = 0.5 * (1 + math.cos(math.pi * progress))
    elif shape == "sqrt":
        factor = 1 - math.sqrt(progress)
    else:
        raise ValueError(f"shape is linear, cosine or sqrt, not {shape!r}")
    return min_lr + (peak_lr - min_lr) * factor
    ### END SOLUTION


# %% check="wsd"
check("wsd")

# %%
fig, ax = figure(height=3.2)
shapes = ("linear", "cosine", "sqrt")
curves = {s: [wsd(t, 1000, 100, 300, 1e-3, shape=s) for t in range(1000)] for s in shapes}
plot_schedules(ax, curves, colors=dict(zip(shapes, ramp(3))))
show(
    fig,
    alt="Three WSD schedules: up over 100 steps, flat until step 700, then down to zero in a "
    "straight line, along a cosine, or fast at first and slowly at the end.",
)
plain = [wsd(t, 1000, 0, 200, 1.0) for t in range(1000)]
cosine = [warmup_cosine(t, 1000, 0, 1.0) for t in range(1000)]
print(
    f"mean learning rate / peak: WSD with 20 % {np.mean(plain):.2f}, cosine {np.mean(cosine):.2f}"
)

# %% check="mean_lr_of_wsd"
check("mean_lr_of_wsd")

# %% [markdown]
# The **area** under the schedule, its mean, matters on its own: it is how far the run may
# travel. A run that is far from done at its end gains from area alone, and there WSD beats a
# cosine (and even a constant rate may) for that reason and no other.
#
# ## One run, three budgets
#
# Here is the property at work. The model is a smaller one, with one layer of width 32 and
# batches of four pieces of text: so small that gradient noise decides, which is where schedules
# matter. One stable run goes on and on. At three places we copy model and optimizer, and let
# the copy decay for a fifth of its budget, while the original goes on as if nothing had
# happened.

# %%
import copy
from itertools import islice

from course_lib.lab.schedule_runs import (
    BETAS,
    WEIGHT_DECAY,
    small_batches,
    small_model,
    small_validation,
)

budgets = at_scale(scale, smoke=(20, 40, 60), cpu=(375, 750, 1500))
FOREVER = 10**9


def fresh(seed=0):
    """A small model and its optimizer. The schedule decides the learning rate, so lr is 1 here."""
    model = small_model(text, seed, device)
    return model, AdamW(model.parameters(), lr=1.0, betas=BETAS, weight_decay=WEIGHT_DECAY)


def go_on(model, optimizer, start, stop, total, seed=0):
    """Steps start … stop - 1 of a run that is planned for `total` steps."""
    for group in optimizer.param_groups:
        group["lr"] = 1.0
    return train(
        model,
        optimizer,
        islice(small_batches(text, seed), start, None),
        stop - start,
        name=f"{start} to {stop}",
        schedule=lambda t: wsd(start + t, total, min(50, total // 5), total // 5, peak_lr=0.01),
        validation=small_validation(),
        validate_every=25,
    )


stable, start = fresh(), 0
stable_pieces, branches = [], {}
for budget in budgets:
    stop = budget - budget // 5
    stable_pieces.append((start, go_on(*stable, start, stop, FOREVER)))
    model, optimizer = copy.deepcopy(stable)
    branches[budget] = stop, go_on(model, optimizer, stop, budget, budget)
    if budget == budgets[0]:
        branched = model
    start = stop

# %%
from course_lib.lab.schedule_plots import schedule_colour
from course_lib.lab.schedule_runs import Plan, finals, recorded

fig, ax = figure(height=4)
for start, piece in stable_pieces:
    steps = np.array(piece.validation_steps) + start
    ax.plot(steps, piece.validation_losses, color=theme().neutral)
for budget, (start, piece) in branches.items():
    steps = np.array(piece.validation_steps) + start
    ax.plot(steps, piece.validation_losses, color=schedule_colour("WSD"), linewidth=2.4)
    ax.annotate(
        f"{piece.final:.2f}", (budget, piece.final), (4, -10), textcoords="offset points"
    )
    planned = finals(recorded(), Plan("cosine", steps=budget))
    if 0 in planned:
        ax.scatter(
            [budget], [planned[0]], color=schedule_colour("cosine"), marker="D", zorder=3
        )
        print(
            f"{budget:5} steps: branch {piece.final:.3f}, cosine planned for it {planned[0]:.3f}"
        )
ax.set(
    xlabel="step", ylabel="validation loss (nats)", ylim=(1.6, 3.2) if scale == "cpu" else None
)
handles = {"stable": theme().neutral, "decay": schedule_colour("WSD")}
handles |= {"a cosine of its own for each budget (recorded)": schedule_colour("cosine")}
for row, (label, color) in enumerate(handles.items()):
    ax.annotate(
        label, (0.4, 0.93 - 0.08 * row), xycoords="axes fraction", color=readable(color)
    )
show(
    fig,
    alt="One noisy curve falls slowly over 1,200 steps. From it, at steps 300, 600 and 1,200, "
    "three short curves drop steeply, each ending below a diamond: the loss of a cosine run "
    "that was planned for that budget.",
)

# %% [markdown]
# Three finished models for the price of one long run and three short decays: 1,725 steps. Three
# cosines, each planned for its budget, take 2,625 and end higher.
#
# Is a branch a cheaper *approximation* of the run that was planned for its budget? No, it is
# that run. Before its decay, `wsd` does not depend on `total_steps`, so both make the same
# steps. Train the shortest budget from scratch and compare the weights:

# %%
model, optimizer = fresh()
go_on(model, optimizer, 0, budgets[0], budgets[0])
pairs = zip(model.parameters(), branched.parameters())
difference = max((a - b).abs().max().item() for a, b in pairs)
print(f"largest difference between the two models' weights: {difference:.1e}")

# %% [markdown]
# ## Which schedule is best?
#
# Now all of them, on the small model, at 1,500 steps. Everything but the schedule is equal.
#
# **Predict.** Order these by their final validation loss, lowest (best) first: `"constant"`,
# `"cosine"` (to 0), `"wsd"` (20 % linear decay to 0). All have a warmup of 50 steps and the
# same peak, 0.01.

# %% predict="order_of_schedules" points=1
predict("order_of_schedules", ["wsd", "cosine", "constant"])

# %% [markdown]
# ### Recorded runs
#
# Sixty runs and more, of eight seconds each, are too many for one sitting, so they were
# recorded. The command that made them is in the repository and trains with *your* functions,
# should you want to repeat it. The run you just made is the cross.

# %%
note = recording()
if note["runs"]:
    print(f"made by {note['command']} on {note['device']},", note["versions"])
    print(f"{len(note['runs'])} runs, seeds {note['seeds']}")

shown = {
    "constant": Plan("constant"),
    "inverse sqrt": Plan("inverse sqrt"),
    "cosine": Plan("cosine"),
    "cosine, 10 % floor": Plan("cosine", floor=0.1),
    "linear": Plan("wsd", decay=1450, shape="linear"),
    "WSD": Plan("wsd", decay=300, shape="linear"),
}
columns = {name: finals(recorded(), plan) for name, plan in shown.items()}
fig, ax = figure(height=4)
mine = {"WSD": branches[budgets[-1]][1].final} if scale == "cpu" else None
plot_paired(ax, {name: column for name, column in columns.items() if column}, extra=mine)
show(
    fig,
    alt="Final losses of six schedules, three seeds each. Constant and inverse square root are "
    "highest, near 1.95; cosine 1.87, cosine with a floor 1.86, linear 1.85, WSD lowest at "
    "1.80. The lines of the three seeds hardly cross.",
)
for name, column in columns.items():
    gains = [1 - column[seed] / columns["constant"][seed] for seed in column]
    if gains:
        print(f"{name:18} {np.mean(list(column.values())):.3f}", end="   ")
        print(f"below constant by {min(gains):5.1%} to {max(gains):.1%}")

# %% check="order_of_schedules"
check("order_of_schedules")

# %% [markdown]
# The seeds differ by 0.1 among themselves, as much as the schedules do. Paired by seed, the
# order is clear: whatever comes down to zero, or to a tenth, is below constant for every seed.
# (The inverse square root, of which more below, is level with it: it falls early, where speed
# is wanted, and hardly at the end, where quiet is.) WSD is 7 to 9 % below it, and 2 to 6 %
# below the cosine.
#
# When do they part? The same runs over time, mean and range of the three seeds:

# %%
from course_lib.lab.plots import plot_band

fig, ax = figure(height=3.6)
for name in ("constant", "cosine", "WSD"):
    runs = [run for run in recorded() if run.plan == shown[name]]
    if runs:
        losses = [run.losses[4:] for run in runs]
        plot_band(ax, runs[0].steps[4:], losses, color=schedule_colour(name), label=name)
ax.axvline(1200, color=theme().neutral, linewidth=1, linestyle="--")
ax.annotate("WSD's decay begins", (1190, 2.55), ha="right")
ax.set(xlabel="step", ylabel="validation loss (nats)")
label_ends(ax)
show(
    fig,
    alt="Validation loss of constant, cosine and WSD over 1,500 steps. Constant and WSD are one "
    "curve until step 1,200; cosine is below them from step 500 on, by 0.07 at step 1,100. "
    "Then WSD drops through the cosine's curve and ends 0.08 below it.",
)
for warmup in (0, 50, 300):
    plan = Plan("wsd", warmup=warmup, decay=300, shape="linear")
    column = finals(recorded(), plan)
    if column:
        print(f"WSD with {warmup:3} steps of warmup: {np.mean(list(column.values())):.3f}")

# %% [markdown]
# At step 1,100 a bystander would have bet on the cosine. (And warmup once more: without it, WSD
# ends 0.04 higher, with every seed; with 300 steps instead of 50 it ends 0.01 lower on average,
# but not with every seed.)
#
# **But is it fair?** All of them had a peak of 0.01, and a constant rate may want a smaller
# one: it has to live with its own floor. So give each its own best of the rates we tried:

# %%
best = {}
for name, decay, kind in (
    ("constant", 0, "constant"),
    ("cosine", 0, "cosine"),
    ("WSD", 300, "wsd"),
):
    shape = "linear" if decay else ""
    tried = {
        p: finals(recorded(), Plan(kind, p, decay=decay, shape=shape))
        for p in (0.0025, 0.005, 0.01, 0.02)
    }
    means = {peak: np.mean(list(column.values())) for peak, column in tried.items() if column}
    if means:
        peak = min(means, key=means.get)
        best[name] = tried[peak]
        print(
            f"{name:9}",
            {peak: round(float(mean), 3) for peak, mean in means.items()},
            "best:",
            peak,
        )
for name in ("cosine", "WSD"):
    if best:
        gains = [1 - best[name][s] / best["constant"][s] for s in best[name]]
        print(f"{name} below the best constant by {min(gains):.1%} to {max(gains):.1%}")

# %% [markdown]
# The advantage shrinks when the baseline is tuned: the cosine's to 0.5 to 5 %, WSD's to 6 to 7
# %. Ask of any comparison which kind of number it reports. (Three rates were tried for the
# decays, four for constant, a factor of two apart.)
#
# What holds elsewhere, and what does not:
#
# - **Any decay beats none**: everywhere, once runs are long enough to be noisy. In very short
#   runs area wins instead: on the larger model of chapter 1, with 200 steps, a constant rate
#   beat the cosine (2.08 to 2.15, three seeds).
# - **WSD beats the cosine**: here, by 2 to 6 %. At scale, Hägele et al. (2024) find that the
#   two *match*. Our runs are short, and part of WSD's lead is its larger area (0.88 of the peak
#   against 0.5).
# - **1 − √p beats the straight line** (Hägele et al.): not here, they are equal to 0.1 %. The
#   cosine shape is 0.5 % behind.
#
# ### How long should the decay be?

# %%
shares = {0.05: 75, 0.1: 150, 0.2: 300, 0.4: 600, 0.97: 1450}
found = {s: finals(recorded(), Plan("wsd", decay=d, shape="linear")) for s, d in shares.items()}
found = {share: column for share, column in found.items() if column}
fig, ax = figure(height=3.2)
if found:
    for seed in (0, 1, 2):
        ax.plot(list(found), [c[seed] for c in found.values()], color=theme().faint, marker="o")
    means = [np.mean(list(column.values())) for column in found.values()]
    ax.plot(
        list(found), means, color=schedule_colour("WSD"), marker="o", label="mean of 3 seeds"
    )
ax.set(xscale="log", xlabel="share of the run that is decay", ylabel="final loss (nats)")
ax.set_xticks(list(shares), [f"{share:.0%}" for share in shares])
ax.minorticks_off()
label_ends(ax)
show(
    fig,
    alt="Final loss against the share of the decay, three seeds in grey and their mean. The "
    "mean falls from 1.84 at 5 % to 1.80 at 20 and 40 % and rises to 1.85 at 97 %.",
)

# %% [markdown]
# A wide valley. A decay over the last twentieth already brings 70 % of the gain over constant;
# 20 and 40 % are equal; a straight line all the way gives some of it back.
#
# ## Milestones and restarts
#
# Two older families, still in use.
#
# **Milestones.** Keep the rate, and multiply it by γ (gamma) at a few fixed steps. ResNets on
# CIFAR-10 were trained with γ = 0.1 at 32,000 and 48,000 of 64,000 steps (He et al. 2016).
# DeepSeek LLM (2024) used √0.1 at 80 and at 90 % of the tokens and reports that it does as well
# as a cosine; like WSD it can be branched, since nothing before the first milestone depends on
# the end.

# %% [markdown]
# > **Task `multi_step`** · 5 points · about 8 minutes
# >
# > **Write** `multi_step(step, milestones, gamma, peak_lr, warmup_steps=0)`:
# >
# > - for `step < warmup_steps`, the warmup, as before;
# > - then `peak_lr * gamma ** n`, where n is the number of milestones that are not larger than
# >   `step`, however small that gets.
# >
# > `milestones` is a list of steps in rising order, possibly empty, none of them inside the
# > warmup (the first may be at `warmup_steps`).
# > They are steps of the run, counted from 0 like `step`. A milestone is the first step with
# > the new
# > rate, as in `torch.optim.lr_scheduler.MultiStepLR`. (Keras changes one step later; the check
# > accepts that and says so.)
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# A pure function cannot remember that it passed a milestone. It can count.
#
# </details>
# <details>
# <summary>Hint 2: counting</summary>
#
# Comparisons are numbers: `True` counts as 1 in a sum.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `sum(m <= step for m in milestones)` is n, also for an empty list.
#
# </details>


# %% task="multi_step" points=5 minutes=8
def multi_step(step, milestones, gamma, peak_lr, warmup_steps=0):
    """Linear warmup to peak_lr, which is then multiplied by gamma at each milestone."""
    ### BEGIN SOLUTION
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * gamma ** sum(milestone <= step for milestone in milestones)
    ### END SOLUTION


# %% check="multi_step"
check("multi_step")

# %% [markdown]
# **Restarts.** SGDR (Loshchilov & Hutter 2017) lets the rate fall along a cosine, jumps back to
# the peak, and starts again; each period is `period_mult` times as long as the one before. The
# end of every period is a good place to stop, or to keep a copy for an ensemble (Huang et al.
# 2017). None of the language models in the table below used it: the loss jumps up with every
# restart, and what one period gained by decaying, the next has to gain again.

# %% [markdown]
# > **Task `cosine_restarts`** · 6 points · about 12 minutes
# >
# > **Write** `cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1)`:
# >
# > - period number i (from 0) has `period * period_mult ** i` steps;
# > - in each period the rate falls from `peak_lr` towards `min_lr` along half a cosine;
# > - the first step of each period is at `peak_lr`.
# >
# > `period` and `period_mult` are whole numbers, 1 or more. There is no warmup and no end.
# >
# > **What has to hold.** It agrees with `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`,
# > also at late steps, hundreds of periods from the first, and also with periods of one step.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# You need two numbers: how long the current period is, and how many steps of it are over. For
# `period_mult = 1` both are easy. Write that first.
#
# </details>
# <details>
# <summary>Hint 2: periods that grow</summary>
#
# Walk through the periods: as long as the step is not inside the current one, take the period's
# length off the step, and make the length larger.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `while step >= period: step, period = step - period, period * period_mult`. What is left is
# `progress = step / period`. (A formula with a logarithm avoids the loop. Where rounding makes
# `log(243, 3)` a hair less than 5 it restarts a step late. torch's own `step(epoch)` does, so it is
# accepted, and named.)
#
# </details>

# %% task="cosine_restarts" points=6 minutes=12
import math


def cosine_restarts(step, period, peak_lr, min_lr=0.0, period_mult=1):
    """Half a cosine from peak_lr towards min_lr in each period.

    Each period is period_mult times as long as the one before it.
    """
    ### BEGIN SOLUTION
    while step >= period:
        step, period = step - period, period * period_mult
    return min_lr + (peak_lr - min_lr) * 0.5 * (1 + math.cos(math.pi * step / period))
    ### END SOLUTION


# %% check="cosine_restarts"
check("cosine_restarts")

# %%
from course_lib.lab.schedule_runs import inverse_sqrt

fig, axes = figure(3, 1, height=5.4, sharex=True)
families = {
    "milestones: ×√0.1 at 80 % and at 90 %": [
        multi_step(t, [1200, 1350], 0.1**0.5, 1e-3, 50) for t in range(1500)
    ],
    "restarts, each period twice as long": [
        cosine_restarts(t, 215, 1e-3, period_mult=2) for t in range(1500)
    ],
    "inverse square root": [inverse_sqrt(t, 50, 1e-3) for t in range(1500)],
}
for ax, (name, lrs), color in zip(axes, families.items(), ramp(3)):
    ax.plot(lrs, color=color)
    ax.set_title(f"{name} (area {np.mean(lrs) / 1e-3:.0%} of the peak)")
    ax.set(ylim=(0, 1.08e-3), ylabel="lr")
axes[-1].set_xlabel("step")
show(
    fig,
    alt="Three schedules over 1,500 steps: a plateau with two drops at the end, a cosine that "
    "restarts twice with periods that double, and a curve that falls with the root of the step.",
)

# %% [markdown]
# ## When nobody knows the end
#
# The last curve, **inverse square root**, is from the first transformer (Vaswani et al. 2017):
# after the warmup the rate falls with 1/√t, for ever. It needs no total. But most of its fall
# is early and almost none at the end, so the noise stays: above it ended level with constant.
# Zhai et al. (2022) add a linear decay at its end, which makes it a WSD with a sloping plateau.
#
# What are the choices if the total is unknown, or may change?
#
# - **WSD**, and branch when a model is wanted. The price is the steps of each decay.
# - **Schedule-free** methods (Defazio et al. 2024): no decay at all; instead of lowering the
#   rate, they average the weights along the way, and the average is always ready. Chapter 13
#   builds one.
# - **Averaging checkpoints** of a stable run, which does part of a decay's work (Sanyal et al.
#   2023; Hägele et al. 2024).
# - **Re-planning a cosine**: let us see what that does.
#
# **Quiz.** A run was planned with a cosine for 100,000 steps, without warmup, down to 0. At
# step 60,000 you get more machines and set `total_steps` to 200,000. By which factor does the
# learning rate change in that moment (new divided by old)?

# %% quiz="replanned_cosine" points=1
quiz("replanned_cosine", 2.3)

# %% check="replanned_cosine"
check("replanned_cosine")

# %% [markdown]
# The loss jumps up with it, and part of the decay so far was in vain.
#
# ## Play: the schedule designer
#
# Draw your own. The curve is *your* `wsd`: `decay` may take the whole run, and with `shape =
# cosine` that is `warmup_cosine`. The dashed curve is the nearest of the recorded schedules,
# and the line below says what its three runs ended at. The nearest run is not yours, so mind
# how far away it is.
#
# Try this. Which is better: 97 % of the run as decay, or 20 %? Does doubling the peak help?
# What is the smallest area that still ends below 1.82?

# %%
from course_lib.lab.schedule_designer import design

design(
    wsd,
    stills=[
        {"decay": 1450, "shape": "cosine"},
        {"decay": 300},
        {"decay": 300, "peak": 0.02},
        {"decay": 450, "warmup": 200, "floor": 0.05},
    ],
    alt="Four schedules with their areas and the final losses of the nearest recorded runs: a "
    "cosine 1.874, WSD with a decay of 20 % 1.798, the same with twice the peak 1.942, and one "
    "that was not recorded, beside the nearest that was.",
)

# %% [markdown]
# ## Using a schedule
#
# An optimizer reads `group["lr"]` at every step, so all a schedule has to do is write it there.
# There are two ways.
#
# **By hand.** In your loop, before `optimizer.step()`:
#
# ```python
# for group in optimizer.param_groups:
#     group["lr"] = wsd(step, total_steps=10_000, warmup_steps=500, decay_steps=2_000, peak_lr=3e-4)
# ```
#
# With several groups whose rates differ, keep each one's own peak beside it
# (`group["peak_lr"] = ...`) and multiply.
#
# **With torch.** `LambdaLR(optimizer, f)` sets every group's rate to its *initial* lr times
# f(step). So f has to be a **factor**: call your schedule with `peak_lr=1.0`. It counts the
# steps itself: call `scheduler.step()` after each `optimizer.step()`.
#
# **Quiz.** Somebody writes
#
# ```python
# optimizer = AdamW(model.parameters(), lr=1e-3)
# scheduler = LambdaLR(optimizer, lambda t: wsd(t, 1000, 100, 200, peak_lr=1e-3))
# ```
#
# With which learning rate does the plateau run?

# %% quiz="peak_under_lambda" points=1
quiz("peak_under_lambda", 1e-6)

# %% check="peak_under_lambda"
check("peak_under_lambda")

# %% [markdown]
# **Resuming.** A run that is interrupted at step 60 has to go on at step 60 of its schedule.
# Weights and optimizer state do not contain that number. A scheduler object does, so it has to
# be saved too. What if it is not?

# %%
from torch.optim.lr_scheduler import LambdaLR


def start_run():
    """An optimizer and a scheduler, both fresh. There is nothing to train here; we look at the rates."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    return optimizer, LambdaLR(optimizer, lambda t: wsd(t, 100, 20, 30, peak_lr=1.0))


def rates(optimizer, scheduler, count):
    """The learning rates of the next `count` steps."""
    seen = []
    for _ in range(count):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


whole = rates(*start_run(), 100)
optimizer, scheduler = start_run()
before = rates(optimizer, scheduler, 60)
saved = optimizer.state_dict(), scheduler.state_dict()

optimizer, scheduler = start_run()  # a new process
optimizer.load_state_dict(saved[0])
scheduler.load_state_dict(saved[1])
resumed = before + rates(optimizer, scheduler, 40)

optimizer, scheduler = start_run()  # the scheduler was not saved
optimizer.load_state_dict(saved[0])
forgotten = before + rates(optimizer, scheduler, 40)

print("resumed with both states equals the run without interruption:", resumed == whole)
fig, ax = figure(height=3)
plot_schedules(
    ax,
    {"scheduler saved": resumed, "scheduler forgotten": forgotten},
    colors={"scheduler saved": ramp(2)[0], "scheduler forgotten": ramp(2)[1]},
)
ax.axvline(60, color=theme().neutral, linewidth=1, linestyle="--")
show(
    fig,
    alt="Learning rates of a run of 100 steps that is interrupted at step 60. With the "
    "scheduler saved the plateau goes on and the decay follows. Without it the rate stays at "
    "the peak for one step, drops to a twentieth, and climbs through a second warmup; the decay "
    "never comes.",
)

# %% [markdown]
# A second warmup in the middle of the run, and no decay at the end: no error message, only a
# worse model. (`LambdaLR` saves its step count, not its function: a lambda cannot be saved, so
# the new process has to build the same one.) With a pure function there is nothing to save but
# the step.
#
# ## In the wild
#
# | run | warmup | then | source |
# |---|---|---|---|
# | ResNet, CIFAR-10 | none | ×0.1 at 32k and 48k of 64k steps | He et al. 2016, §4.2 |
# | Transformer | 4,000 steps | inverse square root | Vaswani et al. 2017, §5.3 |
# | BERT | 10,000 steps | linear to 0 | Devlin et al. 2019, A.2 |
# | GPT-3 | 375M tokens | cosine to 10 % over 260B tokens, then constant | Brown et al. 2020, B |
# | Chinchilla | not published | cosine to 10 %, as long as the run | Hoffmann et al. 2022 |
# | LLaMA, Llama 2 | 2,000 steps | cosine to 10 % | Touvron et al. 2023 |
# | DeepSeek LLM | 2,000 steps | ×√0.1 at 80 and 90 % of the tokens | DeepSeek-AI 2024, §2.3 |
# | MiniCPM | yes | WSD, exponential decay over the last 10 % | Hu et al. 2024, §4 |
# | Llama 3 405B | 8,000 steps | **cosine** to 1 %; linear to 0 over the last 40M tokens | Llama team 2024, §3.4 |
# | DeepSeek-V3 | 2,000 steps | constant for 10T tokens, cosine to 10 % over 4.3T, constant | DeepSeek-AI 2024, §4.2 |
# | Kimi K2 | 500 steps | constant for 10T tokens, cosine to 10 % over 5.5T | Kimi team 2025 |
# | nanochat | (t + 1)/W, where it has one | constant, then linear | its repository |
#
# **Claims that do not hold**
#
# - *"Llama 3 was trained with WSD."* It is in many lists. The report describes a cosine with a
#   peak of 8e-5 that ends at 8e-7. What it calls annealing is a linear decay to zero over the
#   last 40 million of 15.6 trillion tokens, together with a change of the data.
# - *"Warmup is for Adam."* It was made famous with SGD (Goyal et al. 2017).
# - *"WSD is worse than a cosine until the very end, so it is worse."* The first half is true,
#   on our small model too, and says nothing: the gain of a decay comes during the decay.
# - *"Transformers' cosine schedule has a floor of 0 and stays there."*
#   `get_cosine_schedule_with_warmup` goes up again if you call it beyond `num_training_steps`.
#   So does torch's `CosineAnnealingLR`:

# %%
optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
lrs = [f"{lr:.2f}" for lr in rates(optimizer, scheduler, 21)]
print("T_max = 10, twenty steps:", " ".join(lrs))

# %% [markdown]
# **Why schedules look as they do.** A theory of convex optimization from before deep learning
# gives bounds for the last step of a run. Defazio et al. (2023) derive from them that a linear
# decay to zero is best among all schedules, and find it hard to beat in practice. Schaipp et
# al. (2025) show that the same bounds reproduce the curves of real runs, the drop during a WSD
# decay included. Neural networks are not convex, so that it fits is a finding and not a proof.
# Wen et al. (2025) offer another picture: a river valley, where the stable phase moves along
# the river and the decay goes down to the water.
#
# **Quiz.** Which of these is true?
#
# - **a** Llama 3 405B used WSD, which is why it could be annealed at the end.
# - **b** Before its decay, a WSD run makes the same steps whatever its total is; a cosine run
#   does not.
# - **c** With the same peak, a cosine has the larger area.
# - **d** A decay helps because smaller steps let the loss fall faster from the start.

# %% quiz="true_of_schedules" points=1
quiz("true_of_schedules", "b")

# %% check="true_of_schedules"
check("true_of_schedules")

# %% [markdown]
# ## In your own words
#
# Your team trains a model for about two months. The budget may be cut at any time, or doubled;
# the boss wants a usable model on the first of every month. Which schedule do you choose, and
# what do you do on the first of the month? What does it cost compared with a cosine that had
# known everything in advance?
#
# Write five to ten sentences, with at least one number from this chapter. This answer is read
# by a person.

# %% [markdown] free_text="plan_a_run" points=2
# WSD. Warm up, keep the rate at the peak, and keep checkpoints of weights, optimizer state,
# step and position in the data. On the first of the month copy the newest one and decay the
# copy, linearly or as 1 − √p, over 10 to 20 % of the steps so far; the copy is the model for
# the boss. The original goes on at the peak as if nothing had happened. If the budget is cut,
# start the last decay at once; if it is doubled, nothing changes.
#
# The cost is the steps of the monthly decays: here three budgets took 1,725 steps instead of
# the 1,500 of the longest run alone, 15 % more. Against a cosine planned for the true end,
# nothing was lost on our small model (WSD ended 2 to 6 % lower), and at scale the two are
# reported to match. A cosine that is re-planned instead jumps up, by a factor of 2.3 in the
# quiz.
#
# *For the grader: one point for WSD (or another method that needs no total) with a decay on a
# copy and the stable run going on; one for a cost with a number that fits and one limit of it,
# such as the small scale or the untuned peak.*

# %% [markdown]
# ## Read on
#
# - Hägele et al. (2024), *Scaling Laws and Compute-Optimal Training Beyond Fixed Training
#   Durations*, NeurIPS: constant rate and cooldown against cosine, carefully.
# - Hu et al. (2024), *MiniCPM: Unveiling the Potential of Small Language Models with Scalable
#   Training Strategies*, COLM.
# - Schaipp et al. (2025), *The Surprising Agreement Between Convex Optimization Theory and
#   Learning-Rate Scheduling for Large Model Training*, ICML; Defazio et al. (2023), *When, Why
#   and How Much? Adaptive Learning Rate Scheduling by Refinement*; Wen et al. (2025),
#   *Understanding Warmup-Stable-Decay Learning Rates: A River Valley Loss Landscape
#   Perspective*, ICLR.
# - Bergsma et al. (2025), *Straight to Zero: Why Linearly Decaying the Learning Rate to Zero
#   Works Best for LLMs*, ICLR.
# - On warmup, in order of disagreement: Goyal et al. (2017), *Accurate, Large Minibatch SGD*;
#   Liu et al. (2020), *On the Variance of the Adaptive Learning Rate and Beyond*, ICLR; Ma,
#   Yarats (2021), *On the Adequacy of Untuned Warmup for Adaptive Optimization*, AAAI; Gilmer
#   et al. (2022), *A Loss Curvature Perspective on Training Instability in Deep Learning*,
#   ICLR; Kalra, Barkeshli (2024), *Why Warmup the Learning Rate?*, NeurIPS.
# - Loshchilov, Hutter (2017), *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR;
#   Huang et al. (2017), *Snapshot Ensembles*, ICLR.
# - Also mentioned: Zhai et al. (2022), *Scaling Vision Transformers*, CVPR; He et al. (2016),
#   *Deep Residual Learning for Image Recognition*, CVPR; Vaswani et al. (2017), *Attention Is
#   All You Need*, NeurIPS; Hoffmann et al. (2022), *Training Compute-Optimal Large Language
#   Models*, NeurIPS; Sanyal et al. (2023), *Early Weight Averaging Meets High Learning Rates
#   for LLM Pre-training*; Defazio et al. (2024), *The Road Less Scheduled*, NeurIPS; the
#   reports of Llama 3, DeepSeek LLM, DeepSeek-V3 and Kimi K2.
#
# **Next:** chapter 7 looks at the noise itself: how large a batch should be, and how to make a
# large one out of small ones.
