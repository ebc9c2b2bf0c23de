# ---
# title: Batches, accumulation, clipping
# summary: How much a larger batch is worth, a large batch on a small machine, and what one bad batch can do.
# ---

# %% [markdown]
# # 7 · Batches, accumulation, clipping
#
# The optimizer takes its gradient from a batch of examples. So far somebody else chose how
# many. This chapter is about that choice, and about two tools that stand between `backward()`
# and `step()` in nearly every training run. At its end you have
#
# - measured how noisy a gradient is, and up to which batch size more examples pay;
# - written gradient accumulation, which gives a small machine the gradient of a large batch,
#   and seen the mistake in it that went unnoticed in popular libraries for years;
# - written clipping by the global norm, and seen what it does to a bad batch.
#
# Reading takes about 40 minutes, the code about 50. You need chapter 1. Momentum (chapter 2)
# and AdamW (chapter 5) appear as torch's own, so it does no harm if you have not written yours.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## The same reading, spent differently
#
# Reading examples is what costs time. Suppose you may read 512 of them. You can take 512 steps
# with one example each, or 64 steps with 8, or 2 steps with 256. B is the **batch size**: the
# number of examples whose gradients are averaged for one step.
#
# Below, the valley from chapter 1 with noise: the gradient of a single example is the true one
# plus noise of size 10 in each direction, and averaging B of them divides the noise by √B. All
# three walks read 512 examples, at the same learning rate.

# %%
import torch
from course_lib.lab.plots import colour, figure, plot_path, show
from course_lib.lab.surfaces import descend, valley

bowl = valley(L=10, mu=1, start=(10, 3))
EXAMPLES = 512


def walk(log2_B, lr):
    """SGD that reads 512 examples, 2^log2_B of them for each step."""
    B = 2 ** int(log2_B)
    return descend(
        lambda point: torch.optim.SGD(point, lr=lr),
        bowl,
        steps=EXAMPLES // B,
        noise=10 / B**0.5,
    )


fig, axes = figure(1, 3, height=2.5, sharey=True)
for ax, log2_B in zip(axes, (0, 3, 8)):
    path = walk(log2_B, lr=0.1)
    title = (
        f"B = {2**log2_B}: {len(path.points) - 1} steps\nend at height {path.values[-1]:.2g}"
    )
    plot_path(ax, bowl, path, color=colour("SGD"), label=title)
show(
    fig,
    alt="Three walks with the same learning rate that read 512 examples each. With batches of 1 "
    "the walk is a cloud around the minimum; with 8 it comes to the minimum and stays near; with 256 "
    "it makes two steps and stops far away.",
)

# %% [markdown]
# One example a step: the walk arrives soon and then shakes. 256 a step: both steps are nearly
# exact, and there are only two of them. Somewhere between lies the batch size that makes the
# best of 512 examples. Where it lies depends on how large the noise is beside the gradient. So
# that has to be measured.
#
# ## How noisy is a gradient?
#
# Names. G is the true gradient, the mean over all data. G_B is the gradient of one batch of B
# examples. On average it is G. How far it is off, on average, shrinks with B:
#
# > E‖G_B − G‖² = S/B
#
# E means the average over batches, ‖ ‖ the length of a vector. S is the variance of the
# gradient of a *single* example, summed over all parameters. It follows that
#
# > E‖G_B‖² = ‖G‖² + S/B.
#
# A batch gradient is *longer* than the true one, on average, because it carries noise. Small B:
# it is nearly all noise. Large B: nearly all signal. Both parts are equal at
#
# > B_noise = S/‖G‖²,
#
# the **noise scale** (McCandlish et al. 2018). Up to about there, more examples make each step
# better; far beyond, they repeat what is known. So it is an estimate of the **critical batch size**,
# from which on larger batches hardly save steps.
#
# <details>
# <summary><b>Derive it</b>: why 1/B, and why the lengths add up</summary>
#
# G_B is a mean of B independent gradients, each G plus noise ξ (xi) with mean zero. So G_B − G
# is the mean of B noises. In the squared length of a mean of B vectors there are B² products;
# those of different examples are zero on average, because the examples are independent. B
# products remain, each E‖ξ‖² = S, and they are divided by B²: S/B.
#
# Then ‖G_B‖² = ‖G‖² + 2 G·(G_B − G) + ‖G_B − G‖². The middle term is zero on average.
#
# </details>
# <details>
# <summary><b>Derive it</b>: what a larger batch buys</summary>
#
# Near a minimum with curvatures h_i take one step with the batch gradient. Its expected gain is
# η‖G‖² − ½ η² (GᵀHG + tr(HΣ)/B), where Σ is the covariance of one example's gradient and H the
# matrix of second derivatives. The best η for this B gives the gain
#
# > gain(B) = gain(∞) / (1 + B_noise/B),
#
# with tr(HΣ)/GᵀHG in the place of B_noise. If all curvatures were equal it would be S/‖G‖²,
# which is what can be measured cheaply. So a run at batch size B needs about (1 + B_noise/B)
# times the fewest possible steps and (1 + B/B_noise) times the fewest possible examples. This
# is a model, not a law; it takes the noise to be the same everywhere, and it is about SGD.
#
# </details>
#
# **Predict.** The small language model of chapter 1 has trained for 50 steps. An example is a
# piece of 64 bytes of text. How large is its noise scale, in order of magnitude?
#
# - **a** about 1 example: one is as good as many
# - **b** some tens of examples
# - **c** some thousands
# - **d** some hundred thousands: more than there are in the text

# %% predict="lm_noise_scale" points=1
predict("lm_noise_scale", "b")

# %% [markdown]
# ## Write it
#
# You cannot see G or S. You can see the lengths of batch gradients, at two batch sizes b < B.
# Two equations, two unknowns:
#
# > ‖G‖² ≈ (B ‖G_B‖² − b ‖G_b‖²) / (B − b)
# >
# > S ≈ (‖G_b‖² − ‖G_B‖²) / (1/b − 1/B)

