# ---
# title: Muon
# summary: Momentum whose singular values are evened out by a few matrix products.
# ---

# %% [markdown]
# # 15 · Muon
#
# Adam looks at a model as a long list of numbers and gives each of them a step of about the
# same size. Most of those numbers live in matrices, and a matrix is more than its numbers: it
# maps vectors to vectors. Muon (Jordan et al. 2024) gives each *direction* of a matrix a step
# of about the same size.
#
# At the end of this chapter you have
#
# - seen what gradients of matrices look like, and why one learning rate serves a few directions
#   only;
# - written `newton_schulz`, `Muon` and `muon_groups`, and know which of its numbers are exact
#   and which are not;
# - raced it against AdamW with both sides tuned, and seen how a lazily tuned AdamW would have
#   doubled the win.
#
# Reading takes about 60 minutes, the code about 60. You need chapters 2 (momentum) and 5
# (AdamW), and singular values from linear algebra; they are repeated in a paragraph.

# %%
from course_lib.notebook import check, hint, predict, quiz

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# ## A matrix is not a bag of numbers
#
# Every matrix W turns the unit sphere into an ellipsoid. The lengths of its half axes are the
# **singular values** σ₁ ≥ σ₂ ≥ …, and the singular value decomposition (SVD) writes W = U Σ Vᵀ:
# turn (Vᵀ), stretch along the axes (Σ, diagonal, holds the σ), turn (U). The largest, σ₁, says
# how much W can stretch any vector. It is called the **spectral norm**, ‖W‖₂. The root of the
# sum of all σ² is the **Frobenius norm**, ‖W‖_F, which is also the length of the list of its
# entries.
#
# What do *gradients* of matrices look like? Below the tiny language model trains for a few
# steps, and three of its matrices are watched: their gradient G, and their momentum B, the sum
# of past gradients with weights 0.95, 0.95², …

# %%
import torch
from course_lib.lab.plots import colour, figure, ramp, show, theme
from course_lib.lab.scale import at_scale
from course_lib.lab.spectrum import GradientWatch, plot_spectra, singular_values, stable_rank
from course_lib.lab.text import batches, load_text, validation_batch
from course_lib.lab.tiny_lm import TinyLM
from course_lib.lab.train import train

text = load_text()
steps = at_scale(scale, smoke=6, cpu=60)
model = TinyLM(len(text.alphabet), seed=0)
block = model.blocks[0]
matrices = {
    "query": block.attention.query.weight,
    "mlp up": block.mlp.up.weight,
    "mlp down": block.mlp.down.weight,
}
watch = GradientWatch(matrices, steps=[steps - 1])
train(
    model,
    torch.optim.AdamW(model.parameters(), lr=3e-3),
    batches(text, seed=0),
    steps,
    on_gradients=watch.look,
)
gradients = {name: watch.seen[steps - 1, name][0] for name in matrices}
momenta = {name: watch.seen[steps - 1, name][1] for name in matrices}

fig, axes = figure(1, 2, height=3.6, sharey=True)
for ax, seen, title in zip(axes, (gradients, momenta), ("gradient", "momentum")):
    plot_spectra(ax, {name: singular_values(m) for name, m in seen.items()}, ramp(3))
    ax.set(title=title, ylim=(1e-3, 1.5))
axes[1].set_ylabel("")
show(
    fig,
    alt="Singular values of three matrices' gradients and momenta, on a logarithmic axis, the "
    "largest set to 1. All fall by a factor of 10 within the first 15 to 30 of 64 and go on "
    "falling; the last ones of the query matrix leave the picture at a thousandth.",
)
for name, m in momenta.items():
    rows, cols = m.shape
    print(
        f"{name}: {rows} by {cols}, and the momentum uses about {stable_rank(m):.1f} directions"
    )

# %% [markdown]
# A few directions hold nearly everything. (The **stable rank**, ‖B‖²_F / ‖B‖²₂, counts how many
# directions as strong as the first one a matrix is worth.) A step along B moves those few and
# hardly touches the rest. That is chapter 1's valley again, with directions of a matrix in the
# place of coordinates.
#
# Are the weak directions noise, or are they what has not been learned yet? Jordan et al. (2024)
# suspect the second: rare directions matter, and evening out the spectrum gives them a step. It
# is an explanation, not a proof.
#
# ## Steepest descent, but in which norm?
#
# Chapter 1 went along −G. That is the steepest way down *if* the length of a step is measured
# by its Frobenius norm. What should the length of a change of a matrix be? A layer gives W x.
# If W changes by D, its output changes by D x, at most ‖D‖₂ times as long as x. Measure the
# step by that, by what it does to the output, and another direction is steepest.
#
# <details>
# <summary><b>Derive it</b>: the steepest step with ‖D‖₂ ≤ 1</summary>
#
# To first order the loss changes by ⟨G, D⟩ = Σᵢⱼ Gᵢⱼ Dᵢⱼ. With G = U Σ Vᵀ,
#
# > ⟨G, D⟩ = ⟨Σ, Uᵀ D V⟩ = Σᵢ σᵢ (Uᵀ D V)ᵢᵢ ≥ −Σᵢ σᵢ,
#
# because no entry of Uᵀ D V can be larger than its spectral norm, which is that of D, at most
# 1. D = −U Vᵀ has Uᵀ D V = −1 on the whole diagonal and reaches the bound. So the steepest step
#    is −U Vᵀ: **G with all its singular values replaced by 1.** (Carlson et al. 2015; Bernstein
#    and Newhouse 2024 read Adam, Shampoo and this as steepest descent in three norms.)
#
# </details>
#
# How much does it gain? Give both steps the same spectral norm, so that no output changes by
# more, and compare how far the loss falls to first order: Σσ for the orthogonal step, Σσ²/σ₁
# for the gradient.

