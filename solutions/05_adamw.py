# ---
# title: AdamW and what it is given
# summary: Why decay and L2 part ways under Adam, which parameters decay, and what public training runs used.
# ---

# %% [markdown]
# # 5 · AdamW, and what it is given
#
# For plain gradient descent, weight decay and an L2 penalty are two names for one thing (chapter
# 1). For Adam they are not. Taking decay out of the gradient is a change of one line; it made
# AdamW, the optimizer that most large language models have been trained with.
#
# At its end you have
#
# - written `AdamW`, and shown what it does that Adam with L2 does not;
# - watched a network that only generalises under the one, and hardly under the other;
# - sorted the parameters of a model into those that decay and those that do not;
# - a table of what public training runs used, and a list for when a run goes wrong.
#
# Reading takes about 40 minutes, the code about 35. You need chapter 4's formulas. Where this
# chapter compares with Adam, torch's Adam stands in, whether or not yours is finished.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## The same word for two things
#
# **L2.** Add ½ λ θ² to the loss. The gradient becomes g + λ θ, and the optimizer does with it what
# it does with gradients.
#
# **Decay.** Leave the gradient alone. At every step, shrink the weight: θ ← θ − η λ θ.
#
# Under gradient descent both are θ ← θ − η g − η λ θ. Under Adam the first one's λ θ goes into m,
# and is *divided by √v* like everything else. What does that do?
#
# Take weights whose gradients are pure noise: they point nowhere, so whatever happens to the
# weights is the decay's doing. All start at 1. They differ in one thing, the typical size of their
# gradients, from 0.001 to 10.
#
# **Predict.** Under Adam with L2, which of these weights shrink fastest?
#
# - **a** Those with large gradients.
# - **b** Those with small gradients.
# - **c** All alike: λ is the same for all.
# - **d** None: the noise hides the decay.

# %% predict="who_shrinks_fastest" points=1
predict("who_shrinks_fastest", "b")

# %%
import numpy as np
import torch
from course_lib.lab.decay_view import SIZES, left_after
from course_lib.lab.plots import colour, figure, label_ends, show, theme

fig, ax = figure(height=3.4)
for name, make in {
    "Adam": lambda params: torch.optim.Adam(params, lr=0.01, weight_decay=0.3),
    "SGD": lambda params: torch.optim.SGD(params, lr=0.01, weight_decay=0.3),
}.items():
    ax.plot(SIZES, left_after(make), color=colour(name), label=f"{name} with L2")
ax.set(xscale="log", ylim=(-0.3, 1.6), xlabel="typical size of the gradients a weight gets")
ax.set_ylabel("left after 200 steps")
label_ends(ax)
show(
    fig,
    alt="Under SGD about half of every weight is left, with more noise on the right. Under Adam "
    "with L2 nothing is left of weights with gradients below 0.05, and nearly everything of those "
    "with gradients above 3.",
)

# %% check="who_shrinks_fastest"
check("who_shrinks_fastest")

# %% [markdown]
# <details>
# <summary><b>Derive it</b></summary>
#
# Let a weight's gradients be noise of typical size s. Then v̂ is about s² + λ²θ², and m̂ is λ θ plus
# averaged noise. The step's steady part is
#
# > η λ θ / √(s² + λ² θ²).
#
# Where gradients are large (s ≫ λ θ) this is η λ θ / s: the decay is weakened by the factor s.
# Where they are small (s ≪ λ θ) it is η: the weight walks to zero at full speed, and λ has no say.
# One number λ has become a different decay for every weight, and which one depends on the noise
# of its gradients.
#
# Decoupled, the decay is η λ θ for all of them.
#
# </details>
#
# Weights with large gradients, the busy ones, are hardly regularised. Weights with tiny gradients
# are driven to zero. Nobody who sets λ means that. Loshchilov and Hutter (2019) noticed it, and
# took the decay out of the gradient again: **decoupled weight decay**.
#
# ## Write it

