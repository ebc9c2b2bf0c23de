# ---
# title: A learning rate for every number
# summary: Dividing by the size of past gradients, why AdaGrad's rate dies, and what a turned valley undoes.
# ---

# %% [markdown]
# # 3 · A learning rate for every number
#
# Momentum changed how a step uses the past. The learning rate is still one number for all
# parameters. This chapter divides it: each single number in the model gets a rate of its own,
# worked out from the gradients that this number has seen.
#
# At its end you have
#
# - measured how different gradients are across a transformer;
# - written `Adagrad` and `RMSprop`, half of what Adam is made of;
# - seen where AdaGrad's fading rate is right, and where it is not;
# - turned a valley by 45 degrees and watched the gain go away.
#
# Reading takes about 40 minutes, the code about 30. You need chapter 1; chapter 2 helps.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## How large are gradients?
#
# Take the small transformer of chapter 1 before its first step and look at all of its gradients.
# Its parts are the embedding, the norm gains, the attention matrices (query and key, value and
# output), the two matrices of each MLP, and the head. For every single number we take the
# **RMS** of its gradient over 20 minibatches: the root of the mean of the squares.
#
# **Predict.** Which kind has the smallest gradients, and which the largest? Order these three by
# the RMS over all their numbers, smallest first: `"head"`, `"mlp"`, `"query"` (query and key).
# Two facts to think with: the head starts with small weights (0.02), and a gradient has to pass
# through it on its way down.

# %% predict="order_of_gradients" points=1
predict("order_of_gradients", ["query", "mlp", "head"])

# %%
import numpy as np
import torch
from course_lib.lab.plots import colour, figure, label_ends, plot_path, ramp, show, theme
from course_lib.lab.scale import at_scale
from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss

text = load_text()


def gradient_sizes(model, draws):
    """The RMS of every number's gradient over `draws` minibatches, by kind of parameter."""
    squares = {p: torch.zeros_like(p) for p in model.parameters()}
    for _, (x, y) in zip(range(draws), batches(text, seed=7)):
        model.zero_grad()
        next_byte_loss(model, x, y).backward()
        for p in model.parameters():
            squares[p] += p.grad.square()
    return {
        kind: torch.cat([(squares[p] / draws).sqrt().flatten() for p in parameters]).numpy()
        for kind, parameters in model.kinds().items()
    }


sizes = gradient_sizes(TinyLM(len(text.alphabet)), at_scale(scale, smoke=2, cpu=20))
rms = {kind: np.sqrt(np.square(values).mean()) for kind, values in sizes.items()}

fig, ax = figure(height=3.4)
rows = sorted(rms, key=rms.get)
for row, kind in enumerate(rows):
    values = sizes[kind][sizes[kind] > 0]
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    ax.plot((low, high), (row, row), color=theme().neutral, linewidth=5, alpha=0.4)
    ax.plot(middle, row, marker="|", markersize=12, markeredgewidth=2, color=theme().ink)
    ax.plot(rms[kind], row, marker="o", color=colour("RMSprop"))
ax.set(xscale="log", yticks=range(len(rows)), yticklabels=rows, ylim=(-0.6, len(rows) - 0.4))
ax.set_xlabel(
    "RMS of one number's gradient: 5 to 95 % of the numbers, median, RMS of all (dot)"
)
show(
    fig,
    alt="A bar for each kind on a logarithmic axis. Query and key have the smallest RMS, 4e-4, "
    "the head the largest, 1.4e-2. The bar of the embedding is the widest: from 1e-5 to 2e-3.",
)
print(", ".join(f"{kind} {rms[kind]:.1e}" for kind in rows))

# %% check="order_of_gradients"
check("order_of_gradients")

