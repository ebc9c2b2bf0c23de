# Every target sets up .venv once and reuses it. Needs Python 3.11 or newer, make, and a network to the package index.
SCALE ?= smoke
EXTRAS := [dev]
include install.mk

.PHONY: demo test lab notebooks course lint types bench bench-accuracy bench-grading bench-judging bench-sandbox bench-widgets soak clean
.DEFAULT_GOAL := demo

demo: $(READY)
	$(BIN)/sgd2muon demo

test: $(READY) lint types
	$(BIN)/sgd2muon build --check
	$(BIN)/python -m pytest tests -n 2
	$(BIN)/sgd2muon course --scale smoke
	$(BIN)/sgd2muon course --scale smoke --release

lab: $(READY)
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)
	$(BIN)/sgd2muon build

course: $(READY)
	$(BIN)/sgd2muon course --scale $(SCALE)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: bench-accuracy bench-judging bench-sandbox bench-grading bench-widgets

bench-accuracy: $(READY)
	$(BIN)/python -m benchmarks.accuracy

bench-judging: $(READY)
	$(BIN)/python -m benchmarks.judging

bench-sandbox: $(READY)
	$(BIN)/python -m benchmarks.sandbox

bench-widgets: $(READY)
	$(BIN)/python -m benchmarks.widgets

bench-grading: $(READY)
	$(BIN)/python -m benchmarks.grading

soak: $(READY)
	$(BIN)/python -m benchmarks.soak

clean:
	rm -rf build .venv