# %% [markdown]
# > **Task `adamw`** · 14 points · about 20 minutes
# >
# > **Write** `AdamW(params, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)`. Each `step()`
# > does, for every parameter that has a gradient,
# >
# > θ ← θ − η λ θ (the decay; the gradient g stays as it was)
# >
# > m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g², both from zero
# >
# > θ ← θ − η m̂ / (√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ)
# >
# > η is the learning rate as it is now, in both lines. (In the paper, the decay is multiplied by the
# > schedule but not by the base learning rate; torch and nearly everybody since use lr for both.)
# >
# > **Why.** This is the baseline that every new optimizer is compared with, and the partner that
# > Muon needs (chapter 15).
# >
# > **What has to hold**
# > - every weight of a group decays by the group's `weight_decay`, whatever its shape and gradients;
# > - a parameter whose gradient is `None` does not decay either;
# > - state in `self.state[p]`, groups, changed learning rates, in place, closure: as before;
# > - the defaults are those above: what language models use, not what torch has;
# > - a negative `lr`, `eps` or `weight_decay`, or a β outside [0, 1), raises `ValueError`.
# >
# > **What is accepted as well**, and recognised by name: decay after the step instead of before it
# > ("decay-after", several courses), and what is accepted in chapter 4 ("eps-hat", "step-clock",
# > "group-clock", "beta-powers", "debiased-averages").
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# If your Adam passes its check, copy it. Two places change: where the decay is, and the defaults.
# If it does not, start from the frame of `SGD`; the hints of chapter 4 apply.
#
# </details>
# <details>
# <summary>Hint 2: where the decay goes</summary>
#
# It does not touch `p.grad`, m or v at all. It multiplies the parameter by a number a little below
# one. What is that number?
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `p.mul_(1 - group["lr"] * group["weight_decay"])`, once for each parameter that has a gradient,
# before the line that takes Adam's step.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **"that is Adam with L2"**: somewhere `weight_decay` is still added to the gradient.
# - **right until the learning rate changes**: the decay has an lr in it too. Which one?
# - **weights grow**: the factor is 1 *minus* lr · weight_decay.
#
# </details>

# %% task="adamw" points=14 minutes=20
import torch
from torch.optim import Optimizer


class AdamW(Optimizer):
    """Adam with decoupled decay (Loshchilov & Hutter 2019).

    θ ← (1 − lr · weight_decay) θ − lr · m̂ / (√v̂ + eps).

    betas: (β₁, β₂), each in [0, 1). lr, eps, weight_decay: not negative. Else ValueError.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1):
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
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                state["step"] += 1
                p.mul_(1 - lr * group["weight_decay"])
                m = state["exp_avg"].lerp_(p.grad, 1 - beta1)
                v = state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                root = (v / (1 - beta2 ** state["step"])).sqrt()
                step_size = lr / (1 - beta1 ** state["step"])
                p.addcdiv_(m, root + group["eps"], value=-step_size)
        return loss
        ### END SOLUTION


# %% check="adamw"
check("adamw")

# %% [markdown]
# ## Play: what is left of a weight
#
# The experiment from above, with your AdamW beside torch's Adam. Turn up `weight_decay` and watch
# which weights respond.

# %%
from course_lib.lab.decay_view import decay_view
from course_lib.lab.live_figure import live_figure
from course_lib.lab.widgets import Slider
from course_lib.optim import AdamW


def adam_with_l2(lr, decay):
    """torch's Adam with an L2 penalty."""
    return lambda params: torch.optim.Adam(params, lr=lr, weight_decay=decay)


def your_adamw(lr, decay):
    """Your AdamW with the same two numbers."""
    return lambda params: AdamW(params, lr=lr, betas=(0.9, 0.999), weight_decay=decay)


live_figure(
    decay_view({"Adam": adam_with_l2, "AdamW": your_adamw}),
    sliders={
        "weight_decay": Slider(0.0, 1.0, 0.3, 0.01),
        "lr": Slider(0.001, 0.02, 0.01, 0.001),
    },
    stills=[{"weight_decay": 0.03, "lr": 0.01}, {"weight_decay": 0.3, "lr": 0.01}],
    height=3.4,
    alt="Two pictures. AdamW's line is level at what it promises, 0.94 for a decay of 0.03 and 0.55 "
    "for 0.3. Adam's line falls to zero at small gradients and stays near one at large ones; a "
    "larger decay moves the place where it falls to the right.",
)

# %% [markdown]
# AdamW does what is written on it: (1 − ηλ)ⁿ of every weight is left after n steps. So decay has a
# clock of its own: after **1/(ηλ) steps** a weight without gradient is down to 1/e, about 37 %.
# Everything a weight learnt much longer ago is forgotten.
#
# **Quiz.** A run at the constant learning rate 3e-4 with λ = 0.1: after how many steps is a weight
# without gradient down to 1/e?