# %% [markdown]
# Between kinds the RMS differs by a factor of 30, and inside the embedding single numbers differ
# by more than 100. The picture moves during training, too: after 100 steps the kinds are within a
# factor of four of each other, and it is the head's numbers that are spread the widest. (Two seeds,
# trained with momentum.)
#
# A step of gradient descent is η times these numbers. So some numbers move 100 times as far as
# others, for no better reason than that their gradients are large. Is a large gradient a reason
# for a large step? In a valley it is the opposite: the steep direction has the large gradient, and
# it needs the *small* step.
#
# ## AdaGrad: divide by what you have seen
#
# AdaGrad (Duchi, Hazan, Singer 2011) keeps for every number the sum G of all its squared
# gradients, and divides by the root:
#
# > G ← G + g²
# >
# > θ ← θ − η g / (√G + ε)
#
# Everything is done number by number: g² squares each entry, √ and / work on each entry. ε
# (epsilon) is tiny and avoids 0/0 where a number has never had a gradient.
#
# Three things to see at once:
#
# - The **first** step is g/√(g²), the sign of the gradient: every number moves by η, whatever the
#   size of its gradient.
# - Multiply the loss by 1000, and nothing changes: numerator and denominator both grow.
# - G only grows. Under a steady gradient G = t g² after t steps, and the step is η/√t.
#
# **Quiz.** The gradient is 5 at every step. How long is AdaGrad's 100th step, in units of η?

# %% quiz="adagrad_step_100" points=1
quiz("adagrad_step_100", 0.1)

# %% check="adagrad_step_100"
check("adagrad_step_100")

# %% [markdown]
# > **Task `adagrad`** · 10 points · about 20 minutes
# >
# > **Write** `Adagrad(params, lr=1e-2, eps=1e-10, weight_decay=0.0)`. Each `step()` does, for every
# > parameter that has a gradient,
# >
# > g ← g + λ θ (weight decay, as before)
# >
# > G ← G + g², from G = 0
# >
# > θ ← θ − η g / (√G + ε)
# >
# > **Why.** The division is what all of Adam's family have in common.
# >
# > **What has to hold**
# > - G belongs to one parameter, has its shape, and lives in `self.state[p]`;
# > - the frame is as before: groups, changed learning rates, missing gradients, in place, closure;
# > - a negative `lr`, `eps` or `weight_decay` raises `ValueError`.
# >
# > **What is accepted as well.** ε inside the root, g / √(G + ε), as in d2l and optax. The check
# > says that it recognised it.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Take the frame of your `SGD` or `Momentum`. The state is one tensor, `torch.zeros_like(p)` at
# first. Two lines are new: one adds to the state, one divides.
#
# </details>
# <details>
# <summary>Hint 2: what must not change</summary>
#
# The state keeps the *sum of squares*, not its root. So take the root as a new tensor
# (`state.sqrt()`), and add ε to that. Square the gradient that already has the decay in it.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `total.addcmul_(g, g)` adds g · g in place. `p.addcdiv_(g, root, value=-lr)` subtracts lr · g /
# root in place.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **NaN**: a number has a gradient of zero from the start, and 0/0. Where is ε?
# - **the first step is right, the second is not**: did an underscore change the state?
#   `state.sqrt_()` does.
# - **all numbers of a parameter move by different amounts on the first step**: is something summed
#   over the whole tensor?
#
# </details>

# %% task="adagrad" points=10 minutes=20
import torch
from torch.optim import Optimizer


