# ---
# title: Momentum
# summary: A step that remembers, why it may be longer and not shorter, and √κ steps instead of κ.
# ---

# %% [markdown]
# # 2 · Momentum
#
# Gradient descent forgets. In a lopsided valley it crosses from wall to wall and never notices
# that it has been there before: each step is planned from one gradient, and the next from
# another. Chapter 1 ended with the price of that: one learning rate for all directions, limited by
# the steepest, and a number of steps that grows with the condition number κ.
#
# This chapter adds one thing, a memory. At its end you have
#
# - written `Momentum`, with Nesterov's form of it;
# - found the largest learning rate it bears, which is not where most people look for it;
# - measured that a good memory makes κ = 10,000 cost 700 steps instead of 35,000;
# - seen on the language model what momentum changes and what it does not.
#
# Reading takes about 40 minutes, the code about 30. You need chapter 1.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## The valley again
#
# Names from chapter 1: θ (theta) are the parameters, g the gradient there, η (eta) the learning
# rate `lr`, and κ = L/μ the ratio of the largest to the smallest curvature.
#
# One name is new and unlucky: the **momentum** coefficient, the share of its speed that a walk keeps
# from step to step, is called μ (mu) in nearly every text, like the smallest curvature. In this
# chapter **μ is momentum**, curvatures are written λ (lambda), and
# the smallest of them λ_min. (In the code, `mu` of `valley(...)` is still the curvature. And in the
# task λ is weight decay, as in chapter 1: there are more quantities than Greek letters.)
#
# Below is the valley of chapter 1 with L = 10 and λ_min = 0.1. The upper walk is gradient descent
# at about its best learning rate, the lower one has the same learning rate and a memory. (torch's
# own SGD lends itself here until you have yours.)

# %%
import torch
from course_lib.lab.plots import colour, figure, plot_path, show
from course_lib.lab.surfaces import descend, valley

lopsided = valley(L=10, mu=0.1)
fig, axes = figure(2, 1, height=3.6, sharex=True)
for ax, momentum, name in zip(axes, (0.0, 0.8), ("SGD", "Momentum")):
    walk = descend(
        lambda point: torch.optim.SGD(point, lr=0.19, momentum=momentum), lopsided, steps=40
    )
    label = f"lr = 0.19, momentum = {momentum}: height {walk.values[-1]:.2g} after 40 steps"
    plot_path(ax, lopsided, walk, color=colour(name), label=label)
show(
    fig,
    alt="Two walks of 40 steps. Without memory the walk zigzags and stops half way along the "
    "valley. With momentum 0.8 it swings out wide at first and then runs into the minimum.",
)

# %% [markdown]
# Across the valley, gradients change sign at every step: what they add to a memory cancels. Along
# it they all point the same way and add up. The walk picks up speed where the slope is steady, and
# only there.
#
# ## A running average and its memory
#
# Before the optimizer, the tool. A **running average** m of a stream of numbers g₁, g₂, … keeps a
# share β (beta) of what it was and takes the rest from the new number:
#
# > m ← β m + (1 − β) g
#
# Unrolled, a number that came k steps ago has the weight (1 − β) βᵏ. The weights add up to one,
# so m is an average, and it costs the memory of a single number. How far back does it look? The
# weights have fallen to about a third (1/e) after **1/(1 − β)** steps: call that its memory. For
# β = 0.9 it is 10 steps, for 0.95 it is 20, for 0.99 it is 100.

# %%
import numpy as np
from course_lib.lab.plots import label_ends, ramp, theme

generator = np.random.default_rng(0)
signal = np.sin(np.linspace(0, 5, 200))
stream = signal + generator.normal(0, 0.7, size=200)

fig, (weights, averages) = figure(1, 2, height=3.4)
ago = np.arange(60)
averages.plot(stream, color=theme().faint, linewidth=0, marker="o", markersize=2.5)
for beta, color in zip((0.9, 0.95, 0.99), ramp(3)):
    weights.plot(ago, (1 - beta) * beta**ago, color=color, label=f"β = {beta}")
    weights.plot(1 / (1 - beta), (1 - beta) / np.e, marker="o", color=color)
    averaged, m = [], 0.0
    for number in stream:
        m = beta * m + (1 - beta) * number
        averaged.append(m)
    averages.plot(averaged, color=color, label=f"β = {beta}")
