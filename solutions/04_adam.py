# ---
# title: Adam
# summary: Momentum and a rate for every number, joined; the correction of the first steps; what a step of lr means.
# ---

# %% [markdown]
# # 4 · Adam
#
# Chapter 2 gave the step a memory. Chapter 3 gave every number a learning rate of its own. Adam
# does both at once, and since 2015 most neural networks have been trained with it or with one of
# its children.
#
# At its end you have
#
# - written `Adam`, and seen what goes wrong without its one odd part, the bias correction;
# - looked at m, v and the step of every layer of a transformer, through a microscope;
# - measured how long Adam's step is: about lr at first, and then a quarter of it;
# - counted its memory.
#
# Reading takes about 35 minutes, the code about 30. You need chapter 1. The ideas of chapters 2
# and 3 are used, your code of those chapters is not.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## Two ideas, one step
#
# Adam keeps two **running averages** for every number of the model. m is the average of its
# gradients g, as in momentum. v is the average of its squared gradients, as in RMSProp:
#
# > m ← β₁ m + (1 − β₁) g
# >
# > v ← β₂ v + (1 − β₂) g²
#
# β₁ = 0.9 makes m remember about 10 steps, β₂ = 0.999 makes v remember about 1000 (1/(1 − β),
# chapter 2). m says where to go. √v says how large gradients usually are here. The step is their
# ratio, times the learning rate η:
#
# > θ ← θ − η m / √v
#
# Both averages start at zero. Here they are for one single number whose gradient is about 1, with
# a little noise.

# %%
import numpy as np
import torch
from course_lib.lab.moment_player import averages, gradients
from course_lib.lab.plots import colour, figure, label_ends, show, theme

stream = gradients(noise=0.3, jump=1.0)
steps = np.arange(1, len(stream) + 1)
fig, ax = figure(height=3.2)
ax.plot(steps, stream, color=theme().neutral, linewidth=0.8, label="gradient")
ax.plot(steps, averages(stream, 0.9), color=colour("Momentum"), label="m")
ax.plot(steps, np.sqrt(averages(stream**2, 0.999)), color=colour("RMSprop"), label="√v")
ax.set(xlabel="step", ylabel="size", xlim=(1, len(stream)))
label_ends(ax)
show(
    fig,
    alt="The gradient wiggles around 1. m reaches it within 20 steps. √v creeps up from 0.03 and "
    "is at a third of it after 120 steps.",
)

# %% [markdown]
# The averages should both be about 1. m gets there in 20 steps. √v is still at a third after 120:
# its memory is a thousand steps long, and most of that is the zero it started from.
#
# ## Predict: the first stride
#
# Take the very first step. The gradient is 1, m and v were zero, β₁ = 0.9 and β₂ = 0.999.
#
# **How long is the step η m/√v, in units of η?** Type the number before you run on. Two decimals
# are enough.

# %% predict="first_stride" points=1
predict("first_stride", 3.16)

# %% [markdown]
# The averages are too small by factors that one can work out. Dividing by these is the **bias
# correction**.
#
# <details>
# <summary><b>Derive it</b>, and what to do about it</summary>
#
# After one step m = (1 − β₁) g = 0.1 g: a tenth of the only gradient it has seen. And v = (1 − β₂)
# g² = 0.001 g². The two errors do not cancel, since v stands under a root:
#
# > m/√v = 0.1 / √0.001 = 3.16
#
# The longest stride is taken on the step about which least is known.
#
# How far off is an average after t steps? Unroll it: m is the sum of all gradients so far, each
# with the weight (1 − β₁) β₁^age. The weights add up to
#
# > (1 − β₁)(1 + β₁ + β₁² + … + β₁^(t−1)) = 1 − β₁ᵗ.
#
# They should add up to 1. So divide by what they do add up to. This is the bias correction:
#
# > m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ), where t counts the steps from 1.
#
# m̂ is a true weighted mean of the gradients so far. On the first step it is g itself, v̂ is g²,
# and the step is η g/|g|: exactly η long. After many steps βᵗ is nearly zero and the correction
# has vanished.
#
# </details>
#
# ## Write it