class Adagrad(Optimizer):
    """AdaGrad: G ← G + g², θ ← θ − lr · g / (√G + eps), with g = gradient + weight_decay · θ.

    lr, eps, weight_decay: not negative, else ValueError.
    """

    def __init__(self, params, lr=1e-2, eps=1e-10, weight_decay=0.0):
        ### BEGIN SOLUTION
        defaults = {"lr": lr, "eps": eps, "weight_decay": weight_decay}
        for name, value in defaults.items():
            if value < 0:
                raise ValueError(f"{name} must not be negative, but is {value}")
        super().__init__(params, defaults)
        ### END SOLUTION

    @torch.no_grad()
    def step(self, closure=None):
        """One step for every parameter with a gradient. Returns the closure's loss, or None."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                gradient = p.grad.add(p, alpha=group["weight_decay"])
                state = self.state[p]
                if "sum" not in state:
                    state["sum"] = torch.zeros_like(p)
                state["sum"].addcmul_(gradient, gradient)
                root = state["sum"].sqrt().add_(group["eps"])
                p.addcdiv_(gradient, root, value=-group["lr"])
        return loss
        ### END SOLUTION


# %% check="adagrad"
check("adagrad")

# %% [markdown]
# ### The valley
#
# The valley of chapter 1, with L = 10 across and 0.1 along. SGD at lr = 0.19, and your AdaGrad.

# %%
from course_lib.lab.surfaces import descend, valley
from course_lib.optim import Adagrad

lopsided = valley(L=10, mu=0.1)
sgd = descend(lambda point: torch.optim.SGD(point, lr=0.19), lopsided, steps=40)
adagrad = descend(lambda point: Adagrad(point, lr=2.0), lopsided, steps=40)
fig, axes = figure(2, 1, height=3.6, sharex=True)
for ax, walk, name in zip(axes, (sgd, adagrad), ("SGD, lr = 0.19", "Adagrad, lr = 2")):
    label = f"{name}: height {walk.values[-1]:.1g} after 40 steps"
    plot_path(ax, lopsided, walk, color=colour(name.split(",")[0]), label=label)
show(
    fig,
    alt="SGD zigzags and stops half way. AdaGrad crosses the valley twice in its first steps, then "
    "runs straight along the floor to the minimum.",
)

# %% [markdown]
# Both numbers begin with steps of the same length, although their gradients differ tenfold. In a
# valley along the axes, each number's gradient is its own curvature times its own distance, and
# the division takes the curvature out: multiply L by 100, and the walk stays the same.
#
# ### Where a fading rate is right: rare features
#
# AdaGrad was made for data in which most features are nearly always absent: words in documents,
# items in shops. A number that belongs to a rare feature gets a gradient rarely, so its G stays
# small and its steps stay large; a frequent one has long settled, and its steps have faded.
#
# Below, a linear regression on 500 features. Feature k is present with probability 1/(2k), and
# otherwise zero: the first in half of the examples, the last in one of a thousand. All true
# weights are about equally large.

# %%
features, batch_size = 500, 32
frequency = 0.5 / torch.arange(1, features + 1)
true_weights = torch.randn(features, generator=torch.Generator().manual_seed(99))


def errors(make_optimizer, steps, seed=0):
    """Mean error of the weights, for features 1-10, 11-100 and 101-500."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.zeros(features, requires_grad=True)
    optimizer = make_optimizer([weights])
    for _ in range(steps):
        present = torch.rand(batch_size, features, generator=generator) < frequency
        inputs = present.float()
        noise = 0.1 * torch.randn(batch_size, generator=generator)
        optimizer.zero_grad()
        misses = inputs @ weights - inputs @ true_weights - noise
        (0.5 * misses.square().mean()).backward()
        optimizer.step()
    off = (weights - true_weights).detach().abs()
    return [off[part].mean().item() for part in (slice(10), slice(10, 100), slice(100, None))]


steps = at_scale(scale, smoke=20, cpu=500)
contestants = {
    "SGD, lr = 1": lambda params: torch.optim.SGD(params, lr=1.0),
    "SGD, lr = 3": lambda params: torch.optim.SGD(params, lr=3.0),
    "Adagrad, lr = 0.5": lambda params: Adagrad(params, lr=0.5),
}
fig, ax = figure(height=3.2)
for (name, make), style in zip(contestants.items(), (":", "-", "-")):
    found = errors(make, steps)
    ax.plot(range(3), found, marker="o", linestyle=style, color=colour(name.split(",")[0]))
    ax.lines[-1].set_label(name)
    print(f"{name}: " + ", ".join(f"{error:.3f}" for error in found))
ax.set(yscale="log", ylabel="mean error of a weight", xlim=(-0.2, 2.1))
ax.set_xticks(range(3), ["features 1-10", "11-100", "101-500 (rare)"])
label_ends(ax)
show(
    fig,
    alt="Mean error of the weights for frequent, middle and rare features. SGD's rare weights are "
    "far off at lr 1 and better at lr 3, where its frequent ones are worst. AdaGrad has "
    "the smallest error in all three groups.",
)

# %% [markdown]
# SGD has to choose. At lr = 1 the rare weights have a long way to go; at lr = 3, near the largest
# that is stable (4 diverged), they are better, and the frequent ones jitter. AdaGrad is better in
# all three groups: over three seeds 0.008 to 0.011 for frequent and 0.043 to 0.045 for rare
# weights, against 0.05 to 0.11 and 0.09 to 0.10 for SGD at lr = 3. (We tried nine rates for SGD and
# four for AdaGrad.) The problem is convex, and a fading rate is the schedule that its noise asks
# for (chapter 1: the floor).
#
# ### Where it is not
#
# The sum never forgets. Suppose a number has large gradients at first, as many do early in
# training, and small ones later. Feed your AdaGrad gradients of 1 for 50 steps, then of 0.01 for
# 450, and look at the rate that it gives: the step divided by the gradient.


