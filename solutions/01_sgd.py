# ---
# title: Gradient descent
# summary: One step downhill, the largest learning rate that works, and why one learning rate is too few.
# ---

# %% [markdown]
# # 1 · Gradient descent
#
# A model has a loss: one number that says how wrong it is. Training changes the model's
# parameters so that the loss falls. The gradient says, for every parameter, how fast the loss
# rises when that parameter grows. Gradient descent steps the other way.
#
# Every optimizer in this course is this step with something repaired. This chapter is about what
# needs repair. At its end you have
#
# - written `SGD`, the optimizer that every later chapter is compared with;
# - found the largest learning rate at which it works, and the reason for it;
# - measured, on a small language model, why one learning rate is too few.
#
# Reading takes about 40 minutes, the code about 30. You need Python, a little PyTorch (tensors,
# `backward()`) and derivatives. Nothing is downloaded.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# `scale` says how much the experiments do: `"smoke"` is for tests, `"cpu"` for a laptop (about a
# minute for the whole chapter), `"gpu"` for a larger model on a graphics card.
#
# ## One step downhill
#
# Names first. θ (theta) stands for all parameters together, f(θ) for the loss, g for the gradient
# of f at θ. η (eta) is the **learning rate**, `lr` in code: how far to go. One step of gradient
# descent is
#
# > θ ← θ − η g
#
# The gradient only knows the slope under your feet. It does not know how soon the slope changes,
# and that is where the trouble comes from. The smallest loss that shows the trouble is a lopsided
# valley in two variables,
#
# > f(x, y) = ½ (μ x² + L y²), with μ = 0.1 and L = 10.
#
# L and μ are **curvatures**: how much the slope changes per unit of distance. Across the valley
# (y) it changes 100 times faster than along it (x). Below are 40 steps at two learning rates. The
# ring is the start, the cross the lowest point. (torch's own SGD lends itself here until you have
# yours.)

# %%
import torch
from course_lib.lab.plots import colour, figure, plot_path, show
from course_lib.lab.surfaces import descend, valley

lopsided = valley(L=10, mu=0.1)
fig, axes = figure(2, 1, height=3.6, sharex=True)
seen = {0.02: "safe across, hardly moves along", 0.19: "zigzags across, moves along"}
for ax, lr in zip(axes, seen):
    path = descend(lambda point: torch.optim.SGD(point, lr=lr), lopsided, steps=40)
    plot_path(ax, lopsided, path, color=colour("SGD"), label=f"lr = {lr}: {seen[lr]}")
show(
    fig,
    alt="Two walks in a long narrow valley. With lr 0.02 the walk drops to the floor and "
    "stands almost still. With lr 0.19 it zigzags from wall to wall and gets half way "
    "to the minimum.",
)

# %% [markdown]
# The larger learning rate gets further, so turn it up more. How far can you go?
#
# ## Predict: the largest stable learning rate
#
# The walk starts at y = 1. If lr is too large, each step jumps across the valley and lands
# *higher* on the other side than it started. At one learning rate it lands exactly as far out as
# it started, and goes back and forth for ever.
#
# **Type that learning rate, before you run anything below.** L = 10, μ = 0.1. A guess is fine:
# the prediction is checked after the experiment, and you may come back and change it.

# %% predict="largest_stable_lr" points=1
predict("largest_stable_lr", 0.2)

# %% [markdown]
# <details>
# <summary><b>Derive it</b> (one direction at a time)</summary>
#
# Across the valley the loss is ½ L y² and its slope is L y. One step is
#
# > y ← y − η L y = (1 − η L) y
#
# so every step multiplies y by the same factor, 1 − η L.
#
# | learning rate | factor | what y does |
# |---|---|---|
# | η < 1/L | between 0 and 1 | comes closer on the same side |
# | η = 1/L | 0 | is at the bottom after one step |
# | 1/L < η < 2/L | between −1 and 0 | comes closer, changing sides: the zigzag |
# | η = 2/L | −1 | goes back and forth for ever |
# | η > 2/L | below −1 | lands further out every time |
#
# Along the valley the same holds with μ in place of L: its own limit, 2/μ, is 100 times larger,
# but both directions share one η. Any quadratic loss is a sum of such independent directions, the
# eigenvectors of its matrix of second derivatives (the Hessian), each with its own curvature.
# **The largest curvature sets the limit for all: η < 2/L.**
#
# </details>
#
# ## Write it
#
# PyTorch's base class `torch.optim.Optimizer` does the bookkeeping. What you need to know about
# it:
#
# - `super().__init__(params, {"lr": lr, ...})` sorts the parameters into `self.param_groups`, a
#   list of dicts. Each **parameter group** has its parameters under `"params"` and a value for every
#   hyperparameter. A model has one group, or several with different values. A **schedule**, the
#   learning rate as a function of the step, changes `group["lr"]` between steps, so read it from the
#   group, at every step.
# - `p.grad` is the gradient of the parameter `p`. It is `None` if the loss did not depend on `p`.
# - A change *in place* (`p.add_(...)`, `p -= ...`) changes the model. `p = p - ...` makes a new
#   tensor, and the model never hears of it.
# - Inside `@torch.no_grad()` torch does not record what you do, which is what an update needs.
# - `step(closure)`: some callers pass a function that computes loss and gradients and returns the
#   loss. Gradients have to be recorded inside it: `with torch.enable_grad(): loss = closure()`.
#
# One hyperparameter besides lr: **weight decay**, λ (lambda). An **L2 penalty**, ½ λ ‖θ‖² added to
# the loss, punishes large weights, and adds λ θ to the gradient. The optimizer does this itself, so
# the loss stays as it was.