# %%
for name, gradient in gradients.items():
    values = singular_values(gradient)
    gain = values.sum() / ((values**2).sum() / values[0])
    print(f"{name}: the orthogonal step promises {gain:.1f} times as much")

# %% [markdown]
# That is what a *linear* loss would do. A real one bends, and some of the weak directions may
# be noise. The race below says what is left of it.
#
# ## Orthogonal without an SVD
#
# Replacing all singular values of a matrix by 1 is its **orthogonalisation**. An SVD at every step,
# for every matrix, is slow, on a GPU above all. There is a way that only multiplies matrices. Take
# X = U Σ Vᵀ and form X Xᵀ X:
#
# > (U Σ Vᵀ)(V Σ Uᵀ)(U Σ Vᵀ) = U Σ³ Vᵀ.
#
# The turns stay, and every singular value is cubed. So every odd polynomial, such as
#
# > a X + b (X Xᵀ) X + c (X Xᵀ)² X = U (a Σ + b Σ³ + c Σ⁵) Vᵀ,
#
# applies to all singular values at once. **A map of numbers is enough to understand what
# happens to matrices.** The classic cubic, x ← 1.5 x − 0.5 x³ (**Newton-Schulz**), pulls every x
# between 0 and √3 to 1. But a small x grows by 1.5 only, and there are many small ones.
#
# Jordan et al. gave up on 1 as the goal and tuned a, b, c for speed at zero:
#
# > a = 3.4445, b = −4.7750, c = 2.0315.
#
# Singular values have to start at 1 or below. Dividing by ‖X‖_F makes sure of that, since σ₁ ≤
# ‖X‖_F.
#
# **Predict.** Singular values anywhere between 0.01 and 1 go through five steps of that
# polynomial. How large is the largest one that can come out? Two digits after the point.

# %% predict="largest_after_five" points=1
predict("largest_after_five", 1.13)

# %%
import numpy as np
from course_lib.lab.plots import label_ends
from course_lib.lab.spectrum import through_steps

tuned, cubic, classic = (3.4445, -4.7750, 2.0315), (1.5, -0.5, 0.0), (15 / 8, -10 / 8, 3 / 8)
sigma = np.geomspace(1e-3, 1, 2000)
fig, ax = figure(height=3.8)
ax.axhspan(0.68, 1.13, color=theme().deep, linewidth=0)
for name, coefficients, color in (
    ("cubic, 5 steps", cubic, ramp(3)[0]),
    ("classic quintic, 5", classic, ramp(3)[1]),
    ("tuned quintic, 5", tuned, colour("Muon")),
):
    ax.plot(sigma, through_steps(sigma, coefficients)[-1], color=color, label=name)
ax.set(xscale="log", xlabel="singular value before, as a part of the norm", ylabel="after")
label_ends(ax)
show(
    fig,
    alt="The value after five steps against the value before. The cubic reaches 1 only for values "
    "above 0.2, the classic quintic above 0.06. The tuned quintic is within the band from 0.68 to "
    "1.13 for all values above 0.01, wiggling, and never settles at 1.",
)
after = through_steps(sigma[sigma >= 0.01], tuned)[-1]
print(f"from 0.01 to 1 the tuned quintic ends between {after.min():.3f} and {after.max():.3f}")

# %% check="largest_after_five"
check("largest_after_five")

# %% [markdown]
# The tuned polynomial does not converge to 1, however long you run it; it keeps everything
# inside a band. You will read that Muon "sets all singular values to 1". Five steps do not, and
# it does not seem to matter: Jordan et al. saw no difference in the loss.
#
# ## Write it: Newton-Schulz
#
# > **Task `newton_schulz`** · 12 points · about 20 minutes
# >
# > **Write** `newton_schulz(g, steps=5, eps=1e-7)` for a matrix `g` of any shape:
# >
# > X = g / (‖g‖_F + eps), then `steps` times A = X Xᵀ, X ← a X + (b A + c A A) X
# >
# > with a = 3.4445, b = −4.7750, c = 2.0315. It returns a new tensor of g's shape and dtype,
# > and leaves g alone.
# >
# > **Why.** It is all that Muon adds to momentum.
# >
# > **What has to hold**
# > - tall, wide and square matrices come back in their own shape. A is rows × rows, so it is
# >   cheaper to transpose a tall matrix first, and back afterwards;
# > - a matrix of zeros gives zeros, and a very short one does not blow up;
# > - `steps` and `eps` are used as given.
# >
# > Stay in the precision of `g`. Published code casts to bfloat16, which a GPU multiplies faster,
# > and some of it returns bfloat16. Both are accepted here, too, but most CPUs are slower with it,
# > some by a factor of 30.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Write one step for a wide matrix and put a 1 by 1 matrix through it: with g = [[2.0]] and one
# step, X is 1 and the result a + b + c = 0.701.
#
# </details>
# <details>
# <summary>Hint 2: products</summary>
#
# `@` multiplies matrices, `*` multiplies entry by entry. `x.mT` is the transpose, of a single
# matrix and of every matrix in a stack.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# Normalise; if there are more rows than columns, go on with the transpose and remember it;
# loop; transpose back what you transposed. In the loop: one Gram matrix, one sum of it and its
# square, one product with X.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **nan**: is X normalised before the loop, and eps added to the norm?
# - **"mat1 and mat2 shapes cannot be multiplied"**: A has to be X Xᵀ if it is multiplied from
#   the left.
# - **tall matrices come back wide**: transpose back at the end.
# - **g has changed**: methods that end in an underscore, and `x /= …`, write into the tensor
#   they are called on.
#
# </details>