# %%
def rates(make_optimizer, gradients):
    """Step divided by gradient, for one number that gets these gradients."""
    p = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    optimizer = make_optimizer([p])
    found = []
    for g in gradients:
        before = p.item()
        p.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        found.append((before - p.item()) / g)
    return found


gradients = [1.0] * 50 + [0.01] * 450
fading = rates(lambda params: Adagrad(params, lr=0.1), gradients)
fig, ax = figure(height=3.0)
ax.plot(fading, color=colour("Adagrad"), label="Adagrad")
ax.set(yscale="log", xlabel="step", ylabel="rate: step / gradient", ylim=(0.005, 20))
label_ends(ax)
show(
    fig,
    alt="AdaGrad's rate falls from 0.1 to 0.014 in the first 50 steps and then stays there, "
    "although the gradients have become a hundred times smaller.",
)
print(f"rate at step 50: {fading[49]:.4f}, at step 500: {fading[-1]:.4f}")

# %% [markdown]
# After step 50 the gradients are 100 times smaller, and the rate should be 100 times larger. It
# stays where it is: fifty squares of 1 outweigh anything that comes after. It would take 500,000
# small steps before the sum has doubled.
#
# ## RMSProp: forget
#
# The repair is the running average of chapter 2. RMSProp (Tieleman, Hinton 2012, a slide of a
# lecture that was never a paper) replaces the sum by an average v that forgets:
#
# > v ← α v + (1 − α) g², from v = 0
# >
# > θ ← θ − η g / (√v + ε)
#
# α (alpha) is 0.9 on the slide and 0.99 in torch; the memory is 1/(1 − α) steps. √v is the root of
# a mean of squares, which gave the method its name.
#
# **Predict.** α = 0.99. How long is the very first step, in units of η?

# %% predict="first_step_of_rmsprop" points=1
predict("first_step_of_rmsprop", 10)

# %% [markdown]
# > **Task `rmsprop`** · 10 points · about 10 minutes
# >
# > **Write** `RMSprop(params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0)`. Each `step()`
# > does, for every parameter that has a gradient,
# >
# > g ← g + λ θ
# >
# > v ← α v + (1 − α) g², from v = 0
# >
# > θ ← θ − η g / (√v + ε)
# >
# > **Why.** This is the second half of Adam.
# >
# > **What has to hold.** As for `Adagrad`; a negative `alpha` raises `ValueError` as well.
# >
# > **What is accepted as well.** ε inside the root, g / √(v + ε), as in d2l and in TensorFlow. An
# > average that starts at the first g² instead of at zero: Hinton's slide does not say. The check
# > says which it recognised.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Copy your `Adagrad`. One line changes, and `__init__` has one argument more.
#
# </details>
# <details>
# <summary>Hint 2: the two weights</summary>
#
# The old average gets the large weight α, the new square the small one, 1 − α. They add up to one.
# Feed it a gradient of 1 for ever: v should end at 1.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `v.mul_(alpha).addcmul_(g, g, value=1 - alpha)`.
#
# </details>

# %% task="rmsprop" points=10 minutes=10
import torch
from torch.optim import Optimizer


