# ---
# title: Precision
# summary: What 16 and 8 bits can hold, what training loses in them, and the three repairs.
# ---

# %% [markdown]
# # 8 · Precision
#
# So far every number of ours had 32 bits. Large models are trained with 16, and in parts with 8:
# half the bits is half the memory and half the traffic, and matrix units multiply short numbers
# several times as fast. Short numbers also lose things, and they lose them silently. This
# chapter is about what is lost and how to keep it. At its end you have
#
# - rounded to any format, and can say what fp16, bf16 and two kinds of fp8 make of a number;
# - lost a whole gradient to underflow, and got it back with a **loss scaler** of your own;
# - seen weights that stand still although they are trained, and moved them with **master weights**;
# - written one training step in mixed precision, with clipping in the right place;
# - measured what it buys: on a GPU a lot, on a CPU it depends, and for a small model nothing.
#
# Reading takes about 45 minutes, the code about 75. You need chapter 1. Nothing is downloaded.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## Two things to run out of
#
# A floating-point number has a sign, E **exponent bits** and M **mantissa bits**. The exponent
# says between which two powers of two the number lies, the mantissa where between them. So E
# buys *range* and M buys *resolution*.
#
# | | bits | E | M | largest | smallest normal | spacing near 1 |
# |---|---|---|---|---|---|---|
# | fp32 | 32 | 8 | 23 | 3.4·10³⁸ | 1.2·10⁻³⁸ | 1.2·10⁻⁷ |
# | tf32 | 19 | 8 | 10 | 3.4·10³⁸ | 1.2·10⁻³⁸ | 0.00098 |
# | bf16 | 16 | 8 | 7 | 3.4·10³⁸ | 1.2·10⁻³⁸ | 0.0078 |
# | fp16 | 16 | 5 | 10 | 65504 | 6.1·10⁻⁵ | 0.00098 |
# | fp8 e5m2 | 8 | 5 | 2 | 57344 | 6.1·10⁻⁵ | 0.25 |
# | fp8 e4m3 | 8 | 4 | 3 | 448 | 0.016 | 0.125 |
#
# The spacing is the distance from one number of a format to the next. It is also called an **ulp**, a
# unit in the last place, and it grows with the number.
#
# tf32 is not a storage format: it is what NVIDIA's matrix units read of an fp32 number when they
# are allowed to.

# %%
from course_lib.lab.number_formats import draw_ranges
from course_lib.lab.plots import figure, show

fig, ax = figure(height=2.9)
draw_ranges(ax)
ax.set_title("what each format can hold (pale: with fewer and fewer bits)")
show(
    fig,
    alt="Bars on a logarithmic axis. fp32, tf32 and bf16 reach from 2 to the minus 126 to 2 to "
    "the 128. fp16 and e5m2 reach from 2 to the minus 14 to 2 to the 16, e4m3 from 2 to the "
    "minus 6 to 2 to the 9; pale extensions below each are the subnormal numbers.",
)

# %% [markdown]
# fp16 and bf16 have the same 16 bits and spend them differently. What follows from that is the
# plan of this chapter: **fp16 runs out of range**, so small gradients vanish; **bf16 runs out of
# resolution**, so small updates vanish. fp8 runs out of both.
#
# ## Predict: a weight in bfloat16
#
# A weight of 1 in bfloat16. A thousand times, you subtract 0.001, and each result is stored in
# bfloat16 again. In exact arithmetic it would end at 0.
#
# **Where does it end?** Type it before you run anything below. The table above is all you need.

# %% predict="frozen_weight" points=1
predict("frozen_weight", 1.0)

# %% [markdown]
# ## Round to any format
#
# To see what a format does one needs a rounding function. IEEE 754, the standard, says how.
#
# Take a number x with 2ᵉ ≤ |x| < 2ᵉ⁺¹. Around it the format's numbers are evenly spaced:
#
# > spacing = 2^(e − M)
#
# and x goes to the nearest of them. Exactly in the middle it goes to the one whose last bit is 0,
# the **even** one. (Always up would make sums drift upwards.)
#
# The exponents have ends. With the **bias** b = 2^(E−1) − 1:
#
# - at the bottom e cannot fall below 1 − b. Smaller numbers, the **subnormals**, share the spacing
#   of that last stretch, so they lose bits one by one until nothing is left. This is *underflow*;
# - at the top the largest e is b; the exponent above it is taken by infinity and NaN. The largest
#   number is (2 − 2^−M) · 2ᵇ. What is larger *after* rounding is infinite. This is *overflow*.
#
# One format breaks the rule. e4m3 has so few numbers that its designers (Micikevicius et al. 2022)
# gave most of the top exponent back to numbers: it reaches 448 instead of 240 and has no infinity.
# What becomes of larger numbers is a choice: most hardware and `torch` **saturate**, they give 448.

# %% [markdown]
# > **Task `round_to_format`** · 6 points · about 20 minutes
# >
# > **Write** `round_to_format(x, exponent_bits, mantissa_bits)`. It returns a new tensor with the
# > shape and dtype of `x`, each number replaced by the nearest one of the format.
# >
# > **Why.** With it you can try formats that your machine does not have, and look inside them.
# >
# > **What has to hold**
# > - nearest, and halves to even; subnormals too;
# > - too large after rounding: infinity with the sign of x. For (4, 3): 448 with the sign of x;
# > - NaN stays NaN, infinity stays infinity in formats that have one (what (4, 3) makes of it is up
# >   to you), −0 stays −0, and a negative number too small for the format becomes −0;
# > - `x` itself is not changed. It is float32 or float64.
# >
# > Also accepted, and named: an e4m3 by the plain rule (240, then infinity), an e4m3 that overflows
# > to NaN, and an e5m2 that saturates. The OCP standard for fp8 allows the last two. torch's own casts
# > may do the work; they take float64 to float16 and bfloat16 by way of float32, which is accepted.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Divide by the spacing, round to a whole number, multiply by the spacing. Everything else is
# about finding the spacing. Do it in float64: it holds every number of these formats, and every
# spacing, exactly.
#
# </details>
# <details>
# <summary>Hint 2: the exponent</summary>
#
# `torch.frexp(x)` gives mantissa and exponent, with the mantissa between ½ and 1. The e of the
# text is one less. Clamp it from below and the subnormals come right by themselves, and so does
# zero.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `torch.round` takes halves to even. Compare the *rounded* size with the largest number; put
# `float("inf")` (or 448) there with `torch.where`, and give it the sign of x with
# `torch.copysign`. At the end `.to(x.dtype)`.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **NaN for 0**: `log2(0)` is −∞, and ∞ · 0 is NaN. Clamp the exponent before you use it.
# - **inf for tiny bfloat16 numbers**: 2 to the 133rd does not fit into float32. Use `.double()`.
# - **−0 becomes 0**: `torch.sign(-0.0)` is 0. `torch.copysign` looks at the sign bit.
#
# </details>

