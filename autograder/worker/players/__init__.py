"""One player per kind of task: `play(module, scenario, recorder)` runs the student's object and writes evidence."""