# %% [markdown]
# > **Task `adam`** · 14 points · about 30 minutes
# >
# > **Write** `Adam(params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)`. Each `step()`
# > does, for every parameter that has a gradient,
# >
# > g ← g + λ θ (weight decay is an L2 penalty here; chapter 5 does it differently)
# >
# > m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g², both from zero
# >
# > m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ)
# >
# > θ ← θ − η m̂ / (√v̂ + ε)
# >
# > t is how many updates this parameter has had, this one included. ε avoids 0/0 where every
# > gradient so far was zero.
# >
# > **Why.** It is the default optimizer of deep learning. Most of what comes later in this course
# > changes one of these four lines.
# >
# > **What has to hold**
# > - m, v and t belong to one parameter and live in `self.state[p]`, so that `state_dict` saves
# >   them;
# > - the frame is as before: groups, changed learning rates, missing gradients, in place, closure;
# > - a negative `lr`, `eps` or `weight_decay`, or a β outside [0, 1), raises `ValueError`.
# >
# > **What is accepted as well**, and recognised by name: ε added before the correction, √v + ε
# > ("eps-hat": the end of section 2 of the Adam paper, Keras); one t for all parameters or for a
# > group, kept where `state_dict` saves it ("step-clock", "group-clock"); running products of the
# > betas instead of powers ("beta-powers": TensorFlow 1); averages that are kept corrected
# > ("debiased-averages").
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Take the frame of your `SGD`. The state of a parameter is three things: a step count, and two
# tensors like the parameter, zero at first. Write the two averages, leave out the correction, and
# run the check: it will say which part is right already.
#
# </details>
# <details>
# <summary>Hint 2: what must not change</summary>
#
# The state keeps the *uncorrected* averages. Everything with an underscore (`div_`, `sqrt_`)
# changes the tensor it is called on. Correct copies, and take the root of a copy.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `m.lerp_(g, 1 - beta1)` is the first average in one call. `v.mul_(beta2).addcmul_(g, g, value=1 -
# beta2)` is the second. `p.addcdiv_(a, b, value=-c)` subtracts c · a/b. Increase the step count
# before you use it.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **NaN, or ZeroDivisionError**: 1 − β₁ᵗ is zero at t = 0. Count first.
# - **the first step is right and the second is not**: print the state after the first. Is it what
#   the formulas say, or has a correction been written into it?
# - **one parameter is right, the next is not**: do they share a step count, or a state?
# - **right until a reload**: what is on `self` instead of in `self.state[p]`?
#
# </details>

# %% task="adam" points=14 minutes=30
import torch
from torch.optim import Optimizer


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015): θ ← θ − lr · m̂ / (√v̂ + eps), g being gradient + weight_decay · θ.

    betas: (β₁, β₂), each in [0, 1). lr, eps, weight_decay: not negative. Else ValueError.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        ### BEGIN SOLUTION
        for name, value in {"lr": lr, "eps": eps, "weight_decay": weight_decay}.items():
            if value < 0:
                raise ValueError(f"{name} must not be negative, but is {value}")
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"each of betas must be in [0, 1), but they are {betas}")
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
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
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                state["step"] += 1
                gradient = p.grad.add(p, alpha=group["weight_decay"])
                m = state["exp_avg"].lerp_(gradient, 1 - beta1)
                v = state["exp_avg_sq"].mul_(beta2)
                v.addcmul_(gradient, gradient, value=1 - beta2)
                root = (v / (1 - beta2 ** state["step"])).sqrt()
                step_size = group["lr"] / (1 - beta1 ** state["step"])
                p.addcdiv_(m, root + group["eps"], value=-step_size)
        return loss
        ### END SOLUTION


# %% check="adam"
check("adam")