# %% task="round_to_format" points=6 minutes=20
import torch


def round_to_format(x, exponent_bits, mantissa_bits):
    """x, each number replaced by the nearest of a format with these bits; halves go to even.

    x: float32 or float64, any shape. Too large becomes infinite, and 448 for (4, 3), e4m3.
    """
    ### BEGIN SOLUTION
    bias = 2 ** (exponent_bits - 1) - 1
    largest, beyond = (2 - 2.0**-mantissa_bits) * 2.0**bias, float("inf")
    if (exponent_bits, mantissa_bits) == (4, 3):
        largest = beyond = 448.0
    exact = x.double()
    exponent = (torch.frexp(exact).exponent - 1).clamp(min=1 - bias)
    spacing = torch.exp2((exponent - mantissa_bits).double())
    rounded = torch.round(exact / spacing) * spacing
    too_large = rounded.abs() > largest
    rounded = torch.where(too_large, torch.full_like(rounded, beyond), rounded)
    rounded = torch.where(exact.isnan(), exact, torch.copysign(rounded, exact))
    return rounded.to(x.dtype)
    ### END SOLUTION


# %% check="round_to_format"
check("round_to_format")

# %% [markdown]
# ### Play: a ruler for six formats
#
# Type a number. The rounding is yours. Try 0.1, 0.3, 1000, 70000, 1e-5, 1e-7 and 1/3.

# %%
from course_lib.lab.number_formats import play_ruler
from course_lib.precision import round_to_format

play_ruler(
    round_to_format,
    stills=[0.1, 70000.0, 1e-7],
    alt="Three rulers. 0.1 is off by 2 per cent in e4m3 and by 0.1 per cent in bf16. 70000 is "
    "infinite in fp16 and e5m2, 448 in e4m3, and rounded to 70144 in bf16. One ten-millionth "
    "is off by a fifth in fp16 and gone in both kinds of fp8, and fine in bf16.",
)

# %% [markdown]
# **Quiz.** How far apart are bfloat16 numbers near 300?

# %% quiz="spacing_at_300" points=1
quiz("spacing_at_300", 2)

# %% check="spacing_at_300"
check("spacing_at_300")

# %% [markdown]
# ## Underflow, and how to get a gradient back
#
# In backpropagation the gradient of every activation is written down, and in mixed precision it
# is written in 16 bits. fp16 ends at 2⁻²⁴, about 6·10⁻⁸. What is below half of that becomes 0.
#
# Does that happen? In the tiny language model of chapter 1 hardly: 0.01 % of the gradients of its
# parameters would vanish, 9 % would be subnormal. So we build it on purpose. Below, a small network
# learns a curve, and its loss is multiplied by 10⁻⁸, as if it were one term of a long sum. With
# Adam that changes nothing in fp32: a factor common to all gradients cancels. In fp16 it does.

# %%
import numpy as np
import torch
from course_lib.lab.number_formats import format_colour
from course_lib.lab.plots import label_ends, theme
from course_lib.lab.scale import at_scale
from torch import nn

draw = torch.Generator().manual_seed(0)
points = torch.rand(64, 1, generator=draw) * 4 - 2
curve = torch.sin(3 * points)
steps = at_scale(scale, smoke=40, cpu=300)