# %% task="newton_schulz" points=12 minutes=20
import torch


def newton_schulz(g, steps=5, eps=1e-7):
    """g with its singular values pushed into a band around 1 by an odd polynomial.

    g: (rows, cols); the check asks for no stacks (..., rows, cols), but below they are faster.
    Returns a new tensor of the same shape and dtype.
    Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
    """
    ### BEGIN SOLUTION
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (g.norm(dim=(-2, -1), keepdim=True) + eps)
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
    ### END SOLUTION


# %% check="newton_schulz"
check("newton_schulz")

# %% [markdown]
# ### What it does to real momentum
#
# The same three momentum matrices as above, before and after your `newton_schulz`.

# %%
from course_lib.optim import newton_schulz

fig, axes = figure(1, 3, height=3.0, sharey=True)
for ax, (name, m) in zip(axes, momenta.items()):
    before = singular_values(m)
    ax.axhspan(0.68, 1.13, color=theme().deep, linewidth=0)
    ax.plot(before / np.linalg.norm(before), color=theme().neutral)
    ax.plot(singular_values(newton_schulz(m)), color=colour("Muon"))
    ax.set(yscale="log", title=name, xlabel="rank")
axes[0].set_ylabel("singular value")
show(
    fig,
    alt="For each of three matrices, the singular values of the momentum, falling over two to "
    "three powers of ten, and above them those after Newton-Schulz: nearly all in the band from "
    "0.68 to 1.13, the last few below it where the momentum had almost nothing.",
)
for name, m in momenta.items():
    left = singular_values(newton_schulz(m))
    print(f"{name}: {(left > 0.68).mean():.0%} of the singular values end above 0.68")

# %% [markdown]
# Near zero the map is multiplication by a = 3.4445, so five steps make a tiny σ about 3.4445⁵ =
# 485 times as large. What was a thousandth of the norm is not in the band yet.
#
# **Quiz.** A singular value is 0.0001 of the norm. What is it after five steps? (5 % off is
# right.)

# %% quiz="tiny_singular_value" points=1
quiz("tiny_singular_value", 0.0485)

# %% check="tiny_singular_value"
check("tiny_singular_value")

# %% [markdown]
# ### float32 and bfloat16
#
# Most published code runs the iteration in bfloat16, eight bits of precision. How far off is
# that? Random matrices, against float64:

# %%
generator = torch.Generator().manual_seed(0)
tall = torch.randn(64, 16, generator=generator)
square = torch.randn(64, 64, generator=generator)
for name, g in (("64 by 16", tall), ("64 by 64", square)):
    exact = newton_schulz(g.double())
    for dtype in (torch.float32, torch.bfloat16):
        found = newton_schulz(g.to(dtype)).double()
        error = ((found - exact).norm() / exact.norm()).item()
        print(f"{name}, {str(dtype):15}: {error:.1e} off")
smallest = [
    singular_values(newton_schulz(torch.randn(64, 64, generator=generator)))[-1]
    for _ in range(20)
]
print(f"smallest of 64 in 20 square matrices: {min(smallest):.2f} to {max(smallest):.2f}")

# %% [markdown]
# float32 is right to six digits, bfloat16 to within a few per cent, which is less than the
# width of the band. (A check that compares numbers has to know which of the two it is looking
# at. This one does, and says so.) And a *square* random matrix often has a singular value close
# to zero, which five steps do not bring into the band.
#
# ## Muon
#
# Three more decisions make an optimizer of it.
#
# **Momentum comes first.** B ← μ B + G as in chapter 2, and what is orthogonalised is B, or
# with Nesterov G + μ B. Orthogonalising each gradient and adding up the results is another
# method (Tuddenham et al. 2022): small noisy directions would be blown up before they can
# cancel. It makes no difference whether B is a sum or an average, μ B + (1 − μ) G: the factor
# disappears when X is normalised.
#
# **The scale.** An orthogonal matrix with r rows and c columns has entries with root mean
# square 1/√max(r, c). How long should its step be? Three answers are in use:
#
# | `scale` | factor s | reason |
# |---|---|---|
# | `"original"` | √max(1, r/c) | as first published: only tall matrices get longer steps |
# | `"match_rms"` | 0.2 √max(r, c) | entries of the step are about 0.2, as large as AdamW's |
# | `"spectral"` | √(r/c) | outputs keep their size at every width |
#
# The second is Moonlight's (Liu et al. 2025), so that AdamW's lr and decay can be kept. The
# third is Bernstein's, after Yang et al. (2023), so that one lr serves all widths.
#
# **Decay** is decoupled, as in AdamW, with the plain lr: the scale belongs to O alone.
#
# > **Task `muon`** · 16 points · about 30 minutes
# >
# > **Write** `Muon(params, lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0, ns_steps=5,
# > scale="original")`. Each `step()` does, for every parameter that has a gradient,
# >
# > B ← μ B + G; U = G + μ B with `nesterov`, else B; O = newton_schulz(U, ns_steps)
# >
# > θ ← θ − η λ θ − η s O
# >
# > with B = 0 at the start, s from the table, r and c the rows and columns of the parameter.
# >
# > **Why.** It is momentum with one more line, and it is what Kimi K2 was trained with.
# >
# > **What has to hold**
# > - groups, schedules, missing gradients, closures and `state_dict` as in every optimizer of
# >   this course. Keep B in `self.state[p]`; leave `p.grad` as it was;
# > - negative `lr`, `momentum` or `weight_decay`, an unknown `scale`, and **a parameter that is
# >   not a matrix** raise `ValueError` in the constructor. Muon has nothing to say about
# >   vectors, and silence would train them wrongly.
# >
# > Use your own: `from course_lib.optim.newton_schulz import newton_schulz`. If yours does not
# > pass yet, the check lends Muon a right one.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# Copy the frame of your Momentum. What changes is one line: the buffer goes through
# `newton_schulz` before the step, and the step has a factor that depends on the shape.
#
# </details>
# <details>
# <summary>Hint 2: what belongs to what</summary>
#
# Four quantities, four lines: update the buffer; look ahead into a *new* tensor; orthogonalise;
# shrink the parameter by 1 − lr · weight_decay and subtract lr · s · O.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# `buffer.mul_(momentum).add_(p.grad)`, then `p.grad.add(buffer, alpha=momentum)` without an
# underscore, then `newton_schulz`, then `p.mul_(…)` and `p.add_(…, alpha=-lr * s)`.
#
# </details>
# <details>
# <summary>Help, I get …</summary>
#
# - **`p.grad` is not what it was**: `p.grad.add_`, `p.grad.lerp_` write into it; take the ones
#   without underscore.
# - **right until step 1**: the buffer. Print it before and after your Nesterov line.
# - **right for square matrices only**: rows and columns, or decay multiplied by the scale.
#
# </details>