weights.set(title="weight of a number", xlabel="steps ago", xlim=(0, 59))
averages.set(title="averages of a noisy stream", xlabel="step")
label_ends(weights)
label_ends(averages)
show(
    fig,
    alt="Left: the weights fall exponentially; a dot marks the memory of 10 and 20 steps. "
    "Right: with β = 0.9 the average follows the stream and trembles, with 0.99 it is smooth, "
    "too small, and late.",
)

# %% [markdown]
# A longer memory is smoother and later. It also starts too small, because m begins at zero: that
# will matter in chapter 4.
#
# ## Heavy ball
#
# The oldest form of momentum (Polyak 1964) does not average, it adds up. It keeps a **buffer** b,
# of the same shape as the parameter and zero at the start:
#
# > b ← μ b + g
# >
# > θ ← θ − η b
#
# Under a steady gradient g the buffer grows to g + μ g + μ² g + … = g/(1 − μ). With μ = 0.9 the
# steps along the valley become ten times as long as those of gradient descent.
#
# ## Predict: the largest stable learning rate, with memory
#
# Without momentum the limit was 2/L = 0.2. Now the steps are up to ten times as long. **What is
# the largest stable learning rate with μ = 0.9, at L = 10?** A guess is fine; it is checked after
# the experiment.

# %% predict="momentum_limit" points=1
predict("momentum_limit", 0.38)

# %% [markdown]
# <details>
# <summary><b>Derive it</b> (one direction at a time)</summary>
#
# Take one direction with curvature λ, so that its gradient is λ y. Two steps of the heavy ball
# are tied together by the buffer: the step that was just made is −η b. So
#
# > y_next = y − η λ y + μ (y − y_before)
#
# Try y_k = zᵏ. That works if z² − (1 + μ − η λ) z + μ = 0. The walk shrinks by the larger of the
# two roots, |z|, at every step.
#
# - **Complex roots.** The product of the two is μ, so both have size √μ, whatever λ is. The walk
#   swings, and the swing shrinks by √μ each step. This is the case for η λ between (1 − √μ)² and
#   (1 + √μ)².
# - **The limit.** At η λ = 2 (1 + μ) one root is exactly −1. Beyond it the walk explodes.
#
# So the condition is **η < 2 (1 + μ)/L**. A crossing from wall to wall is slowed by the memory of
# the crossing before, which pointed the other way. Momentum makes steps longer along the valley
# and *shorter* across it. For μ near 1 the limit is almost doubled.
#
# **The best pair.** All directions between λ_min and L have complex roots if η λ_min ≥ (1 − √μ)²
# and η L ≤ (1 + √μ)². With equality in both,
#
# > η = 4/(√L + √λ_min)², μ = ((√κ − 1)/(√κ + 1))²
#
# and every direction shrinks by √μ = (√κ − 1)/(√κ + 1) a step. Gradient descent had (κ − 1)/(κ +
# 1). (Polyak 1964.)
#
# </details>
#
# ## Write it
#
# The frame is that of `SGD`: groups, gradients that may be `None`, a closure, checks in
# `__init__`. New is the **optimizer state**, one buffer per parameter. `torch.optim.Optimizer` has a place for
# it: `self.state[p]` is a dict of your own for the parameter `p`, empty at first. What is in it
# goes into `state_dict()` and comes back with `load_state_dict()`. What is kept elsewhere does
# not.
#
# **Nesterov's form.** Nesterov (1983) takes the gradient not at θ but at the point where the
# buffer is about to carry you. Written for a gradient at the place where the model is (Sutskever
# et al. 2013; torch), it is one more look ahead:
#
# > b ← μ b + g
# >
# > θ ← θ − η (g + μ b)
#
# The b in the second line is the *new* one.