def small_network(seed=0):
    """Two layers; weights in float32."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))


def mean_square(model, x, y):
    """The loss of the curve, as a number of usual size."""
    return (model(x).float() - y).square().mean()


TINY = 1e-8


def fit(dtype, loss_scale):
    """Losses of a run with autocast in `dtype`, its loss times TINY and times a fixed scale."""
    model = small_network()
    opt = torch.optim.Adam(model.parameters(), lr=1e-2, eps=1e-20)
    losses = []
    for _ in range(steps):
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            loss = mean_square(model, points, curve)
        opt.zero_grad()
        (loss * TINY * loss_scale).backward()
        zeros = [(p.grad == 0).float().mean().item() for p in model.parameters()]
        for p in model.parameters():
            p.grad /= loss_scale
        opt.step()
        losses.append(loss.item())
    return losses, np.mean(zeros)


runs = {
    "fp32": fit(torch.float32, 1),
    "fp16": fit(torch.float16, 1),
    "fp16, loss × 2²⁴": fit(torch.float16, 2.0**24),
    "bf16": fit(torch.bfloat16, 1),
}
fig, ax = figure(height=3.4)
for name, (losses, zeros) in runs.items():
    style = "--" if name == "fp16" else "-"
    ax.plot(losses, color=format_colour(name), linestyle=style, label=name)
    print(f"{name:18} ends at {losses[-1]:.4f}; {zeros:4.0%} of its gradients are zero")
ax.set(yscale="log", xlabel="step", ylabel="mean squared error")
label_ends(ax)
show(
    fig,
    alt="Mean squared error against step. The fp16 run is a flat line at the start. fp32, bf16 "
    "and fp16 with a scaled loss fall; bf16 falls behind at the end.",
)

# %% [markdown]
# The fp16 run does not move, and nothing says why: the loss is finite and there is no warning.
# bf16 has the range of fp32 and loses no gradient. (It falls behind at the end: its activations and
# gradients have 8 bits, and that is noise.) And fp16 is rescued by one multiplication, **loss
# scaling**: multiply the *loss* by S, and by the chain rule every gradient is scaled by S. Divide by S
# afterwards, in fp32.
#
# Which S? Too small and gradients underflow, too large and they overflow. An overflow at least is
# visible: it leaves inf or NaN. That is the idea of *dynamic* loss scaling: keep S as large as
# possible, and use overflow as the alarm.
#
# 1. After an overflow: throw this step away, and multiply S by `backoff_factor` (½).
# 2. After `growth_interval` steps in a row without one (2000): multiply S by `growth_factor` (2).

# %% [markdown]
# > **Task `loss_scaler`** · 10 points · about 30 minutes
# >
# > **Write** `LossScaler(init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5,
# > growth_interval=2000)` with four methods, used like this:
# >
# > ```python
# > scaler.scale(loss).backward()
# > scaler.unscale_(optimizer)    # only if somebody wants to look at gradients, or clip them
# > scaler.step(optimizer)
# > scaler.update()
# > ```
# >
# > - `scale(loss)` returns the loss times the scale, as a tensor that `backward()` works on.
# > - `unscale_(optimizer)` divides every gradient of the optimizer by the scale, in place, in
# >   whichever dtype it has, and notes whether any number in them is inf or NaN. Parameters without
# >   gradient are left out. A second call before `update()` must not divide again: raise
# >   `RuntimeError`, as torch does. (A second call that does nothing is accepted too.)
# > - `step(optimizer)` unscales unless that has been done. Then it calls `optimizer.step()` and
# >   returns `True`; or, if something was noted as not finite, does not touch the optimizer and
# >   returns `False`. After an optimizer step it leaves the gradients to the training loop.
# > - `update()` ends the step: it changes the scale by the two rules above and forgets what was
# >   noted, whether or not `step` was called after `unscale_`.
# >
# > Several optimizers may share one scaler (Muon and AdamW in chapter 15). Each is skipped for its
# > own gradients only; `update()` is called once, and the scale shrinks if any of them overflowed.
# >
# > Also accepted, and named: a scale that never falls below 1 or never grows beyond 2²⁴, as in
# > DeepSpeed and Apex. What becomes of the gradients of a skipped step is up to you.
#
# <details>
# <summary>Hint 1: what to remember</summary>
#
# Between calls the scaler has to know: the scale, how many clean updates in a row there were, and
# for each optimizer whether it has been unscaled and what was found.
#
# </details>
# <details>
# <summary>Hint 2: where the pieces go</summary>
#
# One dict does for the last two: `id(optimizer)` → whether something was found. An optimizer that
# is in it has been unscaled. `update()` looks at its values and empties it.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# Loop over `optimizer.param_groups` and each group's `"params"`. `p.grad.div_(s)` divides in place;
# `torch.isfinite(p.grad).all()` is false for inf and for NaN. In `update`: overflow → times
# backoff, count = 0; else count + 1, and if that equals the interval → times growth, count = 0.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"element 0 of tensors does not require grad"**: `scale` has left the graph, with `.item()` or
#   `float()`. Multiply the tensor.
# - **the scale grows too early**: does an overflow set the count back to 0? Does growth?
#
# </details>

# %% task="loss_scaler" points=10 minutes=30
import torch


class LossScaler:
    """Keeps fp16 gradients in range: scales the loss, skips overflowing steps, adapts the scale.

    growth_interval: updates in a row without overflow after which the scale grows.
    """

    def __init__(
        self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000
    ):
        ### BEGIN SOLUTION
        self.current = float(init_scale)
        self.growth_factor, self.backoff_factor = growth_factor, backoff_factor
        self.growth_interval = growth_interval
        self.clean_updates = 0
        self.overflowed = {}  # id of an optimizer that is unscaled → whether it overflowed
        ### END SOLUTION

    def scale(self, loss):
        """loss times the scale, still in the graph."""
        ### BEGIN SOLUTION
        return loss * self.current
        ### END SOLUTION

    @torch.no_grad()
    def unscale_(self, optimizer):
        """Divide the optimizer's gradients by the scale, in place. RuntimeError the second time."""
        ### BEGIN SOLUTION
        if id(optimizer) in self.overflowed:
            raise RuntimeError("unscale_ was already called for this optimizer in this step")
        found = False
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.div_(self.current)
                    found = found or not torch.isfinite(p.grad).all()
        self.overflowed[id(optimizer)] = bool(found)
        ### END SOLUTION

    def step(self, optimizer):
        """Step unless a gradient is inf or NaN. Returns whether it stepped."""
        ### BEGIN SOLUTION
        if id(optimizer) not in self.overflowed:
            self.unscale_(optimizer)
        if self.overflowed[id(optimizer)]:
            return False
        optimizer.step()
        return True
        ### END SOLUTION

    def update(self):
        """End the step: the next scale."""
        ### BEGIN SOLUTION
        if any(self.overflowed.values()):
            self.current *= self.backoff_factor
            self.clean_updates = 0
        else:
            self.clean_updates += 1
            if self.clean_updates == self.growth_interval:
                self.current *= self.growth_factor
                self.clean_updates = 0
        self.overflowed.clear()
        ### END SOLUTION


# %% check="loss_scaler"
check("loss_scaler")

# %% [markdown]
# ### The scale finds its place
#
# The same network in fp16, its loss of usual size now, with your scaler. It starts far too high,
# at 2³⁰, and `growth_interval` is 40 so that growth can be seen.

# %%
from course_lib.precision import LossScaler

model = small_network()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
dynamic = LossScaler(init_scale=2.0**30, growth_interval=40)
scales, skipped, losses = [], [], []
for step in range(steps):
    with torch.autocast("cpu", dtype=torch.float16):
        loss = mean_square(model, points, curve)
    scales.append(dynamic.scale(torch.tensor(1.0)).item())
    opt.zero_grad()
    dynamic.scale(loss).backward()
    if not dynamic.step(opt):
        skipped.append(step)
    dynamic.update()
    losses.append(loss.item())