# %% [markdown]
# Now your prediction. Your Adam corrects, so its first step is η long. What would it be without?

# %% check="first_stride"
check("first_stride")

# %% [markdown]
# ## Play: one number under Adam
#
# The same stream of gradients, now with your Adam. Dashed are the corrected averages, below is the
# step in units of lr. **noise** is the spread around the mean gradient of 1. **jump** multiplies
# all gradients from step 60 on, as when training reaches a steeper place.
#
# Things to try: turn the noise up until the steps change direction. Set a jump, and look how long
# the step stays too long; then lower β₂.

# %%
from course_lib.lab.live_figure import live_figure
from course_lib.lab.moment_player import moment_view
from course_lib.lab.widgets import Slider
from course_lib.optim import Adam


def with_betas(beta1, beta2):
    """How to build your Adam with these betas."""
    return lambda params: Adam(params, lr=0.1, betas=(beta1, beta2))


calm = {"beta1": 0.9, "beta2": 0.999, "noise": 0.3, "jump": 1.0}
live_figure(
    moment_view(with_betas, lr=0.1),
    sliders={
        "beta1": Slider(0.0, 0.99, 0.9, 0.01),
        "beta2": Slider(0.5, 0.999, 0.999, 0.001),
        "noise": Slider(0.0, 3.0, 0.3, 0.1),
        "jump": Slider(0.1, 6.0, 1.0, 0.1),
    },
    stills=[
        calm,
        {**calm, "noise": 2.0},
        {**calm, "jump": 6.0},
        {**calm, "jump": 6.0, "beta2": 0.95},
    ],
    height=4.2,
    alt="Four streams of gradients. Nearly constant ones give steps of length lr. With noise of 2 "
    "the steps are shorter and change direction. After a jump of 6 the steps are up to 1.7 lr "
    "for dozens of steps with β₂ = 0.999, and hardly longer than lr with β₂ = 0.95.",
)

# %% [markdown]
# Three things to read off:
#
# - **A steady gradient gives steps of length lr**, whatever its size. m̂ and √v̂ agree.
# - **Noise shortens the step.** In m̂ positive and negative gradients cancel, in v̂ they do not. So
#   |m̂|/√v̂ says how sure the direction is: 1 for a steady gradient, near 0 for pure noise.
# - **After a jump the steps are too long**, until v has caught up. v's memory is 1/(1 − β₂) steps:
#   that is the argument for a smaller β₂.
#
# **Quiz.** How many steps does v remember at β₂ = 0.95, by the rule 1/(1 − β₂)?

# %% quiz="horizon_of_v" points=1
quiz("horizon_of_v", 20)

# %% check="horizon_of_v"
check("horizon_of_v")

# %% [markdown]
# ## What the correction is worth
#
# Leaving it out is the same as keeping it, and multiplying the learning rate on step t by
#
# > (1 − β₁ᵗ) / √(1 − β₂ᵗ).
#
# (Put m̂ and v̂ into m/√v. Only ε's share changes.) So your Adam can play both parts: the factor is
# given to it as a schedule. It starts at 3.16, is largest near step 12, at 6.6, and falls slowly to 1.
#
# Below is the small language model of chapter 1, 60 steps at lr = 0.01 and at 0.03.

# %%
from course_lib.lab.plots import plot_losses, ramp
from course_lib.lab.scale import at_scale
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss
from course_lib.lab.train import train

text = load_text()
steps = at_scale(scale, smoke=4, cpu=60)
seeds = at_scale(scale, smoke=(0,), cpu=(0, 1))


def uncorrected(step, betas=(0.9, 0.999)):
    """The factor on lr that undoes the bias correction; `step` counts from 0."""
    t = step + 1
    return (1 - betas[0] ** t) / (1 - betas[1] ** t) ** 0.5