# %% [markdown]
# > **Task `sgd`** · 12 points · about 25 minutes
# >
# > **Write** `SGD(params, lr, weight_decay=0.0)`. Each `step()` does, for every parameter that
# > has a gradient,
# >
# > θ ← θ − η (g + λ θ)
# >
# > Decay is part of the gradient, and both are taken at the old θ. This is the convention of
# > `torch.optim.SGD`.
# >
# > **Why.** It is twelve lines, and every optimizer you write later has the same frame.
# >
# > **What has to hold**
# > - every group uses its own `lr` and `weight_decay`, as they are at that moment;
# > - parameters change in place; those whose gradient is `None` stay as they are; gradients are
# >   left as they were;
# > - `step(closure)` calls the closure once, before the update, and returns its loss; `step()`
# >   returns `None`;
# > - a negative `lr` or `weight_decay` raises `ValueError`.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# `__init__` looks at its arguments and hands them to `super().__init__`. `step` is two nested
# loops: over the groups, and over each group's parameters. Write the update for one parameter
# first, without decay, and run the check.
#
# </details>
# <details>
# <summary>Hint 2: the order of things</summary>
#
# Inside the inner loop: leave a parameter without gradient alone. Compute one new tensor,
# gradient plus decay, from the *old* parameter. Only then change the parameter. Whatever you
# decay *after* the gradient step is no longer the old parameter.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `tensor.add(other, alpha=a)` gives `tensor + a * other` as a new tensor; `tensor.add_(other,
# alpha=a)` does it in place. One call of the first kind makes the gradient with decay, one of the
# second kind is the step. The sign of `alpha` decides whether you go down or up.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"a leaf Variable that requires grad is being used in an in-place operation"**: the update is
#   being recorded. Keep the line `@torch.no_grad()` above `step`.
# - **"optimizer got an empty parameter list"**: `model.parameters()` gives its parameters once.
#   If you loop over `params` in `__init__`, nothing is left for `super().__init__`.
# - **nothing moves**: look for `p = p - ...`.
# - **it does not run in the check, but here it does**: the cell below becomes a file of its own,
#   `course_lib/optim/sgd.py`. Names from other cells do not exist there; import what you need
#   inside the cell.
#
# </details>

# %% task="sgd" points=12 minutes=25
import torch
from torch.optim import Optimizer


class SGD(Optimizer):
    """Gradient descent with an L2 penalty: θ ← θ − lr · (g + weight_decay · θ).

    params: parameters, or a list of dicts with "params" and values of their own.
    lr, weight_decay: not negative, else ValueError.
    """

    def __init__(self, params, lr, weight_decay=0.0):
        ### BEGIN SOLUTION
        if lr < 0:
            raise ValueError(f"lr must not be negative, but is {lr}")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must not be negative, but is {weight_decay}")
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})
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
                p.add_(gradient, alpha=-group["lr"])
        return loss
        ### END SOLUTION


# %% check="sgd"
check("sgd")

# %% [markdown]
# If a check fails, its message says what your optimizer does instead. `hint("sgd")` gives one
# hint at a time about the mistake that was recognised.
#
# ## The limit, measured
#
# Your SGD, at five learning rates around the limit. Left the distance across the valley, right
# the distance along it, on the same logarithmic scale.

# %%
import numpy as np
from course_lib.lab.plots import label_ends, ramp
from course_lib.optim import SGD

multiples = (1.9, 1.99, 2, 2.01, 2.1)
walks = {
    m: descend(lambda point: SGD(point, lr=m / 10), lopsided, steps=100) for m in multiples
}

fig, (across, along) = figure(1, 2, height=3.6, sharey=True)
for (m, walk), color in zip(walks.items(), ramp(len(walks))):
    for ax, column in ((along, 0), (across, 1)):
        ax.plot(np.abs(walk.points[:, column]), color=color, label=f"lr = {m}/L")