fig, ax = figure(height=3.0)
ax.step(range(steps), scales, where="post", color=format_colour("fp16"))
ax.plot(skipped, [scales[s] for s in skipped], "x", color=theme().ink, label="_")
ax.set_yscale("log", base=2)
ax.set(xlabel="step", ylabel="loss scale", title="crosses are skipped steps")
show(
    fig,
    alt="The scale falls from 2 to the 30 by half at each of the first steps, which are all "
    "skipped; then it doubles every 40 steps, overflows now and then, and falls back.",
)
print(f"{len(skipped)} of {steps} steps were skipped, the first {skipped[:12]}")
print(f"the loss ends at {losses[-1]:.4f}")

# %% [markdown]
# The first steps are all lost, which is cheap. After that the scale climbs until it overflows once,
# falls back, and climbs again. A few skipped steps are not a defect, they are the alarm working.
#
# A skipped step must not count: not in Adam's t, and not in its moments. That is why `step` returns
# whether it stepped. A schedule should not move either (torch warns if you call `scheduler.step()`
# before the first real one).
#
# ## Updates that vanish
#
# Now bf16, which never underflows here. Back to the weight of the prediction:

# %%
weights = {}
for name, dtype in (("fp32", torch.float32), ("fp16", torch.float16), ("bf16", torch.bfloat16)):
    w = torch.tensor(1.0, dtype=dtype)
    for _ in range(1000):
        w = w - torch.tensor(1e-3, dtype=dtype)
    weights[name] = w.item()
    print(f"{name}: {w.item():.6f} after a thousand steps of 0.001")

below = torch.nextafter(torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(0.0).bfloat16())
print(f"the bfloat16 number below 1 is {below.item()}; half way to it is 1 - {2**-9:.6f}")

# %% check="frozen_weight"
check("frozen_weight")

# %% [markdown]
# 0.001 is less than half the distance to the next number, so each result is rounded back to 1. Not
# slower: not at all. fp16, with three more bits, does move, and ends a little off, since every
# step rounds.
#
# Is that realistic? Weights have sizes around 0.02, Adam's updates are about lr, so the ratio is
# lr/0.02. bf16 needs a ratio of at least 2⁻⁹ to 2⁻⁸, half its relative spacing. At lr = 10⁻⁴ the
# ratio is 0.005, just above. At the end of a schedule it is far below.
#
# Watch it in a regression whose best weights are between −5 and 5, trained with torch's Adam:

# %%
generator = torch.Generator().manual_seed(0)
inputs = torch.randn(512, 32, generator=generator)
truth = torch.randn(32, generator=generator) * 2
targets = inputs @ truth
updates = at_scale(scale, smoke=100, cpu=4000)


def error_of(w):
    """Mean squared error of weights, computed in float32."""
    return (inputs @ w.detach().float() - targets).square().mean().item()


def gradient_of(w):
    """The gradient of half the error, computed in float32, in the dtype of the weights."""
    return (inputs.T @ (inputs @ w.detach().float() - targets) / len(inputs)).to(w.dtype)


def adam(params):
    """The optimizer of this experiment."""
    return torch.optim.Adam(params, lr=2e-3, betas=(0.9, 0.99))


def regression(dtype):
    """Errors along the way and the weights at the end; weights and Adam's state in `dtype`."""
    w = nn.Parameter(torch.zeros(32, dtype=dtype))
    opt, errors = adam([w]), []
    for _ in range(updates):
        w.grad = gradient_of(w)
        opt.step()
        errors.append(error_of(w))
    return errors, w.detach().float()


plain = {"fp32": regression(torch.float32), "bf16": regression(torch.bfloat16)}
for name, (errors, w) in plain.items():
    print(
        f"{name}: error {errors[0]:.0f} → {errors[-1]:.3g}, largest weight {w.abs().max():.3f}"
    )
print(f"the largest weight should be {truth.abs().max():.3f}")

# %% [markdown]
# The bf16 run gets stuck at a large error. Up to 1 the spacing is at most 2⁻⁸, and a step of 0.002 is
# just more than half of it. From 1 on the spacing is 2⁻⁷, and the same step is rounded away.
#
# **The repair** keeps a second copy of every weight in fp32, the **master weight**. The model
# computes with 16 bits. The optimizer moves the master, where small steps add up, and after each
# step the model gets the master's value, rounded.

# %% [markdown]
# > **Task `master_weights`** · 8 points · about 20 minutes
# >
# > **Write** `MasterWeights(params, make_optimizer)`.
# >
# > - `params` are the model's parameters, a list or what `model.parameters()` gives. Some may be
# >   frozen, some may be float32 already.
# >   `make_optimizer(masters)` makes an optimizer over a list of tensors; call it with the list of
# >   your float32 copies, in the order of `params`.
# > - `step()` hands each parameter's gradient to its master in float32, lets the optimizer step, and
# >   writes the masters into the model's parameters, in place. Where `p.grad` is `None` the master
# >   has no gradient either. `p.grad` stays as it is. (Setting it to `None`, as Megatron-LM does to
# >   save memory, is accepted too.)
# > - `zero_grad()` clears the gradients of the model's parameters.
# > - `state_dict()` and `load_state_dict(state)` save and restore all there is to remember, so that
# >   training goes on to the last bit as if it had never stopped. Loading copies the masters'
# >   values: what was stored of a state, by `torch.save` or `copy.deepcopy`, can be loaded again
# >   later, also into an object that has made steps since.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Three lists that belong together: parameters, masters, and one optimizer over the masters. Turn
# `params` into a list first: a generator can be read once.
#
# </details>
# <details>
# <summary>Hint 2: three moves</summary>
#
# Gradients up, optimizer step, weights down. `master.grad` must have the dtype of the master.
# `p.copy_(master)` under `torch.no_grad()` rounds on the way and keeps p's memory.
#
# </details>
# <details>
# <summary>Hint 3: what to save</summary>
#
# The model's checkpoint has the rounded weights only. The low bits are in the masters, the moments
# in the optimizer: save both. When loading, copy *into* the masters: the optimizer knows those
# tensors, and no others.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"assigned grad has data of a different type"**: a bf16 gradient for an fp32 master. `.float()`.
# - **after loading nothing moves**: `self.masters = ...` made new tensors that the optimizer has
#   never seen.
#
# </details>