class RMSprop(Optimizer):
    """RMSProp: v ← alpha · v + (1 − alpha) · g², θ ← θ − lr · g / (√v + eps).

    g = gradient + weight_decay · θ. lr, alpha, eps, weight_decay: not negative, else ValueError.
    """

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0):
        ### BEGIN SOLUTION
        defaults = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        for name, value in defaults.items():
            if value < 0:
                raise ValueError(f"{name} must not be negative, but is {value}")
        super().__init__(params, defaults)
        ### END SOLUTION

    @torch.no_grad()
    def step(self, closure=None):
        """One step for every parameter with a gradient. Returns the closure's loss, or None."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            alpha = group["alpha"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                gradient = p.grad.add(p, alpha=group["weight_decay"])
                state = self.state[p]
                if "square_avg" not in state:
                    state["square_avg"] = torch.zeros_like(p)
                state["square_avg"].mul_(alpha).addcmul_(gradient, gradient, value=1 - alpha)
                root = state["square_avg"].sqrt().add_(group["eps"])
                p.addcdiv_(gradient, root, value=-group["lr"])
        return loss
        ### END SOLUTION


# %% check="rmsprop"
check("rmsprop")

# %% [markdown]
# The same stream of gradients again, 1 for 50 steps and then 0.01:

# %%
from course_lib.optim import RMSprop

recovering = rates(lambda params: RMSprop(params, lr=0.1, alpha=0.9), gradients)
slower = rates(lambda params: RMSprop(params, lr=0.1, alpha=0.99), gradients)
fig, ax = figure(height=3.2)
ax.plot(fading, color=colour("Adagrad"), label="Adagrad")
ax.plot(recovering, color=colour("RMSprop"), label="RMSprop, α = 0.9")
ax.plot(slower, color=colour("RMSprop"), linestyle="--", label="RMSprop, α = 0.99")
ax.set(yscale="log", xlabel="step", ylabel="rate: step / gradient", ylim=(0.005, 20))
label_ends(ax)
show(
    fig,
    alt="AdaGrad's rate stays at 0.014. RMSProp's climbs to 10: with α = 0.9 within a hundred "
    "steps after the change, with 0.99 it is still on its way at step 500.",
)
print(f"first step at α = 0.99: {slower[0] / 0.1:.1f} × lr; rate at the end {slower[-1]:.1f}")

# %% check="first_step_of_rmsprop"
check("first_step_of_rmsprop")

# %% [markdown]
# RMSProp finds its rate again, at the pace of its memory. It pays in two ways. The first steps are
# too long, 1/√(1 − α) times η, because v starts at zero and has taken in only a hundredth of one
# square. Chapter 4 repairs that. And near a minimum, where gradients shrink, the denominator
# shrinks with them. So the steps stay about η long, and the walk never comes to rest:

# %%
from course_lib.lab.plots import plot_values

walks = [
    descend(lambda point: Adagrad(point, lr=2.0), lopsided, steps=200, name="Adagrad"),
    descend(
        lambda point: RMSprop(point, lr=0.1, alpha=0.9), lopsided, steps=200, name="RMSprop"
    ),
]
fig, ax = figure(height=3.0)
ax.set(yscale="log", ylim=(1e-8, 100))
plot_values(ax, walks)
show(
    fig,
    alt="Height against step in the valley. AdaGrad falls through the bottom of the picture. "
    "RMSProp falls to about 0.01 by step 120 and stays there, hopping around the minimum.",
)

# %% [markdown]
# Halve η, and the level falls to a quarter: it is about ½ L (η/2)². RMSProp needs a schedule.
#
# ## ε: inside or outside the root
#
# Under a steady gradient g, √v is |g|. Then the step is η times
#
# > |g| / (|g| + ε) outside, or |g| / √(g² + ε) inside.
#
# Both are 1 for large gradients and fall towards zero for small ones. The question is where.
#
# **Quiz.** ε = 1e-8, *inside* the root. At which |g| is the step η/√2, that is, 71 % of full
# length?

# %% quiz="where_eps_counts" points=1
quiz("where_eps_counts", 1e-4)

# %% check="where_eps_counts"
check("where_eps_counts")

# %%
g = np.geomspace(1e-10, 1, 200)
fig, ax = figure(height=3.4)
ax.plot(g, g / (g + 1e-8), color=colour("RMSprop"), label="outside")
ax.plot(g, g / np.sqrt(g**2 + 1e-8), color=colour("RMSprop"), linestyle="--", label="inside")
everything = np.concatenate(list(sizes.values()))
counts, edges = np.histogram(np.log10(everything[everything > 0]), bins=80, range=(-10, 0))
ax.fill_between(10 ** edges[:-1], counts / counts.max(), color=theme().faint, step="post")
ax.set(xscale="log", xlabel="size of the gradient |g|", ylabel="step / lr")
ax.annotate("gradients of the model", (1.5e-2, 0.3), ha="left", color=theme().neutral)
label_ends(ax)
show(
    fig,
    alt="Step length against gradient size for ε = 1e-8. Outside the root the step falls off "
    "below 1e-8, inside it falls off below 1e-4. The model's gradients, drawn as a grey "
    "histogram, lie mostly between 1e-5 and 1e-1.",
)
small = {kind: np.sum((values > 0) & (values < 1e-4)) for kind, values in sizes.items()}
total = sum(small.values())
print(
    f"{total / everything.size:.1%} of the model's numbers have gradients between 0 and 1e-4,"
)
print(f"and {small['embedding'] / total:.0%} of these are in the embedding")

# %% [markdown]
# The same ε acts at √ε when it is inside: at 1e-4 instead of 1e-8. It matters only near zero, as
# everybody says. But some numbers live there. In our model they are a few per cent, and most of
# them are in the embedding, in rows of rare bytes: just those that the division was to help. In
# two libraries, ε is not one hyperparameter but two of the same name.
#
# ## The turned valley
#
# AdaGrad ran straight down the valley because the valley lies along the axes. Now turn the same
# valley by 45 degrees, start and all. For SGD nothing changes: a rotation turns its gradient
# and its step alike. And for a method that divides number by number?
#
# **Predict.** AdaGrad with lr = 1 takes 5 steps to a height of 0.01 when the valley lies along the
# axes. Turned by 45 degrees it takes
#
# - **a** 5 steps again,
# - **b** about twice as many,
# - **c** more than ten times as many.

# %% predict="turned_valley" points=1
predict("turned_valley", "c")

# %%
from course_lib.lab.rotated_valley import turned

methods = {
    "SGD": lambda point: torch.optim.SGD(point, lr=0.19),
    "Adagrad": lambda point: Adagrad(point, lr=1.0),
    "RMSprop": lambda point: RMSprop(point, lr=0.03),
}


def steps_to_the_floor(make_optimizer, angle):
    """Steps until the height is below 0.01 in the valley turned by `angle` degrees."""
    return int(np.argmax(descend(make_optimizer, turned(angle), steps=400).values < 0.01))


angles = at_scale(scale, smoke=(0, 45, 90), cpu=tuple(range(0, 91, 5)))
fig, ax = figure(height=3.4)
for name, make in methods.items():
    counts = [steps_to_the_floor(make, angle) for angle in angles]
    ax.plot(angles, counts, color=colour(name), label=name)
    print(f"{name}: {counts[0]} steps at 0°, {counts[len(counts) // 2]} at 45°")
ax.set(yscale="log", xlabel="the valley's angle (degrees)", ylabel="steps to a height of 0.01")
ax.set_xticks(range(0, 91, 15))
label_ends(ax)
show(
    fig,
    alt="Steps against the angle. SGD's line is flat at 92. AdaGrad needs 5 at 0 and 90 degrees "
    "and rises to more than 150 between; RMSProp needs 32 and rises to 300.",
)

# %% check="turned_valley"
check("turned_valley")

# %% [markdown]
# At 45 degrees both numbers see the same mixture of steep and flat, their denominators are equal,
# and all that is left is gradient descent with a rate that shrinks. Five degrees are enough to
# lose most of the gain. **Dividing number by number repairs a bad scale of the axes, not a bad
# shape between them.** The full AdaGrad of the paper keeps a whole matrix of products instead of
# squares and does not mind rotations; for a layer with a million numbers that matrix has 10¹²
# entries. Chapter 15 comes back to this with a method that treats a weight matrix as a matrix.
#
# So are the valleys of neural networks along the axes? Partly. A model's numbers are no random
# directions: rows belong to bytes, columns to features. Maes et al. (2024) rotate the parameters
# of a transformer at random before Adam sees them, and training gets clearly slower: the axes
# matter, and Adam lives off them.
#
# ## Play: turn the valley
#
# SGD with lr = 0.19 and your RMSprop with lr = 0.1 and α = 0.9, 60 steps each. Turn the valley.

# %%
from course_lib.lab.live_figure import live_figure
from course_lib.lab.rotated_valley import rotating_valley
from course_lib.lab.widgets import Slider


def walk_with(make_optimizer):
    """A walk of 60 steps on any surface."""
    return lambda surface: descend(make_optimizer, surface, steps=60)


live_figure(
    rotating_valley(
        {
            "SGD": walk_with(lambda point: torch.optim.SGD(point, lr=0.19)),
            "RMSprop": walk_with(lambda point: RMSprop(point, lr=0.1, alpha=0.9)),
        }
    ),
    sliders={"angle": Slider(low=0, high=90, start=0, step=1)},
    stills=[{"angle": 0}, {"angle": 45}],
    height=4.4,
    alt="At 0 degrees SGD zigzags to the floor and creeps along it, RMSProp takes a curved path "
    "straight to the minimum. At 45 degrees SGD's walk is the same, turned; RMSProp drops to the "
    "floor at once and then creeps along it.",
)

# %% [markdown]
# At 45 degrees RMSProp's path has a corner. First both numbers move at the same speed, straight
# down the wall. On the floor the walk has to go along the diagonal, where the two gradients are
# small differences of large ones, and the denominators still remember the wall.
#
# What the gradient is multiplied with before the step is called a **preconditioner**. Here it is one
# number per coordinate. One that does not mind the turn needs a number for every pair of coordinates,
# a full matrix, and that is too large for a real model.
#
# ## The language model
#
# The race of chapter 2: 200 steps, the same batches and schedule. Solid lines are yours, dashed
# ones are recorded runs of torch's optimizers, three seeds each, every one with the best of three
# or four learning rates.

# %%
from course_lib.lab.race import plot_race, race, race_table

live = race(
    {
        "Adagrad": lambda model: Adagrad(model.parameters(), lr=0.03),
        "RMSprop": lambda model: RMSprop(model.parameters(), lr=0.005),
    },
    scale=scale,
)
behind = ["SGD", "Momentum", "Adagrad", "RMSprop"]
fig, ax = figure(height=4.2)
plot_race(ax, live, recorded=behind)
show(
    fig,
    alt="The race. SGD's recorded runs end between 2.51 and 2.60, Momentum's between 2.35 and "
    "2.43, AdaGrad's between 2.21 and 2.25, RMSProp's between 2.19 and 2.33.",
)
print(race_table(live, target=2.5, recorded=behind))

# %% [markdown]
# Both beat SGD and momentum, without any momentum of their own. A rate for every number is worth
# more to this model than a memory of direction.
#
# AdaGrad's fading rate does no harm here. We looked for it: with a constant η and 400 steps
# AdaGrad (lr = 0.03) still ended as low as RMSProp (lr = 0.003), at 1.83 against 1.85 nats, one
# seed each. What the chapter says about large gradients early on is true of single numbers, and
# over longer runs than a laptop wants to make. With a schedule that goes to zero anyway, a rate
# that fades by itself costs little.
#
# ## In the wild
#
# **torch.** `torch.optim.Adagrad` and `torch.optim.RMSprop` have ε outside the root, as in this
# chapter. Adagrad has `initial_accumulator_value` (G starts there instead of at zero; TensorFlow's
# and optax's default is 0.1) and `lr_decay`. RMSprop has `momentum` on the divided gradients and
# `centered`, which subtracts the squared mean (Graves 2013). Do torch's walk the same path as
# yours?

# %%
from course_lib.lab.train import train

for mine, theirs in ((Adagrad, torch.optim.Adagrad), (RMSprop, torch.optim.RMSprop)):
    models = []
    for make in (mine, theirs):
        model = TinyLM(len(text.alphabet))
        optimizer = make(model.parameters(), lr=0.005, weight_decay=0.01)
        train(model, optimizer, batches(text), 10, progress=False)
        models.append(model)
    pairs = zip(*(model.parameters() for model in models))
    difference = max((a - b).abs().max().item() for a, b in pairs)
    print(f"{mine.__name__}: after 10 steps the largest difference is {difference:.1e}")

# %% [markdown]
# (Rounding is up to about 1e-5 here: the division makes much of tiny gradients. If the check said
# that your ε is inside the root, or that your average starts at the first square, the difference
# is larger.)
#
# **Where they were used.** AdaGrad trained GloVe's word vectors (Pennington et al. 2014) and the
# early large networks at Google (Dean et al. 2012), both full of rare features, and it is still
# at home in recommendation models, with their large embedding tables (Naumov et al. 2019 compare
# it with SGD). RMSProp trained the Atari players of DQN, centered, and A3C (Mnih et al. 2015, 2016),
# and the EfficientNets with α = 0.9 and momentum 0.9 (Tan, Le 2019). In their public code ε is 1e-3:
# that is no guard against 0/0 but a size below which gradients count as small.
#
# **What it costs.** One number for each parameter, as momentum does.
#
# **Two names, one idea.** Adadelta (Zeiler 2012) was found at the same time as RMSProp and also
# divides by a running RMS. The theory came later and is uneasy: with a small memory RMSProp can
# fail to converge even on convex problems (Reddi et al. 2018), and with α close to 1 it converges
# to a neighbourhood (Shi et al. 2021).
#
# ## In your own words
#
# A colleague trains a recommendation model. It has an embedding table with ten million rows, most
# of which are seen a few times in the whole run, and a small dense network on top. She asks which
# optimizer to use for which part: SGD, AdaGrad or RMSProp.
#
# Write five to ten sentences. Say for both parts what the denominator does there, what would go
# wrong with the other choices, and what each costs in memory. This answer is read by a person.

# %% [markdown] free_text="explain_rare_rows" points=2
# For the table: AdaGrad. A row gets a gradient only when it is seen. Its G holds just those
# squares, so its first step is about η long whatever the size of the gradient, and later ones fade
# as 1/√(times seen), which is the schedule a mean of few noisy observations wants. With SGD one
# rate has to serve rows that are seen a million times and rows that are seen five times; at a rate
# that is stable for the frequent ones the rare rows hardly leave their initial values. RMSProp
# forgets: for a row with few gradients the average is mostly its zero start, so the first steps
# are too long (1/√(1 − α)), and if steps without a gradient count as gradients of zero, v fades
# between two visits and the next step is far too long.
#
# For the dense network gradients come at every step and change their size during training. A sum
# that never forgets lets the rate fade for reasons that are long past; RMSProp (or Adam) adapts
# again, and needs a schedule to come to rest. SGD with momentum can work there too, with more
# tuning.
#
# Memory: AdaGrad and RMSProp both keep one number for each parameter, so the table doubles. If
# that is too much, one number for each row (a mean over the row) is a common way out. SGD keeps
# nothing.
#
# *For the grader: one point for AdaGrad on the table with the reason (per-row sum, rare rows keep
# large steps); one for the dense part with forgetting or schedule, or for memory, argued rather
# than named.*

# %% [markdown]
# ## Read on
#
# - Duchi, Hazan, Singer (2011), *Adaptive Subgradient Methods for Online Learning and Stochastic
#   Optimization*, JMLR 12: AdaGrad, with the full matrix and the diagonal. Their δ is our ε, and it
#   is outside the root.
# - Tieleman, Hinton (2012), *Lecture 6e, Neural Networks for Machine Learning*: RMSProp, one slide.
# - Zhang, Lipton, Li, Smola, *Dive into Deep Learning*, sections 12.7 and 12.8: both with ε inside.
# - Zeiler (2012), *ADADELTA: An Adaptive Learning Rate Method*; Graves (2013), *Generating
#   Sequences With Recurrent Neural Networks*: the centered form.
# - Reddi, Kale, Kumar (2018), *On the Convergence of Adam and Beyond*, ICLR; Shi, Li, Hong, Sun
#   (2021), *RMSprop converges with proper hyper-parameter*, ICLR.
# - Maes et al. (2024), *Understanding Adam Requires Better Rotation Dependent Assumptions*: what a
#   random rotation does to Adam.
# - Also mentioned: Dean et al. (2012), *Large Scale Distributed Deep Networks*, NeurIPS; Pennington,
#   Socher, Manning (2014), *GloVe*, EMNLP; Mnih et al. (2015), *Human-level control through deep
#   reinforcement learning*, Nature 518; Mnih et al. (2016), *Asynchronous Methods for Deep
#   Reinforcement Learning*, ICML; Tan, Le (2019), *EfficientNet*, ICML; Naumov et al. (2019), *Deep
#   Learning Recommendation Model for Personalization and Recommendation Systems*.
#
# **Next:** chapter 4 joins chapter 2 and chapter 3: Adam.