# %% [markdown]
# > **Task `momentum`** · 15 points · about 30 minutes
# >
# > **Write** `Momentum(params, lr, momentum=0.9, nesterov=False, weight_decay=0.0)`. Each `step()`
# > does, for every parameter that has a gradient,
# >
# > g ← g + λ θ (weight decay, as in chapter 1)
# >
# > b ← μ b + g
# >
# > θ ← θ − η b, or θ ← θ − η (g + μ b) with `nesterov=True`
# >
# > **Why.** Every optimizer in the rest of this course keeps a state. The heart of this one is in
# > Adam, in AdamW and in Muon.
# >
# > **What has to hold**
# > - the buffer belongs to one parameter, starts at zero and survives `state_dict()` and
# >   `load_state_dict()`;
# > - a parameter without a gradient keeps its value *and* its buffer;
# > - every group uses its own hyperparameters, as they are at that moment;
# > - parameters change in place, gradients stay as they were;
# > - `step(closure)` works as in chapter 1; a negative `lr`, `momentum` or `weight_decay` raises
# >   `ValueError`.
# >
# > **What is accepted as well**, because published texts write it so. The check says which form it
# > recognised. One form for everything, please.
# > - *lr in the velocity* (Polyak; Sutskever et al.; Keras): v ← μ v + η g, θ ← θ − v, and with
# >   Nesterov θ ← θ − (η g + μ v);
# > - *running average* (the first moment of Adam): b ← μ b + (1 − μ) g, and with Nesterov
# >   (1 − μ) g + μ b. It may start from zero or from the first gradient (torch with dampening = μ).
# >   Its learning rates are larger by 1/(1 − μ). The cells of this chapter use those of the first
# >   form: if yours is an average, multiply them by 10 where μ = 0.9.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Copy your `SGD` and add the new arguments. Between the gradient with decay and the change of the
# parameter there are now two lines more: one changes the buffer, one chooses what to step with.
#
# </details>
# <details>
# <summary>Hint 2: the first step</summary>
#
# `if "momentum_buffer" not in self.state[p]:` make it, with `torch.zeros_like(p)`. Then do the
# same as in every other step. Whoever starts the buffer with the gradient has to skip the update
# of the buffer on that step, or the first gradient counts twice.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `buffer.mul_(mu).add_(g)` changes the buffer in place, and the one in `self.state[p]` is the same
# tensor. Without Nesterov the step is `lr` times the buffer. With it, make a *new* tensor
# `g.add(buffer, alpha=mu)`; the underscore form would change what must not be changed.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **right until it is saved and loaded**: the buffer is in a dict of your own. Use `self.state`.
# - **right on the first step, wrong on the second**: is the new buffer stored? Is it the new one
#   that is used?
# - **a parameter is wrong only where another has the same shape**: what is the key under which
#   you keep the buffer?
# - **"gradients are left alone" fails**: `g = p.grad` followed by `g.add_(...)` changes `p.grad`.
#
# </details>

# %% task="momentum" points=15 minutes=30
import torch
from torch.optim import Optimizer


class Momentum(Optimizer):
    """The heavy ball: b ← momentum · b + g, θ ← θ − lr · b, with g = gradient + weight_decay · θ.

    nesterov: step with g + momentum · b instead of b.
    lr, momentum, weight_decay: not negative, else ValueError.
    """

    def __init__(self, params, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
        ### BEGIN SOLUTION
        for name, value in {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
        }.items():
            if value < 0:
                raise ValueError(f"{name} must not be negative, but is {value}")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "nesterov": nesterov,
            "weight_decay": weight_decay,
        }
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
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(p)
                buffer = state["momentum_buffer"]
                buffer.mul_(group["momentum"]).add_(gradient)
                if group["nesterov"]:
                    gradient.add_(buffer, alpha=group["momentum"])
                    p.add_(gradient, alpha=-group["lr"])
                else:
                    p.add_(buffer, alpha=-group["lr"])
        return loss
        ### END SOLUTION


# %% check="momentum"
check("momentum")