# %% task="muon" points=16 minutes=30
import math

import torch
from course_lib.optim.newton_schulz import newton_schulz
from torch.optim import Optimizer


class Muon(Optimizer):
    """Momentum, orthogonalised (Jordan et al. 2024). For matrices only; everything else is AdamW's.

    scale: "original", "match_rms" or "spectral". Raises ValueError for negative lr, momentum or
    weight_decay, for another scale, and for parameters that are not matrices.
    """

    def __init__(
        self,
        params,
        lr=0.02,
        momentum=0.95,
        nesterov=True,
        weight_decay=0.0,
        ns_steps=5,
        scale="original",
    ):
        ### BEGIN SOLUTION
        given = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        for name, value in given.items():
            if value < 0:
                raise ValueError(f"{name} must not be negative, but is {value}")
        if scale not in ("original", "match_rms", "spectral"):
            raise ValueError(f"scale is original, match_rms or spectral, not {scale}")
        given.update(nesterov=nesterov, ns_steps=ns_steps, scale=scale)
        super().__init__(params, given)
        for group in self.param_groups:
            if any(p.ndim != 2 for p in group["params"]):
                raise ValueError("Muon is for matrices; give vectors and the rest to AdamW")
        ### END SOLUTION

    @torch.no_grad()
    def step(self, closure=None):
        """One step for every matrix with a gradient. Returns the closure's loss, or None."""
        ### BEGIN SOLUTION
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            stacks = {}  # matrices of one shape go through newton_schulz together
            for p in group["params"]:
                if p.grad is not None:
                    stacks.setdefault((p.shape, p.dtype, p.device), []).append(p)
            for members in stacks.values():
                self._step_together(members, group)
        return loss

    def _step_together(self, members, group):
        ahead = torch.stack([self._look_ahead(p, group) for p in members])
        for p, update in zip(members, newton_schulz(ahead, group["ns_steps"])):
            p.mul_(1 - group["lr"] * group["weight_decay"])
            p.add_(update, alpha=-group["lr"] * self._factor(*p.shape, group["scale"]))

    def _look_ahead(self, p, group):
        """Update the buffer in place, and return what is to be orthogonalised."""
        buffer = self._buffer(p).mul_(group["momentum"]).add_(p.grad)
        return p.grad.add(buffer, alpha=group["momentum"]) if group["nesterov"] else buffer

    def _factor(self, rows, cols, scale):
        if scale == "match_rms":
            return 0.2 * math.sqrt(max(rows, cols))
        return math.sqrt(max(1, rows / cols) if scale == "original" else rows / cols)

    def _buffer(self, p):
        if "momentum_buffer" not in self.state[p]:
            self.state[p]["momentum_buffer"] = torch.zeros_like(p)
        return self.state[p]["momentum_buffer"]
        ### END SOLUTION


# %% check="muon"
check("muon")

# %% [markdown]
# What the three scales make of one gradient, in three shapes: the root mean square of the step
# (with lr = 1), and how much it can stretch a vector.

# %%
from course_lib.optim import Muon

for rows, cols in ((256, 64), (64, 64), (64, 256)):
    for mode in ("original", "match_rms", "spectral"):
        p = torch.nn.Parameter(torch.zeros(rows, cols))
        p.grad = torch.randn(rows, cols, generator=generator)
        Muon([p], lr=1.0, scale=mode).step()
        size, stretch = p.detach().square().mean().sqrt(), singular_values(p)[0]
        print(f"{rows:3} by {cols:3}, {mode:9}: entries {size:.2f}, stretches by {stretch:.1f}")

# %% [markdown]
# `match_rms` gives entries of about the same size in every shape, at the price of stretching
# more in large matrices. The other two keep the stretch near 1 for square matrices of any size;
# they differ for wide ones only. The race below uses `original`.
#
# **Quiz.** Your gradients all become ten times larger, from the first step on. What happens to
# Muon's steps?
#
# - **a** They become ten times longer.
# - **b** They stay as they are.
# - **c** They become √10 times longer.
# - **d** They become shorter, as after a division by the norm.