across.set(
    yscale="log",
    title="across, |y|: the limit is sharp",
    xlabel="step",
    ylabel="distance from the minimum",
)
along.set(title="along, |x|: hardly any difference", xlabel="step")
label_ends(across)
show(
    fig,
    alt="Across the valley the distance shrinks below 2/L, stays at 1 at exactly 2/L and "
    "grows above. Along the valley all five learning rates shrink the distance from 10 "
    "to about 1.3 in 100 steps.",
)

y = np.abs(walks[2].points[:, 1])
print(f"at exactly 2/L the distance across is {y.min()} to {y.max()} in all 100 steps")
further = abs(walks[2.01].points[-1, 1])
print(f"at 2.01/L it is {further:.3f} after 100 steps, and 1.01^100 = {1.01**100:.3f}")

# %% [markdown]
# There is no grey zone. One per cent below 2/L the distance shrinks by one per cent a step, one
# per cent above it grows by as much.

# %% check="largest_stable_lr"
check("largest_stable_lr")

# %% [markdown]
# ### What the limit costs
#
# The steep direction sets the **stability limit** 2/L, the flat direction has to live with it. The
# ratio κ = L/μ (kappa) is the **condition number** of the valley. The best single learning rate is 2/(L + μ), a
# hair below the limit: there both directions shrink by the same factor, (κ − 1)/(κ + 1), every
# step.
#
# How many steps does it take until the height is a millionth of what it was?


# %%
def steps_to_a_millionth(kappa):
    """Steps of SGD at its best learning rate in a valley with L = kappa and μ = 1."""
    surface = valley(L=kappa, mu=1, start=(1, 1))
    heights = descend(
        lambda point: SGD(point, lr=2 / (kappa + 1)), surface, steps=4 * kappa
    ).values
    return int(np.argmax(heights < 1e-6 * heights[0]))


for kappa in (10, 100):
    print(f"κ = {kappa:4d}: {steps_to_a_millionth(kappa)} steps")

# %% [markdown]
# **Quiz.** How many steps at κ = 1000? Give your estimate before you try it; 5 % off is right.

# %% quiz="steps_at_kappa_1000" points=1
quiz("steps_at_kappa_1000", 3454)

# %% check="steps_at_kappa_1000"
check("steps_at_kappa_1000")

# %% [markdown]
# ## Play: turn the learning rate yourself
#
# Drag `lr` and watch 60 steps. Find the setting with the lowest height at the end. It is not far
# from where everything falls apart.

# %%
from course_lib.lab.widgets import Slider, play

play(
    lambda lr: descend(lambda point: SGD(point, lr=lr), lopsided, steps=60),
    lopsided,
    sliders={"lr": Slider(low=0.005, high=0.21, start=0.02, step=0.001)},
    stills=[{"lr": 0.02}, {"lr": 0.1}, {"lr": 0.195}, {"lr": 0.202}],
    optimizer="SGD",
    alt="Sixty steps at four learning rates. At 0.02 and 0.1 the walk follows the valley "
    "floor and stops far from the minimum; at 0.195 it zigzags and gets furthest; at "
    "0.202 the zigzag grows.",
)

# %% [markdown]
# **Quiz.** At lr = 0.25 the height explodes. What does x, the coordinate *along* the valley, do
# meanwhile?
#
# - **a** It explodes too, because both share one learning rate.
# - **b** It goes on shrinking towards 0, as if nothing had happened.
# - **c** It stands still, because the step across uses up the learning rate.
# - **d** It swings from side to side, like y.

# %% quiz="flat_direction_when_diverging" points=1
quiz("flat_direction_when_diverging", "b")

# %% check="flat_direction_when_diverging"
check("flat_direction_when_diverging")

# %% [markdown]
# ## Valleys that bend
#
# A real loss has no single L: the curvature changes from place to place. Two classic test
# functions show what that does. In Rosenbrock's banana the valley bends; Beale's function has
# steep walls around a flat floor.

# %%
from course_lib.lab.surfaces import beale, rosenbrock

fig, axes = figure(1, 2, height=3.6)
for ax, surface, lr, steps in zip(axes, (rosenbrock(), beale()), (0.001, 0.01), (1500, 300)):
    path = descend(lambda point: SGD(point, lr=lr), surface, steps=steps)
    plot_path(ax, surface, path, color=colour("SGD"), label=f"{surface.name}, {steps} steps")
    hessian = torch.autograd.functional.hessian(surface.value, torch.tensor(surface.minimum))
    mu, L = torch.linalg.eigvalsh(hessian).tolist()
    print(f"{surface.name}: L = {L:.0f} and μ = {mu:.2f} at the minimum, so 2/L = {2 / L:.3f}")
show(
    fig,
    alt="On both surfaces the first few steps cross half of the picture; the remaining "
    "hundreds follow a curved valley floor in steps too small to see, and stop short of "
    "the minimum.",
)