# %% [markdown]
# If a check fails, its message says what your optimizer does instead. `hint("momentum")` gives one
# hint at a time about the mistake that was recognised.
#
# ## The limit, measured
#
# Your `Momentum` with μ = 0.9, at three learning rates around 2 (1 + μ)/L = 0.38, across the
# valley.

# %%
from course_lib.optim import Momentum

limit = 2 * (1 + 0.9) / 10
fig, ax = figure(height=3.4)
for lr, color in zip((0.19, 0.36, 0.39), ramp(3)):
    walk = descend(lambda point: Momentum(point, lr=lr, momentum=0.9), lopsided, steps=150)
    ax.plot(np.abs(walk.points[:, 1]), color=color, label=f"lr = {lr}")
ax.set(yscale="log", xlabel="step", ylabel="distance across the valley", ylim=(1e-5, 1e4))
label_ends(ax)
show(
    fig,
    alt="Distance across the valley against the step. At 0.19 and at 0.36 it swings and "
    "shrinks, equally fast; at 0.39 it grows without end.",
)

# %% [markdown]
# Two things are new. The limit is not a tenth of the old one but nearly twice it. And below it the
# learning rate hardly matters for the direction across: both swings shrink at the same speed, √μ =
# 0.949 a step. The memory has taken over.

# %% check="momentum_limit"
check("momentum_limit")

# %% [markdown]
# ## √κ instead of κ
#
# How many steps does it take until the height is a millionth of what it was, each method at its
# best setting? For gradient descent that is η = 2/(L + λ_min), for the heavy ball the pair from
# the derivation, for Nesterov η = 1/L and μ = (√κ − 1)/(√κ + 1) (Nesterov 1983).


# %%
def best(method, kappa):
    """The best hyperparameters in a valley with L = kappa and smallest curvature 1."""
    root = kappa**0.5
    if method == "SGD":
        return {"lr": 2 / (kappa + 1), "momentum": 0.0}
    if method == "Momentum":
        return {"lr": 4 / (root + 1) ** 2, "momentum": ((root - 1) / (root + 1)) ** 2}
    return {"lr": 1 / kappa, "momentum": (root - 1) / (root + 1), "nesterov": True}


def steps_to_a_millionth(method, kappa):
    """Steps until the height is below a millionth of the first."""
    surface = valley(L=kappa, mu=1, start=(1, 1))
    most = 4 * kappa if method == "SGD" else int(20 * kappa**0.5)
    settings = best(method, kappa)
    heights = descend(lambda point: Momentum(point, **settings), surface, steps=most).values
    return int(np.argmax(heights < 1e-6 * heights[0]))


for kappa in (10, 100, 1000):
    counts = {m: steps_to_a_millionth(m, kappa) for m in ("SGD", "Momentum", "Nesterov")}
    print(f"κ = {kappa:4d}: " + ", ".join(f"{name} {n}" for name, n in counts.items()))

# %% [markdown]
# (`SGD` here is your `Momentum` with μ = 0.)
#
# **Quiz.** How many steps does the heavy ball need at κ = 10,000? Give your estimate before you
# run the next cell; 12 % off is right.

# %% quiz="heavy_ball_at_kappa_10000" points=1
quiz("heavy_ball_at_kappa_10000", 708)

# %% check="heavy_ball_at_kappa_10000"
check("heavy_ball_at_kappa_10000")

# %%
from course_lib.lab.scale import at_scale

kappas = at_scale(scale, smoke=(10, 100), cpu=(10, 100, 1000, 10_000))
fig, ax = figure(height=3.6)
for method in ("SGD", "Momentum", "Nesterov"):
    counts = [steps_to_a_millionth(method, kappa) for kappa in kappas]
    ax.plot(kappas, counts, color=colour(method), marker="o", label=method)
    print(f"{method}: {counts}")
ax.set(xscale="log", yscale="log", xlabel="condition number κ", ylabel="steps to a millionth")
label_ends(ax)
show(
    fig,
    alt="Steps against the condition number, both on logarithmic axes. Gradient descent rises "
    "with slope one, from 35 to 34,500; heavy ball and Nesterov with slope one half, to about "
    "700 and 400.",
)