# %% task="master_weights" points=8 minutes=20
import torch


class MasterWeights:
    """Float32 copies of low-precision parameters, moved by an optimizer and written back, rounded.

    params: the model's parameters. make_optimizer: list of float32 tensors → optimizer.
    """

    def __init__(self, params, make_optimizer):
        ### BEGIN SOLUTION
        self.params = list(params)
        self.masters = [p.detach().clone().float() for p in self.params]
        self.optimizer = make_optimizer(self.masters)
        ### END SOLUTION

    @torch.no_grad()
    def step(self):
        """Gradients up, optimizer step, weights down."""
        ### BEGIN SOLUTION
        for p, master in zip(self.params, self.masters, strict=True):
            master.grad = None if p.grad is None else p.grad.float()
        self.optimizer.step()
        for p, master in zip(self.params, self.masters, strict=True):
            p.copy_(master)
        ### END SOLUTION

    def zero_grad(self):
        """Clear the gradients of the model's parameters."""
        ### BEGIN SOLUTION
        for p in self.params:
            p.grad = None
        ### END SOLUTION

    def state_dict(self):
        """The masters and the optimizer's state."""
        ### BEGIN SOLUTION
        masters = [master.clone() for master in self.masters]
        return {"masters": masters, "optimizer": self.optimizer.state_dict()}
        ### END SOLUTION

    @torch.no_grad()
    def load_state_dict(self, state):
        """Go on from a state_dict."""
        ### BEGIN SOLUTION
        for master, saved in zip(self.masters, state["masters"], strict=True):
            master.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
        ### END SOLUTION


# %% check="master_weights"
check("master_weights")

# %% [markdown]
# The same regression, with your masters. And beside it another repair that needs no second copy:
# **stochastic rounding**. It rounds up or down at random, with probabilities such that the mean is
# right: a step of a tenth of the spacing moves the weight in one of ten cases (Gupta et al. 2015).

# %%
from course_lib.precision import MasterWeights


def with_masters():
    """Errors of bf16 weights that are rounded from fp32 masters."""
    w = nn.Parameter(torch.zeros(32, dtype=torch.bfloat16))
    masters, errors = MasterWeights([w], adam), []
    for _ in range(updates):
        masters.zero_grad()
        w.grad = gradient_of(w)
        masters.step()
        errors.append(error_of(w))
    return errors


def round_stochastically(x, generator):
    """float32 to one of its two bf16 neighbours: add random low bits, then cut them off."""
    bits = x.contiguous().view(torch.int32)
    noise = torch.randint(0, 2**16, bits.shape, generator=generator, dtype=torch.int32)
    return ((bits + noise) & -(2**16)).view(torch.float32)


def with_stochastic_rounding():
    """Errors of weights that are bf16 numbers after every step, by stochastic rounding."""
    w, errors = nn.Parameter(torch.zeros(32)), []
    opt, draw = adam([w]), torch.Generator().manual_seed(1)
    for _ in range(updates):
        w.grad = gradient_of(w)
        opt.step()
        with torch.no_grad():
            w.copy_(round_stochastically(w, draw))
        errors.append(error_of(w))
    return errors


repaired = {
    "bf16": plain["bf16"][0],
    "bf16, stochastic": with_stochastic_rounding(),
    "bf16 + masters": with_masters(),
    "fp32": plain["fp32"][0],
}
fig, ax = figure(height=3.6)
kinds = ("bf16", "fp16", "fp8 e4m3", "fp32")  # for their colours
for (name, errors), kind in zip(repaired.items(), kinds):
    ax.plot(errors, color=format_colour(kind), label=name)
    print(f"{name:17} ends at {errors[-1]:.3g}")
ax.set(yscale="log", xlabel="step", ylabel="mean squared error")
label_ends(ax)
show(
    fig,
    alt="Mean squared error against step. bf16 alone gets stuck. Masters follow fp32 until the "
    "error of rounding the final weights. Stochastic rounding follows with noise.",
)

# %% [markdown]
# Masters follow fp32 down to a floor: in the end the model's weights *are* bf16 numbers, and the
# rounding of 32 weights is what is left. Stochastic rounding gets near that at no memory, with
# noise. Masters cost 4 bytes a parameter. Which of the two large runs need is not settled: Zamirai
# et al. (2020) train with bf16 weights and stochastic rounding or compensated sums; most published
# large runs keep fp32 masters.
#
# ## Autocast: which operation in which format
#
# Nobody wants to write casts by hand. Under `torch.autocast` every operation looks up in a list
# whether it is safe in 16 bits. Weights stay in fp32, so the weight *is* its own master, and each
# use casts a copy. Ask it:

# %%
from torch.nn import functional as F

a, square = torch.randn(4, 8), torch.randn(8, 8)
labels = torch.zeros(4, dtype=torch.long)
operations = {
    "matrix product": lambda: a @ square,
    "linear layer": lambda: F.linear(a, square),
    "attention": lambda: F.scaled_dot_product_attention(a[None], a[None], a[None]),
    "sum of a 16-bit tensor": lambda: a.bfloat16().sum(),
    "16-bit + 32-bit": lambda: a.bfloat16() + a,
    "softmax of a 16-bit tensor": lambda: F.softmax(a.bfloat16(), dim=-1),
    "cross-entropy": lambda: F.cross_entropy(a.bfloat16(), labels),
    "mean squared error": lambda: F.mse_loss(a.bfloat16(), a.bfloat16()),
}
with torch.autocast("cpu", dtype=torch.bfloat16):
    for name, operation in operations.items():
        print(f"{name:28} {str(operation().dtype).removeprefix('torch.')}")