# %% [markdown]
# > **Task `noise_scale`** · 5 points · about 10 minutes
# >
# > **Write** `noise_scale(small_sq_norms, big_sq_norms, small_batch, big_batch)`. It gets
# > several *squared* norms measured at batch size b (`small_batch`), several at B
# > (`big_batch`), and returns S/‖G‖² as a number.
# >
# > **Why.** The two formulas are easy. What people get wrong is where to average.
# >
# > **What has to hold**
# > - average the squared norms of each kind over all draws (a 0 and one far away count, too),
# >   *then* use the formulas, *then* divide once;
# > - both arguments may be lists of numbers (whole ones, too) or 1-d tensors, and of different
# >   length;
# > - with few draws an estimate can come out negative: return it as it is, as any other, not
# >   rounded and not bounded. A negative number tells the reader to measure longer.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Make two plain numbers first: the mean of each sequence. Everything after that is arithmetic.
#
# </details>
# <details>
# <summary>Hint 2: test the formulas</summary>
#
# Put in what you know: with ‖G‖² = 2 and S = 12, the mean squared norms at b = 3 and B = 6 are
# 6 and 4. Your function should give 6.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `sum(values) / len(values)` works on lists and on tensors. Each of the two formulas is one
# line, and the last line divides S by ‖G‖².
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"'list' object has no attribute 'mean'"**: lists are allowed; see hint 3.
# - **"mean(): could not infer output dtype"**: a list of whole numbers becomes a tensor of
#   integers. See hint 3, or give `torch.tensor` a `dtype`.
# - **a negative number**: look at which batch size multiplies which norm. If both are right,
#   the draws are few.
#
# </details>


# %% task="noise_scale" points=5 minutes=10
def noise_scale(small_sq_norms, big_sq_norms, small_batch, big_batch):
    """S/|G|², estimated from squared gradient norms at two batch sizes.

    small_sq_norms, big_sq_norms: lists or 1-d tensors, at batch sizes small_batch < big_batch.
    Source: McCandlish et al. 2018, appendix A.1.
    """
    ### BEGIN SOLUTION
    b, B = small_batch, big_batch
    small = float(sum(small_sq_norms) / len(small_sq_norms))
    big = float(sum(big_sq_norms) / len(big_sq_norms))
    signal = (B * big - b * small) / (B - b)
    noise = (small - big) / (1 / b - 1 / B)
    return noise / signal
    ### END SOLUTION


# %% check="noise_scale"
check("noise_scale")

# %% [markdown]
# ### Average first, divide then
#
# Here is a gradient whose noise is known: 50 numbers, S/‖G‖² = 225. Each estimate below uses
# 300 draws at b = 4 and 300 at B = 64. Once the averages are taken first; once every pair of
# draws gets a ratio of its own, and the ratios are averaged. Forty estimates of each.

# %%
import numpy as np
from course_lib.lab.plots import ramp, theme
from course_lib.training import noise_scale

random = np.random.default_rng(0)
true_gradient = random.normal(size=50)
true_gradient *= np.sqrt(2 / np.sum(true_gradient**2))  # so that |G|² = 2
spread = 3.0  # of each element, for one example: S = 50 · 3² = 450


def drawn_sq_norms(batch_size, draws):
    """Squared lengths of batch gradients."""
    noise = random.normal(scale=spread / np.sqrt(batch_size), size=(draws, 50))
    return np.sum((true_gradient + noise) ** 2, axis=1).tolist()


means_first, ratios_first = [], []
for _ in range(40):
    small, big = drawn_sq_norms(4, 300), drawn_sq_norms(64, 300)
    means_first.append(noise_scale(small, big, 4, 64))
    each = [noise_scale([s], [b], 4, 64) for s, b in zip(small, big)]
    ratios_first.append(sum(each) / len(each))

fig, ax = figure(height=2.6)
rows = {"average, then divide": means_first, "divide, then average": ratios_first}
for name, color in zip(rows, ramp(2)):
    ax.scatter(rows[name], [name] * 40, color=color, s=22, alpha=0.6)
ax.axvline(225, color=theme().neutral, linestyle="--", linewidth=1.2)
ax.annotate(
    "true", (225, 1.0), (4, 4), xycoords=("data", "axes fraction"), textcoords="offset points"
)
ax.set(xscale="symlog", xlabel="estimated noise scale", ylim=(-0.6, 1.6))
show(
    fig,
    alt="Forty dots around the true noise scale of 225 where averages are taken first. Where "
    "ratios are averaged, forty dots are scattered over several orders of magnitude, some of "
    "them negative.",
)
print(
    f"average, then divide: half of the estimates lie within "
    f"{np.median(np.abs(np.array(means_first) - 225)):.0f} of 225"
)
print(
    f"divide, then average: half of them lie more than "
    f"{np.median(np.abs(np.array(ratios_first) - 225)):.0f} away from it"
)

# %% [markdown]
# A single draw's estimate of ‖G‖² can land close to zero, on either side. One such draw, in a
# denominator, is worth more than all the others together.
#
# ### The noise scale of the language model
#
# `minibatch_gradients` computes the gradient of many small batches at the same weights, without
# training on them. The mean of the gradients of k small batches is the gradient of one batch
# that is k times as large, so one set of draws serves every batch size. We look before training
# and after 10, 50 and 200 steps of AdamW.

# %%
from course_lib.lab.device import device_for
from course_lib.lab.gradients import flat_gradient, minibatch_gradients, squared_norms
from course_lib.lab.plots import label_ends
from course_lib.lab.scale import at_scale
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import one_thread, train

text = load_text()
device = device_for(scale)
stages = at_scale(scale, smoke=(0, 2), cpu=(0, 10, 50, 200))
draws = at_scale(scale, smoke=32, cpu=256)


def new_model(seed=0):
    """A TinyLM with fresh weights."""
    return TinyLM(len(text.alphabet), seed=seed).to(device)