# %% [markdown]
# The picture is the same in both: a few long steps to the floor of the valley, then hundreds of
# short ones along it. The limit 2/L is that of the steepest place on the way. Keep this picture
# in mind: chapter 2 (momentum) and chapter 3 (a learning rate for every coordinate) are two
# answers to it.
#
# ## Minibatches: what noise costs and what it buys
#
# The loss of a model is a mean over all examples. Its exact gradient needs all of them, for one
# single step. **Stochastic** gradient descent draws a few examples, a **minibatch**, and
# takes the gradient of their mean loss instead. On average it is right. How far a single one is off,
# its standard deviation, shrinks with 1/√B, where B is their number, the **batch size**.
#
# Linear regression makes it visible: 32,768 examples with 20 inputs each. Every run reads as many
# examples as there are, and spends them differently: many noisy steps, or few, or a single exact
# one. Everything is drawn against the number of examples read, since reading is what costs time.

# %%
from course_lib.lab.plots import theme
from course_lib.lab.scale import at_scale

generator = torch.Generator().manual_seed(0)
size = 32_768
inputs = torch.randn(size, 20, generator=generator) * torch.linspace(1, 0.5, 20)
targets = inputs @ torch.randn(20, generator=generator) + torch.randn(size, generator=generator)
best = torch.linalg.lstsq(inputs, targets[:, None]).solution[:, 0]
mu, L = torch.linalg.eigvalsh(inputs.T @ inputs / size)[[0, -1]].tolist()


def loss_on(weights, chosen):
    """Half the mean squared error on some of the examples."""
    return 0.5 * (inputs[chosen] @ weights - targets[chosen]).square().mean()