def trained(name, lr, seed, schedule=None, steps=steps, **settings):
    """The history of a TinyLM under your Adam."""
    model = TinyLM(len(text.alphabet), seed=seed)
    optimizer = Adam(model.parameters(), lr=lr, **settings)
    return train(
        model,
        optimizer,
        batches(text, seed=seed),
        steps,
        name=name,
        schedule=schedule,
        validation=validation_batch(text),
        validate_every=5,
        progress=False,
    )


schedules = {"corrected": None, "uncorrected": uncorrected}
colors = {"corrected": colour("Adam"), "uncorrected": colour("Muon")}
runs = {
    lr: [trained(name, lr, seed, rule) for name, rule in schedules.items() for seed in seeds]
    for lr in (0.01, 0.03)
}
fig, axes = figure(1, 2, height=3.8)
for ax, (lr, histories) in zip(axes, runs.items()):
    plot_losses(ax, histories, colors=colors)
    ax.set_title(f"lr = {lr}")
    ax.set_ylim(top=max(max(run.validation_losses) for run in histories) + 0.1)
show(
    fig,
    alt="Validation loss over 60 steps, two seeds. At lr 0.01 the uncorrected run is 0.3 "
    "nats behind at the end. At 0.03 its loss first jumps far above where it started.",
)
for lr, histories in runs.items():
    for name in schedules:
        chosen = [run for run in histories if run.name == name]
        ends = ", ".join(f"{run.final:.2f}" for run in chosen)
        worst = max(max(run.losses[:15]) for run in chosen)
        print(f"lr = {lr}, {name}: ends at {ends}; worst of the first 15 batches {worst:.1f}")

# %% [markdown]
# At lr = 0.01 the uncorrected runs are still 0.3 nats behind after 60 steps. At 0.03 the loss first
# doubles. Guessing evenly among all bytes costs 4.67 nats, so for a while the model is worse
# than ignorant.
#
# ## Is the correction only a warmup?
#
# Many people start with a small learning rate and let it grow over some steps: **warmup**, chapter
# 6. It multiplies exactly the long first strides by small numbers. How much of the correction's
# work does it do?


# %%
def warmed(rule):
    """A schedule that grows over 20 steps, times another one."""
    return lambda step: min(1.0, (step + 1) / 20) * (rule(step) if rule else 1.0)


for name, rule in schedules.items():
    ends = [trained(name, 0.01, seed, warmed(rule)).final for seed in seeds]
    print(f"warmup over 20 steps, {name}: ends at " + ", ".join(f"{end:.2f}" for end in ends))

# %% [markdown]
# Little of the gap is gone: 0.26 nats are left. The factor is still 6 when the warmup is over.
# (With other initial weights, three seeds, the gap was 0.47 nats without warmup and 0.31 with it. The
# warmup's own gain over corrected Adam, 0.04 nats, is within the spread between seeds.)
# BERT was trained without the correction, with 10,000 steps of warmup. Zhang et al. (2021) and
# Mosbach et al. (2021) trace a part of its instability in fine-tuning, where warmups are short, to
# the missing correction.
#
# ## Through the microscope
#
# Now all layers at once. The **microscope** watches an optimizer from outside. For every layer
# and step it notes the RMS (the root of the mean square over the layer's numbers) of the gradient,
# of m, of √v and of the update, and the **cosine** of the angle between the update and −g: 1 is
# straight downhill, 0 is sideways.
#
# Beside yours it runs torch's optimizer of the same name. At every step that one gets your
# parameters, your gradients and your hyperparameters, so wherever the two part, that very step did
# it. Filled marks are yours, the hollow ones around them are torch's. A layer whose update is another
# one is tinted, and says how far off it is.
#
# Drag the step.

# %%
from course_lib.lab.microscope import Microscope
from course_lib.lab.microscope_view import show_microscope

model = TinyLM(len(text.alphabet))
adam = Adam(model.parameters(), lr=5e-3)
watched = at_scale(scale, smoke=4, cpu=100)
with Microscope(adam, model.kinds()) as scope:
    train(model, adam, batches(text), watched, progress=False)