def noise_along_the_way(seed):
    """Steps made → mean squared gradient norm at each batch size from 2 up."""
    model, source, found = new_model(seed), batches(text, seed=seed), {}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.99))
    for before, now in zip((0, *stages), stages):
        if now > before:
            train(model, optimizer, source, now - before, name=f"to step {now}")
        gradients = minibatch_gradients(model, batches(text, batch_size=2, seed=77), draws)
        sizes = [2 * 2**k for k in range(6) if draws >= 4 * 2**k]
        found[now] = {B: squared_norms(gradients, B // 2) for B in sizes}
    return found


measured = noise_along_the_way(seed=0)

# %%
fig, ax = figure(height=4.2)
for (step, norms), color in zip(measured.items(), ramp(len(measured))):
    sizes = list(norms)
    estimate = noise_scale(norms[sizes[0]], norms[sizes[-1]], sizes[0], sizes[-1])
    means = [values.mean().item() for values in norms.values()]
    signal = (sizes[-1] * means[-1] - sizes[0] * means[0]) / (sizes[-1] - sizes[0])
    B = np.geomspace(1, 200)
    ax.plot(B, signal * (1 + estimate / B), color=color, label=f"after {step} steps")
    ax.scatter(sizes, means, color=color, s=30, zorder=3)
    ax.plot(estimate, 2 * signal, marker="|", markersize=22, markeredgewidth=2.5, color=color)
    print(f"after {step:3} steps: noise scale {estimate:5.1f} examples of 64 bytes")
ax.set(xscale="log", yscale="log", xlabel="batch size B (examples)", ylabel="mean of ‖G_B‖²")
ax.xaxis.set_major_formatter("{x:g}")
label_ends(ax)
show(
    fig,
    alt="Mean squared gradient norm against batch size, measured as dots and as a curve of the form "
    "signal plus noise over B. Before training the curve is flat from B = 10 on. After 50 and 200 "
    "steps it still falls at B = 64. A bar marks the noise scale of each: about 3, 9, 21 and 29.",
)

# %% [markdown]
# The dots are measured, the curves are ‖G‖² + S/B with two numbers fitted. They agree at batch
# sizes that the fit has not seen, so noise does fall with 1/B. The bar on each curve is the
# noise scale: left of it the line falls, right of it it is flat.

# %% check="lm_noise_scale"
check("lm_noise_scale")

# %% [markdown]
# While the loss falls quickly the noise scale *grows*: the gradient gets shorter, its noise
# hardly does. So the batch size that is worth its examples is small at first and larger later,
# and some large runs increase it on the way (see *In the wild*).
#
# Take the numbers as orders of magnitude. Over several seeds they were 4 to 19 examples after
# 10 steps, 21 to 41 after 50, and 14 to 42 after 200: from 50 to 200 steps some rose and some
# fell. They also depend on the learning rate that brought the model there.
#
# **Quiz.** In the model above, a run at batch size B needs (1 + B/B_noise) times the fewest
# possible *examples*. At B = B_noise, how many times the fewest possible *examples* does it
# read?

# %% quiz="examples_at_the_noise_scale" points=1
quiz("examples_at_the_noise_scale", 2)

# %% check="examples_at_the_noise_scale"
check("examples_at_the_noise_scale")

# %% [markdown]
# ## Play: spend 512 examples
#
# Two sliders: the batch size, as a power of two, and the learning rate. Every setting reads 512
# examples. Find the lowest height that you can. Then halve or double B and look for the best
# `lr` again: which way did it move?

# %%
from course_lib.lab.widgets import Slider, play

play(
    walk,
    bowl,
    sliders={
        "log2_B": Slider(low=1, high=8, start=1, step=1),
        "lr": Slider(low=0.005, high=0.2, start=0.05, step=0.005),
    },
    stills=[{"log2_B": 1, "lr": 0.1}, {"log2_B": 5, "lr": 0.02}, {"log2_B": 5, "lr": 0.1}],
    optimizer="SGD",
    alt="Three walks that read 512 examples each. Batches of 2 at lr 0.1 shake around the minimum. "
    "Batches of 32 at lr 0.02 stop half way; at 0.1 they come near.",
)

# %% [markdown]
# Small batches want a small learning rate, because noise has to be averaged over steps. Large
# batches want a larger one, because there are few steps. And there is an end to it: at 2/L =
# 0.2 the walk diverges whatever the batch size.
#
# ## How should the learning rate follow the batch?
#
# Two rules are in use when the batch grows by a factor k.
#
# - **Linear**, lr × k: k small steps in nearly the same direction are one large one. Goyal et
#   al. (2017) trained ResNet-50 this way with batches up to 8,192, with SGD, momentum and a
#   warmup.
# - **Square root**, lr × √k: keeps the size of the *noise* in a step as it was (Krizhevsky 2014
#   mentions both; Malladi et al. 2022 derive it for Adam).
#
# Try both. The base is B = 2 with the best of six learning rates that we tried there. Each run
# reads 1,024 pieces of text.

# %%
validation = validation_batch(text)
examples = at_scale(scale, smoke=64, cpu=1024)
bases = {
    "AdamW": (0.002, lambda p, lr: torch.optim.AdamW(p, lr=lr, betas=(0.9, 0.99))),
    "Momentum": (0.05, lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9)),
}
rules = {"lr unchanged": 0.0, "lr × √k": 0.5, "lr × k": 1.0}


def loss_after_reading(make, lr, B):
    """Validation loss after all examples were read in batches of B; warmup over a tenth."""
    model, steps = new_model(), examples // B
    warmup = max(1, steps // 10)
    run = train(
        model,
        make(model.parameters(), lr),
        batches(text, batch_size=B, seed=0),
        steps,
        schedule=lambda step: min(1, (step + 1) / warmup),
        validation=validation,
        validate_every=steps,
        progress=False,
    )
    return run.final


fig, axes = figure(1, 2, height=3.6, sharey=True)
for ax, (name, (base_lr, make)) in zip(axes, bases.items()):
    at_base = loss_after_reading(make, base_lr, 2)
    for (rule, power), color in zip(rules.items(), ramp(3)):
        losses = [at_base]
        losses += [loss_after_reading(make, base_lr * (B / 2) ** power, B) for B in (8, 32)]
        ax.plot((2, 8, 32), np.minimum(losses, 9), marker="o", color=color, label=rule)
        print(
            f"{name:8} {rule:12} B = 2: {losses[0]:.2f}, 8: {losses[1]:.2f}, 32: {losses[2]:.2f}"
        )
    ax.set(xscale="log", title=name, xlabel="batch size B, same number of examples")
    ax.set_xticks((2, 8, 32), ("2", "8", "32"))
    ax.minorticks_off()
    ax.set_ylim(at_scale(scale, smoke=(2, 5), cpu=(2.1, 3.2)))
    label_ends(ax)
axes[0].set_ylabel("validation loss (nats)")
show(
    fig,
    alt="Validation loss against batch size at equal reading, for AdamW and momentum. All lines rise "
    "from B = 2 to 32. The square-root rule rises least: to about 2.7 for AdamW and 2.9 for momentum. "
    "The linear rule leaves the picture for momentum at B = 32.",
)

# %% [markdown]
# At the same number of examples, every larger batch ends higher: B = 32 is beyond the noise
# scale for most of this short run, so it pays for examples that repeat each other, and gets few
# steps. What the rules can do is lose less. The square root did best here, for both optimizers,
# but no rule brought B = 32 to where B = 2 ended. The linear rule at B = 32 makes momentum
# diverge: past the stability limit no rule can go. (A second seed gave the same picture, except
# that for AdamW at B = 8 both rules were equal to 0.01.)
#
# What is contested: neither rule is a law. Shallue et al. (2019) tuned everything at every
# batch size, over several models and data sets, and found that no rule held for all of them.
# What did hold is the shape: fewer steps up to some batch size, then diminishing returns, then
# none. And runs this short reward many steps. A larger model, trained longer, has a larger
# noise scale.
#
# ## A large batch on a small machine
#
# What if the batch that you want does not fit into memory? Most of the memory in training goes
# to what the forward pass keeps for the backward pass, and that grows with the batch.
# Parameters and optimizer state do not.
#
# **Gradient accumulation.** Cut the batch into **micro-batches**. Compute the loss of one, call
# `backward()`, which adds to `p.grad` and frees what the forward pass kept. Then the next.
# After the last, `p.grad` holds the gradient of the whole batch, and the optimizer makes one
# step.
#
# The loss of a language model is a mean over **tokens** (here: bytes). A batch of texts is
# padded to equal length, padding has no loss, so micro-batches have different numbers of tokens
# that count.
#
# **Predict.** One micro-batch has 60 tokens, another has 4. Somebody computes the mean loss of
# each and averages the two. How many times as much does a token of the short one weigh in the
# gradient as a token of the long one?

# %% predict="weight_of_a_token" points=1
predict("weight_of_a_token", 15)

# %% [markdown]
# ### Write it

# %% [markdown]
# > **Task `accumulate`** · 10 points · about 20 minutes
# >
# > **Write** `accumulate_gradients(loss_sum_fn, count_fn, micro_batches)`.
# >
# > - `loss_sum_fn(mb)` gives the *summed* loss of a micro-batch, a tensor with its graph. It may be
# >   zero or negative;
# > - `count_fn(mb)` gives its number of tokens, an `int`, which may be 0;
# > - `micro_batches` is a list or tuple, and stays as it is. What is inside (pairs, dicts, numbers)
# >   is their business, not yours.
# >
# > Afterwards `p.grad` has grown by the gradient of the mean loss over **all** tokens of all
# > micro-batches. Return that mean loss as a number.
# >
# > **Why.** It is eight lines, and well-known libraries had it wrong until October 2024.
# >
# > **What has to hold**
# > - every token weighs the same, whichever micro-batch it is in;
# > - one graph at a time: no graph of another micro-batch is in memory when a loss is computed;
# > - `loss_sum_fn` is called once for each micro-batch (for one without tokens, not at all is
# >   fine too); how often you count is up to you;
# > - gradients that are there already are added to, as `backward()` does: clearing them is the
# >   caller's job. A parameter that no loss depends on keeps `None`;
# > - the same micro-batch may be in the sequence twice, and then counts twice;
# > - a micro-batch without tokens changes nothing. (All of them empty: never mind);
# > - nothing else changes, neither torch's settings nor its random numbers.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# What do you have to know before the first `backward()`? You may go through `micro_batches`
# twice.
#
# </details>
# <details>
# <summary>Hint 2: scale before backward</summary>
#
# You have no list of parameters, so you cannot divide their gradients afterwards. You can
# divide each loss sum by something before its `backward()`. A gradient of a sum is the sum of
# gradients.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# First the total number of tokens. Then a loop: loss sum divided by the total, `backward()`,
# and its `.item()` added to the result. The shares add up to the mean.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **NaN**: an empty micro-batch has 0 tokens. Do you divide by the count of a single one?
# - **"Trying to backward through the graph a second time"**: two calls of `backward()` on one
#   loss.
# - **"element 0 of tensors does not require grad"**: the loss was detached, or turned into a
#   number, before `backward()`.
#
# </details>


# %% task="accumulate" points=10 minutes=20
def accumulate_gradients(loss_sum_fn, count_fn, micro_batches):
    """Add the gradient of the mean loss over all tokens to p.grad; return the mean loss.

    loss_sum_fn: micro-batch → summed loss, a 0-d tensor. count_fn: micro-batch → number of tokens.
    One graph is in memory at a time.
    """
    ### BEGIN SOLUTION
    total = sum(count_fn(mb) for mb in micro_batches)
    mean = 0.0
    for mb in micro_batches:
        share = loss_sum_fn(mb) / total
        share.backward()
        mean += share.item()
    return mean
    ### END SOLUTION


# %% check="accumulate"
check("accumulate")

# %% [markdown]
# ### Equal, up to rounding
#
# Cut a batch of 32 pieces into 2, 4 and 8 micro-batches and compare with the gradient of the
# whole.

# %%
import torch.nn.functional as F
from course_lib.training import accumulate_gradients

IGNORED = -100  # a target that counts for nothing


def loss_sum_of(model):
    """micro-batch (x, y) → summed cross-entropy over the targets that count."""

    def loss_sum(mb):
        x, y = mb
        logits = model(x.to(device)).flatten(0, 1)
        return F.cross_entropy(
            logits, y.to(device).flatten(), ignore_index=IGNORED, reduction="sum"
        )

    return loss_sum


def tokens(mb):
    """How many targets of a micro-batch count."""
    return int((mb[1] != IGNORED).sum())


def cut(batch, parts):
    """A batch in `parts` micro-batches."""
    return list(zip(batch[0].chunk(parts), batch[1].chunk(parts)))


def gradient_of(model, micro_batches):
    """Mean loss and gradient, as one vector, by your function."""
    model.zero_grad()
    loss = accumulate_gradients(loss_sum_of(model), tokens, micro_batches)
    return loss, flat_gradient(model)


def relative(one, other):
    """‖one − other‖ as a part of ‖other‖."""
    return ((one - other).norm() / other.norm()).item()


batch = next(batches(text, batch_size=32, seed=0))
dtypes = [torch.float32] if device.type == "mps" else [torch.float32, torch.float64]
for dtype in dtypes:
    model = new_model().to(dtype)
    _, whole = gradient_of(model, [batch])
    _, again = gradient_of(model, [batch])
    print(f"{dtype}: the whole batch twice: bit for bit equal is {torch.equal(whole, again)}")
    for parts in (2, 4, 8):
        _, accumulated = gradient_of(model, cut(batch, parts))
        print(
            f"   {parts} micro-batches: relative difference {relative(accumulated, whole):.1e}"
        )

# %% [markdown]
# The mathematics is equal, the bits are not. Floating-point numbers are rounded after each
# addition, so a sum depends on its order, and cutting a batch changes the order. In float32 a
# difference of 1e-7 is about one rounding. In float64, where a rounding is half a billion times
# smaller, so is the difference: that shows that it is rounding and not a mistake.
#
# ### Does rounding grow?
#
# A difference of 1e-7 in one gradient is nothing. But training repeats, and each step starts
# where the last one ended. Train two models from the same weights on the same batches. One sees
# each batch whole, the other in four pieces. Once at the learning rate 5e-3, once at 2e-2.

# %%
steps = at_scale(scale, smoke=4, cpu=80)


def trained_weights(lr, parts, steps):
    """The weights after every step of AdamW, each batch cut into `parts`."""
    model, source = new_model(), batches(text, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99))
    weights = []
    for _ in range(steps):
        gradient_of(model, cut(next(source), parts))
        optimizer.step()
        weights.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    return torch.stack(weights)


with one_thread():
    few = min(steps, 10)
    twice = [trained_weights(0.02, 1, few) for _ in range(2)]
    print(f"whole batches, run twice: bit for bit equal is {torch.equal(*twice)}")
    fig, ax = figure(height=3.4)
    for lr, color in zip((0.005, 0.02), ramp(2)):
        whole, pieces = (trained_weights(lr, parts, steps) for parts in (1, 4))
        apart = ((pieces - whole).norm(dim=1) / whole.norm(dim=1)).cpu()
        ax.plot(range(1, steps + 1), apart, color=color, label=f"lr = {lr:g}")
        print(f"lr = {lr}: {apart[0]:.0e} apart after one step, {apart[-1]:.0e} after {steps}")
ax.set(yscale="log", xlabel="step", ylabel="relative difference of the weights")
label_ends(ax)
show(
    fig,
    alt="The relative difference between the weights of two runs that differ only in how batches "
    "are cut. At lr 0.005 it stays below 1e-6 for 80 steps. At lr 0.02 it grows from step 20 on, "
    "by a factor of a hundred thousand, to about 0.1.",
)

# %% [markdown]
# At 5e-3 rounding stays rounding. At 2e-2, which is high for this model, something amplifies
# it: from step 20 on the difference grows exponentially, until two runs that differ in nothing
# but the order of additions have different weights. Neither of the two is more right. So "I
# changed nothing, and the curve is another one" does not prove a bug, and a run whose rounding
# explodes has a learning rate near its limit.
#
# This is also why two runs on a GPU may differ with the same seed. Some of its sums are taken
# in whatever order the threads finish, and `torch.use_deterministic_algorithms(True)` chooses
# other, sometimes slower, kernels. Another GPU, batch size or library version adds in another
# order again. On one CPU thread nothing is left to chance: running twice gave the same bits.
#
# ### The token-weighting bug, made visible
#
# Now four micro-batches with 64, 32, 16 and 4 tokens that count in every row. Beside your
# function, what many training loops did: take the mean loss of each micro-batch, and average.

# %%
x, y = batch
y = y.clone()
for part, length in enumerate((64, 32, 16, 4)):
    y[8 * part : 8 * (part + 1), length:] = IGNORED
uneven = cut((x, y), 4)
model = new_model()
loss, right = gradient_of(model, uneven)
_, whole = gradient_of(model, [(x, y)])

model.zero_grad()
mean_of_means = 0.0
for mb in uneven:
    part = loss_sum_of(model)(mb) / tokens(mb) / len(uneven)
    part.backward()
    mean_of_means += part.item()
wrong = flat_gradient(model)

print(f"yours against one big batch: relative difference {relative(right, whole):.1e}")
print(
    f"mean of means: {100 * relative(wrong, whole):.0f} % off, "
    f"cosine {F.cosine_similarity(wrong, whole, dim=0):.3f}"
)

counts = [tokens(mb) for mb in uneven]
weights = [sum(counts) / (n * len(counts)) for n in counts]
fig, ax = figure(height=3.0)
names = [f"{n // 8} tokens\na row" for n in counts]
ax.bar(names, weights, color=ramp(2)[1], width=0.6)
ax.axhline(1, color=theme().ink, linewidth=1.2)
ax.annotate(
    "every token the same",
    (0.02, 1),
    (0, 16),
    xycoords=("axes fraction", "data"),
    textcoords="offset points",
)
for place, weight in enumerate(weights):
    ax.annotate(
        f"{weight:.2g}", (place, weight), (0, 3), textcoords="offset points", ha="center"
    )
ax.set(ylabel="weight of a token", title="in a mean of means, tokens in short rows shout")
show(
    fig,
    alt="Bars: in a mean of means, a token in a row of 64 weighs 0.45, in a row of 32 it weighs "
    "0.91, in a row of 16 1.8 and in a row of 4 7.2. Each should weigh 1.",
)

# %% [markdown]
# A third of the gradient is wrong (30 to 40 % over the batches that we tried), and nothing
# crashes. The reported loss is wrong in the same way, so it looks consistent.

# %% check="weight_of_a_token"
check("weight_of_a_token")

# %% [markdown]
# ### What it saves
#
# `watch_saved` counts the bytes that autograd holds for backward passes. A batch of 64, four
# ways: in one piece; by your function in 4 and 16 pieces; and in 16 pieces by a loop that first
# adds up all the losses and calls `backward()` once at the end.

# %%
from course_lib.lab.memory import watch_saved
from course_lib.lab.plots import plot_dots

batch_size = at_scale(scale, smoke=16, cpu=64)
large = next(batches(text, batch_size=batch_size, seed=0))


def backward_at_the_end(loss_sum, count, micro_batches):
    """The right gradient, too late."""
    total = sum(map(count, micro_batches))
    sum(loss_sum(mb) / total for mb in micro_batches).backward()


model, peaks = new_model(), {}
ways = {
    "one batch": (accumulate_gradients, 1),
    "4 micro-batches": (accumulate_gradients, 4),
    "16 micro-batches": (accumulate_gradients, 16),
    "16, backward() at the end": (backward_at_the_end, 16),
}
for name, (accumulate, parts) in ways.items():
    with watch_saved(model.parameters()) as saved:
        accumulate(loss_sum_of(model), tokens, cut(large, parts))
    peaks[name] = saved.peak / 2**20

fig, ax = figure(height=2.6)
plot_dots(ax, peaks, color=colour("AdamW"))
ax.xaxis.set_minor_formatter("")
ax.set_xlabel("peak MiB saved for backward passes")
show(
    fig,
    alt="Peak memory on a logarithmic axis: 16 micro-batches 2.7 MiB, 4 micro-batches 11, one batch "
    "43, and 16 micro-batches with backward at the end as much as one batch.",
)

# %% [markdown]
# Memory falls with the number of pieces. The last row is the trap: it has the right gradient,
# keeps all graphs, and saves nothing.
#
# **In the wild.** Both mistakes happened, one after the other. In October 2024 it was noticed
# that Hugging Face's trainer averaged means of micro-batches; so did torchtune. Torchtune's fix
# divided by all tokens (pull request 1875), and for that it moved `backward()` behind the loop.
# Memory rose to that of the big batch, and nine days later `backward()` was moved back into the
# loop (pull request 1917). In transformers the fix (34191) was followed by reports of losses
# that were doubled, corrected in 35438.
#
# ## Clipping: one bad batch
#
# Data is never clean. Somewhere there is a page with one byte repeated ten thousand times. Its
# gradient is long, and one step with a long gradient can undo many good ones.
#
# **Clipping by the global norm** (Pascanu et al. 2013) puts a bound c on the length. Take all
# gradients of all parameters as one long vector g:
#
# > g ← g · min(1, c/‖g‖)
#
# Longer than c: it is shortened to c, and keeps its direction. Shorter: it stays as it is.

# %% [markdown]
# > **Task `clip`** · 10 points · about 20 minutes
# >
# > **Write** `clip_grad_norm_(params, max_norm)`. It multiplies the gradients of all `params`,
# > in place, by min(1, max_norm/‖g‖), where ‖g‖ is the norm of all gradients together, and
# > returns ‖g‖ as it was before: a tensor with one number.
# >
# > **Why.** One line of nearly every training loop; the number that it returns is the first
# > thing to plot when a run goes wrong.
# >
# > **What has to hold**
# > - one norm, one factor: the direction of the whole gradient stays;
# > - `params` is a list, a generator such as `model.parameters()`, or a single parameter;
# > - parameters whose gradient is `None` are left out. Without any gradient the norm is 0;
# > - in place: whoever holds a reference to `p.grad` sees the change. The trailing underscore
# >   says so;
# > - later calls of `backward()` still work: gradients are not left switched off, nor switched on
# >   for a caller who had them off;
# > - gradients that are all zero stay zero, and an infinite `max_norm` changes nothing;
# > - if a gradient has an inf or NaN in it, return that norm: inf for an inf, NaN for a NaN. What
# >   becomes of the gradients then is up to you: the caller should skip the step.
# >
# > torch adds 1e-6 to the norm in the denominator. You may or may not; the check says which it
# > saw.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Make a list of all gradients that are not `None`. Make the norm from it, then the factor, then
# change each of them.
#
# </details>
# <details>
# <summary>Hint 2: the norm of many tensors</summary>
#
# The norm of everything together is the root of the sum of all squares. It is also the norm of
# the vector of the tensors' norms: √(3² + 4²) = 5.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# Before anything else: a single tensor becomes a list of one, a generator becomes a list, and
# without gradients you return early. Then three things: the norm of the vector of norms
# (`torch.stack` makes it), the ratio max_norm / norm cut off at 1 (`clamp`), and a loop of
# `mul_`.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"stack expects a non-empty TensorList"**: no parameter has a gradient. Return a zero.
# - **the norm is right and nothing is clipped**: a generator can be read once. Or `g = g *
#   factor`.
# - **a warning about `.grad` of a non-leaf tensor**: you loop over a single parameter, which
#   gives its rows.
#
# </details>

# %% task="clip" points=10 minutes=20
import torch


def clip_grad_norm_(params, max_norm):
    """Scale all gradients in place by min(1, max_norm/‖g‖); return ‖g‖ before, a 0-d tensor.

    params: iterable of parameters, or one. ‖g‖: root of the sum of squares over all gradients.
    Source: Pascanu, Mikolov, Bengio 2013, algorithm 1.
    """
    ### BEGIN SOLUTION
    params = [params] if isinstance(params, torch.Tensor) else list(params)
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    norm = torch.stack([grad.norm() for grad in grads]).norm()
    factor = (max_norm / norm).clamp(max=1.0)
    for grad in grads:
        grad.mul_(factor)
    return norm
    ### END SOLUTION


# %% check="clip"
check("clip")

# %% [markdown]
# ### The bad batch
#
# SGD with momentum trains the small model. At step 60 comes a batch in which one rare byte
# repeats, and every target is another rare byte. Then normal batches again. Once without
# clipping (a max_norm of infinity only measures), once with max_norm = 1.

# %%
from course_lib.training import clip_grad_norm_

bad_step, length = at_scale(scale, smoke=(3, 6), cpu=(60, 110))
rare, other = len(text.alphabet) - 7, len(text.alphabet) - 6


def with_bad_batch(seed):
    """Batches, one of which is useless."""
    for step, (x, y) in enumerate(batches(text, seed=seed)):
        bad = step == bad_step
        yield (torch.full_like(x, rare), torch.full_like(y, other)) if bad else (x, y)


def survive(max_norm, seed=0):
    """Train through the bad batch. Returns the losses and the gradient norms before clipping."""
    model, norms = new_model(seed), []

    def clip(step):
        norms.append(clip_grad_norm_(model.parameters(), max_norm).item())

    run = train(
        model,
        torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9),
        with_bad_batch(seed),
        length,
        name=f"max_norm = {max_norm}",
        schedule=lambda step: min(1, (step + 1) / 20),
        on_gradients=clip,
    )
    return np.array(run.losses), np.array(norms)


