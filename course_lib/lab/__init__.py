"""The laboratory: provided parts that every chapter's experiments use.

text      bytes to train on, and batches of them
tiny_lm   a language model that trains in seconds on one core
train     the training loop and its history
race      the same model trained by every optimizer, recorded runs behind the live ones
record    the command that records them
surfaces  two-dimensional test functions, and paths down them
style     one look, one colour per optimizer, figures with a description
plots     the figures that chapters draw again and again
microscope      what an optimizer does to each layer, at every step of a run
microscope_view what it saw, with a slider over the steps
torch_reference what torch's optimizer would have done with the same gradients
widgets   sliders, with a picture where no slider can work
live_figure     any figure with sliders
stability       where gradient descent with momentum explodes, and how fast it is elsewhere
rotated_valley  a valley that turns under a walk
grok_models     networks that learn arithmetic modulo p
grok_play       the recorded runs of chapter 10, with sliders
record_grokking the command that records them
fourier         looking inside a network that adds
double_descent  models that get worse, then better, as they grow
scale     smoke, cpu or gpu: how much an experiment does
device    where tensors live

Import what you need from the module that has it; this package itself imports nothing, so it costs nothing.
"""