show_microscope(
    scope,
    optimizer="Adam",
    stills=(1, watched),
    alt="Above, the update in units of lr over 100 steps: 1 on the first step, then falling to "
    "0.2 to 0.4 within 20 steps for every layer. Below, sizes by layer: gradients spread over a "
    "factor of 30, updates are nearly equal.",
)

# %% [markdown]
# - **Filled sits in hollow**, if your Adam is right: both get the same gradients, so nothing but
#   rounding may differ, about 1e-6 of an update. If a layer is tinted, look at the first step that
#   shows it, and at which of m, √v and the update left its frame: that is the line of your code.
# - **Gradients of the layers span a factor of 30, updates do not.** That is chapter 3's division
#   at work. The head and the embedding walk at the same pace.
# - **The first update is lr** for every number that has a gradient. (The embedding's is shorter,
#   because rows of bytes that did not occur stand still.)
# - **Later ones are 0.2 to 0.4 of lr.** Minibatch gradients are mostly noise for most numbers, so
#   m̂ is small beside √v̂. "Adam's step is about lr" is right to a factor of five. Muon's authors at
#   Moonshot (Liu et al. 2025) report the same range, 0.2 to 0.4, for large models, and scale their
#   optimizer to match it.
# - **The update is far from −g.** A cosine of 0.3 to 0.5 in a space of thousands of dimensions is
#   still a lot: random directions have a cosine near 0.
#
# ## What Adam does not notice
#
# **Quiz.** Somebody multiplies the loss by 1000, and so every gradient. Nothing else changes. What
# do your Adam's steps do? (ε is 1e-8, gradients were between 1e-5 and 1e-1.)
#
# - **a** They become 1000 times as long.
# - **b** They become √1000 times as long.
# - **c** They stay almost as they were.
# - **d** They become 1000 times shorter.

# %% quiz="loss_times_1000" points=1
quiz("loss_times_1000", "c")


# %%
def after_ten_steps(optimizer_class, factor, **settings):
    """The model's weights after ten steps on `factor` times the loss, as one vector."""
    model = TinyLM(len(text.alphabet))
    optimizer = optimizer_class(model.parameters(), **settings)

    def scaled(model, x, y):
        return factor * next_byte_loss(model, x, y)

    train(model, optimizer, batches(text), 10, loss=scaled, progress=False)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


start = torch.cat([p.detach().flatten() for p in TinyLM(len(text.alphabet)).parameters()])
for eps in (1e-8, 1e-3):
    one, other = (after_ten_steps(Adam, factor, lr=5e-3, eps=eps) for factor in (1, 1000))
    change = (one - other).norm() / (one - start).norm()
    print(f"ε = {eps}: the two walks differ by {100 * change:.2g} % of their length")

# %% check="loss_times_1000"
check("loss_times_1000")

# %% [markdown]
# The ratio m/√v has no unit. So lr has the unit of a weight: it says how far a weight may move per
# step. Whether that is much depends on the weight. A learning rate of 0.01 moves an embedding of
# size 0.3 by a few per cent and doubles a head weight of size 0.02. This is also why Adam's rates
# carry over from model to model better than those of SGD.
#
# **ε is the exception.** Where √v̂ is not large against it, ε sets the scale again. With ε = 1e-8
# this concerns gradients of about 1e-8 and below; with ε = 1e-3, nearly all of them.
#
# ### ε in two places
#
# The paper gives Adam twice. Algorithm 1 has m̂/(√v̂ + ε). The end of section 2 rearranges it for
# speed, η √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε̂), with another ε. torch follows the first, Keras and
# many older codes the second. On the first step the second form divides the gradient by an ε that
# is effectively 1/√(1 − β₂) = 32 times larger:

# %%
for gradient in (1.0, 1e-6, 1e-8):
    ratios = []
    for name, eps in (("ε", 1e-8), ("ε̂", 1e-8 / (1 - 0.999) ** 0.5)):
        number = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        number.grad = torch.full_like(number, gradient)
        Adam([number], lr=1.0, eps=eps).step()
        ratios.append(f"with {name} {-number.item():.3f}")
    print(f"gradient {gradient:g}: first step / lr " + ", ".join(ratios))

# %% [markdown]
# For gradients that matter nothing changes. That is why both live on, and why nobody notices until
# two codes are compared number by number.
#
# ## Memory
#
# **Quiz.** How many bytes of optimizer state does your Adam keep per parameter, in float32 (4
# bytes a number)? The step count does not matter.

# %% quiz="adam_state_bytes" points=1
quiz("adam_state_bytes", 8)

# %%
model = TinyLM(len(text.alphabet))
adam = Adam(model.parameters())
train(model, adam, batches(text), 1, progress=False)
state = [
    value
    for entry in adam.state.values()
    for value in entry.values()
    if isinstance(value, torch.Tensor)
]
count = sum(p.numel() for p in model.parameters())
parts = {
    "weights": sum(p.numel() * p.element_size() for p in model.parameters()),
    "gradients": sum(p.grad.numel() * p.grad.element_size() for p in model.parameters()),
    "Adam's state": sum(value.numel() * value.element_size() for value in state),
}
for name, size in parts.items():
    print(f"{name:13} {size:>9,} bytes, {size / count:.1f} per parameter")
print(f"{'together':13} {sum(parts.values()):>9,} bytes, {sum(parts.values()) / count:.1f}")

# %% check="adam_state_bytes"
check("adam_state_bytes")

# %% [markdown]
# "Adam needs 112 GB for a model of 7 billion parameters" is a sentence you will meet. It is 16
# bytes times 7 billion, and it counts weights and gradients too. The optimizer's own part is half
# of it. Chapter 11 brings it down.
#
# ## The race
#
# The same model and the same 200 minibatches for everybody, each optimizer at its own best
# learning rate. Your Adam runs now; the others were recorded with torch's optimizers, three seeds
# each. The learning rate rises over 20 steps and falls to zero along half a cosine (chapter 6).

# %%
from course_lib.lab.race import plot_race, race, race_table

entry = {"Adam": lambda model: Adam(model.parameters(), lr=1e-2, betas=(0.9, 0.99))}
live = race(entry, scale=scale, progress=False)
others = ["SGD", "Momentum", "Adagrad", "RMSprop", "Adam"]
fig, ax = figure(height=4.0)
plot_race(ax, live, recorded=others)
show(
    fig,
    alt="Validation loss over 200 steps. SGD ends highest, near 2.6, then Momentum near 2.35; "
    "Adam ends near 2.1, with RMSprop and Adagrad close to it.",
)
print(race_table(live, target=2.4, recorded=others))

# %% [markdown]
# The step from SGD to momentum is large, the step to a rate for every number is as large again. The
# methods that divide by √v are close together. At this size, 200 steps of a small model, one cannot
# tell much more. The Adam paper's own pictures show the same: the gain over RMSProp is modest, and
# largest where gradients are sparse and β₂ is near 1, which is where the correction matters.
#
# ## In the wild
#
# **`torch.optim.Adam`** takes your arguments, and `amsgrad`, `maximize`, `foreach`, `capturable`,
# `fused`. The last three change how the arithmetic is done, not what is computed. Yours and torch's
# should walk the same path:

# %%
settings = {"lr": 3e-3, "weight_decay": 0.01}
mine = after_ten_steps(Adam, 1, **settings)
theirs = after_ten_steps(torch.optim.Adam, 1, **settings)
print(f"after 10 steps the largest difference is {(mine - theirs).abs().max().item():.1e}")