# %% quiz="decay_clock" points=1
quiz("decay_clock", 33333)

# %% check="decay_clock"
check("decay_clock")

# %% [markdown]
# Two consequences. Halving the learning rate doubles the clock: in AdamW η and λ belong together,
# and only their product is the decay. And in a run of 200 steps at lr = 0.01 and λ = 0.1 the clock
# is at 1000 steps, so decay can hardly show. It does not: in our race (200 steps of the small
# language model) λ = 0, 0.1 and 0.3 ended within 0.01 nats of each other.
#
# ## Where it matters: grokking
#
# A task on which decay decides everything. A network sees pairs (a, b) of numbers below 43 and is
# to say (a + b) mod 43. It gets half of all pairs to learn from, and is tested on the other half.
# It can memorise its half within 30 steps. Whether it ever finds out what addition is, is another
# question (Power et al. 2022 called the late discovery **grokking**; chapter 10 is about it).
#
# AdamW with λ = 1, and Adam with L2 at three strengths, all with lr = 0.01 and β₂ = 0.98.

# %%
from course_lib.lab.grok_models import SquareMLP
from course_lib.lab.scale import at_scale

p = 43
pairs = torch.stack([torch.arange(p * p) // p, torch.arange(p * p) % p], dim=1)
order = torch.randperm(p * p, generator=torch.Generator().manual_seed(0))
seen, held_out = order[: p * p // 2], order[p * p // 2 :]
sums = pairs.sum(dim=1) % p


def accuracy(model, chosen):
    """The share of right answers on some of the pairs."""
    with torch.no_grad():
        return (model(pairs[chosen]).argmax(dim=1) == sums[chosen]).float().mean().item()


def learn_to_add(make, steps):
    """Accuracy on held-out pairs every 10 steps; ends when it reaches 99 %."""
    torch.set_num_threads(1)
    model = SquareMLP(p, width=at_scale(scale, smoke=64, cpu=512))
    optimizer, curve = make(model.parameters()), []
    for step in range(steps + 1):
        if step % 10 == 0:
            curve.append((step, accuracy(model, held_out), accuracy(model, seen)))
            if curve[-1][1] >= 0.99:
                break
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(pairs[seen]), sums[seen]).backward()
        optimizer.step()
    return np.array(curve)


settings = {"lr": 0.01, "betas": (0.9, 0.98)}
budget = at_scale(scale, smoke=20, cpu=1000)
curves = {
    "AdamW, λ = 1": learn_to_add(lambda ps: AdamW(ps, weight_decay=1.0, **settings), budget)
}
for decay in (3e-5, 1e-3, 1e-2):
    curves[f"Adam, L2 {decay:g}"] = learn_to_add(
        lambda ps: torch.optim.Adam(ps, weight_decay=decay, **settings), budget
    )

fig, ax = figure(height=3.8)
styles = ["-", "-", "--", ":"]
for (name, curve), style in zip(curves.items(), styles):
    color = colour(name.split(",")[0])
    ax.plot(curve[:, 0], curve[:, 1], color=color, linestyle=style, label=name)
ax.set(xlabel="step", ylabel="accuracy on held-out pairs", ylim=(-0.03, 1.03))
label_ends(ax)
show(
    fig,
    alt="AdamW reaches 99 % on held-out pairs after about 300 steps. Adam with a weak L2 gets there "
    "around step 850, with a stronger one it rises early and sticks below 99 %, with the strongest "
    "it stays near zero.",
)
for name, curve in curves.items():
    first = curve[curve[:, 1] >= 0.99, 0]
    when = f"99 % at step {first[0]:.0f}" if len(first) else "never at 99 %"
    print(f"{name}: {when}; at the end {curve[-1, 1]:.1%} held out, {curve[-1, 2]:.1%} seen")

# %% [markdown]
# AdamW is there after about 300 steps (over five seeds: 289 to 301). Without any decay the network
# never gets there: 0 % on held-out pairs after 1500 steps. With L2 it depends on λ. Weak, 3e-5: it
# takes more than twice as long. Stronger, 1e-4 to 1e-3: half of the held-out pairs come early, but
# the last per cents do not. Strong, 1e-2: not even the pairs it sees are learnt.
#
# Is this fair? AdamW's λ was tuned (λ = 0.5 takes 554 steps, λ = 3 only 143, without a plateau),
# and we tried seven λ for L2. The time to grok is set largely by η · λ, so compare optimizers at
# their own best λ. What does not depend on tuning is the shape: no single L2 strength gives both a
# fast start and a clean end, because it decays every weight at another rate.
#
# ## Before or after the step
#
# The paper and torch shrink the weight first. Some codes step first and then shrink, which decays
# the step as well. The difference is η λ times the step:

# %%
for learning_rate in (0.1, 0.001):
    number = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    number.grad = torch.ones(1, dtype=torch.float64)
    AdamW([number], lr=learning_rate, weight_decay=0.1).step()
    before = number.item()
    after = (1 - learning_rate) * (1 - learning_rate * 0.1)
    print(f"lr = {learning_rate}: before {before:.8f}, after {after:.8f}")

# %% [markdown]
# At any learning rate that trains, nobody can see it. (If your AdamW decays after the step, both
# numbers agree.) The check accepts both and says which one yours is.
#
# ## Which parameters decay
#
# Decay pulls towards zero. For a matrix that is a preference for small weights. For the gain of a
# norm, which does nothing at 1, zero is a strange goal, and so it is for a bias. Most codes
# therefore make two groups: what has **two or more dimensions** decays (matrices, convolution
# kernels), what has fewer does not (biases, gains, single numbers).
#
# **Embeddings** are a matter of taste: nanoGPT's rule decays them, minGPT's and OLMo's do not. A row
# that does not occur in a minibatch has a zero gradient (not `None`), so with decay it fades. A
# **tied weight**, one that is embedding and head at once, is one parameter with two names and must
# be in one group, once.

# %% [markdown]
# > **Task `decay_groups`** · 4 points · about 15 minutes
# >
# > **Write** `decay_groups(model, weight_decay)`. It returns a list of dicts, as torch's optimizers
# > take it: each with its parameters under `"params"` and a number under `"weight_decay"`.
# >
# > - two or more dimensions: the given `weight_decay`, whatever its name and whichever layer has it;
# > - fewer: 0.0;
# > - `nn.Embedding`: either, you decide;
# > - every parameter that is to be trained is in exactly one group, once, also if two modules share
# >   it. Two names are one parameter if they are one object, whatever its values and address: a model
# >   may be on torch's meta device. Frozen ones (`requires_grad` is False) may be left out or not;
# > - the model stays as it is, gradients, modes and attributes included, and every call makes new
# >   dicts and lists.
# >
# > **Why.** Every serious training script has this function, and a parameter that is in no group is
# > never trained, without any error.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# `model.parameters()` gives every parameter of all modules, shared ones once. `p.ndim` is its
# number of dimensions.
#
# </details>
# <details>
# <summary>Hint 2: names or dimensions</summary>
#
# Rules by name ("bias", "norm") miss norms inside `nn.Sequential`, which are called "1", and
# parameters that belong to no layer. Rules by dimension do not.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# Two list comprehensions with opposite conditions, `p.ndim >= 2` and `p.ndim < 2`, and a dict
# around each.
#
# </details>


# %% task="decay_groups" points=4 minutes=15
def decay_groups(model, weight_decay):
    """Parameter groups for an optimizer: what has two or more dimensions decays.

    Returns [{"params": [...], "weight_decay": weight_decay}, {"params": [...], "weight_decay": 0.0}].
    """
    ### BEGIN SOLUTION
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    ### END SOLUTION


# %% check="decay_groups"
check("decay_groups")

# %%
from course_lib.lab.text import load_text
from course_lib.lab.tiny_lm import TinyLM
from course_lib.optim import decay_groups

text = load_text()
groups = decay_groups(TinyLM(len(text.alphabet)), weight_decay=0.1)
for group in groups:
    count = sum(p.numel() for p in group["params"])
    print(
        f"weight_decay {group['weight_decay']}: {len(group['params'])} tensors, {count:,} numbers"
    )

# %% [markdown]
# 320 of 112,320 numbers are spared. Does it matter? Here it cannot, since decay as a whole does not
# show in 200 steps. For large models we know of no published ablation that shows a clear gain from
# sparing gains and biases; it is cheap, it is customary, and it removes a pull that nobody wants.
#
# **Quiz.** Which of these decay under the rule of the task? Give all the letters.
#
# - **a** the kernel of a convolution, shape (64, 3, 7, 7)
# - **b** the gain of an RMSNorm, shape (512,)
# - **c** the matrix of an output head, shape (50257, 768)
# - **d** the bias of a linear layer, shape (3072,)
# - **e** a learned temperature, shape ()

# %% quiz="which_decay" points=1
quiz("which_decay", ["a", "c"])

# %% check="which_decay"
check("which_decay")

# %% [markdown]
# ## The race, one more lane
#
# Your AdamW with your groups joins, at the learning rate that was best for torch's. Behind it are
# the recorded runs.

# %%
from course_lib.lab.race import plot_race, race, race_table


def with_groups(model):
    """Your AdamW over your groups."""
    return AdamW(decay_groups(model, 0.1), lr=1e-2, betas=(0.9, 0.99))


live = race({"AdamW": with_groups}, scale=scale, progress=False)
others = ["SGD", "Momentum", "Adam", "AdamW"]
fig, ax = figure(height=4.0)
plot_race(ax, live, recorded=others)
show(
    fig,
    alt="Validation loss over 200 steps: SGD ends near 2.6, Momentum near 2.35, Adam and AdamW "
    "together near 2.1.",
)
print(race_table(live, target=2.4, recorded=others))

# %% [markdown]
# Adam and AdamW are one line here, as they should be: with 200 steps decay has no time to act, and
# without decay the two are the same optimizer.
#
# ## In the wild: what public runs used
#
# | model | peak lr | β₁, β₂ | λ | warmup | source |
# |---|---|---|---|---|---|
# | GPT-3 175B | 6e-5 | 0.9, 0.95 | 0.1 | 375M tokens | Brown et al. 2020, appendix B; ε = 1e-8 |
# | LLaMA 7B, 13B | 3e-4 | 0.9, 0.95 | 0.1 | 2000 steps | Touvron et al. 2023a, section 2.3 |
# | LLaMA 33B, 65B | 1.5e-4 | 0.9, 0.95 | 0.1 | 2000 steps | the same |
# | Llama 2 7B, 13B | 3e-4 | 0.9, 0.95 | 0.1 | 2000 steps | Touvron et al. 2023b, section 2.2; ε = 1e-5 |
# | Llama 2 34B, 70B | 1.5e-4 | 0.9, 0.95 | 0.1 | 2000 steps | the same |
# | Mistral 7B | not published | not published | not published | not published | Jiang et al. 2023 |
# | Falcon 7B | 6e-4 | not in the card | 0.1 | 4B tokens | model card, tiiuae/falcon-7b |
# | Qwen 7B, 14B | one per size | 0.9, 0.95 | not known | not known | Bai et al. 2023, section 2.4; ε = 1e-8 |
# | DeepSeek 7B | 4.2e-4 | 0.9, 0.95 | 0.1 | 2000 steps | DeepSeek-AI 2024, section 2.3 |
# | DeepSeek 67B | 3.2e-4 | 0.9, 0.95 | 0.1 | 2000 steps | the same |
#
# "Not known" means that we do not know of a published value. The entries of GPT-3, Llama 2 and Falcon
# were compared with copies of the sources; those of LLaMA, Qwen and DeepSeek, and Llama 2's peak rates,
# only with what others quote from them. That Mistral published none we could not check: look before you
# repeat it. GPT-3, LLaMA, Llama 2 and DeepSeek clip gradients to a norm of 1.0 (chapter 7). The rate falls
# along a cosine to 10 % of the peak (GPT-3, LLaMA, Llama 2, Qwen) or to 2 % of it (Falcon), or in steps
# (DeepSeek; chapter 6). Tables like this one are copied often and checked seldom.
#
# **Larger models, smaller rates.** GPT-3's report has the clearest series, all else being alike:
#
# | parameters | 125M | 350M | 760M | 1.3B | 2.7B | 6.7B | 13B | 175B |
# |---|---|---|---|---|---|---|---|---|
# | peak lr | 6e-4 | 3e-4 | 2.5e-4 | 2e-4 | 1.6e-4 | 1.2e-4 | 1e-4 | 0.6e-4 |
#
# With the width the best rate falls; chapter 14 (muP) says why, and how to avoid tuning it anew.
#
# **Fine-tuning has other defaults.** Hugging Face's `Trainer` starts with lr 5e-5, β₂ = 0.999, no
# weight decay and a linear decay to zero. A pretrained model should move little, over few steps:
# at lr 5e-5 the clock of a decay of 0.1 is 200,000 steps, so decay would not act anyway. LoRA trains
# few new parameters and takes more: QLoRA used 2e-4 for 7B and 13B, 1e-4 above (Dettmers et al.
# 2023).
#
# **Why β₂ = 0.95?** With 0.999, v remembers a thousand steps. If gradients grow within ten, v is too
# small and steps too long (you played it in chapter 4). Wortsman et al. (2023) trace loss spikes in
# large vision-language training to exactly this, v lagging behind, and find that a smaller β₂ or
# update clipping prevents them. The price is a noisier denominator, which large batches make up for.
#
# **What is folklore.**
#
# - *"λ = 0.1 is the right decay."* It is customary. What acts is η λ times the number of steps.
# - *"Decay prevents overfitting."* In training over each token once there is little overfitting to
#   prevent. Andriushchenko et al. (2023) and others find that it acts on the optimization instead:
#   it sets the effective learning rate of layers behind norms, whose scale does not matter.
# - *"AdamW generalises better than Adam."* Shown for image classification in the paper, and for
#   tasks such as grokking above; for language models at λ = 0.1 the gain is small, and comes late.
# - *"ε = 1e-8 is safe."* Where gradients are tiny, as in very large models, it is not negligible:
#   Llama 2 used 1e-5, and Wortsman et al. (2024) find trouble when √v comes near ε.
#
# **`torch.optim.AdamW`** defaults to betas (0.9, 0.999) and weight_decay 0.01. With equal arguments
# it should walk your path:

# %%
from course_lib.lab.text import batches
from course_lib.lab.train import train


def ten_steps(optimizer_class):
    """The model's weights after ten steps."""
    model = TinyLM(len(text.alphabet))
    settings = {"lr": 3e-3, "betas": (0.9, 0.95), "weight_decay": 0.1}
    optimizer = optimizer_class(model.parameters(), **settings)
    train(model, optimizer, batches(text), 10, progress=False)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


difference = (ten_steps(AdamW) - ten_steps(torch.optim.AdamW)).abs().max().item()
print(f"after 10 steps the largest difference is {difference:.1e}")

# %% [markdown]
# ## When a run goes wrong
#
# | what you see | look at | try |
# |---|---|---|
# | explodes at once | the size of the first update: is it corrected? | a tenth of the lr; warmup (ch. 6) |
# | explodes later | gradient norm and √v just before, under the microscope | clip at 1.0 (ch. 7), β₂ = 0.95 |
# | spikes that heal | which batch? which layer's update jumped? | clip; skip the batch (ch. 9); leave it |
# | plateau from the start | is every parameter in a group, and moving? | print `param_groups`; one batch |
# | plateau later | update/lr by layer: tiny (noise) or large (bouncing)? | lower the lr; a larger batch |
# | train falls, validation rises | how often was each example seen? | more data, then more decay |
# | NaN | the first tensor with one: a root, a log, 0/0? | float32 there (ch. 8), ε, clipping |
# | out of memory | weights, gradients, state, activations: which? | micro-batches (ch. 7), less state (ch. 11) |
#
# The microscope of chapter 4 works on your AdamW too. Here is a run whose learning rate is ten times
# too large. Compare the first steps with the last: what is the cosine, and which layer is furthest
# from the others? (Hollow marks are torch's AdamW on your gradients. They tell a wrong optimizer from a
# wrong learning rate: here the two agree, and both go wrong. If yours decays after the step, it is
# tinted at about 1 %: that is η λ at this lr.)

# %%
from course_lib.lab.microscope import Microscope
from course_lib.lab.microscope_view import show_microscope

model = TinyLM(len(text.alphabet))
optimizer = AdamW(decay_groups(model, 0.1), lr=0.1)
watched = at_scale(scale, smoke=4, cpu=40)
with Microscope(optimizer, model.kinds()) as scope:
    history = train(model, optimizer, batches(text), watched, progress=False)
show_microscope(
    scope,
    optimizer="AdamW",
    stills=(1, watched),
    alt="Above, the updates of all layers at lr 0.1: 1 lr on the first step, 0.05 to 0.15 lr after 40. "
    "Below, sizes by layer. The cosine to minus the gradient is 0.5 to 0.7 on the first step, and "
    "-0.1 to 0.4 on the last.",
)
losses = history.losses
print(
    f"batch loss: {losses[0]:.2f} at first, {max(losses):.2f} at worst, {losses[-1]:.2f} at last"
)

# %% [markdown]
# The loss climbs above its start before it falls. The updates themselves look harmless: they are never
# longer than lr, however bad things are, and they *shrink* in units of lr, because steps that bounce
# from wall to wall bring gradients that cancel in m. What gives it away is the cosine: near zero for
# some layers, so they no longer walk downhill.
#
# One habit beats the table: **overfit a single minibatch first.** A model that cannot bring the
# loss of sixteen examples near zero has a bug, not a bad learning rate.

# %%
from course_lib.lab.tiny_lm import next_byte_loss

model = TinyLM(len(text.alphabet))
optimizer = AdamW(decay_groups(model, 0.1), lr=3e-3)
x, y = (part[:4] for part in next(batches(text)))
budget = at_scale(scale, smoke=5, cpu=150)
for _ in range(budget):
    optimizer.zero_grad()
    loss = next_byte_loss(model, x, y)
    loss.backward()
    optimizer.step()
print(f"one minibatch of four pieces, {budget} steps: loss {loss.item():.3f} nats")

# %% [markdown]
# ## In your own words
#
# A colleague moves a model from `torch.optim.Adam(lr=1e-3, weight_decay=1e-4)` to
# `torch.optim.AdamW(lr=1e-3, weight_decay=1e-4)`. "The same optimizer, done right," he says. The
# validation loss gets worse.
#
# Write five to ten sentences: what did the decay do before, for weights with large and with small
# gradients, and what does it do now? Why may the result be worse, and what should he try? This
# answer is read by a person.

# %% [markdown] free_text="explain_decoupling" points=2
# Before, λθ went into the gradient and was divided by √v. For a weight with typical gradients s the
# decay per step was about η λ θ / s. Gradients are mostly far below 1, say 1e-3, so the effective
# decay was about 1000 times what the number says; weights with tiny gradients were driven to zero
# at up to η per step, those with large gradients were hardly touched.
#
# Now every weight decays by η λ = 1e-7 per step: a clock of ten million steps, so in effect there is
# no decay at all. The model has lost the regularisation that it had, and may overfit.
#
# He should not carry λ over. Try decays from 0.01 to 0.3 or more, look at 1/(η λ) against the length
# of the run, spare biases and gains, and retune the learning rate a little. Watching the norms of
# the weights in both runs would show the change directly.
#
# *For the grader: one point for the division by √v and its consequence for large and small
# gradients, one for "λ has another scale now" with a sensible thing to try.*

# %% [markdown]
# ## Read on
#
# - Loshchilov, Hutter (2019), *Decoupled Weight Decay Regularization*, ICLR. Algorithm 2 has both
#   versions in two colours.
# - Wang, Aitchison (2024), *How to set AdamW's weight decay as you scale model and dataset size*:
#   the clock 1/(ηλ), counted in epochs.
# - Andriushchenko et al. (2023), *Why Do We Need Weight Decay in Modern Deep Learning?*
# - Wortsman et al. (2023), *Stable and low-precision training for large-scale vision-language
#   models*, NeurIPS; Wortsman et al. (2024), *Small-scale proxies for large-scale Transformer
#   training instabilities*, ICLR.
# - Power et al. (2022), *Grokking: Generalization Beyond Overfitting on Small Algorithmic Datasets*.
# - The table's sources: Brown et al. (2020), *Language Models are Few-Shot Learners*; Touvron et al.
#   (2023a), *LLaMA*; (2023b), *Llama 2*; Jiang et al. (2023), *Mistral 7B*; Almazrouei et al. (2023),
#   *The Falcon Series*; Bai et al. (2023), *Qwen Technical Report*; DeepSeek-AI (2024), *DeepSeek
#   LLM*; Dettmers et al. (2023), *QLoRA*.
#
# **Next:** the learning rate was constant, or came from a schedule that we had not explained.
# Chapter 6 does.