def recovery(losses):
    """Steps after the bad one until the loss is down to the mean of the five before it."""
    before = losses[max(0, bad_step - 5) : bad_step].mean()
    back = np.flatnonzero(losses[bad_step + 1 :] <= before)
    return str(back[0]) if len(back) else "more than there are"


fig, (top, below) = figure(2, 1, height=5.0, sharex=True)
for max_norm, color in ((float("inf"), theme().neutral), (1.0, colour("Momentum"))):
    losses, norms = survive(max_norm)
    label = "no clipping" if max_norm > 1 else "max_norm = 1"
    shown = np.where(np.arange(len(losses)) == bad_step, np.nan, losses)
    top.plot(shown, color=color, label=label)
    below.plot(norms, color=color, label=label)
    print(
        f"{label}: the norm is {np.median(norms[bad_step // 2 : bad_step]):.2f} as a rule and "
        f"{norms[bad_step]:.1f} for the bad batch; recovered after {recovery(losses)} steps"
    )
for ax in (top, below):
    ax.axvline(bad_step, color=theme().faint, linewidth=1.2, zorder=0)
top.set(ylabel="loss (the bad batch left out)")
below.set(yscale="log", xlabel="step", ylabel="norm before clipping")
label_ends(top)
show(
    fig,
    alt="Above, the loss: without clipping it jumps after the bad batch at step 60 and takes about "
    "forty steps to come back; with clipping there is hardly a bump. Below, the gradient norm, "
    "which leaps at step 60 in both runs.",
)