# %% [markdown]
# Ten times the condition number costs gradient descent ten times the steps, and momentum √10
# times. In a valley with κ = 10,000 that is 700 or 400 steps instead of 34,500, for one extra
# tensor.
#
# Three grains of salt. The best pair needs L and λ_min, which nobody knows for a neural network;
# people take μ = 0.9 and tune η. The theorem is about quadratics. For convex functions in general
# Nesterov's method keeps its guarantee, and the heavy ball with these values can fail to converge
# (Lessard et al. 2016 give an example). And no method that only combines gradients can do better
# than about √κ on all quadratics (Nesterov 2004, section 2.1), so this door is closed: what comes
# later in the course has to use other information.
#
# ## Play: learning rate and momentum
#
# Below, the valley and a map of it: each point is a pair (lr, momentum), and the lines say how
# many steps it takes to a thousandth of the distance. Drag both sliders. Where is the fastest
# pair? What happens to the walk when you go straight up from it, and when you go right?

# %%
from course_lib.lab.live_figure import live_figure
from course_lib.lab.stability import stability_map
from course_lib.lab.widgets import Slider

live_figure(
    stability_map(
        lambda lr, momentum: descend(
            lambda point: Momentum(point, lr=lr, momentum=momentum), lopsided, steps=60
        ),
        lopsided,
        L=10,
        mu=0.1,
        highest_lr=0.42,
    ),
    sliders={
        "lr": Slider(low=0.005, high=0.41, start=0.05, step=0.005),
        "momentum": Slider(low=0.0, high=0.98, start=0.0, step=0.01),
    },
    stills=[{"lr": 0.19, "momentum": 0.0}, {"lr": 0.33, "momentum": 0.67}],
    height=5.0,
    alt="Two settings. With lr 0.19 and no momentum the walk stops half way, and the point lies "
    "at the lower edge of the map where hundreds of steps are needed. With lr 0.33 and momentum "
    "0.67 it lies near the fastest corner, just left of the line where the walk explodes.",
)

# %% [markdown]
# The map has a corner rather than a hill. Along the lower edge of the fast region the flat
# direction is the bottleneck; along the upper edge √μ is, which is the same for all learning
# rates. The best pair is where they meet, next to the cliff.
#
# ## Three forms, side by side
#
# Texts write momentum in three ways:
#
# | form | memory | step | who |
# |---|---|---|---|
# | heavy ball | b ← μ b + g | η b | torch |
# | running average | b ← μ b + (1 − μ) g | η b | Adam's first moment |
# | lr in the velocity | v ← μ v + η g | v | Polyak, Sutskever et al., Keras |
#
# While η and μ stay as they are, all three walk the same path, the second with a learning rate
# 1/(1 − μ) times as large. They part when a schedule changes η. Below, a steady gradient of 1, and
# the learning rate falls to a tenth at step 40.

# %%
rates = [0.1] * 40 + [0.01] * 40
steps_of = {"heavy ball": [], "running average, 10 × lr": [], "lr in the velocity": []}
b = m = v = 0.0
for lr in rates:
    b = 0.9 * b + 1
    m = 0.9 * m + 0.1 * 1
    v = 0.9 * v + lr * 1
    for name, step in zip(steps_of, (lr * b, 10 * lr * m, v)):
        steps_of[name].append(step)

fig, ax = figure(height=3.2)
for (name, lengths), color, style in zip(steps_of.items(), ramp(3), ("-", ":", "--")):
    ax.plot(lengths, color=color, linestyle=style, label=name)
ax.set(xlabel="step", ylabel="length of the step")
label_ends(ax)
show(
    fig,
    alt="All three rise together to a step of 1. When the learning rate falls at step 40, heavy "
    "ball and running average drop to 0.1 at once; with the lr in the velocity the step length "
    "decays over some twenty steps.",
)