def regression(lr, batch_size, examples):
    """Train with SGD on `examples` examples. Returns how many were read, and the excess loss."""
    weights = torch.zeros(20, requires_grad=True)
    optimizer = SGD([weights], lr=lr)
    draw, everything = torch.Generator().manual_seed(1), slice(None)
    read, excess = [], []
    for step in range(examples // batch_size + 1):
        if step % max(1, 512 // batch_size) == 0:
            read.append(step * batch_size)
            with torch.no_grad():
                excess.append((loss_on(weights, everything) - loss_on(best, everything)).item())
        chosen = torch.randint(size, (batch_size,), generator=draw)
        optimizer.zero_grad()
        loss_on(weights, chosen if batch_size < size else everything).backward()
        optimizer.step()
    return np.array(read), np.array(excess)


# %%
examples = at_scale(scale, smoke=4096, cpu=size)
fig, ax = figure(height=3.8)
for (lr, batch_size), color in zip([(0.2, 16), (0.1, 16), (0.2, 256)], ramp(3)):
    read, excess = regression(lr, batch_size, examples)
    ax.plot(read, excess, color=color, label=f"B = {batch_size}, lr = {lr}")
    floor = excess[len(excess) // 2 :].mean()
    print(f"B = {batch_size:3}, lr = {lr}: mean excess loss over the second half {floor:.4f}")
read, excess = regression(2 / (L + mu), size, size)
ax.plot(read, excess, color=theme().neutral, marker="o", label=f"all, lr = {2 / (L + mu):.2g}")
ax.set(yscale="log", xlabel="examples read", ylabel="loss above the best possible")
label_ends(ax)
show(
    fig,
    alt="With batches of 16 the loss falls within a thousand examples and then wiggles "
    "around a floor, half as high at half the learning rate. With 256 it falls later, "
    "to a lower floor. The exact gradient has made a single step when all examples are "
    "read.",
)

# %% [markdown]
# Three things to read off:
#
# - **What noise buys.** For the same reading, small batches get far more steps: 2,048 with B =
#   16, against one with the exact gradient, although that one has the best learning rate there is
#   for it, 2/(L + μ).
# - **What noise costs.** At a constant learning rate the noisy runs do not arrive. They hover at
#   a floor, where each step undoes as much as it gains.
# - **What the floor depends on.** Half the learning rate: about half the floor. Sixteen times the
#   batch: roughly a sixteenth. As long as η is far below its limit, the floor is proportional to
#   η/B.
#
# <details>
# <summary><b>Derive it</b>: the floor of one direction</summary>
#
# Write the minibatch gradient as L y + ξ, where the noise ξ (xi) has mean 0 and variance σ²/B.
# One step gives
#
# > y ← (1 − η L) y − η ξ
#
# The noise is independent of y, so variances add: V ← (1 − η L)² V + η² σ²/B. Where this stands
# still,
#
# > V = η σ² / (B L (2 − η L)), and the mean loss is ½ L V = η σ² / (2 B (2 − η L)).
#
# For η far below 2/L this is about η σ²/(4B). At η = 2/L it is infinite: the limit is the same
# with noise.
#
# </details>
#
# So large steps first, smaller ones later: that is what learning rate schedules do (chapter 6),
# and Robbins and Monro's proof of 1951 asks for it. Whether the noise *also* leads to solutions
# that generalise better is contested: Keskar et al. (2017) found large batches to generalise
# worse; Geiping et al. (2022) matched minibatch training on CIFAR-10 with exact gradients and
# explicit regularisation.
#
# **Quiz.** You go from batches of 16 to batches of 64. What happens to the standard deviation of
# the gradient noise?
#
# - **a** It becomes a quarter.
# - **b** It becomes a half.
# - **c** It stays: the noise is a property of the data.
# - **d** It doubles: more examples bring more noise.

# %% quiz="batch_noise" points=1
quiz("batch_noise", "b")

# %% check="batch_noise"
check("batch_noise")

# %% [markdown]
# ## Weight decay moves the minimum
#
# Your `weight_decay` adds λ θ to the gradient. That changes the loss that is minimised: to the
# valley comes a bowl around the origin. Below, the valley's own minimum is at (4, 1), and three
# runs differ only in λ.

# %%
shifted = valley(L=10, mu=0.1, minimum=(4, 1), start=(9, 2))
fig, axes = figure(3, 1, height=5.6, sharex=True)
for ax, decay in zip(axes, (0.0, 0.1, 1.0)):
    walk = descend(lambda point: SGD(point, lr=0.1, weight_decay=decay), shifted, steps=500)
    x, y = walk.points[-1]
    plot_path(
        ax, shifted, walk, color=colour("SGD"), label=f"λ = {decay}: ends at ({x:.2f}, {y:.2f})"
    )
show(
    fig,
    alt="Three walks in a valley with its minimum at (4, 1). Without decay the walk ends "
    "there. With λ = 0.1 it ends at (2, 0.99), with λ = 1 at (0.36, 0.91).",
)

# %% [markdown]
# In one direction with curvature L and its minimum at c, the gradient with decay, L (θ − c) + λ
# θ, is zero at
#
# > θ = c · L / (L + λ).
#
# Across, L = 10 is large against λ and the minimum hardly moves. Along, μ = 0.1 is not, and it
# moves far. **Weight decay gives way where the data insist, and takes over where they hardly
# care.** It also adds λ to every curvature, so the limit becomes 2/(L + λ).
#
# A second reading: θ ← θ − η (g + λ θ) is the same as θ ← (1 − η λ) θ − η g. First shrink, then
# step. For plain SGD "L2 penalty" and "weight decay" are two names for one thing. With momentum
# (chapter 2) and Adam they part ways: chapter 5.
#
# **Quiz.** Same valley, λ = 0.3. Where along the valley (which x) does the run end?

# %% quiz="decayed_minimum" points=1
quiz("decayed_minimum", 1.0)

# %% check="decayed_minimum"
check("decayed_minimum")

# %% [markdown]
# ## A language model
#
# Now something with more than two directions. `TinyLM` is a small transformer that reads bytes
# and predicts the next one. Its text is Python's own help pages. (Each Python version has its own
# edition of them. The numbers in this text are from Python 3.11; yours may differ a little.
# `load_text("my.txt")` reads a file of yours.)

# %%
from course_lib.lab.device import device_for
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM

text = load_text()
device = device_for(scale)
steps = at_scale(scale, smoke=3, cpu=100, gpu=1000)
context = at_scale(scale, smoke=64, cpu=64, gpu=256)
shape = at_scale(scale, smoke={}, cpu={}, gpu={"width": 256, "layers": 4, "heads": 8})


def new_model(seed):
    """A TinyLM with fresh weights."""
    return TinyLM(len(text.alphabet), context=context, seed=seed, **shape).to(device)


def data(seed):
    """Minibatches of 16 pieces of the text; another seed draws other pieces."""
    return batches(text, batch_size=16, context=context, seed=seed)


validation = validation_batch(text, context=context)
parameters = sum(p.numel() for p in new_model(0).parameters())
print(f"{text.name}: {len(text.train):,} bytes, {len(text.alphabet)} different ones")
print(f"{parameters:,} parameters on {device}")
print("The text begins:\n")
print(text.decode(text.train[:300]))

# %% [markdown]
# One exact gradient would have to read all of the text. A minibatch has 16 pieces of 64 bytes:
# 100 steps with minibatches read a quarter of what *one* exact step would.
#
# The loss is in **nats** per byte: the mean of −log(probability of the byte that came). Guessing
# evenly among 107 bytes costs log 107 = 4.67 nats, and that is where every run starts.
#
# ### Turn up the learning rate, again

# %%
from course_lib.lab.plots import plot_losses
from course_lib.lab.train import train

finished = {}


def trained(lr, seed=0):
    """A model trained by your SGD, and its history; trained once for each lr and seed."""
    if (lr, seed) not in finished:
        model = new_model(seed)
        optimizer = SGD(model.parameters(), lr=lr)
        name = f"lr = {lr}"
        history = train(model, optimizer, data(seed), steps, name=name, validation=validation)
        finished[lr, seed] = model, history
    return finished[lr, seed]


lrs = (0.1, 0.3, 1.0, 2.0)
sweep = [trained(lr)[1] for lr in lrs]
fig, ax = figure(height=3.8)
plot_losses(ax, sweep, colors=dict(zip([run.name for run in sweep], ramp(len(lrs)))))
show(
    fig,
    alt="Validation loss over 100 steps. lr 0.3 ends lowest, near 2.6; 0.1 near 2.8; 1.0 "
    "jumps about and ends near 3.1; 2.0 diverges within ten steps.",
)

# %% [markdown]
# The same story as in the valley: too slow, about right, rough, gone. (One seed each here. Over
# three seeds, lr = 0.3 ended at 2.59 to 2.62 nats, 0.1 at 2.80 to 2.83, 1.0 at 2.99 to 3.08, and
# 2.0 diverged every time.)
#
# Whose limit is it that we hit? A transformer has different kinds of parameters:
#
# - the **embedding**: one row of 64 numbers for each byte, looked up at the input;
# - **norm gains**: 64 numbers for each RMSNorm, which scale its output;
# - **matrices**: query, key, value and output of attention, and the two of each MLP;
# - the **head**: the matrix that turns the last 64 numbers into 107 scores.
#
# Suppose only one kind may move and the others are held still. Then that kind has a largest
# curvature L of its own, and a limit 2/L of its own.
#
# **Predict.** Order these three by their limit, smallest first: `"embedding"`, `"mlp"` (the MLP
# matrices), `"norms"` (the norm gains).

# %% predict="order_of_limits" points=1
predict("order_of_limits", ["mlp", "embedding", "norms"])

# %% [markdown]
# `largest_curvature` finds L without ever writing down the Hessian, which would have 112,320²
# entries: it multiplies a random direction by the Hessian a few times, and the steepest direction
# takes over (power iteration). The model below has been trained at lr = 0.3.

# %%
from course_lib.lab.curvature import largest_curvature
from course_lib.lab.plots import plot_dots


def limit(lr, parameters_of):
    """2/L for some parameters of a model that was trained at `lr`."""
    model = trained(lr)[0]
    batch = [part.to(device) for part in next(data(seed=99))]
    return 2 / abs(largest_curvature(model, parameters_of(model), batch))


kinds = new_model(0).kinds()
limits = {kind: limit(0.3, lambda model: model.kinds()[kind]) for kind in kinds}
limits["all together"] = limit(0.3, lambda model: list(model.parameters()))

fig, ax = figure(height=3.2)
plot_dots(ax, limits, color=colour("SGD"), mark={"lr = 0.3, in use": 0.3})
ax.set_xlabel("limit 2/L: the largest learning rate that this kind alone would bear")
show(
    fig,
    alt="A dot for each kind of parameter on a logarithmic axis. All together bear about "
    "0.2, the head 0.4, MLP matrices 0.6, value and output 1, query and key 1.7, the "
    "embedding 4 and the norm gains 24.",
)

# %% check="order_of_limits"
check("order_of_limits")

# %% [markdown]
# The limits span a factor of 60. The head and the MLP matrices decide, and the norm gains and the
# embedding have to walk at their pace, a small part of what they would bear. This is the valley
# again, with 112,320 directions.
#
# (The order of the embedding, the norm gains and the matrices was the same for three seeds and
# two learning rates. The numbers move: the measurement is of one model on one minibatch, and of
# the kinds one at a time.)
#
# Look at the lowest dot once more. All kinds together bear about 0.2, and we trained at 0.3. That
# should not work, and it does. Is it by chance? Measure a model that was trained at another
# learning rate:

# %%
for lr in (0.1, 0.3):
    found = limit(lr, lambda model: list(model.parameters()))
    print(f"trained at lr = {lr}: largest curvature L = {2 / found:4.1f}, so 2/L = {found:.2f}")

# %% [markdown]
# The curvature is not a property of the model alone. After 100 steps it is just about as large as
# the learning rate allows, whichever learning rate that was. (Over three seeds 2/L was 0.08 to
# 0.11 after training at 0.1, and 0.22 to 0.34 after training at 0.3.) Cohen et al. (2021) found
# this for exact gradients and called it the *edge of stability*: the largest curvature rises
# until it reaches 2/η, then hovers there while the loss goes on falling. So for a neural network
# 2/L is no wall that you could look up beforehand.
#
# ### Inside one kind
#
# Would it help to give each kind its own learning rate? Your SGD takes groups, so try it: a
# quarter of the limit that each kind had. The best single rate, 0.3, runs beside it, two seeds
# each.

# %%
own_lrs = {
    "norm gains": 6.0,
    "embedding": 1.0,
    "query, key": 0.5,
    "value, output": 0.25,
    "mlp": 0.15,
    "head": 0.1,
}


def trained_in_groups(seed):
    """The history of a model in which each kind of parameter has its own learning rate."""
    model = new_model(seed)
    groups = [{"params": model.kinds()[kind], "lr": lr} for kind, lr in own_lrs.items()]
    name = "one lr per kind"
    return train(
        model, SGD(groups, lr=0.1), data(seed), steps, name=name, validation=validation
    )


seeds = at_scale(scale, smoke=(0,), cpu=(0, 1))
for seed in seeds:
    single, own = trained(0.3, seed)[1], trained_in_groups(seed)
    print(
        f"seed {seed}: lr = 0.3 ends at {single.final:.3f} nats, own rates at {own.final:.3f}"
    )

# %% [markdown]
# No clear gain. We tried ten ways to set the six rates. None was reliably better than lr = 0.3:
# the best were equal to it within the spread between seeds, and three of the ten broke down for
# at least one seed. (Rates near the limits that were measured one kind at a time are too large
# for all kinds together, and the limits move during training.)
#
# So is a rate per kind still too coarse? Look inside the embedding. It has a row for each byte,
# and a row gets a gradient only when its byte is in the minibatch.

# %%
from course_lib.lab.tiny_lm import next_byte_loss

model, draws = trained(0.3)[0], at_scale(scale, smoke=2, cpu=20)
squares = torch.zeros(len(text.alphabet))
for _, (x, y) in zip(range(draws), data(seed=7)):
    model.zero_grad()
    next_byte_loss(model, x.to(device), y.to(device)).backward()
    squares += model.embedding.weight.grad.square().sum(dim=1).cpu()
typical = (squares / draws).sqrt()
seen, counts = typical > 0, torch.bincount(text.train, minlength=len(text.alphabet))

fig, ax = figure(height=3.8)
ax.scatter(counts[seen], typical[seen], color=colour("SGD"), s=14)
for byte in b" etI{Z":
    row = text.alphabet.find(byte)
    if row >= 0 and seen[row]:
        ax.annotate(repr(chr(byte)), (counts[row] * 1.1, typical[row] * 0.8))
ax.set(xscale="log", yscale="log", ylabel="typical length of its row's gradient")
ax.set_xlabel("how often the byte occurs in the text")
show(
    fig,
    alt="A dot for each byte: the rarer the byte, the smaller the gradient of its embedding "
    "row, from 0.05 for the space to 0.001 for letters that occur a dozen times.",
)
print(f"{(~seen).sum()} of {len(seen)} rows got no gradient at all in {draws} minibatches")

# %% [markdown]
# Within one matrix, under one learning rate, typical gradients differ by a factor of 50 and more,
# and they follow how often a byte occurs. Rows of rare bytes hardly move. Kunstner et al. (2024)
# argue that this imbalance, a few frequent classes and a long tail of rare ones, is a main reason
# why SGD is slow on language. It is not the only explanation on offer: Zhang et al. (2020) point
# to heavy-tailed gradient noise, Zhang et al. (2024) to Hessians that differ from block to block.
#
# ## In the wild
#
# **`torch.optim.SGD`** does what yours does, and more: `momentum`, `dampening` and `nesterov`
# (chapter 2), `maximize` (uphill on purpose), and `foreach` and `fused`, which do the same
# arithmetic for many parameters in one call. With these at their defaults, both should walk the
# same path:

# %%
mine, theirs = new_model(0), new_model(0)
settings = {"lr": 0.3, "weight_decay": 0.01}
train(mine, SGD(mine.parameters(), **settings), data(0), 10, progress=False)
train(theirs, torch.optim.SGD(theirs.parameters(), **settings), data(0), 10, progress=False)
pairs = zip(mine.parameters(), theirs.parameters())
difference = max((a - b).abs().max().item() for a, b in pairs)
print(f"after 10 steps the largest difference between two parameters is {difference:.1e}")

# %% [markdown]
# (Up to about 1e-6 is rounding: floating-point sums depend on the order in which they are taken.)
#
# **Where SGD is used.** Plain SGD without momentum (chapter 2) is rare today. It is the inner
# step of federated averaging (McMahan et al. 2017) and, with clipped gradients and added noise,
# of differentially private training (Abadi et al. 2016). With momentum it is the classic way to
# train convolutional networks: ResNets used batches of 256, lr 0.1 divided by 10 whenever the
# error stopped falling, momentum 0.9 and weight decay 0.0001 (He et al. 2016). Transformers are
# nearly always trained with Adam or a relative of it. How much that matters shows below: the same
# model, the same batches, the same number of steps.

# %%
from dataclasses import replace

sgd = [replace(trained(0.3, seed)[1], name="SGD") for seed in seeds]
model = new_model(0)
adamw = train(
    model,
    torch.optim.AdamW(model.parameters(), lr=3e-3),
    data(0),
    steps,
    name="AdamW",
    validation=validation,
)
fig, ax = figure(height=3.6)
plot_losses(ax, [*sgd, adamw])
show(
    fig,
    alt="Validation loss over 100 steps: SGD ends near 2.6 nats, AdamW near 2.3, and AdamW "
    "is below SGD all the way.",
)

# %% [markdown]
# One run of AdamW, its learning rate the best of three that we tried; for SGD we tried nine.
# AdamW needs two more numbers of memory for every parameter, and what it does with them is the
# subject of the next four chapters.
#
# ## Quiz
#
# SGD walks 100 steps down the valley with L = 10 and μ = 0.1, from (10, 1). Order these learning
# rates by the height at the end, lowest first. Try it in your head before you try it in a cell.
#
# - **a** lr = 0.01
# - **b** lr = 0.19
# - **c** lr = 0.2
# - **d** lr = 0.21

# %% quiz="order_of_lrs" points=1
quiz("order_of_lrs", ["b", "a", "c", "d"])

# %% check="order_of_lrs"
check("order_of_lrs")

# %% [markdown]
# ## In your own words
#
# A colleague trains with SGD at a constant learning rate. The loss fell for a while; now it
# wiggles around a level and falls no more. She asks whether to halve the learning rate or to
# double the batch size.
#
# Write five to ten sentences: what does each do to the level, and what does each cost? When would
# neither help? Name one measurement that she could make to find out. This answer is read by a
# person.

# %% [markdown] free_text="explain_noise" points=2
# If the level is a noise floor, it is roughly proportional to η/B. Halving η and doubling B both
# roughly halve it.
#
# Halving η costs steps: along the flat directions, where progress per step is η times the
# curvature, everything takes twice as many. Doubling B costs examples: every step reads twice as
# many, which a parallel machine may do in the same time, up to a point. Per example the two cost
# about the same.
#
# Neither helps if the level is not noise. The run may be crawling along a flat direction, so that
# it only looks level; then a *smaller* learning rate makes it worse. Or the steps may be at the
# limit of the steepest direction and bounce from wall to wall. Or the model cannot do better.
#
# A measurement: go on for some steps with η halved. If the loss drops quickly to about half the
# distance, it was noise (or the steep direction). If it does not, compare the gradient over a
# very large batch with that of single minibatches: if the large one is small beside the spread of
# the small ones, the run is on its floor.
#
# *For the grader: one point for both levers acting on η/B with their different costs, one for a
# case in which neither helps together with a measurement that tells the cases apart.*

# %% [markdown]
# ## Read on
#
# - Goodfellow, Bengio, Courville (2016), *Deep Learning*, chapter 8: the textbook treatment, with
#   the conditioning of the Hessian in section 8.2.
# - Bottou, Curtis, Nocedal (2018), *Optimization Methods for Large-Scale Machine Learning*, SIAM
#   Review 60(2): the theory of noise floors and batch sizes, sections 4 and 5.
# - Robbins, Monro (1951), *A Stochastic Approximation Method*, Annals of Mathematical Statistics
#   22(3): where it started. Eight pages.
# - Cohen et al. (2021), *Gradient Descent on Neural Networks Typically Occurs at the Edge of
#   Stability*, ICLR.
# - On why SGD is slow on language, in order of disagreement: Zhang et al. (2020), *Why are
#   Adaptive Methods Good for Attention Models?*, NeurIPS; Kunstner et al. (2023), *Noise Is Not
#   the Main Factor Behind the Gap Between SGD and Adam on Transformers, but Sign Descent Might
#   Be*, ICLR; Kunstner et al. (2024), *Heavy-Tailed Class Imbalance and Why Adam Outperforms
#   Gradient Descent on Language Models*, NeurIPS; Zhang et al. (2024), *Why Transformers Need
#   Adam: A Hessian Perspective*, NeurIPS.
# - On noise and generalisation: Keskar et al. (2017), *On Large-Batch Training for Deep
#   Learning*, ICLR; Geiping et al. (2022), *Stochastic Training is Not Necessary for
#   Generalization*, ICLR.
# - Also mentioned: He et al. (2016), *Deep Residual Learning for Image Recognition*, CVPR;
#   McMahan et al. (2017), *Communication-Efficient Learning of Deep Networks from Decentralized
#   Data*, AISTATS; Abadi et al. (2016), *Deep Learning with Differential Privacy*, CCS.
#
# **Next:** chapter 2 gives the walk a memory, and the valley takes √κ steps instead of κ.