# %% [markdown]
# Same model, same bad batch. One useless step cost about forty good ones without clipping, and
# a handful with it. (Three seeds, without clipping: 40 steps, more than the 49 that were left,
# and 24. With clipping: 4, 5 and 0.)
#
# Two honest remarks. Clipping at 1 also shortens the ordinary gradients of this small model, so
# the two runs differ before step 60 already: part of what clipping does is a smaller learning
# rate early on. And an optimizer that divides by the size of the gradient is less in need of
# it: on one seed that we tried, AdamW came back within 3 to 6 steps without any clipping. Zhang
# et al. (2020) argue that clipping helps beyond bad data, where the curvature grows with the
# gradient.
#
# ### Where it goes
#
# Two questions come up in every training loop. Clip each micro-batch, or once? Clip before or
# after the loss scale is divided out? (Half precision multiplies the loss by a large number so
# that small gradients survive, and divides the gradients by it afterwards; chapter 8.) Measure
# both.

# %%
model = new_model()
x, y = next(batches(text, batch_size=32, seed=3))
x[24:], y[24:] = rare, other  # the last of four micro-batches is bad
micro_batches = cut((x, y), 4)
_, whole = gradient_of(model, micro_batches)
_, clean = gradient_of(model, micro_batches[:3])


def cosine(one, other):
    """1 if both point the same way."""
    return F.cosine_similarity(one, other, dim=0).item()