# %% quiz="ten_times_the_gradient" points=1
quiz("ten_times_the_gradient", "b")

# %% check="ten_times_the_gradient"
check("ten_times_the_gradient")

# %% [markdown]
# ### One at a time, or stacked
#
# A model has many matrices of the same shape. `newton_schulz` with `.mT` and a norm over the
# last two dimensions works on a *stack* of them as well: same numbers, fewer and larger
# products. Below is your function on twelve matrices, one by one and stacked, and torch's own
# in bfloat16. If yours takes single matrices only, that is fine; the second line then says so.

# %%
import time

from torch.optim._muon import _zeropower_via_newtonschulz

many = torch.randn(12, 64, 64, generator=generator)


def one_by_one():
    return [newton_schulz(g) for g in many]


def stacked():
    return newton_schulz(many)


def torchs():
    return [_zeropower_via_newtonschulz(g, tuned, 5, 1e-7) for g in many]


def milliseconds(work):
    """CPU time of one call, the best of a few."""
    spent = []
    for _ in range(at_scale(scale, smoke=1, cpu=5)):
        started = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - started))
    return min(spent)


for name, work in (("one by one", one_by_one), ("stacked", stacked), ("torch's", torchs)):
    try:
        print(f"{name:10}: {milliseconds(work):6.1f} ms")
    except (RuntimeError, IndexError) as error:
        print(f"{name:10}: does not take stacks ({type(error).__name__})")

# %% [markdown]
# (torch's casts to bfloat16. How much slower that is depends on your CPU; on a GPU it is the other
# way round.)
#
# ## What Muon must not touch
#
# - **Vectors** (biases, norm gains) have no singular values worth the name.
# - **Embeddings** hold matrices, but nothing multiplies by them: each row is looked up on its
#   own, and most get no gradient in a step. Evening out directions *across* rows has no meaning
#   there.
# - **The head** maps to scores of single symbols. Jordan et al. found AdamW better for it; the
#   reason is not settled.
#
# So a model is trained by two optimizers. Moonlight, Kimi K2 and modded-nanogpt all do it this
# way.
#
# > **Task `muon_groups`** · 5 points · about 10 minutes
# >
# > **Write** `muon_groups(model)`, which returns two lists, `(matrix_params, other_params)`:
# >
# > - `matrix_params`: parameters with exactly two dimensions that are neither the weight of an
# >   `nn.Embedding` nor part of the head, which is a module whose own name is `head` or
# >   `lm_head`;
# > - `other_params`: all others.
# >
# > The model stays as it is. Every parameter is in exactly one list, once, in the order of
# > `model.parameters()`. A
# > **tied** parameter, such as a head that shares its matrix with the embedding, counts as an
# > embedding and as a head, whatever it is called first. Nothing else is decided by names, nor by
# > values or addresses: the model may be on torch's meta device, where a tensor has neither.
# >
# > **Why.** Getting this wrong is the most common way to be disappointed by Muon.
#
# <details>
# <summary>Hint 1: where to start</summary>
#
# `model.named_modules()` gives every module with its dotted path. Which parameters belong to an
# embedding or a head? Note them first, and sort afterwards.
#
# </details>
# <details>
# <summary>Hint 2: tied parameters</summary>
#
# Two modules can hold the same tensor. Remember `id(p)`, not names. One module can have two names,
# too: `named_modules(remove_duplicate=False)` gives both.
#
# </details>
# <details>
# <summary>Hint 3: nearly the answer</summary>
#
# One loop over the named modules collects ids, testing `isinstance(module, nn.Embedding)` and
# the last part of the path; one loop over `model.parameters()` appends to one list or the
# other.
#
# </details>

# %% task="muon_groups" points=5 minutes=10
from torch import nn


def muon_groups(model):
    """(matrix_params, other_params): what Muon trains, and what is left to AdamW."""
    ### BEGIN SOLUTION
    special = set()
    for path, module in model.named_modules(remove_duplicate=False):
        if isinstance(module, nn.Embedding) or path.split(".")[-1] in ("head", "lm_head"):
            special.update(id(p) for p in module.parameters())
    matrix_params, other_params = [], []
    for p in model.parameters():
        (matrix_params if p.ndim == 2 and id(p) not in special else other_params).append(p)
    return matrix_params, other_params
    ### END SOLUTION


# %% check="muon_groups"
check("muon_groups")

# %% [markdown]
# ## The race
#
# The tiny language model, the same batches, Muon with AdamW for the rest against AdamW alone. A
# race is worth as much as the tuning of the *loser*, so here is what was done. AdamW has two
# learning rates, one for the hidden matrices and one for the rest, as Muon's side has; both
# were tuned, on a grid, on one seed; both follow the schedule that was best for AdamW at this
# budget, a plateau that falls in a line over the last fifth (chapter 6). Then three seeds were
# run.
#
# Your Muon runs live, on seed 0, and so does AdamW with half as many steps again. The dashed
# lines are recorded: three seeds, made by `python -m course_lib.lab.record_muon` with this
# chapter's solved Muon.

# %%
from course_lib.lab.muon_race import (
    ADAMW,
    LAZY,
    MUON,
    fewer_steps,
    plot_muon_race,
    recorded,
    recorded_runs,
    run,
)
from course_lib.optim import Muon, muon_groups