# %% [markdown]
# (Weights whose gradient is a rounding error away from zero may differ by more than 1e-6: there
# even the sign of the first step hangs on the last digit.)
#
# **β₂.** The default 0.999 comes from the paper. Large language models mostly use 0.95: GPT-3, the
# LLaMA family and many others (chapter 5 has a table). The usual reason is the jump you played
# with: when gradients grow suddenly, v should follow within tens of steps, not a thousand.
#
# **AMSGrad.** Reddi, Kale and Kumar (2018) found an error in the convergence proof of Adam, and
# simple problems on which it does not converge. Their repair keeps the largest v seen so far. In
# practice it rarely helps, and few use it. Zhang et al. (2022) showed that Adam does converge if β₂
# is close enough to 1 for the problem at hand.
#
# **Why it works so well on language** is not settled. Chapter 1 named the candidates: imbalance
# between frequent and rare tokens, heavy-tailed noise, curvature that differs from block to block.
# A simple test supports the first of the ideas behind Adam: sign descent with momentum, which keeps
# only the direction of each number's average, comes close to Adam (Kunstner et al. 2023; Lion, in
# chapter 12, is built on it).
#
# ## In your own words
#
# A colleague's code has a home-made Adam without bias correction, β₁ = 0.9 and β₂ = 0.999. "We
# always warm up for 100 steps," she says, "so it makes no difference." You may run one experiment.
#
# Write five to ten sentences: what does the missing correction do to the length of her steps, over
# which number of steps, and why is a warmup of 100 steps not the same thing? Which experiment would
# you run? This answer is read by a person.

# %% [markdown] free_text="explain_correction" points=2
# Without the correction a step is longer by (1 − β₁ᵗ)/√(1 − β₂ᵗ). That is 3.16 at t = 1, grows to
# about 6.6 near t = 12, because m has recovered by then and v has not, and falls like 1/√(t/1000):
# 3.2 at t = 100, 1.26 at t = 1000. So the effective learning rate is too large for about a
# thousand steps.
#
# A warmup over 100 steps multiplies by t/100. It hides the first dozens of steps, but when it ends
# the factor is still 3.2. After that her learning rate follows a decay that she did not ask for. A
# learning rate tuned for this code will be about three times too small once somebody adds the
# correction. With a warmup as long as v's memory, or with β₂ = 0.95, whose factor is at 1 after
# 50 steps, she would be nearly right.
#
# Experiment: two runs that differ only in the correction, at her learning rate and warmup, with the
# RMS of the update per step logged (or lr swept in both). The logged ratio should follow the
# formula; the loss tells whether it matters to her.
#
# *For the grader: one point for the factor's size and duration (v's memory of a thousand steps
# outlasts the warmup), one for an experiment that isolates it.*

# %% [markdown]
# ## Read on
#
# - Kingma, Ba (2015), *Adam: A Method for Stochastic Optimization*, ICLR. Sections 2 and 3 are four
#   pages. Read the end of section 2 twice.
# - Reddi, Kale, Kumar (2018), *On the Convergence of Adam and Beyond*, ICLR; and the other side:
#   Zhang et al. (2022), *Adam Can Converge Without Any Modification on Update Rules*, NeurIPS.
# - Balles, Hennig (2018), *Dissecting Adam: The Sign, Magnitude and Variance of Stochastic
#   Gradients*, ICML: the ratio m̂/√v̂ as sign times certainty.
# - Kunstner et al. (2023), *Noise Is Not the Main Factor Behind the Gap Between SGD and Adam on
#   Transformers, but Sign Descent Might Be*, ICLR.
# - On BERT and the missing correction: Zhang et al. (2021), *Revisiting Few-sample BERT
#   Fine-tuning*, ICLR; Mosbach, Andriushchenko, Klakow (2021), *On the Stability of Fine-tuning
#   BERT*, ICLR.
# - Liu et al. (2025), *Muon is Scalable for LLM Training*: update RMS of 0.2 to 0.4.
#
# **Next:** weight decay, which for SGD was the same as a penalty, is something else for Adam.
# Chapter 5 takes it out of the gradient, and that is AdamW.