clipped_each = torch.zeros_like(whole)
for piece in micro_batches:
    gradient_of(model, [piece])
    clip_grad_norm_(model.parameters(), 1.0)
    clipped_each += flat_gradient(model) / len(micro_batches)

print("one bad micro-batch of four:")
print(
    f"   clipped once: cosine {cosine(whole, whole):.3f} with the batch gradient, "
    f"{cosine(whole, clean):.3f} with that of the good three"
)
print(
    f"   clipped each: cosine {cosine(clipped_each, whole):.3f} with the batch gradient, "
    f"{cosine(clipped_each, clean):.3f} with that of the good three"
)

LOSS_SCALE = 1024.0
for order in ("unscale, then clip", "clip, then unscale"):
    gradient_of(model, micro_batches)
    for p in model.parameters():
        p.grad.mul_(LOSS_SCALE)  # what backward() of a scaled loss leaves
    for action in order.split(", then "):
        if action == "clip":
            clip_grad_norm_(model.parameters(), 1.0)
        else:
            for p in model.parameters():
                p.grad.div_(LOSS_SCALE)
    print(f"{order}: the norm is {flat_gradient(model).norm():.6f}")

# %% [markdown]
# Clipping each micro-batch gives another direction: it is another algorithm, whose result
# depends on how the batch was cut. It holds a bad micro-batch down even better. (Clipping the
# gradient of every single *example* is what differentially private training does; Abadi et al.
# 2016.) But a batch size should not change what is computed, so what training loops do is:
# **accumulate everything, unscale, clip once, step.**
#
# **Quiz.** The true gradient has norm 3. The loss is scaled by 1,024, and a training loop clips
# at max_norm = 1 *before* unscaling. What is the norm of the gradient that the optimizer gets?
# (As a decimal number; two digits are enough.)