budgets = at_scale(scale, smoke=(4, 6), cpu=(200, 300))
live = [
    run(MUON, budgets[0], make_muon=Muon, split=muon_groups),
    run(ADAMW, budgets[1], split=muon_groups),
]
fig, ax = figure(height=4.0)
plot_muon_race(ax, live)
show(
    fig,
    alt="Validation loss against step. Muon falls below AdamW within the first twenty steps and "
    "ends at 1.72 nats after 200 steps. AdamW ends at 1.95 after 200 steps and at 1.74 after 300.",
)
made = recorded()["made"]
print(f"recorded on {made['device']}, torch {made['torch']}, {made['text']}")
for who in (MUON, ADAMW, LAZY):
    print(f"{who.name}: {who.settings}")
for who, budget in ((MUON, 200), (ADAMW, 200), (ADAMW, 300), (LAZY, 200), (LAZY, 400)):
    runs = recorded_runs(who.name, budget)
    losses = ", ".join(f"{one.history.final:.3f}" for one in runs)
    seconds = np.mean([one.cpu_seconds for one in runs])
    print(f"{who.name:22} {budget} steps, {seconds:4.1f} s: {losses}")
for seed, factor in fewer_steps(made["seeds"]).items():
    print(f"seed {seed}: Muon needs {factor:.2f} times fewer steps for AdamW's loss after 300")

# %% [markdown]
# Read it slowly.
#
# - **Steps.** After 200 steps Muon is a little below where tuned AdamW is after 300: it needs
#   1.52 to 1.57 times fewer steps.
# - **Time.** A step of Muon costs more. In CPU time the two runs differ by 1.3.
# - **The other AdamW.** With one learning rate for everything and a cosine, the usual defaults,
#   AdamW is not there after 400 steps. Against *that* baseline Muon would be "more than twice
#   as fast". Half of this win is the baseline.
#
# What holds elsewhere? Liu et al. (2025, Moonlight) report about half the compute of AdamW for
# the same loss in their scaling-law runs. Wen et al. (2025) tuned ten optimizers with care and
# found the gain of matrix methods over AdamW shrinking with size, from 1.4 times at 0.1 B
# parameters to 1.1 at 1.2 B. The two disagree, and the tuning of the baseline is the first
# thing to compare.
#
# ## What it costs
#
# One Newton-Schulz step on an m by n matrix (m ≤ n) multiplies three times: X Xᵀ and B X at 2
# m² n operations each, A A at 2 m³. Forward and backward pass use that matrix with 6 m n
# operations *per token*. With T tokens in a batch, five steps cost (20 m² n + 10 m³) / (6 m n
# T) of that; for a square matrix **5 m / T**.

# %%
for name, m, tokens in (
    ("here", 64, 16 * 64),
    ("NanoGPT speedrun", 768, 524_288),
    ("a 7B model", 4096, 4_194_304),
):
    print(f"{name:16}: m = {m:4}, T = {tokens:9,}: {5 * m / tokens:6.2%} of both passes")

# %% [markdown]
# **Quiz.** A model has square matrices of m = 8192 and batches of 2,097,152 tokens. How much do
# five steps of Newton-Schulz add to the forward and backward pass, in per cent?

# %% quiz="cost_of_newton_schulz" points=1
quiz("cost_of_newton_schulz", 1.95)

# %% check="cost_of_newton_schulz"
check("cost_of_newton_schulz")

# %% [markdown]
# That is arithmetic. On many machines the matrices are also cut into pieces, and Newton-Schulz
# wants them whole; how to bring them together cheaply is what Dion and the distributed versions
# of Muon are about.
#
# Memory goes the other way. Muon keeps **one** buffer per parameter where AdamW keeps two.


# %%
def state_numbers(optimizer):
    """Numbers held in an optimizer's state."""
    parts = (part for state in optimizer.state.values() for part in state.values())
    return sum(part.numel() for part in parts if torch.is_tensor(part) and part.numel() > 1)


for make in (Muon, torch.optim.AdamW):
    trial = TinyLM(len(text.alphabet), seed=0)
    hidden, _ = muon_groups(trial)
    for p in hidden:
        p.grad = torch.ones_like(p)
    optimizer = make(hidden, lr=1e-3)
    optimizer.step()
    numbers = sum(p.numel() for p in hidden)
    print(f"{make.__name__:5}: {state_numbers(optimizer) / numbers:.0f} × {numbers:,} numbers")

# %% [markdown]
# ## Play: the iteration in your hands
#
# The thick line is one singular value on its way through five steps; drag it from 0.001 to 1.
# The thin lines are others. Then drag a, b and c. Try the classic quintic (1.875, −1.25,
# 0.375): everything converges to 1, and small values do not arrive. Raise a from 3.4445: small
# values arrive sooner, and above about 3.53 some leave for good. There is little room.

# %%
from course_lib.lab.live_figure import live_figure
from course_lib.lab.spectrum import iteration_picture
from course_lib.lab.widgets import Slider

live_figure(
    iteration_picture(),
    sliders={
        "log_sigma": Slider(low=-3.0, high=0.0, start=-2.0, step=0.05),
        "a": Slider(low=1.0, high=4.5, start=3.4445, step=0.0005),
        "b": Slider(low=-6.0, high=0.0, start=-4.775, step=0.005),
        "c": Slider(low=0.0, high=3.0, start=2.0315, step=0.0005),
    },
    stills=[
        {"log_sigma": -2.0, "a": 3.4445, "b": -4.775, "c": 2.0315},
        {"log_sigma": -2.0, "a": 1.875, "b": -1.25, "c": 0.375},
    ],
    height=3.6,
    alt="Two pictures of singular values through five steps. With the tuned coefficients 0.01 is in "
    "the band from 0.68 to 1.13 after four steps, and all lines keep moving, in and around it. With "
    "the classic ones large values settle at 1 and 0.01 has only come to 0.2.",
)