# %% [markdown]
# With the learning rate in the velocity, old gradients keep the rate they came in with, and a drop
# arrives with the memory's delay. Under a smooth schedule the difference is small. After a sudden
# drop it is ten or twenty steps of the old speed.
#
# **Quiz.** A paper uses the running average with lr = 0.3 and μ = 0.9. Which lr gives the same
# steps with the heavy ball?

# %% quiz="lr_of_the_average" points=1
quiz("lr_of_the_average", 0.03)

# %% check="lr_of_the_average"
check("lr_of_the_average")

# %% [markdown]
# **Quiz.** Somebody divides the learning rate by 10, and the loss of the run goes on rising for a
# dozen steps as if nothing had happened. In which form is that to be expected?
#
# - **a** heavy ball
# - **b** running average
# - **c** lr in the velocity
# - **d** in all three: it is the memory of the buffer

# %% quiz="which_form_is_late" points=1
quiz("which_form_is_late", "c")

# %% check="which_form_is_late"
check("which_form_is_late")

# %% [markdown]
# ## What Nesterov changes
#
# Same valley, same lr = 0.1 and μ = 0.9, with and without Nesterov. Left across the valley, right
# along it.

# %%
fig, (across, along) = figure(1, 2, height=3.4)
for nesterov, name in ((False, "Momentum"), (True, "Nesterov")):
    walk = descend(
        lambda point: Momentum(point, lr=0.1, momentum=0.9, nesterov=nesterov),
        lopsided,
        steps=60,
    )
    across.plot(walk.points[:, 1], color=colour(name), label=name)
    along.plot(walk.points[:, 0], color=colour(name), label=name)
across.set(title="across the valley, y", xlabel="step")
along.set(title="along the valley, x", xlabel="step")
label_ends(across)
label_ends(along)
show(
    fig,
    alt="Across the valley the heavy ball swings up and down for all 60 steps while Nesterov is "
    "at zero after the first few. Along the valley both do nearly the same and overshoot once.",
)

# %% [markdown]
# Along the valley both are the same to the eye. Across, Nesterov is quiet at once. Its extra look
# ahead damps a swing the more, the steeper the direction: where the heavy ball's swings shrink by
# √μ, Nesterov's shrink by √(μ (1 − η λ)), and here η L = 1. The price is a lower limit: for μ =
# 0.9 the walk explodes beyond (2 + 2μ)/(1 + 2μ)/L = 1.36/L, where the heavy ball bears 3.8/L.
#
# **Quiz.** The buffer is zero. How long is the very first step with `nesterov=True` and μ = 0.9,
# in units of η times the gradient?

# %% quiz="first_nesterov_step" points=1
quiz("first_nesterov_step", 1.9)

# %% check="first_nesterov_step"
check("first_nesterov_step")

# %% [markdown]
# ## The language model
#
# Now the small transformer of chapter 1, 200 steps of a schedule that rises over 20 steps and then
# falls along a half cosine (schedules are chapter 6). SGD's best learning rate was 0.5.
#
# Along a steady slope the heavy ball steps η/(1 − μ) far: with lr = 0.05 and μ = 0.9 exactly as
# far as SGD with 0.5.
#
# **Predict.** At its end, is Momentum with lr = 0.05
#
# - **a** clearly better than SGD with lr = 0.5 (by more than 0.1 nats),
# - **b** about the same (within 0.1 nats),
# - **c** clearly worse?

# %% predict="same_step_length" points=1
predict("same_step_length", "b")

# %%
from course_lib.lab.race import plot_race, race, race_table

same = race(
    {
        "SGD": lambda model: Momentum(model.parameters(), lr=0.5, momentum=0.0),
        "Momentum": lambda model: Momentum(model.parameters(), lr=0.05, momentum=0.9),
    },
    scale=scale,
)
fig, ax = figure(height=3.6)
plot_race(ax, same, recorded=False)
show(
    fig,
    alt="Validation loss of both over 200 steps. SGD jumps about in the first 30 steps; from "
    "step 60 on the two are close together, and end near 2.5.",
)
for run in same:
    print(f"{run.name}: {run.final:.3f}")

# %% check="same_step_length"
check("same_step_length")