# %% quiz="clip_before_unscale" points=1
quiz("clip_before_unscale", 0.0009765625)

# %% check="clip_before_unscale"
check("clip_before_unscale")

# %% [markdown]
# **Quiz.** Bring these into the order of a training step with accumulation, loss scaling
# (chapter 8) and clipping.
#
# - **a** clip by the global norm
# - **b** `backward()` of the scaled loss, for every micro-batch
# - **c** divide the gradients by the loss scale
# - **d** `optimizer.step()`
# - **e** `optimizer.zero_grad()`, before anything else

# %% quiz="order_of_a_step" points=1
quiz("order_of_a_step", ["e", "b", "c", "a", "d"])

# %% check="order_of_a_step"
check("order_of_a_step")

# %% [markdown]
# ## GPU exercise: the largest batch that fits
#
# On a graphics card memory sets a limit, and near it more parts cost little speed. The exercise
# finds the largest batch that fits, takes four fifths of it, and computes the same effective
# batch in more and more micro-batches: peak memory, tokens per second, and the loss, which has
# to be the same. Then it accumulates a batch four times as large.
#
# With `scale = "gpu"` the model is larger and the limit is the card's. On a CPU a budget for
# what autograd saves stands in for the card: 96 MiB at scale `"cpu"`. The code is the same:
# `course_lib/lab/exercises/batches.py`.

# %%
from course_lib.lab.exercises import batches as exercise