# %% [markdown]
# ## What others made of it
#
# Six ideas, each a few lines in `course_lib/lab/muon_variants/`; read them. They get your
# `newton_schulz` where they need one.
#
# **Polar Express** (Amsel et al. 2025) asks for the best polynomial in *every* step, given what
# the steps before left. Five steps then bring everything above 0.001 to between 0.85 and 1.13.
#
# **Moonlight** (Liu et al. 2025) is your `scale="match_rms"` with weight decay; without decay
# their weights grew until bfloat16 suffered.
#
# **NorMuon** (Li et al. 2025): orthogonal matrices still have rows of different length if they
# are not square. A second moment per row evens them out.
#
# **Cautious decay** (Chen et al. 2025) shrinks a weight only where the update does not push it
# the other way.
#
# **QK-clip** (Kimi K2, 2025): in a run of middle size with plain Muon, attention logits passed
# 1,000. After a step, heads beyond τ = 100 are scaled back.
#
# **Dion** (Ahn et al. 2025) replaces Newton-Schulz by one step of power iteration at low rank.
# What it leaves out stays in the momentum.

# %%
from course_lib.lab.muon_variants.cautious import cautious_decay
from course_lib.lab.muon_variants.dion import dion
from course_lib.lab.muon_variants.normuon import normuon, row_spread
from course_lib.lab.muon_variants.polar_express import safer
from course_lib.lab.muon_variants.qk_clip import largest_logits, qk_clip_

for name, coefficients in (("tuned quintic", tuned), ("Polar Express", safer())):
    ends = through_steps(sigma, coefficients)[-1]
    print(f"{name}: values from 0.001 to 1 end between {ends.min():.3f} and {ends.max():.3f}")

momentum = momenta["mlp up"]
orthogonal = newton_schulz(momentum)
even = normuon(orthogonal, torch.zeros(len(orthogonal), 1), beta2=0.0)
print(
    f"longest over shortest row: Muon {row_spread(orthogonal):.1f}, NorMuon {row_spread(even):.1f}"
)

weight = matrices["mlp up"].detach()
kept = (cautious_decay(weight, orthogonal) != 0).float().mean()
print(f"cautious decay shrinks {kept:.0%} of the weights in this step")

query, key = (
    part.weight.detach().clone() for part in (block.attention.query, block.attention.key)
)
inputs = torch.randn(64, 64, generator=generator)
first = largest_logits(query, key, inputs, heads=4)
qk_clip_(query, key, first, tau=first.median().item())
second = largest_logits(query, key, inputs, heads=4)
print("largest logits by head:", [f"{a:.1f} → {b:.1f}" for a, b in zip(first, second)])

error, right = momentum.clone(), torch.randn(momentum.size(1), 8, generator=generator)
right = torch.linalg.qr(right)[0]
for _ in range(3):
    update, right = dion(error, right)
rank = torch.linalg.matrix_rank(update).item()
print(f"Dion at rank 8: an update of rank {rank} for a matrix {list(momentum.shape)}")

# %% [markdown]
# ## What transfers
#
# The point of the spectral scale is that the learning rate stays where it is when a model gets
# wider. The recorded sweeps say how far that holds here: widths 32, 64 and 128, 100 steps, one
# seed, the hidden matrices' learning rate alone.

# %%
fig, axes = figure(1, 2, height=3.4, sharey=True)
for ax, optimizer in zip(axes, ("Muon", "AdamW")):
    sweep = [item for item in recorded()["widths"] if item["optimizer"] == optimizer]
    for width, color in zip((32, 64, 128), ramp(3)):
        found = [(item["lr"], item["loss"]) for item in sweep if item["width"] == width]
        lrs, losses = zip(*((lr, loss) for lr, loss in found if loss is not None))
        ax.plot(lrs, losses, color=color, marker="o", markersize=4, label=f"{width}")
        print(f"{optimizer}, width {width}: best at lr = {lrs[int(np.argmin(losses))]}")
    ax.set(xscale="log", xlabel="learning rate", title=optimizer)
    label_ends(ax)
axes[0].set_ylabel("loss after 100 steps (nats)")
show(
    fig,
    alt="Loss against learning rate at widths 32, 64 and 128. For Muon in its spectral scale the "
    "three minima lie at 0.04 to 0.08, for AdamW they move from 0.008 to 0.002.",
)

# %% [markdown]
# Four times the width moves Muon's best learning rate by one point of this grid, from 0.08 to
# 0.04. AdamW's is flat at width 32, and falls from 0.008 at 64 to 0.002 at 128. That is one
# seed and a coarse grid, and a width that no real model has; and AdamW can be made to transfer,
# too, by scaling its learning rates with width (muP, Yang et al. 2022). What it shows is the
# direction: steps measured by what they do to outputs depend less on the size of the matrix.
#
# ## In the wild
#
# - **modded-nanogpt** is where Muon was born (October 2024): the public race to train a 124 M
#   model to a fixed loss on eight H100s. Its records have used Muon for the hidden matrices
#   ever since, with many changes.
# - **Moonlight** (Liu et al. 2025): a mixture of experts with 3 B active of 16 B parameters,
#   trained with Muon on 5.7 T tokens.
# - **Kimi K2** (2025): 32 B active of 1 T parameters, 15.5 T tokens with MuonClip (Muon,
#   Moonlight's scale, decay and QK-clip); the report says without a loss spike.
# - **`torch.optim.Muon`** (2.9) has lr 1e-3, weight decay 0.1, and two of your scales,
#   `"original"` and `"match_rms_adamw"`. It averages its momentum, runs Newton-Schulz in
#   bfloat16, and raises ValueError for what is not a matrix.

