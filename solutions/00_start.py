# ---
# title: How this course works
# summary: A first prediction, a first function, a first check; what the checks see, and where help is.
# ---

# %% [markdown]
# # 0 · How this course works
#
# You are going to write every optimizer from gradient descent to Muon yourself, and train with
# what you wrote. This page shows how, in ten minutes. At its end you have made a prediction,
# written a function and had it checked.
#
# A **cell** is a box like the next one. Click into it and press **Shift+Enter** to run it. Run the
# cells from top to bottom.

# %%
from course_lib.notebook import check, doctor, hint, predict, progress

# %% tags=["parameters"]
scale = "cpu"

# %% [markdown]
# Every chapter begins like this. The first cell brings `check` and its friends. The second says
# how much the experiments do: `"cpu"` fits a laptop, `"gpu"` a graphics card.
#
# ## Is everything there?
#
# `doctor()` looks at your machine: versions, the device that will be used, how many threads, and
# how well your code can be kept apart from everything else while it is checked. `trusted` is all
# you need for code of your own.

# %%
doctor()

# %% [markdown]
# ## Predict, then look
#
# Most experiments ask you to commit yourself first. A wrong prediction teaches more than a plot
# you nod at. You may change it later; what counts for your points is the last one you noted.
#
# A ball lies on the curve f(θ) = ½ θ² at θ = 3. The slope of the curve there, its **gradient** g,
# is 3. One step of gradient descent moves the ball to
#
# > θ − η g
#
# where η (eta) is the **learning rate**, `lr` in code. **With η = 1, how many steps does it take
# to the bottom, θ = 0?** Type a number in place of the three dots and run the cell.

# %% predict="steps_to_bottom" points=1
predict("steps_to_bottom", 1)

# %% [markdown]
# ## Write
#
# A cell that starts with `%%implement` is special: when you run it, it becomes a file of your own
# library, `course_lib`. Later cells, later chapters and the checks import it from there. So it has
# to stand on its own: what it needs, it imports or defines itself.

# %% [markdown]
# > **Task `first_step`** · 2 points · about 3 minutes
# >
# > **Write** `first_step(theta, gradient, lr)`, which returns θ − η g: where the ball is after one
# > step.
# >
# > **What has to hold.** It works for numbers and for tensors of any shape, returns the new value,
# > and leaves its arguments and earlier results as they are.
#
# Try it wrong first, with a plus in place of the minus, and run the check below. It is good to
# know what that looks like.


# %% task="first_step" points=2 minutes=3
def first_step(theta, gradient, lr):
    """The parameter after one step of gradient descent: θ − lr · gradient."""
    ### BEGIN SOLUTION
    return theta - lr * gradient
    ### END SOLUTION


# %% check="first_step"
check("first_step")

# %% [markdown]
# A check says **what you did**, not only that it is wrong: it compares your numbers with the right
# rule and with the mistakes that people make. Each line is one claim about your code, with its
# points. Your code runs in a process of its own, so an endless loop costs you a few seconds and
# never the notebook.
#
# Stuck? `hint` gives one hint at a time about the mistake that was recognised: a nudge, then a
# pointer, then nearly the answer. Ask as often as you like; hints cost no points. (How many you
# asked for is noted in your workspace.)

# %%
print(hint("first_step"))

# %% [markdown]
# Now the experiment, with your function. The ball starts at 3 and takes six steps.

# %%
from course_lib.lab.plots import figure, label_ends, ramp, show
from course_lib.optim import first_step

fig, ax = figure(height=3.2)
for lr, color in zip((0.1, 0.5, 1.0, 1.9), ramp(4)):
    path = [3.0]
    for _ in range(6):
        path.append(first_step(path[-1], gradient=path[-1], lr=lr))
    ax.plot(path, color=color, marker="o", markersize=3, label=f"lr = {lr}")
ax.set(xlabel="step", ylabel="θ")
label_ends(ax)
show(
    fig,
    alt="Four walks from 3 towards 0. With lr 0.1 and 0.5 the ball comes closer without changing "
    "sides, with lr 1 it is at 0 after one step, with lr 1.9 it jumps from side to side.",
)

# %% check="steps_to_bottom"
check("steps_to_bottom")

# %% [markdown]
# One step, whatever the start: at η = 1 the step is exactly as long as the way. That is a property
# of this curve, whose slope grows by 1 per unit. On a steeper one the same learning rate throws
# the ball further out than it was. Chapter 1 is about that.
#
# ## How far am I?
#
# `progress()` shows your points, what is left, and how good your predictions are. In a terminal:
# `sgd2muon progress`. It reads small files in your workspace (folder `.sgd2muon`); nothing is sent
# anywhere.

# %%
progress()

# %% [markdown]
# ## What the checks see, and an honour code
#
# - **They see** the text of your `%%implement` cells and your answers to quizzes and predictions.
#   When your course is graded, the same checks run again on what you hand in, with other numbers.
#   Deleting or editing a check cell changes nothing.
# - **They notice** when a cell hands the work to `torch.optim` instead of doing it, and your
#   instructor may compare submissions with each other. That is a note for a person, never a mark.
# - **They do not see** your other cells, your other files or your screen.
#
# Talk about ideas with anybody. Write every task yourself, so that the next chapter is about
# *your* optimizer. If you use an AI assistant, point it to the file `AGENTS.md` of the course: it
# asks the assistant to explain and to ask back, and not to write tasks for you. In your
# free-text answers, name whoever helped you.
#
# ## Where help is
#
# In this order: the check's message, read aloud; `hint("...")`; the folded hints and "Help, I get
# …" in the task's box; the text above the task; a fellow student; your instructor. When something
# is odd about the machine rather than about your code, send along what `doctor()` prints.
#
# ## How to hand in
#
# Save the notebook (**Ctrl+S**, **⌘S** on a Mac) and hand in the `.ipynb` file as your instructor
# says: with nbgrader's *Assignments* list in JupyterLab, or as an upload. You do not need to run
# everything before; only your implementation cells and your answers are read. You may hand in as
# often as you like before the deadline.

# %% [markdown] tags=["glossary"]
# ## The words of this course
#
# Each word is explained where it is first needed, and printed in bold there. Later chapters link to
# that place. All of them, for looking up:

# %% [markdown]
# **Next:** chapter 1, gradient descent, and the largest learning rate that works.