result = exercise.run(scale, device)
show(
    exercise.draw(result),
    alt="Bars of peak memory fall in proportion to the number of micro-batches. Bars of tokens per "
    "second change little. Two loss curves lie on each other.",
)
print(f"{result['device']}, {result['parameters']:,} parameters, by {result['accumulation']}")
print(
    f"largest batch that fits: {result['largest_batch']} pieces; in use: {result['effective_batch']}"
)
for row in [*result["rows"], result["beyond"]]:
    print(
        f"   {row['effective_batch']:4} in {row['parts']:2} parts: "
        f"{row['peak_bytes'] / 2**20:8.1f} MiB, "
        f"{row['tokens_per_second']:9,.0f} tokens/s, loss {row['loss']:.7f}"
    )

# %% [markdown]
# **What to look for.** Peak memory falls nearly in proportion on a CPU, where only saved
# tensors are counted. On a card it falls to a floor: parameters, gradients, and what a single
# micro-batch needs. Speed hardly changes as long as one micro-batch keeps the machine busy, and
# drops when the pieces become too small for it. We have no recording from a GPU to show here;
# yours would be the first.
#
# ## In the wild
#
# **torch.** `torch.nn.utils.clip_grad_norm_` does what yours does, adds 1e-6 to the norm in the
# denominator, computes the norms of many tensors in one call (`foreach`), and raises an error
# for a norm that is not finite if asked to (`error_if_nonfinite=True`). Do both agree?

# %%
mine, theirs = new_model(), new_model()
for model in (mine, theirs):
    gradient_of(model, [batch])
ours = clip_grad_norm_(mine.parameters(), 0.5)
torchs = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
print(
    f"norms {ours:.6f} and {torchs:.6f}; gradients differ by "
    f"{relative(flat_gradient(mine), flat_gradient(theirs)):.0e}, relatively"
)

# %% [markdown]
# **Batch sizes.** GPT-3's largest model was trained with batches of 3.2 million tokens; the
# batch was raised linearly from 32 thousand over the first 4 to 12 billion tokens, depending on
# the model (Brown et al. 2020, appendix B). DeepSeek-V3 went from 3,072 to 15,360 sequences
# over the first 469 billion tokens (DeepSeek-AI 2024, section 4.2). Both ramps fit a noise
# scale that grows. Whether S/‖G‖² is the right thing to measure is contested: Merrill et al.
# (2025) branch a run and try batch sizes instead, and report that the noise scale can mislead.
#
# **Clipping.** Both of these models clip the global norm at 1.0, and so do many others. Nobody
# derives the 1.0; it is far above the usual norm of some models and below that of others. Look
# at the norms of a run before you choose.
#
# **Accumulation** does not make training faster: the same tokens go through the same model. It
# pays where a batch does not fit, and where many machines would otherwise exchange gradients
# after every micro-batch. Where neither is the case, a smaller batch with a smaller learning
# rate makes more steps of the same tokens. Marek et al. (2025) argue this for language models
# down to a batch of one.

# %% [markdown]
# ## In your own words
#
# A team trains on 8 cards and gets 8 more. Somebody proposes: twice the batch, twice the
# learning rate, done in half the time. Somebody else proposes to leave batch and learning rate
# as they are, and to be done in half the time as well.
#
# Write five to ten sentences. When is each of them right? What would you measure before
# deciding, and how? What do you watch during the first hours? This answer is read by a person.

# %% [markdown] free_text="more_cards" points=2
# Twice the batch halves the number of steps only as long as the batch is well below the noise
# scale. There each step's gradient is mostly noise and twice the examples make it clearly
# better. Far above, the steps hardly improve, so about as many are needed, and half of the
# reading is wasted.
#
# Twice the learning rate with twice the batch is the linear rule. It can hold for SGD below the
# critical batch size, after a warmup, and breaks at the stability limit. For Adam-like
# optimizers the square root is the better first guess. Neither is a law, so a short sweep
# around the guess is needed.
#
# Leaving the batch as it is halves the examples on each card. The run is then the same run, bit
# differences aside, and takes half the time only if the smaller pieces keep the cards busy and
# if exchanging gradients does not dominate. If accumulation was in use, dropping it is free.
#
# Measure before: the noise scale from squared norms at two batch sizes at several checkpoints
# (average first, then divide), or a short branch of the run with the doubled batch. Also tokens
# per second at the smaller micro-batch. Watch in the first hours: loss against tokens *and*
# against steps beside the old run, gradient norms before clipping, and how often clipping acts.
#
# *For the grader: one point for the batch compared with the noise scale and what follows for
# steps and examples; one for the learning rate treated as a guess to be tested, or throughput
# on smaller pieces, together with a concrete measurement.*

# %% [markdown]
# ## Read on
#
# - McCandlish, Kaplan, Amodei, et al. (2018), *An Empirical Model of Large-Batch Training*: the
#   noise scale; the estimate is in appendix A.1.
# - Shallue et al. (2019), *Measuring the Effects of Data Parallelism on Neural Network
#   Training*, JMLR 20.
# - Merrill et al. (2025), *Critical Batch Size Revisited*; Marek et al. (2025), *Small Batch
#   Size Training for Language Models*: two recent corrections.
# - On scaling the learning rate: Krizhevsky (2014), *One Weird Trick for Parallelizing
#   Convolutional Neural Networks*; Goyal et al. (2017), *Accurate, Large Minibatch SGD*;
#   Malladi et al. (2022), *On the SDEs and Scaling Rules for Adaptive Gradient Algorithms*,
#   NeurIPS.
# - On clipping: Pascanu, Mikolov, Bengio (2013), *On the Difficulty of Training Recurrent
#   Neural Networks*, ICML; Zhang et al. (2020), *Why Gradient Clipping Accelerates Training*,
#   ICLR.
# - The accumulation bug: pull requests 1875 and 1917 of torchtune, 34191 and 35438 of
#   transformers, on GitHub.
# - Also mentioned: Brown et al. (2020), *Language Models are Few-Shot Learners*, NeurIPS;
#   DeepSeek-AI (2024), *DeepSeek-V3 Technical Report*; Abadi et al. (2016), *Deep Learning with
#   Differential Privacy*, CCS.
#
# **Next:** chapter 8 takes the bits away: half of them for the numbers, and the tricks that
# make training survive it.