# %% [markdown]
# No gain from momentum as such. (Our recorded SGD ends between 2.51 and 2.60 over three seeds, so
# a few hundredths between two single runs mean nothing.) With a small enough learning rate the
# memory only delays the same steps; this is what Kidambi et al. (2018) and Shallue et al. (2019)
# report for small batches. What momentum brings is *room*: it stays stable at step lengths where
# SGD explodes. At lr = 1 the recorded SGD diverged. Momentum's best lr was 0.2, and in step length
# that is 0.2/(1 − 0.9) = 2.
#
# ### The race
#
# From here on, each chapter adds its optimizer to the same race: the same model, batches, schedule
# and 200 steps. Solid lines are yours, dashed ones were recorded before with torch's optimizers:
# the mean of three seeds, and their range as a band. Each had the best of three or four learning
# rates, tried on one seed.

# %%
live = race(
    {
        "Momentum": lambda model: Momentum(model.parameters(), lr=0.2, momentum=0.9),
        "Nesterov": lambda model: Momentum(
            model.parameters(), lr=0.3, momentum=0.9, nesterov=True
        ),
    },
    scale=scale,
)
fig, ax = figure(height=4.2)
plot_race(ax, live, recorded=["SGD", "Momentum", "Nesterov"])
show(
    fig,
    alt="The race. SGD's recorded runs end between 2.51 and 2.60, Momentum's between 2.35 and "
    "2.43, Nesterov's between 2.28 and 2.48. Yours lie on the bands of the same colour.",
)
print(race_table(live, target=2.6, recorded=["SGD", "Momentum", "Nesterov"]))

# %% [markdown]
# The recorded heavy balls were at 2.6 nats after 58 to 77 steps. SGD took 97 or more, or did not
# arrive. Between heavy ball and Nesterov there is nothing to choose here: their bands overlap,
# although Nesterov won clearly on the seed that the learning rates were tuned on. One seed is not
# a result.
#
# ## In the wild
#
# **`torch.optim.SGD`** with `momentum` is your heavy ball. It has one more argument, `dampening`
# d, for b ← μ b + (1 − d) g. With d = μ that is the running average, except on the first step:
# torch starts the buffer with the whole gradient, undamped. So its first step is 1/(1 − μ) times
# as long as that of an average that starts from zero.

# %%
for dampening in (0.0, 0.9):
    p = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.SGD([p], lr=1.0, momentum=0.9, dampening=dampening)
    places = [0.0]
    for _ in range(4):
        p.grad = torch.ones(())
        optimizer.step()
        places.append(-p.item())
    print(f"dampening {dampening}: steps {np.diff(places).round(3).tolist()}")

# %% [markdown]
# And with everything at its default, do torch's and yours walk the same path?

# %%
from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import train