# %% [markdown]
# Products go to 16 bits: they are where the time goes, and matrix units add up in fp32 inside. Of
# the rest, some are forced to fp32 and some take what they are given. **The lists differ between
# devices.** On CUDA, softmax, layer norm, sums, exp, log and the losses run in fp32 (torch's autocast
# reference); the CPU's list is shorter, as you see. So a run can be fine on one and not on the other.
#
# ## One step, in the right order
#
# Clipping by the global norm (chapter 7) belongs into the same step, and its place is a classic bug.
#
# **Quiz.** The gradient has norm 4, the scale is 65536, `max_norm` is 1. Somebody clips first and
# unscales afterwards. What is the norm of the gradient that the optimizer gets?

# %% quiz="clipped_too_early" points=1
quiz("clipped_too_early", 1.526e-05)

# %% check="clipped_too_early"
check("clipped_too_early")

# %% [markdown]
# > **Task `mixed_precision_step`** · 8 points · about 20 minutes
# >
# > **Write** `mixed_precision_step(model, loss_fn, batch, optimizer, scaler=None,
# > dtype=torch.bfloat16, max_norm=None)`: one whole step of training. `loss_fn(model, *batch)` gives
# > the loss.
# >
# > - Gradients from before do not count.
# > - Model and loss run under autocast, in `dtype`, on the device of the model. Once.
# > - With a `scaler` (yours, or torch's) its four methods are used in the right order; without one
# >   it is an ordinary step, whatever the gradient is.
# > - With `max_norm` the norm of the *true* gradient of all parameters together is limited to it.
# >   `torch.nn.utils.clip_grad_norm_` may do that.
# > - It returns the loss, not scaled, as a Python float.
# >
# > **Why.** This is the inside of every training loop from here on, and most bugs of mixed precision
# > are two lines of it in the wrong order.
#
# <details>
# <summary>Hint 1: the order</summary>
#
# Clear, forward, backward, unscale, clip, step, update. Without a scaler the same without three of
# them.
#
# </details>
# <details>
# <summary>Hint 2: the device</summary>
#
# `next(model.parameters()).device.type` is what `torch.autocast` wants first. Backward does not
# belong inside autocast: each operation goes back in the format in which it came.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# Two questions decide everything: is there a scaler, is there a max_norm? `unscale_` is needed only
# if both; `scaler.step` unscales by itself otherwise. Keep `loss` as it is and scale it only where
# you call `backward()`; return `loss.item()`.
#
# </details>

# %% task="mixed_precision_step" points=8 minutes=20
import torch


def mixed_precision_step(
    model, loss_fn, batch, optimizer, scaler=None, dtype=torch.bfloat16, max_norm=None
):
    """One training step under autocast. Returns the loss as a float.

    loss_fn(model, *batch) → loss. scaler: a LossScaler or None. max_norm: of the true gradient.
    """
    ### BEGIN SOLUTION
    device = next(model.parameters()).device
    optimizer.zero_grad()
    with torch.autocast(device.type, dtype=dtype):
        loss = loss_fn(model, *batch)
    (loss if scaler is None else scaler.scale(loss)).backward()
    if max_norm is not None:
        if scaler is not None:
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    return loss.item()
    ### END SOLUTION


# %% check="mixed_precision_step"
check("mixed_precision_step")

# %% [markdown]
# ### The tiny language model in 16 bits
#
# Your step and your scaler, on a small `TinyLM`: fp32, bf16, and fp16 with the scaler, from the same
# weights on the same batches.

# %%
import time

from course_lib.lab.text import batches, load_text
from course_lib.lab.tiny_lm import TinyLM, next_byte_loss
from course_lib.lab.train import one_thread
from course_lib.precision import mixed_precision_step

text = load_text()
count = at_scale(scale, smoke=4, cpu=60)


def language_model_run(dtype, scaler=None):
    """Losses and seconds of a short run."""
    model = TinyLM(len(text.alphabet), width=32, layers=1, context=32, seed=0)
    opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
    source, losses = batches(text, batch_size=8, context=32, seed=0), []
    started = time.process_time()
    with one_thread():
        for _ in range(count):
            if dtype == torch.float32:
                opt.zero_grad()
                value = next_byte_loss(model, *next(source))
                value.backward()
                opt.step()
                losses.append(value.item())
            else:
                arguments = (model, next_byte_loss, next(source), opt)
                losses.append(mixed_precision_step(*arguments, scaler=scaler, dtype=dtype))
    return losses, time.process_time() - started


sixteen = {
    "fp32": language_model_run(torch.float32),
    "bf16": language_model_run(torch.bfloat16),
    "fp16 + scaler": language_model_run(torch.float16, LossScaler()),
}
fig, ax = figure(height=3.2)
for name, (losses, seconds) in sixteen.items():
    ax.plot(losses, color=format_colour(name), label=name)
    print(f"{name:14} last loss {losses[-1]:.3f}, {1000 * seconds / count:.1f} ms a step")
ax.set(xlabel="step", ylabel="loss (nats)")
label_ends(ax)
show(
    fig,
    alt="Three loss curves of the small language model, from 4.7 down; they lie on top of each "
    "other.",
)

# %% [markdown]
# The curves lie on each other. The times do not: a step in 16 bits takes longer here. Is the product
# of matrices to blame? Time it alone, at two sizes, on one thread:


# %%
def milliseconds(dtype, side):
    """The best of five products of two square matrices."""
    a, best = torch.randn(side, side).to(dtype), float("inf")
    for _ in range(5):
        started = time.perf_counter()
        a @ a
        best = min(best, 1000 * (time.perf_counter() - started))
    return best


with one_thread():
    for side in (64, 512):
        wide, *short = [
            milliseconds(d, side) for d in (torch.float32, torch.bfloat16, torch.float16)
        ]
        print(
            f"side {side}: bf16 takes {short[0] / wide:.2f} × fp32, fp16 {short[1] / wide:.2f} ×"
        )