# %%
torch.manual_seed(0)
mine, theirs = (torch.nn.Parameter(torch.randn(64, 32).clone()) for _ in range(2))
theirs.data.copy_(mine.data)
pair = (
    Muon([mine], lr=0.02, weight_decay=0.1),
    torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1),
)
start = mine.detach().clone()
for _ in range(10):
    gradient = torch.randn(64, 32)
    for p, optimizer in zip((mine, theirs), pair):
        p.grad = gradient.clone()
        optimizer.step()
apart = ((mine - theirs).norm() / (mine - start).norm()).item()
print(f"after 10 steps yours and torch's are {apart:.1%} of the way apart")

# %% [markdown]
# That distance is bfloat16, not a mistake on either side.
#
# **What is open.** Why it works: steepest descent in the spectral norm is a description, and
# the tuned quintic does not even follow it closely. Whether the advantage survives at the
# largest scales and batch sizes, see above. Whether models pretrained with AdamW should be
# fine-tuned with Muon: Liu et al. saw no clear gain when the two phases used different
# optimizers. And what is right for embeddings, heads, convolutions and experts.
#
# ## In your own words
#
# A friend trains a small transformer with `Muon(model.parameters())`, after deleting the error
# about vectors and flattening everything to two dimensions. It trains, but worse than AdamW. He
# also tells you that Muon "makes all singular values 1".
#
# Write five to ten sentences: what goes wrong for which parameters, and what is right and wrong
# about his sentence? Name one measurement that would show him. This answer is read by a person.

# %% [markdown] free_text="muon_on_everything" points=2
# Norm gains and biases become one-row matrices. Newton-Schulz makes their step a vector of
# fixed length whatever the gradient says, so they never settle. In the embedding only rows of
# bytes in the batch have a gradient, and orthogonalising mixes rows that have nothing to do
# with each other; rare rows get steps as long as frequent ones. The head is a matter of
# experience rather than proof.
#
# The sentence: five steps of the tuned polynomial put singular values above about 0.01 of the
# norm between 0.68 and 1.13, not at 1, and do not converge. Smaller ones are multiplied by up
# to 485 and stay small, and a scale is applied on top. What is right is the purpose: all
# directions get steps of about the same size.
#
# A measurement: the singular values of one update, plotted. Or the length of the updates of a
# norm gain over the steps, which does not shrink when its gradient does.
#
# *For the grader: one point for naming at least two kinds of parameters with a reason each, one
# for the band instead of 1 together with a measurement.*

# %% [markdown]
# ## On a GPU
#
# `course_lib.lab.exercises.muon` trains a model of 14 million parameters with Muon and with
# AdamW, three learning rates each, and draws loss against steps and against seconds. On a CPU
# it only shows that it runs.

# %%
from course_lib.lab.device import device_for
from course_lib.lab.exercises import muon as exercise

result = exercise.run("gpu" if scale == "gpu" else "smoke", device_for(scale))
show(
    exercise.draw(result),
    alt="Validation loss against steps and against seconds, Muon and AdamW, the best setting of "
    "each in bold.",
)
print(f"{result['parameters']:,} parameters on {result['device']}")
for name, best in result["best"].items():
    print(f"{name}: {best['loss']:.3f} nats in {best['seconds']:.1f} s at lr = {best['lr']}")

# %% [markdown]
# ## Read on
#
# - Jordan et al. (2024), *Muon: An optimizer for hidden layers in neural networks*,
#   kellerjordan.github.io/posts/muon: the source, short and clear.
# - Bernstein, Newhouse (2024), *Old Optimizer, New Norm: An Anthology*, arXiv:2409.20325: Adam,
#   Shampoo and spectral descent as steepest descent in different norms. Carlson et al. (2015),
#   *Preconditioned Spectral Descent for Deep Learning*, NeurIPS.
# - Liu et al. (2025), *Muon is Scalable for LLM Training*, arXiv:2502.16982: Moonlight. Kimi
#   Team (2025), *Kimi K2*, arXiv:2507.20534.
# - Wen et al. (2025), *Fantastic Pretraining Optimizers and Where to Find Them*,
#   arXiv:2509.02046: what is left when everybody is tuned.
# - Amsel et al. (2025), *The Polar Express*, arXiv:2505.16932. Li et al. (2025), *NorMuon*,
#   arXiv:2510.05491. Chen et al. (2025), *Cautious Weight Decay*, arXiv:2510.12402. Ahn et al.
#   (2025), *Dion*, arXiv:2504.05295.
# - Yang et al. (2022), *Tensor Programs V*, arXiv:2203.03466: muP.
# - Yang, Simon, Bernstein (2023), *A Spectral Condition for Feature Learning*,
#   arXiv:2310.17813: where √(r/c) comes from.
# - Tuddenham et al. (2022), *Orthogonalising gradients to speed up neural network
#   optimisation*, arXiv:2202.07052: gradients orthogonalised one by one.
# - Higham (2008), *Functions of Matrices*, chapter 8: Newton-Schulz and its relatives.
#
# **Next:** this is where the walk from SGD to Muon ends. Take your `course_lib` to a model and
# a text of your own.