text = load_text()
settings = {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
models = []
for make in (Momentum, torch.optim.SGD):
    model = TinyLM(len(text.alphabet))
    train(model, make(model.parameters(), **settings), batches(text), 10, progress=False)
    models.append(model)
pairs = zip(*(model.parameters() for model in models))
difference = max((a - b).abs().max().item() for a, b in pairs)
print(f"after 10 steps the largest difference between two parameters is {difference:.1e}")

# %% [markdown]
# (Up to about 1e-6 is rounding. If the check said that yours is one of the other forms, the
# difference is larger: their learning rates mean something else, or change differently.)
#
# **Where it is used.** AlexNet was trained with momentum 0.9, weight decay 0.0005 and batches of
# 128, the learning rate in the velocity and divided by 10 three times (Krizhevsky et al. 2012,
# section 5). ResNets used 0.9 as well (He et al. 2016), and for convolutional networks that is
# still the standard. Sutskever et al. (2013) showed that deep networks thought to need
# second-order methods train well with a good initialization and μ raised slowly to 0.99 or more.
#
# Today most large models use Adam (chapter 4), whose first moment is the running average above.
# Momentum by itself came back with two methods: Muon (chapter 15) keeps Nesterov's buffer, μ =
# 0.95, and changes what is done with it; DiLoCo, which trains one model at far-away places, uses
# Nesterov with μ = 0.9 as the outer optimizer over their differences (Douillard et al. 2023).
#
# **What it costs.** One number for each parameter, in the parameter's own format. A model of 7
# billion parameters in float32 needs 28 GB for it.
#
# **Contested.** Why momentum helps deep networks is not settled. The √κ theory is for exact
# gradients on quadratics; with small batches its gain can vanish, as above. Wang et al. (2024)
# find little benefit where the learning rate is small and noise dominates. Others point to the
# early phase and to curvature that changes along the way (Fu et al. 2023: it is the larger
# effective learning rate, and that it defers the point where training becomes unstable).
#
# ## In your own words
#
# Your colleague from chapter 1 is back. She trains with SGD at lr = 0.1, which works. She adds
# momentum 0.9, keeps lr = 0.1, and the run diverges. "So momentum makes the limit smaller," she
# says.
#
# Write five to ten sentences. By this chapter's valley, what happens to the limit when momentum is
# added? Name two reasons why her run may diverge nevertheless, and say what she should try first.
# This answer is read by a person.

# %% [markdown] free_text="explain_limit" points=2
# In a quadratic valley the limit goes up, from 2/L to 2 (1 + μ)/L, because each crossing is slowed
# by the memory of the crossing before. So lr = 0.1 does not leave the stable region by adding
# momentum.
#
# What grows tenfold is the step along directions in which the gradient is steady: η/(1 − μ) is now
# 1 instead of 0.1. A neural network is no quadratic: such long steps carry it to places where the
# curvature is larger, and there even 2 (1 + μ)/L may be too small (chapter 1: the curvature rises
# until it meets the learning rate). Noise acts in the same way: its part in the buffer adds up, and
# the floor is about η/(1 − μ) high, ten times as high. Early in training the gradients are large
# and steady, so the first dozen steps speed up most. Another reason could be an error or another
# form: with an average she would have seen no change of speed at all.
#
# First she should take lr = 0.01, which has the same step length as before, and then raise it; a
# warmup helps if it is the first steps that break.
#
# *For the grader: one point for the limit rising with a reason; one for two reasons such as longer
# effective steps into sharper regions, noise, early steps, together with lowering lr to about η (1
# − μ).*

# %% [markdown]
# ## Read on
#
# - Goh (2017), *Why Momentum Really Works*, Distill: the theory of this chapter with pictures to
#   drag, and more of it.
# - Polyak (1964), *Some methods of speeding up the convergence of iteration methods*, USSR
#   Computational Mathematics and Mathematical Physics 4(5): the heavy ball.
# - Nesterov (1983), *A method for solving the convex programming problem with convergence rate
#   O(1/k²)*; Nesterov (2004), *Introductory Lectures on Convex Optimization*: the lower bound.
# - Sutskever, Martens, Dahl, Hinton (2013), *On the importance of initialization and momentum in
#   deep learning*, ICML.
# - Lessard, Recht, Packard (2016), *Analysis and Design of Optimization Algorithms via Integral
#   Quadratic Constraints*, SIAM Journal on Optimization 26(1): where the heavy ball fails.
# - On what momentum does with noise: Kidambi et al. (2018), *On the insufficiency of existing
#   momentum schemes for Stochastic Optimization*, ICLR; Shallue et al. (2019), *Measuring the
#   Effects of Data Parallelism on Neural Network Training*, JMLR 20; Wang et al. (2024), *The
#   Marginal Value of Momentum for Small Learning Rate SGD*, ICLR; Fu et al. (2023), *When and Why
#   Momentum Accelerates SGD: An Empirical Study*.
# - Also mentioned: Krizhevsky, Sutskever, Hinton (2012), *ImageNet Classification with Deep
#   Convolutional Neural Networks*, NeurIPS; He et al. (2016), *Deep Residual Learning for Image
#   Recognition*, CVPR; Douillard et al. (2023), *DiLoCo: Distributed Low-Communication Training of
#   Language Models*.
#
# **Next:** chapter 3 gives every number a learning rate of its own.