# %% [markdown]
# **That depends on your CPU.** Two that we tried, torch 2.13 and one thread each:
#
# | | bf16 product | fp16 product |
# |---|---|---|
# | AMD EPYC with AVX2, no units for 16 bits | 30 to 40 × the time of fp32 | 30 to 40 × |
# | Intel Xeon with AMX, side 512 | a seventh of the time | about equal |
# | Intel Xeon with AMX, side 64 | 2 to 5 × | 2 to 5 × |
#
# Without units for it, 16-bit arithmetic is emulated. With them a large product gains, a small one
# does not, and a small model has small products and a lot of casting: our step took twice as long in
# 16 bits even on the Xeon. What you learn here about *numbers* holds on any device; about *speed* it
# takes a GPU and a large model to learn anything.
#
# ## Eight bits
#
# fp8 has too little range for a whole tensor to fall into it by luck. So every tensor gets a scale
# of its own: multiply so that its largest number lands on the largest of the format, round, multiply
# the matrices, divide the result. Your `round_to_format` is enough to try it, on two matrices of
# which one has small numbers, around 10⁻³.

# %%
side = at_scale(scale, smoke=64, cpu=256)
small = torch.randn(side, side, generator=generator) * 1e-3
other = torch.randn(side, side, generator=generator)
exact = small @ other
largest = {(4, 3): 448.0, (5, 2): 57344.0}


def in_fp8(x, bits, scaled):
    """x rounded to fp8; scaled: with one scale for the whole tensor."""
    factor = largest[bits] / x.abs().max() if scaled else 1.0
    return round_to_format(x * factor, *bits) / factor


for name, bits in (("e4m3", (4, 3)), ("e5m2", (5, 2))):
    for scaled in (False, True):
        product = in_fp8(small, bits, scaled) @ in_fp8(other, bits, scaled)
        error = ((product - exact).norm() / exact.norm()).item()
        print(f"{name}, {'one scale each' if scaled else 'not scaled    '}: error {error:.3f}")

# %% [markdown]
# Without a scale e4m3 loses more than half of the product: numbers of 10⁻³ are in its subnormal range,
# or gone. With one it is off by under 4 %, half of what e5m2 manages: once the range is taken care
# of, the third mantissa bit pays. That is why the usual recipe is **e4m3 forward, e5m2 for
# gradients**, which spread over more powers of two (Micikevicius et al. 2022).
#
# One large number spoils a scale for its whole tensor, though. So newer recipes scale smaller pieces:
# DeepSeek-V3 has one scale for each 1 × 128 piece of activations and each 128 × 128 block of weights,
# and then uses e4m3 for gradients as well (DeepSeek-AI 2024, section 3.3).
#
# ## Reading the signs
#
# | what you see | what it may be |
# |---|---|
# | a skipped step now and then, the scale saws up and down | nothing: the scaler at work |
# | the loss is flat from the start, gradients exactly 0 | underflow: is the loss scaled? |
# | loss fine, then flat late in the run, in pure bf16 | updates below half a spacing: masters? |
# | training much slower with clipping and a scaler | clipped before unscaling |
# | the scale falls at *every* step, far below 1 | NaN in the forward pass: no scale repairs that |
# | NaN in the loss, finite weights, fp16 | an activation above 65504: bf16, or fp32 for this layer |
#
# The last but one, on purpose: one broken input.

# %%
broken = points.clone()
broken[0] = float("nan")
model, scaler = small_network(), LossScaler()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(30):
    loss = mixed_precision_step(model, mean_square, (broken, curve), opt, scaler=scaler)
    if step % 10 == 9:
        print(f"step {step}: loss {loss}, scale {scaler.scale(torch.tensor(1.0)).item():.3g}")

# %% [markdown]
# The weights are still those of the start, every step was skipped, and the scale is on its way to
# zero. Zhang et al. (2022) describe this in the diary of OPT-175B, trained in fp16: losses that
# diverged went together with a loss scale that crashed.
#
# **Quiz.** In your run the scale halves at every step. It is at 2⁻¹⁰ and still falls. What do you do?
#
# - **a** Use a smaller init_scale: gradients overflow.
# - **b** Use a larger growth_interval: the scale changes too fast.
# - **c** Look for the first NaN in the forward pass: data, or an operation that needs fp32.
# - **d** Use a larger init_scale: gradients underflow.

# %% quiz="collapsing_scale" points=1
quiz("collapsing_scale", "c")

# %% check="collapsing_scale"
check("collapsing_scale")

# %% [markdown]
# ## GPU exercise: what it buys
#
# The same language model from the same weights: fp32 with TF32 off, TF32, fp16 with a scaler, bf16,
# and bf16 through `torch.compile`. At `scale="gpu"` it has about 100 million parameters. On a CPU the
# same code runs on a toy, and the times mean what was said above.
#
# How good is a speed? Compare it with what the card can do. A forward pass costs 2 operations per
# parameter and token (a multiplication and an addition), the backward pass twice that: **6 N per
# token** for N parameters. **Model FLOPs utilisation** is what the model needs, over what the card
# does (Chowdhery et al. 2022):
#
# > MFU = 6 N · (tokens per second) / (operations per second of the card)
#
# For the card's rate take a *measured* one, of a large matrix product in the same format. Data
# sheets state what no program reaches.
#
# **Quiz.** A model with 10⁹ parameters trains at 25,000 tokens per second, on a card whose matrix
# products run at a measured 400 TFLOP/s (989 on the data sheet). What is its utilisation?

# %% quiz="utilisation" points=1
quiz("utilisation", 0.375)

# %% check="utilisation"
check("utilisation")

# %%
from course_lib.lab.device import device_for
from course_lib.lab.exercises import precision

result = precision.run(scale, device_for(scale))
N = result["parameters"]
print(f"{N:,} parameters on {result['device']}")
for row in result["table"]:
    if "failed" in row:
        print(f"{row['precision']:14} {row['failed']}")
        continue
    speed, rate = row["tokens_per_second"], row["matmul_flops"]
    memory = row["peak_memory_bytes"]
    gigabytes = f", {memory / 2**30:.1f} GiB at most" if memory else ""
    mfu = 6 * N * speed / rate
    print(
        f"{row['precision']:14} {speed:9,.0f} tokens/s, MFU {mfu:.2f} of {rate / 1e12:.3g} "
        f"TFLOP/s, last loss {row['final_loss']:.3f}{gigabytes}"
    )
show(
    precision.draw(result),
    alt="Left, tokens per second in each precision as bars. Right, the losses of all of them, "
    "which lie on top of each other.",
)

# %% [markdown]
# **No GPU was at hand when this chapter was made**, so it shows no GPU numbers. What to expect on a
# recent data-centre card: bf16 at least twice as fast as fp32 without TF32; equal loss curves; and
# an MFU in fp16 and bf16 well below that of fp32, because everything that is not a matrix product
# takes its time as before. `python -m course_lib.lab.gpu_suite --out results --only precision` runs
# this exercise without a notebook.
#
# (On a CPU, MFU is a ratio to whatever rate its 16-bit products have, which may be a miserable one.)
#
# ## In the wild
#
# - **fp16 with a dynamic scaler** is the recipe of Micikevicius et al. (2018): masters in fp32, loss
#   scaling, sums in fp32. `torch.amp.GradScaler` is your `LossScaler`, with the same defaults.
# - **bf16** (Kalamkar et al. 2019) took its place as soon as hardware had it. BLOOM's team had trained
#   a 104-billion model in fp16, met instabilities, and chose bf16 for 176 billion (Le Scao et al.
#   2022). Llama 3 was trained in bf16, with gradients accumulated and reduced in fp32 (Grattafiori et
#   al. 2024, section 3.3).
# - **Optimizer state in 16 bits**: DeepSeek-V3 keeps Adam's moments in bf16, and its masters and the
#   accumulated gradients in fp32 (section 3.3).
# - **What texts get wrong.** "Mixed precision halves the memory": it halves *activations*. Weights,
#   gradients, masters and two moments come to 16 bytes a parameter either way (2 + 2 + 4 + 4 + 4,
#   against 4 + 4 + 4 + 4; Rajbhandari et al. 2020, section 3.1). And "bf16 needs no loss scaling" is
#   true; "bf16 needs no masters" does not follow.
#
# Your scaler against torch's, both through your step, with an overflow on the way:

# %%
ends = []
for scaler in (
    LossScaler(init_scale=2.0**24, growth_interval=20),
    torch.amp.GradScaler("cpu", init_scale=2.0**24, growth_interval=20),
):
    model = small_network()
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(30):
        arguments = (model, mean_square, (points, curve), opt)
        mixed_precision_step(*arguments, scaler=scaler, dtype=torch.float16, max_norm=1.0)
    ends.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
print(f"the largest difference between two weights is {(ends[0] - ends[1]).abs().max():.1e}")

# %% [markdown]
# ## In your own words
#
# A colleague trains in fp16 with a loss scaler, clips at 1.0, and keeps weights and Adam's moments in
# fp16 as well, "to save memory". The loss falls well for a day and then stays level. No step has been
# skipped for hours, and the scale has grown to 2²⁰.
#
# Write five to ten sentences. What do you suspect, and why does the scale not protect against it?
# Which two measurements would tell suspicion from fact? What would you change, and what does it cost?
# This answer is read by a person.

# %% [markdown] free_text="explain_level_loss" points=2
# The scale protects gradients while they are written in fp16, and it seems to do that: no overflow, and
# the large scale leaves room below. What it does not protect is the update. Weights are fp16 numbers,
# 2⁻¹¹ of their size is half a spacing, and late in a schedule lr times Adam's update is smaller than
# that, so weights stop moving. Adam's second moment in fp16 is worse off: squares of gradients below
# 2.4·10⁻⁴ are below 6·10⁻⁸ and become 0, and then √v + ε is wrong, or only ε.
#
# Measure the share of weights that change in a step (bitwise), and how it went during the day; and the
# share of second moments that are exactly zero. A third: continue from the checkpoint with fp32 masters
# and moments, and see whether the loss falls again.
#
# Change: fp32 masters and fp32 moments, 4 + 4 + 4 bytes a parameter instead of 2 + 2 + 2, so 6 bytes
# more; or bf16 with stochastic rounding for the weights, at no memory, with noise. Check as well that
# clipping comes after unscaling: at a scale of 2²⁰ clipping first would leave almost nothing.
#
# *For the grader: one point for updates or moments that vanish, told apart from gradients that
# vanish; one for a measurement that could refute it together with a repair and its price.*

# %% [markdown]
# ## Read on
#
# - Micikevicius et al. (2018), *Mixed Precision Training*, ICLR: the three repairs.
# - Kalamkar et al. (2019), *A Study of BFLOAT16 for Deep Learning Training*.
# - Micikevicius et al. (2022), *FP8 Formats for Deep Learning*: e4m3 and e5m2, and why.
# - Gupta et al. (2015), *Deep Learning with Limited Numerical Precision*, ICML; Zamirai et al. (2020),
#   *Revisiting BFloat16 Training*: stochastic rounding, then and now.
# - DeepSeek-AI (2024), *DeepSeek-V3 Technical Report*, section 3.3: fp8 training in detail.
# - Goldberg (1991), *What Every Computer Scientist Should Know About Floating-Point Arithmetic*, ACM
#   Computing Surveys 23(1).
# - Also mentioned: Zhang et al. (2022), *OPT: Open Pre-trained Transformer Language Models*; Le Scao et
#   al. (2022), *BLOOM: A 176B-Parameter Open-Access Multilingual Language Model*; Chowdhery et al.
#   (2022), *PaLM*, appendix B; Rajbhandari et al. (2020), *ZeRO*, SC; Grattafiori et al. (2024), *The
#   Llama 3 Herd of Models*; IEEE 754-2019; Open Compute Project (2023), *OCP 8-bit Floating Point
#   Specification (OFP8)*.
#
# **Next:** chapter 9 is about what goes wrong when numbers are fine: spikes, growing logits, and guards
# against them.
